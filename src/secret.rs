//! References to secrets, and reading what they refer to.
//!
//! A configuration never holds a password, only where it lies. It is read each time that it is needed, so a
//! rotated one is seen, and each one that was read is told to [`KnownSecrets`] before anybody can use it.

mod environment;
mod permissions;

use std::{
    fmt,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use zeroize::Zeroizing;

pub use self::environment::{Environment, NotUnicode};
use crate::{
    redact::{KnownSecrets, Learned},
    remedy::{Code, Remedy},
};

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `env:NAME`, a variable of this process.
    Environment(String),
    /// `file:PATH`, a file whose text is the secret but for one line ending at its end.
    File(PathBuf),
}

/// A text that is no reference. It is not shown: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a reference to a secret; write env:NAME or file:PATH, the secret itself does not belong here"
)]
pub struct NotAReference;

/// Reads secrets.
#[derive(Debug, Clone)]
pub struct Secrets {
    environment: Environment,
    known: KnownSecrets,
}

/// A secret as it was read.
#[derive(Debug, Clone)]
#[must_use]
pub struct Secret {
    /// The value.
    pub value: SecretString,
    /// What is wrong with where it lies, for the operator's log.
    pub warnings: Vec<Warning>,
}

/// A secret that can be read, and should lie better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Others on this machine can read the file.
    #[error("{} can be read by other users (mode {mode:03o}): run chmod 600 on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is too short to be found in what comes back.
    #[error("the secret in {0} is so short that it cannot be scrubbed from output")]
    TooShort(Reference),
}

/// Why a secret was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable does not exist.
    #[error("the variable {0} is not set")]
    Unset(String),
    /// The file could not be read.
    #[error("{} cannot be read: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The bytes are not text.
    #[error("the secret in {0} is not UTF-8")]
    NotUtf8(Reference),
    /// Nothing is there.
    #[error("the secret in {0} is empty")]
    Empty(Reference),
    /// Nobody's password is so long.
    #[error("the secret in {0} is longer than {LONGEST} bytes")]
    TooLong(Reference),
}

impl Reference {
    /// Reads `env:NAME` or `file:PATH`.
    ///
    /// A relative path is taken from `folder`, the place of the file in which the reference stands.
    ///
    /// # Errors
    /// [`NotAReference`], which does not show the text.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, NotAReference> {
        match text.split_once(':') {
            Some(("env", name)) if is_variable_name(name) => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(folder.join(path))),
            _ => Err(NotAReference),
        }
    }
}

impl Secrets {
    /// A reader of this environment that tells `known` what it read.
    #[must_use]
    pub fn new(environment: Environment, known: KnownSecrets) -> Self {
        Self { environment, known }
    }

    /// What scrubs the secrets that were read.
    #[must_use]
    pub fn known(&self) -> &KnownSecrets {
        &self.known
    }

    /// Reads a secret now.
    ///
    /// # Errors
    /// [`SecretError`], which names the variable or file and never the value.
    pub fn read(&self, reference: &Reference) -> Result<Secret, SecretError> {
        let (text, mut warnings) = match reference {
            Reference::Environment(name) => (self.variable(reference, name)?, Vec::new()),
            Reference::File(path) => file(reference, path)?,
        };
        if text.is_empty() {
            return Err(SecretError::Empty(reference.clone()));
        }
        if text.len() > LONGEST {
            return Err(SecretError::TooLong(reference.clone()));
        }
        let value = SecretString::from(text.as_str());
        if self.known.learn(&value) == Learned::TooShort {
            warnings.push(Warning::TooShort(reference.clone()));
        }
        Ok(Secret { value, warnings })
    }

    fn variable(&self, reference: &Reference, name: &str) -> Result<Zeroizing<String>, SecretError> {
        match self.environment.text(name) {
            Ok(Some(text)) => Ok(Zeroizing::new(text.to_owned())),
            Ok(None) => Err(SecretError::Unset(name.to_owned())),
            Err(NotUnicode { .. }) => Err(SecretError::NotUtf8(reference.clone())),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl Remedy for SecretError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Unset(name) => format!("set {name} in the environment of winrm-mcp"),
            Self::Unreadable { path, .. } => {
                format!("create {} for the user that runs winrm-mcp, with mode 600", path.display())
            }
            Self::NotUtf8(reference) => format!("save the text of {reference} as UTF-8"),
            Self::Empty(reference) => format!("put the password into {reference}"),
            Self::TooLong(reference) => format!("let {reference} hold the password and nothing else"),
        })
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

fn file(reference: &Reference, path: &Path) -> Result<(Zeroizing<String>, Vec<Warning>), SecretError> {
    let unreadable = |error: io::Error| SecretError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    let warnings = permissions::exposed(&opened)
        .map(|mode| Warning::Exposed { path: path.to_owned(), mode })
        .into_iter()
        .collect();
    // One byte more than is allowed shows that there is more.
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(3);
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 4));
    opened.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotUtf8(reference.clone()))?;
    // Windows editors put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok((Zeroizing::new(text.to_owned()), warnings))
}

/// Bytes of the longest secret. Windows passwords end at 256 characters.
const LONGEST: usize = 1024;

#[cfg(test)]
mod tests;
