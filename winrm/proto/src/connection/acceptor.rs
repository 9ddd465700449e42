//! The server's side of a connection: authentication, and the seal of what follows.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::handshake::SOAP_UTF8;
use crate::auth::challenge::{Offer, parse_authorization};
use crate::auth::ntlm::{self, AcceptPolicy, Accepted, ServerNonces};
use crate::auth::{Credential, Protection, Scheme, UserName, basic, negotiate, seal};

/// The server's side of one connection.
///
/// HTTP and TLS are the caller's: it hands over the `Authorization` headers of each request and sends what the
/// [`Verdict`] says, with status 401 unless the request is accepted. Bodies of accepted requests go through
/// [`Acceptor::open`], their answers through [`Acceptor::answer`].
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
        /// To be added to the response, whatever its status.
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
    /// A proof without a challenge before it on this connection.
    #[error("there is no challenge to answer")]
    NoChallenge,
    /// The NTLM message, or what it proves.
    #[error(transparent)]
    Ntlm(#[from] ntlm::Refusal),
    /// The SPNEGO message around it.
    #[error(transparent)]
    Negotiate(#[from] negotiate::Error),
    /// The Basic token.
    #[error(transparent)]
    Basic(#[from] basic::Error),
    /// Account or password of Basic are wrong.
    #[error("account or password are wrong")]
    WrongPassword,
}

/// Why the body of an accepted request is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The body is not sealed and nothing else hides it (`AllowUnencrypted` is false).
    #[error("the message is not sealed")]
    NotSealed,
    /// The body is sealed, but the client did not agree on keys for that.
    #[error("there are no keys to open a sealed message with")]
    NoKeys,
    /// The sealed body is malformed, changed or repeated. Close the connection: its keys are out of step.
    #[error(transparent)]
    Seal(#[from] seal::Error),
}

#[derive(Debug)]
enum State {
    Anonymous,
    Challenged(Challenged),
    Accepted { principal: UserName, scheme: Scheme, keys: Option<Box<Keys>> },
}

/// Between two tokens.
#[derive(Debug)]
enum Challenged {
    Bare { scheme: Scheme, challenged: ntlm::Challenged },
    Spnego(negotiate::Acceptor),
}

/// The keys of a client that agreed to seal, and whether it did so with its last request.
#[derive(Debug)]
struct Keys {
    reader: seal::Reader,
    writer: seal::Writer,
    last: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Sealed,
}

impl Acceptor {
    /// Begins with nobody authenticated. `schemes` are offered in that order; Basic inside TLS only, and `Negotiate`
    /// takes both kinds of tokens under either name.
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

    /// The envelope in the body of an accepted request. An empty body is returned as it is.
    ///
    /// # Errors
    /// A body that may not or cannot be read.
    pub fn open(&mut self, content_type: &str, body: Bytes) -> Result<Bytes, BodyError> {
        let form = if seal::is_sealed(content_type) { Form::Sealed } else { Form::Plain };
        let keys = match &mut self.state {
            State::Accepted { keys, .. } => keys.as_deref_mut(),
            State::Anonymous | State::Challenged(_) => None,
        };
        match (form, keys) {
            (Form::Plain, _) if self.policy.protection == Protection::Seal && !body.is_empty() => {
                Err(BodyError::NotSealed)
            }
            (Form::Plain, None) => Ok(body),
            (Form::Sealed, None) => Err(BodyError::NoKeys),
            (_, Some(keys)) => {
                keys.last = form;
                if form == Form::Sealed { Ok(keys.reader.read(content_type, body)?) } else { Ok(body) }
            }
        }
    }

    /// The body and `Content-Type` of the answer: sealed if the request was.
    #[must_use]
    pub fn answer(&mut self, envelope: Bytes) -> (Bytes, &'static str) {
        match &mut self.state {
            State::Accepted { keys: Some(keys), .. } if keys.last == Form::Sealed => {
                (keys.writer.write(&envelope), seal::CONTENT_TYPE)
            }
            _ => (envelope, SOAP_UTF8),
        }
    }

    fn without_header(&mut self) -> Verdict {
        match &self.state {
            State::Accepted { principal, scheme, .. } => {
                Verdict::Accepted { principal: principal.clone(), scheme: *scheme, headers: Vec::new() }
            }
            State::Anonymous | State::Challenged(_) => {
                self.state = State::Anonymous;
                Verdict::Challenge { headers: self.offer() }
            }
        }
    }

    fn with_header(&mut self, header: &[u8], nonces: ServerNonces) -> Result<Verdict, Refusal> {
        let (offer, token) = parse_authorization(header).ok_or(Refusal::Malformed)?;
        // Basic's token is the password.
        let token = Zeroizing::new(token);
        let Offer::Known(scheme) = offer else { return Err(Refusal::NotOffered) };
        if !self.schemes.iter().any(|offered| offered.name() == scheme.name()) {
            return Err(Refusal::NotOffered);
        }
        match (scheme, std::mem::replace(&mut self.state, State::Anonymous)) {
            (Scheme::Basic, _) => self.basic(&token),
            (_, State::Challenged(Challenged::Bare { scheme: begun, challenged })) if begun == scheme => {
                let accepted = challenged.authenticate(&token, &self.policy)?;
                Ok(self.accept(accepted, scheme, None))
            }
            (Scheme::Negotiate, State::Challenged(Challenged::Spnego(acceptor))) => {
                self.proceed(acceptor.proceed(&token, &self.policy, nonces)?)
            }
            (Scheme::Negotiate, _) if !ntlm::is_bare(&token) => {
                self.proceed(negotiate::Acceptor::begin(&token, &self.policy, nonces)?)
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

    /// A bare Type 1.
    fn challenge(&mut self, scheme: Scheme, token: &[u8], nonces: ServerNonces) -> Result<Verdict, Refusal> {
        let acceptor = ntlm::Acceptor::new(&self.policy);
        let (challenged, message) = acceptor.challenge(token, nonces).map_err(|error| match error {
            ntlm::Error::WrongType { found: 3, .. } => Refusal::NoChallenge,
            error => Refusal::Ntlm(error.into()),
        })?;
        self.state = State::Challenged(Challenged::Bare { scheme, challenged });
        Ok(Verdict::Challenge { headers: vec![token_header(scheme, &message)] })
    }

    /// A SPNEGO message.
    fn proceed(&mut self, answered: negotiate::Answered) -> Result<Verdict, Refusal> {
        let header = token_header(Scheme::Spnego, &answered.token);
        Ok(match answered.outcome {
            negotiate::Outcome::Continue(acceptor) => {
                self.state = State::Challenged(Challenged::Spnego(acceptor));
                Verdict::Challenge { headers: vec![header] }
            }
            negotiate::Outcome::Accepted(accepted) => self.accept(accepted, Scheme::Spnego, Some(header)),
        })
    }

    fn accept(
        &mut self,
        accepted: Accepted,
        scheme: Scheme,
        header: Option<(&'static str, String)>,
    ) -> Verdict {
        let Accepted { user: principal, session } = accepted;
        let keys = seal::Reader::new(&session).zip(seal::Writer::new(&session));
        let keys = keys.map(|(reader, writer)| Box::new(Keys { reader, writer, last: Form::Plain }));
        self.state = State::Accepted { principal: principal.clone(), scheme, keys };
        Verdict::Accepted { principal, scheme, headers: header.into_iter().collect() }
    }

    fn refuse(&mut self, refusal: Refusal) -> Verdict {
        self.state = State::Anonymous;
        Verdict::Refused { refusal, headers: self.offer() }
    }

    fn offer(&self) -> Vec<(&'static str, String)> {
        let value = |scheme: &Scheme| match scheme {
            Scheme::Basic => "Basic realm=\"WSMAN\"".to_owned(),
            Scheme::Negotiate | Scheme::Spnego | Scheme::Ntlm => scheme.name().to_owned(),
        };
        let mut headers: Vec<_> = self.schemes.iter().map(|scheme| (HEADER, value(scheme))).collect();
        headers.dedup();
        headers
    }
}

impl From<negotiate::Refusal> for Refusal {
    fn from(refusal: negotiate::Refusal) -> Self {
        match refusal {
            negotiate::Refusal::Negotiation(error) => Self::Negotiate(error),
            negotiate::Refusal::Ntlm(refusal) => Self::Ntlm(refusal),
        }
    }
}

fn token_header(scheme: Scheme, token: &[u8]) -> (&'static str, String) {
    (HEADER, format!("{scheme} {}", BASE64_STANDARD.encode(token)))
}

const HEADER: &str = "WWW-Authenticate";
