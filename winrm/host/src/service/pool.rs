//! A runspace pool behind a PowerShell shell: proto's half of the protocol, and the pipelines that run.

mod debugger;
mod pipeline;
mod runspaces;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;
use winrm_proto::clixml::{PsString, Value, Version};
use winrm_proto::psrp::server::{Event as Asked, RunspacePool, Settings};
use winrm_proto::psrp::{
    Availability, CallId, Carrier, Channel, Error, HostInfo, HostMethod, HostReply, Input, PoolLimits,
    Priority, ServerKey, SessionCapability, aws_lc,
};
use winrm_proto::winrs::{
    Command, CommandId, CommandState, ExecutionState, ReceiveResponse, ShellId, Signal, SignalCode, Stream,
    StreamEnd, StreamName,
};
use winrm_script::value::Value as Item;

use super::fault::WindowsFault;
use super::output::MOMENT;
use crate::machine::Machine;
use crate::machine::powershell::Scope;
use crate::record::{Ended, Record};
use crate::settings::LockOutcome;
use pipeline::Pipeline;
use runspaces::Runspaces;

/// A runspace pool.
pub(crate) struct Pool {
    machine: Arc<Machine>,
    record: Record,
    protocol: Mutex<RunspacePool>,
    pipelines: Mutex<HashMap<Uuid, Arc<Pipeline>>>,
    runspaces: Runspaces,
    /// What becomes of a lock that the client puts on a runspace.
    lock: LockOutcome,
    /// The client is taken for a debugger.
    debugged: AtomicBool,
    /// There is something to send, or a pipeline has ended.
    news: Notify,
    /// Something was sent.
    room: Notify,
    /// The client leaves.
    left: Notify,
    /// Questions that the client has not answered.
    asked: Mutex<HashMap<CallId, oneshot::Sender<Value>>>,
    host: OnceLock<HostInfo>,
    /// The client knows that the pool is open.
    greeted: AtomicBool,
}

impl Pool {
    pub(super) fn new(
        machine: Arc<Machine>,
        record: Record,
        user: &str,
        scope: Arc<Scope>,
        lock: LockOutcome,
    ) -> Arc<Self> {
        let key = aws_lc::SessionKey::generate().ok().map(|key| -> Box<dyn ServerKey> { Box::new(key) });
        let protocol = RunspacePool::new(Settings {
            capability: SessionCapability::ours(),
            private_data: private_data(),
            key,
            limits: PoolLimits::default(),
        });
        Arc::new(Self {
            runspaces: Runspaces::new(user, scope, machine.environment_of(user)),
            machine,
            record,
            lock,
            debugged: AtomicBool::new(false),
            protocol: Mutex::new(protocol),
            pipelines: Mutex::default(),
            news: Notify::new(),
            room: Notify::new(),
            left: Notify::new(),
            asked: Mutex::default(),
            host: OnceLock::new(),
            greeted: AtomicBool::new(false),
        })
    }

    /// Takes the messages of the Create.
    pub(super) fn open(&self, messages: &[u8]) -> Result<(), WindowsFault> {
        for event in self.read(POOL, messages)? {
            if let Asked::Opened(init) = event {
                self.runspaces.allow(init.max_runspaces);
                if debugger::is_debugger(&init.application_arguments) {
                    self.debugged.store(true, Ordering::Relaxed);
                }
                let _first = self.host.set(init.host);
            }
        }
        Ok(())
    }

    /// Takes the first fragment of a pipeline.
    pub(super) async fn command(
        self: &Arc<Self>,
        shell: &ShellId,
        request: &Command,
    ) -> Result<CommandId, WindowsFault> {
        let command_id = request.command_id.clone().ok_or(WindowsFault::SCHEMA)?;
        let id = command_id.to_uuid().ok_or(WindowsFault::SCHEMA)?;
        let fragment = request.fragment().map_err(|_| WindowsFault::SCHEMA)?;
        if !self.greeted.load(Ordering::Acquire) {
            // Windows waits for the first Receive before it opens the pool.
            return Err(WindowsFault::BROKEN_POOL);
        }
        if self.pipelines().contains_key(&id) {
            return Err(WindowsFault::INVALID_PARAMETER);
        }
        let pipeline = Arc::new(Pipeline::new(id, shell.clone(), command_id.clone()));
        self.pipelines().insert(id, pipeline);
        let delivered = self.deliver(channel(Some(id), Priority::Default), &fragment).await;
        delivered.inspect_err(|_| {
            self.pipelines().remove(&id);
        })?;
        Ok(command_id)
    }

    /// Takes what clients send after that: the rest of pipelines, input, answers to host calls, calls about runspaces.
    pub(super) async fn send(self: &Arc<Self>, streams: Vec<Stream>) -> Result<(), WindowsFault> {
        for stream in streams {
            let id = match &stream.command_id {
                Some(id) => Some(self.find(id)?.id()),
                None => None,
            };
            let priority = match stream.name {
                StreamName::Stdin => Priority::Default,
                StreamName::PromptResponse => Priority::PromptResponse,
                StreamName::Stdout | StreamName::Stderr | StreamName::Other(_) => {
                    return Err(WindowsFault::INVALID_PARAMETER);
                }
            };
            self.deliver(channel(id, priority), &stream.data).await?;
        }
        Ok(())
    }

    /// Waits for messages of the pool or of a pipeline. A pipeline's end rides with its last messages.
    pub(super) async fn receive(
        &self,
        command: Option<&CommandId>,
        room: usize,
        deadline: Instant,
    ) -> Result<ReceiveResponse, WindowsFault> {
        let pipeline = command.map(|id| self.find(id)).transpose()?;
        if pipeline.as_ref().is_some_and(|pipeline| pipeline.is_told()) {
            return Err(WindowsFault::COMMAND_NOT_FOUND);
        }
        let collecting = self.collect(pipeline.as_deref(), room);
        let taken_away = async {
            match &pipeline {
                Some(pipeline) => pipeline.taken_away().await,
                None => std::future::pending().await,
            }
        };
        let collected = tokio::select! {
            biased;
            () = taken_away => return Err(WindowsFault::ABORTED),
            () = self.left.notified() => return Err(WindowsFault::STREAM_DISCONNECTED),
            collected = timeout_at(deadline, collecting) => collected.map_err(|_| WindowsFault::TIMED_OUT)?,
        };
        Ok(respond(pipeline.as_deref(), collected))
    }

    /// Stops or closes a pipeline, and returns when it has ended.
    pub(super) async fn signal(&self, request: Signal) -> Result<(), WindowsFault> {
        let id = request.command_id.ok_or(WindowsFault::INVALID_PARAMETER)?;
        let pipeline = self.find(&id)?;
        if request.code == SignalCode::PowerShellCtrlC {
            pipeline.stop(Ended::Interrupted);
            pipeline.ended().await;
            return Ok(());
        }
        pipeline.stop(Ended::Terminated);
        pipeline.ended().await;
        self.pipelines().remove(&pipeline.id());
        self.discard(&pipeline);
        Ok(())
    }

    /// The client leaves; who waits for output hears of it.
    pub(super) fn disconnect(&self) -> Result<(), WindowsFault> {
        self.protocol().disconnected().map_err(|_| WindowsFault::CANNOT_DISCONNECT)?;
        self.left.notify_waiters();
        Ok(())
    }

    /// The client that left is back.
    pub(super) fn reconnect(&self) -> Result<(), WindowsFault> {
        self.protocol().reconnected().map_err(|_| WindowsFault::CANNOT_RECONNECT)
    }

    /// Another client takes over; the answer to its first messages.
    pub(super) fn connect(&self, messages: &[u8]) -> Result<Bytes, WindowsFault> {
        self.read(POOL, messages)?;
        let answer = self.protocol().next_payload_of(POOL, CONNECT_ROOM);
        let answer = answer.filter(|payload| payload.carrier == Carrier::Connect);
        answer.map(|payload| payload.bytes).ok_or(WindowsFault::BROKEN_POOL)
    }

    /// Whether it has a pipeline of that name.
    pub(super) fn has(&self, id: &CommandId) -> Result<(), WindowsFault> {
        self.find(id).map(drop)
    }

    /// The pipelines whose end nobody was told of.
    pub(super) fn running(&self) -> Vec<CommandId> {
        let pipelines = self.pipelines();
        let running = pipelines.values().filter(|pipeline| !pipeline.is_told());
        running.map(|pipeline| pipeline.command_id().clone()).collect()
    }

    /// Ends every pipeline, and returns when all have ended.
    pub(super) async fn end_all(&self, how: Ended) {
        let pipelines: Vec<Arc<Pipeline>> = self.pipelines().drain().map(|(_, pipeline)| pipeline).collect();
        for pipeline in &pipelines {
            pipeline.stop(how);
        }
        for pipeline in pipelines {
            pipeline.ended().await;
        }
    }

    async fn deliver(self: &Arc<Self>, channel: Channel, bytes: &[u8]) -> Result<(), WindowsFault> {
        for event in self.read(channel, bytes)? {
            self.act(event).await?;
        }
        self.news.notify_waiters();
        Ok(())
    }

    /// What the bytes mean. One that cannot be breaks the pool for good.
    fn read(&self, channel: Channel, bytes: &[u8]) -> Result<Vec<Asked>, WindowsFault> {
        let mut protocol = self.protocol();
        let mut events = Vec::new();
        let mut reading = || -> Result<(), Error> {
            protocol.receive(channel, bytes)?;
            while let Some(event) = protocol.next_event()? {
                events.push(event);
            }
            Ok(())
        };
        reading().map_err(|_| WindowsFault::BROKEN_POOL)?;
        drop(protocol);
        Ok(events)
    }

    async fn act(self: &Arc<Self>, event: Asked) -> Result<(), WindowsFault> {
        match event {
            Asked::Start { pipeline, shell } => {
                let started = self.pipelines().get(&pipeline).cloned().ok_or(WindowsFault::BROKEN_POOL)?;
                let input = (shell.input == Input::Open).then(|| started.open_input());
                if self.can_be_asked(&shell.host) {
                    started.set_interactive();
                }
                if started.begin() {
                    tokio::spawn(pipeline::run(Arc::clone(self), started, *shell, input));
                }
            }
            Asked::CommandMetadata { pipeline, request } => {
                let started = self.pipelines().get(&pipeline).cloned().ok_or(WindowsFault::BROKEN_POOL)?;
                if started.begin() {
                    tokio::spawn(pipeline::describe_commands(Arc::clone(self), started, request));
                }
            }
            Asked::Input { pipeline, value } => {
                let input = self.pipelines().get(&pipeline).and_then(|pipeline| pipeline.input());
                if let Some(input) = input {
                    // A pipeline that has ended takes no more input, and that is no error.
                    let _taken = input.send(Item::from_clixml(&value)).await;
                }
            }
            Asked::EndOfInput { pipeline } => {
                if let Some(pipeline) = self.pipelines().get(&pipeline) {
                    pipeline.close_input();
                }
            }
            Asked::HostResponse { response, .. } => {
                let waiting = self.asked().remove(&response.call);
                if let (Some(waiting), HostReply::Value(value)) = (waiting, response.reply) {
                    // A pipeline that was stopped meanwhile waits no more.
                    let _heard = waiting.send(value);
                }
            }
            Asked::SetMinRunspaces { call, count } => {
                let (_, most) = self.protocol().runspaces();
                self.answer(call, Availability::Done((1..=most).contains(&count)))?;
            }
            Asked::ResetState { call } => {
                self.runspaces.reset();
                self.answer(call, Availability::Done(true))?;
            }
            Asked::SetMaxRunspaces { call, count } => {
                let (least, now) = self.protocol().runspaces();
                let done = count >= least && self.runspaces.resize(now, count);
                self.answer(call, Availability::Done(done))?;
            }
            Asked::AvailableRunspaces { call } => {
                self.answer(call, Availability::Count(self.runspaces.free()))?;
            }
            Asked::Negotiated(_)
            | Asked::Opened(_)
            | Asked::Connected
            | Asked::KeyExchanged
            | Asked::Ignored => {}
        }
        Ok(())
    }

    /// Asks the client's host to read a line. Where it has none, the answer's place is dropped.
    fn ask(&self, pipeline: &Pipeline, question: &str, answer: oneshot::Sender<Value>) {
        if !pipeline.is_interactive() {
            return;
        }
        let mut protocol = self.protocol();
        let id = Some(pipeline.id());
        // The question is a line of output before the answer is read.
        let written = protocol.call_host(id, HostMethod::Write1, vec![Value::from(format!("{question}: "))]);
        if let Ok(call) = written.and_then(|_| protocol.call_host(id, HostMethod::ReadLine, Vec::new())) {
            self.asked().insert(call, answer);
        }
        drop(protocol);
        self.news.notify_waiters();
    }

    fn can_be_asked(&self, host: &HostInfo) -> bool {
        let host = if host.use_runspace_host { self.host.get() } else { Some(host) };
        host.is_some_and(|host| !host.host_is_null && !host.ui_is_null)
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<CallId, oneshot::Sender<Value>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: CallId, answer: Availability) -> Result<(), WindowsFault> {
        self.protocol().answer(call, answer).map_err(|_| WindowsFault::BROKEN_POOL)
    }

    /// What there is to send, as soon as there is any; a pipeline gets a moment to come to its end.
    async fn collect(&self, pipeline: Option<&Pipeline>, room: usize) -> Collected {
        let mut streams = Vec::new();
        let mut left = room;
        let mut until = None;
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let over = pipeline.is_some_and(Pipeline::is_over);
            self.take(pipeline, &mut left, &mut streams);
            let full = left < SMALLEST_ROOM;
            if over || full || (pipeline.is_none() && !streams.is_empty()) {
                return Collected { streams, done: over && !full };
            }
            if until.is_none() && !streams.is_empty() {
                until = Some(Instant::now() + MOMENT);
            }
            tokio::select! {
                () = news => {}
                () = wait_until(until) => return Collected { streams, done: false },
            }
        }
    }

    fn take(&self, pipeline: Option<&Pipeline>, left: &mut usize, streams: &mut Vec<Stream>) {
        let mut protocol = self.protocol();
        let channel = channel(pipeline.map(Pipeline::id), Priority::Default);
        if pipeline.is_none() {
            self.greeted.store(true, Ordering::Release);
        }
        while *left >= SMALLEST_ROOM {
            let before = protocol.pending();
            let Some(payload) = protocol.next_payload_of(channel, *left) else { break };
            if let Some(pipeline) = pipeline {
                pipeline.give_back(before.saturating_sub(protocol.pending()));
            }
            *left = left.saturating_sub(payload.bytes.len());
            streams.push(Stream {
                name: StreamName::Stdout,
                command_id: pipeline.map(|pipeline| pipeline.command_id().clone()),
                data: payload.bytes,
                end: StreamEnd::Open,
            });
        }
        drop(protocol);
        self.room.notify_waiters();
    }

    /// Throws away what nobody will collect.
    fn discard(&self, pipeline: &Pipeline) {
        let channel = channel(Some(pipeline.id()), Priority::Default);
        let mut protocol = self.protocol();
        while protocol.next_payload_of(channel, DISCARDED).is_some() {}
    }

    fn find(&self, id: &CommandId) -> Result<Arc<Pipeline>, WindowsFault> {
        let id = id.to_uuid().ok_or(WindowsFault::COMMAND_NOT_FOUND)?;
        self.pipelines().get(&id).cloned().ok_or(WindowsFault::COMMAND_NOT_FOUND)
    }

    fn protocol(&self) -> MutexGuard<'_, RunspacePool> {
        self.protocol.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pipelines(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Pipeline>>> {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("protocol", &*self.protocol()).finish_non_exhaustive()
    }
}

/// What a Receive takes with it.
struct Collected {
    streams: Vec<Stream>,
    /// The pipeline is over, and nothing of it is left.
    done: bool,
}

fn respond(pipeline: Option<&Pipeline>, collected: Collected) -> ReceiveResponse {
    let Collected { streams, done } = collected;
    let Some(pipeline) = pipeline else { return ReceiveResponse { streams, state: None } };
    let state = if done {
        pipeline.tell();
        ExecutionState::Done
    } else {
        ExecutionState::Running
    };
    let command_id = Some(pipeline.command_id().clone());
    ReceiveResponse { streams, state: Some(CommandState { command_id, state, exit_code: None }) }
}

fn channel(pipeline: Option<Uuid>, priority: Priority) -> Channel {
    Channel { pipeline, priority }
}

async fn wait_until(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// What Windows PowerShell 5.1 on Windows Server 2022 says of itself.
fn private_data() -> Vec<(PsString, Value)> {
    let version = |text: &str| text.parse::<Version>().map_or(Value::Null, Value::Version);
    let table = [
        ("PSVersion", version("5.1.20348.2849")),
        ("PSEdition", Value::from("Desktop")),
        ("WSManStackVersion", version("3.0")),
        ("PSRemotingProtocolVersion", version("2.3")),
        ("SerializationVersion", version("1.1.0.1")),
        ("BuildVersion", version("10.0.20348.2849")),
        ("CLRVersion", version("4.0.30319.42000")),
    ];
    let entries = table.into_iter().map(|(name, value)| (Value::from(name), value)).collect();
    vec![("PSVersionTable".into(), Value::hashtable(entries))]
}

/// Values of input that wait for a pipeline before its client has to.
fn input_queue() -> (mpsc::Sender<Item>, mpsc::Receiver<Item>) {
    mpsc::channel(64)
}

const POOL: Channel = Channel { pipeline: None, priority: Priority::Default };
/// A fragment's header and something behind it.
const SMALLEST_ROOM: usize = 512;
/// Bytes for the answer to a Connect, which says little.
const CONNECT_ROOM: usize = 32 * 1024;
/// Bytes thrown away at a time.
const DISCARDED: usize = 1024 * 1024;
