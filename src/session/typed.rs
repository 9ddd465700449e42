//! Typed commands in a runspace of the host.

use tokio::sync::mpsc;
use winrm::powershell::{self, Command, Pipeline, PowerShell, ProgressRecord};
use winrm_script::{
    commands,
    static_command::ParameterName,
    typed::{Argument, TypedCommand, TypedPipeline},
    value::Value,
};

use super::{
    SessionError,
    called::{Called, Full, Gathering, Via, Written},
    lease::{self, Lease},
};
use crate::{
    call::{CallId, Ran, StopReason},
    inventory::Remoting,
    policy::{Authorized, Judged},
};

impl Lease {
    /// Sends typed commands, as data and never as text where the host has a PowerShell endpoint, or a reviewed script, and
    /// gathers what they write. `progress` hears how far they are; where somebody takes what they write as it comes, it is not gathered,
    /// but for errors.
    ///
    /// # Errors
    ///
    /// [`SessionError`], which knows whether anything ran; [`SessionError::NotCommands`] for work of another kind,
    /// which is for [`Lease::run`].
    pub async fn call(
        &self,
        authorized: Authorized,
        progress: impl Fn(&ProgressRecord) + Send,
        taker: Option<&mpsc::Sender<Written>>,
    ) -> Result<Called, SessionError> {
        let call = authorized.call().clone();
        let commands = match authorized.into_judged() {
            Judged::Commands(commands) => commands,
            Judged::Reviewed(script) => return self.run_reviewed(&script, &call, progress, taker).await,
            Judged::RawPowerShell(_) | Judged::Program(_) | Judged::Check => {
                return Err(SessionError::NotCommands);
            }
        };
        if self.warm.runspaces.way() == Via::WinRs {
            return self.call_as_text(&commands, &progress).await;
        }
        match self.start_pipeline(&commands, &call).await {
            Ok(pipeline) => self.gather(pipeline, &progress, taker).await,
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
        let pool =
            self.within(Ran::No, self.warm.runspace_pool(&self.principal, call, Some(commands))).await??;
        let pipeline = pipeline(commands, self.warm.runspaces.remoting());
        Ok(self.within(Ran::Unknown, pool.start(pipeline)).await??)
    }

    pub(super) async fn gather(
        &self,
        mut pipeline: Pipeline,
        progress: impl Fn(&ProgressRecord),
        taker: Option<&mpsc::Sender<Written>>,
    ) -> Result<Called, SessionError> {
        let mut gathering = Gathering::new(Via::Psrp, self.room);
        loop {
            let event = tokio::select! {
                biased;
                reason = self.over() => return Ok(stop(&mut pipeline, gathering, reason).await),
                event = pipeline.next() => event?,
            };
            let Some(event) = event else { return Ok(gathering.ended(pipeline.outcome())) };
            let event = match taker {
                None => event,
                Some(taker) => match gathering.pass_on(event) {
                    Err(event) => event,
                    Ok(written) => {
                        tokio::select! {
                            biased;
                            reason = self.over() => return Ok(stop(&mut pipeline, gathering, reason).await),
                            // Whoever left needs nothing more.
                            _sent = taker.send(written) => continue,
                        }
                    }
                },
            };
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

async fn stop(pipeline: &mut Pipeline, gathering: Gathering, reason: StopReason) -> Called {
    let stopped = pipeline.stop(lease::STOP_PATIENCE).await;
    match (pipeline.outcome(), lease::stopped(stopped, reason)) {
        // It ended by itself before the Signal reached it.
        (end @ Some(powershell::Outcome::Completed | powershell::Outcome::Failed(_)), _) => {
            gathering.ended(end)
        }
        (_, outcome) => gathering.with(outcome),
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
                sent.parameter(name.as_str(), alone(plain, name, value).to_clixml())
            }
            Argument::Parameter { name, value: None } => {
                let own = |next: &&Argument| matches!(next, Argument::Value(_)) && !is_switch(plain, name);
                match arguments.next_if(own) {
                    Some(Argument::Value(value)) => {
                        sent.parameter(name.as_str(), alone(plain, name, value).to_clixml())
                    }
                    _ => sent.parameter(name.as_str(), true),
                }
            }
        };
    }
    sent
}

/// The only element of an array, for a parameter of which every value is one of several: that is how a person writes it,
/// and PowerShell makes the same array of it.
fn alone(command: &str, parameter: &ParameterName, value: &Value) -> Value {
    let takes_several = || {
        let known = commands::find(command).and_then(|command| command.parameter(parameter.as_str()));
        known.is_some_and(|known| known.type_name().ends_with("[]") && known.type_name() != "object[]")
    };
    match value {
        Value::Array(array) if array.len() == 1 && takes_several() => {
            array.item(0).filter(|item| !matches!(item, Value::Array(_))).unwrap_or_else(|| value.clone())
        }
        _ => value.clone(),
    }
}

/// Whether the value behind a parameter is not its own. Of a command that nobody knows it is: if that is wrong, the host
/// refuses the value, and nothing else runs instead.
fn is_switch(command: &str, parameter: &ParameterName) -> bool {
    let known = commands::find(command).and_then(|command| command.parameter(parameter.as_str()));
    known.is_some_and(commands::Parameter::is_switch)
}

#[cfg(test)]
mod tests {
    use winrm_script::static_command::CommandName;

    use super::*;

    fn sent(command: &str, parameter: &str, value: Value) -> powershell::Value {
        let name = ParameterName::new(parameter).unwrap();
        let arguments = vec![Argument::Parameter { name, value: Some(value) }];
        let command = TypedCommand::new(CommandName::new(command).unwrap(), arguments).unwrap();
        as_data(&command, &Remoting::default()).parameters.remove(0).value
    }

    #[test]
    fn one_of_several_travels_alone_and_an_object_as_it_is() {
        let one = || Value::array(vec!["W3SVC".into()]);
        let two = || Value::array(vec!["W3SVC".into(), "WAS".into()]);
        assert_eq!(sent("Get-Service", "Name", one()), "W3SVC".into());
        assert_eq!(sent("Get-Service", "Name", two()), two().to_clixml());
        assert_eq!(sent("ConvertTo-Json", "InputObject", one()), one().to_clixml());
        assert_eq!(sent("Get-Unknown", "Name", one()), one().to_clixml());
    }
}
