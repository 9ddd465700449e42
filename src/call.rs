//! One piece of work that somebody asks for, before anybody has judged it, and how it ended.

use std::{borrow::Cow, fmt, io, time::Duration};

use winrm_script::{
    evaluate::{self, CallKind},
    static_command::StaticCommand,
    typed::{Argument, Reason, TypedPipeline},
    value::Value,
};

use crate::remedy::{Code, Remedy};

/// A request for work on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Names this call in audit, logs, progress and results.
    pub id: CallId,
    /// On whose behalf.
    pub principal: Principal,
    /// The host as the caller named it.
    pub host: HostName,
    /// What to do there.
    pub work: Work,
    /// What for: rules can tell an assistant from a person.
    pub purpose: Purpose,
    /// Whether it is to run, or only to be judged and shown.
    pub mode: Mode,
    /// How long it may take from now on; `None` takes the host's setting.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A call that is only thought of: it has no id, for nothing of it is put on record.
    #[must_use]
    pub fn imagined(host: HostName, work: Work, purpose: Purpose) -> Self {
        Self {
            id: CallId::from_random(0),
            principal: Principal::local(),
            host,
            work,
            purpose,
            mode: Mode::Run,
            timeout: None,
        }
    }
}

/// What a caller can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// PowerShell, as text that nobody has parsed yet.
    PowerShell {
        /// The text as it came in. It never reaches a log or, unless a rule says `raw`, a host.
        text: String,
    },
    /// A PowerShell command whose words came as data (`exec -- Get-Service -Name W32Time`).
    Words {
        /// Command name, parameters and values, as the caller's shell split them.
        words: Vec<String>,
    },
    /// A command of a host with its values, as a script calls it: one, with filters that run behind it there.
    Command(TypedPipeline),
    /// A script that a human has reviewed.
    Reviewed {
        /// What it is called.
        script: String,
        /// The bytes of its file, read for this call: what is judged is what is sent.
        content: Result<Vec<u8>, io::ErrorKind>,
        /// What its parameters are given, by name. Nothing where the file was not what was reviewed when they were to be
        /// read: what they would mean to it is not known, and it must not run without them.
        arguments: Option<Vec<Argument>>,
    },
    /// A native program.
    Program {
        /// Path or name.
        executable: String,
        /// One element an argument, unquoted.
        arguments: Vec<String>,
        /// Bytes for its standard input.
        stdin: Option<Vec<u8>>,
        /// Where it starts.
        working_directory: Option<String>,
    },
    /// Reach the host, authenticate and say what answered; runs nothing.
    Check,
}

/// On what occasion somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An assistant asks, through MCP.
    #[default]
    Agent,
    /// A person asks, on the command line.
    User,
    /// A pipeline of continuous integration asks.
    Ci,
}

/// Whether a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// It runs.
    #[default]
    Run,
    /// It is judged like one that runs, and changes nothing.
    DryRun,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(String);

/// A configured host's name: what the caller says and the audit keeps, not necessarily a DNS name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

/// 128 random bits as 26 base32 characters: models miscopy long hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallId(String);

impl Work {
    /// What a script calls: a command with the values that it has now, or a program, whose standard input has a line for
    /// each object that is piped to it.
    ///
    /// # Errors
    /// A [`Reason`] where a value cannot travel as data.
    pub fn of_call(call: &evaluate::Call) -> Result<Self, Reason> {
        if call.kind == CallKind::Command {
            return TypedPipeline::from_call(call).map(Self::Command);
        }
        let text = |value: &Value| value.to_text().to_string();
        let lines: String = call.input.iter().map(|value| text(value) + "\r\n").collect();
        Ok(Self::Program {
            executable: call.name.clone(),
            arguments: call.arguments.iter().map(text).collect(),
            stdin: (!call.input.is_empty()).then(|| lines.into_bytes()),
            working_directory: None,
        })
    }

    /// PowerShell that may be evaluated here: a script, or words written anew as one command whose every value is a
    /// literal. Words that are no command are for the policy to refuse.
    #[must_use]
    pub fn script(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::PowerShell { text } => Some(Cow::Borrowed(text)),
            Self::Words { words } => {
                StaticCommand::from_words(words).ok().map(|command| Cow::Owned(command.render()))
            }
            Self::Command(_) | Self::Reviewed { .. } | Self::Program { .. } | Self::Check => None,
        }
    }
}

impl Principal {
    /// The user of this process: one over stdio and on the command line.
    #[must_use]
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// Somebody who authenticated to this process under a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name that the audit keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Purpose {
    /// Every occasion.
    pub const ALL: [Self; 3] = [Self::Agent, Self::User, Self::Ci];

    /// The name that rules and JSON use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::User => "user",
            Self::Ci => "ci",
        }
    }
}

impl HostName {
    /// Takes a name as it was written.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomBytes;

/// 128 random bits, for an id or a marker that nobody can guess.
///
/// # Errors
///
/// [`NoRandomBytes`].
pub fn random_bits() -> Result<u128, NoRandomBytes> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomBytes)?;
    Ok(u128::from_ne_bytes(bytes))
}

impl Remedy for NoRandomBytes {
    fn code(&self) -> Code {
        Code::Internal
    }

    fn fix(&self) -> Option<String> {
        None
    }
}

impl CallId {
    /// An id that was never there before.
    ///
    /// # Errors
    ///
    /// [`NoRandomBytes`].
    pub fn random() -> Result<Self, NoRandomBytes> {
        random_bits().map(Self::from_random)
    }

    /// Makes an id from 128 random bits.
    #[must_use]
    pub fn from_random(bits: u128) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let digit = |n: u32| {
            let index = usize::try_from((bits >> (n * 5)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'a'))
        };
        Self((0..26).map(digit).collect())
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a call that was sent to a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The work ended by itself.
    Completed {
        /// Its exit code; `None` where the host did not say.
        exit_code: Option<i32>,
    },
    /// The deadline or the caller stopped it, and the host confirmed that it ended.
    Stopped(StopReason),
    /// It was told to stop and did not confirm: it may still run.
    StillRunning(StopReason),
    /// The connection was lost after the work was sent: nobody knows.
    Unknown,
}

/// Why work was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Its time was over.
    Deadline,
    /// The caller cancelled.
    Cancelled,
}

/// Whether anything ran on the host, for a caller who must decide whether to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Nothing was started.
    No,
    /// It was started.
    Yes,
    /// It may have been started.
    Unknown,
}
