//! Tells a chat or a pager that something waits: one POST, over TLS with a verified certificate.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::store::Pending;
use crate::secret::{Reference, SecretError, Secrets};

/// Where requests are told. Who knows such an address may often write there, so it can lie where secrets lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webhook {
    /// An address that begins with `https://`.
    Address(Address),
    /// Where the address lies.
    Secret(Reference),
}

/// An address that begins with `https://`; only its host is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Uri);

/// A text that is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's address begins with https:// and a host")]
pub struct NotAnAddress;

/// Why nobody was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebhookError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Address(#[from] NotAnAddress),
    #[error("the webhook's host was not reached: {0}")]
    Unreachable(std::io::Error),
    #[error("the webhook's host has no name that a certificate could bear")]
    Name,
    #[error("TLS failed: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the webhook's host did not speak HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the webhook answered {0}")]
    Refused(u16),
    #[error("the webhook did not answer in time")]
    Late,
}

impl Address {
    /// Takes an address.
    ///
    /// # Errors
    /// [`NotAnAddress`], which does not show the text.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let uri: Uri = text.trim().parse().map_err(|_| NotAnAddress)?;
        let named = uri.host().is_some_and(|host| !host.is_empty());
        if uri.scheme_str() == Some("https") && named { Ok(Self(uri)) } else { Err(NotAnAddress) }
    }

    fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }
}

impl Webhook {
    /// Tells what waits.
    pub(super) async fn tell(&self, pending: &Pending, secrets: &Secrets) -> Result<(), WebhookError> {
        let body = body(pending);
        let told = match self {
            Self::Address(address) => timeout(PATIENCE, post(address, body)).await,
            Self::Secret(reference) => {
                let text: SecretString = secrets.read(reference)?.value;
                let address = Address::parse(text.expose_secret())?;
                timeout(PATIENCE, post(&address, body)).await
            }
        };
        told.map_err(|_| WebhookError::Late)?
    }
}

fn body(pending: &Pending) -> Bytes {
    let Pending { id, request, background, expires, .. } = pending;
    let digest: String = request.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let body = serde_json::json!({
        "id": id.as_str(),
        "digest": digest,
        "host": request.host,
        "principal": request.principal,
        "rule": background.rule,
        "judged_form": request.form,
        "expires": expires,
        "approve": format!("winrm-mcp approve {id}"),
    });
    Bytes::from(body.to_string())
}

async fn post(address: &Address, body: Bytes) -> Result<(), WebhookError> {
    let Address(uri) = address;
    let host = address.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|_| WebhookError::Name)?;
    let port = uri.port_u16().unwrap_or(443);
    let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(WebhookError::Unreachable)?;
    let tls = TlsConnector::from(Arc::new(verifying()?));
    let stream = tls.connect(name, tcp).await.map_err(WebhookError::Unreachable)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let target = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or(host.as_str(), |authority| authority.as_str());
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let request = Request::post(target)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .map_err(|_| NotAnAddress)?;
    let answered = async {
        let response = sender.send_request(request).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(WebhookError::Refused(status.as_u16())),
        }
    };
    tokio::pin!(answered, connection);
    tokio::select! {
        biased;
        answered = &mut answered => answered,
        ended = &mut connection => match ended {
            // Whoever answers and leaves has answered.
            Ok(()) => answered.await,
            Err(error) => Err(error.into()),
        },
    }
}

/// The system's authorities, and nothing that can be turned off.
fn verifying() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(https://{}/…)", self.host())
    }
}

impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "https://{}/…", address.host()),
            Self::Secret(reference) => reference.fmt(f),
        }
    }
}

/// How long somebody else's server may take.
const PATIENCE: Duration = Duration::from_secs(10);
