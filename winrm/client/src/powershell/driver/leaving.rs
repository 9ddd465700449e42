//! Leaving the pool to itself, and taking it up again.
//!
//! A pool that was left is not deleted by this client, neither when its handles are dropped nor at a shutdown: its
//! pipelines run on until somebody takes it up or the host closes it.

use std::time::Duration;

use tokio::sync::oneshot;
use winrm_proto::psrp;

use super::{Driver, Order, Place};
use crate::error::{Cause, Error, Operation, Reached};

/// Whether the pool is ours at the moment.
pub(super) enum Standing {
    Held,
    /// The host was told that we leave.
    Leaving(Told),
    Left,
    /// The host was told that we are back.
    Returning(Told),
}

/// Who waits for the host's word.
pub(super) type Told = oneshot::Sender<Result<(), Error>>;

impl Driver {
    pub(super) fn is_held(&self) -> bool {
        matches!(self.standing, Standing::Held)
    }

    /// Keeps an order about a pipeline for the time when the host can be told.
    pub(super) fn put_off(&mut self, order: Order) {
        self.put_off.push(order);
    }

    pub(super) fn leave(&mut self, idle_timeout: Option<Duration>, told: Told) {
        match self.conversation.disconnect(idle_timeout) {
            Ok(()) => self.standing = Standing::Leaving(told),
            Err(error) => refuse(told, Operation::Disconnect, Cause::PowerShell(error)),
        }
    }

    /// The host has left the pool to itself.
    pub(super) fn left(&mut self) {
        if let Place::Open(key) = std::mem::replace(&mut self.place, Place::Nowhere) {
            self.registry.forget(key);
        }
        if let Standing::Leaving(told) = std::mem::replace(&mut self.standing, Standing::Left) {
            let _unheard = told.send(Ok(()));
        }
    }

    /// The host did not leave the pool, or nobody knows: then it is left all the same, because what was to outlive this
    /// client must not be deleted.
    pub(super) fn not_left(&mut self, error: Error) {
        let Standing::Leaving(told) = std::mem::replace(&mut self.standing, Standing::Held) else { return };
        if error.reached() == Reached::Perhaps {
            if let Place::Open(key) = std::mem::replace(&mut self.place, Place::Nowhere) {
                self.registry.forget(key);
            }
            self.over = Some(error.clone());
        } else {
            self.obey_put_off();
        }
        let _unheard = told.send(Err(error));
    }

    pub(super) fn take_up(&mut self, told: Told) {
        if !matches!(self.standing, Standing::Left) {
            let state = psrp::Error::PoolState(self.conversation.psrp().state());
            return refuse(told, Operation::Reconnect, Cause::PowerShell(state));
        }
        let Some(opening) = self.registry.open() else {
            return refuse(told, Operation::Reconnect, Cause::ShutDown);
        };
        match self.conversation.reconnect() {
            Ok(()) => {
                self.place = Place::Opening(opening);
                self.standing = Standing::Returning(told);
            }
            Err(error) => refuse(told, Operation::Reconnect, Cause::PowerShell(error)),
        }
    }

    /// The host took the pool up again, so that it is ours to delete.
    pub(super) fn returned(&mut self) {
        self.register();
        if let Standing::Returning(told) = std::mem::replace(&mut self.standing, Standing::Held) {
            let _unheard = told.send(Ok(()));
        }
        self.obey_put_off();
    }

    /// The pool stays where it was.
    pub(super) fn not_returned(&mut self, error: Error) {
        self.place = Place::Nowhere;
        if let Standing::Returning(told) = std::mem::replace(&mut self.standing, Standing::Left) {
            let _unheard = told.send(Err(error));
        }
    }

    fn obey_put_off(&mut self) {
        for order in std::mem::take(&mut self.put_off) {
            self.obey(order);
        }
    }
}

fn refuse(told: Told, during: Operation, cause: Cause) {
    let _unheard = told.send(Err(Error::new(during, cause, Reached::Nobody)));
}
