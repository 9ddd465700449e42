//! The handle of a runspace pool.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};
use uuid::Uuid;
use winrm_proto::{
    clixml::Value,
    psrp::{
        self, Availability, GetCommandMetadata, MessageType, PowerShell, RunspacePoolState, SharedCipher,
        aws_lc::ClientKeyPair,
    },
    winrs::{ListCommands, ShellReference},
    wsman::ResourceUri,
};

use super::{
    LockError, Pipeline, PoolOptions,
    driver::{Order, Question, Work},
    pipeline::pool_lost,
    remote::Remote,
};
use crate::{
    error::{Cause, Error, Operation, Ran, Reached},
    lanes::{Lane, retry::Another},
    shell::{Host, Keeper, MAX_RENEWALS, is_overload},
    transport::HttpError,
};

/// A PowerShell session on the host: runspaces in which pipelines run side by side.
///
/// Where the host gives up the pool, because a quota is used up, it was idle for too long or the host has rebooted, and
/// where its state is not known any more, the next pipeline silently gets a new pool; what was kept in the old one's
/// runspaces is not in it, and [`RunspacePool::id`] is another one. Dropped, it is closed on the host in the background, as
/// soon as its pipelines are dropped too; [`crate::Client::shutdown`] waits for that.
#[derive(Debug)]
pub struct RunspacePool {
    host: Host,
    registry: Arc<Keeper>,
    pipelines: Arc<Semaphore>,
    origin: Mutex<Origin>,
    /// Secure strings were asked for, so that a new pool needs a key too.
    keyed: AtomicBool,
    current: Mutex<Arc<Remote>>,
    renewal: tokio::sync::Mutex<()>,
}

/// What a pool would be replaced by.
#[derive(Debug, Clone)]
enum Origin {
    /// One that is opened in the same way.
    Opened(Box<PoolOptions>),
    /// Nothing: somebody else opened it, in a way that is not known.
    TakenOver,
}

impl RunspacePool {
    pub(crate) async fn open(
        host: Host,
        registry: Arc<Keeper>,
        pipelines: Arc<Semaphore>,
        options: PoolOptions,
    ) -> Result<Self, Error> {
        let remote = Remote::open(&host, &registry, &options).await?;
        Ok(Self::new(host, registry, pipelines, Origin::Opened(Box::new(options)), remote))
    }

    pub(crate) async fn connect(
        host: Host,
        registry: Arc<Keeper>,
        pipelines: Arc<Semaphore>,
        shell: &ShellReference,
    ) -> Result<Self, Error> {
        let remote = Remote::connect(&host, &registry, shell).await?;
        Ok(Self::new(host, registry, pipelines, Origin::TakenOver, remote))
    }

    fn new(
        host: Host,
        registry: Arc<Keeper>,
        pipelines: Arc<Semaphore>,
        origin: Origin,
        remote: Arc<Remote>,
    ) -> Self {
        Self {
            host,
            registry,
            pipelines,
            origin: Mutex::new(origin),
            keyed: AtomicBool::new(false),
            current: Mutex::new(remote),
            renewal: tokio::sync::Mutex::new(()),
        }
    }

    /// The identifier of the pool's shell on the host, which is another one after the host has given up the pool.
    #[must_use]
    pub fn id(&self) -> String {
        self.current().shell.shell_id.to_string()
    }

    /// What the host said of itself when the pool was opened (MS-PSRP 2.2.2.13, `APPLICATION_PRIVATE_DATA`): a dictionary
    /// that holds `PSVersionTable`. `None` where it said nothing by then.
    #[must_use]
    pub fn private_data(&self) -> Option<Value> {
        self.current().private_data.clone()
    }

    /// Starts a pipeline, and returns when the host says that it has it. Every command of it that does not say otherwise
    /// gets a scope of its own (`UseLocalScope`).
    ///
    /// As many pipelines run at a time as the pool has runspaces; where as many run as
    /// [`crate::ClientConfig::concurrency`] allows, this waits. If this future is dropped while the pipeline starts, the
    /// pipeline is stopped again.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::ran`] says whether the pipeline may run all the same.
    pub async fn start(&self, pipeline: PowerShell) -> Result<Pipeline, Error> {
        self.begin(Work::PowerShell(Box::new(pipeline.in_local_scopes()))).await
    }

    /// Asks what commands there are: a pipeline whose output tells them, the first object how many.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::start`].
    pub async fn command_metadata(&self, request: GetCommandMetadata) -> Result<Pipeline, Error> {
        self.begin(Work::Metadata(request)).await
    }

    /// Exchanges a session key, unless there is one, and hands out the cipher that secure strings of this pool are
    /// encrypted with. Before it, a pipeline that holds a [`super::SecureString`] is refused, and one that comes from the
    /// host is unreadable.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn exchange_key(&self) -> Result<SharedCipher, Error> {
        self.keyed.store(true, Ordering::Relaxed);
        self.key(&self.current()).await
    }

    /// Sees to it that the next pipeline finds nothing of earlier ones: no variables, no functions, no other location. The
    /// runspace gets its first state again, or, where the host refuses that, as hosts before PowerShell 5 do, the pool is
    /// replaced. A [locked](PoolOptions::lock) pool is always replaced.
    ///
    /// # Errors
    ///
    /// [`Error`], where a new pool cannot be opened.
    pub async fn reset(&self) -> Result<(), Error> {
        let remote = self.current();
        if self.is_locked() {
            // A reset leaves the lock half undone.
            return self.renew(&remote).await;
        }
        match self.ask(&remote, Question::Reset).await {
            Ok(Availability::Done(true)) => Ok(()),
            _ => self.renew(&remote).await,
        }
    }

    /// How many of the pool's runspaces are free: as many pipelines start at once.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn available_runspaces(&self) -> Result<i64, Error> {
        match self.ask(&self.current(), Question::Available).await? {
            Availability::Count(count) => Ok(count),
            Availability::Done(_) => {
                let state = RunspacePoolState::Opened;
                let odd = psrp::Error::Unexpected { message: MessageType::RunspaceAvailability, state };
                Err(Error::new(Operation::Send, Cause::BrokenProtocol(odd), Reached::Perhaps))
            }
        }
    }

    /// Changes the greatest number of runspaces.
    ///
    /// # Errors
    ///
    /// [`Cause::RunspacesRefused`] where the host does not want that: it is less than one or than the least number. Any
    /// other [`Error`].
    pub async fn set_max_runspaces(&self, count: i32) -> Result<(), Error> {
        if self.is_locked() && count != 1 {
            return Err(refused(Operation::Send, LockError::Runspaces(count)));
        }
        self.set(Question::AtMost(count), count).await?;
        if let Origin::Opened(options) = &mut *self.origin() {
            options.max_runspaces = count;
        }
        Ok(())
    }

    /// Changes the least number of runspaces.
    ///
    /// # Errors
    ///
    /// [`Cause::RunspacesRefused`] where the host does not want that: it is less than one or more than the greatest number.
    /// Any other [`Error`].
    pub async fn set_min_runspaces(&self, count: i32) -> Result<(), Error> {
        self.set(Question::AtLeast(count), count).await?;
        if let Origin::Opened(options) = &mut *self.origin() {
            options.min_runspaces = count;
        }
        Ok(())
    }

    /// Leaves the pool to itself: its pipelines run on, with their output kept on the host, until it is taken up again,
    /// by [`RunspacePool::reconnect`] here or by [`crate::Client::connect_runspace_pool`] in another process. The host
    /// closes it when that does not happen for `idle_timeout`, or as long as it allows. This client does not delete it any
    /// more, whatever is dropped.
    ///
    /// Meanwhile no pipeline can be started or given input, and [`Pipeline::next`] waits. A pipeline that is stopped or
    /// dropped is stopped on the host once the pool is taken up again here.
    ///
    /// # Errors
    ///
    /// [`Error`]. Where no answer came, the pool may have been left or not; it is given up here without being deleted.
    pub async fn disconnect(&self, idle_timeout: Option<Duration>) -> Result<(), Error> {
        if self.is_locked() {
            return Err(refused(Operation::Disconnect, LockError::Left));
        }
        let (left, answer) = oneshot::channel();
        tell(&self.current(), Order::Leave { idle_timeout, left }, answer, Operation::Disconnect).await
    }

    /// Takes up the pool again that was [left](RunspacePool::disconnect).
    ///
    /// # Errors
    ///
    /// [`Error`]; the pool stays left.
    pub async fn reconnect(&self) -> Result<(), Error> {
        let (returned, answer) = oneshot::channel();
        tell(&self.current(), Order::Return(returned), answer, Operation::Reconnect).await
    }

    /// The [identifiers](Pipeline::id) of the pipelines that the host has in this pool, whoever started them, as
    /// [`RunspacePool::attach`] takes them. One of which everything was received may be missing.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn list_pipelines(&self) -> Result<Vec<Uuid>, Error> {
        let request = ListCommands { shell_id: self.current().shell.shell_id.clone() };
        let target = ResourceUri::COMMAND.into();
        let listed = self.host.ask(Lane::Control, Operation::Enumerate, target, request).await?.0;
        Ok(listed.items.into_iter().filter_map(|command| command.command_id?.to_uuid()).collect())
    }

    /// Takes over a pipeline of a pool that was [connected to](crate::Client::connect_runspace_pool), by its
    /// [identifier](Pipeline::id), which [`RunspacePool::list_pipelines`] tells as well: its output is read from here on, what the host has kept included. Dropped before its
    /// end, it is stopped like any other.
    ///
    /// # Errors
    ///
    /// [`Error`], with the host's fault where it has no such pipeline.
    pub async fn attach(&self, pipeline: Uuid) -> Result<Pipeline, Error> {
        let permit = self.permit().await?;
        Pipeline::start(self.current(), Arc::new(permit), pipeline, Work::Running).await
    }

    async fn begin(&self, work: Work) -> Result<Pipeline, Error> {
        let permit = Arc::new(self.permit().await?);
        // The host refuses a pipeline because of its pool, or because it is overloaded, before anything runs.
        let mut retries = self.host.retries();
        let mut renewals = MAX_RENEWALS;
        loop {
            let remote = self.current();
            let id = Uuid::new_v4();
            match Pipeline::start(remote.clone(), permit.clone(), id, work.clone()).await {
                Err(error) if error.ran() == Ran::No && remote.is_spent(&error) && renewals > 0 => {
                    renewals -= 1;
                    self.renew(&remote).await?;
                }
                Err(error) if is_overload(&error) && retries.pause().await == Another::Attempt => {}
                other => return other,
            }
        }
    }

    /// Takes a new pool for one that is of no use any more, unless somebody else has done so.
    async fn renew(&self, old: &Arc<Remote>) -> Result<(), Error> {
        let _one_at_a_time = self.renewal.lock().await;
        if !Arc::ptr_eq(&self.current(), old) {
            return Ok(());
        }
        let Origin::Opened(options) = self.origin().clone() else {
            return Err(pool_lost(Operation::Create, Reached::Nobody));
        };
        tracing::debug!("the runspace pool is of no use any more; opening another");
        let new = Remote::open(&self.host, &self.registry, &options).await?;
        if self.keyed.load(Ordering::Relaxed) {
            self.key(&new).await?;
        }
        *self.lock() = new;
        Ok(())
    }

    async fn set(&self, question: Question, count: i32) -> Result<(), Error> {
        match self.ask(&self.current(), question).await? {
            Availability::Done(true) => Ok(()),
            Availability::Done(false) | Availability::Count(_) => {
                Err(Error::new(Operation::Send, Cause::RunspacesRefused { count }, Reached::Refused))
            }
        }
    }

    async fn key(&self, remote: &Remote) -> Result<SharedCipher, Error> {
        timeout(self.host.patience(), exchange_key(remote)).await.unwrap_or_else(|_| Err(no_answer()))
    }

    /// The answer takes no longer than that to a request, or there is none.
    async fn ask(&self, remote: &Remote, question: Question) -> Result<Availability, Error> {
        let (asked, answer) = oneshot::channel();
        let told = tell(remote, Order::Ask { question, asked }, answer, Operation::Send);
        timeout(self.host.patience(), told).await.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Waits until one pipeline more may run.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        let shut_down = || Error::new(Operation::Command, Cause::ShutDown, Reached::Nobody);
        self.pipelines.clone().acquire_owned().await.map_err(|_| shut_down())
    }

    fn is_locked(&self) -> bool {
        matches!(&*self.origin(), Origin::Opened(options) if options.lock.is_some())
    }

    fn origin(&self) -> MutexGuard<'_, Origin> {
        self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<Remote> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Remote>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host goes on and on about the pool without answering.
fn no_answer() -> Error {
    Error::new(Operation::Receive, Cause::Http(HttpError::TimedOut), Reached::Perhaps)
}

fn refused(during: Operation, error: LockError) -> Error {
    Error::new(during, Cause::Lock(error), Reached::Nobody)
}

/// Gives the pool's task an order and waits for its answer.
async fn tell<T>(
    remote: &Remote,
    order: Order,
    answer: oneshot::Receiver<Result<T, Error>>,
    during: Operation,
) -> Result<T, Error> {
    remote.order(order).map_err(|_| pool_lost(during, Reached::Nobody))?;
    answer.await.unwrap_or_else(|_| Err(pool_lost(during, Reached::Perhaps)))
}

async fn exchange_key(remote: &Remote) -> Result<SharedCipher, Error> {
    let random = || Error::new(Operation::Send, Cause::NoRandomBytes, Reached::Nobody);
    let lost = || pool_lost(Operation::Send, Reached::Perhaps);
    // It takes tens of milliseconds of arithmetic.
    let pair = tokio::task::spawn_blocking(ClientKeyPair::generate).await;
    let key = Box::new(pair.map_err(|_| random())?.map_err(|_| random())?);
    let (done, answer) = oneshot::channel();
    remote.order(Order::ExchangeKey { key, done }).map_err(|_| lost())?;
    answer.await.unwrap_or_else(|_| Err(lost()))
}
