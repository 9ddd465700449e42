//! The task that talks to the host for one pool.
//!
//! The conversation itself is sans-IO ([`winrm_proto::exchange::RunspacePool`]); this hands its requests to connections,
//! its events to pipelines, and the orders of handles to it.

mod entry;
mod events;
mod leaving;
mod questions;
mod requests;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use uuid::Uuid;
use winrm_proto::{
    clixml::Value,
    exchange::{self, PoolOutput, ShellFate},
    psrp::{Availability, CallId, ClientKey, GetCommandMetadata, PowerShell, SharedCipher},
    winrs::{CommandId, ShellReference},
};

use self::{
    entry::Entry,
    leaving::Standing,
    requests::{Held, Posted},
};
use super::{InputError, queue::Outlet};
use crate::{
    error::{Cause, Error, Operation, Reached},
    lanes::{InFlight, retry::Retries},
    shell::{Host, Ids, Keeper, Opening, ShellKey},
};

/// What a handle wants.
pub(super) enum Order {
    /// Start a pipeline, and say when the host has it.
    Start {
        pipeline: Uuid,
        work: Work,
        outlet: Outlet,
        started: oneshot::Sender<Result<(), Error>>,
    },
    /// Send an object, and say when there is room for the next one.
    Input {
        pipeline: Uuid,
        value: Value,
        taken: oneshot::Sender<Result<(), InputError>>,
    },
    EndInput(Uuid),
    /// A pipeline's queue is empty.
    Drained,
    /// Stop a pipeline, and say when it has ended; the answer is dropped where that does not come to pass.
    Stop {
        pipeline: Uuid,
        stopped: oneshot::Sender<()>,
    },
    /// Nobody listens to a pipeline any more.
    Abandon(Uuid),
    /// A pipeline that nobody can follow may run: close the pool.
    Discard,
    ExchangeKey {
        key: Box<dyn ClientKey>,
        done: oneshot::Sender<Result<SharedCipher, Error>>,
    },
    /// Ask about the pool's runspaces, or change them.
    Ask {
        question: Question,
        asked: oneshot::Sender<Result<Availability, Error>>,
    },
    /// Leave the pool to itself, and say when the host has taken note.
    Leave {
        idle_timeout: Option<Duration>,
        left: oneshot::Sender<Result<(), Error>>,
    },
    /// Take up the pool again that was left.
    Return(oneshot::Sender<Result<(), Error>>),
}

/// What is asked about a pool's runspaces.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    /// How many are free.
    Available,
    /// No fewer than this.
    AtLeast(i32),
    /// No more than this.
    AtMost(i32),
    /// Their first state, in which nothing of earlier pipelines is.
    Reset,
}

/// What a pipeline does.
#[derive(Clone)]
pub(super) enum Work {
    PowerShell(Box<PowerShell>),
    Metadata(GetCommandMetadata),
    /// It runs already, and is taken over.
    Running,
}

/// The task of one pool. It ends with the last handle, or with the pool.
pub(super) struct Driver {
    host: Host,
    registry: Arc<Keeper>,
    place: Place,
    standing: Standing,
    /// What is obeyed as soon as the pool is ours again.
    put_off: Vec<Order>,
    conversation: exchange::RunspacePool<Ids>,
    orders: mpsc::UnboundedReceiver<Order>,
    handles: Handles,
    in_flight: InFlight<Posted>,
    held: Vec<Held>,
    /// How many pipelines are being released.
    releases: usize,
    /// How many of those that are held must not wait any longer.
    overdue: usize,
    entries: HashMap<Uuid, Entry>,
    opened: Option<oneshot::Sender<Result<Opened, Error>>>,
    /// Who waits for room for input.
    writers: Vec<oneshot::Sender<Result<(), InputError>>>,
    questions: HashMap<CallId, oneshot::Sender<Result<Availability, Error>>>,
    keys: Vec<oneshot::Sender<Result<SharedCipher, Error>>>,
    /// How often the pool's own output may be asked for again.
    retries: Retries,
    not_before: Instant,
    /// Why a request about the pool failed, in more words than the conversation has.
    error: Option<Error>,
    spare_due: Option<Instant>,
    /// Why the pool is of no use any more.
    over: Option<Error>,
}

/// What is known of a pool once it is open.
pub(super) struct Opened {
    pub(super) shell: ShellReference,
    /// What the host said of itself.
    pub(super) private_data: Option<Value>,
}

/// Where the shell stands in the registry.
enum Place {
    Opening(Opening),
    Open(ShellKey),
    Nowhere,
}

/// Whether somebody may still give orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handles {
    Held,
    Dropped,
}

impl Driver {
    pub(super) fn new(
        host: Host,
        registry: Arc<Keeper>,
        opening: Opening,
        conversation: exchange::RunspacePool<Ids>,
        orders: mpsc::UnboundedReceiver<Order>,
        opened: oneshot::Sender<Result<Opened, Error>>,
    ) -> Self {
        Self {
            retries: host.retries(),
            host,
            registry,
            place: Place::Opening(opening),
            standing: Standing::Held,
            put_off: Vec::new(),
            conversation,
            orders,
            handles: Handles::Held,
            in_flight: InFlight::default(),
            held: Vec::new(),
            releases: 0,
            overdue: 0,
            entries: HashMap::new(),
            opened: Some(opened),
            writers: Vec::new(),
            questions: HashMap::new(),
            keys: Vec::new(),
            not_before: Instant::now(),
            error: None,
            spare_due: None,
            over: None,
        }
    }

    pub(super) async fn run(mut self) {
        while self.over.is_none() && !self.is_deserted() {
            let wake = match self.conversation.poll(Instant::now().into_std()) {
                PoolOutput::Event(event) => {
                    self.happened(event);
                    continue;
                }
                PoolOutput::Send(request) => {
                    self.hold_or_post(request);
                    continue;
                }
                PoolOutput::WaitUntil(time) => Some(Instant::from_std(time)),
                PoolOutput::Pending => None,
                PoolOutput::Done => break,
            };
            self.make_room();
            self.wait(wake).await;
            self.mind_the_time(Instant::now());
        }
        self.end();
    }

    /// Nobody is left, and no answer of the host is awaited that says what is to be deleted and what is not.
    fn is_deserted(&self) -> bool {
        self.handles == Handles::Dropped
            && !matches!(self.place, Place::Opening(_))
            && !matches!(self.standing, Standing::Leaving(_))
    }

    async fn wait(&mut self, wake: Option<Instant>) {
        let until = wake.into_iter().chain(self.next_time()).min();
        tokio::select! {
            biased;
            (posted, answer) = self.in_flight.answer() => self.answered(posted, answer),
            order = self.orders.recv(), if self.handles == Handles::Held => match order {
                Some(order) => self.obey(order),
                None => self.handles = Handles::Dropped,
            },
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
        }
    }

    /// When something is to be done without being asked.
    fn next_time(&self) -> Option<Instant> {
        let now = Instant::now();
        let held = self.held.iter().map(|held| held.due).filter(|due| *due > now);
        let stops = self.entries.values().filter_map(Entry::deadline);
        held.chain(stops).chain(self.spare_due).min()
    }

    fn mind_the_time(&mut self, now: Instant) {
        self.post_held(now);
        if self.spare_due.is_some_and(|due| due <= now) {
            self.spare_due = None;
            if !self.entries.is_empty() {
                self.host.keep_spare();
            }
        }
        if self.entries.values().filter_map(Entry::deadline).any(|deadline| deadline <= now) {
            self.discard();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Start { pipeline, work, outlet, started } => self.start(pipeline, work, outlet, started),
            Order::Input { pipeline, value, taken } => self.input(pipeline, value, taken),
            Order::EndInput(_) | Order::Stop { .. } | Order::Abandon(_) if !self.is_held() => {
                self.put_off(order);
            }
            // A pipeline that is over needs no end of input.
            Order::EndInput(pipeline) => drop(self.conversation.end_input(pipeline)),
            // What is held is looked through after each order.
            Order::Drained => {}
            Order::Stop { pipeline, stopped } => self.stop(pipeline, Some(stopped)),
            Order::Abandon(pipeline) => self.stop(pipeline, None),
            Order::Discard => self.discard(),
            Order::ExchangeKey { key, done } => self.exchange_key(key, done),
            Order::Ask { question, asked } => self.ask(question, asked),
            Order::Leave { idle_timeout, left } => self.leave(idle_timeout, left),
            Order::Return(returned) => self.take_up(returned),
        }
    }

    fn start(
        &mut self,
        pipeline: Uuid,
        work: Work,
        outlet: Outlet,
        started: oneshot::Sender<Result<(), Error>>,
    ) {
        let begun = match work {
            Work::PowerShell(shell) => self.conversation.start(pipeline, *shell),
            Work::Metadata(request) => self.conversation.command_metadata(pipeline, request),
            Work::Running => self.conversation.attach(pipeline, CommandId::from_uuid(pipeline)),
        };
        match begun {
            Ok(()) => {
                self.entries.insert(pipeline, Entry::new(outlet, started, self.host.retries()));
            }
            Err(error) => {
                let error = Error::new(Operation::Command, Cause::PowerShell(error), Reached::Nobody);
                let _unheard = started.send(Err(error));
            }
        }
    }

    fn input(&mut self, pipeline: Uuid, value: Value, taken: oneshot::Sender<Result<(), InputError>>) {
        match self.conversation.input(pipeline, value) {
            Ok(()) => self.writers.push(taken),
            Err(error) => {
                let _unheard = taken.send(Err(InputError::from(error)));
            }
        }
    }

    /// Who waits to write may go on while little is on its way.
    fn make_room(&mut self) {
        if self.conversation.pending_input() < INPUT_ON_ITS_WAY {
            for writer in self.writers.drain(..) {
                let _unheard = writer.send(Ok(()));
            }
        }
    }

    fn stop(&mut self, pipeline: Uuid, stopped: Option<oneshot::Sender<()>>) {
        let Some(entry) = self.entries.get_mut(&pipeline) else { return };
        if entry.stop(Instant::now(), stopped) {
            // A pipeline that the conversation does not have is about to say how it ended.
            let _over = self.conversation.stop(pipeline);
        }
    }

    /// The shell is deleted, with whatever runs in it.
    fn discard(&mut self) {
        self.over.get_or_insert(Error::new(Operation::Receive, Cause::PoolDiscarded, Reached::Perhaps));
    }

    /// Tells everybody, and has the reaper delete what is left on the host.
    fn end(&mut self) {
        self.orders.close();
        if let Some(error) = self.over.take() {
            self.tell_all(&error);
        }
        let fate = self.conversation.shell_fate();
        match std::mem::replace(&mut self.place, Place::Nowhere) {
            Place::Open(key) if fate == ShellFate::Gone => self.registry.forget(key),
            Place::Open(key) => self.registry.released(key),
            Place::Opening(_) | Place::Nowhere => {}
        }
    }
}

impl Drop for Driver {
    /// Where the runtime ends before the task.
    fn drop(&mut self) {
        if let Place::Open(key) = self.place {
            self.registry.released(key);
        }
    }
}

/// As much input as fits into one request to a host of today.
const INPUT_ON_ITS_WAY: usize = 384 * 1024;
