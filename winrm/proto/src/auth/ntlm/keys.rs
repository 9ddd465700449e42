//! The key derivations of NTLMv2 (MS-NLMP 3.3.2, 3.4.4, 3.4.5) and the primitives under them.

use hmac::{Hmac, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use rc4::consts::U16;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// A secret of 16 bytes, wiped when it is dropped.
pub(super) type Key = Zeroizing<[u8; 16]>;

/// `NTOWFv2` (3.3.2): the hash of password, account and domain that stands for the password.
pub(super) fn ntowf_v2(password: &SecretString, user: &str, domain: &str) -> Key {
    let password = password.expose_secret();
    // UTF-16 has at most two bytes for each byte of UTF-8, so the buffer never moves and leaves no copy behind.
    let mut utf16 = Zeroizing::new(Vec::with_capacity(password.len() * 2));
    utf16.extend(password.encode_utf16().flat_map(u16::to_le_bytes));
    let nt_hash = Key::new(Md4::digest(utf16.as_slice()).into());
    let identity: Vec<u8> =
        upper_case(user).encode_utf16().chain(domain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    Key::new(hmac_md5(&nt_hash, &[&identity]))
}

/// `temp` (3.3.2): what the proof covers besides the server's challenge.
pub(super) fn proof_input(timestamp: [u8; 8], client_challenge: [u8; 8], target_info: &[u8]) -> Vec<u8> {
    let mut input = vec![1, 1, 0, 0, 0, 0, 0, 0];
    input.extend_from_slice(&timestamp);
    input.extend_from_slice(&client_challenge);
    input.extend_from_slice(&[0; 4]);
    input.extend_from_slice(target_info);
    input.extend_from_slice(&[0; 4]);
    input
}

/// `NTProofStr` (3.3.2).
pub(super) fn nt_proof(ntowf: &Key, server_challenge: &[u8; 8], input: &[u8]) -> [u8; 16] {
    hmac_md5(ntowf, &[server_challenge, input])
}

/// `LMv2` (3.3.2), for servers that send no timestamp.
pub(super) fn lm_v2(ntowf: &Key, server_challenge: &[u8; 8], client_challenge: &[u8; 8]) -> [u8; 24] {
    let mut response = [0; 24];
    let proof = hmac_md5(ntowf, &[server_challenge, client_challenge]);
    for (to, from) in response.iter_mut().zip(proof.iter().chain(client_challenge)) {
        *to = *from;
    }
    response
}

/// `SessionBaseKey` (3.3.2), which NTLMv2 uses as `KeyExchangeKey` (3.4.5.1) as it is.
pub(super) fn session_base_key(ntowf: &Key, nt_proof: &[u8; 16]) -> Key {
    Key::new(hmac_md5(ntowf, &[nt_proof]))
}

/// `EncryptedRandomSessionKey` (3.1.5.1.2), and its own inverse.
pub(super) fn exchange_key(key_exchange_key: &Key, key: &[u8; 16]) -> Key {
    let mut exchanged = Key::new(*key);
    Rc4::<U16>::new(key_exchange_key.as_slice().into()).apply_keystream(exchanged.as_mut_slice());
    exchanged
}

/// The integrity code over all three messages (3.1.5.1.2), the third with zeros in its place.
pub(super) fn mic(exported_session_key: &Key, messages: [&[u8]; 3]) -> [u8; 16] {
    hmac_md5(exported_session_key, &messages)
}

/// HMAC-MD5 over parts.
pub(super) fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A key shorter than a block counts as if it were filled up with zeros (RFC 2104, section 2).
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut hmac = <Hmac<Md5> as hmac::digest::KeyInit>::new(block.as_slice().into());
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// Upper case as Windows has it: one UTF-16 unit for one, and no letter outside ASCII becomes one inside.
///
/// Rust's full mapping would turn `ß` into `SS`, and the proof of such an account could never be right.
pub(super) fn upper_case(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(u), None)
                    if c.len_utf16() == 1 && u.len_utf16() == 1 && u.is_ascii() == c.is_ascii() =>
                {
                    u
                }
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_keeps_the_length() {
        for (text, upper) in [
            ("user", "USER"),
            ("jörg", "JÖRG"),
            ("weiß", "WEIß"),
            ("ıſ", "ıſ"),
            ("яя", "ЯЯ"),
            ("ﬁ", "ﬁ"),
            ("𐐨", "𐐨"),
        ] {
            assert_eq!(upper_case(text), upper);
        }
    }
}
