use std::{fmt, io, path::PathBuf};

use super::raw::Source;
use crate::{
    inventory::{AuthScheme, EndpointError, NotATag},
    invocation::approval::{NotAnAddress, NotAnApprover},
    policy::PolicyError,
    remedy::{Code, Remedy},
    secret::NotAReference,
};

/// Everything that is wrong with a configuration, at least one thing; in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub source: Source,
    /// What.
    pub kind: ProblemKind,
}

/// What can be wrong. No variant holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// The file is too long.
    #[error("the file is longer than {limit} bytes")]
    TooLong {
        /// How many bytes are taken.
        limit: u64,
    },
    /// The file is not UTF-8.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// A variable's value is no text.
    #[error("the value is not UTF-8")]
    VariableNotUtf8,
    /// It is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// A backslash in double quotes begins something that is no escape.
    #[error("a backslash in double quotes begins an escape")]
    Escape,
    /// A control character, most likely from a backslash in double quotes.
    #[error("{key} holds a control character, as a backslash in double quotes makes one")]
    ControlCharacter {
        /// The key.
        key: String,
    },
    /// No key of this name belongs here.
    #[error("there is no key {key:?} in {table}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The table.
        table: &'static str,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// No variable of this name.
    #[error("there is no variable {name}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The known one that looks most like it.
        nearest: Option<&'static str>,
    },
    /// Two variables whose names differ in case have different values.
    #[error("{first} and {second} are one setting and differ")]
    VariableTwice {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// The value is of another type or out of range.
    #[error("{key} must be {expected}")]
    Value {
        /// The key or variable.
        key: String,
        /// What it must be.
        expected: Expected,
    },
    /// It has to be there.
    #[error("{key} is missing")]
    Missing {
        /// The key.
        key: String,
    },
    /// A variable has to be set.
    #[error("{0} is not set")]
    VariableMissing(&'static str),
    /// `HOST` and `HOSTNAME` name different hosts.
    #[error("WINRM_MCP_HOST and WINRM_MCP_HOSTNAME are one setting and differ")]
    HostTwice,
    /// Both the password and a file for it are given.
    #[error("WINRM_MCP_PASSWORD and WINRM_MCP_PASSWORD_FILE are both set")]
    PasswordTwice,
    /// Two hosts have one name.
    #[error("a second host is called {0:?}")]
    NameTwice(String),
    /// Two tools have one name.
    #[error("a second tool is called {0:?}")]
    ToolTwice(String),
    /// The endpoint is none.
    #[error("{key}: {error}")]
    Endpoint {
        /// The key or variable.
        key: String,
        /// What is wrong with it.
        error: EndpointError,
    },
    /// The password is no reference.
    #[error("{key} {error}")]
    Reference {
        /// The key.
        key: String,
        /// What is wrong with it.
        error: NotAReference,
    },
    /// A tag is none.
    #[error(transparent)]
    Tag(#[from] NotATag),
    /// Basic sends the password as it is, so the way must be TLS with a verified certificate.
    #[error(
        "auth = \"basic\" would send the password to whoever answers: it needs https and a verified certificate"
    )]
    BasicExposed,
    /// Windows takes Basic for local accounts alone.
    #[error("Windows accepts basic for local accounts only, not for a user with a domain")]
    BasicDomain,
    /// Profile or lists.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The user who should approve is none.
    #[error("user: {0}")]
    Approver(NotAnApprover),
    /// The webhook's address is none.
    #[error("webhook: {0}")]
    Webhook(NotAnAddress),
    /// The log filter does not parse.
    #[error("{key} is no log filter")]
    LogFilter {
        /// The key or variable.
        key: String,
    },
    /// Neither a home nor a state folder is known.
    #[error("there is no place for state: neither WINRM_MCP_STATE_DIR nor a home folder is set")]
    NoStateDir,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A text that is not empty.
    Text,
    /// A list of texts.
    Texts,
    /// A table.
    Table,
    /// Tables, each written `[[name]]`.
    Tables(&'static str),
    /// `true` or `false`.
    Boolean,
    /// What pydantic reads as a boolean.
    BooleanWord,
    /// A whole number in a range.
    Number {
        /// The least.
        least: u32,
        /// The greatest.
        greatest: u32,
    },
    /// A range of whole numbers.
    Range,
    /// A list of lists of texts.
    Lists,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A digest of a certificate or a key.
    Pin,
    /// A proxy's address, or `none`.
    Proxy,
    /// The name of a PowerShell session configuration.
    ConfigurationName,
    /// The name of a reviewed script's tool.
    ScriptName,
    /// SHA-256 in hexadecimal digits.
    Sha256,
    /// Hosts by name, pattern and tag.
    HostChoices,
}

impl ConfigError {
    /// `None` where there is no problem.
    pub(super) fn of(mut problems: Vec<Problem>) -> Option<Self> {
        problems.sort_by(|a, b| a.source.cmp(&b.source));
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// All of them.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl Problem {
    pub(super) fn new(source: Source, kind: impl Into<ProblemKind>) -> Self {
        Self { source, kind: kind.into() }
    }

    /// One thing to do about it.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        self.kind.fix()
    }

    /// Its place and its cause.
    fn sentence(&self) -> String {
        match &self.source {
            // These kinds say the variable's name themselves.
            Source::Default | Source::Variable(_) if self.kind.names_its_place() => self.kind.to_string(),
            Source::Default => self.kind.to_string(),
            source => format!("{source}: {}", self.kind),
        }
    }
}

impl ProblemKind {
    fn fix(&self) -> Option<String> {
        let did_you_mean =
            |nearest: &Option<&'static str>| nearest.map(|name| format!("did you mean {name}?"));
        match self {
            Self::UnknownKey { nearest, .. } | Self::UnknownVariable { nearest, .. } => did_you_mean(nearest),
            Self::Escape | Self::ControlCharacter { .. } => {
                Some("use '…', where a backslash is a backslash: user = 'CORP\\svc'".to_owned())
            }
            Self::Unreadable(_) => Some("create it, or leave --config and WINRM_MCP_CONFIG out".to_owned()),
            Self::NotUtf8 | Self::VariableNotUtf8 => Some("save it as UTF-8".to_owned()),
            Self::VariableMissing(_) => Some("set it, or name hosts in winrm-mcp.toml".to_owned()),
            Self::VariableTwice { .. } | Self::HostTwice | Self::PasswordTwice => {
                Some("unset one of them".to_owned())
            }
            Self::ToolTwice(_) => Some("give each script a name that no tool has".to_owned()),
            Self::NameTwice(_) => Some("give each host a name of its own".to_owned()),
            Self::BasicExposed | Self::BasicDomain => Some("use auth = \"negotiate\"".to_owned()),
            Self::Policy(error) => error.fix(),
            Self::LogFilter { .. } => Some("write a level such as info, or winrm_mcp=debug".to_owned()),
            Self::NoStateDir => Some("set WINRM_MCP_STATE_DIR".to_owned()),
            Self::Value { expected: Expected::Tables(name), .. } => Some(format!("write [[{name}]]")),
            Self::Approver(NotAnApprover::Unknown(_)) => Some("write the user's number".to_owned()),
            Self::Approver(NotAnApprover::Unsupported) => Some("use approval.passphrase".to_owned()),
            Self::Webhook(_) => Some("write https://…, env:NAME or file:PATH".to_owned()),
            Self::TooLong { .. }
            | Self::Syntax(_)
            | Self::Value { .. }
            | Self::Missing { .. }
            | Self::Endpoint { .. }
            | Self::Reference { .. }
            | Self::Tag(_) => None,
        }
    }
}

impl Expected {
    /// The scheme's names.
    pub(super) const AUTH: Self = Self::Word(&AuthScheme::NAMES);
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    /// One problem a line, each with its place and its fix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        match self.fix() {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

impl ProblemKind {
    fn names_its_place(&self) -> bool {
        matches!(
            self,
            Self::UnknownVariable { .. }
                | Self::VariableTwice { .. }
                | Self::VariableMissing(_)
                | Self::HostTwice
                | Self::PasswordTwice
                | Self::Value { .. }
                | Self::Endpoint { .. }
                | Self::LogFilter { .. }
        )
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text that is not empty"),
            Self::Texts => f.write_str("a list of texts"),
            Self::Table => f.write_str("a table"),
            Self::Tables(name) => write!(f, "a list of tables, [[{name}]]"),
            Self::Boolean => f.write_str("true or false"),
            Self::BooleanWord => f.write_str("true, yes, on, 1, y, t, false, no, off, 0, n or f"),
            Self::Number { least, greatest } => write!(f, "a whole number from {least} to {greatest}"),
            Self::Range => f.write_str("two whole numbers, [1, 500]"),
            Self::Lists => f.write_str("a list of lists of texts, [[], [\"/all\"]]"),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Pin => f.write_str("sha256: or spki-sha256: and 64 hexadecimal digits"),
            Self::Proxy => f.write_str("http://host:port, or none"),
            Self::ScriptName => {
                f.write_str("a tool's name: a letter, then letters, digits, '_' and '-', 64 at most")
            }
            Self::Sha256 => f.write_str("64 hexadecimal digits, as winrm-mcp policy script prints them"),
            Self::HostChoices => f.write_str("names of hosts, patterns of names, and tags such as \"@web\""),
            Self::ConfigurationName => {
                f.write_str("a session configuration's name: letters, digits, '.', '_' and '-'")
            }
        }
    }
}

impl Remedy for ConfigError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn sentence(&self) -> String {
        match self.problems.as_slice() {
            [only] => only.sentence(),
            _ => self.to_string(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self.problems.as_slice() {
            [only] => only.fix(),
            _ => None,
        }
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// A path for a problem that concerns a whole file.
pub(super) fn whole_file(path: PathBuf) -> Source {
    Source::File { path, line: 1, column: 1 }
}
