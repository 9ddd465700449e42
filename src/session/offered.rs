//! What an endpoint says of itself: what it offers, by its own metadata, and its version.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use winrm::powershell::{GetCommandMetadata, ProgressRecord, Value};
use winrm_proto::clixml::Content;

use super::{SessionError, Sessions, called::Via, lease::Lease};
use crate::{
    call::{CallId, HostName, Outcome, Principal, Ran, StopReason},
    inventory::Target,
    policy::{Offered, OfferedCommand, OfferedParameter},
};

impl Sessions {
    /// What a host's endpoint offers to a principal, if it was asked already. Contacts nobody.
    #[must_use]
    pub fn known_offered(&self, host: &HostName, principal: &Principal) -> Option<Arc<Offered>> {
        let pool = self.lock().get(host).map(Arc::clone)?;
        pool.connected()?.runspaces.offered(principal)
    }

    /// The same, asking the host where it is not known.
    ///
    /// # Errors
    ///
    /// [`SessionError`].
    pub async fn offered(
        &self,
        target: &Target,
        principal: &Principal,
        call: &CallId,
        cancel: &CancellationToken,
    ) -> Result<Arc<Offered>, SessionError> {
        let deadline = Instant::now() + target.timeouts.command;
        self.lease(target, principal, deadline, cancel)?.offered(call).await
    }
}

impl Lease {
    /// The host's `$PSVersionTable`, which a runspace pool is told when it is opened, in the name of `call` where none is
    /// warm; nothing where the host has no endpoint, or did not say.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; nothing of the caller's ran then.
    pub async fn version_table(&self, call: &CallId) -> Result<Option<Value>, SessionError> {
        let runspaces = &self.warm.runspaces;
        if runspaces.way() == Via::WinRs {
            return Ok(None);
        }
        match self.within(Ran::No, self.warm.runspace_pool(&self.principal, call, None)).await? {
            Ok(pool) => Ok(pool.private_data().as_ref().and_then(version_table).cloned()),
            // The first command finds that too, and says so.
            Err(SessionError::Host(error)) if runspaces.may_go_another_way(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the host's endpoint offers to this principal. It is asked once, in the name of `call`; what an endpoint offers
    /// changes only when an administrator registers it anew.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; nothing of the caller's ran then.
    pub async fn offered(&self, call: &CallId) -> Result<Arc<Offered>, SessionError> {
        let runspaces = &self.warm.runspaces;
        if let Some(offered) = runspaces.offered(&self.principal) {
            return Ok(offered);
        }
        let pool = self.within(Ran::No, self.warm.runspace_pool(&self.principal, call, None)).await??;
        let request = GetCommandMetadata::named(&["*"]);
        let pipeline = self.within(Ran::No, pool.command_metadata(request)).await??;
        let answer = self.gather(pipeline, |_: &ProgressRecord| {}, None).await?;
        match answer.outcome {
            Outcome::Stopped(reason) | Outcome::StillRunning(reason) => {
                return Err(match reason {
                    StopReason::Deadline => SessionError::Deadline { ran: Ran::No },
                    StopReason::Cancelled => SessionError::Cancelled { ran: Ran::No },
                });
            }
            Outcome::Completed { .. } | Outcome::Unknown => {}
        }
        if let Some(error) = answer.terminating {
            return Err(SessionError::NoMetadata { message: error.message.as_str().to_owned() });
        }
        let offered = Arc::new(Offered::new(answer.output.iter().filter_map(command)));
        runspaces.learn(&self.principal, &offered);
        Ok(offered)
    }
}

fn version_table(private_data: &Value) -> Option<&Value> {
    match private_data.own_object().map(|object| &object.content) {
        Some(Content::Dictionary(entries)) => {
            let named = |name: &Value| name.to_string().eq_ignore_ascii_case("PSVersionTable");
            entries.iter().find(|(name, _)| named(name)).map(|(_, table)| table)
        }
        _ => None,
    }
}

/// A command as the endpoint describes it; what comes before them is their number.
fn command(value: &Value) -> Option<OfferedCommand> {
    let name = value.property("Name")?.to_string();
    let described = value.property("Parameters").and_then(Value::own_object);
    let parameters = match described.map(|described| &described.content) {
        Some(Content::Dictionary(entries)) => entries.iter().map(parameter).collect(),
        _ => Vec::new(),
    };
    Some(OfferedCommand { name, parameters })
}

fn parameter((name, description): &(Value, Value)) -> OfferedParameter {
    let type_name = description.property("ParameterType").filter(|value| !value.is_null());
    OfferedParameter {
        name: name.to_string(),
        type_name: type_name.map(ToString::to_string).unwrap_or_default(),
    }
}
