//! What a server is asked to do.

use uuid::Uuid;

use crate::clixml::Value;
use crate::psrp::message::{
    CallId, GetCommandMetadata, HostResponse, InitRunspacePool, PowerShell, SessionCapability,
};

/// What a message from the client means.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The client said what it can do, and was told what we can.
    Negotiated(SessionCapability),
    /// The pool is to be opened; it counts as open.
    Opened(InitRunspacePool),
    /// Another client takes over a pool that was left.
    Connected,
    /// A pipeline is to run.
    Start {
        /// Its name.
        pipeline: Uuid,
        /// What it is.
        shell: Box<PowerShell>,
    },
    /// The client wants to know what commands there are; the answer is a pipeline's output.
    CommandMetadata {
        /// The pipeline's name.
        pipeline: Uuid,
        /// What is asked.
        request: GetCommandMetadata,
    },
    /// A pipeline gets an object.
    Input {
        /// The pipeline.
        pipeline: Uuid,
        /// The object.
        value: Value,
    },
    /// A pipeline's input is over.
    EndOfInput {
        /// The pipeline.
        pipeline: Uuid,
    },
    /// The client answers a host call.
    HostResponse {
        /// The pipeline, or the pool.
        pipeline: Option<Uuid>,
        /// The answer.
        response: HostResponse,
    },
    /// The least number of runspaces is to change; an answer is due.
    SetMinRunspaces {
        /// The call.
        call: CallId,
        /// The number.
        count: i32,
    },
    /// The greatest number of runspaces is to change; an answer is due.
    SetMaxRunspaces {
        /// The call.
        call: CallId,
        /// The number.
        count: i32,
    },
    /// The client asks how many runspaces are free; an answer is due.
    AvailableRunspaces {
        /// The call.
        call: CallId,
    },
    /// The runspace is to have its first state again; an answer is due.
    ResetState {
        /// The call.
        call: CallId,
    },
    /// A key was exchanged: secure strings can travel.
    KeyExchanged,
    /// A message that says nothing to us: for a pipeline that is over, or of a type that we do not know.
    Ignored,
}
