//! What an exchange leaves behind.

use std::fmt;

use super::keys::Key;

/// The secret that both sides share after an exchange (`ExportedSessionKey`). Wiped when dropped.
#[derive(Clone)]
pub struct Session {
    exported_session_key: Key,
    role: Role,
}

/// Which side of the exchange this is; each direction has its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Session {
    pub(super) fn new(exported_session_key: Key, role: Role) -> Self {
        Self { exported_session_key, role }
    }

    /// Whether two halves hold the same secret. For tests of both halves against each other.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.role != other.role
            && bool::from(self.exported_session_key.as_slice().ct_eq(other.exported_session_key.as_slice()))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("role", &self.role).finish_non_exhaustive()
    }
}
