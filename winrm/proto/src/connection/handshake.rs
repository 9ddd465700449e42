//! The token exchange of one scheme, and the channel that it leaves behind.

use bytes::Bytes;

use super::{Error, Response, Settings};
use crate::auth::challenge::{Challenge, Offer};
use crate::auth::ntlm::{Nonces, Requirement, Session};
use crate::auth::{Protection, Scheme, challenge, negotiate, ntlm, seal};

/// The token exchange of one scheme, before the server's challenge is answered.
#[derive(Debug)]
pub(super) enum Handshake {
    /// Bare NTLM messages.
    Bare(ntlm::Client),
    /// NTLM in SPNEGO.
    Spnego(negotiate::Client),
}

impl Handshake {
    pub(super) fn begin(scheme: Scheme, settings: &Settings) -> Self {
        let Settings { credential, target, protection, .. } = settings;
        let client = ntlm::Client::new(credential.clone(), target.clone(), protection.clone());
        match scheme {
            Scheme::Spnego => Self::Spnego(negotiate::Client::new(client)),
            Scheme::Negotiate | Scheme::Ntlm | Scheme::Basic => Self::Bare(client),
        }
    }

    pub(super) fn first_token(&self) -> Vec<u8> {
        match self {
            Self::Bare(client) => client.negotiate_message().to_vec(),
            Self::Spnego(client) => client.initial_token(),
        }
    }

    /// The token with the proof.
    pub(super) fn prove(self, token: &[u8], nonces: &Nonces) -> Result<(Vec<u8>, Session), negotiate::Error> {
        match self {
            Self::Bare(client) => {
                let ntlm::Authenticated { message, session } = client.authenticate(token, nonces)?;
                Ok((message, session))
            }
            Self::Spnego(client) => {
                let negotiate::Responded { token, session } = client.respond(token, nonces)?;
                Ok((token, session))
            }
        }
    }
}

/// Checks what a server says together with its acceptance.
pub(super) fn finish(scheme: Scheme, session: &mut Session, response: &Response) -> Result<(), Error> {
    if scheme != Scheme::Spnego {
        return Ok(());
    }
    let challenges = challenge::parse(&response.challenges)?;
    match token_for(&challenges, scheme) {
        Some(token) => Ok(negotiate::Client::finish(session, token)?),
        None => Ok(()),
    }
}

/// The token that a server sends for a scheme.
pub(super) fn token_for(challenges: &[Challenge], scheme: Scheme) -> Option<&[u8]> {
    challenges.iter().filter(|challenge| is_for(challenge, scheme)).find_map(Challenge::token)
}

/// Whether a challenge goes by the name of a scheme.
pub(super) fn is_for(challenge: &Challenge, scheme: Scheme) -> bool {
    matches!(challenge.scheme, Offer::Known(known) if known.name() == scheme.name())
}

/// How envelopes travel once the proof is sent.
#[derive(Debug)]
pub(super) enum Channel {
    /// As they are.
    Plain,
    /// Sealed.
    Sealed(Box<Seal>),
}

/// The keys of both directions.
#[derive(Debug)]
pub(super) struct Seal {
    writer: seal::Writer,
    reader: seal::Reader,
}

impl Channel {
    /// The channel as both sides have it right after the proof.
    pub(super) fn new(protection: &Protection, session: &Session) -> Result<Self, Error> {
        match protection {
            Protection::Tls { .. } => Ok(Self::Plain),
            Protection::Seal => {
                let (writer, reader) = seal::Writer::new(session)
                    .zip(seal::Reader::new(session))
                    .ok_or(ntlm::Error::Dropped(Requirement::Seal))?;
                Ok(Self::Sealed(Box::new(Seal { writer, reader })))
            }
        }
    }

    /// The body that carries an envelope, and its type.
    pub(super) fn write(&mut self, envelope: Bytes) -> (Bytes, &'static str) {
        match self {
            Self::Plain => (envelope, SOAP_UTF8),
            Self::Sealed(keys) => (keys.writer.write(&envelope), seal::CONTENT_TYPE),
        }
    }

    /// Takes into account what the server signed when it accepted the proof.
    pub(super) fn accepted(&mut self, session: &Session) {
        if let (Self::Sealed(keys), Some(due)) = (self, seal::Reader::new(session)) {
            keys.reader = due;
        }
    }

    /// The envelope in a response, which has a body.
    pub(super) fn read(&mut self, response: Response) -> Result<Bytes, Error> {
        let content_type = response.content_type.as_deref().unwrap_or_default();
        match (self, seal::is_sealed(content_type)) {
            (Self::Plain, false) => Ok(response.body),
            (Self::Sealed(keys), true) => Ok(keys.reader.read(content_type, response.body)?),
            (Self::Sealed(_), false) => Err(Error::NotSealed { status: response.status }),
            (Self::Plain, true) => {
                Err(Error::NotWinRm { status: response.status, content_type: response.media_type() })
            }
        }
    }
}

pub(super) const SOAP: &str = "application/soap+xml";
pub(super) const SOAP_UTF8: &str = "application/soap+xml;charset=UTF-8";
