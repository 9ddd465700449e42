use std::fmt;
use std::time::Instant;

use bytes::Bytes;

/// What a conversation wants next; `E` is its kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<E> {
    /// Send this envelope, and hand the answer in under its id.
    Send(Outgoing),
    /// Something happened.
    Event(E),
    /// Nothing to do before this time, unless a reply comes.
    WaitUntil(Instant),
    /// Nothing to do but wait for replies; input is welcome.
    WantInput,
    /// Nothing to do but wait for replies.
    Pending,
    /// The conversation is over.
    Done,
}

/// A request to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The reply must name it.
    pub id: SendId,
    /// The connection it belongs on.
    pub lane: Lane,
    /// The body of the HTTP request.
    pub envelope: Bytes,
}

/// Shows how large the envelope is, not what it says: it may hold secrets.
impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("id", &self.id)
            .field("lane", &self.lane)
            .field("envelope", &format_args!("{} bytes", self.envelope.len()))
            .finish()
    }
}

/// Names a request within its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub(super) u64);

/// The two connections of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// For the Receive that hangs. While it does, nothing else can use its connection.
    Poll,
    /// For all else. A Signal must not wait behind a Send that hangs: give it a connection of its own then.
    Control,
}

/// How much of a request had left when its connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// No byte: the host knows nothing of it.
    Nothing,
    /// At least one byte: the host may have acted on it.
    Something,
}
