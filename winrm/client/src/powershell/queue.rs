//! What a pipeline wrote, on its way from the pool's task to the pipeline's handle.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc;
use winrm_proto::{
    clixml::{Stream, Value},
    psrp::{HostCall, client::HostAnswer},
};

use super::Outcome;
use crate::error::Error;

/// One thing that a pipeline did.
#[derive(Debug)]
pub(super) enum Delivery {
    Record(Stream, Value),
    HostCall(HostCall, HostAnswer),
    /// Nothing comes after it.
    End(Result<Outcome, Error>),
}

/// The end that puts in. Neither end waits for room: the task asks the host for no more while something is in it.
#[derive(Debug)]
pub(super) struct Outlet {
    deliveries: mpsc::UnboundedSender<Delivery>,
    held: Arc<AtomicUsize>,
}

/// The end that takes out.
#[derive(Debug)]
pub(super) struct Inlet {
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    held: Arc<AtomicUsize>,
}

/// Whether something is left in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Something,
}

pub(super) fn queue() -> (Outlet, Inlet) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let held = Arc::new(AtomicUsize::new(0));
    (Outlet { deliveries: sender, held: held.clone() }, Inlet { deliveries: receiver, held })
}

impl Outlet {
    pub(super) fn put(&self, delivery: Delivery) {
        // Counted before it is there, so that the count never falls short.
        self.held.fetch_add(1, Ordering::AcqRel);
        // Who does not listen any more has abandoned the pipeline, which the task is about to hear.
        let _unheard = self.deliveries.send(delivery);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.load(Ordering::Acquire) == 0
    }
}

impl Inlet {
    /// The next thing, and whether there is more; `None` where the task has ended without a word.
    pub(super) async fn take(&mut self) -> Option<(Delivery, Left)> {
        let delivery = self.deliveries.recv().await?;
        Some((delivery, self.taken()))
    }

    /// The end, if it has come; what was before it is dropped.
    pub(super) fn take_end(&mut self) -> Option<Result<Outcome, Error>> {
        while let Ok(delivery) = self.deliveries.try_recv() {
            self.taken();
            if let Delivery::End(end) = delivery {
                return Some(end);
            }
        }
        None
    }

    fn taken(&self) -> Left {
        if self.held.fetch_sub(1, Ordering::AcqRel) == 1 { Left::Nothing } else { Left::Something }
    }
}
