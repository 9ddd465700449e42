//! The specification's vectors, byte for byte.

use ntlmclient::{Flags, TargetInfoType};
use secrecy::SecretString;

use super::authenticate::Received;
use super::challenge::ChallengeMessage;
use super::keys;
use super::*;
use crate::auth::{Credential, Protection, ServiceName, UserName};

pub(super) fn vector(name: &str) -> Vec<u8> {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../fixtures/auth/ntlmv2_msnlmp.json")).unwrap();
    hex(vectors.pointer(name).unwrap().as_str().unwrap())
}

pub(super) fn array<const N: usize>(name: &str) -> [u8; N] {
    vector(name).try_into().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn password() -> SecretString {
    SecretString::from("Password")
}

#[test]
fn derivations_of_ms_nlmp_4_2_4() {
    let ntowf = keys::ntowf_v2(&password(), "User", "Domain");
    assert_eq!(*ntowf, array("/ntowfv2"));

    let challenge = ChallengeMessage::parse(&vector("/challenge_message")).unwrap();
    assert_eq!(challenge.server_challenge, array("/server_challenge"));
    let target_info = challenge.target_info.to_bytes(Field::TargetInfo).unwrap();
    let input = keys::proof_input(array("/timestamp"), array("/client_challenge"), &target_info);
    assert_eq!(input, vector("/temp"));

    let proof = keys::nt_proof(&ntowf, &challenge.server_challenge, &input);
    assert_eq!(proof, array("/nt_proof"));
    let lm = keys::lm_v2(&ntowf, &challenge.server_challenge, &array("/client_challenge"));
    assert_eq!(lm, array("/lmv2_response"));
    let base_key = keys::session_base_key(&ntowf, &proof);
    assert_eq!(*base_key, array("/session_base_key"));
    let encrypted = keys::exchange_key(&base_key, &array("/random_session_key"));
    assert_eq!(*encrypted, array("/encrypted_session_key"));
}

#[test]
fn the_authenticate_message_of_ms_nlmp_4_2_4_reads() {
    let received = Received::parse(&vector("/authenticate_message")).unwrap();
    assert_eq!((received.domain.as_str(), received.user.as_str()), ("Domain", "User"));
    assert_eq!(received.nt_response, [vector("/nt_proof"), vector("/temp")].concat());
    assert_eq!(received.encrypted_session_key, vector("/encrypted_session_key"));
    assert_eq!(received.mic, None, "the payload of this message begins at 72");
}

#[test]
fn a_server_without_time_gets_lm_v2_and_no_integrity_code() {
    let credential = Credential::new(UserName::parse("Domain\\User").unwrap(), password());
    let client = Client::new(
        credential,
        ServiceName::http("server").unwrap(),
        Protection::Tls { channel_binding: None },
    );
    let nonces = Nonces::new(
        array("/client_challenge"),
        array("/random_session_key"),
        FileTime::from_le_bytes([0; 8]),
    );
    let message = client.authenticate(&vector("/challenge_message"), &nonces).unwrap().message;
    let received = Received::parse(&message).unwrap();
    assert_eq!(received.mic, Some([0; 16]));
    let lm = array::<24>("/lmv2_response");
    assert!(message.windows(24).any(|window| window == lm));
    assert_eq!(received.encrypted_session_key.len(), 16);
}

#[test]
fn a_server_with_time_gets_an_integrity_code_and_our_own_attributes() {
    use TargetInfoType::{
        ChannelBindings, DnsServer, Flags as AvFlags, NtServer, SingleHost, TargetName, Timestamp,
    };
    let server_time = [7; 8];
    let mut target_info = av_pairs::AvPairs::default();
    target_info.push(NtServer, field::utf16("Server"));
    target_info.push(AvFlags, vec![1, 0, 0, 0]);
    target_info.push(SingleHost, vec![0; 48]);
    target_info.push(TargetName, field::utf16("HTTP/other"));
    target_info.push(ChannelBindings, vec![9; 16]);
    target_info.push(Timestamp, server_time.to_vec());
    target_info.push(DnsServer, field::utf16("server.example"));
    let challenge = ChallengeMessage {
        flags: negotiate::offered() | Flags::TARGET_TYPE_SERVER | Flags::NEGOTIATE_LANMAN_KEY,
        server_challenge: [5; 8],
        target_info,
    };
    let certificate = include_str!("../../../fixtures/auth/cbt_certs.json");
    let binding = crate::auth::channel_binding::tests::first_binding(certificate);
    let protection = Protection::Tls { channel_binding: Some(binding.clone()) };
    let credential = Credential::new(UserName::parse("Domain\\User").unwrap(), password());
    let client = Client::new(credential, ServiceName::http("server").unwrap(), protection);
    let nonces = Nonces::new([3; 8], [4; 16], FileTime::from_le_bytes([0xee; 8]));
    let message = client.authenticate(&challenge.write("Server").unwrap(), &nonces).unwrap().message;

    let received = Received::parse(&message).unwrap();
    assert_eq!(received.flags, negotiate::offered() | Flags::TARGET_TYPE_SERVER);
    assert!(received.mic.is_some_and(|mic| mic != [0; 16]));
    let lm = field::span(&message, 12, Field::LmResponse).unwrap();
    assert_eq!(message[lm], [0; 24]);
    assert_eq!(field::span(&message, 28, Field::DomainName).unwrap().start, 88);
    let input = &received.nt_response[16..];
    assert_eq!((&input[8..16], &input[16..24]), (server_time.as_slice(), [3; 8].as_slice()));
    let mut expected = av_pairs::AvPairs::default();
    expected.push(NtServer, field::utf16("Server"));
    expected.push(Timestamp, server_time.to_vec());
    expected.push(DnsServer, field::utf16("server.example"));
    expected.push(ChannelBindings, binding.ntlm_hash().to_vec());
    expected.push(TargetName, field::utf16("HTTP/server"));
    expected.push(AvFlags, vec![2, 0, 0, 0]);
    assert_eq!(av_pairs::AvPairs::parse(&input[28..], Field::NtResponse), Ok(expected));
}

#[test]
fn recorded_tokens_read() {
    let negotiate = include_bytes!("../../../fixtures/auth/pyspnego/ntlm_negotiate");
    assert!(negotiate::parse(negotiate).unwrap().contains(Flags::NEGOTIATE_SEAL));

    let challenge =
        ChallengeMessage::parse(include_bytes!("../../../fixtures/auth/pyspnego/ntlm_challenge")).unwrap();
    assert_eq!(challenge.check(&Protection::Seal), Ok(()));
    assert_eq!(challenge.server_challenge, [0xe4, 0x10, 0x10, 0x14, 0xcf, 0x8a, 0x90, 0xbe]);
    assert_eq!(challenge.target_info.find(TargetInfoType::NtServer), Some(field::utf16("DC01").as_slice()));
    assert!(challenge.target_info.timestamp().is_some());

    let sealed =
        Received::parse(include_bytes!("../../../fixtures/auth/pyspnego/ntlm_authenticate")).unwrap();
    assert_eq!((sealed.domain.as_str(), sealed.user.as_str()), ("", "vagrant-domain@DOMAIN.LOCAL"));
    assert_eq!(sealed.mic, None, "the payload of this message begins at 72");

    let message = include_bytes!("../../../fixtures/auth/pyspnego/ntlm_authenticate_no_sign_seal");
    let unsealed = Received::parse(message).unwrap();
    assert_eq!(unsealed.user, "vagrant");
    assert_eq!(unsealed.mic.map(|mic| mic[0]), Some(0xfe));
}

/// A proof that a domain controller took: for a user principal name, with the public password of pyspnego's test lab.
#[test]
fn a_recorded_proof_holds() {
    let challenge =
        ChallengeMessage::parse(include_bytes!("../../../fixtures/auth/pyspnego/ntlm_challenge")).unwrap();
    let received =
        Received::parse(include_bytes!("../../../fixtures/auth/pyspnego/ntlm_authenticate")).unwrap();
    let (proof, input) = received.nt_response.split_first_chunk::<16>().unwrap();
    let proof_with = |password| {
        let ntowf = keys::ntowf_v2(&SecretString::from(password), &received.user, &received.domain);
        keys::nt_proof(&ntowf, &challenge.server_challenge, input)
    };
    assert_eq!(&proof_with("VagrantPass1"), proof);
    assert_ne!(&proof_with("VagrantPass2"), proof);
}

/// Both ends of one session that seals.
pub(crate) fn sessions() -> (Session, Session) {
    let key = keys::Key::new(array("/random_session_key"));
    let session = |role| Session::new(key.clone(), role, session::Sealing::Agreed);
    (session(session::Role::Client), session(session::Role::Server))
}
