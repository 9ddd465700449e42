//! One call's use of a host: a program, text or a check here, typed commands in [`typed`](super::typed).

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
    call::{Outcome, Principal, Ran, StopReason},
    output::{Channel, Output, Piece},
    policy::{Authorized, Judged, JudgedProgram},
};

/// The right to run judged work on a host until a deadline. One serves all commands of a script.
#[derive(Debug)]
pub struct Lease {
    pub(super) warm: Warm,
    pub(super) principal: Principal,
    pub(super) deadline: Instant,
    pub(super) cancel: CancellationToken,
    /// About how many bytes one call may gather.
    pub(super) room: usize,
}

/// What goes to the host, made of the judged form alone.
pub(super) struct Prepared {
    command: Command,
    stdin: Option<Bytes>,
    working_directory: Option<String>,
}

impl Lease {
    /// Runs a program, text or a check. Output goes through `output`, and what is safe of it to `watcher` as it comes.
    ///
    /// # Errors
    ///
    /// [`SessionError`], which knows whether anything ran.
    pub async fn run(
        &self,
        authorized: Authorized,
        output: &mut Output,
        watcher: Option<&mpsc::Sender<Piece>>,
    ) -> Result<Outcome, SessionError> {
        let prepared = match authorized.into_judged() {
            Judged::Check => return self.check(output).await,
            Judged::Program(program) => Prepared::program(program),
            Judged::RawPowerShell(_) if !self.warm.runspaces.remoting().takes_text() => {
                return Err(SessionError::TextRoundEndpoint);
            }
            Judged::RawPowerShell(text) => Prepared::script(EncodedScript::new(&text)),
            Judged::Commands(_) | Judged::Reviewed(_) => return Err(SessionError::NotBytes),
        };
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
                    _sent = watcher.send(Piece::Text(channel, text)) => {}
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
    pub(super) async fn start(&self, prepared: Prepared) -> Result<Execution, SessionError> {
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
    pub(super) async fn within<T>(&self, ran: Ran, step: impl Future<Output = T>) -> Result<T, SessionError> {
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
    pub(super) async fn over(&self) -> StopReason {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => StopReason::Cancelled,
            () = sleep_until(self.deadline) => StopReason::Deadline,
        }
    }
}

impl Prepared {
    pub(super) fn script(script: EncodedScript) -> Self {
        let EncodedScript { executable, arguments, stdin } = script;
        Self { command: Command::cmd_line(executable).arguments(arguments), stdin, working_directory: None }
    }

    fn program(program: JudgedProgram) -> Self {
        // The judgement has quoted every word, so the line goes as it stands.
        let JudgedProgram { command, arguments, stdin, working_directory } = program;
        let command = Command::cmd_line(command).arguments(arguments);
        Self { command, stdin: stdin.map(Bytes::from), working_directory }
    }
}

pub(super) async fn stop(execution: &mut Execution, reason: StopReason) -> Outcome {
    match stopped(execution.stop(STOP_PATIENCE).await, reason) {
        Outcome::Stopped(_) if execution.has_exited() => {
            Outcome::Completed { exit_code: execution.exit_code() }
        }
        outcome => outcome,
    }
}

/// What a host's answer to a stop means.
pub(super) fn stopped(stopped: Stopped, reason: StopReason) -> Outcome {
    match stopped {
        Stopped::Confirmed => Outcome::Stopped(reason),
        Stopped::Unconfirmed => Outcome::StillRunning(reason),
    }
}

/// How long the host has to confirm a stop.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(5);
