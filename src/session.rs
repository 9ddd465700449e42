//! Warm shells on hosts, leased to one call at a time: the only user of the `winrm` crate besides `doctor`.
//!
//! What is sent without a judgement stands in one place: the encoded line that reads a long script from standard
//! input (`winrm/client/src/powershell/scripts`).

mod advice;
mod error;
mod lease;
mod pool;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use winrm::RefusedCredentials;

use crate::{call::HostName, inventory::Target, secret::Secrets};

pub use error::SessionError;
pub use lease::Lease;
use pool::Pool;

/// All sessions of this process.
#[derive(Debug)]
pub struct Sessions {
    secrets: Secrets,
    /// Shared by all hosts: one account's wrong password must not be tried on the next host.
    refused: RefusedCredentials,
    /// One pool a host, made when it is first needed.
    pools: Mutex<HashMap<HostName, Arc<Pool>>>,
}

impl Sessions {
    /// Begins with no connection.
    ///
    /// # Errors
    ///
    /// The operating system gave no random bytes.
    pub fn new(secrets: Secrets) -> Result<Self, SessionError> {
        Ok(Self { secrets, refused: RefusedCredentials::new()?, pools: Mutex::default() })
    }

    /// Leases a session on a host. Reads its password now, so that a changed one counts at once.
    ///
    /// # Errors
    ///
    /// The secret cannot be read, or the settings cannot work.
    pub fn lease(
        &self,
        target: &Target,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Result<Lease, SessionError> {
        let secret = self.secrets.read(&target.login.password)?;
        let pool = self.pool(&target.name);
        let warm = pool.client(target, secret.value, &self.refused)?;
        Ok(warm.lease(deadline, cancel))
    }

    /// Closes every shell on every host, for at most `deadline` in all.
    pub async fn shutdown(&self, deadline: Duration) {
        let pools: Vec<Arc<Pool>> = self.lock().drain().map(|(_, pool)| pool).collect();
        let mut closing = tokio::task::JoinSet::new();
        for pool in pools {
            closing.spawn(async move { pool.shutdown(deadline).await });
        }
        while closing.join_next().await.is_some() {}
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
