use bytes::Bytes;
use uuid::Uuid;

use super::{FailureKind, Lane, Outgoing, SendId};
use crate::wsman::{Incoming, MessageId, Preamble, Request, Response, Target};
use crate::xml::{Limits, WriteError};

/// Where a conversation gets the identifiers of its messages. Any closure that returns random UUIDs will do.
pub trait IdSource {
    /// An identifier that was not used before.
    fn next_id(&mut self) -> Uuid;
}

impl<F: FnMut() -> Uuid> IdSource for F {
    fn next_id(&mut self) -> Uuid {
        self()
    }
}

/// Numbers and writes the requests of one conversation, and reads the answers.
#[derive(Debug)]
pub(super) struct Requester<I> {
    preamble: Preamble,
    limits: Limits,
    ids: I,
    last: u64,
}

/// A request whose answer has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InFlight {
    pub(super) id: SendId,
    message_id: MessageId,
}

impl<I: IdSource> Requester<I> {
    pub(super) const fn new(preamble: Preamble, limits: Limits, ids: I) -> Self {
        Self { preamble, limits, ids, last: 0 }
    }

    /// The largest envelope that the host takes, in bytes; it applies the same limit as for answers.
    pub(super) const fn max_envelope_size(&self) -> u32 {
        self.preamble.max_envelope_size
    }

    /// Lets answers, and with them requests, be larger from now on.
    pub(super) fn raise_max_envelope_size(&mut self, bytes: u32) {
        self.preamble.max_envelope_size = self.preamble.max_envelope_size.max(bytes);
    }

    pub(super) fn request<R: Request>(
        &mut self,
        lane: Lane,
        target: &Target,
        request: &R,
    ) -> Result<(InFlight, Outgoing), WriteError> {
        let message_id = MessageId::from_uuid(self.ids.next_id());
        let envelope: Bytes = self.preamble.request(target, request, message_id.clone())?;
        self.last += 1;
        let id = SendId(self.last);
        Ok((InFlight { id, message_id }, Outgoing { id, lane, envelope }))
    }

    /// The response to a request, or what came in its place.
    pub(super) fn answer<T: Response>(&self, request: &InFlight, envelope: &[u8]) -> Result<T, FailureKind> {
        let answer = Incoming::answer::<T>(envelope, &self.limits)?;
        if answer.header.relates_to.is_some_and(|relates_to| relates_to != request.message_id) {
            return Err(FailureKind::Unrelated);
        }
        answer.body.map_err(FailureKind::Fault)
    }
}
