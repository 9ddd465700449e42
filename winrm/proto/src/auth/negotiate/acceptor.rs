//! The server's half.

use super::token::{Mechanism, NegState, Token};
use super::{Error, ntlm};
use crate::auth::ntlm::{AcceptPolicy, Accepted, Challenged, ServerNonces};

/// The server's half of a negotiation, between two messages of the client.
#[derive(Debug)]
pub struct Acceptor {
    mechanism_list: Vec<u8>,
    must_sign: bool,
    ntlm: Option<Challenged>,
}

/// The message for the client, and what is to come.
#[derive(Debug)]
pub struct Answered {
    /// The message.
    pub token: Vec<u8>,
    /// What is to come.
    pub outcome: Outcome,
}

/// What is to come.
#[derive(Debug)]
pub enum Outcome {
    /// The client's next message.
    Continue(Acceptor),
    /// Nothing: the client is accepted.
    Accepted(Accepted),
}

impl Acceptor {
    /// Takes the client's first message.
    ///
    /// # Errors
    /// A message that is not a `NegTokenInit`, or does not offer NTLM.
    pub fn begin(token: &[u8], policy: &AcceptPolicy, nonces: ServerNonces) -> Result<Answered, Error> {
        let Token::Init { mechanisms, mechanism_list, token } = Token::parse(token)? else {
            return Err(Error::Malformed);
        };
        if !mechanisms.contains(&Mechanism::Ntlm) {
            return Err(Error::OtherMechanism(mechanisms.first().copied().unwrap_or(Mechanism::Other)));
        }
        let is_preferred = mechanisms.first() == Some(&Mechanism::Ntlm);
        let acceptor = Self { mechanism_list, must_sign: !is_preferred, ntlm: None };
        // A token that comes with the offer is for the mechanism that the client would rather have.
        match token.filter(|_| is_preferred) {
            // Only the first answer names the mechanism (RFC 4178, section 4.2.2).
            Some(token) => acceptor.challenge(&token, Some(Mechanism::Ntlm), policy, nonces),
            None => {
                let state = if is_preferred { NegState::AcceptIncomplete } else { NegState::RequestMic };
                let token = Token::response(state, Some(Mechanism::Ntlm), None, None);
                Ok(Answered { token, outcome: Outcome::Continue(acceptor) })
            }
        }
    }

    /// Takes the client's next message.
    ///
    /// # Errors
    /// Why the client is not let in, for the server's own record.
    pub fn proceed(
        mut self,
        token: &[u8],
        policy: &AcceptPolicy,
        nonces: ServerNonces,
    ) -> Result<Answered, Refusal> {
        let Token::Response { token, mech_list_mic, .. } = Token::parse(token)? else {
            return Err(Error::Malformed.into());
        };
        let token = token.ok_or(Error::NoToken)?;
        match self.ntlm.take() {
            None => Ok(self.challenge(&token, None, policy, nonces)?),
            Some(challenged) => self.accept(challenged, &token, mech_list_mic.as_deref(), policy),
        }
    }

    fn challenge(
        mut self,
        token: &[u8],
        named: Option<Mechanism>,
        policy: &AcceptPolicy,
        nonces: ServerNonces,
    ) -> Result<Answered, Error> {
        let (challenged, message) = ntlm::Acceptor::new(policy).challenge(token, nonces)?;
        self.ntlm = Some(challenged);
        let token = Token::response(NegState::AcceptIncomplete, named, Some(&message), None);
        Ok(Answered { token, outcome: Outcome::Continue(self) })
    }

    fn accept(
        self,
        challenged: Challenged,
        token: &[u8],
        mech_list_mic: Option<&[u8]>,
        policy: &AcceptPolicy,
    ) -> Result<Answered, Refusal> {
        let mut accepted = challenged.authenticate(token, policy)?;
        let ours = match mech_list_mic {
            Some(mic) => {
                let verified = accepted.session.verify(&self.mechanism_list, mic);
                verified.map_err(|_| Error::WrongMechListMic)?;
                Some(accepted.session.sign(&self.mechanism_list))
            }
            None if self.must_sign => return Err(Error::MissingMechListMic.into()),
            None => None,
        };
        let mic = ours.as_ref().map(<[u8; 16]>::as_slice);
        let token = Token::response(NegState::AcceptCompleted, None, None, mic);
        Ok(Answered { token, outcome: Outcome::Accepted(accepted) })
    }
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The negotiation itself.
    #[error(transparent)]
    Negotiation(#[from] Error),
    /// The proof inside.
    #[error(transparent)]
    Ntlm(#[from] ntlm::Refusal),
}
