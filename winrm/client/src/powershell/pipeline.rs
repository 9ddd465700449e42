//! One running pipeline.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};
use uuid::Uuid;
use winrm_proto::{
    clixml::{ErrorRecord, InformationRecord, MessageRecord, ProgressRecord, Stream, Value},
    exchange::ShellFate,
    psrp::{HostCall, PowerShell, client::HostAnswer},
};

use super::{
    Input,
    driver::{Order, Work},
    queue::{Delivery, Inlet, Left, queue},
    remote::{Remote, fate},
};
use crate::{
    error::{Cause, Error, Operation, Reached},
    shell::Stopped,
};

/// A pipeline that runs, or has run, in a runspace pool.
///
/// Output is asked for only when what came before is taken: who reads slowly slows the pipeline down. Dropped before its
/// end, the pipeline is stopped in the background.
#[derive(Debug)]
pub struct Pipeline {
    remote: Arc<Remote>,
    id: Uuid,
    inlet: Inlet,
    state: State,
    /// None for what the pool itself runs, which no other pipeline may hold up.
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

/// What a pipeline wrote, or did to its host.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An object of its output.
    Output(Value),
    /// An error that did not end it.
    Error(Box<ErrorRecord>),
    /// A warning.
    Warning(MessageRecord),
    /// A verbose message.
    Verbose(MessageRecord),
    /// A debug message.
    Debug(MessageRecord),
    /// Something for the information stream, `Write-Host` included.
    Information(Box<InformationRecord>),
    /// How far it has come.
    Progress(ProgressRecord),
    /// A record whose form is not that of its stream.
    Unreadable(Stream, Value),
    /// A command called its host; an answer, where one was wanted, has been given.
    HostCall(HostCall, HostAnswer),
}

/// How a pipeline ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran to its end.
    Completed,
    /// A terminating error ended it, which the host may keep to itself.
    Failed(Option<Box<ErrorRecord>>),
    /// It was stopped.
    Stopped,
    /// The host ended it without saying how.
    Unknown,
}

#[derive(Debug)]
enum State {
    Running,
    Over(Outcome),
    /// It was told to stop, and nobody knows more.
    Stopping,
    /// It cannot be followed any more.
    Lost(ShellFate),
}

impl Pipeline {
    pub(super) async fn start(
        remote: Arc<Remote>,
        permit: Arc<OwnedSemaphorePermit>,
        id: Uuid,
        work: Work,
    ) -> Result<Self, Error> {
        Self::begin(remote, Some(permit), id, work).await
    }

    /// Starts a pipeline that does not count among those that run at a time.
    pub(super) async fn start_unlimited(remote: Arc<Remote>, shell: PowerShell) -> Result<Self, Error> {
        let work = Work::PowerShell(Box::new(shell.in_local_scopes()));
        Self::begin(remote, None, Uuid::new_v4(), work).await
    }

    async fn begin(
        remote: Arc<Remote>,
        permit: Option<Arc<OwnedSemaphorePermit>>,
        id: Uuid,
        work: Work,
    ) -> Result<Self, Error> {
        let (outlet, inlet) = queue();
        let (started, answer) = oneshot::channel();
        let order = Order::Start { pipeline: id, work, outlet, started };
        remote.order(order).map_err(|_| pool_lost(Operation::Command, Reached::Nobody))?;
        // From here on it is stopped when this future is dropped.
        let pipeline = Self { remote, id, inlet, state: State::Running, _permit: permit };
        answer.await.unwrap_or_else(|_| Err(pool_lost(Operation::Command, Reached::Perhaps)))?;
        Ok(pipeline)
    }

    /// The pipeline's identifier, which is its command's on the host.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Waits for the next thing that the pipeline writes; `None` means that it has ended.
    ///
    /// Dropping the future loses nothing: what it waited for is there the next time.
    ///
    /// # Errors
    ///
    /// [`Error`], when the pipeline cannot be followed any more. It may still run and is stopped in the background.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        if !matches!(self.state, State::Running) {
            return Ok(None);
        }
        let taken = self.inlet.take().await;
        let (delivery, left) =
            taken.unwrap_or_else(|| (end(pool_lost(Operation::Receive, Reached::Perhaps)), Left::Nothing));
        match delivery {
            Delivery::End(end) => {
                self.ended(&end);
                end.map(|_| None)
            }
            Delivery::Record(stream, value) => {
                self.drained(left);
                Ok(Some(Event::read(stream, value)))
            }
            Delivery::HostCall(call, answer) => {
                self.drained(left);
                Ok(Some(Event::HostCall(call, answer)))
            }
        }
    }

    /// How the pipeline ended, once [`Pipeline::next`] has said that it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Over(outcome) => Some(outcome),
            State::Running | State::Stopping | State::Lost(_) => None,
        }
    }

    /// The input of a pipeline that was started with [`super::TakesInput::Open`]; objects travel while output is read. The
    /// input ends when the first handle is dropped.
    #[must_use]
    pub fn input(&self) -> Input {
        Input::new(self.remote.clone(), self.id)
    }

    /// Stops the pipeline: a Signal goes out at once on a connection of its own, whatever else is under way. Waits until
    /// the host says that the pipeline has ended, as long as `patience` says; output that still comes is dropped.
    ///
    /// A pipeline that has not ended five seconds after its Signal, whoever waits, takes its whole pool along, and so does
    /// one that nobody can follow or stop any more: the shell is deleted, which is the strongest that can be done, and the
    /// pipeline counts as one that may still run. The next pipeline gets a new pool.
    pub async fn stop(&mut self, patience: Duration) -> Stopped {
        if matches!(self.state, State::Over(_)) {
            return Stopped::Confirmed;
        }
        let deadline = Instant::now() + patience;
        let (stopped, answer) = oneshot::channel();
        let lost = matches!(self.state, State::Lost(_));
        let ordered = self.remote.order(Order::Stop { pipeline: self.id, stopped });
        if !lost {
            self.state = State::Stopping;
        }
        // The task drops the answer where it does not have the pipeline any more.
        if ordered.is_ok() && timeout_at(deadline, answer).await.is_err() {
            return Stopped::Unconfirmed;
        }
        if let Some(end) = self.inlet.take_end() {
            self.ended(&end);
        }
        match self.state {
            State::Over(_) | State::Lost(ShellFate::Gone) => Stopped::Confirmed,
            State::Running | State::Stopping | State::Lost(_) => {
                // A pool that is gone is closed already.
                let _gone = self.remote.order(Order::Discard);
                Stopped::Unconfirmed
            }
        }
    }

    fn ended(&mut self, end: &Result<Outcome, Error>) {
        self.state = match end {
            Ok(outcome) => State::Over(outcome.clone()),
            Err(error) => State::Lost(fate(error)),
        };
    }

    /// More may be asked for when all that came is taken.
    fn drained(&self, left: Left) {
        if left == Left::Nothing {
            // A pool that is gone has said so in the queue.
            let _gone = self.remote.order(Order::Drained);
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !matches!(self.state, State::Over(_)) {
            // A pool that is gone is closed already.
            let _gone = self.remote.order(Order::Abandon(self.id));
        }
    }
}

impl Event {
    fn read(stream: Stream, value: Value) -> Self {
        match stream {
            Stream::Output => Self::Output(value),
            Stream::Error => Self::Error(Box::new(ErrorRecord::from_value(&value))),
            Stream::Warning => Self::Warning(MessageRecord::from_value(value)),
            Stream::Verbose => Self::Verbose(MessageRecord::from_value(value)),
            Stream::Debug => Self::Debug(MessageRecord::from_value(value)),
            Stream::Unknown => Self::Unreadable(stream, value),
            Stream::Information => match InformationRecord::from_value(&value) {
                Some(record) => Self::Information(Box::new(record)),
                None => Self::Unreadable(stream, value),
            },
            Stream::Progress => match ProgressRecord::from_value(&value) {
                Some(record) => Self::Progress(record),
                None => Self::Unreadable(stream, value),
            },
        }
    }
}

/// The pool's task has ended.
pub(super) fn pool_lost(during: Operation, reached: Reached) -> Error {
    Error::new(during, Cause::PoolLost { message: None }, reached)
}

fn end(error: Error) -> Delivery {
    Delivery::End(Err(error))
}
