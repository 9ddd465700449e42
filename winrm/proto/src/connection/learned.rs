//! What one connection finds out and the next need not ask again.

use std::fmt;

use crate::auth::Scheme;

/// What one connection found out about an endpoint, so that the next to the same endpoint need not ask again.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Learned {
    /// The scheme to try first. Never Basic for longer than one reconnection: a better one may be offered by then.
    pub(super) scheme: Option<Scheme>,
    /// Whether an envelope may ride on the proof.
    pub(super) first_envelope: FirstEnvelope,
    /// The value of the `MS-WSMAN` cookie.
    pub(super) cookie: Option<String>,
}

impl Learned {
    /// The scheme to try first, if one was found out.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The same with another place for the first envelope, for an endpoint that is known to refuse it next to a proof.
    #[must_use]
    pub fn with_first_envelope(self, first_envelope: FirstEnvelope) -> Self {
        Self { first_envelope, ..self }
    }

    /// Whether an envelope may ride on the proof.
    #[must_use]
    pub fn first_envelope(&self) -> FirstEnvelope {
        self.first_envelope
    }
}

/// The cookie is as good as a password to some load balancers.
impl fmt::Debug for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learned")
            .field("scheme", &self.scheme)
            .field("first_envelope", &self.first_envelope)
            .field("cookie", &self.cookie.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Where the first envelope of a connection travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirstEnvelope {
    /// On the request that carries the proof.
    #[default]
    WithProof,
    /// On a request of its own, after the proof was accepted.
    AfterProof,
}
