//! Why a call did not end by itself on a host.

use winrm_script::{evaluate, position::Position, typed};

use super::{approval::NotApproved, named::SessionsError};
use crate::{
    audit::AuditError,
    call::{Outcome, Ran},
    inventory::InventoryError,
    output::{Ending, ErrorReport},
    policy::Denial,
    remedy::{Code, Remedy, Retry},
    session::SessionError,
};

/// Why a call did not end by itself on a host.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has no such host.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The policy says no.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// A human has to approve it first.
    #[error(transparent)]
    NotApproved(#[from] NotApproved),
    /// It could not be recorded.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The host, or the way there, failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The named session cannot be used.
    #[error(transparent)]
    Named(#[from] SessionsError),
    /// The script could not go on.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// Why a script could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// What it does here is not taken, or a limit was reached.
    #[error("the script was ended at {0}")]
    Refused(evaluate::Refusal),
    /// A command would need what cannot travel.
    #[error("the script was ended at {position}: {reason}")]
    CannotTravel {
        /// Where the command stands.
        position: Position,
        /// What cannot travel.
        reason: typed::Reason,
    },
    /// What it uses of the host could not be asked.
    #[error("the script uses {what}, which `{command}` tells: {failure}")]
    Fact {
        /// What it uses.
        what: &'static str,
        /// The command that was to tell it.
        command: String,
        /// Why it did not.
        failure: Box<Failure>,
    },
    /// A program wrote more than a script may hold.
    #[error("{program} wrote more than {} MB", .limit >> 20)]
    ProgramOutput {
        /// The program.
        program: String,
        /// How much a script may hold.
        limit: usize,
    },
}

impl Failure {
    /// How a walk with this result stands, for report and record.
    pub(super) fn ending(result: Result<Outcome, &Self>) -> Ending {
        match result {
            Ok(outcome) => Ending::Sent(outcome),
            Err(Self::Denied(denial)) => Ending::Denied(denial.clone()),
            Err(failure) => Ending::Failed { error: ErrorReport::new(failure), ran: failure.ran() },
        }
    }

    /// Whether anything ran on the host.
    #[must_use]
    pub fn ran(&self) -> Ran {
        match self {
            Self::Inventory(_)
            | Self::Denied(_)
            | Self::NotApproved(_)
            | Self::Audit(_)
            | Self::Named(_)
            | Self::Script(_) => Ran::No,
            Self::Session(error) => error.ran(),
        }
    }

    /// What would allow a denied call: for the operator's log, never for the model.
    #[must_use]
    pub fn operator_hint(&self) -> Option<&str> {
        match self {
            Self::Denied(denial) => denial.operator_hint.as_deref(),
            Self::Script(ScriptError::Fact { failure, .. }) => failure.operator_hint(),
            _ => None,
        }
    }

    fn remedy(&self) -> &dyn Remedy {
        match self {
            Self::Inventory(error) => error,
            Self::Denied(denial) => denial,
            Self::NotApproved(error) => error,
            Self::Audit(error) => error,
            Self::Session(error) => error,
            Self::Named(error) => error,
            Self::Script(error) => error,
        }
    }
}

impl Remedy for Failure {
    fn code(&self) -> Code {
        self.remedy().code()
    }

    fn sentence(&self) -> String {
        self.remedy().sentence()
    }

    fn fix(&self) -> Option<String> {
        self.remedy().fix()
    }

    fn retry(&self) -> Retry {
        self.remedy().retry()
    }
}

impl Remedy for ScriptError {
    fn code(&self) -> Code {
        match self {
            Self::Fact { failure, .. } => failure.code(),
            Self::Refused(_) | Self::CannotTravel { .. } | Self::ProgramOutput { .. } => Code::Usage,
        }
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Refused(evaluate::Refusal { limit: Some(_), .. }) => {
                "do less in one script: fewer objects, shorter loops".to_owned()
            }
            Self::Refused(_) => {
                "write it in another way; commands, operators and filters are known".to_owned()
            }
            Self::CannotTravel { reason, .. } => reason.suggestion().to_owned(),
            Self::Fact { .. } => "write the value itself in the script".to_owned(),
            Self::ProgramOutput { .. } => "have the program write less".to_owned(),
        })
    }
}
