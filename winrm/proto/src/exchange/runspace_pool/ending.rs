//! Delete, Disconnect and Reconnect.

use std::time::Duration;

use super::{PoolEvent, PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::execution::Confirmation;
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, SendId, Sent, Step};
use crate::winrs::{Delete, DeleteResponse, Disconnect, DisconnectResponse, Reconnect, ReconnectResponse};

/// What is to become of the shell, and how far that has come.
#[derive(Debug, Default)]
pub(super) enum Ending {
    #[default]
    NotAsked,
    Wanted(Order),
    Waiting(InFlight, Order),
    /// The host has left the pool to itself.
    Disconnected,
    /// The shell is deleted.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Delete,
    Disconnect(Option<Duration>),
    Reconnect,
}

impl Order {
    fn step(self) -> Step {
        match self {
            Self::Delete => Step::Delete,
            Self::Disconnect(_) => Step::Disconnect,
            Self::Reconnect => Step::Reconnect,
        }
    }
}

impl Ending {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        matches!(self, Self::Waiting(in_flight, _) if in_flight.id == id)
    }

    /// Whether nothing else may be asked of the host.
    pub(super) fn is_begun(&self) -> bool {
        !matches!(self, Self::NotAsked)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }
}

impl<I: IdSource> RunspacePool<I> {
    /// Deletes the shell, with whatever runs in it.
    pub fn close(&mut self) {
        if !self.ending.is_over() {
            self.ending = Ending::Wanted(Order::Delete);
        }
    }

    /// Leaves the pool to itself: pipelines run on, for as long as the host keeps a shell without a client.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn disconnect(&mut self, idle_timeout: Option<Duration>) -> Result<(), crate::psrp::Error> {
        self.psrp.disconnected()?;
        self.ending = Ending::Wanted(Order::Disconnect(idle_timeout));
        Ok(())
    }

    /// Takes the pool up again that this conversation left.
    ///
    /// # Errors
    /// The pool was not left.
    pub fn reconnect(&mut self) -> Result<(), crate::psrp::Error> {
        match self.ending {
            Ending::Disconnected => self.ending = Ending::Wanted(Order::Reconnect),
            _ => return Err(crate::psrp::Error::PoolState(self.psrp.state())),
        }
        Ok(())
    }

    pub(super) fn next_ending(&mut self) -> Option<PoolRequest> {
        let Ending::Wanted(order) = self.ending else { return None };
        if !self.opening.is_answered() {
            return self.end_unopened();
        }
        let target = self.shell.target();
        let purpose = Purpose { step: order.step(), pipeline: None };
        let written = match order {
            Order::Delete => self.request(Route::Urgent, purpose, &target, &Delete),
            Order::Disconnect(idle_timeout) => {
                self.request(Route::Urgent, purpose, &target, &Disconnect { idle_timeout, buffer_mode: None })
            }
            Order::Reconnect => self.request(Route::Urgent, purpose, &target, &Reconnect),
        };
        match written {
            Ok((in_flight, request)) => {
                self.ending = Ending::Waiting(in_flight, order);
                Some(request)
            }
            Err(error) => {
                self.ended(order, Err(error.into()));
                None
            }
        }
    }

    /// A shell that was not asked for needs no end; one whose answer is to come must wait for its name.
    fn end_unopened(&mut self) -> Option<PoolRequest> {
        if !matches!(self.opening, super::Opening::Waiting(..)) {
            self.ending = Ending::Over;
            self.psrp.closed();
            self.events.push_back(PoolEvent::Closed(Confirmation::Confirmed));
        }
        None
    }

    pub(super) fn ending_answered(&mut self, envelope: &[u8]) {
        let Ending::Waiting(in_flight, order) = std::mem::replace(&mut self.ending, Ending::Over) else {
            return;
        };
        let requester = &self.requester;
        let answer = match order {
            Order::Delete => requester.answer::<DeleteResponse>(&in_flight, envelope).map(|_| ()),
            Order::Disconnect(_) => requester.answer::<DisconnectResponse>(&in_flight, envelope).map(|_| ()),
            Order::Reconnect => requester.answer::<ReconnectResponse>(&in_flight, envelope).map(|_| ()),
        };
        self.ended(order, answer);
    }

    pub(super) fn ending_lost(&mut self, sent: Sent) {
        let Ending::Waiting(_, order) = std::mem::replace(&mut self.ending, Ending::Over) else { return };
        match sent {
            Sent::Nothing => self.ending = Ending::Wanted(order),
            Sent::Something => self.ended(order, Err(FailureKind::Lost)),
        }
    }

    fn ended(&mut self, order: Order, answer: Result<(), FailureKind>) {
        match (order, answer) {
            (Order::Delete, answer) => {
                let gone = answer.is_ok() || self.fate == super::ShellFate::Gone;
                let confirmation = if gone { Confirmation::Confirmed } else { Confirmation::Unconfirmed };
                self.ending = Ending::Over;
                self.psrp.closed();
                self.events.push_back(PoolEvent::Closed(confirmation));
            }
            (Order::Disconnect(_), Ok(())) => {
                // The host has answered what hung, or will not any more.
                self.receiving.ask_again();
                for pipeline in &mut self.pipelines {
                    pipeline.receiving.ask_again();
                }
                self.ending = Ending::Disconnected;
                self.events.push_back(PoolEvent::Disconnected);
            }
            (Order::Reconnect, Ok(())) => match self.psrp.reconnected() {
                Ok(()) => {
                    self.ending = Ending::NotAsked;
                    self.events.push_back(PoolEvent::Reconnected);
                }
                Err(error) => self.events.push_back(PoolEvent::Broken(error)),
            },
            (Order::Disconnect(_), Err(kind)) => {
                self.ending = Ending::NotAsked;
                let resumed = self.psrp.reconnected();
                self.note(&kind);
                self.events.push_back(match resumed {
                    Ok(()) => PoolEvent::Failed(Failure::new(Step::Disconnect, kind)),
                    Err(error) => PoolEvent::Broken(error),
                });
            }
            (Order::Reconnect, Err(kind)) => {
                self.ending = Ending::Disconnected;
                self.note(&kind);
                self.events.push_back(PoolEvent::Failed(Failure::new(Step::Reconnect, kind)));
            }
        }
    }
}
