//! The exchange between a running script and its caller.
//!
//! A script is a future that waits for nothing but its caller: it puts a step into the slot and is polled again when
//! the next step is wanted.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Ending, Reply, Session, Step};
use crate::value::Value;

/// A script and the slot through which it talks.
pub(super) struct Coroutine {
    future: Option<Pin<Box<dyn Future<Output = Step> + Send>>>,
    link: Link,
}

/// The script's end of the slot.
#[derive(Clone, Default)]
pub(super) struct Link(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    step: Option<Step>,
    reply: Option<Reply>,
    elapsed: Duration,
    session: Session,
    /// Whether `$?` was false when the script ended.
    failed: bool,
    /// The next value for a filter that runs by itself.
    input: Option<Value>,
}

impl Coroutine {
    pub(super) fn new<F, R>(run: R) -> Self
    where
        F: Future<Output = Step> + Send + 'static,
        R: FnOnce(Link) -> F,
    {
        let link = Link::default();
        Self { future: Some(Box::pin(run(link.clone()))), link }
    }

    pub(super) fn step(&mut self, elapsed: Duration) -> Step {
        let Some(future) = &mut self.future else { return Step::Done(Ending::Complete) };
        match self.link.resume(future.as_mut(), elapsed) {
            Some(last) => {
                self.future = None;
                last
            }
            None => self.link.left().unwrap_or(Step::Working),
        }
    }

    pub(super) fn answer(&mut self, reply: Reply) {
        self.link.slot().reply = Some(reply);
    }

    pub(super) fn succeeded(&self) -> bool {
        !self.link.slot().failed
    }

    pub(super) fn into_session(self) -> Session {
        std::mem::take(&mut self.link.slot().session)
    }
}

impl Link {
    /// Hands a step to the caller, and goes on when the next one is wanted.
    pub(super) async fn hand(&self, step: Step) {
        self.slot().step = Some(step);
        Pause { passed: false }.await;
    }

    /// Lets a script or filter go on until it hands something over; its result, once it has ended.
    pub(super) fn resume<T>(
        &self,
        running: Pin<&mut (dyn Future<Output = T> + Send)>,
        elapsed: Duration,
    ) -> Option<T> {
        self.slot().elapsed = elapsed;
        match running.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        }
    }

    /// What was handed over last, if the caller has not taken it.
    pub(super) fn left(&self) -> Option<Step> {
        self.slot().step.take()
    }

    /// Waits for the caller to feed the next value, or nothing at the end.
    pub(super) async fn wanted(&self) -> Option<Value> {
        Pause { passed: false }.await;
        self.slot().input.take()
    }

    /// Gives the next value.
    pub(super) fn feed(&self, value: Option<Value>) {
        self.slot().input = value;
    }

    /// The answer to a call.
    pub(super) fn reply(&self) -> Reply {
        self.slot().reply.take().unwrap_or_default()
    }

    /// The time spent so far.
    pub(super) fn elapsed(&self) -> Duration {
        self.slot().elapsed
    }

    /// Leaves what outlives the script, and whether its last statement succeeded.
    pub(super) fn leave(&self, session: Session, succeeded: bool) {
        let mut slot = self.slot();
        slot.session = session;
        slot.failed = !succeeded;
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pending once.
struct Pause {
    passed: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.passed {
            return Poll::Ready(());
        }
        self.passed = true;
        Poll::Pending
    }
}
