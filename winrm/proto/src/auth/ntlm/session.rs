//! Signing and sealing with the keys of an exchange (MS-NLMP 3.4, extended session security).

use std::fmt;

use hmac::digest::Digest as _;
use md5::Md5;
use ntlmclient::Flags;
use rc4::consts::U16;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::keys::{self, Key};

/// The secret that both sides share after an exchange (`ExportedSessionKey`), and how many messages each has signed
/// with it. Wiped when dropped.
#[derive(Clone)]
pub struct Session {
    exported_session_key: Key,
    role: Role,
    sealing: Sealing,
    sent: u32,
    received: u32,
}

/// Which side of the exchange this is; each direction has its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The side that sent Type 1.
    Client,
    /// The side that sent Type 2.
    Server,
}

/// Whether both sides agreed to seal messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealing {
    /// `NTLMSSP_NEGOTIATE_SIGN` and `NTLMSSP_NEGOTIATE_SEAL` are set.
    Agreed,
    /// One of them is not.
    NotAgreed,
}

impl Sealing {
    pub(super) fn from_flags(flags: Flags) -> Self {
        if flags.contains(Flags::NEGOTIATE_SIGN | Flags::NEGOTIATE_SEAL) {
            Self::Agreed
        } else {
            Self::NotAgreed
        }
    }
}

/// `NTLMSSP_MESSAGE_SIGNATURE` (MS-NLMP 2.2.2.9.2): version 1, eight bytes of checksum, sequence number.
pub type Signature = [u8; 16];

/// Seals what this side sends.
pub struct Sealer {
    direction: Direction,
}

/// Opens what the other side has sealed. After an error it opens nothing more.
pub struct Opener {
    direction: Direction,
    is_poisoned: bool,
}

impl Session {
    pub(super) fn new(exported_session_key: Key, role: Role, sealing: Sealing) -> Self {
        Self { exported_session_key, role, sealing, sent: 0, received: 0 }
    }

    /// Signs one message that is not sealed. The state of the cipher is put back afterwards, as MS-SPNG 3.3.5.1 has it
    /// for `mechListMIC`, the only use of this; the sequence number counts on.
    pub fn sign(&mut self, message: &[u8]) -> Signature {
        let mut direction = self.outgoing();
        self.sent = self.sent.wrapping_add(1);
        direction.signature(message)
    }

    /// Checks what the other side signed in the same way.
    ///
    /// # Errors
    /// The signature is not that of this message and place.
    pub fn verify(&mut self, message: &[u8], signature: &[u8]) -> Result<(), SealError> {
        let mut direction = self.incoming();
        direction.check_sequence(signature)?;
        let expected = direction.signature(message);
        self.received = self.received.wrapping_add(1);
        if expected.ct_eq(signature).into() { Ok(()) } else { Err(SealError::WrongSignature) }
    }

    /// Seals what follows. `None` where the two sides have not agreed to.
    #[must_use]
    pub fn sealer(&self) -> Option<Sealer> {
        (self.sealing == Sealing::Agreed).then(|| Sealer { direction: self.outgoing() })
    }

    /// Opens what follows. `None` where the two sides have not agreed to seal.
    #[must_use]
    pub fn opener(&self) -> Option<Opener> {
        (self.sealing == Sealing::Agreed).then(|| Opener { direction: self.incoming(), is_poisoned: false })
    }

    fn outgoing(&self) -> Direction {
        Direction::new(&self.exported_session_key, self.role, self.sent)
    }

    fn incoming(&self) -> Direction {
        let sender = match self.role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        Direction::new(&self.exported_session_key, sender, self.received)
    }
}

impl Sealer {
    /// Seals a message in place and returns its signature.
    pub fn seal(&mut self, message: &mut [u8]) -> Signature {
        let checksum = self.direction.checksum(message);
        self.direction.rc4.apply_keystream(message);
        self.direction.finish(checksum)
    }
}

impl Opener {
    /// Opens a message in place.
    ///
    /// # Errors
    /// The message is not the next one, or was changed. The bytes are worthless then, and so is everything later.
    pub fn open(&mut self, signature: &[u8], message: &mut [u8]) -> Result<(), SealError> {
        if self.is_poisoned {
            return Err(SealError::Poisoned);
        }
        self.is_poisoned = true;
        self.direction.check_sequence(signature)?;
        self.direction.rc4.apply_keystream(message);
        let expected = self.direction.signature(message);
        if !bool::from(expected.ct_eq(signature)) {
            return Err(SealError::WrongSignature);
        }
        self.is_poisoned = false;
        Ok(())
    }
}

/// Why a sealed message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// The signature is not 16 bytes of version 1.
    #[error("the signature is malformed")]
    MalformedSignature,
    /// A message is missing, came twice, or came out of order.
    #[error("the sealed message has sequence number {found}, {expected} was due")]
    WrongSequence {
        /// The number that is due.
        expected: u32,
        /// The number that came.
        found: u32,
    },
    /// The message was changed, or sealed with another key.
    #[error("the signature is wrong")]
    WrongSignature,
    /// An earlier message was wrong, so the keys are out of step for good.
    #[error("an earlier sealed message was wrong")]
    Poisoned,
}

/// The keys, the state of the cipher and the counter of one direction.
struct Direction {
    signing_key: Key,
    rc4: Rc4<U16>,
    sequence: u32,
}

impl Direction {
    /// `SIGNKEY` and `SEALKEY` (3.4.5.2, 3.4.5.3) for 128-bit keys.
    fn new(exported_session_key: &Key, sender: Role, sequence: u32) -> Self {
        let (sign, seal) = match sender {
            Role::Client => (CLIENT_SIGNING, CLIENT_SEALING),
            Role::Server => (SERVER_SIGNING, SERVER_SEALING),
        };
        let derive = |magic: &[u8]| {
            let mut md5 = Md5::new();
            md5.update(exported_session_key.as_slice());
            md5.update(magic);
            Key::new(md5.finalize().into())
        };
        Self { signing_key: derive(sign), rc4: Rc4::new(derive(seal).as_slice().into()), sequence }
    }

    /// `MAC` (3.4.4.2) of a message that is not sealed, or already opened.
    fn signature(&mut self, message: &[u8]) -> Signature {
        let checksum = self.checksum(message);
        self.finish(checksum)
    }

    fn checksum(&self, message: &[u8]) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] =
            keys::hmac_md5(&self.signing_key, &[&self.sequence.to_le_bytes(), message]);
        [a, b, c, d, e, f, g, h]
    }

    /// The checksum is sealed after the message, which is what puts the cipher into step for the next one.
    fn finish(&mut self, mut checksum: [u8; 8]) -> Signature {
        self.rc4.apply_keystream(&mut checksum);
        let [a, b, c, d, e, f, g, h] = checksum;
        let [s, t, u, v] = self.sequence.to_le_bytes();
        self.sequence = self.sequence.wrapping_add(1);
        [1, 0, 0, 0, a, b, c, d, e, f, g, h, s, t, u, v]
    }

    fn check_sequence(&self, signature: &[u8]) -> Result<(), SealError> {
        let &[1, 0, 0, 0, _, _, _, _, _, _, _, _, a, b, c, d] = signature else {
            return Err(SealError::MalformedSignature);
        };
        let found = u32::from_le_bytes([a, b, c, d]);
        if found == self.sequence {
            Ok(())
        } else {
            Err(SealError::WrongSequence { expected: self.sequence, found })
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("sealing", &self.sealing)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("sequence", &self.direction.sequence).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("sequence", &self.direction.sequence).finish_non_exhaustive()
    }
}

const CLIENT_SIGNING: &[u8] = b"session key to client-to-server signing key magic constant\0";
const SERVER_SIGNING: &[u8] = b"session key to server-to-client signing key magic constant\0";
const CLIENT_SEALING: &[u8] = b"session key to client-to-server sealing key magic constant\0";
const SERVER_SEALING: &[u8] = b"session key to server-to-client sealing key magic constant\0";

#[cfg(test)]
mod tests;
