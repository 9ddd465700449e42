//! What the client's messages do to the server's half: one function for each kind.

use uuid::Uuid;

use super::event::Event;
use super::{Pipeline, Request, RunspacePool};
use crate::clixml::Value;
use crate::psrp::error::Error;
use crate::psrp::link::Carrier;
use crate::psrp::message::{
    Body, CallId, EncryptedSessionKey, HostResponse, InitRunspacePool, Input, Message, MessageType,
    PipelineState, PublicKeyMessage, RunspacePoolInitData, RunspacePoolState, SessionCapability,
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
            Body::SessionCapability(body) => self.negotiated(message.runspace_pool, body),
            Body::InitRunspacePool(body) => self.opened(body),
            Body::ConnectRunspacePool(counts) => self.connected(counts),
            Body::CreatePipeline(shell) => {
                let pipeline = self.begin(message_type, id, shell.input)?;
                Ok(Event::Start { pipeline, shell })
            }
            Body::GetCommandMetadata(request) => {
                let pipeline = self.begin(message_type, id, Input::None)?;
                Ok(Event::CommandMetadata { pipeline, request })
            }
            Body::PipelineInput(value) => self.input(message_type, id, value),
            Body::EndOfPipelineInput => self.end_of_input(message_type, id),
            Body::PipelineHostResponse(response) => self.pipeline_host_response(message_type, id, response),
            Body::RunspacePoolHostResponse(response) => Ok(Event::HostResponse { pipeline: None, response }),
            Body::SetMinRunspaces(body) => {
                let call = self.request(message_type, body.call, Request::SetMin(body.count))?;
                Ok(Event::SetMinRunspaces { call, count: body.count })
            }
            Body::SetMaxRunspaces(body) => {
                let call = self.request(message_type, body.call, Request::SetMax(body.count))?;
                Ok(Event::SetMaxRunspaces { call, count: body.count })
            }
            Body::GetAvailableRunspaces(call) => {
                let call = self.request(message_type, call, Request::Count)?;
                Ok(Event::AvailableRunspaces { call })
            }
            Body::ResetRunspaceState(call) => {
                let call = self.request(message_type, call, Request::Reset)?;
                Ok(Event::ResetState { call })
            }
            Body::PublicKey(body) => self.key_came(&body),
            Body::Unknown(_) => Ok(Event::Ignored),
            Body::EncryptedSessionKey(_)
            | Body::PublicKeyRequest
            | Body::RunspaceAvailability(_)
            | Body::RunspacePoolState(_)
            | Body::UserEvent(_)
            | Body::ApplicationPrivateData(_)
            | Body::RunspacePoolInitData(_)
            | Body::RunspacePoolHostCall(_)
            | Body::PipelineOutput(_)
            | Body::ErrorRecord(_)
            | Body::PipelineState(_)
            | Body::DebugRecord(_)
            | Body::VerboseRecord(_)
            | Body::WarningRecord(_)
            | Body::ProgressRecord(_)
            | Body::InformationRecord(_)
            | Body::PipelineHostCall(_) => Err(Error::WrongWay(message_type)),
        }
    }

    fn negotiated(&mut self, pool: Uuid, capability: SessionCapability) -> Result<Event, Error> {
        match self.state {
            RunspacePoolState::BeforeOpen => {
                // The first answer goes out before the pool has taken its name.
                self.send_capability(Carrier::Data)?;
                self.link.pool = pool;
                self.state = RunspacePoolState::NegotiationSucceeded;
            }
            RunspacePoolState::Disconnected if pool == self.link.pool => {
                self.state = RunspacePoolState::Connecting;
                self.send_capability(Carrier::Connect)?;
            }
            RunspacePoolState::Disconnected => return Err(Error::WrongPool(pool)),
            state => return Err(Error::Unexpected { message: MessageType::SessionCapability, state }),
        }
        self.link.protocol = capability.protocol_version;
        self.capability = Some(capability.clone());
        Ok(Event::Negotiated(capability))
    }

    fn opened(&mut self, init: InitRunspacePool) -> Result<Event, Error> {
        self.expect(MessageType::InitRunspacePool, RunspacePoolState::NegotiationSucceeded)?;
        (self.min_runspaces, self.max_runspaces) = (init.min_runspaces, init.max_runspaces);
        self.send_private_data()?;
        self.set_state(RunspacePoolState::Opened, None)?;
        Ok(Event::Opened(init))
    }

    fn connected(&mut self, counts: Option<RunspacePoolInitData>) -> Result<Event, Error> {
        self.expect(MessageType::ConnectRunspacePool, RunspacePoolState::Connecting)?;
        if let Some(counts) = counts {
            (self.min_runspaces, self.max_runspaces) = (counts.min_runspaces, counts.max_runspaces);
        }
        let data = Body::RunspacePoolInitData(self.init_data());
        self.link.send_by(Carrier::Connect, None, data)?;
        self.send_private_data()?;
        self.state = RunspacePoolState::Opened;
        Ok(Event::Connected)
    }

    fn expect(&self, message: MessageType, state: RunspacePoolState) -> Result<(), Error> {
        if self.state == state { Ok(()) } else { Err(Error::Unexpected { message, state: self.state }) }
    }

    fn begin(&mut self, message: MessageType, pipeline: Option<Uuid>, input: Input) -> Result<Uuid, Error> {
        self.expect(message, RunspacePoolState::Opened)?;
        let pipeline = pipeline.ok_or(Error::NoPipeline(message))?;
        if self.pipelines.contains_key(&pipeline) {
            return Err(Error::DuplicatePipeline(pipeline));
        }
        let limit = self.link.limits().pipelines;
        if self.pipelines.len() >= limit {
            return Err(Error::TooManyPipelines { limit });
        }
        self.pipelines.insert(pipeline, Pipeline { state: PipelineState::Running, input });
        Ok(pipeline)
    }

    /// The pipeline that a message is for; `None` when that is over, which the client may not know yet.
    fn running(
        &mut self,
        message: MessageType,
        pipeline: Option<Uuid>,
    ) -> Result<Option<(Uuid, &mut Pipeline)>, Error> {
        let pipeline = pipeline.ok_or(Error::NoPipeline(message))?;
        Ok(self.pipelines.get_mut(&pipeline).map(|found| (pipeline, found)))
    }

    fn input(&mut self, message: MessageType, pipeline: Option<Uuid>, value: Value) -> Result<Event, Error> {
        match self.running(message, pipeline)? {
            Some((pipeline, Pipeline { input: Input::Open, .. })) => Ok(Event::Input { pipeline, value }),
            Some(_) => Err(Error::NoInput),
            None => Ok(Event::Ignored),
        }
    }

    fn end_of_input(&mut self, message: MessageType, pipeline: Option<Uuid>) -> Result<Event, Error> {
        match self.running(message, pipeline)? {
            Some((pipeline, found)) => {
                found.input = Input::None;
                Ok(Event::EndOfInput { pipeline })
            }
            None => Ok(Event::Ignored),
        }
    }

    fn pipeline_host_response(
        &mut self,
        message: MessageType,
        pipeline: Option<Uuid>,
        response: HostResponse,
    ) -> Result<Event, Error> {
        let running = self.running(message, pipeline)?.map(|(pipeline, _)| pipeline);
        Ok(running.map_or(Event::Ignored, |id| Event::HostResponse { pipeline: Some(id), response }))
    }

    fn request(&mut self, message: MessageType, call: CallId, request: Request) -> Result<CallId, Error> {
        self.expect(message, RunspacePoolState::Opened)?;
        // A client that asks for ever and does not wait has that many calls open at most.
        let limit = self.link.limits().pipelines;
        if self.calls.len() >= limit {
            return Err(Error::TooManyPipelines { limit });
        }
        self.calls.insert(call, request);
        Ok(call)
    }

    fn key_came(&mut self, body: &PublicKeyMessage) -> Result<Event, Error> {
        let Some(key) = &self.key else {
            return Ok(Event::Ignored);
        };
        let encrypted = key.encrypt_for(&body.0).ok_or(Error::SessionKey)?;
        self.link.cipher = Some(key.cipher());
        self.link.send(None, Body::EncryptedSessionKey(EncryptedSessionKey(encrypted)))?;
        Ok(Event::KeyExchanged)
    }
}
