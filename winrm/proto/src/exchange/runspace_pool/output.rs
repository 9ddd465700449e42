use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;

use crate::exchange::execution::Confirmation;
use crate::exchange::{Failure, SendId, Step};
use crate::psrp::{Error, client};

/// What the conversation wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolOutput {
    /// Send this envelope, and hand the answer in under its id.
    Send(PoolRequest),
    /// Something happened.
    Event(PoolEvent),
    /// Nothing to do before this time, unless a reply comes.
    WaitUntil(Instant),
    /// Nothing to do but wait for replies, or to be asked for something.
    Pending,
    /// The conversation is over.
    Done,
}

/// A request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRequest {
    /// The reply must name it.
    pub id: SendId,
    /// The connection it belongs on.
    pub route: Route,
    /// What it is for.
    pub purpose: Purpose,
    /// The body of the HTTP request.
    pub envelope: Bytes,
}

/// What a request of a pool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose {
    /// Its kind.
    pub step: Step,
    /// The pipeline that it starts, signals, feeds or listens to; nothing where it is about the pool.
    pub pipeline: Option<Uuid>,
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// For the Receive of the pool itself, or of one pipeline: it hangs, and nothing else can use its connection.
    Poll(Option<Uuid>),
    /// For what starts things and feeds them.
    Control,
    /// For what must not wait behind anything: a stop, and the end of the pool.
    Urgent,
}

/// What happens to a pool.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolEvent {
    /// A message came; [`client::Event::Pool`] with the state `Opened` says that pipelines may start.
    Message(client::Event),
    /// A pipeline runs on the host.
    Started(Uuid),
    /// A pipeline cannot be followed any more. It may still run, unless it failed to start.
    PipelineFailed {
        /// The pipeline.
        pipeline: Uuid,
        /// Why.
        failure: Failure,
    },
    /// The host ended a pipeline's output without saying what became of it.
    PipelineEnded(Uuid),
    /// Whether the host took the order to stop a pipeline. Its last state still comes as a message.
    Stopping {
        /// The pipeline.
        pipeline: Uuid,
        /// Whether it did.
        confirmation: Confirmation,
    },
    /// The host left the pool to itself, as it was asked to.
    Disconnected,
    /// The host took the pool up again.
    Reconnected,
    /// The host deleted the pool's shell, or did not say so.
    Closed(Confirmation),
    /// A request about the pool itself failed.
    Failed(Failure),
    /// What the host sent cannot be: the pool is to be thrown away.
    Broken(Error),
}
