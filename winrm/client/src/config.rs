//! What a client needs to know.

use std::time::Duration;

use winrm_proto::auth::{Credential, InvalidServiceName, Scheme, basic};

use crate::{
    endpoint::{Endpoint, EndpointError, Transport},
    proxy::Proxy,
    refusals::{NoRandomBytes, RefusedCredentials},
    shell::OrphanRule,
    transport::{Trust, TrustError},
};

/// Where a [`crate::Client`] connects to, as whom, and how long it waits.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The service.
    pub endpoint: Endpoint,
    /// The HTTP proxy to go through.
    pub proxy: Option<Proxy>,
    /// Whose certificates are believed. Without meaning on plain HTTP, where messages are sealed.
    pub trust: Trust,
    /// The account and its password.
    pub credential: Credential,
    /// Which authentication schemes may be used, the preferred one first.
    pub schemes: Vec<Scheme>,
    /// The longest time from the first packet to an encrypted connection, attempts at it included.
    pub connect_timeout: Duration,
    /// How long the host may hold one request (`OperationTimeout`). A command may run for longer: its output is
    /// asked for again and again. Five seconds after it the connection counts as dead.
    pub operation_timeout: Duration,
    /// How often a connection that fails is tried again. What may have reached the host is never repeated,
    /// except asking for output.
    pub retries: u32,
    /// The largest answer to ask for, in bytes. Hosts before Windows Server 2012 refuse more than 153,600.
    pub max_envelope_size: u32,
    /// How many commands run at a time; the next one waits in [`crate::Shell::start`].
    pub concurrency: usize,
    /// Which shells on the host may be closed to make room for a new one.
    pub orphans: Option<OrphanRule>,
    /// What is remembered of refused credentials; give all clients of a process clones of one.
    pub refused: RefusedCredentials,
}

/// Why no client can be made of a configuration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// No scheme is allowed.
    #[error("no authentication scheme is allowed")]
    NoScheme,
    /// Basic cannot carry the account.
    #[error(transparent)]
    Basic(#[from] basic::Error),
    /// Basic hands the password over, so the host has to prove who it is.
    #[error("Basic is refused without TLS that verifies the host's certificate")]
    BasicNeedsVerifiedTls,
    /// The trust anchors cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The host's name cannot stand in a certificate.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The host's name cannot stand in a service principal name.
    #[error(transparent)]
    ServiceName(#[from] InvalidServiceName),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    /// There is no tokio runtime to run on.
    #[error("a client is made inside a tokio runtime")]
    NoRuntime,
}

impl ClientConfig {
    /// A configuration with the usual settings: NTLM under `Negotiate` or its own name, 30 s to connect, 20 s an
    /// operation, 3 retries, 16 commands at a time, and a memory of refused credentials of its own.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Random`], where the operating system has no random bytes.
    pub fn new(endpoint: Endpoint, trust: Trust, credential: Credential) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint,
            proxy: None,
            trust,
            credential,
            schemes: vec![Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm],
            connect_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(20),
            retries: 3,
            max_envelope_size: 153_600,
            concurrency: 16,
            orphans: None,
            refused: RefusedCredentials::new()?,
        })
    }

    /// Refuses what would hand the password over or can never work.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.schemes.is_empty() {
            return Err(ConfigError::NoScheme);
        }
        if self.schemes.contains(&Scheme::Basic) {
            let hidden = self.endpoint.transport() == Transport::Https;
            if !hidden || !self.trust.verifies() {
                return Err(ConfigError::BasicNeedsVerifiedTls);
            }
            if self.schemes == [Scheme::Basic] {
                basic::usable(self.credential.user())?;
            }
        }
        Ok(())
    }
}
