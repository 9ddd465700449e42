//! The session keys and secure strings that real Windows hosts encrypted.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail as tests do")]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use serde_json::Value as Json;
use winrm_proto::clixml::SecureString;
use winrm_proto::psrp::aws_lc::ClientKeyPair;
use winrm_proto::psrp::{ClientKey, PublicKey};

use crate::measured;

#[test]
fn recorded_key_exchanges_decrypt() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/psrp");
    for folder in [Some(own), measured::recorded("pypsrp")].into_iter().flatten() {
        let file = std::fs::read(folder.join("psrp_key_exchange_vectors.json")).unwrap();
        let file: Json = serde_json::from_slice(&file).unwrap();
        let key = ClientKeyPair::from_pkcs8(&pkcs8(&file["rsa"])).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        for vector in vectors {
            check(&key, vector);
        }
        eprintln!("{}: {} key exchanges", folder.display(), vectors.len());
    }
}

fn check(key: &ClientKeyPair, vector: &Json) {
    let public = PublicKey::from_blob(&base64(&vector["public_key_b64"])).unwrap();
    assert_eq!(public, key.public_key());
    // The blob's header is 12 bytes; what follows is little-endian.
    let mut encrypted = base64(&vector["encrypted_session_key_b64"]).split_off(12);
    encrypted.reverse();
    let cipher = key.accept(&encrypted).unwrap();
    for secret in vector["secure_strings"].as_array().unwrap() {
        let sealed = base64(&secret["b64"]);
        let clear = SecureString::from_encrypted(sealed.clone().into()).reveal(cipher.as_ref()).unwrap();
        assert_eq!(clear.as_str(), secret["plaintext"].as_str().unwrap());
        let units: Vec<u8> = clear.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(cipher.encrypt(&units).unwrap(), sealed);
    }
}

fn base64(text: &Json) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// The key in the form that libraries take, from the numbers that the recording has.
fn pkcs8(rsa: &Json) -> Vec<u8> {
    let number = |name: &str| rsa[name].as_str().unwrap().parse::<BigUint>().unwrap();
    let (n, e, d, p, q) = (number("n"), number("e"), number("d"), number("p"), number("q"));
    let one = BigUint::from(1_u8);
    let inverse = q.modinv(&p).unwrap();
    let exponents = [&d % (&p - &one), &d % (&q - &one)];
    let numbers = [BigUint::ZERO, n, e, d, p, q].into_iter().chain(exponents).chain([inverse]);
    let key = der(0x30, &numbers.flat_map(|number| der_integer(&number)).collect::<Vec<u8>>());
    let algorithm =
        [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    der(0x30, &[der_integer(&BigUint::ZERO), algorithm.to_vec(), der(0x04, &key)].concat())
}

fn der_integer(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let sign: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
    der(0x02, &[sign, &bytes].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match u16::try_from(content.len()).unwrap().to_be_bytes() {
        [0, short @ ..0x80] => vec![short],
        [0, long] => vec![0x81, long],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), content].concat()
}
