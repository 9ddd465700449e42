//! Typed commands in a runspace of the host.

use winrm::powershell::{Command, Pipeline, PowerShell, ProgressRecord};
use winrm_script::{
    commands,
    static_command::ParameterName,
    typed::{Argument, TypedCommand, TypedPipeline},
};

use super::{
    SessionError,
    called::{Called, Full, Gathering, Via},
    lease::{self, Lease},
};
use crate::{
    call::{CallId, Ran},
    inventory::Remoting,
    policy::{Authorized, Judged},
};

impl Lease {
    /// Sends typed commands, as data and never as text where the host has a PowerShell endpoint, and gathers what they
    /// write. `progress` hears how far they are.
    ///
    /// # Errors
    ///
    /// [`SessionError`], which knows whether anything ran; [`SessionError::NotCommands`] for work of another kind,
    /// which is for [`Lease::run`].
    pub async fn call(
        &self,
        authorized: Authorized,
        progress: impl Fn(&ProgressRecord) + Send,
    ) -> Result<Called, SessionError> {
        let call = authorized.call().clone();
        let Judged::Commands(commands) = authorized.into_judged() else {
            return Err(SessionError::NotCommands);
        };
        if self.warm.runspaces.way() == Via::WinRs {
            return self.call_as_text(&commands, &progress).await;
        }
        match self.start_pipeline(&commands, &call).await {
            Ok(pipeline) => self.gather(pipeline, &progress).await,
            Err(SessionError::Host(error)) if self.warm.runspaces.may_go_another_way(&error) => {
                if self.warm.runspaces.has_no_endpoint() {
                    tracing::warn!(
                        host = %self.warm.host,
                        "the host has no PowerShell endpoint: commands go to powershell.exe as text"
                    );
                }
                self.call_as_text(&commands, &progress).await
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the pool if it is not warm, and starts the pipeline.
    async fn start_pipeline(
        &self,
        commands: &TypedPipeline,
        call: &CallId,
    ) -> Result<Pipeline, SessionError> {
        let pool = self.within(Ran::No, self.warm.runspace_pool(&self.principal, call, commands)).await??;
        let pipeline = pipeline(commands, self.warm.runspaces.remoting());
        Ok(self.within(Ran::Unknown, pool.start(pipeline)).await??)
    }

    async fn gather(
        &self,
        mut pipeline: Pipeline,
        progress: impl Fn(&ProgressRecord),
    ) -> Result<Called, SessionError> {
        let mut gathering = Gathering::new(Via::Psrp, self.room);
        loop {
            let event = tokio::select! {
                biased;
                reason = self.over() => {
                    let stopped = pipeline.stop(lease::STOP_PATIENCE).await;
                    return Ok(match (pipeline.outcome(), lease::stopped(stopped, reason)) {
                        // It ended by itself before the Signal reached it.
                        (end @ Some(winrm::powershell::Outcome::Completed
                            | winrm::powershell::Outcome::Failed(_)), _) => gathering.ended(end),
                        (_, outcome) => gathering.with(outcome),
                    });
                }
                event = pipeline.next() => event?,
            };
            let Some(event) = event else { return Ok(gathering.ended(pipeline.outcome())) };
            match gathering.take(event) {
                Ok(Some(record)) => progress(&record),
                Ok(None) => {}
                Err(Full) => {
                    let stopped = pipeline.stop(lease::STOP_PATIENCE).await;
                    return Err(SessionError::TooMuch { limit: self.room, stopped });
                }
            }
        }
    }
}

/// The commands as PowerShell's remoting protocol carries them.
fn pipeline(commands: &TypedPipeline, remoting: &Remoting) -> PowerShell {
    PowerShell::new(commands.commands().map(|command| as_data(command, remoting)).collect())
}

/// A full endpoint is told whose command is meant, for a function, an alias or a program of the same name comes before a
/// cmdlet. One of Just Enough Administration knows plain names only.
fn as_data(command: &TypedCommand, remoting: &Remoting) -> Command {
    let plain = command.name();
    let name = match command.module().filter(|_| remoting.is_full()) {
        Some(module) => format!("{module}\\{plain}"),
        None => plain.to_owned(),
    };
    let mut sent = Command::new(&name);
    let mut arguments = command.arguments().iter().peekable();
    while let Some(argument) = arguments.next() {
        sent = match argument {
            Argument::Value(value) => sent.argument(value.to_clixml()),
            Argument::Parameter { name, value: Some(value) } => {
                sent.parameter(name.as_str(), value.to_clixml())
            }
            Argument::Parameter { name, value: None } => {
                let own = |next: &&Argument| matches!(next, Argument::Value(_)) && !is_switch(plain, name);
                match arguments.next_if(own) {
                    Some(Argument::Value(value)) => sent.parameter(name.as_str(), value.to_clixml()),
                    _ => sent.parameter(name.as_str(), true),
                }
            }
        };
    }
    sent
}

/// Whether the value behind a parameter is not its own. Of a command that nobody knows it is: if that is wrong, the host
/// refuses the value, and nothing else runs instead.
fn is_switch(command: &str, parameter: &ParameterName) -> bool {
    let known = commands::find(command).and_then(|command| command.parameter(parameter.as_str()));
    known.is_some_and(commands::Parameter::is_switch)
}
