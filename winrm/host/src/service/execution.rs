//! A command that runs, or has run and is not forgotten yet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;
use winrm_proto::winrs::CommandId;

use crate::machine::console::{Console, Environment, Sink, Source};
use crate::machine::pipe::{PipeReader, PipeWriter, Stream, pipe};
use crate::machine::{Interpretation, Machine};
use crate::record::{Ended, Event, Record};

/// A command's state as the service sees it.
#[derive(Debug)]
pub(super) struct Execution {
    id: CommandId,
    line: String,
    pub(super) output: PipeReader,
    /// One Receive reads at a time; a second one waits for its turn.
    pub(super) reading: tokio::sync::Mutex<()>,
    stdin: Mutex<Option<PipeWriter>>,
    /// Why it is to end, said once.
    reason: OnceLock<Ended>,
    stop: CancellationToken,
    how: OnceLock<Ended>,
    ended: CancellationToken,
    /// The end has been told to the client.
    told: AtomicBool,
}

/// What to run.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) id: CommandId,
    pub(super) line: String,
    pub(super) how: Interpretation,
    pub(super) environment: Environment,
    pub(super) directory: String,
    pub(super) user: String,
}

impl Execution {
    /// Starts a command.
    pub(super) fn start(machine: Arc<Machine>, record: Record, start: Start) -> Arc<Self> {
        let (output, reader) = pipe(OUTPUT_SIZE);
        let (input, stdin) = pipe(INPUT_SIZE);
        let execution = Arc::new(Self {
            id: start.id,
            line: start.line.clone(),
            output: reader,
            reading: tokio::sync::Mutex::new(()),
            stdin: Mutex::new(Some(input)),
            reason: OnceLock::new(),
            stop: CancellationToken::new(),
            how: OnceLock::new(),
            ended: CancellationToken::new(),
            told: AtomicBool::new(false),
        });
        let console = Console {
            stdin: Source::Pipe(stdin),
            stdout: Sink::Pipe(output.clone(), Stream::Stdout),
            stderr: Sink::Pipe(output.clone(), Stream::Stderr),
            environment: start.environment,
            directory: start.directory,
            user: start.user,
        };
        let running = Arc::clone(&execution);
        let (line, how) = (start.line, start.how);
        tokio::spawn(async move {
            let ended = tokio::select! {
                biased;
                () = running.stop.cancelled() => running.reason.get().copied().unwrap_or(Ended::Terminated),
                code = machine.run(&line, how, console) => Ended::Exited(code),
            };
            // How it ended is known before the output ends, because a waiting Receive wakes at that.
            let how = *running.how.get_or_init(|| ended);
            record.write(Event::CommandEnded { command: running.id.to_string(), how });
            drop(output);
            running.ended.cancel();
        });
        execution
    }

    /// What was started.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    pub(super) fn id(&self) -> &CommandId {
        &self.id
    }

    /// Makes the command end in this way, if it has not ended.
    pub(super) fn stop(&self, how: Ended) {
        let _first = self.reason.set(how);
        self.stop.cancel();
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// How it ended, if it has.
    pub(super) fn how(&self) -> Option<Ended> {
        self.how.get().copied()
    }

    /// Waits until the command is taken away from under its readers. An interrupt is no such thing: its exit
    /// code is still to be collected.
    pub(super) async fn taken_away(&self) {
        self.stop.cancelled().await;
        if self.reason.get() == Some(&Ended::Interrupted) {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the client knows of the end. The first time this is true.
    pub(super) fn tell(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Where input goes, while it is open.
    pub(super) fn stdin(&self) -> Option<PipeWriter> {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the input.
    pub(super) fn close_stdin(&self) {
        drop(self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Bytes of output that wait for a Receive before the program has to.
const OUTPUT_SIZE: usize = 1024 * 1024;
/// Bytes of input that wait for the program before a Send has to.
const INPUT_SIZE: usize = 256 * 1024;
