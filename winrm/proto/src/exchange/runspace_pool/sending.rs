//! Command and Send: the fragments on their way to the host. One Send at a time, because the host keeps no order between
//! two.

use std::time::{Duration, Instant};

use super::{PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::requester::InFlight;
use crate::exchange::{FailureKind, IdSource, SendId, Sent, Step};
use crate::psrp::{Carrier, Payload, Priority};
use crate::winrs::{Send, SendResponse, Stream, StreamEnd, StreamName};
use crate::wsman::fault::Cause;

/// What is on its way to the host, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// A payload whose pipeline the host does not know yet, or that is to be sent again.
    held: Option<Payload>,
    waiting: Option<(InFlight, Payload)>,
    /// The host was busy: the next attempt is not before this time.
    retry_at: Option<Instant>,
    busy: u32,
}

impl Sending {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        self.waiting.as_ref().is_some_and(|(in_flight, _)| in_flight.id == id)
    }

    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Bytes that were taken from the protocol and not by the host.
    pub(super) fn held(&self) -> usize {
        let waiting = self.waiting.as_ref().map(|(_, payload)| payload);
        self.held.iter().chain(waiting).map(|payload| payload.bytes.len()).sum()
    }

    pub(super) fn discard(&mut self) {
        self.held = None;
        self.retry_at = None;
    }

    /// Waits longer each time the host is busy in a row, up to a second.
    fn wait(&mut self, now: Instant, payload: Payload) {
        let factor = 1_u32.checked_shl(self.busy).unwrap_or(u32::MAX);
        self.busy = self.busy.saturating_add(1);
        self.retry_at = now.checked_add(FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT));
        self.held = Some(payload);
    }
}

impl<I: IdSource> RunspacePool<I> {
    /// Gives payloads that start pipelines to them, up to the first that is something else.
    pub(super) fn pull(&mut self) {
        if !self.opening.is_answered() {
            return;
        }
        let room = self.room();
        while self.sending.held.is_none() {
            let Some(payload) = self.psrp.next_payload(room) else { return };
            match (payload.carrier, payload.channel.pipeline) {
                (Carrier::Command, Some(id)) => {
                    if let Some(pipeline) = self.pipelines.iter_mut().rev().find(|pipeline| pipeline.id == id)
                    {
                        pipeline.begin(payload.bytes);
                    }
                }
                _ => self.sending.held = Some(payload),
            }
        }
    }

    pub(super) fn next_send(&mut self, now: Instant) -> Option<PoolRequest> {
        if self.sending.waiting.is_some() || self.sending.retry_at.is_some_and(|time| now < time) {
            return None;
        }
        self.pull();
        let payload = self.sending.held.take()?;
        self.sending.retry_at = None;
        let command_id = match payload.channel.pipeline {
            None => None,
            Some(id) => {
                let pipeline = self.pipelines.iter().rev().find(|pipeline| pipeline.id == id);
                match pipeline {
                    Some(pipeline) if pipeline.is_started() => Some(pipeline.command_id.clone()),
                    Some(pipeline) if pipeline.is_starting() => {
                        self.sending.held = Some(payload);
                        return None;
                    }
                    // Nobody is there to take it.
                    _ => return self.next_send(now),
                }
            }
        };
        self.send(payload, command_id)
    }

    fn send(&mut self, payload: Payload, command_id: Option<crate::winrs::CommandId>) -> Option<PoolRequest> {
        let name = match payload.channel.priority {
            Priority::Default => StreamName::Stdin,
            Priority::PromptResponse => StreamName::PromptResponse,
        };
        let stream = Stream { name, command_id, data: payload.bytes.clone(), end: StreamEnd::Open };
        let purpose = Purpose { step: Step::Send, pipeline: payload.channel.pipeline };
        let request = Send { streams: vec![stream] };
        match self.request(Route::Control, purpose, &self.shell.target(), &request) {
            Ok((in_flight, request)) => {
                self.sending.waiting = Some((in_flight, payload));
                Some(request)
            }
            Err(error) => {
                self.fail(Step::Send, error);
                None
            }
        }
    }

    pub(super) fn send_answered(&mut self, now: Instant, envelope: &[u8]) {
        let Some((in_flight, payload)) = self.sending.waiting.take() else { return };
        match self.requester.answer::<SendResponse>(&in_flight, envelope) {
            Ok(SendResponse) => self.sending.busy = 0,
            Err(FailureKind::Fault(fault)) if fault.cause() == Cause::Busy => self.sending.wait(now, payload),
            Err(kind) => self.send_failed(&payload, kind),
        }
    }

    pub(super) fn send_lost(&mut self, sent: Sent) {
        let Some((_, payload)) = self.sending.waiting.take() else { return };
        match sent {
            Sent::Nothing => self.sending.held = Some(payload),
            Sent::Something => self.send_failed(&payload, FailureKind::Lost),
        }
    }

    /// Whoever the fragments were for has a gap now. A pipeline that is over misses nothing.
    fn send_failed(&mut self, payload: &Payload, kind: FailureKind) {
        let Some(id) = payload.channel.pipeline else { return self.fail(Step::Send, kind) };
        match self.pipelines.iter().rposition(|pipeline| pipeline.id == id && !pipeline.is_over()) {
            Some(at) => self.pipeline_failed(at, Step::Send, kind),
            None => self.note(&kind),
        }
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
