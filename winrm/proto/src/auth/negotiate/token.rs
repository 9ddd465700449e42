//! `NegTokenInit` and `NegTokenResp` (RFC 4178, section 4.2).

use std::fmt;

use super::Error;
use super::der::{
    APPLICATION_0, ENUMERATED, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, context, only, value,
};

/// A SPNEGO message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// `NegTokenInit`, and `NegTokenInit2` with its hints ignored (MS-SPNG 2.2.1).
    Init {
        /// `mechTypes`, the preferred one first.
        mechanisms: Vec<Mechanism>,
        /// `mechTypes` in DER, which `mechListMIC` signs.
        mechanism_list: Vec<u8>,
        /// `mechToken` for the first mechanism.
        token: Option<Vec<u8>>,
    },
    /// `NegTokenResp`.
    Response {
        /// `negState`.
        state: Option<NegState>,
        /// `supportedMech`.
        mechanism: Option<Mechanism>,
        /// `responseToken`.
        token: Option<Vec<u8>>,
        /// `mechListMIC`.
        mech_list_mic: Option<Vec<u8>>,
    },
}

/// A mechanism that SPNEGO chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// NTLM (MS-NLMP).
    Ntlm,
    /// Kerberos 5 (RFC 4121), also by the number that Windows 2000 gave it.
    Kerberos,
    /// NEGOEX (draft-zhu-negoex).
    NegoEx,
    /// Anything else.
    Other,
}

/// `negState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NegState {
    /// The negotiation is over.
    AcceptCompleted,
    /// One more message is due.
    AcceptIncomplete,
    /// No mechanism fits, or the one that was chosen failed.
    Reject,
    /// The list of mechanisms must be signed.
    RequestMic,
}

impl Token {
    /// Reads a message.
    ///
    /// # Errors
    /// Bytes that are not such a message in DER.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let parsed = if bytes.len() > MAX_TOKEN {
            None
        } else if bytes.first() == Some(&APPLICATION_0) {
            init(bytes)
        } else {
            response(bytes)
        };
        parsed.ok_or(Error::Malformed)
    }

    /// The first message of a client that offers NTLM alone.
    #[must_use]
    pub fn init_with_ntlm(token: &[u8]) -> Vec<u8> {
        let content =
            [value(context(0), &ntlm_alone()), value(context(2), &value(OCTET_STRING, token))].concat();
        let negotiation = value(context(0), &value(SEQUENCE, &content));
        value(APPLICATION_0, &[value(OBJECT_IDENTIFIER, SPNEGO), negotiation].concat())
    }

    /// A later message.
    #[must_use]
    pub fn response(
        state: NegState,
        mechanism: Option<Mechanism>,
        token: Option<&[u8]>,
        mech_list_mic: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut content = value(context(0), &value(ENUMERATED, &[state.number()]));
        if let Some(oid) = mechanism.and_then(Mechanism::oid) {
            content.extend(value(context(1), &value(OBJECT_IDENTIFIER, oid)));
        }
        for (number, bytes) in [(2, token), (3, mech_list_mic)] {
            if let Some(bytes) = bytes {
                content.extend(value(context(number), &value(OCTET_STRING, bytes)));
            }
        }
        value(context(1), &value(SEQUENCE, &content))
    }
}

/// `mechTypes` of a client that offers NTLM alone, in DER.
pub(super) fn ntlm_alone() -> Vec<u8> {
    value(SEQUENCE, &value(OBJECT_IDENTIFIER, NTLM))
}

impl Mechanism {
    fn from_oid(oid: &[u8]) -> Self {
        match oid {
            NTLM => Self::Ntlm,
            KERBEROS | KERBEROS_OF_WINDOWS_2000 => Self::Kerberos,
            NEGOEX => Self::NegoEx,
            _ => Self::Other,
        }
    }

    fn oid(self) -> Option<&'static [u8]> {
        match self {
            Self::Ntlm => Some(NTLM),
            Self::Kerberos => Some(KERBEROS),
            Self::NegoEx => Some(NEGOEX),
            Self::Other => None,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ntlm => "NTLM",
            Self::Kerberos => "Kerberos",
            Self::NegoEx => "NEGOEX",
            Self::Other => "an unknown mechanism",
        })
    }
}

impl NegState {
    fn from_number(number: u8) -> Option<Self> {
        [Self::AcceptCompleted, Self::AcceptIncomplete, Self::Reject, Self::RequestMic]
            .into_iter()
            .find(|state| state.number() == number)
    }

    fn number(self) -> u8 {
        match self {
            Self::AcceptCompleted => 0,
            Self::AcceptIncomplete => 1,
            Self::Reject => 2,
            Self::RequestMic => 3,
        }
    }
}

fn init(bytes: &[u8]) -> Option<Token> {
    let mut outer = Reader::new(only(bytes, APPLICATION_0)?);
    if outer.expect(OBJECT_IDENTIFIER)? != SPNEGO {
        return None;
    }
    let negotiation = only(outer.expect(context(0))?, SEQUENCE)?;
    outer.end()?;
    let mut fields = Reader::new(negotiation);
    let mechanism_list = fields.expect(context(0))?;
    let mechanisms = mechanisms(only(mechanism_list, SEQUENCE)?)?;
    fields.optional(context(1));
    let token = optional_bytes(&mut fields, 2)?;
    // Hints or a signature over the list, depending on who wrote it; neither says anything to us here.
    fields.optional(context(3));
    fields.optional(context(4));
    fields.end()?;
    Some(Token::Init { mechanisms, mechanism_list: mechanism_list.to_vec(), token })
}

fn mechanisms(list: &[u8]) -> Option<Vec<Mechanism>> {
    let mut reader = Reader::new(list);
    let mut mechanisms = Vec::new();
    while !reader.is_empty() {
        if mechanisms.len() == MAX_MECHANISMS {
            return None;
        }
        mechanisms.push(Mechanism::from_oid(reader.expect(OBJECT_IDENTIFIER)?));
    }
    Some(mechanisms)
}

fn response(bytes: &[u8]) -> Option<Token> {
    let mut fields = Reader::new(only(only(bytes, context(1))?, SEQUENCE)?);
    let state = match fields.optional(context(0)) {
        None => None,
        Some(content) => match only(content, ENUMERATED)? {
            [number] => Some(NegState::from_number(*number)?),
            _ => return None,
        },
    };
    let mechanism = match fields.optional(context(1)) {
        None => None,
        Some(content) => Some(Mechanism::from_oid(only(content, OBJECT_IDENTIFIER)?)),
    };
    let token = optional_bytes(&mut fields, 2)?;
    let mech_list_mic = optional_bytes(&mut fields, 3)?;
    fields.end()?;
    Some(Token::Response { state, mechanism, token, mech_list_mic })
}

/// `[number] OCTET STRING OPTIONAL`; the outer `None` is malformed.
fn optional_bytes(fields: &mut Reader<'_>, number: u8) -> Option<Option<Vec<u8>>> {
    match fields.optional(context(number)) {
        None => Some(None),
        Some(content) => only(content, OCTET_STRING).map(|bytes| Some(bytes.to_vec())),
    }
}

/// 1.3.6.1.5.5.2
const SPNEGO: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
/// 1.3.6.1.4.1.311.2.2.10
const NTLM: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];
/// 1.2.840.113554.1.2.2
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.2.840.48018.1.2.2
const KERBEROS_OF_WINDOWS_2000: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.3.6.1.4.1.311.2.2.30
const NEGOEX: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1e];

const MAX_TOKEN: usize = 64 * 1024;
const MAX_MECHANISMS: usize = 16;
