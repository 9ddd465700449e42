//! `System.Security.SecureString`.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::string::PsString;

/// A string that travels encrypted with the session key (MS-PSRP 2.2.5.1.24).
///
/// Reading leaves it encrypted: only whoever holds the session's key and needs the text decrypts it. A string whose key
/// nobody has is no failure, it is just unreadable.
#[derive(Clone)]
pub struct SecureString(Form);

#[derive(Clone, PartialEq)]
enum Form {
    Encrypted(Bytes),
    /// UTF-16 code units, little-endian.
    Clear(std::sync::Arc<Zeroizing<Vec<u8>>>),
}

/// What encrypts and decrypts secure strings: AES-256 in CBC mode with a zero initialisation vector and PKCS #7 padding.
pub trait SecureStringCipher {
    /// Encrypts; the result is a whole number of blocks. `None` when there is no key.
    fn encrypt(&self, clear: &[u8]) -> Option<Vec<u8>>;
    /// Decrypts. `None` when there is no key or the padding is wrong.
    fn decrypt(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// The cipher of a session that has no key.
#[derive(Clone, Copy, Debug)]
pub struct NoCipher;

impl SecureString {
    /// A string to be encrypted when it is written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        let mut clear = Zeroizing::new(Vec::with_capacity(text.len() * 2));
        clear.extend(units);
        Self(Form::Clear(clear.into()))
    }

    /// What was read from the wire.
    #[must_use]
    pub fn from_encrypted(encrypted: Bytes) -> Self {
        Self(Form::Encrypted(encrypted))
    }

    /// The text, if the cipher has the key; the caller takes care of the copy.
    #[must_use]
    pub fn reveal(&self, cipher: &dyn SecureStringCipher) -> Option<Zeroizing<String>> {
        match &self.0 {
            Form::Clear(clear) => decode(clear),
            Form::Encrypted(encrypted) => decode(&cipher.decrypt(encrypted)?),
        }
    }

    /// The bytes for the wire. `None` when a key is needed and missing.
    pub(super) fn encrypted(&self, cipher: &dyn SecureStringCipher) -> Option<Bytes> {
        match &self.0 {
            Form::Encrypted(encrypted) => Some(encrypted.clone()),
            Form::Clear(clear) => cipher.encrypt(clear).map(Bytes::from),
        }
    }
}

impl PartialEq for SecureString {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for SecureString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecureString([redacted])")
    }
}

impl SecureStringCipher for NoCipher {
    fn encrypt(&self, _clear: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        None
    }
}

fn decode(clear: &[u8]) -> Option<Zeroizing<String>> {
    let (pairs, []) = clear.as_chunks::<2>() else {
        return None;
    };
    let units: Zeroizing<Vec<u16>> =
        Zeroizing::new(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
    Some(Zeroizing::new(PsString::from_utf16(&units).as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secure_string_shows_itself_only_on_request() {
        let secret = SecureString::new("p\u{e4}ss");
        assert!(!format!("{secret:?}").contains("ss\""));
        assert_eq!(secret.reveal(&NoCipher).unwrap().as_str(), "p\u{e4}ss");
        assert_eq!(SecureString::from_encrypted(Bytes::from_static(&[0; 16])).reveal(&NoCipher), None);
    }
}
