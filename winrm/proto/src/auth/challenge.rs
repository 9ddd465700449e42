//! What a server offers: `WWW-Authenticate`, and the shape it shares with `Authorization` (RFC 9110, section 11).
//!
//! Servers write it in every way there is: one header or several, several schemes in one header, quoted parameters
//! with commas inside, any case. What cannot be understood is skipped: it is a peer's text, and an offer that we cannot
//! read is one that we cannot take.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;

use super::Scheme;

/// One scheme that a server offers, with what it says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme.
    pub scheme: Offer,
    /// What stands behind the name.
    pub argument: Argument,
}

/// The name of an offered scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// A scheme that we speak.
    Known(Scheme),
    /// `Kerberos`, as WinRM names it next to `Negotiate`.
    Kerberos,
    /// `CredSSP`.
    CredSsp,
    /// Anything else, as it was written (a token of RFC 9110, so printable ASCII).
    Other(String),
}

/// What stands behind the name of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A base64 token, decoded.
    Token(Vec<u8>),
    /// `name=value` pairs, unquoted, names as written.
    Parameters(Vec<(String, String)>),
    /// Neither of these.
    Malformed,
}

impl Challenge {
    /// The decoded token, where there is one.
    #[must_use]
    pub fn token(&self) -> Option<&[u8]> {
        match &self.argument {
            Argument::Token(token) => Some(token),
            Argument::None | Argument::Parameters(_) | Argument::Malformed => None,
        }
    }
}

impl std::fmt::Display for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Known(scheme) => scheme.name(),
            Self::Kerberos => "Kerberos",
            Self::CredSsp => "CredSSP",
            Self::Other(name) => name,
        })
    }
}

/// Reads all `WWW-Authenticate` headers of a response, in order.
///
/// # Errors
/// More text or more schemes than any server has reason to send.
pub fn parse<H: AsRef<[u8]>>(headers: &[H]) -> Result<Vec<Challenge>, TooMuch> {
    let bytes: usize = headers.iter().map(|header| header.as_ref().len()).sum();
    if bytes > MAX_BYTES {
        return Err(TooMuch);
    }
    let mut challenges = Vec::new();
    for header in headers {
        // An argument continues the challenge before it only within one header.
        let first = challenges.len();
        for item in Items(header.as_ref()) {
            add_item(&mut challenges, first, item)?;
        }
    }
    Ok(challenges)
}

/// Reads an `Authorization` header: one scheme with its token. `None` when it is anything else.
#[must_use]
pub fn parse_authorization(header: &[u8]) -> Option<(Offer, Vec<u8>)> {
    if header.len() > MAX_BYTES {
        return None;
    }
    let (name, rest) = split_token(header)?;
    match argument(rest.trim_ascii()) {
        Argument::Token(token) => Some((offer(name), token)),
        Argument::None | Argument::Parameters(_) | Argument::Malformed => None,
    }
}

/// The headers offer more than any server has reason to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the WWW-Authenticate headers are larger than {MAX_BYTES} bytes or offer more than {MAX_CHALLENGES} schemes"
)]
pub struct TooMuch;

/// Adds one comma-separated item: a new challenge, or one more parameter of the last.
fn add_item(challenges: &mut Vec<Challenge>, first: usize, item: &[u8]) -> Result<(), TooMuch> {
    let Some((name, rest)) = split_token(item) else { return Ok(()) };
    let after = rest.trim_ascii();
    if let Some(value) = after.strip_prefix(b"=") {
        if let Some(challenge) = challenges.get_mut(first..).and_then(<[Challenge]>::last_mut) {
            add_parameter(&mut challenge.argument, name, value.trim_ascii());
        }
        return Ok(());
    }
    if challenges.len() >= MAX_CHALLENGES {
        return Err(TooMuch);
    }
    challenges.push(Challenge { scheme: offer(name), argument: argument(after) });
    Ok(())
}

fn add_parameter(argument: &mut Argument, name: &str, value: &[u8]) {
    let parameter = (name.to_owned(), unquote(value));
    match argument {
        Argument::None => *argument = Argument::Parameters(vec![parameter]),
        Argument::Parameters(parameters) => parameters.push(parameter),
        Argument::Token(_) => *argument = Argument::Malformed,
        Argument::Malformed => {}
    }
}

fn offer(name: &str) -> Offer {
    if let Some(scheme) = Scheme::from_name(name) {
        return Offer::Known(scheme);
    }
    match name.to_ascii_lowercase().as_str() {
        "kerberos" => Offer::Kerberos,
        "credssp" => Offer::CredSsp,
        _ => Offer::Other(name.to_owned()),
    }
}

/// Tells a token from a first parameter. `a=` could be either; no scheme that we speak has such a token.
fn argument(text: &[u8]) -> Argument {
    if text.is_empty() {
        return Argument::None;
    }
    if let Some(token) = decode_token68(text) {
        return Argument::Token(token);
    }
    let Some((name, rest)) = split_token(text) else { return Argument::Malformed };
    match rest.trim_ascii().strip_prefix(b"=") {
        Some(value) if !value.is_empty() => {
            Argument::Parameters(vec![(name.to_owned(), unquote(value.trim_ascii()))])
        }
        Some(_) | None => Argument::Malformed,
    }
}

fn decode_token68(text: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    ENGINE.decode(text).ok()
}

/// Splits a leading RFC 9110 token off.
fn split_token(text: &[u8]) -> Option<(&str, &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some((name, rest))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The value of a parameter without its quotes and escapes; bytes that are not UTF-8 are replaced.
fn unquote(value: &[u8]) -> String {
    let Some(quoted) = value.strip_prefix(b"\"") else { return String::from_utf8_lossy(value).into_owned() };
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => break,
            b'\\' => bytes.extend(rest.next()),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Splits at commas that stand outside quotes.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let comma = self.0.iter().position(|byte| {
            match (*byte, quoted, escaped) {
                (_, true, true) => escaped = false,
                (b'\\', true, false) => escaped = true,
                (b'"', _, _) => quoted = !quoted,
                (b',', false, _) => return true,
                _ => {}
            }
            false
        });
        let (item, rest) = self.0.split_at_checked(comma.unwrap_or(self.0.len()))?;
        self.0 = rest.get(1..).unwrap_or_default();
        Some(item)
    }
}

/// A Windows token has at most 65,535 bytes, in base64 87,380; several schemes and parameters come on top.
const MAX_BYTES: usize = 128 * 1024;
/// Windows offers five.
const MAX_CHALLENGES: usize = 32;

#[cfg(test)]
mod tests;
