//! Warm runspace pools: one for each principal on a host.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use winrm::{
    Client,
    powershell::{Lock, PoolOptions, RunspacePool},
};
use winrm_proto::wsman::fault::Cause;
use winrm_script::typed::{TypedCommand, TypedPipeline};

use super::{SessionError, called::Via};
use crate::{
    call::{CallId, Principal},
    inventory::{Lockdown, Remoting},
    policy::Offered,
};

/// The pools of one host, and whether it has any.
#[derive(Debug)]
pub(super) struct Runspaces {
    remoting: Remoting,
    /// A principal's variables and modules are nobody else's business, so each has a pool.
    pools: Mutex<HashMap<Principal, Arc<Slot>>>,
    /// What the endpoint offers to each principal, once it was asked.
    offered: Mutex<HashMap<Principal, Arc<Offered>>>,
    /// How commands reach this host, once that is known to be another way than its endpoint.
    way: Mutex<Via>,
}

/// Locked while a pool is opened, so that calls that come together open one and not several.
type Slot = tokio::sync::Mutex<Option<Open>>;

/// A pool, and what its runspace is locked to.
#[derive(Debug)]
struct Open {
    pool: Arc<RunspacePool>,
    shown: Shown,
}

/// The commands that a locked runspace shows, by their names in small letters; empty where nothing is locked.
type Shown = BTreeMap<String, String>;

/// Whose pool is wanted, and what for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) client: &'a Client,
    pub(super) shell_name: &'a str,
    pub(super) principal: &'a Principal,
    pub(super) call: &'a CallId,
    /// What a locked runspace has to show.
    pub(super) commands: Option<&'a TypedPipeline>,
}

impl Runspaces {
    pub(super) fn new(remoting: Remoting) -> Self {
        Self { remoting, pools: Mutex::default(), offered: Mutex::default(), way: Mutex::new(Via::Psrp) }
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
        absent && self.remoting.takes_text()
    }

    /// The pool of a principal: the warm one, or a new one under the name of this call.
    ///
    /// A locked runspace shows what was judged and sent so far, and nothing else that the policy would allow: a pool that
    /// does not show a command yet is replaced by one that does.
    pub(super) async fn pool(&self, wanted: Wanted<'_>) -> Result<Arc<RunspacePool>, SessionError> {
        let slot = self.slot(wanted.principal);
        let mut open = slot.lock().await;
        let mut shown = open.as_ref().map(|open| open.shown.clone()).unwrap_or_default();
        if self.remoting.lockdown == Lockdown::On {
            let names = wanted.commands.into_iter().flat_map(TypedPipeline::commands).map(TypedCommand::name);
            shown.extend(names.map(|name| (name.to_ascii_lowercase(), name.to_owned())));
        }
        if let Some(open) = open.as_ref().filter(|open| open.shown.len() == shown.len()) {
            return Ok(Arc::clone(&open.pool));
        }
        let pool = Arc::new(wanted.client.open_runspace_pool(self.options(wanted, &shown)?).await?);
        *open = Some(Open { pool: Arc::clone(&pool), shown });
        Ok(pool)
    }

    /// A pool of one runspace that nobody else uses. It is not locked: nothing runs in it where locks are wanted.
    pub(super) async fn for_one(&self, wanted: Wanted<'_>) -> Result<RunspacePool, SessionError> {
        let mut options = self.options(wanted, &Shown::new())?;
        options.max_runspaces = 1;
        Ok(wanted.client.open_runspace_pool(options).await?)
    }

    /// What the endpoint offers to a principal, if it was asked.
    pub(super) fn offered(&self, principal: &Principal) -> Option<Arc<Offered>> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner).get(principal).cloned()
    }

    pub(super) fn learn(&self, principal: &Principal, offered: &Arc<Offered>) {
        let mut known = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(principal.clone(), Arc::clone(offered));
    }

    fn slot(&self, principal: &Principal) -> Arc<Slot> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pools.entry(principal.clone()).or_default())
    }

    /// The names let an administrator join what the host logs about its runspaces with our audit.
    fn options(&self, wanted: Wanted<'_>, shown: &Shown) -> Result<PoolOptions, SessionError> {
        let Wanted { shell_name, principal, call, .. } = wanted;
        let mut options = PoolOptions::default();
        self.remoting.endpoint().clone_into(&mut options.configuration_name);
        options.name = Some(format!("{shell_name} {call}"));
        options.application_arguments = vec![
            ("WinRmMcpShell".to_owned(), shell_name.into()),
            ("WinRmMcpCall".to_owned(), call.as_str().into()),
            ("WinRmMcpPrincipal".to_owned(), principal.as_str().into()),
        ];
        match self.remoting.lockdown {
            Lockdown::Off => options.max_runspaces = MAX_RUNSPACES,
            // A second runspace of the pool would not be locked.
            Lockdown::On => options.lock = Some(Lock::to(shown.values().cloned())?),
        }
        Ok(options)
    }
}

/// As many pipelines run at a time in one pool; `winrm::ClientConfig::concurrency` has the same number for a host.
pub(super) const MAX_RUNSPACES: i32 = 16;
