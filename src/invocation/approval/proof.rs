//! That the human knew the passphrase: an HMAC over what they approved, with a salt of its own.
//!
//! The passphrase itself is written nowhere, and an approval that somebody put into the folder by hand lacks it.

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::error::ApprovalError;
use crate::call::random_bits;

/// What only one who knows the passphrase can make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// 128 random bits, hexadecimal.
    salt: String,
    /// HMAC-SHA-256, hexadecimal.
    mac: String,
}

impl Proof {
    /// Proves that `passphrase` is known to whoever approves `digest`.
    pub(super) fn new(
        passphrase: &SecretString,
        digest: &[u8; 32],
        expires: i64,
    ) -> Result<Self, ApprovalError> {
        let salt = format!("{:032x}", random_bits()?);
        let mac = mac(passphrase, &salt, digest, expires);
        Ok(Self { salt, mac })
    }

    /// Whether it was made with this passphrase for this digest; in constant time.
    pub(super) fn holds(&self, passphrase: &SecretString, digest: &[u8; 32], expires: i64) -> bool {
        mac(passphrase, &self.salt, digest, expires).as_bytes().ct_eq(self.mac.as_bytes()).into()
    }
}

/// Whether two passphrases are the same, in time that says nothing about where they differ.
pub(super) fn is_same(given: &SecretString, known: &SecretString) -> bool {
    // Of equal length whatever the lengths of the two.
    let [given, known] = [given, known].map(|secret| mac(secret, "", &[0; 32], 0));
    given.as_bytes().ct_eq(known.as_bytes()).into()
}

fn mac(passphrase: &SecretString, salt: &str, digest: &[u8; 32], expires: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(passphrase.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(salt.as_bytes());
    mac.update(digest);
    mac.update(&expires.to_be_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
