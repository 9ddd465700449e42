//! The client's half of an exchange.

use std::fmt;

use ntlmclient::{Flags, TargetInfoType};
use zeroize::Zeroizing;

use super::authenticate::{AuthenticateMessage, set_mic};
use super::av_pairs::MIC_PROVIDED;
use super::challenge::ChallengeMessage;
use super::field::utf16;
use super::session::{Role, Sealing, Session};
use super::{Error, Field, FileTime, keys, negotiate};
use crate::auth::{Credential, Protection, ServiceName};

/// One exchange, before the server's challenge is answered.
///
/// [`Client::authenticate`] takes it by value: one exchange, one proof.
#[derive(Debug)]
pub struct Client {
    credential: Credential,
    target: ServiceName,
    protection: Protection,
    negotiate_message: Vec<u8>,
}

/// The random bytes and the time of one exchange. They are used once; only tests choose them.
pub struct Nonces {
    client_challenge: [u8; 8],
    exported_session_key: Zeroizing<[u8; 16]>,
    now: FileTime,
}

/// The answer to a server's challenge.
pub struct Authenticated {
    /// The Type 3 message.
    pub message: Vec<u8>,
    /// The keys that hold if the server accepts it.
    pub session: Session,
}

impl Client {
    /// Begins an exchange for an account at a service.
    #[must_use]
    pub fn new(credential: Credential, target: ServiceName, protection: Protection) -> Self {
        Self { credential, target, protection, negotiate_message: negotiate::write() }
    }

    /// The Type 1 message, which names nobody.
    #[must_use]
    pub fn negotiate_message(&self) -> &[u8] {
        &self.negotiate_message
    }

    /// Answers the server's Type 2 message.
    ///
    /// # Errors
    /// A malformed message, or one that does without what we require; no proof has been computed then.
    pub fn authenticate(self, challenge_message: &[u8], nonces: &Nonces) -> Result<Authenticated, Error> {
        let challenge = ChallengeMessage::parse(challenge_message)?;
        challenge.check(&self.protection)?;
        let server_time = challenge.target_info.timestamp();
        let target_info = self.target_info(&challenge, server_time)?;

        let user = self.credential.user();
        let domain = user.domain().unwrap_or_default();
        let ntowf = keys::ntowf_v2(self.credential.password(), user.name(), domain);
        let timestamp = server_time.unwrap_or(nonces.now).to_le_bytes();
        let input = keys::proof_input(timestamp, nonces.client_challenge, &target_info);
        let nt_proof = keys::nt_proof(&ntowf, &challenge.server_challenge, &input);
        let key_exchange_key = keys::session_base_key(&ntowf, &nt_proof);
        let flags = challenge.flags & (negotiate::offered() | SERVERS_OWN);
        let mut message = AuthenticateMessage {
            flags,
            domain,
            user: user.name(),
            lm_response: match server_time {
                Some(_) => [0; 24],
                None => keys::lm_v2(&ntowf, &challenge.server_challenge, &nonces.client_challenge),
            },
            nt_response: &[nt_proof.as_slice(), &input].concat(),
            encrypted_session_key: *keys::exchange_key(&key_exchange_key, &nonces.exported_session_key),
        }
        .write()?;
        if server_time.is_some() {
            let messages = [self.negotiate_message.as_slice(), challenge_message, &message];
            let mic = keys::mic(&nonces.exported_session_key, messages);
            set_mic(&mut message, mic);
        }
        let key = nonces.exported_session_key.clone();
        Ok(Authenticated { message, session: Session::new(key, Role::Client, Sealing::from_flags(flags)) })
    }

    /// The list of attributes that the proof covers (MS-NLMP 3.1.5.1.2). An integrity code is announced only to a
    /// server that sent its time, as the specification has it; all since Windows Vista do.
    fn target_info(
        &self,
        challenge: &ChallengeMessage,
        server_time: Option<FileTime>,
    ) -> Result<Vec<u8>, Error> {
        let mut pairs = challenge.target_info.clone().without_clients();
        if let Some(binding) = self.protection.channel_binding() {
            pairs.push(TargetInfoType::ChannelBindings, binding.ntlm_hash().to_vec());
        }
        pairs.push(TargetInfoType::TargetName, utf16(self.target.as_str()));
        if server_time.is_some() {
            pairs.push(TargetInfoType::Flags, MIC_PROVIDED.to_le_bytes().to_vec());
        }
        pairs.to_bytes(Field::TargetInfo)
    }
}

impl Nonces {
    /// `client_challenge` and `session_key` are random, `now` is the time of day, used where the server sends none.
    #[must_use]
    pub fn new(client_challenge: [u8; 8], session_key: [u8; 16], now: FileTime) -> Self {
        Self { client_challenge, exported_session_key: Zeroizing::new(session_key), now }
    }
}

/// The message holds what a password can be guessed against.
impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated").field("session", &self.session).finish_non_exhaustive()
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Flags that only a server sets and a client repeats.
const SERVERS_OWN: Flags = Flags::TARGET_TYPE_DOMAIN.union(Flags::TARGET_TYPE_SERVER);
