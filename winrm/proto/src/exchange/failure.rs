use crate::wsman::fault::Cause;
use crate::wsman::{self, Fault};
use crate::xml::WriteError;

/// Why a conversation did not go as it should, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step} failed: {kind}")]
pub struct Failure {
    /// The message it happened with.
    pub step: Step,
    /// What happened.
    pub kind: FailureKind,
}

/// A message of the remote shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A request of its own: [`Single`](super::Single).
    Request,
    /// The opening of a pool's shell.
    Create,
    /// The taking over of a pool that another process left, or of a pipeline in it.
    Connect,
    /// The leaving of a pool.
    Disconnect,
    /// The taking up again of a pool that this conversation left.
    Reconnect,
    /// The end of a pool's shell.
    Delete,
    /// The start of a command. [`Failure::nothing_was_done`] says whether it may have started all the same.
    Command,
    /// The request for output.
    Receive,
    /// The sending of input.
    Send,
    /// The interruption, or the release after the end.
    Signal,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailureKind {
    /// The request cannot be written, so it was not sent.
    #[error(transparent)]
    Unwritable(#[from] WriteError),
    /// The host answered with a fault.
    #[error("the host answered with a fault")]
    Fault(Box<Fault>),
    /// The answer is not a message that we accept.
    #[error("the answer is unusable: {0}")]
    Unusable(#[from] wsman::Error),
    /// The answer says that it belongs to another request.
    #[error("the answer belongs to another request")]
    Unrelated,
    /// The connection was lost after a byte of the request had left: the host may have acted on it.
    #[error("the connection was lost before the answer came")]
    Lost,
}

/// What a conversation learnt about the shell it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ShellFate {
    /// It may be used again.
    #[default]
    Usable,
    /// It takes no more commands: delete it, and create another.
    Spent,
    /// It is no more: create another.
    Gone,
}

impl Failure {
    /// The fault, where the host answered with one.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.kind {
            FailureKind::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the host has done nothing of what it was asked, so that the same request may be sent again.
    #[must_use]
    pub fn nothing_was_done(&self) -> bool {
        match &self.kind {
            FailureKind::Unwritable(_) => true,
            FailureKind::Fault(fault) => fault.cause().is_refusal(),
            FailureKind::Unusable(_) | FailureKind::Unrelated | FailureKind::Lost => false,
        }
    }

    pub(super) fn new(step: Step, kind: impl Into<FailureKind>) -> Self {
        Self { step, kind: kind.into() }
    }
}

impl ShellFate {
    /// What a fault tells about the shell that the request was for.
    #[must_use]
    pub fn from_fault(fault: &Fault) -> Self {
        match fault.cause() {
            Cause::ShellGone | Cause::Aborted => Self::Gone,
            Cause::TooManyOperations | Cause::TooManyCommands => Self::Spent,
            _ => Self::Usable,
        }
    }

    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Gone, _) | (_, Self::Gone) => Self::Gone,
            (Self::Spent, _) | (_, Self::Spent) => Self::Spent,
            (Self::Usable, Self::Usable) => Self::Usable,
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Request => "the request",
            Self::Create => "opening the shell",
            Self::Connect => "connecting to the shell",
            Self::Disconnect => "disconnecting from the shell",
            Self::Reconnect => "reconnecting to the shell",
            Self::Delete => "closing the shell",
            Self::Command => "starting the command",
            Self::Receive => "receiving output",
            Self::Send => "sending input",
            Self::Signal => "signalling the command",
        })
    }
}
