//! SPNEGO (RFC 4178, MS-SPNG) with NTLM inside: what `Negotiate` carries besides the bare NTLM token.
//!
//! We offer NTLM alone, so there is nothing to negotiate down from. The list of mechanisms is signed all the same
//! (`mechListMIC`): a server whose NTLM has an integrity code expects it.

mod acceptor;
mod client;
mod der;
mod token;

pub use acceptor::{Acceptor, Answered, Outcome, Refusal};
pub use client::{Client, Responded};
pub use token::{Mechanism, NegState, Token};

use thiserror::Error;

use super::ntlm;

/// Why a negotiation cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// The token is not SPNEGO in DER.
    #[error("the token is not a SPNEGO message")]
    Malformed,
    /// The other side rejects every mechanism that is offered.
    #[error("the server rejects NTLM in SPNEGO")]
    Rejected,
    /// The other side wants something else than NTLM.
    #[error("the server wants {0} instead of NTLM")]
    OtherMechanism(Mechanism),
    /// The token of the mechanism is missing.
    #[error("the SPNEGO message holds no NTLM token")]
    NoToken,
    /// The list of mechanisms was changed on its way.
    #[error("the signature over the list of mechanisms is wrong")]
    WrongMechListMic,
    /// The list of mechanisms is not signed although that was asked for.
    #[error("the signature over the list of mechanisms is missing")]
    MissingMechListMic,
    /// The NTLM message inside.
    #[error(transparent)]
    Ntlm(#[from] ntlm::Error),
}

#[cfg(test)]
mod tests;
