//! The messages that count runspaces: a call, and the answer with the call's number.

use super::bag::Bag;
use super::{MessageError, MessageType};
use crate::clixml::{Properties, Value};

/// Joins an answer to its call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub i64);

/// A new number of runspaces (MS-PSRP 2.2.2.6 `SET_MAX_RUNSPACES` and 2.2.2.7 `SET_MIN_RUNSPACES`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetRunspaces {
    /// The number.
    pub count: i32,
    /// The call.
    pub call: CallId,
}

/// The answer to a call (MS-PSRP 2.2.2.8 `RUNSPACE_AVAILABILITY`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunspaceAvailability {
    /// The answer.
    pub answer: Availability,
    /// The call that it answers.
    pub call: CallId,
}

/// What a call about runspaces is answered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Availability {
    /// Whether a number was set, or the state reset.
    Done(bool),
    /// How many runspaces are free.
    Count(i64),
}

impl CallId {
    /// A message that is a call and nothing else.
    pub(super) fn from_value(message: MessageType, value: &Value) -> Result<Self, MessageError> {
        Bag { message, value }.int64("ci").map(Self)
    }

    pub(super) fn to_value(self) -> Value {
        Value::bag(Properties::new().with("ci", self.0))
    }
}

impl SetRunspaces {
    pub(super) fn from_value(message: MessageType, value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message, value };
        Ok(Self { count: bag.int32(property(message))?, call: CallId(bag.int64("CI")?) })
    }

    pub(super) fn to_value(self, message: MessageType) -> Value {
        Value::bag(Properties::new().with(property(message), self.count).with("CI", self.call.0))
    }
}

impl RunspaceAvailability {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::RunspaceAvailability, value };
        let answer = bag.required(ANSWER)?;
        let answer = match (answer.as_boolean(), answer.as_integer()) {
            (Some(done), _) => Availability::Done(done),
            (None, Some(count)) => Availability::Count(count.try_into().map_err(|_| bag.improper(ANSWER))?),
            (None, None) => return Err(bag.improper(ANSWER)),
        };
        Ok(Self { answer, call: CallId(bag.int64("ci")?) })
    }

    pub(super) fn to_value(self) -> Value {
        let answer = match self.answer {
            Availability::Done(done) => Value::Boolean(done),
            // Windows writes 32 bits, and 64 where the number needs them.
            Availability::Count(count) => i32::try_from(count).map_or(Value::Int64(count), Value::Int32),
        };
        Value::bag(Properties::new().with(ANSWER, answer).with("ci", self.call.0))
    }
}

fn property(message: MessageType) -> &'static str {
    if message == MessageType::SetMinRunspaces { "MinRunspaces" } else { "MaxRunspaces" }
}

const ANSWER: &str = "SetMinMaxRunspacesResponse";
