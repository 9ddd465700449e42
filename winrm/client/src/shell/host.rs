//! The host as a shell sees it: something that answers one request at a time by lane.

use std::time::Duration;

use uuid::Uuid;
use winrm_proto::{
    exchange::{Output, Single},
    wsman::{Identify, IdentifyResponse, Incoming, Preamble, Request, Target},
    xml::Limits,
};

use super::OrphanRule;
use crate::{
    error::{Cause, Error, Operation, Reached},
    lanes::{self, Lane, Lanes, Pending, retry::Retries},
};

/// Sends requests and reads their answers.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    lanes: Lanes,
    preamble: Preamble,
    retries: u32,
    orphans: Option<OrphanRule>,
}

/// Where messages get their identifiers from.
pub(crate) type Ids = fn() -> Uuid;

pub(crate) const IDS: Ids = Uuid::new_v4;

impl Host {
    pub(crate) fn new(lanes: Lanes, preamble: Preamble, retries: u32, orphans: Option<OrphanRule>) -> Self {
        Self { lanes, preamble, retries, orphans }
    }

    /// One request and its answer.
    pub(crate) async fn ask<R: Request>(
        &self,
        lane: Lane,
        operation: Operation,
        target: Target,
        request: R,
    ) -> Result<R::Response, Error> {
        let mut single = Single::new(self.preamble.clone(), Limits::default(), IDS, target, request);
        loop {
            match single.poll() {
                Output::Send(outgoing) => {
                    let reply = self.send(lane, operation, outgoing.envelope).await?;
                    single.reply(outgoing.id, &reply.body);
                }
                Output::Event(answer) => {
                    return answer.map_err(|failure| Error::from_failure(operation, failure));
                }
                Output::WaitUntil(_) | Output::WantInput | Output::Pending | Output::Done => {
                    return Err(Error::new(operation, Cause::ShutDown, Reached::Perhaps));
                }
            }
        }
    }

    /// Hands an envelope to a connection.
    pub(crate) fn send(&self, lane: Lane, operation: Operation, envelope: bytes::Bytes) -> Pending {
        self.lanes.send(lanes::Request { lane, operation, envelope })
    }

    /// Asks what the service is. The message has no header, so no answer relates to it.
    pub(crate) async fn identify(&self) -> Result<IdentifyResponse, Error> {
        let fail = |cause, reached| Error::new(Operation::Identify, cause, reached);
        let envelope =
            Identify::envelope().map_err(|error| fail(Cause::Unwritable(error), Reached::Nobody))?;
        let reply = self.send(Lane::Poll, Operation::Identify, envelope).await?;
        let answer = Incoming::answer(&reply.body, &Limits::default())
            .map_err(|error| fail(Cause::Unusable(error), Reached::Perhaps))?;
        answer.body.map_err(|fault| fail(Cause::Fault(fault), Reached::Refused))
    }

    /// Has a second connection ready, so that a Signal need not wait for one to be opened while the first is
    /// busy with a Receive.
    pub(crate) fn keep_spare(&self) {
        if let Ok(envelope) = Identify::envelope() {
            self.lanes.keep_spare(envelope);
        }
    }

    /// The attempts that are left to a request which the host refuses because it is overloaded.
    pub(crate) fn retries(&self) -> Retries {
        Retries::new(self.retries)
    }

    pub(crate) fn orphans(&self) -> Option<&OrphanRule> {
        self.orphans.as_ref()
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        self.preamble.operation_timeout.saturating_add(GRACE)
    }

    pub(crate) fn preamble(&self) -> &Preamble {
        &self.preamble
    }

    pub(crate) fn close(&self) {
        self.lanes.close();
    }
}

/// An answer may come this much later than the host promises.
const GRACE: Duration = Duration::from_secs(5);
