//! One pipeline of a pool.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use winrm_proto::clixml::{ErrorRecord, Stream, Value};
use winrm_proto::psrp::{Command, GetCommandMetadata, HostMethod, PipelineState, PowerShell};
use winrm_proto::winrs::{CommandId, ShellId};
use winrm_script::value::Value as Item;

use super::{Pool, debugger, input_queue};
use crate::machine::powershell::{
    Emission, Fatal, Lock, Runspace, TypedCommand, WholeScript, describe, run_pipeline,
};
use crate::record::{Ended, Event};

/// A pipeline's state as the service sees it.
#[derive(Debug)]
pub(super) struct Pipeline {
    id: Uuid,
    shell: ShellId,
    command_id: CommandId,
    input: Mutex<Option<mpsc::Sender<Item>>>,
    /// Its first message has come whole, or never will.
    begun: AtomicBool,
    /// Why it is to end, said once.
    reason: OnceLock<Ended>,
    stop: CancellationToken,
    /// Its last message is written.
    over: AtomicBool,
    ended: CancellationToken,
    /// The client knows of the end.
    told: AtomicBool,
    /// Bytes that wait for a Receive.
    held: AtomicUsize,
    /// The client has a host that can be asked.
    interactive: AtomicBool,
}

impl Pipeline {
    pub(super) fn new(id: Uuid, shell: ShellId, command_id: CommandId) -> Self {
        Self {
            id,
            shell,
            command_id,
            input: Mutex::new(None),
            begun: AtomicBool::new(false),
            reason: OnceLock::new(),
            stop: CancellationToken::new(),
            over: AtomicBool::new(false),
            ended: CancellationToken::new(),
            told: AtomicBool::new(false),
            held: AtomicUsize::new(0),
            interactive: AtomicBool::new(false),
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn command_id(&self) -> &CommandId {
        &self.command_id
    }

    /// Opens its input; the receiver is the pipeline's.
    pub(super) fn open_input(&self) -> mpsc::Receiver<Item> {
        let (sender, receiver) = input_queue();
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    pub(super) fn input(&self) -> Option<mpsc::Sender<Item>> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn close_input(&self) {
        drop(self.input.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Says that it runs from now on, unless it was stopped before all of its first message had come.
    pub(super) fn begin(&self) -> bool {
        !self.begun.swap(true, Ordering::AcqRel)
    }

    /// Makes it end in this way, if it has not ended. One that never began has ended with that.
    pub(super) fn stop(&self, how: Ended) {
        let _first = self.reason.set(how);
        self.stop.cancel();
        if !self.begun.swap(true, Ordering::AcqRel) {
            self.over.store(true, Ordering::Release);
            self.ended.cancel();
        }
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Waits until the pipeline is closed under its readers. A stopped one still has something to say.
    pub(super) async fn taken_away(&self) {
        self.stop.cancelled().await;
        if self.reason.get() == Some(&Ended::Interrupted) {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_interactive(&self) {
        self.interactive.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_interactive(&self) -> bool {
        self.interactive.load(Ordering::Relaxed)
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes.min(self.held.load(Ordering::Acquire)), Ordering::AcqRel);
    }
}

/// Runs a pipeline's statements to their end, or until it is stopped.
pub(super) async fn run(
    pool: Arc<Pool>,
    pipeline: Arc<Pipeline>,
    shell: PowerShell,
    input: Option<mpsc::Receiver<Item>>,
) {
    let commands = shell.statements.iter().flatten();
    pool.record.write(Event::Pipeline {
        shell: pipeline.shell.to_string(),
        pipeline: pipeline.command_id.to_string(),
        commands: commands.map(recorded).collect(),
    });
    let outcome = tokio::select! {
        biased;
        () = pipeline.stop.cancelled() => Outcome::Stopped,
        outcome = execute(&pool, &pipeline, shell, input) => outcome,
    };
    finish(&pool, &pipeline, outcome);
}

/// Answers a question for what commands there are.
pub(super) async fn describe_commands(pool: Arc<Pool>, pipeline: Arc<Pipeline>, request: GetCommandMetadata) {
    let names: Vec<String> = request.names.iter().map(ToString::to_string).collect();
    for value in describe(&pool.runspaces.scope(), &names) {
        pool.write(&pipeline, Stream::Output, value).await;
    }
    finish(&pool, &pipeline, Outcome::Completed);
}

enum Outcome {
    Completed,
    Failed(Box<ErrorRecord>),
    Stopped,
}

async fn execute(
    pool: &Pool,
    pipeline: &Pipeline,
    shell: PowerShell,
    input: Option<mpsc::Receiver<Item>>,
) -> Outcome {
    let runspace =
        if shell.is_nested { pool.runspaces.take_nested().await } else { pool.runspaces.take().await };
    let mut input = input;
    for statement in shell.statements {
        if let Some(lock) = the_lock(&statement, &runspace) {
            match lock.put_on(&runspace, pool.lock) {
                Ok(()) => continue,
                Err(record) => return Outcome::Failed(record),
            }
        }
        if pool.debugged.load(Ordering::Relaxed)
            && let Some(breakpoint) = debugger::breakpoint(&statement)
        {
            pool.write(pipeline, Stream::Output, breakpoint).await;
            continue;
        }
        let (sender, receiver) = mpsc::channel(64);
        let forwarding = forward(pool, pipeline, receiver);
        let fatal = if let Some(script) = WholeScript::asked(&statement, &runspace.scope()) {
            tokio::join!(script.run(&pool.machine, &runspace, sender), forwarding).1
        } else {
            let mut commands = Vec::new();
            for command in statement {
                match TypedCommand::of_pipeline(&command, &runspace.scope()) {
                    Ok(typed) => commands.extend(typed),
                    Err(record) => return Outcome::Failed(record),
                }
            }
            let running = run_pipeline(&pool.machine, &runspace, commands, input.take(), sender);
            tokio::join!(running, forwarding).1
        };
        if let Some(Fatal(record)) = fatal {
            return Outcome::Failed(record);
        }
    }
    Outcome::Completed
}

/// The lock, where a statement is that and the runspace takes text.
fn the_lock(statement: &[Command], runspace: &Runspace) -> Option<Lock> {
    match statement {
        [only] if runspace.scope().has_language() => Lock::asked(only),
        _ => None,
    }
}

/// Writes what a pipeline says as messages; a fatal error is not one of them but the pipeline's end.
async fn forward(pool: &Pool, pipeline: &Pipeline, mut emissions: mpsc::Receiver<Emission>) -> Option<Fatal> {
    let mut fatal = None;
    while let Some(emission) = emissions.recv().await {
        match emission.into_record() {
            Ok((stream, record)) => pool.write(pipeline, stream, record).await,
            Err(Emission::Fatal(error)) => fatal = Some(error),
            Err(Emission::Ask { question, answer }) => pool.ask(pipeline, &question, answer),
            Err(Emission::Host(line)) => {
                pool.tell_host(pipeline, HostMethod::WriteLine2, Value::from(line.as_str()));
            }
            Err(Emission::Exit(code)) => {
                pool.tell_host(pipeline, HostMethod::SetShouldExit, Value::Int32(code));
            }
            Err(_) => {}
        }
    }
    fatal
}

/// The pipeline's last message, and its end on the record.
fn finish(pool: &Pool, pipeline: &Pipeline, outcome: Outcome) {
    let (state, error, how) = match outcome {
        Outcome::Completed => (PipelineState::Completed, None, Ended::Exited(0)),
        Outcome::Failed(record) => (PipelineState::Failed, Some(record.to_value()), Ended::Exited(1)),
        Outcome::Stopped => {
            (PipelineState::Stopped, None, pipeline.reason.get().copied().unwrap_or(Ended::Interrupted))
        }
    };
    let mut protocol = pool.protocol();
    let before = protocol.pending();
    // A pipeline that the protocol has forgotten already needs no state.
    let _stated = protocol.set_pipeline_state(pipeline.id, state, error).ok();
    pipeline.held.fetch_add(protocol.pending().saturating_sub(before), Ordering::AcqRel);
    drop(protocol);
    pipeline.close_input();
    pool.record.write(Event::CommandEnded { command: pipeline.command_id.to_string(), how });
    pipeline.over.store(true, Ordering::Release);
    pipeline.ended.cancel();
    pool.news.notify_waiters();
}

impl Pool {
    /// Calls a method of the client's host that answers nothing.
    fn tell_host(&self, pipeline: &Pipeline, method: HostMethod, parameter: Value) {
        // A pipeline that is over has no host to call.
        let _called = self.protocol().call_host(Some(pipeline.id), method, vec![parameter]).ok();
        self.news.notify_waiters();
    }

    /// Writes a value to one of a pipeline's streams, and waits while the client has too much to collect.
    async fn write(&self, pipeline: &Pipeline, stream: Stream, value: Value) {
        {
            let mut protocol = self.protocol();
            let before = protocol.pending();
            if protocol.write(pipeline.id, stream, value).is_err() {
                return;
            }
            pipeline.held.fetch_add(protocol.pending().saturating_sub(before), Ordering::AcqRel);
        }
        self.news.notify_waiters();
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            if pipeline.held.load(Ordering::Acquire) < OUTPUT_SIZE {
                return;
            }
            room.await;
        }
    }
}

fn recorded(command: &Command) -> crate::record::PipelineCommand {
    crate::record::PipelineCommand {
        text: command.text.to_string(),
        kind: command.kind,
        parameters: command
            .parameters
            .iter()
            .map(|parameter| (parameter.name.as_ref().map(ToString::to_string), parameter.value.to_string()))
            .collect(),
    }
}

/// Bytes of output that wait for a Receive before a pipeline has to.
const OUTPUT_SIZE: usize = 1024 * 1024;
