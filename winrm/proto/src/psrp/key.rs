//! The exchange of the session key that secure strings are encrypted with (MS-PSRP 3.1.5.2).
//!
//! The cryptography itself comes in through the traits here, as everything does that needs randomness.

#[cfg(feature = "aws-lc-rs")]
pub mod aws_lc;

use std::fmt;
use std::sync::Arc;

use crate::clixml::SecureStringCipher;

/// A cipher that a pool can share with those who read its values.
pub type SharedCipher = Arc<dyn SecureStringCipher + Send + Sync>;

/// The client's RSA key pair, of 2048 bits.
pub trait ClientKey: Send {
    /// The half that travels.
    fn public_key(&self) -> PublicKey;
    /// Decrypts the session key (RSA with PKCS #1 version 1.5) and makes the cipher of it. The bytes are big-endian.
    /// `None` when the bytes are not a session key for this pair.
    fn accept(&self, encrypted: &[u8]) -> Option<SharedCipher>;
}

/// The server's session key, of 256 bits.
pub trait ServerKey: Send {
    /// Encrypts the session key for a client (RSA with PKCS #1 version 1.5), as big-endian bytes. `None` when the
    /// public key is not usable.
    fn encrypt_for(&self, client: &PublicKey) -> Option<Vec<u8>>;
    /// The cipher with this key.
    fn cipher(&self) -> SharedCipher;
}

/// An RSA public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The modulus, big-endian.
    pub modulus: Vec<u8>,
    /// The exponent.
    pub exponent: u32,
}

/// The bytes are not the blob that they should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the key is not in the form of Microsoft's CryptoAPI")]
pub struct KeyBlobError;

impl PublicKey {
    /// Reads a `PUBLICKEYBLOB` (MS-PSRP 2.2.2.3).
    ///
    /// # Errors
    /// It is something else, or its key is not of 2048 bits.
    pub fn from_blob(blob: &[u8]) -> Result<Self, KeyBlobError> {
        let rest = blob.strip_prefix(PUBLIC_HEADER).ok_or(KeyBlobError)?;
        let (exponent, modulus) = rest.split_first_chunk::<4>().ok_or(KeyBlobError)?;
        if modulus.len() != MODULUS_LENGTH {
            return Err(KeyBlobError);
        }
        Ok(Self { modulus: reversed(modulus), exponent: u32::from_le_bytes(*exponent) })
    }

    /// Writes a `PUBLICKEYBLOB`.
    #[must_use]
    pub fn to_blob(&self) -> Vec<u8> {
        let mut blob = PUBLIC_HEADER.to_vec();
        blob.extend_from_slice(&self.exponent.to_le_bytes());
        blob.extend(reversed(&self.modulus));
        blob
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bits)", self.modulus.len() * 8)
    }
}

/// Takes the encrypted key, big-endian, out of a `SIMPLEBLOB` (MS-PSRP 2.2.2.4).
pub(super) fn encrypted_from_blob(blob: &[u8]) -> Result<Vec<u8>, KeyBlobError> {
    blob.strip_prefix(SIMPLE_HEADER).map(reversed).ok_or(KeyBlobError)
}

/// Wraps an encrypted key, big-endian, in a `SIMPLEBLOB`.
pub(super) fn encrypted_to_blob(encrypted: &[u8]) -> Vec<u8> {
    let mut blob = SIMPLE_HEADER.to_vec();
    blob.extend(reversed(encrypted));
    blob
}

/// `CryptoAPI` is little-endian, everybody else is not.
fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}

/// `PUBLICKEYBLOB`, version 2, `CALG_RSA_KEYX`, "RSA1", 2048 bits.
const PUBLIC_HEADER: &[u8] = b"\x06\x02\x00\x00\x00\xA4\x00\x00RSA1\x00\x08\x00\x00";
/// `SIMPLEBLOB`, version 2, `CALG_AES_256`, `CALG_RSA_KEYX`.
const SIMPLE_HEADER: &[u8] = b"\x01\x02\x00\x00\x10\x66\x00\x00\x00\xA4\x00\x00";
const MODULUS_LENGTH: usize = 256;
