//! The HTTP authentication schemes we speak.

use std::fmt;

/// An HTTP authentication scheme that we can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `Negotiate` with a bare NTLM token, which Windows takes there and which most clients send.
    Negotiate,
    /// `Negotiate` with NTLM wrapped in SPNEGO (RFC 4559), for servers that insist on it.
    Spnego,
    /// `NTLM`: the bare NTLM token under its own name.
    Ntlm,
    /// `Basic` (RFC 7617): the password itself, therefore only inside TLS.
    Basic,
}

impl Scheme {
    /// The name as it is written in a header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiate | Self::Spnego => "Negotiate",
            Self::Ntlm => "NTLM",
            Self::Basic => "Basic",
        }
    }

    /// The scheme of that name, in any case; [`Scheme::Negotiate`] for both that go by it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Negotiate, Self::Ntlm, Self::Basic]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
