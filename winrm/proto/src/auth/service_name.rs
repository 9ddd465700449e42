//! The service that a proof is meant for.

use std::fmt;

use thiserror::Error;

/// A service principal name, `HTTP/host`: which service on which host a proof is meant for.
///
/// NTLM carries it in `MsvAvTargetName`, so that a proof for one host is of no use on another that checks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceName(String);

impl ServiceName {
    /// The name of the WinRM service of a host, `HTTP/host`.
    ///
    /// # Errors
    /// A host name that is empty, longer than 255 bytes, or holds white space, a slash or a control character.
    pub fn http(host: &str) -> Result<Self, InvalidServiceName> {
        let is_unfit = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if host.is_empty() || host.len() > MAX_HOST_BYTES || host.contains(is_unfit) {
            return Err(InvalidServiceName);
        }
        Ok(Self(format!("HTTP/{host}")))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The host name cannot be part of a service principal name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the host name is empty, longer than {MAX_HOST_BYTES} bytes, or holds white space, a slash or a control character"
)]
pub struct InvalidServiceName;

/// RFC 1035, section 2.3.4.
const MAX_HOST_BYTES: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(ServiceName::http("web-01").unwrap().as_str(), "HTTP/web-01");
        for host in ["", "a b", "a/b", "a\nb", &"a".repeat(256)] {
            assert_eq!(ServiceName::http(host), Err(InvalidServiceName), "{host:?}");
        }
    }
}
