//! What the task keeps of one pipeline.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use crate::{
    error::{Error, Operation, Reached},
    lanes::retry::Retries,
    powershell::{
        Outcome,
        queue::{Delivery, Outlet},
    },
};

/// A pipeline that is starting, runs or is being stopped.
pub(super) struct Entry {
    outlet: Outlet,
    started: Option<oneshot::Sender<Result<(), Error>>>,
    stage: Stage,
    /// How often its output may be asked for again.
    pub(super) retries: Retries,
    pub(super) not_before: Instant,
    /// Why its request failed, in more words than the conversation has.
    pub(super) error: Option<Error>,
}

enum Stage {
    Running,
    /// It was told to stop. What it still writes is dropped.
    Stopping {
        deadline: Instant,
        waiting: Vec<oneshot::Sender<()>>,
    },
}

impl Entry {
    pub(super) fn new(outlet: Outlet, started: oneshot::Sender<Result<(), Error>>, retries: Retries) -> Self {
        Self {
            outlet,
            started: Some(started),
            stage: Stage::Running,
            retries,
            not_before: Instant::now(),
            error: None,
        }
    }

    /// When the pipeline must have stopped.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Running => None,
            Stage::Stopping { deadline, .. } => Some(deadline),
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        matches!(self.stage, Stage::Stopping { .. })
    }

    /// Whether more output is welcome.
    pub(super) fn wants_output(&self) -> bool {
        self.is_stopping() || self.outlet.is_empty()
    }

    /// Notes that the pipeline is to stop, and whether that is news.
    pub(super) fn stop(&mut self, now: Instant, stopped: Option<oneshot::Sender<()>>) -> bool {
        match &mut self.stage {
            Stage::Running => {
                let waiting = stopped.into_iter().collect();
                self.stage = Stage::Stopping { deadline: now + LONGEST_STOP, waiting };
                true
            }
            Stage::Stopping { waiting, .. } => {
                waiting.extend(stopped);
                false
            }
        }
    }

    /// The host has the pipeline.
    pub(super) fn started(&mut self) {
        if let Some(started) = self.started.take() {
            let _unheard = started.send(Ok(()));
        }
    }

    pub(super) fn put(&self, delivery: Delivery) {
        if !self.is_stopping() {
            self.outlet.put(delivery);
        }
    }

    /// The pipeline has ended.
    pub(super) fn ended(self, outcome: Outcome) {
        self.outlet.put(Delivery::End(Ok(outcome)));
        if let Stage::Stopping { waiting, .. } = self.stage {
            for stopped in waiting {
                let _unheard = stopped.send(());
            }
        }
    }

    /// Nobody can follow the pipeline any more.
    pub(super) fn cannot_follow(&mut self, error: Error) {
        match self.started.take() {
            Some(started) => {
                let _unheard = started.send(Err(error));
            }
            None => self.outlet.put(Delivery::End(Err(error))),
        }
    }

    /// The pool is gone, with this pipeline in it. Who waits for its stop hears that by the answer being dropped.
    pub(super) fn pool_lost(mut self, error: &Error) {
        let error = match (self.error.take(), &self.started) {
            (Some(exact), _) => exact,
            (None, Some(_)) => Error::new(Operation::Command, error.cause().clone(), Reached::Perhaps),
            (None, None) => error.clone(),
        };
        self.cannot_follow(error);
    }
}

/// What has not stopped after this time takes its pool along.
const LONGEST_STOP: Duration = Duration::from_secs(5);
