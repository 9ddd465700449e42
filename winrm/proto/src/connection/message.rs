//! HTTP messages as far as they matter here: headers by name, bodies as bytes.

use std::fmt;

use bytes::Bytes;

use super::Learned;

/// A request to send: always a `POST`. The request line and `Host` are the caller's.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Names and values, `Content-Length` among them. `Authorization` may hold a secret; `Debug` hides its value.
    pub headers: Vec<(&'static str, String)>,
    /// The body, empty while tokens are exchanged.
    pub body: Bytes,
}

impl Request {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.headers.iter().map(|(name, value)| match *name {
            "Authorization" | "Cookie" => (*name, "…"),
            _ => (*name, value.as_str()),
        });
        f.debug_struct("Request")
            .field("headers", &shown.collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A response, reduced to what a connection looks at.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) status: u16,
    pub(super) challenges: Vec<Vec<u8>>,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) cookie: Option<String>,
    pub(super) closes: bool,
    pub(super) body: Bytes,
}

impl Response {
    /// Takes a response apart. Header values are bytes as they came; those that do not matter here are dropped.
    pub fn new<N, V>(status: u16, headers: impl IntoIterator<Item = (N, V)>, body: Bytes) -> Self
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let mut response = Self {
            status,
            challenges: Vec::new(),
            content_type: None,
            location: None,
            cookie: None,
            closes: false,
            body,
        };
        for (name, value) in headers {
            response.add_header(name.as_ref(), value.as_ref());
        }
        response
    }

    fn add_header(&mut self, name: &str, value: &[u8]) {
        match name.to_ascii_lowercase().as_str() {
            "www-authenticate" => self.challenges.push(value.to_vec()),
            "content-type" => self.content_type = Some(printable(value)),
            "location" => self.location = Some(printable(value)),
            "set-cookie" => self.cookie = session_cookie(value).or(self.cookie.take()),
            "connection" => self.closes |= has_close(value),
            _ => {}
        }
    }

    /// `type/subtype` in lower case, without parameters; empty where the header is missing.
    pub(super) fn media_type(&self) -> String {
        let header = self.content_type.as_deref().unwrap_or_default();
        header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Send this on the same connection and hand the response back.
    Send(Request),
    /// The answer to the envelope.
    Reply(Reply),
    /// Close this connection, open another, begin a new [`super::Connection`] with what was learned, and give it the
    /// same envelope: by its answer the server has not looked at it.
    /// A server that closes every time can ask for this for ever, so count.
    Reconnect(Learned),
}

/// The answer to an envelope: SOAP, which may be a fault.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The envelope.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A peer's text for a message of ours: short, and without anything but visible ASCII and spaces.
fn printable(value: &[u8]) -> String {
    let visible = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' };
    value.iter().take(MAX_SHOWN).map(visible).collect()
}

/// The value of `MS-WSMAN`, which load balancers use to find the same host again. Other cookies are not ours.
fn session_cookie(header: &[u8]) -> Option<String> {
    let pair = header.split(|byte| *byte == b';').next()?;
    let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
    let value = value.trim();
    // cookie-octet of RFC 6265, and quotes around it.
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b';' | b'\\');
    (name.trim().eq_ignore_ascii_case("MS-WSMAN") && value.len() <= MAX_COOKIE && value.bytes().all(fits))
        .then(|| value.to_owned())
}

fn has_close(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

const MAX_SHOWN: usize = 300;
const MAX_COOKIE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_what_authenticates() {
        let request = Request {
            headers: vec![("Authorization", "Basic canary".into()), ("Cookie", "MS-WSMAN=canary".into())],
            body: Bytes::from_static(b"canary"),
        };
        assert!(!format!("{request:?}").contains("canary"));
    }

    #[test]
    fn only_the_session_cookie_is_kept() {
        let cases = [
            ("MS-WSMAN=abc; path=/wsman; secure", Some("abc")),
            ("ms-wsman = abc", Some("abc")),
            ("other=abc", None),
            ("MS-WSMAN=a b", None),
            ("MS-WSMAN=a\r\nX: y", None),
            ("MS-WSMAN", None),
        ];
        for (header, value) in cases {
            assert_eq!(session_cookie(header.as_bytes()).as_deref(), value, "{header}");
        }
    }

    #[test]
    fn closing() {
        let response = |value: &str| Response::new(200, [("connection", value)], Bytes::new());
        assert!(response("Close").closes && response("keep-alive, close").closes);
        assert!(!response("keep-alive").closes && !response("closed").closes);
    }
}
