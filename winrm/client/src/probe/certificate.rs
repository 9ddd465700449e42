//! A certificate as a person looks at it.

use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use crate::transport::{Pin, Pinned};

/// A certificate as a person looks at it. Its texts are the peer's, cut short and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it was issued to.
    pub subject: String,
    /// Who issued it; the subject itself where it is self-signed.
    pub issuer: String,
    /// The DNS names and addresses that it is for.
    pub names: Vec<String>,
    /// Seconds since 1970 at which it begins.
    pub not_before: i64,
    /// Seconds since 1970 at which it ends.
    pub not_after: i64,
    /// The pin of exactly this certificate.
    pub pin: Pin,
    /// The pin of its public key.
    pub public_key_pin: Pin,
}

impl Certificate {
    /// Reads a certificate in DER; `None` where it cannot be read.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let alternative = parsed.subject_alternative_name().ok().flatten();
        let names = alternative.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
        Some(Self {
            subject: shown(&parsed.subject().to_string()),
            issuer: shown(&parsed.issuer().to_string()),
            names: names.iter().filter_map(name).take(MAX_NAMES).collect(),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            pin: Pin::of(Pinned::Certificate, der).ok()?,
            public_key_pin: Pin::of(Pinned::PublicKey, der).ok()?,
        })
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(shown(name)),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::IpAddr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::IpAddr::from(v6).to_string()),
        },
        _ => None,
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_TEXT).collect()
}

const MAX_NAMES: usize = 32;
const MAX_TEXT: usize = 300;
