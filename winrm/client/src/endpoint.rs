//! Where a WinRM service listens.

use std::{fmt, net::IpAddr};

use rustls::pki_types::ServerName;

/// The address of one WinRM service: scheme, host, port and path.
///
/// Parses what people write: `web-01`, `web-01:5986`, `[fe80::1]:5986`, `2001:db8::7`,
/// `https://web-01.corp.example:443/wsman`. Without a scheme it is HTTPS on port 5986.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    transport: Transport,
    host: Host,
    port: u16,
    path: String,
}

/// What protects the messages on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP over TLS, by default on port 5986.
    Https,
    /// HTTP with each message sealed by the authentication (MS-WSMV 2.2.9.1), by default on port 5985.
    Http,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing names a host.
    #[error("the endpoint names no host")]
    NoHost,
    /// The scheme is neither `https` nor `http`.
    #[error("the scheme {0:?} is neither https nor http")]
    Scheme(String),
    /// The host is neither a DNS name nor an IP address.
    #[error("{0:?} is neither a DNS name nor an IP address")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("the port {0:?} is not a number from 1 to 65535")]
    Port(String),
    /// User or password stand in the address. The text is not repeated: it may hold the password.
    #[error("the endpoint holds a user name; credentials do not belong into an address")]
    UserInfo,
    /// The path holds what a request line cannot carry.
    #[error("the path {0:?} holds a character that a request line cannot carry")]
    Path(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Endpoint {
    /// Reads an address as people write it.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] names the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Self::parse_with(text, Transport::Https, Transport::default_port)
    }

    /// Reads an address as people write it; what the text does not say comes from `transport` and `port`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::parse`].
    pub fn parse_with(
        text: &str,
        transport: Transport,
        port: impl FnOnce(Transport) -> u16,
    ) -> Result<Self, EndpointError> {
        let text = text.trim();
        let (transport, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Transport::parse(scheme)?, rest),
            None => (transport, text),
        };
        let (authority, path) = match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
            Some((authority, path)) => match path.trim_end_matches('/') {
                "" => (authority, DEFAULT_PATH),
                path => (authority, path),
            },
            None => (rest, DEFAULT_PATH),
        };
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(EndpointError::Path(path.to_owned()));
        }
        let (host, written_port) = split_port(authority)?;
        let port = written_port.unwrap_or_else(|| port(transport));
        Ok(Self { transport, host, port, path: path.to_owned() })
    }

    /// The same endpoint on another port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// HTTPS or sealed HTTP.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The host as it was written, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of the request line, by default `/wsman`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Host and port as the `Host` header carries them.
    #[must_use]
    pub fn authority(&self) -> String {
        match &self.host {
            Host::Name(name) => format!("{name}:{}", self.port),
            Host::Address(IpAddr::V4(address)) => format!("{address}:{}", self.port),
            Host::Address(IpAddr::V6(address)) => format!("[{address}]:{}", self.port),
        }
    }

    /// The IP address, where the host was written as one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Name(_) => None,
            Host::Address(address) => Some(address),
        }
    }

    /// The name that the certificate has to carry.
    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, EndpointError> {
        match &self.host {
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| EndpointError::Host(name.clone()))
            }
            Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Https => "https",
            Transport::Http => "http",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl std::str::FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

impl Transport {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.eq_ignore_ascii_case("https") {
            Ok(Self::Https)
        } else if text.eq_ignore_ascii_case("http") {
            Ok(Self::Http)
        } else {
            Err(EndpointError::Scheme(text.to_owned()))
        }
    }

    /// The port of a listener that nobody moved: 5986 and 5985.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Https => 5986,
            Self::Http => 5985,
        }
    }
}

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port` and a bare IPv6 address.
fn split_port(authority: &str) -> Result<(Host, Option<u16>), EndpointError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (inside, after) =
            rest.split_once(']').ok_or_else(|| EndpointError::Host(authority.to_owned()))?;
        let address = inside.parse().map_err(|_| EndpointError::Host(inside.to_owned()))?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if after.is_empty() => None,
            None => return Err(EndpointError::Host(authority.to_owned())),
        };
        return Ok((Host::Address(IpAddr::V6(address)), port));
    }
    if let Ok(address) = authority.parse() {
        return Ok((Host::Address(address), None));
    }
    match authority.split_once(':') {
        Some((host, port)) => Ok((parse_host(host)?, Some(parse_port(port)?))),
        None => Ok((parse_host(authority)?, None)),
    }
}

fn parse_host(text: &str) -> Result<Host, EndpointError> {
    if text.is_empty() {
        return Err(EndpointError::NoHost);
    }
    if let Ok(address) = text.parse() {
        return Ok(Host::Address(address));
    }
    match ServerName::try_from(text) {
        Ok(ServerName::DnsName(_)) => Ok(Host::Name(text.to_owned())),
        _ => Err(EndpointError::Host(text.to_owned())),
    }
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if port != 0 && is_number => Ok(port),
        _ => Err(EndpointError::Port(text.to_owned())),
    }
}

const DEFAULT_PATH: &str = "/wsman";

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointError, Transport};

    #[test]
    fn reads_what_people_write() {
        let cases = [
            ("web-01", "https://web-01:5986/wsman"),
            (" web-01:443 ", "https://web-01:443/wsman"),
            ("https://web-01.corp.example", "https://web-01.corp.example:5986/wsman"),
            ("https://web-01/", "https://web-01:5986/wsman"),
            ("https://web-01/wsman/", "https://web-01:5986/wsman"),
            ("HTTP://web_01", "http://web_01:5985/wsman"),
            ("http://10.0.0.7/custom/wsman", "http://10.0.0.7:5985/custom/wsman"),
            ("::1", "https://[::1]:5986/wsman"),
            ("[2001:db8::7]", "https://[2001:db8::7]:5986/wsman"),
            ("[2001:db8::7]:443", "https://[2001:db8::7]:443/wsman"),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_the_text_does_not_say_comes_from_the_caller() {
        let read = |text| Endpoint::parse_with(text, Transport::Http, |_| 8080).unwrap().to_string();
        assert_eq!(read("web-01"), "http://web-01:8080/wsman");
        assert_eq!(read("https://web-01:443"), "https://web-01:443/wsman");
    }

    #[test]
    fn names_the_part_that_cannot_be_read() {
        let cases = [
            ("", EndpointError::NoHost),
            ("https://", EndpointError::NoHost),
            (":5986", EndpointError::NoHost),
            ("ftp://web", EndpointError::Scheme("ftp".to_owned())),
            ("web:0", EndpointError::Port("0".to_owned())),
            ("web:+5986", EndpointError::Port("+5986".to_owned())),
            ("web:65536", EndpointError::Port("65536".to_owned())),
            ("web:", EndpointError::Port(String::new())),
            ("we b", EndpointError::Host("we b".to_owned())),
            ("[::1", EndpointError::Host("[::1".to_owned())),
            ("[::1]x", EndpointError::Host("[::1]x".to_owned())),
            ("[web]:1", EndpointError::Host("web".to_owned())),
            ("https://u:p@web", EndpointError::UserInfo),
            ("https://web/a b", EndpointError::Path("/a b".to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text), Err(expected), "{text}");
        }
    }
}
