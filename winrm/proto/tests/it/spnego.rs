//! Both halves of SPNEGO against each other, and what may go wrong around the NTLM inside.

use winrm_proto::auth::negotiate::{
    Acceptor, Answered, Client, Error, Mechanism, NegState, Outcome, Refusal, Token,
};
use winrm_proto::auth::ntlm::{self, Accepted, Session};

use crate::ntlm::{PASSWORD, credential, nonces, policy, server_nonces, service, tls};

fn client(password: &str) -> Client {
    Client::new(ntlm::Client::new(credential("vagrant", password), service(), tls(0)))
}

/// The server's half after the client's first message, and its answer.
fn begin(token: &[u8]) -> Result<(Acceptor, Vec<u8>), Error> {
    match Acceptor::begin(token, &policy(tls(0)), server_nonces())? {
        Answered { token, outcome: Outcome::Continue(acceptor) } => Ok((acceptor, token)),
        Answered { outcome: Outcome::Accepted(_), .. } => panic!("nobody is accepted by a first message"),
    }
}

fn proceed(acceptor: Acceptor, token: &[u8]) -> Result<(Accepted, Vec<u8>), Refusal> {
    match acceptor.proceed(token, &policy(tls(0)), server_nonces())? {
        Answered { token, outcome: Outcome::Accepted(accepted) } => Ok((accepted, token)),
        Answered { outcome: Outcome::Continue(_), .. } => panic!("the last message is judged"),
    }
}

/// The server's half, due for the proof, and the client's message with it.
fn proving(password: &str) -> (Acceptor, Vec<u8>, Session) {
    let client = client(password);
    let (acceptor, challenge) = begin(&client.initial_token()).unwrap();
    let responded = client.respond(&challenge, &nonces()).unwrap();
    (acceptor, responded.token, responded.session)
}

/// Replaces the signature over the list of mechanisms.
fn with_mic(message: &[u8], mic: Option<&[u8]>) -> Vec<u8> {
    let Ok(Token::Response { token, .. }) = Token::parse(message) else { panic!("a response") };
    Token::response(NegState::AcceptIncomplete, None, token.as_deref(), mic)
}

fn mic_of(message: &[u8]) -> Option<Vec<u8>> {
    let Ok(Token::Response { mech_list_mic, .. }) = Token::parse(message) else { panic!("a response") };
    mech_list_mic
}

/// `NegTokenInit` with that list of mechanisms, in DER, and no token.
fn offer(mechanisms: &[&[u8]]) -> Vec<u8> {
    let value = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let list: Vec<u8> = mechanisms.iter().flat_map(|oid| value(6, oid)).collect();
    let list = value(0xa0, &value(0x30, &list));
    let init = value(0xa0, &value(0x30, &list));
    value(0x60, &[value(6, &[0x2b, 6, 1, 5, 5, 2]), init].concat())
}

const NTLM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];

#[test]
fn both_sides_sign_the_list_and_agree_on_keys() {
    let (acceptor, proof, mut session) = proving(PASSWORD);
    let (mut accepted, last) = proceed(acceptor, &proof).unwrap();
    assert!(mic_of(&last).is_some());
    assert_eq!(Client::finish(&mut session, &last), Ok(()));
    for (from, to) in
        [(session.clone(), accepted.session.clone()), (accepted.session.clone(), session.clone())]
    {
        let mut message = *b"hello";
        let signature = from.sealer().unwrap().seal(&mut message);
        assert_eq!(signature[12..], [1, 0, 0, 0], "the signature over the list was the first");
        assert_eq!(to.opener().unwrap().open(&signature, &mut message), Ok(()));
    }
    assert!(accepted.session.verify(b"list", &session.sign(b"list")).is_ok());
}

#[test]
fn the_clients_signature() {
    let wrong = [1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0];
    let (acceptor, proof, _) = proving(PASSWORD);
    let refused = proceed(acceptor, &with_mic(&proof, Some(&wrong))).map(drop);
    assert_eq!(refused, Err(Refusal::Negotiation(Error::WrongMechListMic)));

    let (acceptor, proof, mut session) = proving(PASSWORD);
    let (_, last) = proceed(acceptor, &with_mic(&proof, None)).unwrap();
    assert_eq!(mic_of(&last), None, "who does not sign gets nothing signed");
    assert_eq!(Client::finish(&mut session, &last), Ok(()));
}

#[test]
fn the_servers_signature() {
    let (acceptor, proof, mut session) = proving(PASSWORD);
    let (_, last) = proceed(acceptor, &proof).unwrap();
    let mut changed = last.clone();
    let end = changed.len() - 6;
    changed[end] ^= 1;
    assert_eq!(Client::finish(&mut session.clone(), &changed), Err(Error::WrongMechListMic));
    let reject = Token::response(NegState::Reject, None, None, None);
    assert_eq!(Client::finish(&mut session, &reject), Err(Error::Rejected));
    assert_eq!(Client::finish(&mut session, b"?"), Err(Error::Malformed));
}

#[test]
fn a_client_that_would_rather_use_kerberos_must_sign_the_list() {
    let answer = |proof: &dyn Fn(&[u8], &mut Session) -> Vec<u8>| {
        let list = [&[0x30, 23, 6, 9][..], KERBEROS, &[6, 10], NTLM].concat();
        let (acceptor, answer) = begin(&offer(&[KERBEROS, NTLM])).unwrap();
        let expected = Token::response(NegState::RequestMic, Some(Mechanism::Ntlm), None, None);
        assert_eq!(answer, expected);
        let ntlm = ntlm::Client::new(credential("vagrant", PASSWORD), service(), tls(0));
        let hello = Token::response(NegState::AcceptIncomplete, None, Some(ntlm.negotiate_message()), None);
        let answered = acceptor.proceed(&hello, &policy(tls(0)), server_nonces()).unwrap();
        let Answered { token, outcome: Outcome::Continue(acceptor) } = answered else {
            panic!("a challenge")
        };
        let Ok(Token::Response { token: Some(challenge), .. }) = Token::parse(&token) else {
            panic!("a challenge")
        };
        let mut authenticated = ntlm.authenticate(&challenge, &nonces()).unwrap();
        let mic = proof(&list, &mut authenticated.session);
        let mic = Some(mic.as_slice()).filter(|mic| !mic.is_empty());
        let message = Token::response(NegState::AcceptIncomplete, None, Some(&authenticated.message), mic);
        proceed(acceptor, &message).map(drop)
    };
    assert_eq!(answer(&|list, session| session.sign(list).to_vec()), Ok(()));
    let wrong_list = answer(&|_, session| session.sign(b"another list").to_vec());
    assert_eq!(wrong_list, Err(Refusal::Negotiation(Error::WrongMechListMic)));
    let missing = answer(&|_, _| Vec::new());
    assert_eq!(missing, Err(Refusal::Negotiation(Error::MissingMechListMic)));
}

#[test]
fn offers_without_ntlm() {
    assert_eq!(begin(&offer(&[KERBEROS])).err(), Some(Error::OtherMechanism(Mechanism::Kerberos)));
    assert_eq!(begin(&offer(&[])).err(), Some(Error::OtherMechanism(Mechanism::Other)));
    let response = Token::response(NegState::AcceptIncomplete, None, Some(b"x"), None);
    assert_eq!(begin(&response).err(), Some(Error::Malformed));
}

#[test]
fn a_wrong_password_inside() {
    let (acceptor, proof, _) = proving("wrong");
    let refused = proceed(acceptor, &proof).map(drop);
    assert_eq!(refused, Err(Refusal::Ntlm(ntlm::Refusal::WrongProof)));
}

#[test]
fn what_a_server_may_answer_a_client() {
    let respond = |token: &[u8]| client(PASSWORD).respond(token, &nonces()).map(drop);
    let answer = |mechanism, token| Token::response(NegState::AcceptIncomplete, mechanism, token, None);
    assert_eq!(respond(&Token::response(NegState::Reject, None, None, None)), Err(Error::Rejected));
    let kerberos = respond(&answer(Some(Mechanism::Kerberos), None));
    assert_eq!(kerberos, Err(Error::OtherMechanism(Mechanism::Kerberos)));
    assert_eq!(respond(&answer(Some(Mechanism::Ntlm), None)), Err(Error::NoToken));
    assert_eq!(respond(&answer(None, Some(b"x"))), Err(Error::Ntlm(ntlm::Error::NotNtlm)));
    assert_eq!(respond(&client(PASSWORD).initial_token()), Err(Error::Malformed));
    let (_, challenge) = begin(&client(PASSWORD).initial_token()).unwrap();
    let Ok(Token::Response { token: Some(bare), .. }) = Token::parse(&challenge) else {
        panic!("a challenge")
    };
    assert_eq!(respond(&bare), Ok(()));
}

#[test]
fn truncated_anywhere() {
    let (_, proof, _) = proving(PASSWORD);
    for length in 0..proof.len() {
        let (acceptor, _, _) = proving(PASSWORD);
        assert!(proceed(acceptor, &proof[..length]).is_err(), "cut at {length}");
    }
}
