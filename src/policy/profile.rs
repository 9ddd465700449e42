use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use winrm_script::static_command::Literal;

use super::names::{CmdletName, NamePattern};
use crate::{
    inventory::nearest::nearest,
    remedy::{Code, Remedy},
};

/// A profile that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileName {
    /// Looks and changes nothing.
    Observe,
    /// Everything that the lists leave.
    Unrestricted,
}

/// Why there is no such profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Nothing has this name.
    #[error("there is no profile {asked:?}; there are {}", ProfileName::ALL.map(ProfileName::as_str).join(", "))]
    Unknown {
        /// What was asked for.
        asked: String,
    },
    /// A file of this program does not parse. A test keeps that from happening.
    #[error("the profile file {name} is broken: {message}")]
    Broken {
        /// The file.
        name: &'static str,
        /// What the parser says.
        message: String,
    },
}

/// What a profile says, as its file has it.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    name: ProfileName,
    file: File,
    denied: Vec<NamePattern>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "description")]
    _description: String,
    #[serde(default)]
    unrestricted: bool,
    #[serde(default)]
    deny: Deny,
    #[serde(default)]
    allow: Vec<AllowRule>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deny {
    parameters: Vec<String>,
}

/// Commands and programs that a profile allows together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowRule {
    name: String,
    #[serde(default)]
    commands: Vec<String>,
    /// If there, the rule is closed: these parameters and no others, each in full.
    pub(super) parameters: Option<BTreeMap<String, ParameterRule>>,
    #[serde(default)]
    programs: Vec<ProgramRule>,
}

/// What a parameter of a closed rule takes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterRule {
    /// One of these, whatever the case; `*` and `?` stand for any characters.
    values: Option<Vec<String>>,
    /// A whole number from the first to the second.
    range: Option<(u64, u64)>,
    /// It takes no value, or `$true` or `$false` after a colon.
    #[serde(default)]
    pub(super) switch: bool,
    /// Names of properties: letters, digits and `_`.
    #[serde(default)]
    names: bool,
    /// The call must have it.
    #[serde(default)]
    pub(super) required: bool,
}

/// A native program and the argument lists that it is allowed with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramRule {
    pub(super) name: String,
    pub(super) arguments: Vec<Vec<String>>,
}

impl ProfileName {
    /// The profile of a configuration that names none.
    pub const DEFAULT: &'static str = "observe";
    /// Every profile there is.
    pub const ALL: [Self; 2] = [Self::Observe, Self::Unrestricted];

    /// Reads a profile's name, whatever its case.
    ///
    /// # Errors
    /// [`ProfileError::Unknown`], which lists the profiles.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let named = |profile: &Self| profile.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| ProfileError::Unknown { asked: text.to_owned() })
    }

    /// The name in small letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Unrestricted => "unrestricted",
        }
    }

    /// The file that says what it allows, for people to read.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Observe => include_str!("profiles/observe.toml"),
            Self::Unrestricted => include_str!("profiles/unrestricted.toml"),
        }
    }
}

impl ProfileError {
    pub(super) fn broken(name: &'static str, error: &toml::de::Error) -> Self {
        Self::Broken { name, message: error.message().to_owned() }
    }
}

impl Profile {
    /// Reads the profile's file.
    pub(super) fn load(name: ProfileName) -> Result<Self, ProfileError> {
        let file: File =
            toml::from_str(name.source()).map_err(|error| ProfileError::broken(name.as_str(), &error))?;
        let denied = file.deny.parameters.iter().map(|pattern| NamePattern::new(pattern)).collect();
        Ok(Self { name, file, denied })
    }

    pub(super) fn name(&self) -> ProfileName {
        self.name
    }

    pub(super) fn is_unrestricted(&self) -> bool {
        self.file.unrestricted
    }

    /// Every command and program that it names.
    pub(super) fn named(&self) -> Vec<String> {
        let rules = self.file.allow.iter();
        let names = rules.flat_map(|rule| {
            rule.commands.iter().cloned().chain(rule.programs.iter().map(|program| program.name.clone()))
        });
        names.collect()
    }

    /// The rule that names a command.
    pub(super) fn command(&self, name: &CmdletName) -> Option<&AllowRule> {
        self.file.allow.iter().find(|rule| rule.commands.iter().any(|command| name.is(command)))
    }

    /// The rule for a program of this stem.
    pub(super) fn program(&self, is: impl Fn(&str) -> bool) -> Option<&ProgramRule> {
        self.file.allow.iter().flat_map(|rule| &rule.programs).find(|program| is(&program.name))
    }

    /// The denied parameter that this name is.
    pub(super) fn denied_parameter(&self, name: &str) -> Option<&NamePattern> {
        self.denied.iter().find(|pattern| pattern.matches(name))
    }

    /// The denied parameter that this name can be short for.
    pub(super) fn abbreviated_parameter(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let exact = self.denied.iter().filter(|pattern| !pattern.is_wildcard()).map(NamePattern::as_str);
        exact.into_iter().find(|full| full.to_ascii_lowercase().starts_with(&name))
    }
}

impl AllowRule {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl ParameterRule {
    /// Whether it takes this value; an array is taken element by element.
    pub(super) fn takes(&self, value: &Literal) -> bool {
        match value {
            Literal::Array(elements) => {
                !elements.is_empty() && elements.iter().all(|element| self.takes_one(element))
            }
            one => self.takes_one(one),
        }
    }

    fn takes_one(&self, value: &Literal) -> bool {
        if self.switch {
            return matches!(value, Literal::Boolean(_));
        }
        let text = match value {
            Literal::String(text) => text.as_str(),
            Literal::Number(number) => number.as_str(),
            Literal::Boolean(_) | Literal::Null | Literal::Array(_) => return false,
        };
        if let Some((first, last)) = self.range {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            return digits && text.parse::<u64>().is_ok_and(|number| (first..=last).contains(&number));
        }
        let plain = !text.contains(['*', '?', '[', ']', '`']);
        if self.names {
            return !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        }
        let listed = |values: &Vec<String>| values.iter().any(|value| NamePattern::new(value).matches(text));
        plain && self.values.as_ref().is_some_and(listed)
    }

    /// What it takes, for a denial.
    pub(super) fn expected(&self) -> String {
        match (&self.values, self.range) {
            (Some(values), _) => format!("one of {}", values.join(", ")),
            (_, Some((first, last))) => format!("a whole number from {first} to {last}"),
            _ if self.switch => "no value".to_owned(),
            _ => "names of properties".to_owned(),
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Remedy for ProfileError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown { .. } => Code::Configuration,
            Self::Broken { .. } => Code::Internal,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Unknown { asked } => {
                let names = ProfileName::ALL.map(ProfileName::as_str);
                nearest(asked, names).map(|name| format!("did you mean {name:?}?"))
            }
            Self::Broken { .. } => Some("report this; the file is part of winrm-mcp".to_owned()),
        }
    }
}
