//! Why work on a host failed, and what to do about it.

use std::{io, path::PathBuf};

use winrm::{ConfigError, InvalidUserName, TrustError};

use super::advice;
use crate::{
    call::Ran,
    remedy::{Code, Remedy, Retry},
    secret::SecretError,
};

/// Why work on a host did not end by itself.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SessionError {
    /// The password cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The CA file cannot be read.
    #[error("the CA file {} cannot be read: {kind}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The CA file holds no certificate.
    #[error("the CA file {} cannot be used: {source}", path.display())]
    CaContent {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TrustError,
    },
    /// The user name cannot be one.
    #[error(transparent)]
    User(#[from] InvalidUserName),
    /// The settings cannot work together.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The state directory cannot be written.
    #[error("the state directory {} cannot be written: {kind}", path.display())]
    StateDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomBytes(#[from] winrm::NoRandomBytes),
    /// The host, or the way there.
    #[error(transparent)]
    Host(#[from] winrm::Error),
    /// Time was over before the command was known to run.
    #[error("time was over before the host had started the command")]
    Deadline {
        /// Whether it may have started.
        ran: Ran,
    },
    /// More came back than one call may gather; the commands were told to stop.
    #[error("more than {} MB of objects came back{}", .limit >> 20, may_still_run(*.stopped))]
    TooMuch {
        /// How many bytes, about, one call may gather.
        limit: usize,
        /// Whether the host confirmed that the commands have ended.
        stopped: winrm::Stopped,
    },
    /// What should be objects of the commands is not.
    #[error("the objects that powershell.exe wrote cannot be read")]
    UnreadableObjects,
    /// Text that nobody took apart, for a host where an endpoint or a lock is asked for: it would run behind neither.
    #[error(
        "script text goes to powershell.exe, round the endpoint or the lock that this host is configured with"
    )]
    TextRoundEndpoint,
    /// A reviewed script, for a host whose runspaces are locked; the policy denies it before.
    #[error("the runspaces of this host are locked, so that no script runs there")]
    ScriptWhereLocked,
    /// The host has no endpoint that could take a script with its values as data.
    #[error("the host has no PowerShell endpoint, and a reviewed script is sent in no other way")]
    NoEndpointForScripts,
    /// The endpoint takes commands only.
    #[error("the endpoint {endpoint} runs no scripts: it has no language")]
    NoScripts {
        /// The endpoint.
        endpoint: String,
    },
    /// The endpoint does not say what it offers.
    #[error("the endpoint does not say what it offers: {message}")]
    NoMetadata {
        /// What the host said.
        message: String,
    },
    /// The runspace cannot be locked to a command.
    #[error(transparent)]
    Lock(#[from] winrm::powershell::LockError),
    /// A bug of ours: work that is no typed commands was given to `Lease::call`.
    #[error("this work is no typed command")]
    NotCommands,
    /// A bug of ours: typed commands were given to `Lease::run`.
    #[error("typed commands yield objects and not bytes")]
    NotBytes,
    /// The caller left before the command was known to run.
    #[error("the call was cancelled before the host had started the command")]
    Cancelled {
        /// Whether it may have started.
        ran: Ran,
    },
}

impl SessionError {
    /// Whether anything ran on the host.
    #[must_use]
    pub fn ran(&self) -> Ran {
        match self {
            Self::Host(error) => match error.ran() {
                winrm::Ran::No => Ran::No,
                winrm::Ran::Yes => Ran::Yes,
                winrm::Ran::Unknown => Ran::Unknown,
            },
            Self::Deadline { ran } | Self::Cancelled { ran } => *ran,
            Self::TooMuch { .. } | Self::UnreadableObjects => Ran::Yes,
            _ => Ran::No,
        }
    }
}

impl Remedy for SessionError {
    fn code(&self) -> Code {
        match self {
            Self::Secret(error) => error.code(),
            Self::Host(error) => advice::code(error.cause()),
            Self::Deadline { .. } => Code::TimedOut,
            Self::Cancelled { .. } => Code::Interrupted,
            Self::TooMuch { .. } | Self::UnreadableObjects | Self::NoMetadata { .. } => Code::Remote,
            Self::NoRandomBytes(_) | Self::NotCommands | Self::NotBytes => Code::Internal,
            Self::TextRoundEndpoint
            | Self::ScriptWhereLocked
            | Self::NoEndpointForScripts
            | Self::NoScripts { .. }
            | Self::Lock(_)
            | Self::StateDirectory { .. }
            | Self::CaFile { .. }
            | Self::CaContent { .. }
            | Self::User(_)
            | Self::Configuration(_) => Code::Configuration,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Secret(error) => error.fix(),
            Self::CaFile { .. } | Self::CaContent { .. } => Some(
                "name a PEM file with the authority's certificate (WINRM_MCP_CA_FILE, or ca_file)".to_owned(),
            ),
            Self::StateDirectory { .. } => {
                Some("name a directory of yours with WINRM_MCP_STATE_DIR, or state_dir".to_owned())
            }
            Self::User(_) => Some(r"write user, DOMAIN\user or user@realm".to_owned()),
            Self::Configuration(_) => Some("correct the host's settings".to_owned()),
            Self::Host(error) => advice::fix(error.cause()),
            Self::Deadline { .. } => Some("raise the timeout, or see check_host".to_owned()),
            Self::TextRoundEndpoint => {
                Some("write it as commands, which are judged one by one and need no text there".to_owned())
            }
            Self::NoEndpointForScripts => Some(
                "enable PowerShell remoting on the host (Enable-PSRemoting), or leave it out of the script's hosts"
                    .to_owned(),
            ),
            Self::ScriptWhereLocked | Self::NoScripts { .. } => Some(
                "leave this host out of the script's hosts, or give it an endpoint with the full language"
                    .to_owned(),
            ),
            Self::NoMetadata { .. } => {
                Some("choose a profile that does not go by it, or list commands in the policy".to_owned())
            }
            Self::Lock(_) => Some("use another command: this one runs others by their names".to_owned()),
            Self::TooMuch { .. } => Some(
                "narrow the command: a filter of its own, fewer properties (Select-Object -Property), or -First"
                    .to_owned(),
            ),
            Self::Cancelled { .. }
            | Self::UnreadableObjects
            | Self::NoRandomBytes(_)
            | Self::NotCommands
            | Self::NotBytes => None,
        }
    }

    fn retry(&self) -> Retry {
        match (self.code(), self.ran()) {
            (Code::TryLater | Code::Unreachable, Ran::No) => Retry::Later,
            _ => Retry::Never,
        }
    }
}

fn may_still_run(stopped: winrm::Stopped) -> &'static str {
    match stopped {
        winrm::Stopped::Confirmed => "",
        winrm::Stopped::Unconfirmed => "; the command may still run",
    }
}
