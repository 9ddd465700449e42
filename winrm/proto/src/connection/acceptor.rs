//! The server's side of authentication.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::auth::challenge::{Offer, parse_authorization};
use crate::auth::ntlm::{self, AcceptPolicy, Challenged, ServerNonces};
use crate::auth::{Credential, Protection, Scheme, UserName, basic};

/// The server's side of authentication on one connection.
///
/// HTTP and TLS are the caller's: it hands over the `Authorization` headers of each request and sends what the
/// [`Verdict`] says, with status 401 unless the request is accepted.
#[derive(Debug)]
pub struct Acceptor {
    policy: Arc<AcceptPolicy>,
    schemes: Vec<Scheme>,
    state: State,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Answer 401 with these headers: an offer, or the next token.
    Challenge {
        /// `WWW-Authenticate`, one or several.
        headers: Vec<(&'static str, String)>,
    },
    /// Serve the request.
    Accepted {
        /// The account, as the policy spells it.
        principal: UserName,
        /// How it authenticated.
        scheme: Scheme,
        /// To be added to the response; usually none.
        headers: Vec<(&'static str, String)>,
    },
    /// Answer 401 with these headers, which tell nothing of the reason.
    Refused {
        /// The reason, for the server's own record.
        refusal: Refusal,
        /// `WWW-Authenticate`: the offer from the start.
        headers: Vec<(&'static str, String)>,
    },
}

/// Why a request is not served. For the server's own record, never for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The header is not one scheme with a token, or there are several.
    #[error("the Authorization header cannot be read")]
    Malformed,
    /// The scheme is not offered.
    #[error("the scheme is not offered")]
    NotOffered,
    /// A Type 3 without a Type 1 before it on this connection.
    #[error("there is no challenge to answer")]
    NoChallenge,
    /// The NTLM message, or what it proves.
    #[error(transparent)]
    Ntlm(#[from] ntlm::Refusal),
    /// The Basic token.
    #[error(transparent)]
    Basic(#[from] basic::Error),
    /// Account or password of Basic are wrong.
    #[error("account or password are wrong")]
    WrongPassword,
}

#[derive(Debug)]
enum State {
    Anonymous,
    Challenged { scheme: Scheme, challenged: Challenged },
    Accepted { principal: UserName, scheme: Scheme },
}

impl Acceptor {
    /// Begins with nobody authenticated. Basic is offered inside TLS only, whatever `schemes` says.
    #[must_use]
    pub fn new(policy: Arc<AcceptPolicy>, mut schemes: Vec<Scheme>) -> Self {
        if policy.protection == Protection::Seal {
            schemes.retain(|scheme| *scheme != Scheme::Basic);
        }
        Self { policy, schemes, state: State::Anonymous }
    }

    /// Judges the `Authorization` headers of one request. `nonces` are used up if a challenge is made.
    pub fn judge<H: AsRef<[u8]>>(&mut self, authorization: &[H], nonces: ServerNonces) -> Verdict {
        match authorization {
            [] => self.without_header(),
            [header] => match self.with_header(header.as_ref(), nonces) {
                Ok(verdict) => verdict,
                Err(refusal) => self.refuse(refusal),
            },
            _ => self.refuse(Refusal::Malformed),
        }
    }

    fn without_header(&mut self) -> Verdict {
        match &self.state {
            State::Accepted { principal, scheme } => {
                Verdict::Accepted { principal: principal.clone(), scheme: *scheme, headers: Vec::new() }
            }
            State::Anonymous | State::Challenged { .. } => {
                self.state = State::Anonymous;
                Verdict::Challenge { headers: self.offer() }
            }
        }
    }

    fn with_header(&mut self, header: &[u8], nonces: ServerNonces) -> Result<Verdict, Refusal> {
        let (offer, token) = parse_authorization(header).ok_or(Refusal::Malformed)?;
        let Offer::Known(scheme) = offer else { return Err(Refusal::NotOffered) };
        if !self.schemes.contains(&scheme) {
            return Err(Refusal::NotOffered);
        }
        match (scheme, std::mem::replace(&mut self.state, State::Anonymous)) {
            (Scheme::Basic, _) => self.basic(&token),
            (_, State::Challenged { scheme: begun, challenged }) if begun == scheme => {
                self.prove(scheme, challenged, &token)
            }
            _ => self.challenge(scheme, &token, nonces),
        }
    }

    /// A password itself. It counts for its own request only.
    fn basic(&self, token: &[u8]) -> Result<Verdict, Refusal> {
        let (name, password) = basic::parse(token)?;
        let matches = |account: &&Credential| {
            let passwords = (password.expose_secret(), account.password().expose_secret());
            account.user().to_string().eq_ignore_ascii_case(&name)
                && bool::from(passwords.0.as_bytes().ct_eq(passwords.1.as_bytes()))
        };
        let account = self.policy.accounts.iter().find(matches).ok_or(Refusal::WrongPassword)?;
        let principal = account.user().clone();
        Ok(Verdict::Accepted { principal, scheme: Scheme::Basic, headers: Vec::new() })
    }

    /// A Type 1.
    fn challenge(&mut self, scheme: Scheme, token: &[u8], nonces: ServerNonces) -> Result<Verdict, Refusal> {
        let acceptor = ntlm::Acceptor::new(&self.policy);
        let (challenged, message) = acceptor.challenge(token, nonces).map_err(|error| match error {
            ntlm::Error::WrongType { found: 3, .. } => Refusal::NoChallenge,
            error => Refusal::Ntlm(error.into()),
        })?;
        self.state = State::Challenged { scheme, challenged };
        let token = format!("{scheme} {}", BASE64_STANDARD.encode(message));
        Ok(Verdict::Challenge { headers: vec![(HEADER, token)] })
    }

    /// A Type 3.
    fn prove(&mut self, scheme: Scheme, challenged: Challenged, token: &[u8]) -> Result<Verdict, Refusal> {
        let accepted = challenged.authenticate(token, &self.policy)?;
        let principal = accepted.user;
        self.state = State::Accepted { principal: principal.clone(), scheme };
        Ok(Verdict::Accepted { principal, scheme, headers: Vec::new() })
    }

    fn refuse(&mut self, refusal: Refusal) -> Verdict {
        self.state = State::Anonymous;
        Verdict::Refused { refusal, headers: self.offer() }
    }

    fn offer(&self) -> Vec<(&'static str, String)> {
        let value = |scheme: &Scheme| match scheme {
            Scheme::Basic => "Basic realm=\"WSMAN\"".to_owned(),
            Scheme::Negotiate | Scheme::Ntlm => scheme.name().to_owned(),
        };
        self.schemes.iter().map(|scheme| (HEADER, value(scheme))).collect()
    }
}

const HEADER: &str = "WWW-Authenticate";
