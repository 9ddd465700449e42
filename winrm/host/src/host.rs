//! The host as a user of this crate sees it: built, started, asked, shut down.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use winrm_proto::auth::{Credential, InvalidUserName, UserName};

use crate::certificate::{Authority, Certificate};
use crate::clock::{Clock, Ids};
use crate::connection;
use crate::machine::powershell::Scope;
use crate::misbehaviour::Misbehaviour;
use crate::record::{ConnectionId, Record};
use crate::settings::{HardeningLevel, LockOutcome, Loopback, Quotas, Scheme, Transport};
use crate::world::{Choices, World};

/// A running host. Dropping it stops it without waiting; [`shutdown`](Self::shutdown) waits.
#[derive(Debug)]
pub struct Host {
    world: Arc<World>,
    first: Account,
    addr: SocketAddr,
    ca_pem: String,
    stop: CancellationToken,
    accepting: Option<JoinHandle<()>>,
}

impl Host {
    /// Begins to describe a host. Without further words it listens on a free port of 127.0.0.1 over HTTPS,
    /// offers Negotiate and NTLM, and knows the user `operator` with a password of its own making.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The first account's name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.first.user
    }

    /// The first account's password.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.first.password
    }

    /// The certificate authority that a client has to trust, in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What reached the host. It stays readable after the shutdown.
    #[must_use]
    pub fn record(&self) -> Record {
        self.world.record.clone()
    }

    /// How many shells are open.
    #[must_use]
    pub fn open_shells(&self) -> usize {
        self.world.shells.count()
    }

    /// Arms a misbehaviour, behind those that are armed already.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.world.armed.arm(misbehaviour);
    }

    /// Closes every connection, ends every command, and returns when nothing of the host runs any more.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(accepting) = self.accepting.take() {
            // A panic in a connection's task was reported where it happened; there is nothing to add here.
            let _joined = accepting.await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Describes a [`Host`] before it starts.
#[derive(Clone, Debug)]
#[must_use]
pub struct HostBuilder {
    loopback: Loopback,
    port: u16,
    certificate: Certificate,
    misbehaviours: Vec<Misbehaviour>,
    accounts: Vec<Account>,
    choices: Choices,
}

impl HostBuilder {
    /// Listens on this loopback address.
    pub fn loopback(mut self, address: Loopback) -> Self {
        self.loopback = address;
        self
    }

    /// Listens on this port; 0, as without this call, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Chooses how the bytes travel.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.choices.transport = transport;
        self
    }

    /// Chooses what is right or wrong about the certificate.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Adds an account of the simulated machine, as `user` or `DOMAIN\\user`. [`Host::user`] is the first one.
    pub fn account(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let password = SecretString::from(password.into());
        self.accounts.push(Account { user: user.into(), password });
        self
    }

    /// Offers these schemes, in this order, and no other.
    pub fn offer(mut self, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        self.choices.offered = schemes.into_iter().collect();
        self
    }

    /// Chooses what happens to channel binding tokens.
    pub fn hardening_level(mut self, level: HardeningLevel) -> Self {
        self.choices.hardening = level;
        self
    }

    /// Answers with a cookie `MS-WSMAN` of this value, as hosts behind a load balancer do to keep a client.
    pub fn session_cookie(mut self, value: impl Into<String>) -> Self {
        self.choices.cookie = Some(value.into());
        self
    }

    /// Sets the limits.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.choices.quotas = quotas;
        self
    }

    /// Names the simulated machine, in `NetBIOS` form such as `WEB-01`.
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.choices.hostname = name.into();
        self
    }

    /// Sets a variable in every shell's environment, such as a secret that output must not show.
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.choices.environment.push((name.into(), value.into()));
        self
    }

    /// Adds a session configuration that shows these commands only and has no language, as a JEA endpoint does, or
    /// replaces the one of that name. Every host has [`DEMO_ENDPOINT`](crate::DEMO_ENDPOINT).
    pub fn restricted_endpoint(
        mut self,
        name: impl Into<String>,
        commands: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let (name, scope) = (name.into(), Arc::new(Scope::role(commands)));
        self.choices.configurations.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.choices.configurations.push((name, scope));
        self
    }

    /// Leaves out every session configuration, as on a host where PowerShell remoting was never enabled: cmd shells
    /// work, and `powershell.exe` in them.
    pub fn without_powershell_endpoints(mut self) -> Self {
        self.choices.configurations.clear();
        self
    }

    /// Chooses what becomes of a runspace that a client locks.
    pub fn lock(mut self, outcome: LockOutcome) -> Self {
        self.choices.lock = outcome;
        self
    }

    /// Sets the machine's time of day.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.choices.clock = clock;
        self
    }

    /// Chooses where identifiers come from.
    pub fn ids(mut self, ids: Ids) -> Self {
        self.choices.ids = ids;
        self
    }

    /// Arms a misbehaviour before the first connection.
    pub fn misbehave(mut self, misbehaviour: Misbehaviour) -> Self {
        self.misbehaviours.push(misbehaviour);
        self
    }

    /// Starts the host on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The port is taken, or no certificate or password could be made.
    pub async fn start(mut self) -> Result<Host, StartError> {
        let authority = Authority::new()?;
        let first = match self.accounts.first() {
            Some(account) => account.clone(),
            None => made_up_account().map_err(StartError::Random)?,
        };
        if self.accounts.is_empty() {
            self.accounts.push(first.clone());
        }
        let accounts: Result<Vec<Credential>, _> =
            self.accounts.into_iter().map(Account::credential).collect();
        let accounts = accounts?;
        let listener = TcpListener::bind((self.loopback.address(), self.port)).await?;
        let addr = listener.local_addr()?;
        let ca_pem = authority.pem();
        let identities = authority.identities(self.certificate, self.choices.transport)?;
        let world = Arc::new(World::new(self.choices, accounts, identities));
        for misbehaviour in self.misbehaviours {
            world.armed.arm(misbehaviour);
        }
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&world), stop.clone()));
        Ok(Host { world, first, addr, ca_pem, stop, accepting: Some(accepting) })
    }
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            loopback: Loopback::V4,
            port: 0,
            certificate: Certificate::default(),
            misbehaviours: Vec::new(),
            accounts: Vec::new(),
            choices: Choices::default(),
        }
    }
}

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address or port cannot be bound.
    #[error("the host cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// An account's name is none.
    #[error("an account cannot be made: {0}")]
    Account(#[from] InvalidUserName),
    /// No certificate could be made.
    #[error("the host's certificate cannot be made: {0}")]
    Certificate(#[from] crate::certificate::IssueError),
    /// The operating system gave no random bytes.
    #[error("no random bytes for a password: {0}")]
    Random(getrandom::Error),
}

/// A user of the simulated machine.
#[derive(Clone, Debug)]
struct Account {
    user: String,
    password: SecretString,
}

impl Account {
    fn credential(self) -> Result<Credential, InvalidUserName> {
        Ok(Credential::new(UserName::parse(&self.user)?, self.password))
    }
}

/// Accepts connections until the host stops, then waits for their tasks.
async fn accept(listener: TcpListener, world: Arc<World>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    let mut last = 0;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _peer)) = accepted else {
            // Out of file handles: the connections that end will give some back.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        last += 1;
        connections.spawn(connection::serve(Arc::clone(&world), stream, ConnectionId(last), stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    world.shells.delete_all().await;
}

fn made_up_account() -> Result<Account, getrandom::Error> {
    let mut bytes = [0_u8; 15];
    getrandom::fill(&mut bytes)?;
    let password = SecretString::from(URL_SAFE.encode(bytes));
    Ok(Account { user: DEFAULT_USER.to_owned(), password })
}

const DEFAULT_USER: &str = "operator";
