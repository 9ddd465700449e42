//! Sealed messages over plain HTTP: `multipart/encrypted` (MS-WSMV 2.2.9.1).
//!
//! It looks like MIME and is not: a header begins with a tab, no empty line ends the headers, and nothing separates
//! the sealed bytes from the boundary behind them. So the lengths inside decide where the parts end; the boundary is
//! only checked to be where they say.

use bytes::{Buf as _, Bytes, BytesMut};
use thiserror::Error;

use super::ntlm::{Opener, SealError, Sealer, Session};

/// The `Content-Type` of a sealed message.
pub const CONTENT_TYPE: &str = "multipart/encrypted;\
    protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\"";

/// Whether a `Content-Type` is that of a sealed message.
#[must_use]
pub fn is_sealed(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("multipart/encrypted")
}

/// Writes the sealed messages of one direction of a connection.
#[derive(Debug)]
pub struct Writer(Sealer);

/// Reads the sealed messages of one direction of a connection. After an error it reads nothing more.
#[derive(Debug)]
pub struct Reader {
    opener: Opener,
    is_poisoned: bool,
}

impl Writer {
    /// For what this side sends. `None` where the two sides have not agreed to seal.
    #[must_use]
    pub fn new(session: &Session) -> Option<Self> {
        session.sealer().map(Self)
    }

    /// Seals an envelope into a body of type [`CONTENT_TYPE`].
    pub fn write(&mut self, envelope: &[u8]) -> Bytes {
        let length = envelope.len();
        let mut body = BytesMut::with_capacity(length + OVERHEAD);
        body.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\n\tContent-Type: {PROTOCOL}\r\n\
                 \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n\
                 --{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(&SIGNATURE_LENGTH.to_le_bytes());
        let mut sealed = body.split_off(body.len());
        sealed.extend_from_slice(&[0; 16]);
        sealed.extend_from_slice(envelope);
        if let Some((place, message)) = sealed.split_first_chunk_mut::<16>() {
            *place = self.0.seal(message);
        }
        body.unsplit(sealed);
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body.freeze()
    }
}

impl Reader {
    /// For what the other side sends. `None` where the two sides have not agreed to seal.
    #[must_use]
    pub fn new(session: &Session) -> Option<Self> {
        session.opener().map(|opener| Self { opener, is_poisoned: false })
    }

    /// Opens a body and returns the envelope. The body is opened in place where nobody else holds it.
    ///
    /// # Errors
    /// Anything but the next message, whole and unchanged.
    pub fn read(&mut self, content_type: &str, body: Bytes) -> Result<Bytes, Error> {
        if self.is_poisoned {
            return Err(Error::Poisoned);
        }
        self.is_poisoned = true;
        check_content_type(content_type)?;
        let Layout { signature, start, length } = Layout::find(&body)?;
        let mut body = body.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared));
        body.advance(start);
        body.truncate(length);
        self.opener.open(&signature, &mut body)?;
        self.is_poisoned = false;
        Ok(body.freeze())
    }
}

/// Why a sealed body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// The HTTP `Content-Type` is another one, or names another protocol or boundary.
    #[error("the content type is not that of a message sealed by Negotiate")]
    ContentType,
    /// A boundary is not where it should be.
    #[error("a boundary of the sealed message is missing")]
    Boundary,
    /// A part's headers are not those of a sealed message.
    #[error("the headers inside the sealed message are malformed")]
    Headers,
    /// The length that is written and the bytes that are there do not agree.
    #[error("the sealed message is not as long as it says")]
    Length,
    /// The signature is not the next one, or not that of these bytes.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An earlier message was wrong, so the keys are out of step for good.
    #[error("an earlier sealed message was wrong")]
    Poisoned,
}

/// Where the sealed bytes lie.
struct Layout {
    signature: [u8; 16],
    start: usize,
    length: usize,
}

impl Layout {
    fn find(body: &[u8]) -> Result<Self, Error> {
        let rest = after_boundary(body).and_then(after_line_end).ok_or(Error::Boundary)?;
        let (length, rest) = description(rest)?;
        let rest = after_boundary(rest).and_then(after_line_end).ok_or(Error::Boundary)?;
        let (name, value, rest) = header(rest)?;
        if !name.eq_ignore_ascii_case("Content-Type")
            || !value.eq_ignore_ascii_case("application/octet-stream")
        {
            return Err(Error::Headers);
        }
        let (signature_length, rest) = rest.split_first_chunk().ok_or(Error::Length)?;
        if u32::from_le_bytes(*signature_length) != SIGNATURE_LENGTH {
            return Err(SealError::MalformedSignature.into());
        }
        let (signature, rest) = rest.split_first_chunk().ok_or(Error::Length)?;
        let end = rest.get(length..).ok_or(Error::Length)?;
        let end = after_boundary(after_line_end(end).unwrap_or(end)).ok_or(Error::Length)?;
        let end = end.strip_prefix(b"--").ok_or(Error::Boundary)?;
        if !end.is_empty() && end != b"\r\n" {
            return Err(Error::Boundary);
        }
        Ok(Self { signature: *signature, start: body.len() - rest.len(), length })
    }
}

/// The headers of the first part: the protocol, and the length of the envelope. They end at a boundary.
fn description(mut rest: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (mut protocol, mut length) = (None, None);
    for _ in 0..MAX_HEADERS {
        if rest.starts_with(b"--") {
            return match (protocol, length) {
                (Some(()), Some(length)) => Ok((length, rest)),
                _ => Err(Error::Headers),
            };
        }
        let (name, value, next) = header(rest)?;
        rest = next;
        if name.eq_ignore_ascii_case("Content-Type") {
            protocol = value.eq_ignore_ascii_case(PROTOCOL).then_some(());
        } else if name.eq_ignore_ascii_case("OriginalContent") {
            length = original_length(value);
        }
    }
    Err(Error::Headers)
}

/// `type=application/soap+xml;charset=UTF-8;Length=NUMBER`.
fn original_length(value: &str) -> Option<usize> {
    let parameter = |name: &str| {
        let mut pairs = value.split(';').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let digits = parameter("Length").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    parameter("type").filter(|kind| kind.eq_ignore_ascii_case("application/soap+xml"))?;
    digits.parse().ok()
}

/// One header line, which should begin with a tab and need not.
fn header(rest: &[u8]) -> Result<(&str, &str, &[u8]), Error> {
    let window = rest.get(..MAX_LINE).unwrap_or(rest);
    let end = window.windows(2).position(|pair| pair == b"\r\n").ok_or(Error::Headers)?;
    let (line, rest) = rest.split_at_checked(end).ok_or(Error::Headers)?;
    let (name, value) =
        std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')).ok_or(Error::Headers)?;
    Ok((name.trim(), value.trim(), rest.get(2..).unwrap_or_default()))
}

/// What follows a boundary, which some write with a space after the dashes.
fn after_boundary(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"--")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let (boundary, rest) = rest.split_at_checked(BOUNDARY.len())?;
    boundary.eq_ignore_ascii_case(BOUNDARY.as_bytes()).then_some(rest)
}

fn after_line_end(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b"\r\n")
}

fn check_content_type(content_type: &str) -> Result<(), Error> {
    let parameter = |name: &str| {
        let mut pairs = content_type.split(';').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().trim_matches('"'))
    };
    let fits = |name: &str, expected: &str| {
        parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(expected))
    };
    if is_sealed(content_type) && fits("protocol", PROTOCOL) && fits("boundary", BOUNDARY) {
        Ok(())
    } else {
        Err(Error::ContentType)
    }
}

const BOUNDARY: &str = "Encrypted Boundary";
const PROTOCOL: &str = "application/HTTP-SPNEGO-session-encrypted";
const SIGNATURE_LENGTH: u32 = 16;
/// Boundaries, headers and signature of a message that we write.
const OVERHEAD: usize = 320;
const MAX_HEADERS: usize = 8;
const MAX_LINE: usize = 512;

#[cfg(test)]
mod tests;
