//! What can be wrong with a peer's message.

use thiserror::Error;

/// What is wrong with a peer's message. Nothing of its content is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// The bytes do not begin as an NTLM message does.
    #[error("the token is not an NTLM message")]
    NotNtlm,
    /// An NTLM message, but not the one that is due.
    #[error("the NTLM message has type {found}, type {expected} was due")]
    WrongType {
        /// The type that is due.
        expected: u32,
        /// The type that came.
        found: u32,
    },
    /// More bytes than such a message has reason to have.
    #[error("the NTLM message has {0} bytes")]
    TooLong(usize),
    /// The message ends inside its fixed part.
    #[error("the NTLM message is cut off at {0} bytes")]
    TooShort(usize),
    /// A field points outside the message.
    #[error("the NTLM message's {0} lies outside the message")]
    OutOfBounds(Field),
    /// A field holds something that it cannot.
    #[error("the NTLM message's {0} is malformed")]
    Malformed(Field),
    /// The peer does without something that we do not do without.
    #[error("the peer does without {0}, which is required")]
    Dropped(Requirement),
}

/// A field of an NTLM message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Field {
    /// `TargetNameFields`.
    #[error("target name")]
    TargetName,
    /// `TargetInfoFields`, the list of AV pairs.
    #[error("target information")]
    TargetInfo,
    /// `LmChallengeResponseFields`.
    #[error("LM response")]
    LmResponse,
    /// `NtChallengeResponseFields`.
    #[error("NT response")]
    NtResponse,
    /// `DomainNameFields`.
    #[error("domain name")]
    DomainName,
    /// `UserNameFields`.
    #[error("user name")]
    UserName,
    /// `WorkstationFields`.
    #[error("workstation name")]
    Workstation,
    /// `EncryptedRandomSessionKeyFields`.
    #[error("encrypted session key")]
    SessionKey,
}

/// What both sides must agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Requirement {
    /// `NTLMSSP_NEGOTIATE_UNICODE`.
    #[error("Unicode")]
    Unicode,
    /// `NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY`.
    #[error("extended session security")]
    ExtendedSessionSecurity,
    /// `NTLMSSP_NEGOTIATE_KEY_EXCH`.
    #[error("key exchange")]
    KeyExchange,
    /// `NTLMSSP_NEGOTIATE_128`.
    #[error("128-bit keys")]
    Keys128,
    /// `NTLMSSP_NEGOTIATE_TARGET_INFO`.
    #[error("target information")]
    TargetInfo,
    /// `NTLMSSP_NEGOTIATE_SIGN`, where messages are sealed.
    #[error("signing")]
    Sign,
    /// `NTLMSSP_NEGOTIATE_SEAL`, where messages are sealed.
    #[error("sealing")]
    Seal,
}
