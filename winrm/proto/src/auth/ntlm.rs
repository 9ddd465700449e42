//! NTLM (MS-NLMP): NTLMv2 with extended session security, key exchange and a message integrity code, nothing older.
//!
//! [`Client`] and [`Acceptor`] are the two halves of one exchange; each step consumes the one before, so a challenge is
//! answered once and a proof is computed once. Random bytes and the time are arguments.

mod acceptor;
mod authenticate;
mod av_pairs;
mod challenge;
mod client;
mod error;
mod field;
mod file_time;
mod keys;
mod negotiate;
mod session;

pub use acceptor::{
    AcceptPolicy, Accepted, Acceptor, Challenged, ChannelBindingPolicy, MachineNames, Refusal, ServerNonces,
};
pub use client::{Authenticated, Client, Nonces};
pub use error::{Error, Field, Requirement};
pub use file_time::FileTime;
pub use session::{Opener, SealError, Sealer, Session, Signature};

/// The first eight bytes of every NTLM message (MS-NLMP 2.2.1).
const SIGNATURE: [u8; 8] = *b"NTLMSSP\0";

/// Whether a token is a bare NTLM message, as opposed to one wrapped in SPNEGO.
#[must_use]
pub fn is_bare(token: &[u8]) -> bool {
    token.starts_with(&SIGNATURE)
}

#[cfg(test)]
pub(crate) mod tests;
