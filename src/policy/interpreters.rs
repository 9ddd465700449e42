use serde::{Deserialize, Serialize};

use super::{names::NamePattern, profile::ProfileError};

/// What runs whatever it is given, so that allowing it allows everything.
#[derive(Debug, Clone)]
pub(super) struct Interpreters {
    programs: Vec<NamePattern>,
    commands: Vec<NamePattern>,
    builtins: Vec<String>,
    runspace: Vec<String>,
}

/// The same as people read it: names, and patterns of names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InterpreterSettings {
    /// Programs, in whatever folder.
    pub programs: Vec<String>,
    /// Commands.
    pub commands: Vec<String>,
    /// What cmd.exe itself does.
    pub builtins: Vec<String>,
    /// Commands that change what later calls find in a runspace, which nothing allows.
    pub runspace: Vec<String>,
}

impl InterpreterSettings {
    /// Reads the list that is part of this program.
    ///
    /// # Errors
    /// [`ProfileError::Broken`], which a test keeps from happening.
    pub fn load() -> Result<Self, ProfileError> {
        toml::from_str(include_str!("profiles/interpreters.toml"))
            .map_err(|error| ProfileError::broken("interpreters", &error))
    }
}

impl Interpreters {
    /// Reads the list that is part of this program.
    pub(super) fn load() -> Result<Self, ProfileError> {
        let file = InterpreterSettings::load()?;
        let patterns = |names: Vec<String>| names.iter().map(|name| NamePattern::new(name)).collect();
        Ok(Self {
            programs: patterns(file.programs),
            commands: patterns(file.commands),
            builtins: file.builtins,
            runspace: file.runspace,
        })
    }

    /// Whether a program's file name, in whatever folder, is one.
    pub(super) fn is_program(&self, file_name: &str) -> bool {
        let stem = stem(file_name);
        self.programs.iter().any(|pattern| pattern.matches(&stem))
    }

    /// Whether a command is one.
    pub(super) fn is_command(&self, name: &str) -> bool {
        self.commands.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether a command changes what later calls find in a runspace.
    pub(super) fn changes_runspace(&self, name: &str) -> bool {
        self.runspace.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether cmd.exe itself does this.
    pub(super) fn is_builtin(&self, stem: &str) -> bool {
        self.builtins.iter().any(|builtin| builtin.eq_ignore_ascii_case(stem))
    }
}

/// A file name in small letters without what makes it a program.
pub(super) fn stem(file_name: &str) -> String {
    let name = file_name.trim_end_matches(['.', ' ']).to_lowercase();
    for extension in [".exe", ".com", ".bat", ".cmd"] {
        if let Some(stem) = name.strip_suffix(extension) {
            return stem.trim_end_matches(['.', ' ']).to_owned();
        }
    }
    name
}
