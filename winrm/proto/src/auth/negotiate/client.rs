//! The client's half.

use std::fmt;

use super::token::{Mechanism, NegState, Token, ntlm_alone};
use super::{Error, ntlm};
use crate::auth::ntlm::{Nonces, Session};

/// A negotiation of NTLM, before the server's challenge is answered.
#[derive(Debug)]
pub struct Client(ntlm::Client);

/// The answer to a server's challenge.
pub struct Responded {
    /// The message with the proof.
    pub token: Vec<u8>,
    /// The keys that hold if the server accepts it.
    pub session: Session,
}

impl Client {
    /// Wraps an exchange of NTLM.
    #[must_use]
    pub fn new(client: ntlm::Client) -> Self {
        Self(client)
    }

    /// The first message.
    #[must_use]
    pub fn initial_token(&self) -> Vec<u8> {
        Token::init_with_ntlm(self.0.negotiate_message())
    }

    /// Answers the server's first message. A server that answers with a bare NTLM message gets one back.
    ///
    /// # Errors
    /// A message that is not an NTLM challenge; no proof has been computed then.
    pub fn respond(self, token: &[u8], nonces: &Nonces) -> Result<Responded, Error> {
        if ntlm::is_bare(token) {
            let ntlm::Authenticated { message, session } = self.0.authenticate(token, nonces)?;
            return Ok(Responded { token: message, session });
        }
        let Token::Response { state, mechanism, token, .. } = Token::parse(token)? else {
            return Err(Error::Malformed);
        };
        if state == Some(NegState::Reject) {
            return Err(Error::Rejected);
        }
        if let Some(other) = mechanism.filter(|mechanism| *mechanism != Mechanism::Ntlm) {
            return Err(Error::OtherMechanism(other));
        }
        let challenge = token.ok_or(Error::NoToken)?;
        let ntlm::Authenticated { message, mut session } = self.0.authenticate(&challenge, nonces)?;
        let mic = session.sign(&ntlm_alone());
        let token = Token::response(NegState::AcceptIncomplete, None, Some(&message), Some(&mic));
        Ok(Responded { token, session })
    }

    /// Checks the message that comes with the server's acceptance. A server need not sign the list when it took the
    /// only mechanism there was; a signature that is there must be right.
    ///
    /// # Errors
    /// A rejection, or a wrong signature.
    pub fn finish(session: &mut Session, token: &[u8]) -> Result<(), Error> {
        let Token::Response { state, mech_list_mic, .. } = Token::parse(token)? else {
            return Err(Error::Malformed);
        };
        if state == Some(NegState::Reject) {
            return Err(Error::Rejected);
        }
        match mech_list_mic {
            Some(mic) => session.verify(&ntlm_alone(), &mic).map_err(|_| Error::WrongMechListMic),
            None => Ok(()),
        }
    }
}

/// The message holds what a password can be guessed against.
impl fmt::Debug for Responded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responded").field("session", &self.session).finish_non_exhaustive()
    }
}
