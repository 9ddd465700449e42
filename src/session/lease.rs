//! One call's use of a host.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use winrm::{Command, Event, Execution, Stopped, powershell::EncodedScript};

use super::{SessionError, pool::Warm};
use crate::{
    call::{Outcome, Ran, StopReason},
    output::{Channel, Output},
    policy::{Authorized, Judged, JudgedProgram},
};

/// The right to run one piece of judged work on a host.
#[derive(Debug)]
pub struct Lease {
    pub(super) warm: Warm,
    pub(super) deadline: Instant,
    pub(super) cancel: CancellationToken,
}

/// What goes to the host, made of the judged form alone.
struct Prepared {
    command: Command,
    stdin: Option<Bytes>,
    working_directory: Option<String>,
}

impl Lease {
    /// Runs the work. Output goes through `output`, and what is safe of it to `watcher` as it comes.
    ///
    /// # Errors
    ///
    /// [`SessionError`], which knows whether anything ran.
    pub async fn run(
        self,
        authorized: Authorized,
        output: &mut Output,
        watcher: Option<&mpsc::Sender<(Channel, String)>>,
    ) -> Result<Outcome, SessionError> {
        let Some(prepared) = Prepared::new(authorized.into_judged()) else { return self.check(output).await };
        let mut execution = self.start(prepared).await?;
        loop {
            let event = tokio::select! {
                biased;
                reason = self.over() => return Ok(stop(&mut execution, reason).await),
                event = execution.next() => event?,
            };
            let Some(event) = event else {
                return Ok(Outcome::Completed { exit_code: execution.exit_code() });
            };
            let (channel, bytes) = match event {
                Event::Stdout(bytes) => (Channel::Stdout, bytes),
                Event::Stderr(bytes) => (Channel::Stderr, bytes),
            };
            let text = output.push(channel, &bytes);
            if let Some(watcher) = watcher.filter(|_| !text.is_empty()) {
                tokio::select! {
                    biased;
                    reason = self.over() => return Ok(stop(&mut execution, reason).await),
                    // A watcher that left does not end the call: whoever owns it cancels.
                    _sent = watcher.send((channel, text)) => {}
                }
            }
        }
    }

    /// Says what answers, without running anything.
    async fn check(&self, output: &mut Output) -> Result<Outcome, SessionError> {
        let identity = self.within(Ran::No, self.warm.client.identify()).await??;
        output.push(Channel::Stdout, super::describe(&identity).as_bytes());
        Ok(Outcome::Completed { exit_code: Some(0) })
    }

    /// Opens the shell if it is not warm, and starts the command.
    async fn start(&self, prepared: Prepared) -> Result<Execution, SessionError> {
        let Prepared { command, stdin, working_directory } = prepared;
        let shell: Arc<_> = self.within(Ran::No, self.warm.shell(working_directory)).await??;
        let mut execution = self.within(Ran::Unknown, shell.start(command)).await??;
        if let Some(stdin) = stdin {
            execution.write_stdin(stdin);
        }
        // A program that reads would wait for ever; one that does not is over before this costs a request.
        execution.close_stdin();
        Ok(execution)
    }

    /// Awaits a step that the deadline or the caller may cut short; `ran` is what is known then.
    async fn within<T>(&self, ran: Ran, step: impl Future<Output = T>) -> Result<T, SessionError> {
        tokio::select! {
            biased;
            reason = self.over() => Err(match reason {
                StopReason::Deadline => SessionError::Deadline { ran },
                StopReason::Cancelled => SessionError::Cancelled { ran },
            }),
            done = step => Ok(done),
        }
    }

    /// Completes when the call has to end.
    async fn over(&self) -> StopReason {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => StopReason::Cancelled,
            () = sleep_until(self.deadline) => StopReason::Deadline,
        }
    }
}

impl Prepared {
    /// Nothing is prepared for a check.
    fn new(judged: Judged) -> Option<Self> {
        match judged {
            Judged::Commands(pipeline) => Some(Self::powershell(&pipeline.render())),
            Judged::RawPowerShell(text) => Some(Self::powershell(&text)),
            Judged::Program(program) => Some(Self::program(program)),
            Judged::Check => None,
        }
    }

    fn powershell(text: &str) -> Self {
        let EncodedScript { executable, arguments, stdin } = EncodedScript::new(text);
        Self { command: Command::cmd_line(executable).arguments(arguments), stdin, working_directory: None }
    }

    fn program(program: JudgedProgram) -> Self {
        // The judgement has quoted every word, so the line goes as it stands.
        let JudgedProgram { command, arguments, stdin, working_directory } = program;
        let command = Command::cmd_line(command).arguments(arguments);
        Self { command, stdin: stdin.map(Bytes::from), working_directory }
    }
}

async fn stop(execution: &mut Execution, reason: StopReason) -> Outcome {
    match execution.stop(STOP_PATIENCE).await {
        Stopped::Confirmed if execution.has_exited() => {
            Outcome::Completed { exit_code: execution.exit_code() }
        }
        Stopped::Confirmed => Outcome::Stopped(reason),
        Stopped::Unconfirmed => Outcome::StillRunning(reason),
    }
}

/// How long the host has to confirm a stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
