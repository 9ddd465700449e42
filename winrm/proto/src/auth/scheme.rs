//! The HTTP authentication schemes we speak.

use std::fmt;

/// An HTTP authentication scheme that we can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `Negotiate` (RFC 4559). Windows takes a bare NTLM token here, as well as one wrapped in SPNEGO.
    Negotiate,
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
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
            Self::Basic => "Basic",
        }
    }

    /// The scheme of that name, in any case.
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
