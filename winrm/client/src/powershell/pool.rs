//! The handle of a runspace pool.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Semaphore, oneshot};
use winrm_proto::psrp::{GetCommandMetadata, PowerShell, SharedCipher, aws_lc::ClientKeyPair};

use super::{
    Pipeline, PoolOptions,
    driver::{Order, Work},
    pipeline::pool_lost,
    remote::Remote,
};
use crate::{
    error::{Cause, Error, Operation, Ran, Reached},
    lanes::retry::Another,
    shell::{Host, Keeper, MAX_RENEWALS, is_overload},
};

/// A PowerShell session on the host: runspaces in which pipelines run side by side.
///
/// Where the host gives up the pool, because a quota is used up, it was idle for too long or the host has rebooted, and
/// where its state is not known any more, the next pipeline silently gets a new pool; what was kept in the old one's
/// runspaces is not in it, and [`RunspacePool::id`] is another one. Dropped, it is closed on the host in the background, as
/// soon as its pipelines are dropped too; [`crate::Client::shutdown`] waits for that.
#[derive(Debug)]
pub struct RunspacePool {
    host: Host,
    registry: Arc<Keeper>,
    pipelines: Arc<Semaphore>,
    options: PoolOptions,
    /// Secure strings were asked for, so that a new pool needs a key too.
    keyed: AtomicBool,
    current: Mutex<Arc<Remote>>,
    renewal: tokio::sync::Mutex<()>,
}

impl RunspacePool {
    pub(crate) async fn open(
        host: Host,
        registry: Arc<Keeper>,
        pipelines: Arc<Semaphore>,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let remote = Remote::open(&host, &registry, &options).await?;
        Ok(Self {
            host,
            registry,
            pipelines,
            options,
            keyed: AtomicBool::new(false),
            current: Mutex::new(Arc::new(remote)),
            renewal: tokio::sync::Mutex::new(()),
        })
    }

    /// The identifier of the pool's shell on the host, which is another one after the host has given up the pool.
    #[must_use]
    pub fn id(&self) -> String {
        self.current().shell.shell_id.to_string()
    }

    /// Starts a pipeline, and returns when the host says that it has it. Every command of it that does not say otherwise
    /// gets a scope of its own (`UseLocalScope`).
    ///
    /// As many pipelines run at a time as the pool has runspaces; where as many run as
    /// [`crate::ClientConfig::concurrency`] allows, this waits. If this future is dropped while the pipeline starts, the
    /// pipeline is stopped again.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::ran`] says whether the pipeline may run all the same.
    pub async fn start(&self, pipeline: PowerShell) -> Result<Pipeline, Error> {
        self.begin(Work::PowerShell(Box::new(scoped(pipeline)))).await
    }

    /// Asks what commands there are: a pipeline whose output tells them, the first object how many.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::start`].
    pub async fn command_metadata(&self, request: GetCommandMetadata) -> Result<Pipeline, Error> {
        self.begin(Work::Metadata(request)).await
    }

    /// Exchanges a session key, unless there is one, and hands out the cipher that secure strings of this pool are
    /// encrypted with. Before it, a pipeline that holds a [`super::SecureString`] is refused, and one that comes from the
    /// host is unreadable.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn exchange_key(&self) -> Result<SharedCipher, Error> {
        self.keyed.store(true, Ordering::Relaxed);
        exchange_key(&self.current()).await
    }

    /// Sees to it that the next pipeline finds nothing of earlier ones: no variables, no functions, no other location. The
    /// runspace gets its first state again, or, where the host refuses that, as hosts before PowerShell 5 do, the pool is
    /// replaced.
    ///
    /// # Errors
    ///
    /// [`Error`], where a new pool cannot be opened.
    pub async fn reset(&self) -> Result<(), Error> {
        let remote = self.current();
        let (done, answer) = oneshot::channel();
        match remote.order(Order::Reset(done)) {
            Ok(()) if answer.await.is_ok() => Ok(()),
            _ => self.renew(&remote).await,
        }
    }

    async fn begin(&self, work: Work) -> Result<Pipeline, Error> {
        let shut_down = || Error::new(Operation::Command, Cause::ShutDown, Reached::Nobody);
        let permit = self.pipelines.clone().acquire_owned().await.map_err(|_| shut_down())?;
        let permit = Arc::new(permit);
        // The host refuses a pipeline because of its pool, or because it is overloaded, before anything runs.
        let mut retries = self.host.retries();
        let mut renewals = MAX_RENEWALS;
        loop {
            let remote = self.current();
            match Pipeline::start(remote.clone(), permit.clone(), work.clone()).await {
                Err(error) if error.ran() == Ran::No && remote.is_spent(&error) && renewals > 0 => {
                    renewals -= 1;
                    self.renew(&remote).await?;
                }
                Err(error) if is_overload(&error) && retries.pause().await == Another::Attempt => {}
                other => return other,
            }
        }
    }

    /// Takes a new pool for one that is of no use any more, unless somebody else has done so.
    async fn renew(&self, old: &Arc<Remote>) -> Result<(), Error> {
        let _one_at_a_time = self.renewal.lock().await;
        if !Arc::ptr_eq(&self.current(), old) {
            return Ok(());
        }
        tracing::debug!("the runspace pool is of no use any more; opening another");
        let new = Remote::open(&self.host, &self.registry, &self.options).await?;
        if self.keyed.load(Ordering::Relaxed) {
            exchange_key(&new).await?;
        }
        *self.lock() = Arc::new(new);
        Ok(())
    }

    fn current(&self) -> Arc<Remote> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Remote>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every command that does not say otherwise in a scope of its own, so that none leaves variables to the next.
fn scoped(mut pipeline: PowerShell) -> PowerShell {
    for command in pipeline.statements.iter_mut().flatten() {
        command.use_local_scope.get_or_insert(true);
    }
    pipeline
}

async fn exchange_key(remote: &Remote) -> Result<SharedCipher, Error> {
    let random = || Error::new(Operation::Send, Cause::NoRandomBytes, Reached::Nobody);
    let lost = || pool_lost(Operation::Send, Reached::Perhaps);
    // It takes tens of milliseconds of arithmetic.
    let pair = tokio::task::spawn_blocking(ClientKeyPair::generate).await;
    let key = Box::new(pair.map_err(|_| random())?.map_err(|_| random())?);
    let (done, answer) = oneshot::channel();
    remote.order(Order::ExchangeKey { key, done }).map_err(|_| lost())?;
    answer.await.unwrap_or_else(|_| Err(lost()))
}

#[cfg(test)]
mod tests {
    use winrm_proto::psrp::{Command, PowerShell};

    use super::scoped;

    #[test]
    fn every_command_has_a_scope_of_its_own() {
        let mut pipeline = PowerShell::new(vec![Command::new("Get-Date"), Command::new("Out-String")]);
        let outer = Command { use_local_scope: Some(false), ..Command::new("Import-Module") };
        pipeline.statements.push(vec![outer]);
        let scoped = scoped(pipeline);
        let scopes: Vec<_> =
            scoped.statements.iter().flatten().map(|command| command.use_local_scope).collect();
        assert_eq!(scopes, [Some(true), Some(true), Some(false)]);
    }
}
