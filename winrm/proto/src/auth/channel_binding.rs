//! Channel bindings: a proof that counts on one TLS channel only.

use std::fmt;

use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha384, Sha512};
use thiserror::Error;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

/// A `tls-server-end-point` channel binding (RFC 5929, section 4).
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-server-end-point:` and the hash of the certificate.
    application_data: Vec<u8>,
}

impl ChannelBinding {
    /// The binding to the server certificate of a TLS connection, given in DER.
    ///
    /// The hash is that of the certificate's signature, with MD5 and SHA-1 replaced by SHA-256, and the one that
    /// RSASSA-PSS names in its parameters. A signature algorithm that we do not know counts as SHA-256, as it does
    /// elsewhere. `None` for Ed25519 and Ed448: RFC 5929 leaves the binding undefined for signatures without a
    /// separate hash, and a guess that the server does not share would be taken for an attack, while an absent
    /// binding is refused only where one is required.
    ///
    /// # Errors
    /// Bytes that are not a certificate.
    pub fn from_certificate(der: &[u8]) -> Result<Option<Self>, MalformedCertificate> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| MalformedCertificate)?;
        let hash = match hash_of_signature(&certificate.signature_algorithm) {
            SignatureHash::Sha256 => Sha256::digest(der).to_vec(),
            SignatureHash::Sha384 => Sha384::digest(der).to_vec(),
            SignatureHash::Sha512 => Sha512::digest(der).to_vec(),
            SignatureHash::Undefined => return Ok(None),
        };
        Ok(Some(Self { application_data: [b"tls-server-end-point:".as_slice(), &hash].concat() }))
    }

    /// The value of NTLM's `MsvAvChannelBindings`: the MD5 of `gss_channel_bindings_struct` (MS-NLMP 2.2.2.1,
    /// RFC 4121 section 4.1.1.2), in which both addresses are empty.
    #[must_use]
    pub fn ntlm_hash(&self) -> [u8; 16] {
        let length = u32::try_from(self.application_data.len()).unwrap_or(u32::MAX);
        let mut md5 = Md5::new();
        md5.update([0; 16]);
        md5.update(length.to_le_bytes());
        md5.update(&self.application_data);
        md5.finalize().into()
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBinding({})", self.application_data.escape_ascii())
    }
}

/// The bytes are not an X.509 certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the server certificate is not valid DER")]
pub struct MalformedCertificate;

/// The hash that RFC 5929 takes from a signature algorithm.
enum SignatureHash {
    Sha256,
    Sha384,
    Sha512,
    Undefined,
}

fn hash_of_signature(algorithm: &AlgorithmIdentifier<'_>) -> SignatureHash {
    match SignatureAlgorithm::try_from(algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => hash_of_oid(parameters.hash_algorithm_oid()),
        _ => hash_of_oid(&algorithm.algorithm),
    }
}

fn hash_of_oid(oid: &Oid<'_>) -> SignatureHash {
    match oid.to_id_string().as_str() {
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.2.2" => SignatureHash::Sha384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.2.3" => SignatureHash::Sha512,
        "1.3.101.112" | "1.3.101.113" => SignatureHash::Undefined,
        _ => SignatureHash::Sha256,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    /// The binding to the first certificate of a file.
    pub(crate) fn first_binding(file: &str) -> ChannelBinding {
        let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
        let der = BASE64_STANDARD.decode(vectors["vectors"][0]["cert_der_b64"].as_str().unwrap()).unwrap();
        ChannelBinding::from_certificate(&der).unwrap().unwrap()
    }

    /// Compares every certificate of a file with the hashes beside it.
    fn check(file: &str, count: usize) {
        let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
        let vectors = vectors["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), count);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let der = BASE64_STANDARD.decode(text("cert_der_b64")).unwrap();
            let binding = ChannelBinding::from_certificate(&der).unwrap();
            let hash = binding
                .as_ref()
                .map(|binding| hex(binding.application_data.strip_prefix(b"tls-server-end-point:").unwrap()));
            assert_eq!(hash.unwrap_or_default(), text("tls_server_end_point_hash"), "{}", text("name"));
            let ntlm = binding.map(|binding| hex(&binding.ntlm_hash()));
            assert_eq!(ntlm.unwrap_or_default(), text("ntlm_md5_channel_bindings"), "{}", text("name"));
        }
    }

    #[test]
    fn recorded_certificates() {
        check(include_str!("../../fixtures/auth/cbt_certs.json"), 10);
    }

    #[test]
    fn pss_by_its_parameter_and_nothing_where_nothing_is_defined() {
        check(include_str!("../../fixtures/auth/cbt_generated.json"), 5);
    }

    #[test]
    fn not_a_certificate() {
        assert_eq!(ChannelBinding::from_certificate(b""), Err(MalformedCertificate));
        assert_eq!(ChannelBinding::from_certificate(&[0x30, 0x82, 0xff, 0xff]), Err(MalformedCertificate));
    }
}
