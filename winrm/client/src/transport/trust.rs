//! Whose certificates are believed.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::digest;
use rustls::{
    CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::{roots, tls::TlsError};

/// What makes a server's certificate acceptable.
#[derive(Debug, Clone)]
pub struct Trust(Anchor);

/// Why nothing can be trusted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrustError {
    /// The PEM text holds no certificate.
    #[error("the CA file holds no certificate in PEM form")]
    NoCertificate,
    /// A certificate of the PEM text cannot be used as a trust anchor.
    #[error("certificate {position} of the CA file cannot be used as a trust anchor")]
    Unusable {
        /// Its place in the file, counted from 1.
        position: usize,
    },
    /// This system offers no certificates.
    #[error("no system trust anchors were found; name a CA file")]
    NoSystemRoots,
    /// The pin is not `sha256:` or `spki-sha256:` with 64 hexadecimal digits.
    #[error("a pin is `sha256:` or `spki-sha256:` and 64 hexadecimal digits")]
    Pin,
    /// The cryptographic provider lacks what TLS needs.
    #[error("the TLS provider cannot be used: {0}")]
    Provider(rustls::Error),
}

/// A SHA-256 digest that a server's certificate has to have.
///
/// A pin replaces the chain, the name and the dates: exactly this certificate or this key is accepted, and
/// the handshake proves that the server holds the private key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin {
    what: Pinned,
    digest: [u8; 32],
}

/// What a [`Pin`] is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pinned {
    /// The whole certificate in DER; it changes at each renewal.
    Certificate,
    /// The certificate's `SubjectPublicKeyInfo`; it lasts as long as the key.
    PublicKey,
}

#[derive(Debug, Clone)]
enum Anchor {
    System,
    Roots(Arc<RootCertStore>),
    Pin(Pin),
    Anything,
}

impl Trust {
    /// The trust anchors of this machine.
    #[must_use]
    pub fn system_roots() -> Self {
        Self(Anchor::System)
    }

    /// The certificates of a PEM text, instead of this machine's trust anchors.
    ///
    /// # Errors
    ///
    /// [`TrustError::NoCertificate`] and [`TrustError::Unusable`].
    pub fn ca_pem(pem: &[u8]) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let unusable = TrustError::Unusable { position: index.saturating_add(1) };
            let certificate = certificate.map_err(|_| unusable.clone())?;
            roots.add(certificate).map_err(|_| unusable)?;
        }
        if roots.is_empty() {
            return Err(TrustError::NoCertificate);
        }
        Ok(Self(Anchor::Roots(Arc::new(roots))))
    }

    /// Exactly one certificate or key.
    #[must_use]
    pub fn pin(pin: Pin) -> Self {
        Self(Anchor::Pin(pin))
    }

    /// See [`crate::danger::accept_any_certificate`].
    pub(crate) fn anything() -> Self {
        Self(Anchor::Anything)
    }

    /// Whether the server proves who it is.
    pub(crate) fn verifies(&self) -> bool {
        !matches!(self.0, Anchor::Anything)
    }

    pub(crate) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
        let roots = match &self.0 {
            Anchor::Roots(roots) => roots.clone(),
            Anchor::System => system_roots()?,
            Anchor::Pin(pin) => {
                return Ok(Arc::new(ByKey { provider: provider.clone(), pin: Some(*pin) }));
            }
            Anchor::Anything => return Ok(Arc::new(ByKey { provider: provider.clone(), pin: None })),
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|_| TrustError::NoCertificate)?;
        Ok(verifier)
    }
}

impl Pin {
    /// Reads `sha256:` (a certificate's fingerprint) or `spki-sha256:` (its public key's) with 64 hexadecimal
    /// digits, colons between them allowed.
    ///
    /// # Errors
    ///
    /// [`TrustError::Pin`].
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let (kind, digits) = text.trim().split_once(':').ok_or(TrustError::Pin)?;
        let what = match kind.to_ascii_lowercase().as_str() {
            "sha256" => Pinned::Certificate,
            "spki-sha256" => Pinned::PublicKey,
            _ => return Err(TrustError::Pin),
        };
        let digits: Vec<u8> = digits.bytes().filter(|&byte| byte != b':').collect();
        if digits.len() != 64 {
            return Err(TrustError::Pin);
        }
        let mut digest = [0; 32];
        for (place, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| TrustError::Pin)?;
            if !pair.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(TrustError::Pin);
            }
            *place = u8::from_str_radix(pair, 16).map_err(|_| TrustError::Pin)?;
        }
        Ok(Self { what, digest })
    }

    /// The pin that a certificate in DER satisfies.
    ///
    /// # Errors
    ///
    /// [`TrustError::Unusable`] where the certificate cannot be read.
    pub fn of(what: Pinned, certificate: &[u8]) -> Result<Self, TrustError> {
        let bytes = match what {
            Pinned::Certificate => certificate,
            Pinned::PublicKey => {
                let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
                    .map_err(|_| TrustError::Unusable { position: 1 })?;
                parsed.tbs_certificate.subject_pki.raw
            }
        };
        let mut digest = [0; 32];
        for (place, byte) in digest.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
            *place = *byte;
        }
        Ok(Self { what, digest })
    }

    fn hexadecimal(&self) -> String {
        self.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.what {
            Pinned::Certificate => "sha256",
            Pinned::PublicKey => "spki-sha256",
        };
        write!(f, "{kind}:{}", self.hexadecimal())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::PublicKey => "public key",
        })
    }
}

/// Accepts by comparing a digest, or anything where there is none; the handshake's signature is verified
/// in both cases.
#[derive(Debug)]
struct ByKey {
    provider: Arc<CryptoProvider>,
    pin: Option<Pin>,
}

impl ServerCertVerifier for ByKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(pin) = self.pin else {
            return Ok(ServerCertVerified::assertion());
        };
        let presented = Pin::of(pin.what, end_entity)
            .map_err(|_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if presented == pin {
            return Ok(ServerCertVerified::assertion());
        }
        let error = TlsError::NotPinned { what: pin.what, presented: presented.hexadecimal() };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(error)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Read once a process: the anchors do not change under a running client, and parsing them takes milliseconds.
fn system_roots() -> Result<Arc<RootCertStore>, TrustError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        let (_added, _ignored) = store.add_parsable_certificates(roots::certificates());
        Arc::new(store)
    });
    if roots.is_empty() { Err(TrustError::NoSystemRoots) } else { Ok(roots.clone()) }
}
