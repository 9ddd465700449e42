//! Why a connection cannot go on.

use thiserror::Error;

use crate::auth::challenge::TooMuch;
use crate::auth::{Scheme, basic, negotiate, ntlm, seal};

/// Why a connection cannot go on. Only [`Error::CredentialRefused`] says anything about the credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No scheme is configured.
    #[error("no authentication scheme is configured")]
    NoScheme,
    /// Basic is the only scheme, and nothing would hide the password.
    #[error("Basic authentication sends the password and is used with HTTPS only")]
    BasicWithoutTls,
    /// Basic is the only scheme that is left, and the account does not fit it.
    #[error(transparent)]
    Basic(basic::Error),
    /// A request is outstanding, or none is.
    #[error("a connection takes one envelope, then its responses")]
    OutOfTurn,
    /// An earlier error ended this connection.
    #[error("the connection has ended with an earlier error")]
    Broken,
    /// The server judged the credential and did not take it: a 401 that answers the proof. It does not say whether the
    /// password is wrong or the account locked, disabled or expired. Never try again with the same secret.
    #[error("the server refused the credential ({0})")]
    CredentialRefused(Scheme),
    /// The server takes Kerberos only.
    #[error("the server offers Kerberos only")]
    OnlyKerberos,
    /// The server offers none of the configured schemes.
    #[error("the server does not offer any of the configured authentication schemes; it offers: {}", list(.offered))]
    NotOffered {
        /// The names of those that it offers, as it writes them.
        offered: Vec<String>,
    },
    /// The offer itself is out of bounds.
    #[error(transparent)]
    TooManyChallenges(#[from] TooMuch),
    /// The server's NTLM message cannot be used. No proof was sent.
    #[error(transparent)]
    Ntlm(#[from] ntlm::Error),
    /// The server's SPNEGO message cannot be used. No proof was sent, or the server that took it did not prove itself.
    #[error(transparent)]
    Negotiate(#[from] negotiate::Error),
    /// The response should be sealed and is not, so it may come from anyone.
    #[error("the server answered with HTTP status {status} without sealing its answer")]
    NotSealed {
        /// The HTTP status.
        status: u16,
    },
    /// A sealed response was changed, repeated or malformed.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// The server, or something before it, closes the connection between two tokens.
    #[error(
        "the connection is closed in the middle of the authentication; a proxy or load balancer may not keep connections open"
    )]
    ClosedDuringAuthentication,
    /// A connection that was authenticated is not any more.
    #[error("the server no longer knows the connection; a proxy or load balancer may mix connections")]
    AuthenticationLost,
    /// Something answers, but not WinRM: no SOAP, or no such path.
    #[error("the endpoint is not a WinRM listener: HTTP status {status}, content type {content_type:?}")]
    NotWinRm {
        /// The HTTP status.
        status: u16,
        /// The content type, empty where there is none.
        content_type: String,
    },
    /// The server points elsewhere. Nothing is ever sent there.
    #[error("the server redirects to {location:?}; redirects are not followed")]
    Redirect {
        /// The `Location`, shortened and made printable; empty where there is none.
        location: String,
    },
    /// The server accepted a request that proves nothing, so it is no WinRM service that wants the account.
    #[error(
        "something answers with HTTP status {status} without asking who is calling, as no WinRM listener does; connect to the \
         host itself, not to a proxy, gateway or web server before it"
    )]
    NotChallenged {
        /// The HTTP status, a success.
        status: u16,
    },
    /// A status that WinRM has no meaning for here.
    #[error("the server answered with HTTP status {status}, {}", meaning(.0), status = .0)]
    UnexpectedStatus(u16),
    /// Success, but nothing in it.
    #[error("the server answered the request with an empty body")]
    EmptyReply,
    /// The response is larger than allowed.
    #[error("the response is larger than {limit} bytes")]
    Oversized {
        /// The limit of [`super::Settings::max_response`].
        limit: usize,
    },
}

fn list(offered: &[String]) -> String {
    if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") }
}

/// Who answers so, and what helps.
fn meaning(status: &u16) -> &'static str {
    match *status {
        400 => {
            "which says that the request was not understood: a proxy or another kind of service is at this address and port"
        }
        403 => {
            "which says that this client is not let in: a proxy, firewall or the listener's IP filter refuses its address"
        }
        407 => {
            "as a proxy does that wants its own credentials: name it as the proxy, or leave it out of the way"
        }
        408 | 504 => {
            "as a proxy or gateway does that waits less long than the host works: connect to the host itself"
        }
        413 => "because the request is larger than the server takes: raise MaxEnvelopeSizekb on the host",
        429 => "because it gets too many requests: try again later",
        500 => {
            "and no fault that says why: the service failed, or the account may not use it; the host's event log \
             Microsoft-Windows-WinRM/Operational says more"
        }
        502 => "as a proxy or gateway does that does not reach the host: connect to the host itself",
        503 => "because the WinRM service is stopped or overloaded: start it on the host, or try again later",
        _ => "which WinRM does not use: check that the address and port are those of a WinRM listener",
    }
}
