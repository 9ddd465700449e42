//! What happens to the pool and its pipelines.

use uuid::Uuid;
use winrm_proto::{
    clixml::{ErrorRecord, Value},
    exchange::{Confirmation, Failure, PoolEvent, ShellFate, Step},
    psrp::{Error as ProtocolError, PipelineState, RunspacePoolState, client},
};

use super::{Driver, Opened, Order};
use crate::{
    error::{Cause, Error, Operation, Reached},
    powershell::{InputError, Outcome, queue::Delivery},
};

impl Driver {
    pub(super) fn happened(&mut self, event: PoolEvent) {
        match event {
            PoolEvent::Message(message) => self.message(message),
            PoolEvent::Started(pipeline) => {
                if let Some(entry) = self.entries.get_mut(&pipeline) {
                    entry.started();
                }
            }
            PoolEvent::PipelineFailed { pipeline, failure } => self.pipeline_failed(pipeline, failure),
            PoolEvent::PipelineEnded(pipeline) => self.pipeline_ended(pipeline, Outcome::Unknown),
            PoolEvent::Stopping { confirmation: Confirmation::Unconfirmed, .. } => self.discard(),
            PoolEvent::Failed(failure) => {
                let step = failure.step;
                let error = self.error.take().unwrap_or_else(|| read(failure));
                match step {
                    Step::Disconnect => self.not_left(error),
                    Step::Reconnect => self.not_returned(error),
                    _ => self.over = Some(error),
                }
            }
            PoolEvent::Disconnected => self.left(),
            PoolEvent::Reconnected => self.returned(),
            PoolEvent::Broken(error) => {
                self.over =
                    Some(Error::new(Operation::Receive, Cause::BrokenProtocol(error), Reached::Perhaps));
            }
            // The last state of a pipeline that stops is still to come; the rest is not asked for.
            PoolEvent::Stopping { confirmation: Confirmation::Confirmed, .. } | PoolEvent::Closed(_) => {}
        }
    }

    fn message(&mut self, message: client::Event) {
        match message {
            client::Event::Pool { state: RunspacePoolState::Opened, .. } => self.is_open(),
            // The last that a pool says which is taken over.
            client::Event::PrivateData if self.conversation.psrp().state() == RunspacePoolState::Opened => {
                self.is_open();
            }
            client::Event::Pool { state: RunspacePoolState::Broken | RunspacePoolState::Closed, error } => {
                let message = error.map(|error| ErrorRecord::from_value(&error).message.to_string());
                self.over =
                    Some(Error::new(Operation::Receive, Cause::PoolLost { message }, Reached::Perhaps));
            }
            client::Event::Record { pipeline, stream, value } => {
                self.put(pipeline, Delivery::Record(stream, value));
            }
            client::Event::HostCall { pipeline: Some(pipeline), call, answer } => {
                self.put(pipeline, Delivery::HostCall(call, answer));
            }
            client::Event::Pipeline { pipeline, state, error } => {
                self.pipeline_state(pipeline, state, error.as_ref());
            }
            client::Event::Answer { call, answer } => {
                if let Some(asked) = self.questions.remove(&call) {
                    let _unheard = asked.send(Ok(answer));
                }
            }
            client::Event::KeyExchanged => {
                if let Some(cipher) = self.conversation.psrp().cipher() {
                    for done in self.keys.drain(..) {
                        let _unheard = done.send(Ok(cipher.clone()));
                    }
                }
            }
            client::Event::Negotiated(_)
            | client::Event::PrivateData
            | client::Event::Runspaces { .. }
            | client::Event::Pool { .. }
            | client::Event::KeyWanted
            | client::Event::User(_)
            | client::Event::HostCall { pipeline: None, .. }
            | client::Event::Ignored => {}
        }
    }

    fn is_open(&mut self) {
        if let Some(opened) = self.opened.take() {
            let (shell, psrp) = (self.conversation.shell().clone(), self.conversation.psrp());
            let _unheard = opened.send(Ok(Opened { shell, private_data: psrp.private_data().cloned() }));
        }
    }

    fn put(&self, pipeline: Uuid, delivery: Delivery) {
        if let Some(entry) = self.entries.get(&pipeline) {
            entry.put(delivery);
        }
    }

    fn pipeline_state(&mut self, pipeline: Uuid, state: PipelineState, error: Option<&Value>) {
        let record = || error.map(|error| Box::new(ErrorRecord::from_value(error)));
        let outcome = match state {
            PipelineState::Completed => Outcome::Completed,
            PipelineState::Failed => Outcome::Failed(record()),
            PipelineState::Stopped => Outcome::Stopped,
            PipelineState::NotStarted
            | PipelineState::Running
            | PipelineState::Stopping
            | PipelineState::Disconnected => return,
        };
        self.pipeline_ended(pipeline, outcome);
    }

    fn pipeline_ended(&mut self, pipeline: Uuid, outcome: Outcome) {
        let Some(mut entry) = self.entries.remove(&pipeline) else { return };
        match entry.error.take() {
            // It was taken back because its Command did not reach the host.
            Some(error) => entry.cannot_follow(error),
            None => entry.ended(outcome),
        }
    }

    fn pipeline_failed(&mut self, pipeline: Uuid, failure: Failure) {
        let error = read(failure);
        if self.conversation.shell_fate() == ShellFate::Gone {
            self.over = Some(Error::new(Operation::Receive, error.cause().clone(), Reached::Perhaps));
        }
        if let Some(mut entry) = self.entries.remove(&pipeline) {
            let exact = entry.error.take();
            entry.cannot_follow(exact.unwrap_or(error));
        }
    }

    /// The pool is of no use any more.
    pub(super) fn tell_all(&mut self, error: &Error) {
        if let Some(opened) = self.opened.take() {
            let _unheard = opened.send(Err(error.clone()));
        }
        for (_, entry) in self.entries.drain() {
            entry.pool_lost(error);
        }
        for (_, asked) in self.questions.drain() {
            let _unheard = asked.send(Err(error.clone()));
        }
        for done in self.keys.drain(..) {
            let _unheard = done.send(Err(error.clone()));
        }
        // Nothing of what was ordered last has reached the host.
        while let Ok(order) = self.orders.try_recv() {
            if let Order::Start { started, .. } = order {
                let refusal = Error::new(Operation::Command, error.cause().clone(), Reached::Nobody);
                let _unheard = started.send(Err(refusal));
            }
        }
    }
}

impl From<ProtocolError> for InputError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::UnknownPipeline(_)
            | ProtocolError::NoInput
            | ProtocolError::PipelineState(_)
            | ProtocolError::PoolState(_)
            | ProtocolError::Broken => Self::Closed,
            other => Self::Unsendable(other),
        }
    }
}

fn read(failure: Failure) -> Error {
    Error::from_failure(Operation::from_step(failure.step), failure)
}
