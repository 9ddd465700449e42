//! Signal: stops a pipeline, and releases what the host keeps for one that is over.

use super::{PoolEvent, PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::execution::Confirmation;
use crate::exchange::requester::InFlight;
use crate::exchange::{FailureKind, IdSource, SendId, Sent, ShellFate, Step};
use crate::winrs::{Signal, SignalCode, SignalResponse};

/// Which signal is to be sent, and which is on its way.
#[derive(Debug, Default)]
pub(super) struct Signalling {
    wanted: Option<Order>,
    waiting: Option<(InFlight, Order)>,
    /// The answer to a stop was lost and it was asked for again.
    repeated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Stop,
    Release,
}

impl Signalling {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        self.waiting.as_ref().is_some_and(|(in_flight, _)| in_flight.id == id)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.wanted.is_none() && self.waiting.is_none()
    }

    pub(super) fn want_stop(&mut self) {
        self.wanted = Some(Order::Stop);
    }

    pub(super) fn want_release(&mut self) {
        self.wanted = Some(Order::Release);
    }

    pub(super) fn discard(&mut self) {
        self.wanted = None;
        self.waiting = None;
    }
}

impl<I: IdSource> RunspacePool<I> {
    pub(super) fn next_signal(&mut self) -> Option<PoolRequest> {
        if self.ending.is_begun() || self.fate == ShellFate::Gone {
            return None;
        }
        // A pipeline of which the host has not heard yet cannot be stopped on the host.
        let ready = |pipeline: &super::Pipeline| {
            !pipeline.is_starting()
                && pipeline.signalling.wanted.is_some()
                && pipeline.signalling.waiting.is_none()
        };
        let at = self.pipelines.iter().position(ready)?;
        let pipeline = self.pipelines.get_mut(at)?;
        let order = pipeline.signalling.wanted.take()?;
        let (code, route) = match order {
            Order::Stop => (SignalCode::PowerShellCtrlC, Route::Urgent),
            Order::Release => (SignalCode::Terminate, Route::Control),
        };
        let request = Signal { command_id: Some(pipeline.command_id.clone()), code };
        let purpose = Purpose { step: Step::Signal, pipeline: Some(pipeline.id) };
        match self.request(route, purpose, &self.shell.target(), &request) {
            Ok((in_flight, request)) => {
                self.pipelines.get_mut(at)?.signalling.waiting = Some((in_flight, order));
                Some(request)
            }
            // What cannot be written cannot be helped; the shell's end will do it.
            Err(_) => None,
        }
    }

    pub(super) fn signal_answered(&mut self, at: usize, envelope: &[u8]) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        let Some((in_flight, order)) = pipeline.signalling.waiting.take() else { return };
        let id = pipeline.id;
        let confirmation = match self.requester.answer::<SignalResponse>(&in_flight, envelope) {
            Ok(SignalResponse) => Confirmation::Confirmed,
            Err(kind) => self.refused(&kind),
        };
        if order == Order::Stop {
            self.events.push_back(PoolEvent::Stopping { pipeline: id, confirmation });
        }
    }

    pub(super) fn signal_lost(&mut self, at: usize, sent: Sent) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        let Some((_, order)) = pipeline.signalling.waiting.take() else { return };
        let again = sent == Sent::Nothing || !std::mem::replace(&mut pipeline.signalling.repeated, true);
        match order {
            _ if again => {
                pipeline.signalling.wanted.get_or_insert(order);
            }
            Order::Stop => {
                let (pipeline, confirmation) = (pipeline.id, Confirmation::Unconfirmed);
                self.events.push_back(PoolEvent::Stopping { pipeline, confirmation });
            }
            Order::Release => {}
        }
    }

    /// A command that the host does not have needs no signal.
    fn refused(&mut self, kind: &FailureKind) -> Confirmation {
        match kind {
            FailureKind::Fault(fault) if ShellFate::from_fault(fault) == ShellFate::Gone => {
                Confirmation::Confirmed
            }
            _ => Confirmation::Unconfirmed,
        }
    }
}
