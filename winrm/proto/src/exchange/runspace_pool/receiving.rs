//! Receive: the pool's own, and each pipeline's.

use super::pipeline::Pipeline;
use super::{PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::requester::InFlight;
use crate::exchange::{FailureKind, IdSource, SendId, Step};
use crate::psrp::{Channel, Priority};
use crate::winrs::{Receive, ReceiveResponse, StreamName, StreamSet};

/// A loop of requests for output.
#[derive(Debug, Default)]
pub(super) enum Receiving {
    /// Nothing is asked for.
    #[default]
    Idle,
    Waiting(InFlight),
    /// Nothing more will be asked for.
    Over,
}

impl Receiving {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        matches!(self, Self::Waiting(in_flight) if in_flight.id == id)
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub(super) fn ask_again(&mut self) {
        if self.is_waiting() {
            *self = Self::Idle;
        }
    }

    /// Nothing more is asked for; an answer on its way is passed over.
    pub(super) fn end(&mut self) {
        *self = Self::Over;
    }

    fn take(&mut self) -> Option<InFlight> {
        match std::mem::take(self) {
            Self::Waiting(in_flight) => Some(in_flight),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl<I: IdSource> RunspacePool<I> {
    pub(super) fn next_receive(&mut self) -> Option<PoolRequest> {
        if !self.opening.is_answered() || self.ending.is_begun() {
            return None;
        }
        if self.receiving.is_idle() && self.psrp.awaits_pool_message() {
            return self.receive(None);
        }
        let at = self.pipelines.iter().position(Pipeline::wants_output)?;
        self.receive(Some(at))
    }

    fn receive(&mut self, at: Option<usize>) -> Option<PoolRequest> {
        let pipeline = at.and_then(|at| self.pipelines.get(at));
        let request = Receive {
            command_id: pipeline.map(|pipeline| pipeline.command_id.clone()),
            desired: StreamSet::from_iter([StreamName::Stdout]),
        };
        let route = Route::Poll(pipeline.map(|pipeline| pipeline.id));
        let purpose = Purpose { step: Step::Receive, pipeline: pipeline.map(|pipeline| pipeline.id) };
        match self.request(route, purpose, &self.shell.target(), &request) {
            Ok((in_flight, request)) => {
                let receiving = match at.and_then(|at| self.pipelines.get_mut(at)) {
                    Some(pipeline) => &mut pipeline.receiving,
                    None => &mut self.receiving,
                };
                *receiving = Receiving::Waiting(in_flight);
                Some(request)
            }
            Err(error) => {
                self.fail(Step::Receive, error);
                None
            }
        }
    }

    pub(super) fn pool_receive_answered(&mut self, envelope: &[u8]) {
        let Some(in_flight) = self.receiving.take() else { return };
        match self.requester.answer::<ReceiveResponse>(&in_flight, envelope) {
            Ok(response) => self.received(None, response),
            Err(FailureKind::Fault(fault)) if fault.is_operation_timeout() => {}
            // A host that is left, or told to delete the shell, ends what hung with a fault.
            Err(_) if self.ending.is_begun() => {}
            Err(kind) => self.fail(Step::Receive, kind),
        }
    }

    pub(super) fn pipeline_receive_answered(&mut self, at: usize, envelope: &[u8]) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        let Some(in_flight) = pipeline.receiving.take() else { return };
        match self.requester.answer::<ReceiveResponse>(&in_flight, envelope) {
            Ok(response) => self.received(Some(at), response),
            Err(FailureKind::Fault(fault)) if fault.is_operation_timeout() => {}
            Err(_) if self.ending.is_begun() => {}
            Err(kind) => self.pipeline_failed(at, Step::Receive, kind),
        }
    }

    fn received(&mut self, at: Option<usize>, response: ReceiveResponse) {
        let pipeline = at.and_then(|at| self.pipelines.get_mut(at));
        let channel =
            Channel { pipeline: pipeline.as_ref().map(|pipeline| pipeline.id), priority: Priority::Default };
        if let Some(pipeline) = pipeline
            && response.done().is_some()
        {
            pipeline.receiving.end();
        }
        for stream in response.streams {
            if stream.name == StreamName::Stdout {
                self.take(channel, &stream.data);
            }
        }
    }
}
