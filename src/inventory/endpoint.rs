use std::{fmt, net::Ipv6Addr, num::NonZeroU16};

/// Where a host's WinRM listener is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    /// INVARIANT: a DNS name, an IPv4 address or an IPv6 address without brackets.
    host: String,
    port: NonZeroU16,
}

/// How the listener is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    /// TLS.
    #[default]
    Https,
    /// Clear HTTP, whose bodies are sealed.
    Http,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing is there.
    #[error("the host is empty")]
    Empty,
    /// It holds a character that no host name has.
    #[error("{character:?} cannot stand in a host name")]
    Character {
        /// The first such character.
        character: char,
    },
    /// A host name is too long for DNS.
    #[error("a host name has at most 253 characters")]
    TooLong,
    /// It looks like IPv6 and is not.
    #[error("{0:?} is not an IPv6 address")]
    NotIpv6(String),
    /// The port is no number from 1 to 65535.
    #[error("a port is a number from 1 to 65535, not {0:?}")]
    Port(String),
    /// Another scheme than these two.
    #[error("the scheme is https or http, not {0:?}")]
    Scheme(String),
    /// A user name or password in the URL.
    #[error("a user or password does not belong into the endpoint")]
    UserInfo,
    /// WinRM of Windows always answers on `/wsman`.
    #[error("the path can only be /wsman")]
    Path,
}

impl Endpoint {
    /// Takes a host as people write it: a name, an address, an IPv6 address with or without brackets, with or
    /// without a port, or a URL.
    ///
    /// What the text does not say comes from `scheme` and `port`.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(
        text: &str,
        scheme: Scheme,
        port: impl FnOnce(Scheme) -> NonZeroU16,
    ) -> Result<Self, EndpointError> {
        let (scheme, rest) = match text.split_once("://") {
            Some((name, rest)) => (Scheme::parse(name)?, rest),
            None => (scheme, text),
        };
        let authority = match rest.split_once('/') {
            Some((authority, path)) if path.is_empty() || path.trim_end_matches('/') == "wsman" => authority,
            Some(_) => return Err(EndpointError::Path),
            None => rest,
        };
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let (host, written_port) = host_and_port(authority)?;
        let port = match written_port {
            Some(text) => port_number(text)?,
            None => port(scheme),
        };
        Ok(Self { scheme, host: checked_host(host)?, port })
    }

    /// HTTPS or HTTP.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// A DNS name, an IPv4 address, or an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.get()
    }
}

impl Scheme {
    /// The port of a listener that nobody moved: 5986 and 5985.
    #[must_use]
    pub fn default_port(self) -> NonZeroU16 {
        match self {
            Self::Https => HTTPS_PORT,
            Self::Http => HTTP_PORT,
        }
    }

    fn parse(text: &str) -> Result<Self, EndpointError> {
        match text.to_ascii_lowercase().as_str() {
            "https" => Ok(Self::Https),
            "http" => Ok(Self::Http),
            _ => Err(EndpointError::Scheme(text.to_owned())),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}/wsman")
        } else {
            write!(f, "{scheme}://{host}:{port}/wsman")
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "https",
            Self::Http => "http",
        })
    }
}

fn host_and_port(authority: &str) -> Result<(&str, Option<&str>), EndpointError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) =
            rest.split_once(']').ok_or_else(|| EndpointError::NotIpv6(authority.to_owned()))?;
        if !host.contains(':') {
            return Err(EndpointError::NotIpv6(authority.to_owned()));
        }
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(EndpointError::NotIpv6(authority.to_owned())),
        };
    }
    // Two colons without brackets are an IPv6 address that carries no port.
    match authority.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Ok((authority, None)),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn port_number(text: &str) -> Result<NonZeroU16, EndpointError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| EndpointError::Port(text.to_owned()))
}

fn checked_host(host: &str) -> Result<String, EndpointError> {
    if host.is_empty() {
        return Err(EndpointError::Empty);
    }
    if host.contains(':') {
        let address: Ipv6Addr = host.parse().map_err(|_| EndpointError::NotIpv6(host.to_owned()))?;
        return Ok(address.to_string());
    }
    if host.len() > 253 {
        return Err(EndpointError::TooLong);
    }
    let valid = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    match host.chars().find(|letter| !valid(letter)) {
        Some(character) => Err(EndpointError::Character { character }),
        None => Ok(host.to_owned()),
    }
}

/// Windows' listener for TLS.
const HTTPS_PORT: NonZeroU16 = NonZeroU16::new(5986).unwrap();
/// Windows' listener for clear HTTP.
const HTTP_PORT: NonZeroU16 = NonZeroU16::new(5985).unwrap();
