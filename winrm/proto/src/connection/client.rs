//! The client's side of a connection.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use super::handshake::{Channel, Handshake, SOAP, SOAP_UTF8, finish, is_for, token_for};
use super::{Error, FirstEnvelope, Learned, Reply, Request, Response, Settings, Step};
use crate::auth::challenge::{Challenge, Offer};
use crate::auth::ntlm::{Nonces, Session};
use crate::auth::{Scheme, basic, challenge, negotiate, seal};

/// The client's side of one connection: one envelope at a time, [`Connection::send`] then [`Connection::receive`]
/// until there is a [`Step::Reply`].
///
/// After an error or [`Step::Reconnect`] it is of no more use.
pub struct Connection {
    settings: Settings,
    /// What may still be tried, the next one first.
    schemes: Vec<Scheme>,
    /// INVARIANT: gone once a proof was computed, so that there is no second one.
    nonces: Option<Nonces>,
    learned: Learned,
    /// The scheme that the server took.
    scheme: Option<Scheme>,
    channel: Channel,
    state: State,
}

/// Where the connection stands. The envelope stays here until it is clear that the server has read it.
enum State {
    /// Nothing was sent yet.
    Fresh,
    /// A first token is on its way.
    Negotiating { scheme: Scheme, handshake: Box<Handshake>, envelope: Bytes },
    /// A proof is on its way, with the envelope.
    ProvingWithEnvelope(Proof),
    /// A proof is on its way alone.
    Proving(Proof),
    /// An envelope is on its way once more, after its first journey ended in a 400.
    Repeating,
    /// A request with the password itself is on its way.
    Basic,
    /// An envelope is on its way.
    Awaiting,
    /// Authenticated, and nothing is outstanding.
    Idle,
    /// Over.
    Ended,
}

/// What is known while a proof is judged.
struct Proof {
    scheme: Scheme,
    session: Box<Session>,
    envelope: Bytes,
}

impl Connection {
    /// Prepares a connection.
    ///
    /// # Errors
    /// Settings that leave no scheme to try.
    pub fn new(settings: Settings, nonces: Nonces) -> Result<Self, Error> {
        let schemes = settings.usable_schemes()?;
        let learned = settings.learned.clone();
        Ok(Self {
            settings,
            schemes,
            nonces: Some(nonces),
            learned,
            scheme: None,
            channel: Channel::Plain,
            state: State::Fresh,
        })
    }

    /// The scheme that the account is proven by, once that has been sent.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// What this connection has found out, for the next one to the same endpoint.
    #[must_use]
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Whether an envelope can be sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Fresh | State::Idle)
    }

    /// Takes an envelope and says what to send first.
    ///
    /// # Errors
    /// A request is outstanding, or the connection has ended.
    pub fn send(&mut self, envelope: Bytes) -> Result<Request, Error> {
        match self.state {
            State::Fresh => self.begin(envelope),
            State::Idle => self.deliver(envelope),
            State::Ended => Err(Error::Broken),
            _ => Err(Error::OutOfTurn),
        }
    }

    /// Takes the response to the request that was sent last.
    ///
    /// # Errors
    /// The connection cannot go on; it is of no more use.
    pub fn receive(&mut self, response: Response) -> Result<Step, Error> {
        let state = std::mem::replace(&mut self.state, State::Ended);
        self.check(&response)?;
        if let Some(cookie) = &response.cookie {
            self.learned.cookie = Some(cookie.clone());
        }
        match state {
            State::Negotiating { scheme, handshake, envelope } => {
                self.challenged(&response, scheme, *handshake, envelope)
            }
            State::ProvingWithEnvelope(proof) => self.proven_with_envelope(response, proof),
            State::Proving(proof) => self.proven(&response, proof),
            State::Repeating => self.repeated(response),
            State::Basic => self.basic_answered(response),
            State::Awaiting => self.answered(response),
            State::Fresh | State::Idle => Err(Error::OutOfTurn),
            State::Ended => Err(Error::Broken),
        }
    }

    /// The first request: a token that proves nothing on an empty body, or Basic with the envelope.
    fn begin(&mut self, envelope: Bytes) -> Result<Request, Error> {
        let scheme = *self.schemes.first().ok_or(Error::NoScheme)?;
        if scheme == Scheme::Basic {
            return self.deliver_with_password(envelope);
        }
        let handshake = Box::new(Handshake::begin(scheme, &self.settings));
        let authorization = authorization(scheme, &handshake.first_token());
        self.state = State::Negotiating { scheme, handshake, envelope };
        Ok(self.empty_request(authorization))
    }

    /// An envelope on a connection that is authenticated.
    fn deliver(&mut self, envelope: Bytes) -> Result<Request, Error> {
        if self.scheme == Some(Scheme::Basic) {
            return self.deliver_with_password(envelope);
        }
        self.state = State::Awaiting;
        Ok(self.envelope_request(envelope, None))
    }

    /// An envelope under Basic, where every request carries the password.
    fn deliver_with_password(&mut self, envelope: Bytes) -> Result<Request, Error> {
        let authorization = basic::authorization(&self.settings.credential).map_err(Error::Basic)?;
        self.state = State::Basic;
        Ok(self.envelope_request(envelope, Some(authorization.as_str().to_owned())))
    }

    /// The answer to a first token.
    fn challenged(
        &mut self,
        response: &Response,
        scheme: Scheme,
        handshake: Handshake,
        envelope: Bytes,
    ) -> Result<Step, Error> {
        if response.status != UNAUTHORIZED {
            return Err(not_soap(response));
        }
        let challenges = challenge::parse(&response.challenges)?;
        let Some(token) = token_for(&challenges, scheme) else {
            return self.next_scheme(response, &challenges, scheme, envelope);
        };
        let nonces = self.nonces.as_ref().ok_or(Error::OutOfTurn)?;
        let (token, session) = match handshake.prove(token, nonces) {
            Ok(proof) => proof,
            Err(negotiate::Error::Rejected | negotiate::Error::OtherMechanism(_)) => {
                return self.next_scheme(response, &challenges, scheme, envelope);
            }
            Err(negotiate::Error::Ntlm(error)) => return Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        self.nonces = None;
        if response.closes {
            return Err(Error::ClosedDuringAuthentication);
        }
        self.learned.scheme = Some(scheme);
        self.scheme = Some(scheme);
        self.channel = Channel::new(&self.settings.protection, &session)?;
        let authorization = authorization(scheme, &token);
        let proof = Proof { scheme, session: Box::new(session), envelope };
        let request = match self.learned.first_envelope {
            FirstEnvelope::WithProof => {
                let request = self.envelope_request(proof.envelope.clone(), Some(authorization));
                self.state = State::ProvingWithEnvelope(proof);
                request
            }
            FirstEnvelope::AfterProof => {
                self.state = State::Proving(proof);
                self.empty_request(authorization)
            }
        };
        Ok(Step::Send(request))
    }

    /// The server does not take the scheme: the next one that it offers, or an error that says what it does offer.
    fn next_scheme(
        &mut self,
        response: &Response,
        challenges: &[Challenge],
        refused: Scheme,
        envelope: Bytes,
    ) -> Result<Step, Error> {
        let is_offered = |scheme| challenges.iter().any(|challenge| is_for(challenge, scheme));
        self.schemes.retain(|scheme| *scheme != refused && is_offered(*scheme));
        let Some(scheme) = self.schemes.first() else {
            if is_offered(Scheme::Basic) {
                self.settings.basic_usable()?;
            }
            return Err(self.nothing_offered(challenges));
        };
        if response.closes {
            self.learned.scheme = Some(*scheme);
            return Ok(Step::Reconnect(self.learned.clone()));
        }
        self.begin(envelope).map(Step::Send)
    }

    /// The answer to a proof that carried the envelope.
    fn proven_with_envelope(&mut self, response: Response, mut proof: Proof) -> Result<Step, Error> {
        let media_type = response.media_type();
        let was_accepted = match response.status {
            UNAUTHORIZED => return Err(Error::CredentialRefused(proof.scheme)),
            BAD_REQUEST if media_type != SOAP && !seal::is_sealed(&media_type) => false,
            _ => {
                finish(proof.scheme, &mut proof.session, &response)?;
                let is_empty = (200..=299).contains(&response.status) && response.body.is_empty();
                if !is_empty {
                    self.channel.accepted(&proof.session);
                    return self.answered(response);
                }
                true
            }
        };
        self.learned.first_envelope = FirstEnvelope::AfterProof;
        if response.closes {
            return Ok(Step::Reconnect(self.learned.clone()));
        }
        // The server has not read what was sealed, so its keys still stand where they stood right after the proof.
        self.channel = Channel::new(&self.settings.protection, &proof.session)?;
        self.state = if was_accepted { State::Awaiting } else { State::Repeating };
        Ok(Step::Send(self.envelope_request(proof.envelope, None)))
    }

    /// The answer to a proof that came alone.
    fn proven(&mut self, response: &Response, mut proof: Proof) -> Result<Step, Error> {
        match response.status {
            UNAUTHORIZED => Err(Error::CredentialRefused(proof.scheme)),
            200..=299 if response.closes => Err(Error::ClosedDuringAuthentication),
            200..=299 => {
                finish(proof.scheme, &mut proof.session, response)?;
                self.channel = Channel::new(&self.settings.protection, &proof.session)?;
                self.deliver(proof.envelope).map(Step::Send)
            }
            _ => Err(not_soap(response)),
        }
    }

    /// The answer to the envelope that went out once more after a 400.
    fn repeated(&mut self, response: Response) -> Result<Step, Error> {
        if response.status == UNAUTHORIZED {
            return Ok(Step::Reconnect(self.learned.clone()));
        }
        self.answered(response)
    }

    /// The answer to a request with the password itself. A server that does not offer Basic has not looked at it, but
    /// that is no reason to prove it in another way: the next connection begins with a better scheme anyway.
    fn basic_answered(&mut self, response: Response) -> Result<Step, Error> {
        if response.status == UNAUTHORIZED {
            let challenges = challenge::parse(&response.challenges)?;
            let is_judged = challenges.is_empty() || challenges.iter().any(|c| is_for(c, Scheme::Basic));
            return Err(if is_judged {
                Error::CredentialRefused(Scheme::Basic)
            } else {
                self.nothing_offered(&challenges)
            });
        }
        self.learned.scheme = None;
        self.scheme = Some(Scheme::Basic);
        self.answered(response)
    }

    /// The answer to an envelope.
    fn answered(&mut self, response: Response) -> Result<Step, Error> {
        let media_type = response.media_type();
        let is_reply = media_type == SOAP || seal::is_sealed(&media_type);
        match response.status {
            UNAUTHORIZED => return Err(Error::AuthenticationLost),
            200..=299 if response.body.is_empty() => return Err(Error::EmptyReply),
            200..=299 | 400..=599 if is_reply && !response.body.is_empty() => {}
            _ => return Err(not_soap(&response)),
        }
        let (status, closes) = (response.status, response.closes);
        let body = self.channel.read(response)?;
        self.state = if closes { State::Ended } else { State::Idle };
        Ok(Step::Reply(Reply { status, body }))
    }

    /// What holds for every response.
    fn check(&self, response: &Response) -> Result<(), Error> {
        if response.body.len() > self.settings.max_response {
            return Err(Error::Oversized { limit: self.settings.max_response });
        }
        if (300..=399).contains(&response.status) {
            return Err(Error::Redirect { location: response.location.clone().unwrap_or_default() });
        }
        Ok(())
    }

    fn empty_request(&self, authorization: String) -> Request {
        self.request(Bytes::new(), SOAP_UTF8, Some(authorization))
    }

    fn envelope_request(&mut self, envelope: Bytes, authorization: Option<String>) -> Request {
        let (body, content_type) = self.channel.write(envelope);
        self.request(body, content_type, authorization)
    }

    fn request(&self, body: Bytes, content_type: &str, authorization: Option<String>) -> Request {
        let mut headers = vec![
            ("Content-Type", content_type.to_owned()),
            ("Content-Length", body.len().to_string()),
            ("Accept-Encoding", "identity".to_owned()),
            ("User-Agent", USER_AGENT.to_owned()),
        ];
        if let Some(cookie) = &self.learned.cookie {
            headers.push(("Cookie", format!("MS-WSMAN={cookie}")));
        }
        if let Some(authorization) = authorization {
            headers.push(("Authorization", authorization));
        }
        Request { headers, body }
    }

    /// Whether Kerberos is all there is: `Negotiate` may stand beside it where we tried that in vain.
    fn nothing_offered(&self, challenges: &[Challenge]) -> Error {
        let tried_negotiate =
            self.settings.schemes.iter().any(|scheme| scheme.name() == Scheme::Negotiate.name());
        let is_kerberos = |challenge: &Challenge| match challenge.scheme {
            Offer::Kerberos => true,
            Offer::Known(Scheme::Negotiate) => tried_negotiate,
            _ => false,
        };
        if !challenges.is_empty() && challenges.iter().all(is_kerberos) {
            return Error::OnlyKerberos;
        }
        let mut offered: Vec<String> = Vec::new();
        for challenge in challenges {
            let name: String = challenge.scheme.to_string().chars().take(MAX_NAME).collect();
            if !offered.contains(&name) {
                offered.push(name);
            }
        }
        Error::NotOffered { offered }
    }
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Fresh => "Fresh",
            Self::Negotiating { .. } => "Negotiating",
            Self::ProvingWithEnvelope(_) => "ProvingWithEnvelope",
            Self::Proving(_) => "Proving",
            Self::Repeating => "Repeating",
            Self::Basic => "Basic",
            Self::Awaiting => "Awaiting",
            Self::Idle => "Idle",
            Self::Ended => "Ended",
        }
    }
}

/// Envelopes may hold anything, so they do not show.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("settings", &self.settings)
            .field("learned", &self.learned)
            .field("state", &format_args!("{}", self.state.name()))
            .finish_non_exhaustive()
    }
}

fn authorization(scheme: Scheme, token: &[u8]) -> String {
    format!("{scheme} {}", BASE64_STANDARD.encode(token))
}

/// The error for a response that is not the one that was due and is not SOAP.
fn not_soap(response: &Response) -> Error {
    match response.status {
        404 | 405 | 501 => {}
        200..=299 if response.media_type() != SOAP => {}
        status @ 200..=299 => return Error::NotChallenged { status },
        status => return Error::UnexpectedStatus(status),
    }
    Error::NotWinRm { status: response.status, content_type: response.media_type() }
}

const UNAUTHORIZED: u16 = 401;
const BAD_REQUEST: u16 = 400;
const USER_AGENT: &str = concat!("winrm-proto/", env!("CARGO_PKG_VERSION"));
const MAX_NAME: usize = 40;
