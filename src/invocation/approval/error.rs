use std::{io, path::PathBuf};

use super::{Required, request::ApprovalId};
use crate::{
    call::NoRandomBytes,
    remedy::{Code, Remedy, Retry},
    secret::SecretError,
};

/// Why work that wants a human does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// It was asked for, and waits.
    #[error("a human has to approve this ({}): {}", .0.rule, .0.command())]
    Required(Box<Required>),
    /// It would be asked for, and this is a dry run.
    #[error("a human would have to approve this ({rule}): {form}")]
    Rehearsed {
        /// The rule that wants a human.
        rule: String,
        /// What would wait, without known secrets.
        form: String,
    },
    /// It could not be asked for.
    #[error(transparent)]
    Failed(#[from] ApprovalError),
}

/// What can be wrong with approvals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The folder cannot be made or read.
    #[error("the folder of approvals {} cannot be used: {kind}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// A file in it cannot be read or written.
    #[error("{} cannot be used: {kind}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// More wait than anybody reads.
    #[error("{limit} requests wait for a human already")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// It is longer than a human reads.
    #[error("a human would have to read {bytes} bytes to approve this")]
    TooLong {
        /// Of the judged form.
        bytes: usize,
    },
    /// It holds a secret, which must not be shown, so that it cannot be shown whole.
    #[error("this holds a secret that must not be shown, so nobody can approve it")]
    HoldsSecret,
    /// A part of it is no text.
    #[error("this has an input that is no text, so nobody can approve it")]
    NotText,
    /// No request has this id.
    #[error("no request that waits has the id {id:?}")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// Several ids begin so.
    #[error("several requests have ids that begin with {id:?}")]
    Ambiguous {
        /// What was asked for.
        id: String,
    },
    /// Its time is over.
    #[error("{id} has expired")]
    Expired {
        /// Of the request.
        id: ApprovalId,
    },
    /// The approval is not one that the right human gave for this work.
    #[error("the approval {id} is not one that the configured human gave for this work")]
    Forged {
        /// Of the request.
        id: ApprovalId,
    },
    /// The user of this process may not approve.
    #[error("only {wanted} may approve")]
    WrongUser {
        /// The configured user.
        wanted: String,
    },
    /// The configuration wants a passphrase.
    #[error("a passphrase is needed to approve")]
    PassphraseMissing,
    /// It is another one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// The passphrase cannot be read.
    #[error(transparent)]
    Passphrase(#[from] SecretError),
    /// The system gave no random bytes.
    #[error(transparent)]
    NoRandomBytes(#[from] NoRandomBytes),
}

impl Remedy for NotApproved {
    fn code(&self) -> Code {
        match self {
            Self::Required(_) | Self::Rehearsed { .. } => Code::ApprovalMissing,
            Self::Failed(error) => error.code(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Required(required) => {
                Some(format!("ask the operator to run `{}`, then repeat the call", required.command()))
            }
            Self::Rehearsed { .. } => {
                Some("make the call itself, which asks the operator; nobody was asked now".to_owned())
            }
            Self::Failed(error) => error.fix(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Required(_) => Retry::Later,
            Self::Rehearsed { .. } => Retry::Never,
            Self::Failed(error) => error.retry(),
        }
    }
}

impl Remedy for ApprovalError {
    fn code(&self) -> Code {
        match self {
            Self::Folder { .. } | Self::File { .. } | Self::Passphrase(_) => Code::Configuration,
            Self::TooMany { .. } => Code::TryLater,
            Self::TooLong { .. } | Self::HoldsSecret | Self::NotText => Code::Denied,
            Self::Unknown { .. } | Self::Ambiguous { .. } => Code::Usage,
            Self::Expired { .. }
            | Self::Forged { .. }
            | Self::WrongUser { .. }
            | Self::PassphraseMissing
            | Self::WrongPassphrase => Code::ApprovalMissing,
            Self::NoRandomBytes(error) => error.code(),
        }
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Folder { path, .. } | Self::File { path, .. } => {
                format!("let this user read and write {}", path.display())
            }
            Self::TooMany { .. } => "approve or wait: each request is dropped after five minutes".to_owned(),
            Self::TooLong { .. } => "ask for less at a time".to_owned(),
            Self::HoldsSecret | Self::NotText => "leave that value out".to_owned(),
            Self::Unknown { .. } | Self::Ambiguous { .. } => {
                "`winrm-mcp pending` lists what waits".to_owned()
            }
            Self::Expired { .. } => "repeat the call, which asks anew".to_owned(),
            Self::Forged { .. } => "look at who writes to the folder of approvals".to_owned(),
            Self::WrongUser { wanted } => format!("run winrm-mcp approve as {wanted}"),
            Self::PassphraseMissing | Self::WrongPassphrase => "type the passphrase again".to_owned(),
            Self::Passphrase(error) => return error.fix(),
            Self::NoRandomBytes(error) => return error.fix(),
        })
    }

    fn retry(&self) -> Retry {
        match self {
            Self::TooMany { .. } => Retry::Later,
            _ => Retry::Never,
        }
    }
}
