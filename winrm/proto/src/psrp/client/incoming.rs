//! What the server's messages do to the client's half: one function for each kind.

use uuid::Uuid;

use super::event::Event;
use super::{Call, RunspacePool};
use crate::clixml::{Stream, Value};
use crate::psrp::error::Error;
use crate::psrp::message::{
    Availability, Body, EncryptedSessionKey, HostCall, Message, MessageType, PipelineStateMessage,
    RunspaceAvailability, RunspacePoolInitData, RunspacePoolState, RunspacePoolStateMessage,
    SessionCapability,
};

impl RunspacePool {
    pub(super) fn advance(&mut self) -> Result<Option<Event>, Error> {
        match self.link.next_message()? {
            Some(message) => self.process(message).map(Some),
            None => Ok(None),
        }
    }

    fn process(&mut self, message: Message) -> Result<Event, Error> {
        let message_type = message.body.message_type();
        let id = message.pipeline;
        match message.body {
            Body::PipelineOutput(value) => self.record(message_type, id, Stream::Output, value),
            Body::ErrorRecord(value) => self.record(message_type, id, Stream::Error, value),
            Body::DebugRecord(value) => self.record(message_type, id, Stream::Debug, value),
            Body::VerboseRecord(value) => self.record(message_type, id, Stream::Verbose, value),
            Body::WarningRecord(value) => self.record(message_type, id, Stream::Warning, value),
            Body::ProgressRecord(value) => self.record(message_type, id, Stream::Progress, value),
            Body::InformationRecord(value) => self.record(message_type, id, Stream::Information, value),
            Body::PipelineState(body) => self.pipeline_state(id, body),
            Body::PipelineHostCall(call) => self.pipeline_host_call(id, call),
            Body::SessionCapability(body) => self.negotiated(body),
            Body::ApplicationPrivateData(data) => self.told(data),
            Body::RunspacePoolInitData(data) => self.counted(data),
            Body::RunspacePoolState(body) => self.pool_state(body),
            Body::RunspaceAvailability(body) => self.answered(body),
            Body::RunspacePoolHostCall(call) => self.host_call(None, call),
            Body::EncryptedSessionKey(body) => self.key_came(&body),
            Body::PublicKeyRequest => Ok(Event::KeyWanted),
            Body::UserEvent(value) => Ok(Event::User(value)),
            Body::Unknown(_) => Ok(Event::Ignored),
            Body::InitRunspacePool(_)
            | Body::PublicKey(_)
            | Body::ConnectRunspacePool(_)
            | Body::SetMaxRunspaces(_)
            | Body::SetMinRunspaces(_)
            | Body::CreatePipeline(_)
            | Body::GetAvailableRunspaces(_)
            | Body::GetCommandMetadata(_)
            | Body::ResetRunspaceState(_)
            | Body::RunspacePoolHostResponse(_)
            | Body::PipelineInput(_)
            | Body::EndOfPipelineInput
            | Body::PipelineHostResponse(_) => Err(Error::WrongWay(message_type)),
        }
    }

    fn negotiated(&mut self, capability: SessionCapability) -> Result<Event, Error> {
        let state = match self.state {
            RunspacePoolState::NegotiationSent => RunspacePoolState::NegotiationSucceeded,
            RunspacePoolState::Connecting => RunspacePoolState::Connecting,
            state => return Err(Error::Unexpected { message: MessageType::SessionCapability, state }),
        };
        self.state = state;
        self.link.protocol = capability.protocol_version;
        self.capability = Some(capability.clone());
        Ok(Event::Negotiated(capability))
    }

    fn told(&mut self, data: Value) -> Result<Event, Error> {
        if self.state == RunspacePoolState::Connecting {
            // A pool that is connected to was open all the time; this is the last that it says about itself.
            self.state = RunspacePoolState::Opened;
        }
        self.private_data = Some(data);
        Ok(Event::PrivateData)
    }

    fn counted(&mut self, data: RunspacePoolInitData) -> Result<Event, Error> {
        let RunspacePoolInitData { min_runspaces: min, max_runspaces: max } = data;
        (self.min_runspaces, self.max_runspaces) = (min, max);
        Ok(Event::Runspaces { min, max })
    }

    fn pool_state(&mut self, body: RunspacePoolStateMessage) -> Result<Event, Error> {
        if matches!(self.state, RunspacePoolState::BeforeOpen | RunspacePoolState::NegotiationSent)
            && body.state == RunspacePoolState::Opened
        {
            return Err(Error::Unexpected { message: MessageType::RunspacePoolState, state: self.state });
        }
        self.state = body.state;
        Ok(Event::Pool { state: body.state, error: body.error })
    }

    fn answered(&mut self, body: RunspaceAvailability) -> Result<Event, Error> {
        let RunspaceAvailability { call, answer } = body;
        let made = self.calls.remove(&call).ok_or(Error::UnknownCall(call))?;
        match (made, answer) {
            (Call::SetMin(count), Availability::Done(true)) => self.min_runspaces = count,
            (Call::SetMax(count), Availability::Done(true)) => self.max_runspaces = count,
            _ => {}
        }
        Ok(Event::Answer { call, answer })
    }

    fn key_came(&mut self, body: &EncryptedSessionKey) -> Result<Event, Error> {
        let key = self.key.take().ok_or(Error::SessionKey)?;
        self.link.cipher = Some(key.accept(&body.0).ok_or(Error::SessionKey)?);
        Ok(Event::KeyExchanged)
    }

    /// The pipeline that a message is about; `None` when that is over.
    fn running(&self, message: MessageType, pipeline: Option<Uuid>) -> Result<Option<Uuid>, Error> {
        let pipeline = pipeline.ok_or(Error::NoPipeline(message))?;
        if self.pipelines.contains_key(&pipeline) {
            Ok(Some(pipeline))
        } else if self.finished.contains(&pipeline) {
            Ok(None)
        } else {
            Err(Error::UnknownPipeline(pipeline))
        }
    }

    fn record(
        &mut self,
        message: MessageType,
        pipeline: Option<Uuid>,
        stream: Stream,
        value: Value,
    ) -> Result<Event, Error> {
        let running = self.running(message, pipeline)?;
        Ok(running.map_or(Event::Ignored, |pipeline| Event::Record { pipeline, stream, value }))
    }

    fn pipeline_state(&mut self, pipeline: Option<Uuid>, body: PipelineStateMessage) -> Result<Event, Error> {
        let Some(pipeline) = self.running(MessageType::PipelineState, pipeline)? else {
            return Ok(Event::Ignored);
        };
        let PipelineStateMessage { state, error } = body;
        if state.is_final() {
            self.pipelines.remove(&pipeline);
            self.finish(pipeline);
        } else if let Some(known) = self.pipelines.get_mut(&pipeline) {
            known.state = state;
        }
        Ok(Event::Pipeline { pipeline, state, error })
    }

    fn pipeline_host_call(&mut self, pipeline: Option<Uuid>, call: HostCall) -> Result<Event, Error> {
        match self.running(MessageType::PipelineHostCall, pipeline)? {
            Some(pipeline) => self.host_call(Some(pipeline), call),
            None => Ok(Event::Ignored),
        }
    }

    fn host_call(&mut self, pipeline: Option<Uuid>, call: HostCall) -> Result<Event, Error> {
        let answer = self.answer(pipeline, &call)?;
        Ok(Event::HostCall { pipeline, call, answer })
    }
}
