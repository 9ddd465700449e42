//! The key exchange on aws-lc. Generating keys takes random bytes from the operating system.

use std::sync::Arc;

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use super::{ClientKey, PublicKey, ServerKey, SharedCipher};
use crate::clixml::SecureStringCipher;

/// A client's key pair.
pub struct ClientKeyPair {
    private: Pkcs1PrivateDecryptingKey,
    public: PublicKey,
}

/// A server's session key.
pub struct SessionKey(Zeroizing<[u8; KEY_LENGTH]>);

/// Something is wrong with a key, or aws-lc has no random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the key cannot be used")]
pub struct KeyError;

/// AES-256 in CBC mode with a zero initialisation vector, as the protocol has it: equal texts show as equal.
struct AesCipher(Zeroizing<[u8; KEY_LENGTH]>);

impl ClientKeyPair {
    /// Makes a new pair, of 2048 bits.
    ///
    /// # Errors
    /// There are no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| KeyError).and_then(Self::new)
    }

    /// Takes a pair that exists, as PKCS #8 in DER.
    ///
    /// # Errors
    /// It is not an RSA key of 2048 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError).and_then(Self::new)
    }

    fn new(key: PrivateDecryptingKey) -> Result<Self, KeyError> {
        if key.key_size_bits() != 2048 {
            return Err(KeyError);
        }
        let der: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| KeyError)?;
        let (_, info) = SubjectPublicKeyInfo::from_der(der.as_ref()).map_err(|_| KeyError)?;
        let Ok(ParsedKey::RSA(parsed)) = info.parsed() else {
            return Err(KeyError);
        };
        // DER puts a zero before a number whose first bit is set.
        let modulus = parsed.modulus.strip_prefix(&[0]).unwrap_or(parsed.modulus).to_vec();
        let exponent =
            parsed.try_exponent().ok().and_then(|exponent| exponent.try_into().ok()).ok_or(KeyError)?;
        let private = Pkcs1PrivateDecryptingKey::new(key).map_err(|_| KeyError)?;
        Ok(Self { private, public: PublicKey { modulus, exponent } })
    }
}

impl ClientKey for ClientKeyPair {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn accept(&self, encrypted: &[u8]) -> Option<SharedCipher> {
        let mut clear = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let key: &[u8] = self.private.decrypt(encrypted, &mut clear).ok()?;
        let key: [u8; KEY_LENGTH] = key.try_into().ok()?;
        Some(Arc::new(AesCipher(Zeroizing::new(key))))
    }
}

impl SessionKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// There are no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        rand::fill(key.as_mut()).map_err(|_| KeyError)?;
        Ok(Self(key))
    }
}

impl ServerKey for SessionKey {
    fn encrypt_for(&self, client: &PublicKey) -> Option<Vec<u8>> {
        let key = PublicEncryptingKey::from_der(&public_key_info(client)).ok()?;
        let key = Pkcs1PublicEncryptingKey::new(key).ok()?;
        let mut encrypted = vec![0; key.ciphertext_size()];
        let length = key.encrypt(self.0.as_ref(), &mut encrypted).ok()?.len();
        encrypted.truncate(length);
        Some(encrypted)
    }

    fn cipher(&self) -> SharedCipher {
        Arc::new(AesCipher(self.0.clone()))
    }
}

impl AesCipher {
    fn key(&self) -> Option<UnboundCipherKey> {
        UnboundCipherKey::new(&AES_256, self.0.as_ref()).ok()
    }
}

impl SecureStringCipher for AesCipher {
    fn encrypt(&self, clear: &[u8]) -> Option<Vec<u8>> {
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(self.key()?).ok()?;
        let mut text = Vec::with_capacity(clear.len() + BLOCK);
        text.extend_from_slice(clear);
        key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from([0; BLOCK]))).ok()?;
        Some(text)
    }

    fn decrypt(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(self.key()?).ok()?;
        let mut text = Zeroizing::new(encrypted.to_vec());
        let context = DecryptionContext::Iv128(FixedLength::from([0; BLOCK]));
        let length = key.decrypt(&mut text, context).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// A `SubjectPublicKeyInfo` in DER, which is the form in which aws-lc takes a public key.
fn public_key_info(key: &PublicKey) -> Vec<u8> {
    let numbers = [unsigned(&key.modulus), unsigned(&key.exponent.to_be_bytes())].concat();
    let bits = [vec![0], der(SEQUENCE, &numbers)].concat();
    der(SEQUENCE, &[RSA_ENCRYPTION.to_vec(), der(BIT_STRING, &bits)].concat())
}

fn unsigned(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    der(INTEGER, &[sign, digits].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes() {
        [0, short @ ..0x80] => out.push(short),
        [0, long] => out.extend([0x81, long]),
        [high, low] => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(content);
    out
}

impl std::fmt::Debug for ClientKeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientKeyPair([redacted])")
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey([redacted])")
    }
}

const KEY_LENGTH: usize = 32;
const BLOCK: usize = 16;
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// The algorithm identifier `rsaEncryption` with its null parameter.
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::SecureString;

    #[test]
    fn both_halves_come_to_the_same_key() {
        let (client, server) = (ClientKeyPair::generate().unwrap(), SessionKey::generate().unwrap());
        let public = PublicKey::from_blob(&client.public_key().to_blob()).unwrap();
        assert_eq!(public, client.public_key());
        let encrypted = server.encrypt_for(&public).unwrap();
        let (ours, theirs) = (client.accept(&encrypted).unwrap(), server.cipher());
        for text in ["", "secret", "exactly 8 chars!"] {
            let sealed = ours.encrypt(text.as_bytes()).unwrap();
            assert_eq!(sealed.len() % BLOCK, 0);
            assert_eq!(theirs.decrypt(&sealed).unwrap().as_slice(), text.as_bytes());
        }
        assert_eq!(theirs.decrypt(&[7; 31]).map(|_| ()), None);
        let secret = SecureString::new("p");
        assert_eq!(secret.reveal(theirs.as_ref()).unwrap().as_str(), "p");
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert_eq!(ClientKeyPair::from_pkcs8(b"x").map(|_| ()), Err(KeyError));
        let client = ClientKeyPair::generate().unwrap();
        assert!(client.accept(&[1; 256]).is_none());
        let odd = PublicKey { modulus: vec![0; 256], exponent: 0 };
        assert_eq!(SessionKey::generate().unwrap().encrypt_for(&odd), None);
    }
}
