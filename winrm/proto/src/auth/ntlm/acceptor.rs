//! The server's half of an exchange.

use std::fmt;

use ntlmclient::{Flags, TargetInfoType};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::authenticate::{Received, set_mic};
use super::av_pairs::AvPairs;
use super::challenge::{ChallengeMessage, check_flags};
use super::field::utf16;
use super::keys::{self, Key};
use super::session::{Role, Sealing, Session};
use super::{Error, Field, FileTime, negotiate};
use crate::auth::{Credential, Protection, UserName};

/// Whom a server lets in, and on which terms.
#[derive(Debug, Clone)]
pub struct AcceptPolicy {
    /// The accounts that there are.
    pub accounts: Vec<Credential>,
    /// The names that the server gives itself.
    pub machine: MachineNames,
    /// What keeps the messages private; under TLS with the binding to the server's own certificate.
    pub protection: Protection,
    /// What becomes of a proof's channel binding.
    pub channel_binding: ChannelBindingPolicy,
}

/// The names that a server sends in its challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineNames {
    /// `MsvAvNbComputerName`, for instance `RIG01`.
    pub computer: String,
    /// `MsvAvNbDomainName`; the computer's name again where it belongs to no domain.
    pub domain: String,
    /// `MsvAvDnsComputerName`.
    pub dns_computer: String,
    /// `MsvAvDnsDomainName`.
    pub dns_domain: String,
}

/// `CbtHardeningLevel` of WinRM's service configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBindingPolicy {
    /// Not looked at (`None`).
    None,
    /// Must be right if it is there (`Relaxed`).
    WhenPresent,
    /// Must be there and be right (`Strict`).
    Required,
}

/// The server's own values for one exchange.
#[derive(Debug, Clone, Copy)]
pub struct ServerNonces {
    /// `ServerChallenge`: random, and never used twice.
    pub challenge: [u8; 8],
    /// The time of day.
    pub now: FileTime,
}

/// The server's half of one exchange, before anything came.
#[derive(Debug)]
pub struct Acceptor<'a> {
    policy: &'a AcceptPolicy,
}

/// The server's half after its challenge. [`Challenged::authenticate`] takes it by value, so that a challenge is
/// good for one answer.
pub struct Challenged {
    negotiate_message: Vec<u8>,
    challenge_message: Vec<u8>,
    server_challenge: [u8; 8],
}

/// A proof that held.
#[derive(Debug)]
pub struct Accepted {
    /// The account, as the policy spells it.
    pub user: UserName,
    /// The keys shared with the client.
    pub session: Session,
}

impl<'a> Acceptor<'a> {
    /// Begins an exchange.
    #[must_use]
    pub fn new(policy: &'a AcceptPolicy) -> Self {
        Self { policy }
    }

    /// Takes the client's Type 1 message and makes the Type 2 message.
    ///
    /// # Errors
    /// A malformed message, or a client that does without what we require.
    pub fn challenge(
        self,
        negotiate_message: &[u8],
        nonces: ServerNonces,
    ) -> Result<(Challenged, Vec<u8>), Error> {
        let offered = negotiate::parse(negotiate_message)?;
        check_flags(offered, &self.policy.protection)?;
        let machine = &self.policy.machine;
        let mut target_info = AvPairs::default();
        for (kind, name) in [
            (TargetInfoType::NtDomain, &machine.domain),
            (TargetInfoType::NtServer, &machine.computer),
            (TargetInfoType::DnsDomain, &machine.dns_domain),
            (TargetInfoType::DnsServer, &machine.dns_computer),
        ] {
            target_info.push(kind, utf16(name));
        }
        target_info.push(TargetInfoType::Timestamp, nonces.now.to_le_bytes().to_vec());
        let message = ChallengeMessage {
            flags: (offered & negotiate::offered())
                | Flags::TARGET_TYPE_SERVER
                | Flags::NEGOTIATE_TARGET_INFO,
            server_challenge: nonces.challenge,
            target_info,
        }
        .write(&machine.domain)?;
        let challenged = Challenged {
            negotiate_message: negotiate_message.to_vec(),
            challenge_message: message.clone(),
            server_challenge: nonces.challenge,
        };
        Ok((challenged, message))
    }
}

impl Challenged {
    /// Judges the client's Type 3 message.
    ///
    /// # Errors
    /// Why the client is not let in: for the server's own record, never for the client.
    pub fn authenticate(self, message: &[u8], policy: &AcceptPolicy) -> Result<Accepted, Refusal> {
        let received = Received::parse(message)?;
        check_flags(received.flags, &policy.protection)?;
        let (proof, input) = received.nt_response.split_first_chunk::<16>().ok_or(Refusal::NotNtlmV2)?;
        let target_info = proven_attributes(input)?;

        // An unknown account costs the same time as a wrong password.
        let account =
            policy.accounts.iter().find(|account| is_meant(account.user(), &received, &policy.machine));
        let nobody = SecretString::default();
        let password = account.map_or(&nobody, Credential::password);
        let ntowf = keys::ntowf_v2(password, &received.user, &received.domain);
        let proof_holds = equal(proof, &keys::nt_proof(&ntowf, &self.server_challenge, input));
        let account = account.ok_or(Refusal::UnknownUser)?;
        if !proof_holds {
            return Err(Refusal::WrongProof);
        }

        let exported_session_key = exported_session_key(&received, &keys::session_base_key(&ntowf, proof))?;
        self.check_mic(message, &received, &exported_session_key)?;
        check_channel_binding(&target_info, policy)?;
        let session = Session::new(exported_session_key, Role::Server, Sealing::from_flags(received.flags));
        Ok(Accepted { user: account.user().clone(), session })
    }

    /// We sent our time, so the client owes us an integrity code (MS-NLMP 3.2.5.1.2).
    fn check_mic(
        &self,
        message: &[u8],
        received: &Received,
        exported_session_key: &Key,
    ) -> Result<(), Refusal> {
        let mic = received.mic.ok_or(Refusal::MissingMic)?;
        let mut without = message.to_vec();
        set_mic(&mut without, [0; 16]);
        let messages = [self.negotiate_message.as_slice(), &self.challenge_message, &without];
        if equal(&mic, &keys::mic(exported_session_key, messages)) { Ok(()) } else { Err(Refusal::WrongMic) }
    }
}

impl fmt::Debug for Challenged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenged").finish_non_exhaustive()
    }
}

/// Why a client is not let in. It goes into the server's own record; on the wire all of these look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The message cannot be read.
    #[error(transparent)]
    Malformed(#[from] Error),
    /// The response is not NTLMv2, or anonymous.
    #[error("the response is not NTLMv2")]
    NotNtlmV2,
    /// There is no such account.
    #[error("there is no such account")]
    UnknownUser,
    /// The proof is for another password, another challenge or another account.
    #[error("the proof does not hold")]
    WrongProof,
    /// There is no room for an integrity code.
    #[error("the message has no integrity code")]
    MissingMic,
    /// One of the three messages was changed on its way.
    #[error("the integrity code is wrong")]
    WrongMic,
    /// The proof names no TLS channel where one is required.
    #[error("the channel binding is missing")]
    MissingChannelBinding,
    /// The proof is meant for another TLS channel.
    #[error("the channel binding is wrong")]
    WrongChannelBinding,
}

/// The attributes of an NTLMv2 response without its proof (`NTLMv2_CLIENT_CHALLENGE`, MS-NLMP 2.2.2.7).
fn proven_attributes(input: &[u8]) -> Result<AvPairs, Refusal> {
    if !input.starts_with(&[1, 1]) {
        return Err(Refusal::NotNtlmV2);
    }
    let pairs = input.get(28..).ok_or(Refusal::NotNtlmV2)?;
    Ok(AvPairs::parse(pairs, Field::NtResponse)?)
}

/// Whether a policy's account is the one that the client names: by its domain, or by any name of this machine and no
/// domain at all for a local account.
fn is_meant(account: &UserName, received: &Received, machine: &MachineNames) -> bool {
    let same = |a: &str, b: &str| keys::upper_case(a) == keys::upper_case(b);
    let domain = received.domain.as_str();
    let domain_fits = match account.domain() {
        Some(expected) => same(expected, domain),
        None => {
            domain.is_empty()
                || [&machine.computer, &machine.domain, &machine.dns_computer, &machine.dns_domain]
                    .into_iter()
                    .any(|name| same(name, domain))
        }
    };
    domain_fits && same(account.name(), &received.user)
}

fn exported_session_key(received: &Received, key_exchange_key: &Key) -> Result<Key, Refusal> {
    let encrypted = <[u8; 16]>::try_from(received.encrypted_session_key.as_slice())
        .map_err(|_| Error::Malformed(Field::SessionKey))?;
    let encrypted = Zeroizing::new(encrypted);
    Ok(keys::exchange_key(key_exchange_key, &encrypted))
}

fn check_channel_binding(target_info: &AvPairs, policy: &AcceptPolicy) -> Result<(), Refusal> {
    let Protection::Tls { channel_binding: ours } = &policy.protection else { return Ok(()) };
    // Clients without a channel may send sixteen zeros.
    let sent = target_info.find(TargetInfoType::ChannelBindings).filter(|hash| **hash != [0; 16]);
    match (policy.channel_binding, sent) {
        (ChannelBindingPolicy::None, _) | (ChannelBindingPolicy::WhenPresent, None) => Ok(()),
        (ChannelBindingPolicy::Required, None) => Err(Refusal::MissingChannelBinding),
        (ChannelBindingPolicy::WhenPresent | ChannelBindingPolicy::Required, Some(sent)) => {
            let right = ours.as_ref().is_some_and(|ours| equal(sent, &ours.ntlm_hash()));
            if right { Ok(()) } else { Err(Refusal::WrongChannelBinding) }
        }
    }
}

/// Compares in constant time.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
