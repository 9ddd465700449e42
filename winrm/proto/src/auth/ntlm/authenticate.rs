//! Type 3, `AUTHENTICATE_MESSAGE` (MS-NLMP 2.2.1.3).

use ntlmclient::Flags;

use super::field::{Payload, array_at, check_header, span, text, u32_at, utf16};
use super::negotiate::VERSION;
use super::{Error, Field, SIGNATURE};

/// The fields of the message; the integrity code is set afterwards, because it covers the rest.
pub(super) struct AuthenticateMessage<'a> {
    pub(super) flags: Flags,
    pub(super) domain: &'a str,
    pub(super) user: &'a str,
    pub(super) lm_response: [u8; 24],
    pub(super) nt_response: &'a [u8],
    pub(super) encrypted_session_key: [u8; 16],
}

impl AuthenticateMessage<'_> {
    /// The message with zeros where the integrity code goes.
    pub(super) fn write(&self) -> Result<Vec<u8>, Error> {
        let mut payload = Payload::new(PAYLOAD);
        let domain = payload.add(&utf16(self.domain), Field::DomainName)?;
        let user = payload.add(&utf16(self.user), Field::UserName)?;
        let workstation = payload.add(&[], Field::Workstation)?;
        let lm_response = payload.add(&self.lm_response, Field::LmResponse)?;
        let nt_response = payload.add(self.nt_response, Field::NtResponse)?;
        let session_key = payload.add(&self.encrypted_session_key, Field::SessionKey)?;
        let mut message = Vec::new();
        message.extend_from_slice(&SIGNATURE);
        message.extend_from_slice(&TYPE.to_le_bytes());
        for field in [lm_response, nt_response, domain, user, workstation, session_key] {
            message.extend_from_slice(&field);
        }
        message.extend_from_slice(&self.flags.bits().to_le_bytes());
        message.extend_from_slice(&VERSION);
        message.extend_from_slice(&[0; 16]);
        message.extend(payload.into_bytes());
        Ok(message)
    }
}

/// What a server reads of the message.
pub(super) struct Received {
    pub(super) flags: Flags,
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) nt_response: Vec<u8>,
    pub(super) encrypted_session_key: Vec<u8>,
    /// Absent where the payload begins too early to leave room for one.
    pub(super) mic: Option<[u8; 16]>,
}

impl Received {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Error> {
        check_header(message, TYPE, FIXED)?;
        let mut payload_start = message.len();
        let mut field = |at, field| {
            let span = span(message, at, field)?;
            if !span.is_empty() {
                payload_start = payload_start.min(span.start);
            }
            message.get(span).ok_or(Error::OutOfBounds(field))
        };
        field(12, Field::LmResponse)?;
        let nt_response = field(20, Field::NtResponse)?;
        let domain = field(28, Field::DomainName)?;
        let user = field(36, Field::UserName)?;
        field(44, Field::Workstation)?;
        let encrypted_session_key = field(52, Field::SessionKey)?;
        Ok(Self {
            flags: Flags::from_bits_retain(u32_at(message, 60)?),
            domain: text(domain, Field::DomainName)?,
            user: text(user, Field::UserName)?,
            nt_response: nt_response.to_vec(),
            encrypted_session_key: encrypted_session_key.to_vec(),
            mic: if payload_start >= PAYLOAD { array_at(message, MIC_OFFSET).ok() } else { None },
        })
    }
}

/// Writes the integrity code into a message that has room for it.
pub(super) fn set_mic(message: &mut [u8], mic: [u8; 16]) {
    if let Some(place) = message.get_mut(MIC_OFFSET..).and_then(<[u8]>::first_chunk_mut) {
        *place = mic;
    }
}

const TYPE: u32 = 3;
/// The fixed part of the oldest clients, without version and integrity code.
const FIXED: usize = 64;
const MIC_OFFSET: usize = 72;
const PAYLOAD: usize = 88;
