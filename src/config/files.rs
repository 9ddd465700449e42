//! The files of a configuration: read once, so that what is loaded is what was compared.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    Arguments, Config, ConfigError, Hosts, environment, load_from, places,
    problem::{Problem, ProblemKind, whole_file},
    raw::Sourced,
};
use crate::secret::Environment;

/// `winrm-mcp.toml` and the machine's policy, as they were read. Two are equal where they say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub(super) own: Option<FileText>,
    pub(super) machine: Option<FileText>,
}

/// One file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct FileText {
    pub(super) path: PathBuf,
    /// `None` where there is none.
    text: Result<Option<String>, ProblemKind>,
}

impl Files {
    /// Reads the files that the environment and the arguments mean.
    #[must_use]
    pub fn read(environment: &Environment, arguments: &Arguments) -> Self {
        let machine = places::machine_policy(environment);
        Self::read_below(environment, arguments, machine.as_deref())
    }

    /// The same below the policy that lies here.
    pub(super) fn read_below(
        environment: &Environment,
        arguments: &Arguments,
        machine: Option<&Path>,
    ) -> Self {
        // What is wrong with a variable is told when its settings are loaded.
        let variables = environment::read(environment, &mut Vec::new());
        let own = own_path(environment, arguments, variables.config.as_ref());
        Self {
            own: own.map(|(path, required)| FileText::read(path, required)),
            machine: machine.map(|path| FileText::read(path.to_owned(), false)),
        }
    }

    /// The same files as they are now. What was there must be there still: an editor may have moved it away for a
    /// moment, and without it more could be allowed.
    #[must_use]
    pub fn read_again(&self) -> Self {
        let again = |file: &FileText| FileText::read(file.path.clone(), file.is_there());
        Self { own: self.own.as_ref().map(again), machine: self.machine.as_ref().map(again) }
    }

    /// Makes a configuration of what they say.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem that was found.
    pub fn load(&self, environment: &Environment, arguments: &Arguments) -> Result<Config, ConfigError> {
        load_from(self, environment, arguments, Hosts::Required)
    }
}

impl FileText {
    fn read(path: PathBuf, required: bool) -> Self {
        let text = match read_bytes(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !required => Ok(None),
            Err(error) => Err(ProblemKind::Unreadable(error.kind())),
            Ok(bytes) if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) => {
                Err(ProblemKind::TooLong { limit: LONGEST })
            }
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| ProblemKind::NotUtf8),
        };
        Self { path, text }
    }

    /// Whether there is one, or should be.
    fn is_there(&self) -> bool {
        !matches!(self.text, Ok(None))
    }

    /// What it says; nothing where there is none, or with a problem.
    pub(super) fn text(&self, problems: &mut Vec<Problem>) -> Option<&str> {
        match &self.text {
            Ok(text) => text.as_deref(),
            Err(kind) => {
                problems.push(Problem::new(whole_file(self.path.clone()), kind.clone()));
                None
            }
        }
    }
}

impl fmt::Debug for FileText {
    /// Without the text: somebody may have written a password into it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileText").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The file to read, and whether it must be there.
pub(super) fn own_path(
    environment: &Environment,
    arguments: &Arguments,
    variable: Option<&Sourced<String>>,
) -> Option<(PathBuf, bool)> {
    if let Some(path) = &arguments.config {
        return Some((path.clone(), true));
    }
    if let Some(path) = variable {
        return Some((Path::new(&path.value).to_owned(), true));
    }
    places::config_file(environment).map(|path| (path, false))
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of the longest file.
const LONGEST: u64 = 4 << 20;
