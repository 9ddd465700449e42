//! Type 1, `NEGOTIATE_MESSAGE` (MS-NLMP 2.2.1.1).

use ntlmclient::Flags;

use super::field::{check_header, u32_at};
use super::{Error, SIGNATURE};

/// The message that opens every exchange. It names neither account nor machine, so all of them are alike.
pub(super) fn write() -> Vec<u8> {
    let mut message = Vec::with_capacity(LENGTH);
    message.extend_from_slice(&SIGNATURE);
    message.extend_from_slice(&TYPE.to_le_bytes());
    message.extend_from_slice(&offered().bits().to_le_bytes());
    // Domain and workstation are empty and would begin where the message ends.
    message.extend_from_slice(&[0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0]);
    message.extend_from_slice(&VERSION);
    message
}

/// The flags of a client's message. Everything else in it is for old peers.
pub(super) fn parse(message: &[u8]) -> Result<Flags, Error> {
    check_header(message, TYPE, 16)?;
    Ok(Flags::from_bits_retain(u32_at(message, 12)?))
}

/// What we ask for. Signing and sealing belong to it under TLS too: without one of them a server need not grant
/// 128-bit keys, and SPNEGO signs its list of mechanisms.
pub(super) fn offered() -> Flags {
    Flags::NEGOTIATE_UNICODE
        | Flags::REQUEST_TARGET
        | Flags::NEGOTIATE_SIGN
        | Flags::NEGOTIATE_SEAL
        | Flags::NEGOTIATE_NTLM
        | Flags::NEGOTIATE_ALWAYS_SIGN
        | Flags::NEGOTIATE_NTLM2_KEY
        | Flags::NEGOTIATE_TARGET_INFO
        | Flags::NEGOTIATE_VERSION
        | Flags::NEGOTIATE_128BIT
        | Flags::NEGOTIATE_KEY_EXCHANGE
        | Flags::NEGOTIATE_56BIT
}

/// `VERSION` (MS-NLMP 2.2.2.10), for debugging only: product 0.1, build 0, `NTLMSSP_REVISION_W2K3`.
pub(super) const VERSION: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 0x0f];

const TYPE: u32 = 1;
const LENGTH: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_the_ntlmclient_crate_writes_it() {
        let theirs = ntlmclient::Message::Negotiate(ntlmclient::NegotiateMessage {
            flags: offered(),
            supplied_domain: String::new(),
            supplied_workstation: String::new(),
            os_version: ntlmclient::OsVersion {
                major_version: 0,
                minor_version: 1,
                build_number: 0,
                reserved: [0; 3],
                ntlm_revision: 0x0f,
            },
        });
        assert_eq!(write(), theirs.to_bytes().unwrap());
        assert_eq!(parse(&write()), Ok(offered()));
    }

    #[test]
    fn refusals() {
        let message = write();
        assert_eq!(parse(b"NTLMSSX\0"), Err(Error::NotNtlm));
        assert_eq!(parse(&message[..15]), Err(Error::TooShort(15)));
        assert_eq!(parse(&message[..10]), Err(Error::TooShort(10)));
        assert_eq!(parse(&vec![0; 20_000]), Err(Error::TooLong(20_000)));
        let mut other = message.clone();
        other[8] = 3;
        assert_eq!(parse(&other), Err(Error::WrongType { expected: 1, found: 3 }));
    }
}
