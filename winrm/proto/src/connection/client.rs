//! The client's side of a connection.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use super::{Error, FirstEnvelope, Learned, Reply, Request, Response, Settings, Step};
use crate::auth::challenge::{Challenge, Offer};
use crate::auth::ntlm::{self, Nonces};
use crate::auth::{Scheme, basic, challenge};

/// The client's side of one connection: one envelope at a time, [`Connection::send`] then [`Connection::receive`]
/// until there is a [`Step::Reply`].
///
/// After an error or [`Step::Reconnect`] it is of no more use.
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    /// What may still be tried, the next one first.
    schemes: Vec<Scheme>,
    nonces: Nonces,
    learned: Learned,
    state: State,
}

/// Where the connection stands. The envelope stays here until it is clear that the server has read it.
#[derive(Debug)]
enum State {
    /// Nothing was sent yet.
    Fresh,
    /// A Type 1 is on its way.
    Negotiating { scheme: Scheme, client: Box<ntlm::Client>, envelope: Bytes },
    /// A proof is on its way, with the envelope.
    ProvingWithEnvelope { scheme: Scheme, envelope: Bytes },
    /// A proof is on its way alone.
    Proving { scheme: Scheme, envelope: Bytes },
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

impl Connection {
    /// Prepares a connection.
    ///
    /// # Errors
    /// Settings that leave no scheme to try.
    pub fn new(settings: Settings, nonces: Nonces) -> Result<Self, Error> {
        let schemes = settings.usable_schemes()?;
        let learned = settings.learned.clone();
        Ok(Self { settings, schemes, nonces, learned, state: State::Fresh })
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
            State::Negotiating { scheme, client, envelope } => {
                self.challenged(&response, scheme, *client, envelope)
            }
            State::ProvingWithEnvelope { scheme, envelope } => {
                self.proven_with_envelope(response, scheme, envelope)
            }
            State::Proving { scheme, envelope } => self.proven(&response, scheme, envelope),
            State::Repeating => self.repeated(response),
            State::Basic => self.basic_answered(response),
            State::Awaiting => self.answered(response),
            State::Fresh | State::Idle => Err(Error::OutOfTurn),
            State::Ended => Err(Error::Broken),
        }
    }

    /// The first request: a Type 1 on an empty body, or Basic with the envelope.
    fn begin(&mut self, envelope: Bytes) -> Result<Request, Error> {
        let scheme = *self.schemes.first().ok_or(Error::NoScheme)?;
        if scheme == Scheme::Basic {
            return self.deliver_with_password(envelope);
        }
        let Settings { credential, target, protection, .. } = &self.settings;
        let client = ntlm::Client::new(credential.clone(), target.clone(), protection.clone());
        let authorization = authorization(scheme, client.negotiate_message());
        self.state = State::Negotiating { scheme, client: Box::new(client), envelope };
        Ok(self.request(Bytes::new(), Some(authorization)))
    }

    /// An envelope on a connection that is authenticated.
    fn deliver(&mut self, envelope: Bytes) -> Result<Request, Error> {
        if self.learned.scheme == Some(Scheme::Basic) {
            return self.deliver_with_password(envelope);
        }
        self.state = State::Awaiting;
        Ok(self.request(envelope, None))
    }

    /// An envelope under Basic, where every request carries the password.
    fn deliver_with_password(&mut self, envelope: Bytes) -> Result<Request, Error> {
        let authorization = basic::authorization(&self.settings.credential).map_err(Error::Basic)?;
        self.state = State::Basic;
        Ok(self.request(envelope, Some(authorization.as_str().to_owned())))
    }

    /// The answer to a Type 1.
    fn challenged(
        &mut self,
        response: &Response,
        scheme: Scheme,
        client: ntlm::Client,
        envelope: Bytes,
    ) -> Result<Step, Error> {
        if response.status != UNAUTHORIZED {
            return Err(not_soap(response));
        }
        let challenges = challenge::parse(&response.challenges)?;
        let Some(token) = token_for(&challenges, scheme) else {
            return self.next_scheme(response, &challenges, scheme, envelope);
        };
        if response.closes {
            return Err(Error::ClosedDuringAuthentication);
        }
        let authenticated = client.authenticate(token, &self.nonces)?;
        self.learned.scheme = Some(scheme);
        let authorization = authorization(scheme, &authenticated.message);
        let request = match self.learned.first_envelope {
            FirstEnvelope::WithProof => {
                let request = self.request(envelope.clone(), Some(authorization));
                self.state = State::ProvingWithEnvelope { scheme, envelope };
                request
            }
            FirstEnvelope::AfterProof => {
                self.state = State::Proving { scheme, envelope };
                self.request(Bytes::new(), Some(authorization))
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
        let is_offered =
            |scheme: Scheme| challenges.iter().any(|challenge| challenge.scheme == Offer::Known(scheme));
        self.schemes.retain(|scheme| *scheme != refused && is_offered(*scheme));
        let Some(scheme) = self.schemes.first() else {
            if is_offered(Scheme::Basic) {
                self.settings.basic_usable()?;
            }
            return Err(nothing_offered(challenges));
        };
        if response.closes {
            self.learned.scheme = Some(*scheme);
            return Ok(Step::Reconnect(self.learned.clone()));
        }
        self.begin(envelope).map(Step::Send)
    }

    /// The answer to a proof that carried the envelope.
    fn proven_with_envelope(
        &mut self,
        response: Response,
        scheme: Scheme,
        envelope: Bytes,
    ) -> Result<Step, Error> {
        let was_accepted = match response.status {
            UNAUTHORIZED => return Err(Error::CredentialRefused(scheme)),
            200..=299 if response.body.is_empty() => true,
            BAD_REQUEST if response.media_type() != SOAP => false,
            _ => return self.answered(response),
        };
        self.learned.first_envelope = FirstEnvelope::AfterProof;
        if response.closes {
            return Ok(Step::Reconnect(self.learned.clone()));
        }
        self.state = if was_accepted { State::Awaiting } else { State::Repeating };
        Ok(Step::Send(self.request(envelope, None)))
    }

    /// The answer to a proof that came alone.
    fn proven(&mut self, response: &Response, scheme: Scheme, envelope: Bytes) -> Result<Step, Error> {
        match response.status {
            UNAUTHORIZED => Err(Error::CredentialRefused(scheme)),
            200..=299 if response.closes => Err(Error::ClosedDuringAuthentication),
            200..=299 => self.deliver(envelope).map(Step::Send),
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

    /// The answer to a request with the password itself.
    fn basic_answered(&mut self, response: Response) -> Result<Step, Error> {
        if response.status == UNAUTHORIZED {
            let challenges = challenge::parse(&response.challenges)?;
            let basic_offered =
                challenges.iter().any(|challenge| challenge.scheme == Offer::Known(Scheme::Basic));
            if !basic_offered && !challenges.is_empty() {
                return Err(nothing_offered(&challenges));
            }
            return Err(Error::CredentialRefused(Scheme::Basic));
        }
        self.learned.scheme = Some(Scheme::Basic);
        self.answered(response)
    }

    /// The answer to an envelope.
    fn answered(&mut self, response: Response) -> Result<Step, Error> {
        match response.status {
            UNAUTHORIZED => return Err(Error::AuthenticationLost),
            200..=299 if response.body.is_empty() => return Err(Error::EmptyReply),
            200..=299 | 400..=599 if response.media_type() == SOAP && !response.body.is_empty() => {}
            _ => return Err(not_soap(&response)),
        }
        self.state = if response.closes { State::Ended } else { State::Idle };
        Ok(Step::Reply(Reply { status: response.status, body: response.body }))
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

    fn request(&self, body: Bytes, authorization: Option<String>) -> Request {
        let mut headers = vec![
            ("Content-Type", SOAP_UTF8.to_owned()),
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
}

fn authorization(scheme: Scheme, token: &[u8]) -> String {
    format!("{scheme} {}", BASE64_STANDARD.encode(token))
}

fn token_for(challenges: &[Challenge], scheme: Scheme) -> Option<&[u8]> {
    let ours = challenges.iter().filter(|challenge| challenge.scheme == Offer::Known(scheme));
    ours.filter_map(Challenge::token).next()
}

/// `Negotiate` next to `Kerberos` is no proof that NTLM is taken, but without it Kerberos is all there is.
fn nothing_offered(challenges: &[Challenge]) -> Error {
    let is_kerberos = |challenge: &Challenge| matches!(challenge.scheme, Offer::Kerberos);
    let is_negotiate = |challenge: &Challenge| challenge.scheme == Offer::Known(Scheme::Negotiate);
    if challenges.iter().any(is_kerberos)
        && challenges.iter().all(|challenge| is_kerberos(challenge) || is_negotiate(challenge))
    {
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

/// The error for a response that is not the one that was due and is not SOAP.
fn not_soap(response: &Response) -> Error {
    let media_type = response.media_type();
    let is_page = media_type == "text/html" || media_type == "text/plain";
    match response.status {
        404 => {}
        200..=299 | 400..=599 if is_page => {}
        200..=299 if media_type != SOAP => {}
        status => return Error::UnexpectedStatus(status),
    }
    Error::NotWinRm { status: response.status, content_type: media_type }
}

const UNAUTHORIZED: u16 = 401;
const BAD_REQUEST: u16 = 400;
const SOAP: &str = "application/soap+xml";
const SOAP_UTF8: &str = "application/soap+xml;charset=UTF-8";
const USER_AGENT: &str = concat!("winrm-proto/", env!("CARGO_PKG_VERSION"));
const MAX_NAME: usize = 40;
