//! The client: one endpoint, one account.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::Semaphore, time::timeout};
use uuid::Uuid;
use winrm_proto::wsman::{Preamble, SessionId};

use crate::{
    config::{ClientConfig, ConfigError},
    error::Error,
    lanes::Lanes,
    powershell::{PoolOptions, RunspacePool},
    shell::{Host, Keeper, Registry, RemoteShell, Shell, ShellOptions, orphans, reaper},
    transport::Dialer,
};

/// A client of one WinRM service, as one account. Clones share its connections and its shells.
#[derive(Debug, Clone)]
pub struct Client(Arc<Shared>);

/// What a service says about itself. All of it is the peer's text, and any of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The protocol's URI.
    pub protocol_version: Option<String>,
    /// For example `Microsoft Corporation`.
    pub product_vendor: Option<String>,
    /// For example `OS: 10.0.20348 SP: 0.0 Stack: 3.0`.
    pub product_version: Option<String>,
}

/// What a shutdown left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Shutdown {
    /// Every shell that this client opened is gone from the host.
    Complete,
    /// Time was over, or the host did not confirm that these shells are gone; where they are not, it closes them when
    /// their idle timeout passes.
    Left {
        /// How many.
        shells: usize,
    },
}

#[derive(Debug)]
struct Shared {
    host: Host,
    registry: Arc<Keeper>,
    commands: Arc<Semaphore>,
}

impl Client {
    /// Makes a client. Nothing is sent before something is asked for.
    ///
    /// A task that cleans up on the host starts here, on the current tokio runtime. It ends with the last clone of
    /// the client and the last of its shells and commands, once what was opened is closed.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], before anything is sent.
    pub fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let runtime = Handle::try_current().map_err(|_| ConfigError::NoRuntime)?;
        let dialer = Dialer::new(config)?;
        let preamble = Preamble {
            operation_timeout: config.operation_timeout.max(SHORTEST_OPERATION),
            max_envelope_size: config.max_envelope_size.max(SMALLEST_ENVELOPE),
            ..Preamble::new(config.endpoint.to_string(), SessionId::from_uuid(Uuid::new_v4()))
        };
        let host = Host::new(Lanes::new(dialer), preamble, config.retries, config.orphans.clone());
        let registry = Arc::new(Registry::default());
        runtime.spawn(reaper::run(registry.clone(), host.clone()));
        let commands = Arc::new(Semaphore::new(config.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self(Arc::new(Shared { host, registry: Keeper::new(registry), commands })))
    }

    /// Opens a shell. On a new client this connects and authenticates as well.
    ///
    /// # Errors
    ///
    /// [`Error`]; nothing has run on the host then.
    pub async fn open_shell(&self, options: ShellOptions) -> Result<Shell, Error> {
        let Shared { host, registry, commands } = &*self.0;
        Shell::open(host.clone(), registry.clone(), commands.clone(), options).await
    }

    /// Opens a PowerShell runspace pool. On a new client this connects and authenticates as well.
    ///
    /// # Errors
    ///
    /// [`Error`]; nothing has run on the host then.
    pub async fn open_runspace_pool(&self, options: PoolOptions) -> Result<RunspacePool, Error> {
        let Shared { host, registry, commands } = &*self.0;
        RunspacePool::open(host.clone(), registry.clone(), commands.clone(), options).await
    }

    /// Takes over a runspace pool that another process [left](RunspacePool::disconnect), as [`Client::list_shells`] found
    /// it. From then on it is this client's, which closes it when it is dropped; it is not replaced where the host gives it
    /// up. Its pipelines are taken over one by one, by [`RunspacePool::attach`].
    ///
    /// # Errors
    ///
    /// [`Error`], with the host's fault where the pool is gone or its client has not left it.
    pub async fn connect_runspace_pool(&self, shell: &RemoteShell) -> Result<RunspacePool, Error> {
        let Shared { host, registry, commands } = &*self.0;
        RunspacePool::connect(host.clone(), registry.clone(), commands.clone(), shell.reference()).await
    }

    /// Asks the service what it is, which proves the account as well. Nothing runs on the host.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn identify(&self) -> Result<Identity, Error> {
        let answer = self.0.host.identify().await?;
        Ok(Identity {
            protocol_version: answer.protocol_version,
            product_vendor: answer.product_vendor,
            product_version: answer.product_version,
        })
    }

    /// The shells on the host that the account may see, whoever opened them.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn list_shells(&self) -> Result<Vec<RemoteShell>, Error> {
        orphans::list(&self.0.host).await
    }

    /// Closes a shell that somebody else opened, and ends what runs in it.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn close_shell(&self, shell: &RemoteShell) -> Result<(), Error> {
        orphans::close(&self.0.host, shell).await
    }

    /// Closes every shell and runspace pool of this client, with what runs in them, and waits until the host has confirmed
    /// that or `deadline` has passed. New shells are refused from now on.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        let Shared { host, registry, .. } = &*self.0;
        registry.close();
        let _settled = timeout(deadline, registry.settled()).await;
        host.close();
        match registry.left() {
            0 => Shutdown::Complete,
            shells => Shutdown::Left { shells },
        }
    }
}

/// DSP0226 section 6.2: every service can send this much.
const SMALLEST_ENVELOPE: u32 = 8_192;
/// Less would ask for output in a tight loop.
const SHORTEST_OPERATION: Duration = Duration::from_millis(100);
