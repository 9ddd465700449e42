//! The server's half.

mod event;
mod incoming;

use std::collections::HashMap;

use uuid::Uuid;

use super::error::Error;
use super::key::{ServerKey, SharedCipher};
use super::link::{Carrier, Channel, Link, Payload, PoolLimits};
use super::message::{
    Availability, Body, CallId, Destination, HostCall, HostMethod, Input, PipelineState,
    PipelineStateMessage, RunspaceAvailability, RunspacePoolInitData, RunspacePoolState,
    RunspacePoolStateMessage, SessionCapability, primitive_dictionary,
};
use crate::clixml::{PsString, Stream, Value};

pub use event::Event;

/// How a pool answers its client.
pub struct Settings {
    /// What it says that it can do; an older protocol than ours makes it an older server.
    pub capability: SessionCapability,
    /// What the server tells about itself, its `PSVersionTable` above all.
    pub private_data: Vec<(PsString, Value)>,
    /// The session key for secure strings. Without one a client that asks for it gets no answer.
    pub key: Option<Box<dyn ServerKey>>,
    /// What the client may cost us.
    pub limits: PoolLimits,
}

/// The server's half of a runspace pool (MS-PSRP 3.2). It runs nothing itself: what it is asked to do are events, and who
/// does it reports back here.
pub struct RunspacePool {
    link: Link,
    state: RunspacePoolState,
    own_capability: SessionCapability,
    private_data: Value,
    key: Option<Box<dyn ServerKey>>,
    min_runspaces: i32,
    max_runspaces: i32,
    capability: Option<SessionCapability>,
    pipelines: HashMap<Uuid, Pipeline>,
    calls: HashMap<CallId, Request>,
    last_host_call: i64,
}

/// A pipeline that has not ended.
#[derive(Clone, Copy, Debug)]
struct Pipeline {
    state: PipelineState,
    input: Input,
}

/// A call of the client that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Request {
    SetMin(i32),
    SetMax(i32),
    Count,
    Reset,
}

impl RunspacePool {
    /// A pool that waits for its client's first message.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let entries = settings.private_data.into_iter();
        Self {
            link: Link::new(Destination::Server, Uuid::nil(), settings.limits),
            state: RunspacePoolState::BeforeOpen,
            own_capability: settings.capability,
            private_data: primitive_dictionary(
                entries.map(|(name, value)| (Value::String(name), value)).collect(),
            ),
            key: settings.key,
            min_runspaces: 1,
            max_runspaces: 1,
            capability: None,
            pipelines: HashMap::new(),
            calls: HashMap::new(),
            last_host_call: 0,
        }
    }

    /// The pool's name, which the client chose; all zeros until it did.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.link.pool
    }

    /// Where the pool is in its life.
    #[must_use]
    pub fn state(&self) -> RunspacePoolState {
        self.state
    }

    /// What the client can do, once it said so.
    #[must_use]
    pub fn capability(&self) -> Option<&SessionCapability> {
        self.capability.as_ref()
    }

    /// The least and the greatest number of runspaces.
    #[must_use]
    pub fn runspaces(&self) -> (i32, i32) {
        (self.min_runspaces, self.max_runspaces)
    }

    /// The state of a pipeline that has not ended.
    #[must_use]
    pub fn pipeline(&self, pipeline: Uuid) -> Option<PipelineState> {
        self.pipelines.get(&pipeline).map(|pipeline| pipeline.state)
    }

    /// The cipher for secure strings, once the client has the key.
    #[must_use]
    pub fn cipher(&self) -> Option<&SharedCipher> {
        self.link.cipher.as_ref()
    }

    /// Takes bytes of one of the transport's streams.
    ///
    /// # Errors
    /// The pool is broken, or has too many streams.
    pub fn receive(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), Error> {
        self.usable()?;
        self.link.receive(channel, bytes)
    }

    /// What came, one event for each message.
    ///
    /// # Errors
    /// What came cannot be: the pool is broken from then on.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        self.usable()?;
        self.advance().inspect_err(|_| self.state = RunspacePoolState::Broken)
    }

    /// What is to be sent next, in at most `room` bytes; a fragment's header takes 21.
    #[must_use]
    pub fn next_payload(&mut self, room: usize) -> Option<Payload> {
        self.link.next_payload(room)
    }

    /// As [`next_payload`](Self::next_payload), of one channel only: a Receive asks for one.
    #[must_use]
    pub fn next_payload_of(&mut self, channel: Channel, room: usize) -> Option<Payload> {
        self.link.next_payload_of(channel, room)
    }

    /// Bytes that wait to be sent: who writes output waits while there are many.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.link.pending()
    }

    /// Writes an object or a record to one of a pipeline's streams.
    ///
    /// # Errors
    /// There is no such pipeline, or the value cannot be written.
    pub fn write(&mut self, pipeline: Uuid, stream: Stream, value: Value) -> Result<(), Error> {
        self.known(pipeline)?;
        let body = match stream {
            Stream::Output | Stream::Unknown => Body::PipelineOutput(value),
            Stream::Error => Body::ErrorRecord(value),
            Stream::Warning => Body::WarningRecord(value),
            Stream::Verbose => Body::VerboseRecord(value),
            Stream::Debug => Body::DebugRecord(value),
            Stream::Progress => Body::ProgressRecord(value),
            Stream::Information => Body::InformationRecord(value),
        };
        self.link.send(Some(pipeline), body)
    }

    /// Says what became of a pipeline; after a final state it is forgotten.
    ///
    /// # Errors
    /// There is no such pipeline.
    pub fn set_pipeline_state(
        &mut self,
        pipeline: Uuid,
        state: PipelineState,
        error: Option<Value>,
    ) -> Result<(), Error> {
        self.known(pipeline)?.state = state;
        self.link.send(Some(pipeline), Body::PipelineState(PipelineStateMessage { state, error }))?;
        if state.is_final() {
            self.pipelines.remove(&pipeline);
            self.link.ignore(pipeline);
        }
        Ok(())
    }

    /// Calls the client's host. A method that returns nothing is not answered, and has [`CallId::VOID`].
    ///
    /// # Errors
    /// There is no such pipeline, or a parameter cannot be written.
    pub fn call_host(
        &mut self,
        pipeline: Option<Uuid>,
        method: HostMethod,
        parameters: Vec<Value>,
    ) -> Result<CallId, Error> {
        let call = if method.returns() {
            self.last_host_call += 1;
            CallId(self.last_host_call)
        } else {
            CallId::VOID
        };
        let body = HostCall { call, method, parameters };
        match pipeline {
            Some(pipeline) => {
                self.known(pipeline)?;
                self.link.send(Some(pipeline), Body::PipelineHostCall(body))?;
            }
            None => self.link.send(None, Body::RunspacePoolHostCall(body))?,
        }
        Ok(call)
    }

    /// Answers a call about runspaces. A number that was set counts from now on.
    ///
    /// # Errors
    /// No such call waits.
    pub fn answer(&mut self, call: CallId, answer: Availability) -> Result<(), Error> {
        let request = self.calls.remove(&call).ok_or(Error::UnknownCall(call))?;
        match (request, answer) {
            (Request::SetMin(count), Availability::Done(true)) => self.min_runspaces = count,
            (Request::SetMax(count), Availability::Done(true)) => self.max_runspaces = count,
            _ => {}
        }
        self.link.send(None, Body::RunspaceAvailability(RunspaceAvailability { answer, call }))
    }

    /// Forwards an event of the runspace.
    ///
    /// # Errors
    /// The value cannot be written.
    pub fn send_user_event(&mut self, event: Value) -> Result<(), Error> {
        self.link.send(None, Body::UserEvent(event))
    }

    /// Asks the client for a key exchange, which clients of PowerShell 2 wait for.
    ///
    /// # Errors
    /// The message cannot be written, which does not happen.
    pub fn request_key(&mut self) -> Result<(), Error> {
        self.link.send(None, Body::PublicKeyRequest)
    }

    /// Says that the pool has a new state: closing, closed or broken.
    ///
    /// # Errors
    /// The error record cannot be written.
    pub fn set_state(&mut self, state: RunspacePoolState, error: Option<Value>) -> Result<(), Error> {
        self.state = state;
        self.link.send(None, Body::RunspacePoolState(RunspacePoolStateMessage { state, error }))
    }

    /// Notes that the client left the pool to itself.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn disconnected(&mut self) -> Result<(), Error> {
        if self.state != RunspacePoolState::Opened {
            return Err(Error::PoolState(self.state));
        }
        self.state = RunspacePoolState::Disconnected;
        Ok(())
    }

    /// Notes that the client that left took the pool up again.
    ///
    /// # Errors
    /// The pool was not left.
    pub fn reconnected(&mut self) -> Result<(), Error> {
        if self.state != RunspacePoolState::Disconnected {
            return Err(Error::PoolState(self.state));
        }
        self.state = RunspacePoolState::Opened;
        Ok(())
    }

    fn usable(&self) -> Result<(), Error> {
        if self.state == RunspacePoolState::Broken { Err(Error::Broken) } else { Ok(()) }
    }

    fn known(&mut self, pipeline: Uuid) -> Result<&mut Pipeline, Error> {
        self.pipelines.get_mut(&pipeline).ok_or(Error::UnknownPipeline(pipeline))
    }

    fn init_data(&self) -> RunspacePoolInitData {
        RunspacePoolInitData { min_runspaces: self.min_runspaces, max_runspaces: self.max_runspaces }
    }

    fn send_private_data(&mut self) -> Result<(), Error> {
        self.link.send(None, Body::ApplicationPrivateData(self.private_data.clone()))
    }

    /// The capability travels with what it answers.
    fn send_capability(&mut self, carrier: Carrier) -> Result<(), Error> {
        self.link.send_by(carrier, None, Body::SessionCapability(self.own_capability.clone()))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capability: SessionCapability::ours(),
            private_data: Vec::new(),
            key: None,
            limits: PoolLimits::default(),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("private_data", &self.private_data).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RunspacePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunspacePool")
            .field("id", &self.link.pool)
            .field("state", &self.state)
            .field("pipelines", &self.pipelines)
            .finish_non_exhaustive()
    }
}
