//! The client's half.

mod event;
mod host;
mod incoming;

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::error::Error;
use super::key::{ClientKey, SharedCipher};
use super::link::{Carrier, Channel, Link, Payload, PoolLimits};
use super::message::{
    Body, CallId, Destination, GetCommandMetadata, HostInfo, HostResponse, InitRunspacePool, Input,
    PipelineState, PowerShell, PublicKeyMessage, RunspacePoolState, SessionCapability, SetRunspaces,
    primitive_dictionary,
};
use crate::clixml::{PsString, Value, Version};

pub use event::{Event, HostAnswer};

/// How a pool is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The least number of runspaces.
    pub min_runspaces: i32,
    /// The greatest number of runspaces, and so of pipelines at the same time.
    pub max_runspaces: i32,
    /// What our host can do.
    pub host: HostInfo,
    /// What the host is called when a command asks for its name.
    pub host_name: PsString,
    /// `$PSSenderInfo.ApplicationArguments`: names and primitive values.
    pub application_arguments: Vec<(PsString, Value)>,
    /// What the server may cost us.
    pub limits: PoolLimits,
}

/// The client's half of a runspace pool (MS-PSRP 3.1).
///
/// A pool that fails on what its server sent is [`Broken`](RunspacePoolState::Broken) and refuses everything after: its
/// state is not known, so it must be thrown away.
pub struct RunspacePool {
    link: Link,
    state: RunspacePoolState,
    host_name: PsString,
    min_runspaces: i32,
    max_runspaces: i32,
    capability: Option<SessionCapability>,
    private_data: Option<Value>,
    pipelines: HashMap<Uuid, Pipeline>,
    /// Pipelines that are over, the latest last: the server may still have something to say about them.
    finished: VecDeque<Uuid>,
    calls: HashMap<CallId, Call>,
    next_call: i64,
    /// The key pair of an exchange that is not complete.
    key: Option<Box<dyn ClientKey>>,
}

/// A pipeline that has not ended.
#[derive(Clone, Copy, Debug)]
struct Pipeline {
    state: PipelineState,
    input: Input,
}

/// What a call was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    SetMin(i32),
    SetMax(i32),
    Other,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_runspaces: 1,
            max_runspaces: 1,
            host: HostInfo::none(),
            host_name: "winrm".into(),
            application_arguments: Vec::new(),
            limits: PoolLimits::default(),
        }
    }
}

impl RunspacePool {
    /// A pool to be opened: its first payload travels in the request that creates the shell.
    ///
    /// # Errors
    /// The numbers of runspaces, or a name among the application arguments.
    pub fn open(id: Uuid, settings: Settings) -> Result<Self, Error> {
        let Settings { min_runspaces, max_runspaces, host, application_arguments, .. } = settings;
        if min_runspaces < 1 || max_runspaces < min_runspaces {
            return Err(Error::RunspaceCount);
        }
        let mut pool = Self::new(id, settings.host_name, settings.limits);
        (pool.min_runspaces, pool.max_runspaces) = (min_runspaces, max_runspaces);
        pool.link.send_by(Carrier::Create, None, Body::SessionCapability(SessionCapability::ours()))?;
        let init = InitRunspacePool {
            min_runspaces,
            max_runspaces,
            thread_options: 0,
            apartment_state: 2,
            host,
            application_arguments: arguments(application_arguments)?,
        };
        pool.link.send_by(Carrier::Create, None, Body::InitRunspacePool(init))?;
        pool.state = RunspacePoolState::NegotiationSent;
        Ok(pool)
    }

    /// A pool that another process opened and left: its first payload travels in the request that connects.
    ///
    /// # Errors
    /// The messages cannot be written, which does not happen.
    pub fn connect(id: Uuid, host_name: PsString, limits: PoolLimits) -> Result<Self, Error> {
        let mut pool = Self::new(id, host_name, limits);
        pool.link.send_by(Carrier::Connect, None, Body::SessionCapability(SessionCapability::ours()))?;
        pool.link.send_by(Carrier::Connect, None, Body::ConnectRunspacePool(None))?;
        pool.state = RunspacePoolState::Connecting;
        Ok(pool)
    }

    fn new(id: Uuid, host_name: PsString, limits: PoolLimits) -> Self {
        Self {
            link: Link::new(Destination::Client, id, limits),
            state: RunspacePoolState::BeforeOpen,
            host_name,
            min_runspaces: 1,
            max_runspaces: 1,
            capability: None,
            private_data: None,
            pipelines: HashMap::new(),
            finished: VecDeque::new(),
            calls: HashMap::new(),
            next_call: 0,
            key: None,
        }
    }

    /// The pool's name.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.link.pool
    }

    /// Where the pool is in its life.
    #[must_use]
    pub fn state(&self) -> RunspacePoolState {
        self.state
    }

    /// What the server can do, once it said so.
    #[must_use]
    pub fn capability(&self) -> Option<&SessionCapability> {
        self.capability.as_ref()
    }

    /// What the server tells about itself: its version table.
    #[must_use]
    pub fn private_data(&self) -> Option<&Value> {
        self.private_data.as_ref()
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

    /// Whether something is expected from the pool itself rather than from a pipeline: while it opens, and while a call or a
    /// key exchange is not answered. Transports ask for the pool's messages then.
    #[must_use]
    pub fn awaits_pool_message(&self) -> bool {
        match self.state {
            RunspacePoolState::NegotiationSent
            | RunspacePoolState::NegotiationSucceeded
            | RunspacePoolState::Opening
            | RunspacePoolState::Connecting => true,
            RunspacePoolState::Opened => !self.calls.is_empty() || self.key.is_some(),
            _ => false,
        }
    }

    /// The cipher for secure strings, once a key was exchanged.
    #[must_use]
    pub fn cipher(&self) -> Option<&SharedCipher> {
        self.link.cipher.as_ref()
    }

    /// Takes bytes of one of the transport's streams. Those of a pipeline that is over are passed over.
    ///
    /// # Errors
    /// The pool is broken, or the pipeline is not one of its own: then it is broken from then on.
    pub fn receive(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), Error> {
        self.usable()?;
        match channel.pipeline {
            Some(pipeline) if !self.pipelines.contains_key(&pipeline) => {
                if self.finished.contains(&pipeline) {
                    return Ok(());
                }
                self.state = RunspacePoolState::Broken;
                Err(Error::UnknownPipeline(pipeline))
            }
            _ => self.link.receive(channel, bytes),
        }
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

    /// Bytes that wait to be sent: who sends input waits while there are many.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.link.pending()
    }

    /// Starts a pipeline under a name that no other has. One that is over may give its name again, but then what still
    /// comes from it is taken for the new one's.
    ///
    /// # Errors
    /// The pool is not open, the name is taken, or the pipeline must not be sent as it is.
    pub fn start(&mut self, pipeline: Uuid, shell: PowerShell) -> Result<(), Error> {
        let input = shell.input;
        shell.check()?;
        self.begin(pipeline, input, Body::CreatePipeline(Box::new(shell)))
    }

    /// Asks what commands there are: a pipeline whose output tells them, the first object how many.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn command_metadata(&mut self, pipeline: Uuid, request: GetCommandMetadata) -> Result<(), Error> {
        self.begin(pipeline, Input::None, Body::GetCommandMetadata(request))
    }

    /// Takes over a pipeline of a pool that was connected to.
    ///
    /// # Errors
    /// The name is taken.
    pub fn attach(&mut self, pipeline: Uuid) -> Result<(), Error> {
        self.usable()?;
        self.unused(pipeline)?;
        self.finished.retain(|finished| *finished != pipeline);
        self.pipelines.insert(pipeline, Pipeline { state: PipelineState::Running, input: Input::None });
        Ok(())
    }

    /// Sends an object to a pipeline.
    ///
    /// # Errors
    /// The pipeline takes none, or the value cannot be written.
    pub fn input(&mut self, pipeline: Uuid, value: Value) -> Result<(), Error> {
        self.open_input(pipeline)?;
        self.link.send(Some(pipeline), Body::PipelineInput(value))
    }

    /// Tells a pipeline that its input is over.
    ///
    /// # Errors
    /// The pipeline takes none.
    pub fn end_input(&mut self, pipeline: Uuid) -> Result<(), Error> {
        self.open_input(pipeline)?.input = Input::None;
        self.link.send(Some(pipeline), Body::EndOfPipelineInput)
    }

    /// Notes that the transport is stopping a pipeline. Its last state still comes, unless the server is gone.
    ///
    /// # Errors
    /// There is no such pipeline.
    pub fn stopping(&mut self, pipeline: Uuid) -> Result<(), Error> {
        let found = self.pipelines.get_mut(&pipeline).ok_or(Error::UnknownPipeline(pipeline))?;
        (found.state, found.input) = (PipelineState::Stopping, Input::None);
        Ok(())
    }

    /// Forgets a pipeline: whatever still comes from it is passed over.
    pub fn forget(&mut self, pipeline: Uuid) {
        if self.pipelines.remove(&pipeline).is_some() {
            self.finish(pipeline);
        }
    }

    /// Answers a host call that was left to the caller.
    ///
    /// # Errors
    /// The pool is not open, or the answer cannot be written.
    pub fn respond(&mut self, pipeline: Option<Uuid>, response: HostResponse) -> Result<(), Error> {
        self.opened()?;
        self.send_response(pipeline, response)
    }

    /// Changes the least number of runspaces; the answer, an event, says whether the server did.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_min_runspaces(&mut self, count: i32) -> Result<CallId, Error> {
        self.call(Call::SetMin(count), |call| Body::SetMinRunspaces(SetRunspaces { count, call }))
    }

    /// Changes the greatest number of runspaces; the answer, an event, says whether the server did.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_max_runspaces(&mut self, count: i32) -> Result<CallId, Error> {
        self.call(Call::SetMax(count), |call| Body::SetMaxRunspaces(SetRunspaces { count, call }))
    }

    /// Asks how many runspaces are free; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn available_runspaces(&mut self) -> Result<CallId, Error> {
        self.call(Call::Other, Body::GetAvailableRunspaces)
    }

    /// Gives the runspace its first state again; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open, or the server older than PowerShell 5.
    pub fn reset_state(&mut self) -> Result<CallId, Error> {
        let needed = Version::new(2, 3);
        if self.link.protocol < needed {
            return Err(Error::Unsupported { needed });
        }
        self.call(Call::Other, Body::ResetRunspaceState)
    }

    /// Begins a key exchange, which secure strings need. Nothing is sent where there is a key already.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn exchange_key(&mut self, key: Box<dyn ClientKey>) -> Result<(), Error> {
        self.opened()?;
        if self.key.is_some() || self.link.cipher.is_some() {
            return Ok(());
        }
        self.link.send(None, Body::PublicKey(PublicKeyMessage(key.public_key())))?;
        self.key = Some(key);
        Ok(())
    }

    /// Notes that the transport left the pool to itself.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn disconnected(&mut self) -> Result<(), Error> {
        self.opened()?;
        self.state = RunspacePoolState::Disconnected;
        Ok(())
    }

    /// Notes that the transport took up a pool again that this process had left.
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

    /// Notes that the transport closed the pool.
    pub fn closed(&mut self) {
        self.state = RunspacePoolState::Closed;
        self.pipelines.clear();
        self.link.restart();
    }

    fn usable(&self) -> Result<(), Error> {
        if self.state == RunspacePoolState::Broken { Err(Error::Broken) } else { Ok(()) }
    }

    fn opened(&self) -> Result<(), Error> {
        match self.state {
            RunspacePoolState::Opened => Ok(()),
            RunspacePoolState::Broken => Err(Error::Broken),
            other => Err(Error::PoolState(other)),
        }
    }

    fn unused(&self, pipeline: Uuid) -> Result<(), Error> {
        if self.pipelines.contains_key(&pipeline) {
            return Err(Error::DuplicatePipeline(pipeline));
        }
        let limit = self.link.limits().pipelines;
        if self.pipelines.len() >= limit { Err(Error::TooManyPipelines { limit }) } else { Ok(()) }
    }

    fn begin(&mut self, pipeline: Uuid, input: Input, body: Body) -> Result<(), Error> {
        self.opened()?;
        self.unused(pipeline)?;
        self.link.send_by(Carrier::Command, Some(pipeline), body)?;
        self.finished.retain(|finished| *finished != pipeline);
        self.pipelines.insert(pipeline, Pipeline { state: PipelineState::Running, input });
        Ok(())
    }

    fn open_input(&mut self, pipeline: Uuid) -> Result<&mut Pipeline, Error> {
        self.opened()?;
        let found = self.pipelines.get_mut(&pipeline).ok_or(Error::UnknownPipeline(pipeline))?;
        match (found.state, found.input) {
            (PipelineState::Running, Input::Open) => Ok(found),
            (PipelineState::Running, Input::None) => Err(Error::NoInput),
            (other, _) => Err(Error::PipelineState(other)),
        }
    }

    fn call(&mut self, call: Call, body: impl FnOnce(CallId) -> Body) -> Result<CallId, Error> {
        self.opened()?;
        let id = CallId(self.next_call);
        self.link.send(None, body(id))?;
        self.next_call += 1;
        self.calls.insert(id, call);
        Ok(id)
    }

    fn send_response(&mut self, pipeline: Option<Uuid>, response: HostResponse) -> Result<(), Error> {
        let body = match pipeline {
            Some(_) => Body::PipelineHostResponse(response),
            None => Body::RunspacePoolHostResponse(response),
        };
        self.link.send(pipeline, body)
    }

    fn finish(&mut self, pipeline: Uuid) {
        self.link.forget(pipeline);
        self.finished.push_back(pipeline);
        if self.finished.len() > REMEMBERED {
            self.finished.pop_front();
        }
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

/// The server's version table is the server's to tell.
fn arguments(entries: Vec<(PsString, Value)>) -> Result<Value, Error> {
    if let Some((name, _)) = entries.iter().find(|(name, _)| name.eq_ignore_case("PSVersionTable")) {
        return Err(Error::ReservedArgument(name.as_str().to_owned()));
    }
    if entries.is_empty() {
        return Ok(Value::Null);
    }
    Ok(primitive_dictionary(entries.into_iter().map(|(name, value)| (Value::String(name), value)).collect()))
}

/// How many pipelines that are over are remembered.
const REMEMBERED: usize = 256;
