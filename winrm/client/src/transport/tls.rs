//! TLS by rustls with the aws-lc-rs provider, and its failures in words.

use std::{io, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, PeerIncompatible,
    client::Resumption,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::time::ASN1Time;

use super::trust::{Trust, TrustError};

/// Why a TLS connection did not come about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TlsError {
    /// The certificate was issued by nobody whom the trust anchors name; a self-signed one looks like this.
    #[error("the certificate's issuer is not trusted")]
    UnknownIssuer,
    /// A trust anchor has the issuer's name but not its key, as after an authority was set up anew.
    #[error("the certificate was not signed by the trusted issuer, but by another of the same name")]
    ForeignIssuer,
    /// The certificate's time is over.
    #[error("the certificate expired {}", since(.not_after))]
    Expired {
        /// Seconds since 1970 at which it ended, where the verifier said so.
        not_after: Option<u64>,
    },
    /// The certificate's time has not begun, or the clock here is slow.
    #[error("the certificate is not valid yet, it begins {}", since(.not_before))]
    NotValidYet {
        /// Seconds since 1970 at which it begins, where the verifier said so.
        not_before: Option<u64>,
    },
    /// The certificate is for other names.
    #[error("the certificate is not for {expected} but for {}", names(.presented))]
    NameMismatch {
        /// The name that was asked for.
        expected: String,
        /// The names that the certificate carries.
        presented: Vec<String>,
    },
    /// The certificate is not for server authentication.
    #[error("the certificate is not meant for servers: its extended key usage lacks server authentication")]
    NotForServers,
    /// The certificate or its key is not the pinned one.
    #[error("the server's {what} is not the pinned one; it has SHA-256 {presented}")]
    NotPinned {
        /// What was compared.
        what: crate::transport::trust::Pinned,
        /// The digest of what the server presented, in hexadecimal.
        presented: String,
    },
    /// Client and server share no cipher suite, group or signature scheme.
    #[error(
        "no cipher suite is shared: Windows Server 2012 R2 with an RSA certificate offers none that is still safe"
    )]
    NoSharedSuite,
    /// The server speaks neither TLS 1.2 nor TLS 1.3.
    #[error("the server speaks neither TLS 1.2 nor TLS 1.3")]
    NoSharedVersion,
    /// The answer was not TLS: often a plain HTTP port.
    #[error("the answer was not TLS; is this a plain HTTP port?")]
    NotTls,
    /// The server ended the connection during the handshake.
    #[error("the server closed the connection during the TLS handshake")]
    Closed,
    /// The handshake did not end in time.
    #[error("the TLS handshake did not end in time")]
    TimedOut,
    /// The server refused with an alert.
    #[error("the server refused the TLS handshake with the alert {0:?}")]
    Alert(AlertDescription),
    /// The certificate fails in a rarer way.
    #[error("the certificate was not accepted: {0}")]
    Certificate(CertificateError),
    /// The handshake fails in a rarer way.
    #[error("the TLS handshake failed: {0}")]
    Handshake(rustls::Error),
    /// The network failed during the handshake.
    #[error("the network failed during the TLS handshake ({0})")]
    Io(io::ErrorKind),
}

/// Makes TLS connections for one client.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: TlsConnector,
    name: ServerName<'static>,
}

impl Connector {
    /// Prepares connections to a server of this name.
    ///
    /// The provider is named: a process default that somebody else installs has no effect. Sessions are not
    /// resumed, so that each connection verifies the certificate anew.
    pub(crate) fn new(trust: &Trust, name: ServerName<'static>) -> Result<Self, TrustError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = trust.verifier(&provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Provider)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), name })
    }

    /// Shakes hands. The server's certificate is known and verified when this returns.
    pub(crate) async fn connect(
        &self,
        tcp: TcpStream,
        deadline: Instant,
    ) -> Result<TlsStream<TcpStream>, TlsError> {
        let handshake = self.tls.connect(self.name.clone(), tcp);
        match timeout_at(deadline, handshake).await {
            Ok(connected) => connected.map_err(|error| TlsError::from_io(&error)),
            Err(_) => Err(TlsError::TimedOut),
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The server's own certificate in DER.
pub(crate) fn leaf(tls: &TlsStream<TcpStream>) -> Option<&CertificateDer<'static>> {
    tls.get_ref().1.peer_certificates().and_then(<[_]>::first)
}

impl TlsError {
    fn from_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => Self::from_rustls(error.clone()),
            None => match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => Self::Closed,
                kind => Self::Io(kind),
            },
        }
    }

    fn from_rustls(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::from_certificate(error),
            rustls::Error::PeerIncompatible(reason) => Self::from_incompatible(reason),
            rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => Self::NotTls,
            rustls::Error::AlertReceived(alert) => Self::from_alert(alert),
            other => Self::Handshake(other),
        }
    }

    fn from_certificate(error: CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::BadSignature => Self::ForeignIssuer,
            CertificateError::Expired => Self::Expired { not_after: None },
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired { not_after: Some(not_after.as_secs()) }
            }
            CertificateError::NotValidYet => Self::NotValidYet { not_before: None },
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotValidYet { not_before: Some(not_before.as_secs()) }
            }
            CertificateError::NotValidForNameContext { expected, presented } => Self::NameMismatch {
                expected: expected.to_str().into_owned(),
                presented: presented.iter().take(MAX_NAMES).map(|name| plain_name(name)).collect(),
            },
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::NotForServers
            }
            CertificateError::Other(other) => match other.0.downcast_ref::<Self>() {
                Some(ours) => ours.clone(),
                None => Self::Certificate(CertificateError::Other(other)),
            },
            other => Self::Certificate(other),
        }
    }

    fn from_incompatible(reason: PeerIncompatible) -> Self {
        match reason {
            PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon => Self::NoSharedSuite,
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled => Self::NoSharedVersion,
            other => Self::Handshake(rustls::Error::PeerIncompatible(other)),
        }
    }

    fn from_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
                Self::NoSharedSuite
            }
            AlertDescription::ProtocolVersion => Self::NoSharedVersion,
            other => Self::Alert(other),
        }
    }
}

/// rustls writes `DnsName("web-01")`; people write `web-01`.
fn plain_name(presented: &str) -> String {
    match presented.split_once('(') {
        Some((_, inside)) => inside.trim_end_matches(')').trim_matches('"').to_owned(),
        None => presented.to_owned(),
    }
}

fn names(presented: &[String]) -> String {
    if presented.is_empty() { "no name at all".to_owned() } else { presented.join(", ") }
}

fn since(seconds: &Option<u64>) -> String {
    let written = seconds
        .map(|seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)).as_secs())
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
    written.map_or_else(|| "at an unknown time".to_owned(), |time| format!("on {time}"))
}

const MAX_NAMES: usize = 8;
