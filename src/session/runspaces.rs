//! Warm runspace pools: one for each principal on a host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use winrm::{
    Client,
    powershell::{PoolOptions, RunspacePool},
};
use winrm_proto::wsman::fault::Cause;

use super::called::Via;
use crate::{
    call::{CallId, Principal},
    inventory::Remoting,
};

/// The pools of one host, and whether it has any.
#[derive(Debug)]
pub(super) struct Runspaces {
    remoting: Remoting,
    /// A principal's variables and modules are nobody else's business, so each has a pool.
    pools: Mutex<HashMap<Principal, Arc<Slot>>>,
    /// How commands reach this host, once that is known to be another way than its endpoint.
    way: Mutex<Via>,
}

/// Locked while a pool is opened, so that calls that come together open one and not several.
type Slot = tokio::sync::Mutex<Option<Arc<RunspacePool>>>;

impl Runspaces {
    pub(super) fn new(remoting: Remoting) -> Self {
        Self { remoting, pools: Mutex::default(), way: Mutex::new(Via::Psrp) }
    }

    pub(super) fn remoting(&self) -> &Remoting {
        &self.remoting
    }

    /// How commands reach the host, by what is known so far.
    pub(super) fn way(&self) -> Via {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that the host has no PowerShell endpoint, and says whether that was not known before.
    pub(super) fn has_no_endpoint(&self) -> bool {
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *way, Via::WinRs) == Via::Psrp
    }

    /// Whether an error says that the endpoint is not there, and commands may travel as text instead.
    ///
    /// Where the configuration names an endpoint, or has runspaces locked, that is what was meant to judge: nothing
    /// goes round it.
    pub(super) fn may_go_another_way(&self, error: &winrm::Error) -> bool {
        let absent = error.fault().is_some_and(|fault| Cause::from_fault(fault) == Cause::ResourceNotFound);
        absent && self.remoting == Remoting::default()
    }

    /// The pool of a principal: the warm one, or a new one under the name of this call.
    pub(super) async fn pool(
        &self,
        client: &Client,
        shell_name: &str,
        principal: &Principal,
        call: &CallId,
    ) -> Result<Arc<RunspacePool>, winrm::Error> {
        let slot = self.slot(principal);
        let mut pool = slot.lock().await;
        if let Some(pool) = pool.as_ref() {
            return Ok(Arc::clone(pool));
        }
        let opened = client.open_runspace_pool(self.options(shell_name, principal, call)).await?;
        Ok(Arc::clone(pool.insert(Arc::new(opened))))
    }

    fn slot(&self, principal: &Principal) -> Arc<Slot> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pools.entry(principal.clone()).or_default())
    }

    /// The names let an administrator join what the host logs about its runspaces with our audit.
    fn options(&self, shell_name: &str, principal: &Principal, call: &CallId) -> PoolOptions {
        let mut options = PoolOptions::default();
        self.remoting.endpoint().clone_into(&mut options.configuration_name);
        options.name = Some(format!("{shell_name} {call}"));
        options.max_runspaces = MAX_RUNSPACES;
        options.application_arguments = vec![
            ("WinRmMcpShell".to_owned(), shell_name.into()),
            ("WinRmMcpCall".to_owned(), call.as_str().into()),
            ("WinRmMcpPrincipal".to_owned(), principal.as_str().into()),
        ];
        options
    }
}

/// As many pipelines run at a time in one pool; `winrm::ClientConfig::concurrency` has the same number for a host.
pub(super) const MAX_RUNSPACES: i32 = 16;
