//! One pool as the host knows it: the way to the task that talks to it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use winrm_proto::{exchange::ShellFate, winrs::ShellReference};

use super::{
    PoolOptions,
    driver::{Driver, Order},
};
use crate::{
    error::{Cause, Error, Operation, Reached},
    shell::{Admission, Host, Keeper},
};

/// One pool on the host. It is closed when neither a [`super::RunspacePool`] nor a pipeline of it is left.
#[derive(Debug)]
pub(super) struct Remote {
    orders: mpsc::UnboundedSender<Order>,
    pub(super) shell: ShellReference,
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
    ) -> Result<Self, Error> {
        let mut admission = Admission::new(host);
        loop {
            match Self::attempt(host, registry, options).await {
                Ok(remote) => return Ok(remote),
                Err(error) => admission.after(error).await?,
            }
        }
    }

    async fn attempt(host: &Host, registry: &Arc<Keeper>, options: &PoolOptions) -> Result<Self, Error> {
        let shut_down = || Error::new(Operation::Create, Cause::ShutDown, Reached::Nobody);
        let conversation = options.conversation(host)?;
        let opening = registry.open().ok_or_else(shut_down)?;
        let (orders, received) = mpsc::unbounded_channel();
        let (opened, answer) = oneshot::channel();
        let driver = Driver::new(host.clone(), registry.clone(), opening, conversation, received, opened);
        tokio::spawn(driver.run());
        let shell = answer.await.unwrap_or_else(|_| Err(shut_down()))?;
        Ok(Self { orders, shell })
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

/// What an error says about the shell.
pub(super) fn fate(error: &Error) -> ShellFate {
    error.fault().map_or(ShellFate::Usable, ShellFate::from_fault)
}
