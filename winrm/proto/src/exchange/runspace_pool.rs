mod ending;
mod opening;
mod output;
mod pipeline;
mod receiving;
mod sending;
mod signalling;

use std::collections::VecDeque;
use std::time::Instant;

use uuid::Uuid;

use self::ending::Ending;
use self::opening::Opening;
use self::pipeline::Pipeline;
use self::receiving::Receiving;
use self::sending::Sending;
use super::requester::{InFlight, Requester};
use super::{Failure, FailureKind, IdSource, Lane, SendId, Sent, ShellFate, Step};
use crate::clixml::{Value, Version};
use crate::psrp::{CallId, ClientKey, Error, GetCommandMetadata, PowerShell, RunspacePoolState, client};
use crate::winrs::{CommandId, CreateShell, ShellReference};
use crate::wsman::{Preamble, Request, ResourceUri, Target};
use crate::xml::{Limits, WriteError};

pub use self::output::{PoolEvent, PoolOutput, PoolRequest, Purpose, Route};

/// A runspace pool on a host, from its opening to its end, with any number of pipelines side by side.
///
/// The pool's own Receive is asked for only while something is expected from the pool itself: while it opens, and while a
/// call or a key exchange is not answered. Each pipeline has a Receive of its own, which hangs on a connection of its own.
/// A pipeline that is over is signalled `terminate`, without anybody waiting, so that the host's quota of commands holds.
///
/// Messages are decoded one at a time as they are polled for, and no Receive goes out while some are undrained.
#[derive(Debug)]
pub struct RunspacePool<I> {
    requester: Requester<I>,
    shell: ShellReference,
    psrp: client::RunspacePool,
    events: VecDeque<PoolEvent>,
    opening: Opening,
    receiving: Receiving,
    pipelines: Vec<Pipeline>,
    sending: Sending,
    ending: Ending,
    fate: ShellFate,
}

impl<I: IdSource> RunspacePool<I> {
    /// A pool to be opened on the endpoint `resource_uri`. The shell takes the pool's identifier, and from `template` its
    /// name, its timeouts and whether it loads a profile.
    ///
    /// # Errors
    /// The settings make no sense, or hold what must not be sent.
    pub fn open(
        preamble: Preamble,
        limits: Limits,
        ids: I,
        resource_uri: ResourceUri,
        template: CreateShell,
        id: Uuid,
        settings: client::Settings,
    ) -> Result<Self, Error> {
        let psrp = client::RunspacePool::open(id, settings)?;
        let shell = ShellReference { resource_uri, shell_id: crate::winrs::ShellId::from_uuid(id) };
        Ok(Self::new(Requester::new(preamble, limits, ids), shell, psrp, Opening::create(template)))
    }

    /// A pool that another process left, to be taken over; its pipelines are then [attached](Self::attach).
    #[must_use]
    pub fn connect(
        preamble: Preamble,
        limits: Limits,
        ids: I,
        shell: ShellReference,
        psrp: client::RunspacePool,
    ) -> Self {
        Self::new(Requester::new(preamble, limits, ids), shell, psrp, Opening::connect())
    }

    fn new(
        requester: Requester<I>,
        shell: ShellReference,
        psrp: client::RunspacePool,
        opening: Opening,
    ) -> Self {
        Self {
            requester,
            shell,
            psrp,
            events: VecDeque::new(),
            opening,
            receiving: Receiving::default(),
            pipelines: Vec::new(),
            sending: Sending::default(),
            ending: Ending::default(),
            fate: ShellFate::Usable,
        }
    }

    /// What the conversation wants next. Events come before requests: as long as there are some, no more is asked for.
    pub fn poll(&mut self, now: Instant) -> PoolOutput {
        if let Some(event) = self.next_event() {
            return PoolOutput::Event(event);
        }
        if let Some(request) = self.next_request(now) {
            return PoolOutput::Send(request);
        }
        // A request that cannot be written becomes an event.
        match self.events.pop_front() {
            Some(event) => PoolOutput::Event(event),
            None => self.idle(),
        }
    }

    /// The answer to a request came; a reply that nobody waits for is passed over.
    pub fn reply(&mut self, now: Instant, id: SendId, envelope: &[u8]) {
        if self.receiving.waits_for(id) {
            self.pool_receive_answered(envelope);
        } else if self.sending.waits_for(id) {
            self.send_answered(now, envelope);
        } else if self.opening.waits_for(id) {
            self.opening_answered(envelope);
        } else if self.ending.waits_for(id) {
            self.ending_answered(envelope);
        } else if let Some(at) = self.pipelines.iter().position(|pipeline| pipeline.waits_for(id)) {
            self.pipeline_answered(at, id, envelope);
        }
    }

    /// The connection was lost before the answer came. A Receive is asked for again, and so is a Signal, once; a Command or
    /// input of which a byte had left is never sent again.
    pub fn lost(&mut self, id: SendId, sent: Sent) {
        if self.receiving.waits_for(id) {
            self.receiving.ask_again();
        } else if self.sending.waits_for(id) {
            self.send_lost(sent);
        } else if self.opening.waits_for(id) {
            self.opening_lost(sent);
        } else if self.ending.waits_for(id) {
            self.ending_lost(sent);
        } else if let Some(at) = self.pipelines.iter().position(|pipeline| pipeline.waits_for(id)) {
            self.pipeline_lost(at, id, sent);
        }
    }

    /// The protocol's side of the pool: its state, what the server told, and the cipher for secure strings.
    #[must_use]
    pub fn psrp(&self) -> &client::RunspacePool {
        &self.psrp
    }

    /// The shell, as the host names it.
    #[must_use]
    pub fn shell(&self) -> &ShellReference {
        &self.shell
    }

    /// What became of the shell, as far as the answers told.
    #[must_use]
    pub fn shell_fate(&self) -> ShellFate {
        self.fate
    }

    /// Whether the host has made the shell, or has let itself be taken over.
    #[must_use]
    pub fn has_shell(&self) -> bool {
        self.opening.is_answered()
    }

    /// Bytes of input that the host has not taken. Who sends input waits while there are many.
    #[must_use]
    pub fn pending_input(&self) -> usize {
        self.psrp.pending() + self.sending.held()
    }

    /// Starts a pipeline under a new name.
    ///
    /// # Errors
    /// The pool is not open, or the pipeline must not be sent as it is.
    pub fn start(&mut self, pipeline: Uuid, shell: PowerShell) -> Result<(), Error> {
        self.psrp.start(pipeline, shell)?;
        self.pipelines.push(Pipeline::new(pipeline));
        Ok(())
    }

    /// Asks what commands there are, as a pipeline under a new name.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn command_metadata(&mut self, pipeline: Uuid, request: GetCommandMetadata) -> Result<(), Error> {
        self.psrp.command_metadata(pipeline, request)?;
        self.pipelines.push(Pipeline::new(pipeline));
        Ok(())
    }

    /// Takes over a pipeline of a pool that was connected to, by the name that the host lists for its command.
    ///
    /// # Errors
    /// The name is taken.
    pub fn attach(&mut self, pipeline: Uuid, command_id: CommandId) -> Result<(), Error> {
        self.psrp.attach(pipeline)?;
        self.pipelines.push(Pipeline::attached(pipeline, command_id));
        Ok(())
    }

    /// Sends an object to a pipeline.
    ///
    /// # Errors
    /// The pipeline takes none, or the value cannot be written.
    pub fn input(&mut self, pipeline: Uuid, value: Value) -> Result<(), Error> {
        self.psrp.input(pipeline, value)
    }

    /// Ends a pipeline's input.
    ///
    /// # Errors
    /// The pipeline takes none.
    pub fn end_input(&mut self, pipeline: Uuid) -> Result<(), Error> {
        self.psrp.end_input(pipeline)
    }

    /// Begins a key exchange, which secure strings need.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn exchange_key(&mut self, key: Box<dyn ClientKey>) -> Result<(), Error> {
        self.psrp.exchange_key(key)
    }

    /// Changes the greatest number of runspaces; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_max_runspaces(&mut self, count: i32) -> Result<CallId, Error> {
        self.psrp.set_max_runspaces(count)
    }

    /// Changes the least number of runspaces; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_min_runspaces(&mut self, count: i32) -> Result<CallId, Error> {
        self.psrp.set_min_runspaces(count)
    }

    /// Asks how many runspaces are free; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn available_runspaces(&mut self) -> Result<CallId, Error> {
        self.psrp.available_runspaces()
    }

    /// Gives the runspace its first state again; the answer is an event.
    ///
    /// # Errors
    /// The pool is not open, or the server older than PowerShell 5.
    pub fn reset_state(&mut self) -> Result<CallId, Error> {
        self.psrp.reset_state()
    }

    /// Writes a request, for the connection that `route` names.
    fn request<R: Request>(
        &mut self,
        route: Route,
        purpose: Purpose,
        target: &Target,
        request: &R,
    ) -> Result<(InFlight, PoolRequest), WriteError> {
        // The lane is the route's coarser form, for conversations with two connections.
        let (in_flight, outgoing) = self.requester.request(Lane::Control, target, request)?;
        Ok((in_flight, PoolRequest { id: outgoing.id, route, purpose, envelope: outgoing.envelope }))
    }

    /// The next event: what the exchange itself has to say, then what the host's messages mean, one at a time.
    fn next_event(&mut self) -> Option<PoolEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if self.psrp.state() == RunspacePoolState::Broken {
            return None;
        }
        match self.psrp.next_event() {
            Ok(Some(event)) => {
                self.learn(&event);
                Some(PoolEvent::Message(event))
            }
            Ok(None) => {
                self.end_silent_pipelines();
                self.events.pop_front()
            }
            Err(error) => {
                self.break_off();
                Some(PoolEvent::Broken(error))
            }
        }
    }

    fn next_request(&mut self, now: Instant) -> Option<PoolRequest> {
        self.next_signal()
            .or_else(|| self.next_ending())
            .or_else(|| self.next_opening())
            .or_else(|| self.next_start())
            .or_else(|| self.next_send(now))
            .or_else(|| self.next_receive())
    }

    fn idle(&self) -> PoolOutput {
        if self.ending.is_over() || self.opening.is_over() {
            return PoolOutput::Done;
        }
        match self.sending.retry_at() {
            Some(time) => PoolOutput::WaitUntil(time),
            None => PoolOutput::Pending,
        }
    }

    /// What a message changes in how the conversation goes on.
    fn learn(&mut self, event: &client::Event) {
        match event {
            client::Event::Negotiated(capability) if capability.protocol_version >= Version::new(2, 2) => {
                self.requester.raise_max_envelope_size(LARGE_ENVELOPE);
            }
            client::Event::Pipeline { pipeline, state, .. } if state.is_final() => {
                self.pipeline_over(*pipeline);
            }
            client::Event::Pool { state: RunspacePoolState::Broken | RunspacePoolState::Closed, .. } => {
                self.fate = ShellFate::Gone;
            }
            _ => {}
        }
    }

    /// The pool cannot go on: nothing more is asked for, and the shell is to be deleted.
    fn fail(&mut self, step: Step, kind: impl Into<FailureKind>) {
        let failure = Failure::new(step, kind);
        self.note(&failure.kind);
        self.events.push_back(PoolEvent::Failed(failure));
        self.break_off();
    }

    fn break_off(&mut self) {
        self.fate = self.fate.and(ShellFate::Spent);
        self.receiving.end();
        self.sending.discard();
        for pipeline in &mut self.pipelines {
            pipeline.abandon();
        }
    }

    fn note(&mut self, kind: &FailureKind) {
        if let FailureKind::Fault(fault) = kind {
            self.fate = self.fate.and(ShellFate::from_fault(fault));
        }
    }
}

/// What a host of protocol 2.2 and later takes.
const LARGE_ENVELOPE: u32 = 512_000;
