//! What a client learns.

use uuid::Uuid;

use crate::clixml::{Stream, Value};
use crate::psrp::message::{
    Availability, CallId, HostCall, PipelineState, RunspacePoolState, SessionCapability,
};

/// What a message from the server means.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The server said what it can do.
    Negotiated(SessionCapability),
    /// The server told about itself; `private_data` of the pool holds it.
    PrivateData,
    /// The pool that was connected to has so many runspaces.
    Runspaces {
        /// The least number.
        min: i32,
        /// The greatest number.
        max: i32,
    },
    /// The pool has a new state.
    Pool {
        /// The state.
        state: RunspacePoolState,
        /// What broke it, as a serialised error record.
        error: Option<Value>,
    },
    /// A call about runspaces is answered.
    Answer {
        /// The call.
        call: CallId,
        /// The answer.
        answer: Availability,
    },
    /// The server wants a key exchange, as servers before PowerShell 3 do.
    KeyWanted,
    /// A key was exchanged: secure strings can travel.
    KeyExchanged,
    /// An event that the runspace forwards.
    User(Value),
    /// A pipeline wrote something.
    Record {
        /// The pipeline.
        pipeline: Uuid,
        /// The stream that it wrote to.
        stream: Stream,
        /// What it wrote: an object, or a record as [`ErrorRecord`](crate::clixml::ErrorRecord) and its kind read it.
        value: Value,
    },
    /// A pipeline has a new state; after a final one nothing more comes from it.
    Pipeline {
        /// The pipeline.
        pipeline: Uuid,
        /// The state.
        state: PipelineState,
        /// What ended it, as a serialised error record.
        error: Option<Value>,
    },
    /// A command called our host.
    HostCall {
        /// The pipeline, or the pool.
        pipeline: Option<Uuid>,
        /// The call.
        call: HostCall,
        /// What was done about it.
        answer: HostAnswer,
    },
    /// A message that says nothing to us: from a pipeline that is over, or of a type that we do not know.
    Ignored,
}

/// What was done about a host call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostAnswer {
    /// No answer is wanted.
    NotWanted,
    /// It was answered.
    Given,
    /// It would have asked somebody, and was refused: the command fails at once instead of waiting for ever.
    Refused,
}
