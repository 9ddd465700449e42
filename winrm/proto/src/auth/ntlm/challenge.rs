//! Type 2, `CHALLENGE_MESSAGE` (MS-NLMP 2.2.1.2).

use ntlmclient::{Flags, Message};

use super::av_pairs::AvPairs;
use super::field::{Payload, check_header, span, u32_at, utf16};
use super::negotiate::VERSION;
use super::{Error, Field, Requirement, SIGNATURE};
use crate::auth::Protection;

/// What a client needs of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChallengeMessage {
    pub(super) flags: Flags,
    pub(super) server_challenge: [u8; 8],
    pub(super) target_info: AvPairs,
}

impl ChallengeMessage {
    /// Reads a server's message. All bounds are checked before `ntlmclient`'s parser sees it.
    pub(super) fn parse(message: &[u8]) -> Result<Self, Error> {
        check_header(message, TYPE, FIXED)?;
        let flags = Flags::from_bits_retain(u32_at(message, 20)?);
        require(flags, Flags::NEGOTIATE_UNICODE, Requirement::Unicode)?;
        require(flags, Flags::NEGOTIATE_TARGET_INFO, Requirement::TargetInfo)?;
        span(message, 12, Field::TargetName)?;
        let target_info = span(message, 40, Field::TargetInfo)?;
        let target_info = message.get(target_info).ok_or(Error::OutOfBounds(Field::TargetInfo))?;
        let target_info = AvPairs::parse(target_info, Field::TargetInfo)?;
        // What is left to refuse is a target name that is not UTF-16, or bytes behind the list's end.
        match Message::try_from(message) {
            Ok(Message::Challenge(parsed)) => {
                Ok(Self { flags, server_challenge: parsed.challenge, target_info })
            }
            Ok(_) | Err(_) => Err(Error::Malformed(Field::TargetName)),
        }
    }

    /// Refuses a message that does without what we rely on.
    pub(super) fn check(&self, protection: &Protection) -> Result<(), Error> {
        check_flags(self.flags, protection)
    }

    /// Writes a server's message. (`ntlmclient` writes the context field to the wrong place.)
    pub(super) fn write(&self, target_name: &str) -> Result<Vec<u8>, Error> {
        let mut payload = Payload::new(FIXED);
        let target_name = payload.add(&utf16(target_name), Field::TargetName)?;
        let target_info = payload.add(&self.target_info.to_bytes(Field::TargetInfo)?, Field::TargetInfo)?;
        let mut message = Vec::new();
        message.extend_from_slice(&SIGNATURE);
        message.extend_from_slice(&TYPE.to_le_bytes());
        message.extend_from_slice(&target_name);
        message.extend_from_slice(&self.flags.bits().to_le_bytes());
        message.extend_from_slice(&self.server_challenge);
        message.extend_from_slice(&[0; 8]);
        message.extend_from_slice(&target_info);
        message.extend_from_slice(&VERSION);
        message.extend(payload.into_bytes());
        Ok(message)
    }
}

/// What each side demands of the other's flags.
pub(super) fn check_flags(flags: Flags, protection: &Protection) -> Result<(), Error> {
    require(flags, Flags::NEGOTIATE_UNICODE, Requirement::Unicode)?;
    require(flags, Flags::NEGOTIATE_NTLM2_KEY, Requirement::ExtendedSessionSecurity)?;
    require(flags, Flags::NEGOTIATE_KEY_EXCHANGE, Requirement::KeyExchange)?;
    require(flags, Flags::NEGOTIATE_128BIT, Requirement::Keys128)?;
    if *protection == Protection::Seal {
        require(flags, Flags::NEGOTIATE_SIGN, Requirement::Sign)?;
        require(flags, Flags::NEGOTIATE_SEAL, Requirement::Seal)?;
    }
    Ok(())
}

fn require(flags: Flags, flag: Flags, requirement: Requirement) -> Result<(), Error> {
    if flags.contains(flag) { Ok(()) } else { Err(Error::Dropped(requirement)) }
}

const TYPE: u32 = 2;
/// The fixed part with its version, which every server since Windows XP sends.
const FIXED: usize = 56;
