//! What weakens security. Nothing outside this module does.

use crate::transport::Trust;

/// Accepts whatever certificate a server presents.
///
/// Whoever is on the way can then pose as the host and read and change everything; the handshake only proves
/// that the peer holds the key of the certificate it shows. A client that authenticates by Basic refuses this
/// trust ([`crate::ConfigError::BasicNeedsVerifiedTls`]), because it would hand the password over.
#[must_use]
pub fn accept_any_certificate() -> Trust {
    Trust::anything()
}
