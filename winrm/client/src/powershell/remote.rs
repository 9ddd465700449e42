//! One pool as the host knows it: the way to the task that talks to it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use winrm_proto::{
    clixml::Value,
    exchange::{self, ShellFate},
    psrp::client,
    winrs::ShellReference,
    xml::Limits,
};

use super::{
    PoolOptions,
    driver::{Driver, Opened, Order},
};
use crate::{
    error::{Cause, Error, Operation, Reached},
    shell::{Admission, Host, IDS, Ids, Keeper, Opening},
};

/// One pool on the host. It is closed when neither a [`super::RunspacePool`] nor a pipeline of it is left.
#[derive(Debug)]
pub(super) struct Remote {
    orders: mpsc::UnboundedSender<Order>,
    pub(super) shell: ShellReference,
    pub(super) private_data: Option<Value>,
}

/// The pool's task has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended;

impl Remote {
    /// Opens a pool. A caller who stops waiting leaves none behind.
    pub(super) async fn open(
        host: &Host,
        registry: &Arc<Keeper>,
        options: &PoolOptions,
    ) -> Result<Arc<Self>, Error> {
        let mut admission = Admission::new(host);
        loop {
            let opening = announced(registry, Operation::Create)?;
            match Self::begin(host, registry, opening, options.conversation(host)?).await {
                Ok(remote) => return locked(remote, options).await,
                Err(error) => admission.after(error).await?,
            }
        }
    }

    /// Takes over a pool that another process left.
    pub(super) async fn connect(
        host: &Host,
        registry: &Arc<Keeper>,
        shell: &ShellReference,
    ) -> Result<Arc<Self>, Error> {
        let opening = announced(registry, Operation::Connect)?;
        let fail = |cause| Error::new(Operation::Connect, cause, Reached::Nobody);
        let id = Uuid::try_parse(shell.shell_id.as_str())
            .map_err(|_| fail(Cause::NotARunspacePool { shell: shell.shell_id.to_string() }))?;
        let client::Settings { host_name, limits, .. } = client::Settings::default();
        let psrp = client::RunspacePool::connect(id, host_name, limits)
            .map_err(|error| fail(Cause::PowerShell(error)))?;
        let preamble = host.preamble().clone();
        let conversation =
            exchange::RunspacePool::connect(preamble, Limits::default(), IDS, shell.clone(), psrp);
        Self::begin(host, registry, opening, conversation).await
    }

    async fn begin(
        host: &Host,
        registry: &Arc<Keeper>,
        opening: Opening,
        conversation: exchange::RunspacePool<Ids>,
    ) -> Result<Arc<Self>, Error> {
        let (orders, received) = mpsc::unbounded_channel();
        let (opened, answer) = oneshot::channel();
        let driver = Driver::new(host.clone(), registry.clone(), opening, conversation, received, opened);
        tokio::spawn(driver.run());
        let shut_down = || Error::new(Operation::Create, Cause::ShutDown, Reached::Nobody);
        let Opened { shell, private_data } = answer.await.unwrap_or_else(|_| Err(shut_down()))?;
        Ok(Arc::new(Self { orders, shell, private_data }))
    }

    /// Tells the task something.
    pub(super) fn order(&self, order: Order) -> Result<(), Ended> {
        self.orders.send(order).map_err(|_| Ended)
    }

    /// Whether the next pipeline needs another pool than this one, which has answered with this error.
    pub(super) fn is_spent(&self, error: &Error) -> bool {
        self.orders.is_closed() || fate(error) != ShellFate::Usable
    }
}

/// Locks a fresh pool, if that is wanted. Where it fails, the last handle is dropped here, and so the pool is deleted.
async fn locked(remote: Arc<Remote>, options: &PoolOptions) -> Result<Arc<Remote>, Error> {
    if let Some(lock) = &options.lock {
        lock.apply(&remote).await?;
    }
    Ok(remote)
}

/// Announces a shell, unless the client is closing.
fn announced(registry: &Arc<Keeper>, during: Operation) -> Result<Opening, Error> {
    registry.open().ok_or_else(|| Error::new(during, Cause::ShutDown, Reached::Nobody))
}

/// What an error says about the shell.
pub(super) fn fate(error: &Error) -> ShellFate {
    error.fault().map_or(ShellFate::Usable, ShellFate::from_fault)
}
