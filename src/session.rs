//! Warm shells on hosts, leased to one call at a time: the only user of the `winrm` crate besides `doctor`.
//!
//! Typed commands and reviewed scripts go over PowerShell's own remoting protocol ([`Lease::call`]); programs, and text where a rule says raw,
//! through a shell ([`Lease::run`]). What is sent without a judgement stands in one place: the encoded lines that read a
//! long script from standard input, and that read objects back (`winrm/client/src/powershell/scripts`).

mod advice;
mod as_text;
mod called;
mod error;
mod instance;
mod lease;
mod offered;
mod pool;
mod reviewed;
mod runspaces;
mod typed;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use winrm::RefusedCredentials;

use crate::{
    call::{CallId, HostName, Principal},
    inventory::Target,
    secret::Secrets,
};

pub use called::{Called, Via, Written};
pub use error::SessionError;
use instance::Instance;
pub use lease::Lease;
use pool::Pool;

/// All sessions of this process.
#[derive(Debug)]
pub struct Sessions {
    secrets: Secrets,
    /// Shared by all hosts: one account's wrong password must not be tried on the next host.
    refused: RefusedCredentials,
    instance: Arc<Instance>,
    /// One pool a host, made when it is first needed.
    pools: Mutex<HashMap<HostName, Arc<Pool>>>,
    room: usize,
}

impl Sessions {
    /// Begins with no connection. `id` tells this process apart from others of the same state directory.
    ///
    /// # Errors
    ///
    /// The state directory cannot be written, or the operating system gave no random bytes.
    pub fn new(secrets: Secrets, state: &Path, id: CallId) -> Result<Self, SessionError> {
        let instance = Instance::begin(state, id)
            .map_err(|error| SessionError::StateDirectory { path: state.to_owned(), kind: error.kind() })?;
        let (refused, instance) = (RefusedCredentials::new()?, Arc::new(instance));
        Ok(Self { secrets, refused, instance, pools: Mutex::default(), room: ROOM })
    }

    /// The same, but for about how many bytes of objects and records one call may gather.
    #[must_use]
    pub fn gathering(self, room: usize) -> Self {
        Self { room, ..self }
    }

    /// Leases a session of this principal on a host. Reads its password now, so that a changed one counts at once.
    ///
    /// # Errors
    ///
    /// The secret cannot be read, or the settings cannot work.
    pub fn lease(
        &self,
        target: &Target,
        principal: &Principal,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Result<Lease, SessionError> {
        let secret = self.secrets.read(&target.login.password)?;
        let pool = self.pool(&target.name);
        let warm = pool.client(target, secret.value, &self.refused, &self.instance)?;
        let (principal, cancel) = (principal.clone(), cancel.clone());
        Ok(Lease { warm, principal, deadline, cancel, room: self.room })
    }

    /// Closes every shell on every host, for at most `deadline` in all.
    pub async fn shutdown(&self, deadline: Duration) {
        let pools: Vec<Arc<Pool>> = self.lock().drain().map(|(_, pool)| pool).collect();
        let mut closing = tokio::task::JoinSet::new();
        for pool in pools {
            closing.spawn(async move { pool.shutdown(deadline).await });
        }
        let mut left = 0;
        while let Some(closed) = closing.join_next().await {
            left += closed.unwrap_or(1);
        }
        if left == 0 {
            self.instance.end();
        }
    }

    fn pool(&self, host: &HostName) -> Arc<Pool> {
        Arc::clone(self.lock().entry(host.clone()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<HostName, Arc<Pool>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What answers, in a line for people.
fn describe(identity: &winrm::Identity) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} {}\n", part(&identity.product_vendor), part(&identity.product_version))
}

/// Bytes that one call may gather, about.
const ROOM: usize = 64 << 20;

#[cfg(test)]
mod tests;
