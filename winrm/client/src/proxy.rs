//! HTTP proxies: which one a connection goes through, as the caller says. This crate reads no environment.

use std::{fmt, net::IpAddr, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use crate::endpoint::Endpoint;

/// An HTTP proxy, through which connections are tunnelled by `CONNECT` (RFC 9110 section 9.3.6). NTLM authenticates a
/// connection, so that nothing less than a tunnel keeps it intact.
#[derive(Clone)]
pub struct Proxy {
    /// INVARIANT: of the transport HTTP, with the default path.
    address: Endpoint,
    authorization: Option<SecretString>,
    except: NoProxy,
}

/// Hosts that are reached without the proxy, as `NO_PROXY` lists them.
///
/// Entries are separated by commas: a name stands for itself and what is below it, with or without a dot before it; an
/// address for itself; `10.0.0.0/8` for a network; `*` for everything. A port may follow a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProxy(Vec<Exception>);

/// Why a text names no proxy. No variant repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// The scheme is not `http`.
    #[error("a proxy's address begins with http://")]
    Scheme,
    /// Host or port cannot be read.
    #[error("the proxy's host or port cannot be read")]
    Address,
    /// User name or password hold a broken percent escape.
    #[error("the proxy's user name or password holds a broken percent escape")]
    Escape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    Everything,
    Name { name: String, port: Option<u16> },
    Network { address: IpAddr, bits: u8 },
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`; user name and password may hold percent escapes.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`].
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err(InvalidProxy::Scheme),
            None => text,
        };
        let rest = rest.trim_end_matches('/');
        let (account, authority) = match rest.rsplit_once('@') {
            Some((account, authority)) => (Some(account), authority),
            None => (None, rest),
        };
        let address = Endpoint::parse(&format!("http://{authority}")).map_err(|_| InvalidProxy::Address)?;
        if authority.contains('/') {
            return Err(InvalidProxy::Address);
        }
        // 5985 is what an endpoint means by no port; a proxy means 80.
        let names_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'))
            && authority.parse::<IpAddr>().is_err();
        let address = if names_port { address } else { address.with_port(DEFAULT_PORT) };
        let authorization = account.map(basic).transpose()?;
        Ok(Self { address, authorization, except: NoProxy::default() })
    }

    /// Leaves out the hosts of a list.
    #[must_use]
    pub fn except(mut self, except: NoProxy) -> Self {
        self.except = except;
        self
    }

    /// Whether connections to an endpoint go through this proxy.
    #[must_use]
    pub fn serves(&self, endpoint: &Endpoint) -> bool {
        !self.except.matches(endpoint)
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.authority()
    }

    pub(crate) fn address(&self) -> &Endpoint {
        &self.address
    }

    /// The value of `Proxy-Authorization`, where the proxy has an account.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
            && self.except == other.except
            && self.authorization() == other.authorization()
    }
}

impl Eq for Proxy {}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("authority", &self.authority())
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}

impl NoProxy {
    /// Reads a list. What cannot be read is left out, as every program does that reads `NO_PROXY`.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        Self(list.split(',').filter_map(|entry| Exception::parse(entry.trim())).collect())
    }

    /// Whether an endpoint stands on the list.
    #[must_use]
    pub fn matches(&self, endpoint: &Endpoint) -> bool {
        self.0.iter().any(|exception| exception.matches(endpoint))
    }
}

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        Self::parse(text)
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        if entry.is_empty() {
            return None;
        }
        if entry == "*" {
            return Some(Self::Everything);
        }
        let unbracketed = entry.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = unbracketed.parse::<IpAddr>() {
            return Some(Self::Network { address, bits: width(address) });
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let bits = bits.parse().ok().filter(|bits| *bits <= width(address))?;
            return Some(Self::Network { address, bits });
        }
        let (name, port) = match entry.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let name = name.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self::Name { name, port })
    }

    fn matches(&self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Everything => true,
            Self::Network { address, bits } => {
                endpoint.address().is_some_and(|own| in_network(own, *address, *bits))
            }
            Self::Name { name, port } => {
                let host = endpoint.host().to_ascii_lowercase();
                let host = host.trim_end_matches('.');
                let below = host.strip_suffix(name.as_str());
                let named = below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                named && port.is_none_or(|port| port == endpoint.port())
            }
        }
    }
}

fn in_network(own: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (own, network, width) = match (own, network) {
        (IpAddr::V4(own), IpAddr::V4(network)) => {
            (u128::from(own.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(own), IpAddr::V6(network)) => (own.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let ignored = width - u32::from(bits);
    own.checked_shr(ignored).unwrap_or(0) == network.checked_shr(ignored).unwrap_or(0)
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn basic(account: &str) -> Result<SecretString, InvalidProxy> {
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    let pair = zeroize::Zeroizing::new([unescaped(user)?, vec![b':'], unescaped(password)?].concat());
    Ok(SecretString::from(format!("Basic {}", BASE64_STANDARD.encode(&*pair))))
}

/// Undoes percent escapes.
fn unescaped(text: &str) -> Result<Vec<u8>, InvalidProxy> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = bytes.next().and_then(|byte| char::from(byte).to_digit(16));
            digit.and_then(|digit| u8::try_from(digit).ok()).ok_or(InvalidProxy::Escape)
        };
        plain.push(digit()? * 16 + digit()?);
    }
    Ok(plain)
}

const DEFAULT_PORT: u16 = 80;

#[cfg(test)]
mod tests {
    use super::{InvalidProxy, NoProxy, Proxy};
    use crate::endpoint::Endpoint;

    #[test]
    fn reads_proxies_as_people_write_them() {
        let cases = [
            ("http://proxy:3128", "proxy:3128", None),
            ("proxy.corp.example:8080/", "proxy.corp.example:8080", None),
            ("http://proxy", "proxy:80", None),
            ("http://[2001:db8::1]", "[2001:db8::1]:80", None),
            ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128", None),
            ("http://u:p%40ss@10.0.0.1:3128", "10.0.0.1:3128", Some("Basic dTpwQHNz")),
        ];
        for (text, authority, authorization) in cases {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(
                (proxy.authority().as_str(), proxy.authorization()),
                (authority, authorization),
                "{text}"
            );
        }
        let refused = [
            ("https://proxy:3128", InvalidProxy::Scheme),
            ("socks5://proxy", InvalidProxy::Scheme),
            ("", InvalidProxy::Address),
            ("http://a b", InvalidProxy::Address),
            ("http://proxy/path", InvalidProxy::Address),
            ("http://u:%4@proxy", InvalidProxy::Escape),
        ];
        for (text, error) in refused {
            assert_eq!(Proxy::parse(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn the_password_does_not_show() {
        let proxy = Proxy::parse("http://svc:canary@proxy:3128").unwrap();
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("canary") && !shown.contains("Y2FuYXJ5"), "{shown}");
    }

    #[test]
    fn exceptions() {
        let cases = [
            ("web-01", "web-01", true),
            ("web-01", "web-012", false),
            ("corp.example", "web.corp.example", true),
            (".corp.example", "corp.example", true),
            ("*.corp.example", "WEB.corp.example", true),
            ("corp.example", "evilcorp.example", false),
            ("web:5986", "web", true),
            ("web:443", "web", false),
            ("10.0.0.0/8", "10.20.30.40", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("2001:db8::/32", "2001:db8::7", true),
            ("[::1]", "::1", true),
            ("::/0", "10.0.0.1", false),
            ("*", "anything", true),
            ("a, b ,web", "web", true),
            ("", "web", false),
            ("10.0.0.0/99", "10.0.0.1", false),
        ];
        for (list, host, expected) in cases {
            let endpoint = Endpoint::parse(host).unwrap();
            assert_eq!(NoProxy::parse(list).matches(&endpoint), expected, "{list} {host}");
        }
    }
}
