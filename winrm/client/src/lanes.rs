//! The connections of one client and who may use them when.
//!
//! A hanging Receive occupies its connection until the host answers, so a Signal needs another one. Requests on the
//! path of a command travel on lane Poll, the others on lane Control; each connection is a task that does one
//! request at a time, and that goes on when the caller stops waiting: a dropped future loses no connection.

mod in_flight;
pub(crate) mod retry;
mod worker;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use winrm_proto::connection::Reply;

use crate::{
    error::{Cause, Error, Operation, Reached},
    lanes::worker::Worker,
    transport::Dialer,
};

pub(crate) use in_flight::InFlight;

/// The connections of one client.
#[derive(Debug, Clone)]
pub(crate) struct Lanes(Arc<Shared>);

/// Which connections may carry a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The connection that waits for output; where it is busy, any other.
    Poll,
    /// Another connection than the one that waits for output; where that is idle, it too, because somebody waits.
    Control,
    /// As Control, but nobody waits: it leaves the idle connections of lane Poll to the next command.
    Background,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) lane: Lane,
    pub(crate) operation: Operation,
    pub(crate) envelope: Bytes,
}

/// An answer that is awaited. Dropped, the request still goes on.
#[derive(Debug)]
pub(crate) struct Pending {
    operation: Operation,
    answer: oneshot::Receiver<Result<Reply, Error>>,
}

#[derive(Debug)]
struct Shared {
    dialer: Dialer,
    idle: Mutex<Idle>,
}

/// INVARIANT: a connection stands in a list only while it has no job; the list of lane Poll is a stack, so
/// that the connection used last is used next and surplus ones grow old and are closed.
#[derive(Debug, Default)]
struct Idle {
    poll: Vec<Handle>,
    control: Vec<Handle>,
    next: u64,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Closed,
}

#[derive(Debug)]
struct Handle {
    id: u64,
    assignments: mpsc::Sender<Assignment>,
}

/// A job and the handle of the connection that does it: what is busy stands in no list.
#[derive(Debug)]
struct Assignment {
    job: Job,
    handle: Handle,
}

#[derive(Debug)]
struct Job {
    operation: Operation,
    envelope: Bytes,
    answer: oneshot::Sender<Result<Reply, Error>>,
}

impl Lanes {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self(Arc::new(Shared { dialer, idle: Mutex::default() }))
    }

    /// Hands a request to a connection of its lane, opening one where none is idle.
    pub(crate) fn send(&self, request: Request) -> Pending {
        let Request { lane, operation, envelope } = request;
        let (sender, answer) = oneshot::channel();
        let mut job = Job { operation, envelope, answer: sender };
        while let Some(handle) = self.0.take(lane) {
            match handle.assign(job) {
                None => return Pending { operation, answer },
                // It ended between being taken and being asked.
                Some(back) => job = back,
            }
        }
        if self.0.idle().state == State::Closed {
            let _unheard = job.answer.send(Err(Error::new(operation, Cause::ShutDown, Reached::Nobody)));
        } else {
            self.open(lane, job);
        }
        Pending { operation, answer }
    }

    /// Opens a connection for lane Control where none is idle. The envelope asks for nothing and proves the account.
    pub(crate) fn keep_spare(&self, envelope: Bytes) {
        if self.0.idle().control.is_empty() {
            let _unheard =
                self.send(Request { lane: Lane::Background, operation: Operation::Identify, envelope });
        }
    }

    /// Lets idle connections end, and no new one begin.
    pub(crate) fn close(&self) {
        let mut idle = self.0.idle();
        idle.state = State::Closed;
        idle.poll.clear();
        idle.control.clear();
    }

    fn open(&self, lane: Lane, first: Job) {
        let id = {
            let mut idle = self.0.idle();
            idle.next = idle.next.wrapping_add(1);
            idle.next
        };
        let (sender, assignments) = mpsc::channel(1);
        let _none = Handle { id, assignments: sender }.assign(first);
        let dialer = self.0.dialer.clone();
        let worker = Worker { id, lane, lanes: Arc::downgrade(&self.0), dialer, assignments, link: None };
        tokio::spawn(worker.run());
    }
}

impl Handle {
    /// Hands over a job, or back where the connection has ended.
    fn assign(self, job: Job) -> Option<Job> {
        let assignments = self.assignments.clone();
        match assignments.try_send(Assignment { job, handle: self }) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Closed(back) | mpsc::error::TrySendError::Full(back)) => {
                Some(back.job)
            }
        }
    }
}

impl Shared {
    fn take(&self, lane: Lane) -> Option<Handle> {
        let mut idle = self.idle();
        match lane {
            Lane::Poll => idle.poll.pop().or_else(|| idle.control.pop()),
            Lane::Control => idle.control.pop().or_else(|| idle.poll.pop()),
            Lane::Background => idle.control.pop(),
        }
    }

    /// A connection has nothing to do. Answers whether it is wanted any longer.
    fn offer(&self, lane: Lane, handle: Handle) -> Wanted {
        let mut idle = self.idle();
        let list = match lane {
            Lane::Poll => &mut idle.poll,
            Lane::Control | Lane::Background => &mut idle.control,
        };
        list.push(handle);
        if idle.state == State::Closed {
            idle.poll.clear();
            idle.control.clear();
            return Wanted::No;
        }
        Wanted::Yes
    }

    /// Takes an idle connection out of its list, if no job is on its way to it.
    fn forget(&self, id: u64) -> Option<Handle> {
        let mut guard = self.idle();
        let idle = &mut *guard;
        [&mut idle.poll, &mut idle.control]
            .into_iter()
            .find_map(|list| list.iter().position(|handle| handle.id == id).map(|at| list.swap_remove(at)))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
}

impl Future for Pending {
    type Output = Result<Reply, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(cx));
        let lost = || Err(Error::new(self.operation, Cause::ShutDown, Reached::Perhaps));
        Poll::Ready(answer.unwrap_or_else(|_| lost()))
    }
}
