//! Both halves of NTLM against each other, and everything that may go wrong between them.

use std::time::Duration;

use secrecy::SecretString;
use winrm_proto::auth::ntlm::{
    AcceptPolicy, Accepted, Acceptor, Authenticated, Challenged, ChannelBindingPolicy, Client, Error, Field,
    FileTime, MachineNames, Nonces, Refusal, Requirement, ServerNonces, Session,
};
use winrm_proto::auth::{ChannelBinding, Credential, Protection, ServiceName, UserName};

pub(crate) const PASSWORD: &str = "P@ss w0rd-Üñí";

pub(crate) fn credential(user: &str, password: &str) -> Credential {
    Credential::new(UserName::parse(user).unwrap(), SecretString::from(password))
}

pub(crate) fn service() -> ServiceName {
    ServiceName::http("rig01.example").unwrap()
}

pub(crate) fn nonces() -> Nonces {
    Nonces::new(*b"clientch", *b"random sessionk!", FileTime::from_unix(Duration::from_secs(1_795_255_200)))
}

pub(crate) fn server_nonces() -> ServerNonces {
    ServerNonces { challenge: *b"serverch", now: FileTime::from_unix(Duration::from_secs(1_795_255_201)) }
}

/// The binding to one of the recorded certificates.
pub(crate) fn binding(index: usize) -> ChannelBinding {
    use base64::Engine as _;
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/auth/cbt_certs.json")).unwrap();
    let der = vectors["vectors"][index]["cert_der_b64"].as_str().unwrap();
    let der = base64::prelude::BASE64_STANDARD.decode(der).unwrap();
    ChannelBinding::from_certificate(&der).unwrap().unwrap()
}

pub(crate) fn tls(index: usize) -> Protection {
    Protection::Tls { channel_binding: Some(binding(index)) }
}

pub(crate) fn policy(protection: Protection) -> AcceptPolicy {
    AcceptPolicy {
        accounts: vec![credential("vagrant", PASSWORD), credential("CORP\\Jörg", PASSWORD)],
        machine: MachineNames {
            computer: "RIG01".into(),
            domain: "RIG01".into(),
            dns_computer: "rig01.example".into(),
            dns_domain: "example".into(),
        },
        protection,
        channel_binding: ChannelBindingPolicy::Required,
    }
}

/// One exchange up to the client's answer.
struct Exchange {
    policy: AcceptPolicy,
    challenged: Challenged,
    authenticated: Authenticated,
}

impl Exchange {
    fn run(user: &str, password: &str, client_side: Protection, policy: AcceptPolicy) -> Self {
        let client = Client::new(credential(user, password), service(), client_side);
        let (challenged, challenge) =
            Acceptor::new(&policy).challenge(client.negotiate_message(), server_nonces()).unwrap();
        let authenticated = client.authenticate(&challenge, &nonces()).unwrap();
        Self { policy, challenged, authenticated }
    }

    fn judge(self) -> Result<(Accepted, Session), Refusal> {
        let Authenticated { message, session } = self.authenticated;
        self.challenged.authenticate(&message, &self.policy).map(|accepted| (accepted, session))
    }

    fn judge_message(self, message: &[u8]) -> Result<Accepted, Refusal> {
        self.challenged.authenticate(message, &self.policy)
    }
}

#[test]
fn accounts() {
    let cases = [
        ("vagrant", PASSWORD, Ok("vagrant")),
        ("VAGRANT", PASSWORD, Ok("vagrant")),
        (".\\vagrant", PASSWORD, Ok("vagrant")),
        ("rig01\\vagrant", PASSWORD, Ok("vagrant")),
        ("corp\\jÖRG", PASSWORD, Ok("CORP\\Jörg")),
        ("vagrant", "wrong", Err(Refusal::WrongProof)),
        ("vagrant", "", Err(Refusal::WrongProof)),
        ("nobody", PASSWORD, Err(Refusal::UnknownUser)),
        ("OTHER\\vagrant", PASSWORD, Err(Refusal::UnknownUser)),
        ("Jörg", PASSWORD, Err(Refusal::UnknownUser)),
        ("vagrant@example", PASSWORD, Err(Refusal::UnknownUser)),
    ];
    for (user, password, expected) in cases {
        let judged = Exchange::run(user, password, tls(0), policy(tls(0))).judge();
        if let Ok((accepted, session)) = &judged {
            let mut message = *b"hello";
            let signature = session.sealer().unwrap().seal(&mut message);
            assert_eq!(accepted.session.opener().unwrap().open(&signature, &mut message), Ok(()), "{user}");
            assert_eq!(message, *b"hello");
        }
        let judged = judged.map(|(accepted, _)| accepted.user.to_string());
        assert_eq!(judged, expected.map(str::to_owned), "{user}");
    }
}

#[test]
fn channel_bindings() {
    use ChannelBindingPolicy::{None as Ignored, Required, WhenPresent};
    let unbound = Protection::Tls { channel_binding: None };
    let cases = [
        (Required, tls(0), Ok(())),
        (Required, tls(1), Err(Refusal::WrongChannelBinding)),
        (Required, unbound.clone(), Err(Refusal::MissingChannelBinding)),
        (WhenPresent, tls(0), Ok(())),
        (WhenPresent, tls(1), Err(Refusal::WrongChannelBinding)),
        (WhenPresent, unbound.clone(), Ok(())),
        (Ignored, tls(1), Ok(())),
        (Ignored, unbound, Ok(())),
    ];
    for (channel_binding, client_side, expected) in cases {
        let policy = AcceptPolicy { channel_binding, ..policy(tls(0)) };
        let judged = Exchange::run("vagrant", PASSWORD, client_side, policy).judge();
        assert_eq!(judged.map(drop), expected, "{channel_binding:?}");
    }
}

#[test]
fn a_changed_message_is_refused() {
    let exchange = || Exchange::run("vagrant", PASSWORD, tls(0), policy(tls(0)));
    let message = exchange().authenticated.message;
    // Every byte counts but the ones that nobody reads: allocated lengths, empty fields and the random session key's
    // own encryption, which shows as a wrong integrity code.
    let mut accepted = Vec::new();
    for at in 0..message.len() {
        let mut changed = message.clone();
        changed[at] ^= 1;
        if exchange().judge_message(&changed).is_ok() {
            accepted.push(at);
        }
    }
    assert_eq!(accepted, Vec::<usize>::new(), "a change at these places goes unnoticed");

    let mut without_mic = message.clone();
    without_mic[72..88].fill(0);
    assert_eq!(exchange().judge_message(&without_mic).map(drop), Err(Refusal::WrongMic));
    for length in 0..message.len() {
        assert!(exchange().judge_message(&message[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_stripped_integrity_code_is_noticed() {
    // The message as an old client would lay it out: the payload moves down over the place of the code.
    let exchange = Exchange::run("vagrant", PASSWORD, tls(0), policy(tls(0)));
    let message = exchange.authenticated.message.clone();
    let mut stripped = [&message[..72], &message[88..]].concat();
    for field in [12, 20, 28, 36, 44, 52] {
        let offset = u32::from_le_bytes(stripped[field + 4..field + 8].try_into().unwrap()) - 16;
        stripped[field + 4..field + 8].copy_from_slice(&offset.to_le_bytes());
    }
    assert_eq!(exchange.judge_message(&stripped).map(drop), Err(Refusal::MissingMic));
}

#[test]
fn a_replayed_message_is_refused() {
    let first = Exchange::run("vagrant", PASSWORD, tls(0), policy(tls(0)));
    let message = first.authenticated.message.clone();
    assert!(first.judge().is_ok());
    let policy = policy(tls(0));
    let client = Client::new(credential("vagrant", PASSWORD), service(), tls(0));
    let fresh = ServerNonces { challenge: *b"another!", ..server_nonces() };
    let (challenged, _) = Acceptor::new(&policy).challenge(client.negotiate_message(), fresh).unwrap();
    assert_eq!(challenged.authenticate(&message, &policy).map(drop), Err(Refusal::WrongProof));
}

/// Offsets and bits of the flags in a Type 2.
const FLAGS: usize = 20;

fn challenge_message(protection: Protection) -> (Client, Vec<u8>) {
    let client = Client::new(credential("vagrant", PASSWORD), service(), protection.clone());
    let policy = policy(protection);
    let (_, message) = Acceptor::new(&policy).challenge(client.negotiate_message(), server_nonces()).unwrap();
    (client, message)
}

#[test]
fn a_challenge_without_what_we_need_is_refused() {
    let cases = [
        (0x0000_0001, Requirement::Unicode, true),
        (0x0008_0000, Requirement::ExtendedSessionSecurity, true),
        (0x0080_0000, Requirement::TargetInfo, true),
        (0x2000_0000, Requirement::Keys128, true),
        (0x4000_0000, Requirement::KeyExchange, true),
        (0x0000_0010, Requirement::Sign, false),
        (0x0000_0020, Requirement::Seal, false),
    ];
    for (flag, requirement, under_tls) in cases {
        for protection in [tls(0), Protection::Seal] {
            let is_refused = under_tls || protection == Protection::Seal;
            let (client, mut message) = challenge_message(protection);
            let flags = u32::from_le_bytes(message[FLAGS..FLAGS + 4].try_into().unwrap()) & !flag;
            message[FLAGS..FLAGS + 4].copy_from_slice(&flags.to_le_bytes());
            let answer = client.authenticate(&message, &nonces()).map(drop);
            assert_eq!(answer, if is_refused { Err(Error::Dropped(requirement)) } else { Ok(()) });
        }
    }
}

#[test]
fn a_hostile_challenge_is_refused() {
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let (client, mut message) = challenge_message(tls(0));
        change(&mut message);
        client.authenticate(&message, &nonces()).map(drop).unwrap_err()
    };
    assert_eq!(refused(&|m| m[0] = b'X'), Error::NotNtlm);
    assert_eq!(refused(&|m| m[8] = 1), Error::WrongType { expected: 2, found: 1 });
    assert_eq!(refused(&|m| m.truncate(55)), Error::TooShort(55));
    assert_eq!(refused(&|m| m.resize(20_000, 0)), Error::TooLong(20_000));
    assert_eq!(refused(&|m| m[44..48].fill(0xff)), Error::OutOfBounds(Field::TargetInfo));
    assert_eq!(refused(&|m| m[40..42].fill(0xff)), Error::OutOfBounds(Field::TargetInfo));
    assert_eq!(refused(&|m| m[40..42].fill(0)), Error::Malformed(Field::TargetInfo));
    assert_eq!(refused(&|m| m[16..20].fill(0xff)), Error::OutOfBounds(Field::TargetName));
    assert_eq!(refused(&|m| m[12] = 1), Error::Malformed(Field::TargetName));
    // Without its end the list of attributes runs into nothing.
    assert_eq!(
        refused(&|m| {
            let end = m.len() - 4;
            m[end..].fill(1);
        }),
        Error::Malformed(Field::TargetInfo)
    );
    let (_, message) = challenge_message(tls(0));
    for length in 0..message.len() {
        let (client, _) = challenge_message(tls(0));
        assert!(client.authenticate(&message[..length], &nonces()).is_err(), "cut at {length}");
    }
}

#[test]
fn secrets_do_not_show() {
    let exchange = Exchange::run("vagrant", PASSWORD, tls(0), policy(tls(0)));
    let client = Client::new(credential("vagrant", PASSWORD), service(), tls(0));
    let shown =
        format!("{:?} {:?} {client:?} {:?}", exchange.authenticated.session, exchange.policy, nonces());
    assert!(!shown.contains("P@ss") && !shown.contains("random") && !shown.contains("114, 97"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn any_account_is_accepted_with_its_password_and_no_other(user in "(\\PC{1,20}\\\\)?\\PC{1,40}", password in "\\PC{0,200}", other in "\\PC{0,20}") {
        let Ok(user) = UserName::parse(&user) else { return Ok(()) };
        let account = Credential::new(user.clone(), SecretString::from(password.as_str()));
        let judge = |presented: &str| {
            let policy = AcceptPolicy { accounts: vec![account.clone()], ..policy(tls(0)) };
            Exchange::run(&user.to_string(), presented, tls(0), policy).judge().map(|(accepted, _)| accepted.user)
        };
        proptest::prop_assert_eq!(judge(&password), Ok(user.clone()));
        if other != password {
            proptest::prop_assert_eq!(judge(&other), Err(Refusal::WrongProof));
        }
    }

    #[test]
    fn any_challenge_is_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), keep in 0..120_usize) {
        let (client, mut message) = challenge_message(tls(0));
        message.truncate(keep);
        message.extend(bytes);
        drop(client.authenticate(&message, &nonces()));
    }

    #[test]
    fn any_proof_is_survived_and_none_accepted(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), keep in 0..120_usize) {
        let exchange = Exchange::run("vagrant", PASSWORD, tls(0), policy(tls(0)));
        let mut message = exchange.authenticated.message.clone();
        message.truncate(keep);
        message.extend(bytes);
        proptest::prop_assert!(exchange.judge_message(&message).is_err());
    }
}
