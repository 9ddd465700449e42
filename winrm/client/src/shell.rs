//! Shells on a host and the commands that run in them (WinRS).

mod admission;
mod command;
mod execution;
mod host;
mod options;
pub(crate) mod orphans;
pub(crate) mod reaper;
mod registry;
mod stdin;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use winrm_proto::{
    exchange::ShellFate,
    winrs::ShellReference,
    wsman::{ResourceUri, Target},
};

use crate::{
    error::{Cause, Error, Operation, Ran, Reached},
    lanes::{Lane, retry::Another},
};

pub(crate) use admission::{Admission, is_overload};
pub use command::{Command, CommandError};
pub use execution::{Event, Execution, Stopped};
pub(crate) use host::{Host, IDS, Ids};
pub use options::{ShellOptions, UserProfile};
pub use orphans::{OrphanRule, RemoteShell};
pub(crate) use registry::{Keeper, Opening, Registry, ShellKey};
pub use stdin::{InputClosed, Stdin};

/// A shell on the host: a place for commands, kept for as long as it is useful.
///
/// Where the host gives up the shell, because a quota is used up, it was idle for too long or the host has
/// rebooted, the next command silently gets a new one. Dropped, it is closed on the host in the background;
/// [`crate::Client::shutdown`] waits for that.
#[derive(Debug)]
pub struct Shell {
    host: Host,
    registry: Arc<Keeper>,
    commands: Arc<Semaphore>,
    options: ShellOptions,
    current: Mutex<Arc<Remote>>,
}

/// One shell as the host knows it, released when neither a [`Shell`] nor an [`Execution`] needs it.
#[derive(Debug)]
struct Remote {
    registry: Arc<Keeper>,
    key: ShellKey,
    reference: ShellReference,
}

impl Shell {
    pub(crate) async fn open(
        host: Host,
        registry: Arc<Keeper>,
        commands: Arc<Semaphore>,
        options: ShellOptions,
    ) -> Result<Self, Error> {
        let remote = Remote::create(host.clone(), registry.clone(), options.clone()).await?;
        Ok(Self { host, registry, commands, options, current: Mutex::new(Arc::new(remote)) })
    }

    /// The shell's identifier on the host, which is another one after the host has given up the shell.
    #[must_use]
    pub fn id(&self) -> String {
        self.current().reference.shell_id.to_string()
    }

    /// Starts a command, and returns when the host says that it runs.
    ///
    /// Several commands can run in one shell. Where as many run as [`crate::ClientConfig::concurrency`] allows, it
    /// waits. If this future is dropped while the command starts, the command is stopped again.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::ran`] says whether the command may run all the same.
    pub async fn start(&self, command: Command) -> Result<Execution, Error> {
        let fail = |cause| Error::new(Operation::Command, cause, Reached::Nobody);
        let request = command.request().map_err(|error| fail(Cause::Command(error)))?;
        let permit = self.commands.clone().acquire_owned().await.map_err(|_| fail(Cause::ShutDown))?;
        let permit = Arc::new(permit);
        // The host refuses a command because of its shell, or because it is overloaded, before anything runs.
        let mut retries = self.host.retries();
        let mut renewals = MAX_RENEWALS;
        loop {
            let remote = self.current();
            let started =
                Execution::start(self.host.clone(), remote.clone(), permit.clone(), request.clone());
            match started.await {
                Err(error)
                    if error.ran() == Ran::No && remote.fate(&error) != ShellFate::Usable && renewals > 0 =>
                {
                    renewals -= 1;
                    self.renew(&remote, remote.fate(&error)).await?;
                }
                Err(error) if is_overload(&error) && retries.pause().await == Another::Attempt => {}
                other => return other,
            }
        }
    }

    /// Takes a new shell for one that the host has given up, unless somebody else has done so.
    async fn renew(&self, old: &Arc<Remote>, fate: ShellFate) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.current(), old) {
            return Ok(());
        }
        if fate == ShellFate::Gone {
            self.registry.forget(old.key);
        }
        tracing::debug!(?fate, "the host has given up the shell; opening another");
        let new = Remote::create(self.host.clone(), self.registry.clone(), self.options.clone()).await?;
        *self.lock() = Arc::new(new);
        Ok(())
    }

    fn current(&self) -> Arc<Remote> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arc<Remote>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remote {
    /// Creates a shell. It runs as a task of its own: a caller who stops waiting leaves no shell behind.
    async fn create(host: Host, registry: Arc<Keeper>, options: ShellOptions) -> Result<Self, Error> {
        let shut_down = || Error::new(Operation::Create, Cause::ShutDown, Reached::Nobody);
        let opening = registry.open().ok_or_else(shut_down)?;
        let created = tokio::spawn(async move {
            let reference = create(&host, &options).await?;
            Ok(Self { key: opening.opened(reference.clone()), registry, reference })
        });
        created.await.unwrap_or_else(|_| Err(shut_down()))
    }

    /// What an error says about the shell.
    fn fate(&self, error: &Error) -> ShellFate {
        error.fault().map_or(ShellFate::Usable, ShellFate::from_fault)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.registry.released(self.key);
    }
}

/// Asks for a shell.
async fn create(host: &Host, options: &ShellOptions) -> Result<ShellReference, Error> {
    let mut admission = Admission::new(host);
    loop {
        let target = Target::from(ResourceUri::CMD);
        match host.ask(Lane::Poll, Operation::Create, target, options.request()).await {
            Ok(created) => return Ok(created.shell),
            Err(error) => admission.after(error).await?,
        }
    }
}

/// A new shell that is refused as well is not the shell's fault.
pub(crate) const MAX_RENEWALS: u32 = 2;
