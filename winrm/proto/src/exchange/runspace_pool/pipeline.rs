//! One pipeline: its Command, its Receive and its Signal.

use bytes::Bytes;
use uuid::Uuid;

use super::receiving::Receiving;
use super::signalling::Signalling;
use super::{PoolEvent, PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, SendId, Sent, Step};
use crate::psrp::client;
use crate::winrs::{Command, CommandId, CommandResponse, Connect, ConnectResponse};

/// A pipeline of which the host knows something, or will.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) id: Uuid,
    pub(super) command_id: CommandId,
    pub(super) receiving: Receiving,
    pub(super) signalling: Signalling,
    start: Start,
}

/// How far the start has come.
#[derive(Debug)]
enum Start {
    /// Its first fragment has not been cut.
    Queued,
    /// The request is to be sent.
    ToSend(First),
    Waiting(InFlight, First),
    /// The host has it.
    Started,
    /// It is over, or never began.
    Over,
}

#[derive(Debug, Clone)]
enum First {
    Command(Bytes),
    Connect,
}

impl First {
    fn step(&self) -> Step {
        match self {
            Self::Command(_) => Step::Command,
            Self::Connect => Step::Connect,
        }
    }
}

impl Pipeline {
    pub(super) fn new(id: Uuid) -> Self {
        Self::with(id, CommandId::from_uuid(id), Start::Queued)
    }

    pub(super) fn attached(id: Uuid, command_id: CommandId) -> Self {
        Self::with(id, command_id, Start::ToSend(First::Connect))
    }

    fn with(id: Uuid, command_id: CommandId, start: Start) -> Self {
        Self { id, command_id, receiving: Receiving::default(), signalling: Signalling::default(), start }
    }

    /// The first fragment is there.
    pub(super) fn begin(&mut self, fragment: Bytes) {
        if matches!(self.start, Start::Queued) {
            self.start = Start::ToSend(First::Command(fragment));
        }
    }

    pub(super) fn waits_for(&self, id: SendId) -> bool {
        self.starts_by(id) || self.receiving.waits_for(id) || self.signalling.waits_for(id)
    }

    fn starts_by(&self, id: SendId) -> bool {
        matches!(&self.start, Start::Waiting(in_flight, _) if in_flight.id == id)
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(self.start, Start::Queued | Start::ToSend(_) | Start::Waiting(..))
    }

    pub(super) fn is_started(&self) -> bool {
        matches!(self.start, Start::Started)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.start, Start::Over)
    }

    pub(super) fn wants_output(&self) -> bool {
        self.is_started() && self.receiving.is_idle()
    }

    /// Whether the host keeps nothing for it and nothing is on its way.
    pub(super) fn is_released(&self) -> bool {
        self.is_over() && self.signalling.is_idle()
    }

    /// Nothing more is asked for, not even its release.
    pub(super) fn abandon(&mut self) {
        self.start = Start::Over;
        self.receiving.end();
        self.signalling.discard();
    }

    /// Its output is over; the host may release it, if it has it.
    fn finish(&mut self) {
        // What another process started is not ended because it could not be taken over.
        let known = matches!(self.start, Start::Started | Start::Waiting(_, First::Command(_)));
        self.start = Start::Over;
        self.receiving.end();
        if known {
            self.signalling.want_release();
        }
    }

    /// Takes it back before the host knows of it.
    pub(super) fn cancel(&mut self) -> bool {
        let unknown = matches!(self.start, Start::Queued | Start::ToSend(_));
        if unknown {
            self.abandon();
        }
        unknown
    }
}

impl<I: IdSource> RunspacePool<I> {
    pub(super) fn next_start(&mut self) -> Option<PoolRequest> {
        if self.ending.is_begun() {
            return None;
        }
        self.pull();
        let at = self.pipelines.iter().position(|pipeline| matches!(pipeline.start, Start::ToSend(_)))?;
        let pipeline = self.pipelines.get_mut(at)?;
        let Start::ToSend(first) = std::mem::replace(&mut pipeline.start, Start::Over) else { return None };
        let purpose = Purpose { step: first.step(), pipeline: Some(pipeline.id) };
        let command_id = pipeline.command_id.clone();
        let target = self.shell.target();
        let written = match &first {
            First::Command(fragment) => {
                self.request(Route::Control, purpose, &target, &Command::pipeline(command_id, fragment))
            }
            First::Connect => {
                let connect = Connect { command_id: Some(command_id), ..Connect::default() };
                self.request(Route::Control, purpose, &target, &connect)
            }
        };
        match written {
            Ok((in_flight, request)) => {
                self.pipelines.get_mut(at)?.start = Start::Waiting(in_flight, first);
                Some(request)
            }
            Err(error) => {
                self.pipeline_failed(at, purpose.step, error);
                None
            }
        }
    }

    pub(super) fn pipeline_answered(&mut self, at: usize, id: SendId, envelope: &[u8]) {
        let Some(pipeline) = self.pipelines.get(at) else { return };
        if pipeline.starts_by(id) {
            self.start_answered(at, envelope);
        } else if pipeline.receiving.waits_for(id) {
            self.pipeline_receive_answered(at, envelope);
        } else {
            self.signal_answered(at, envelope);
        }
        self.drop_released();
    }

    pub(super) fn pipeline_lost(&mut self, at: usize, id: SendId, sent: Sent) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        if pipeline.starts_by(id) {
            self.start_lost(at, sent);
        } else if pipeline.receiving.waits_for(id) {
            pipeline.receiving.ask_again();
        } else {
            self.signal_lost(at, sent);
        }
        self.drop_released();
    }

    fn start_answered(&mut self, at: usize, envelope: &[u8]) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        let Start::Waiting(in_flight, first) = std::mem::replace(&mut pipeline.start, Start::Over) else {
            return;
        };
        let step = first.step();
        let answer = match first {
            First::Command(_) => self
                .requester
                .answer::<CommandResponse>(&in_flight, envelope)
                .map(|response| Some(response.command_id)),
            First::Connect => self.requester.answer::<ConnectResponse>(&in_flight, envelope).map(|_| None),
        };
        match answer {
            Ok(command_id) => {
                let Some(pipeline) = self.pipelines.get_mut(at) else { return };
                pipeline.start = Start::Started;
                if let Some(command_id) = command_id {
                    pipeline.command_id = command_id;
                }
                self.events.push_back(PoolEvent::Started(pipeline.id));
            }
            Err(kind) => self.pipeline_failed(at, step, kind),
        }
    }

    fn start_lost(&mut self, at: usize, sent: Sent) {
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        match (std::mem::replace(&mut pipeline.start, Start::Over), sent) {
            (Start::Waiting(_, first), Sent::Nothing) => pipeline.start = Start::ToSend(first),
            (Start::Waiting(in_flight, first), Sent::Something) => {
                // It may run: the failure has the host end it.
                let step = first.step();
                pipeline.start = Start::Waiting(in_flight, first);
                self.pipeline_failed(at, step, FailureKind::Lost);
            }
            (start, _) => pipeline.start = start,
        }
    }

    /// A pipeline cannot be followed any more.
    pub(super) fn pipeline_failed(&mut self, at: usize, step: Step, kind: impl Into<FailureKind>) {
        let failure = Failure::new(step, kind);
        // A shell that does not have the pipeline which was to be taken over answers as one that is gone.
        if step != Step::Connect {
            self.note(&failure.kind);
        }
        let Some(pipeline) = self.pipelines.get_mut(at) else { return };
        let id = pipeline.id;
        pipeline.finish();
        self.psrp.forget(id);
        self.events.push_back(PoolEvent::PipelineFailed { pipeline: id, failure });
    }

    /// The protocol says that a pipeline is over.
    pub(super) fn pipeline_over(&mut self, id: Uuid) {
        if let Some(pipeline) = self.pipelines.iter_mut().rev().find(|pipeline| pipeline.id == id) {
            pipeline.finish();
        }
    }

    /// Pipelines whose output is over and whose last state did not come.
    pub(super) fn end_silent_pipelines(&mut self) {
        for pipeline in &mut self.pipelines {
            let silent = pipeline.is_started() && matches!(pipeline.receiving, Receiving::Over);
            if silent && self.psrp.pipeline(pipeline.id).is_some() {
                self.psrp.forget(pipeline.id);
                self.events.push_back(PoolEvent::PipelineEnded(pipeline.id));
                pipeline.finish();
            }
        }
    }

    /// Takes a pipeline back, or has the host stop it: at once, and without waiting for anything.
    ///
    /// # Errors
    /// There is no such pipeline.
    pub fn stop(&mut self, id: Uuid) -> Result<(), crate::psrp::Error> {
        let running =
            self.pipelines.iter_mut().rev().find(|pipeline| pipeline.id == id && !pipeline.is_over());
        let pipeline = running.ok_or(crate::psrp::Error::UnknownPipeline(id))?;
        if pipeline.cancel() {
            self.psrp.forget(id);
            let stopped = client::Event::Pipeline {
                pipeline: id,
                state: crate::psrp::PipelineState::Stopped,
                error: None,
            };
            self.events.push_back(PoolEvent::Message(stopped));
            self.drop_released();
            return Ok(());
        }
        pipeline.signalling.want_stop();
        self.psrp.stopping(id)
    }

    fn drop_released(&mut self) {
        self.pipelines.retain(|pipeline| !pipeline.is_released());
    }
}
