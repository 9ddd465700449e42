//! Why evaluation leaves the middle of something.

use std::borrow::Cow;

use super::failure::Failure;
use super::limits::Limit;
use crate::position::Position;
use crate::tree::Span;
use crate::value::{Fault, Thrown};

/// A script that is refused while it runs: where, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct Refusal {
    /// Where.
    pub position: Position,
    /// Why, as a clause.
    pub reason: String,
    /// The limit that was reached, if one was.
    pub limit: Option<Limit>,
}

/// Why evaluation leaves the middle of something.
#[derive(Debug)]
pub(super) enum Unwind {
    /// An error ends the statement.
    Statement(Box<Failure>),
    /// An error ends the script: `throw`, and `-ErrorAction Stop`.
    Script(Box<Failure>),
    /// `break`, with its label.
    Break(Option<String>),
    /// `continue`, with its label.
    Continue(Option<String>),
    /// `return`.
    Return,
    /// `exit`.
    Exit(i32),
    /// A later stage of this pipeline has enough.
    Enough(usize),
    /// What the evaluator does not do.
    Refused(Cow<'static, str>, Option<Span>),
    /// A limit.
    Limit(Limit),
    /// An expression takes so long that it must be evaluated where it can pause.
    Later,
}

/// A value, or why there is none.
pub(super) type Flow<T> = Result<T, Unwind>;

impl Unwind {
    /// A refusal at a place that is filled in on the way out.
    pub(super) fn refused(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(reason.into(), None)
    }

    /// The same, and where it happened if nobody said so yet.
    pub(super) fn at(self, span: Span) -> Self {
        match self {
            Self::Refused(reason, None) => Self::Refused(reason, Some(span)),
            Self::Statement(mut failure) => {
                failure.span.get_or_insert(span);
                Self::Statement(failure)
            }
            Self::Script(mut failure) => {
                failure.span.get_or_insert(span);
                Self::Script(failure)
            }
            other => other,
        }
    }

    /// An error of a command, with the name that its identifier ends in.
    pub(super) fn of_command(fault: Fault, command: &str) -> Self {
        match fault {
            Fault::Thrown(thrown) => {
                let mut failure = Failure::from(*thrown);
                failure.id = format!("{},{command}", failure.id);
                Self::Statement(Box::new(failure))
            }
            Fault::Unsupported(reason) => Self::Refused(reason, None),
        }
    }
}

impl From<Fault> for Unwind {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Thrown(thrown) => Self::Statement(Box::new(Failure::from(*thrown))),
            Fault::Unsupported(reason) => Self::Refused(reason, None),
        }
    }
}

impl From<Thrown> for Failure {
    fn from(thrown: Thrown) -> Self {
        Self {
            id: thrown.id.into_owned(),
            message: thrown.message,
            exception: thrown.exception.into_owned(),
            category: thrown.category.into_owned(),
            target: thrown.target,
            ..Self::default()
        }
    }
}
