//! Opens authenticated connections to one endpoint.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret;
use tokio::{net::TcpStream, time::Instant};
use winrm_proto::{
    auth::{
        ChannelBinding, Credential, Protection, Scheme, ServiceName,
        ntlm::{FileTime, Nonces},
    },
    connection::{Connection, Learned, Settings},
};

use super::{Link, http, http::Http, stream::Stream, tcp, tls, tunnel};
use crate::{
    config::{ClientConfig, ConfigError},
    endpoint::{Endpoint, Transport},
    error::Cause,
    proxy::Proxy,
    refusals::{CredentialId, RefusedCredentials},
};

/// Opens connections to one endpoint as one account.
#[derive(Debug, Clone)]
pub(crate) struct Dialer(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    endpoint: Endpoint,
    host: String,
    proxy: Option<Proxy>,
    security: Security,
    target: ServiceName,
    credential: Credential,
    credential_id: CredentialId,
    schemes: Vec<Scheme>,
    refused: RefusedCredentials,
    connect_timeout: Duration,
    operation_timeout: Duration,
    retries: u32,
    max_response: usize,
    learned: Mutex<Learned>,
}

/// What keeps messages private.
#[derive(Debug)]
enum Security {
    Tls(tls::Connector),
    /// The keys of the authentication; there is no plain text.
    Seal,
}

impl Dialer {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let ClientConfig { endpoint, credential, .. } = config;
        let host = endpoint.host();
        let password = credential.password().expose_secret();
        Ok(Self(Arc::new(Parts {
            proxy: config.proxy.clone().filter(|proxy| proxy.serves(endpoint)),
            security: match endpoint.transport() {
                Transport::Https => {
                    Security::Tls(tls::Connector::new(&config.trust, endpoint.server_name()?)?)
                }
                Transport::Http => Security::Seal,
            },
            target: ServiceName::http(&host)?,
            credential_id: config.refused.identify(&credential.user().to_string(), password),
            credential: credential.clone(),
            endpoint: endpoint.clone(),
            host,
            schemes: config.schemes.clone(),
            refused: config.refused.clone(),
            connect_timeout: config.connect_timeout,
            operation_timeout: config.operation_timeout,
            retries: config.retries,
            max_response: max_response(config.max_envelope_size),
            learned: Mutex::default(),
        })))
    }

    /// TCP, and TLS where that is what protects. The account is proven with the first request, which rides on the proof.
    pub(crate) async fn open(&self, deadline: Instant) -> Result<Link, Cause> {
        let Parts { endpoint, host, proxy, .. } = &*self.0;
        let tcp = match proxy {
            Some(proxy) => tunnel::open(proxy, endpoint, deadline).await.map_err(Cause::Proxy)?,
            None => {
                let to = tcp::Destination { host, address: endpoint.address(), port: endpoint.port() };
                tcp::connect(to, deadline).await.map_err(Cause::Connect)?
            }
        };
        let (stream, protection) = self.secure(tcp, deadline).await?;
        let connection = self.authentication(protection)?;
        let target = http::Target {
            authority: endpoint.authority(),
            path: endpoint.path().to_owned(),
            body_limit: self.0.max_response,
        };
        let http = Http::new(stream, target).await.map_err(Cause::Http)?;
        Ok(Link::new(http, connection, self.clone()))
    }

    async fn secure(&self, tcp: TcpStream, deadline: Instant) -> Result<(Stream, Protection), Cause> {
        let Security::Tls(connector) = &self.0.security else {
            return Ok((Stream::plain(tcp), Protection::Seal));
        };
        let tls = connector.connect(tcp, deadline).await.map_err(Cause::Tls)?;
        let channel_binding = match tls::leaf(&tls) {
            Some(leaf) => ChannelBinding::from_certificate(leaf).map_err(Cause::MalformedCertificate)?,
            None => None,
        };
        Ok((Stream::tls(tls), Protection::Tls { channel_binding }))
    }

    fn authentication(&self, protection: Protection) -> Result<Connection, Cause> {
        let settings = Settings {
            credential: self.0.credential.clone(),
            schemes: self.0.schemes.clone(),
            target: self.0.target.clone(),
            protection,
            max_response: self.0.max_response,
            learned: self.learned().clone(),
        };
        Connection::new(settings, nonces()?).map_err(Cause::Connection)
    }

    /// Keeps what a connection found out for the next one.
    pub(super) fn learn(&self, learned: &Learned) {
        let mut known = self.learned();
        if *known != *learned {
            *known = learned.clone();
        }
    }

    pub(super) fn refused(&self) -> (&RefusedCredentials, CredentialId) {
        (&self.0.refused, self.0.credential_id)
    }

    pub(super) fn user(&self) -> String {
        self.0.credential.user().to_string()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.0.connect_timeout
    }

    /// How long an answer may take: the host's time for the operation, and a little for the way.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.0.operation_timeout.saturating_add(GRACE)
    }

    pub(crate) fn retries(&self) -> u32 {
        self.0.retries
    }

    fn learned(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.0.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nonces() -> Result<Nonces, Cause> {
    let (mut challenge, mut key) = ([0; 8], [0; 16]);
    getrandom::fill(&mut challenge).map_err(|_| Cause::NoRandomBytes)?;
    getrandom::fill(&mut key).map_err(|_| Cause::NoRandomBytes)?;
    // A clock before 1970 is as good as any wrong clock: the host says that it is wrong.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Nonces::new(challenge, key, FileTime::from_unix(now)))
}

/// Some hosts overrun the envelope size they were given, none by much more than Windows' own default.
fn max_response(max_envelope_size: u32) -> usize {
    let asked = usize::try_from(max_envelope_size).unwrap_or(usize::MAX);
    asked.max(WINDOWS_ENVELOPE).saturating_add(SLACK)
}

const GRACE: Duration = Duration::from_secs(5);
const WINDOWS_ENVELOPE: usize = 500 * 1024;
const SLACK: usize = 64 * 1024;
