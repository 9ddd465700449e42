//! The spellings in which a secret comes back from a host or shows in an error.

use std::{collections::BTreeSet, fmt::Write as _};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use md4::{Digest as _, Md4};

/// Every spelling of `secret` that is searched for, none shorter than `shortest` bytes.
///
/// The secret itself; escaped for XML, JSON, URLs, PowerShell and Rust's `Debug`; its bytes as hexadecimal and as
/// base64, from UTF-8 and UTF-16LE, at each of the three alignments, so that it is found inside the token of a
/// Basic header or an `-EncodedCommand`; its NTLM hash. Base64 at an alignment leaves out the characters that a
/// neighbour shares, so at most four bits of the first and of the last byte stay visible there.
pub(super) fn of(secret: &str, shortest: usize) -> BTreeSet<Vec<u8>> {
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = BTreeSet::new();
    let mut add = |form: Vec<u8>| {
        if form.len() >= shortest {
            forms.insert(form);
        }
    };
    add(secret.as_bytes().to_vec());
    for escaped in escaped(secret) {
        add(escaped.into_bytes());
    }
    for bytes in [secret.as_bytes(), &utf16] {
        let lower = hexadecimal(bytes);
        add(lower.to_ascii_uppercase().into_bytes());
        add(lower.into_bytes());
        for form in base64_at_each_alignment(bytes) {
            add(form.into_bytes());
        }
    }
    if secret.is_ascii() {
        // UTF-16LE that was decoded as UTF-8 shows a NUL after each letter.
        add(utf16.clone());
    }
    let hash = hexadecimal(&Md4::digest(&utf16));
    add(hash.to_ascii_uppercase().into_bytes());
    add(hash.into_bytes());
    forms
}

fn escaped(secret: &str) -> Vec<String> {
    let minimal_xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let full_xml = minimal_xml.replace('"', "&quot;").replace('\'', "&apos;");
    let html = minimal_xml.replace('"', "&quot;").replace('\'', "&#39;");
    let json = json(secret);
    // ConvertTo-Json of Windows PowerShell escapes these four as well.
    let json_51 =
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    vec![
        minimal_xml,
        full_xml,
        html,
        json.replace('/', "\\/"),
        json,
        json_51,
        secret.replace('\'', "''"),
        secret.replace('"', "\\\""),
        secret.escape_debug().to_string(),
        secret.escape_default().to_string(),
        percent(secret, "%20", str::to_ascii_uppercase),
        percent(secret, "%20", str::to_ascii_lowercase),
        percent(secret, "+", str::to_ascii_uppercase),
        percent(secret, "+", str::to_ascii_lowercase),
    ]
}

fn json(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn percent(secret: &str, space: &str, digits: fn(&str) -> String) -> String {
    let mut out = String::new();
    for byte in secret.bytes() {
        match byte {
            b' ' => out.push_str(space),
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push_str(&digits(&hexadecimal(&[byte])));
            }
        }
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _written = write!(out, "{byte:02x}");
    }
    out
}

/// The base64 characters that `bytes` alone determine, after zero, one and two bytes of something else.
fn base64_at_each_alignment(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for lead in 0..3_usize {
        let mut padded = vec![0; lead];
        padded.extend_from_slice(bytes);
        let first = (lead * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.extend(encoded.get(first..end).map(str::to_owned));
        }
    }
    forms
}
