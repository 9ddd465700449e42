//! The host's certificate: an authority of its own, and a leaf for this machine's loopback names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::settings::Transport;

/// What is right or wrong about the certificate that the host shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// Valid for `localhost`, `127.0.0.1` and `::1`.
    #[default]
    Valid,
    /// Its time ended yesterday.
    Expired,
    /// Its time begins tomorrow.
    NotYetValid,
    /// It names another machine only.
    Names(String),
    /// Each connection sees another one, valid and from the same authority.
    ChangesWithEachConnection,
}

/// The authority that signs the host's leaves.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    pub(crate) fn new() -> Result<Self, IssueError> {
        let now = SystemTime::now();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "winrm-host authority of one run");
        params.not_before = (now - DAY).into();
        params.not_after = (now + 30 * DAY).into();
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// The authority's certificate in PEM, for a client to trust.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The leaves of a host that lives on: one for all connections, or a new one for each.
    pub(crate) fn identities(
        self,
        certificate: Certificate,
        transport: Transport,
    ) -> Result<Identities, IssueError> {
        let identity = self.issue(&certificate, transport)?;
        let authority = (certificate == Certificate::ChangesWithEachConnection).then_some(self);
        Ok(Identities { identity, authority, certificate, transport })
    }

    /// Makes a leaf with a new key.
    fn issue(&self, certificate: &Certificate, transport: Transport) -> Result<Identity, IssueError> {
        let key = KeyPair::generate()?;
        let leaf = leaf(certificate, SystemTime::now())?.signed_by(&key, &self.issuer)?;
        let der = Arc::from(leaf.der().as_ref());
        let versions: &[&rustls::SupportedProtocolVersion] = match transport {
            Transport::HttpsTls12 => &[&rustls::version::TLS12],
            Transport::Https | Transport::Http => rustls::ALL_VERSIONS,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)?;
        Ok(Identity { config: Arc::new(config), der })
    }
}

/// Which leaf a connection sees.
#[derive(Debug)]
pub(crate) struct Identities {
    identity: Identity,
    /// Kept only where it has more to sign.
    authority: Option<Authority>,
    certificate: Certificate,
    transport: Transport,
}

impl Identities {
    /// The leaf for the next connection.
    pub(crate) fn next(&self) -> Result<Identity, IssueError> {
        match &self.authority {
            Some(authority) => authority.issue(&self.certificate, self.transport),
            None => Ok(self.identity.clone()),
        }
    }
}

/// A leaf that is ready to be served.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    /// The leaf's DER, which channel bindings hash.
    pub(crate) der: Arc<[u8]>,
}

/// No certificate could be made, which on a working machine does not happen.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The certificate could not be built or signed.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take it.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

fn leaf(certificate: &Certificate, now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = match certificate {
        Certificate::Names(name) => vec![SanType::DnsName(name.as_str().try_into()?)],
        _ => vec![
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ],
    };
    let (from, to) = match certificate {
        Certificate::Expired => (now - 10 * DAY, now - DAY),
        Certificate::NotYetValid => (now + DAY, now + 10 * DAY),
        _ => (now - DAY, now + 20 * DAY),
    };
    params.not_before = from.into();
    params.not_after = to.into();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

const DAY: Duration = Duration::from_secs(86_400);
