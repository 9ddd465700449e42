//! A reviewed script in a runspace of its own.

use tokio::sync::mpsc;
use winrm::powershell::{Command, PowerShell, ProgressRecord};
use winrm_proto::wsman::fault::Cause;
use winrm_script::typed::Argument;

use super::{
    SessionError,
    called::{Called, Via, Written},
    lease::Lease,
};
use crate::{
    call::{CallId, Ran},
    inventory::{Lockdown, Remoting},
    policy::JudgedScript,
};

impl Lease {
    /// Sends the whole script with its values as data. Its runspace is opened for it, since it may leave anything behind,
    /// and closed after it. Where a host takes no scripts over its endpoint nothing is sent in another way: as a command
    /// line the values would be text.
    pub(super) async fn run_reviewed(
        &self,
        script: &JudgedScript,
        call: &CallId,
        progress: impl Fn(&ProgressRecord) + Send,
        taker: Option<&mpsc::Sender<Written>>,
    ) -> Result<Called, SessionError> {
        let runspaces = &self.warm.runspaces;
        if runspaces.remoting().lockdown == Lockdown::On {
            return Err(SessionError::ScriptWhereLocked);
        }
        if runspaces.way() == Via::WinRs {
            return Err(SessionError::NoEndpointForScripts);
        }
        let opened = self.within(Ran::No, self.warm.runspace_for_one(&self.principal, call)).await?;
        let pool = opened.map_err(|error| absent(error, runspaces.remoting()))?;
        let pipeline = PowerShell::new(vec![as_script(script)]);
        let pipeline = self.within(Ran::Unknown, pool.start(pipeline)).await??;
        let called = self.gather(pipeline, progress, taker).await?;
        let refused = called.terminating.as_ref().map(|error| error.fully_qualified_error_id.as_str());
        if refused == Some(NO_SCRIPTS) {
            let endpoint = runspaces.remoting().endpoint().to_owned();
            return Err(SessionError::NoScripts { endpoint });
        }
        Ok(called)
    }
}

/// The only place where text becomes a command of a pipeline.
fn as_script(script: &JudgedScript) -> Command {
    script.call.arguments().iter().fold(Command::script(&script.text), |sent, argument| match argument {
        Argument::Parameter { name, value: Some(value) } => sent.parameter(name.as_str(), value.to_clixml()),
        Argument::Parameter { name, value: None } => sent.parameter(name.as_str(), true),
        Argument::Value(value) => sent.argument(value.to_clixml()),
    })
}

/// The host's own endpoint may be missing; one that somebody named is asked for by its name.
fn absent(error: SessionError, remoting: &Remoting) -> SessionError {
    let SessionError::Host(host) = &error else { return error };
    let is_absent = host.fault().is_some_and(|fault| Cause::from_fault(fault) == Cause::ResourceNotFound);
    if is_absent && remoting.configuration_name.is_none() {
        SessionError::NoEndpointForScripts
    } else {
        error
    }
}

/// What a runspace without a language says of text.
const NO_SCRIPTS: &str = "ScriptsNotAllowed";
