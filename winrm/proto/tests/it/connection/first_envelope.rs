//! The envelope that rides with the proof, and servers that do not take it from there.

use bytes::Bytes;
use winrm_proto::auth::{Protection, Scheme};
use winrm_proto::connection::{FirstEnvelope, Learned, Reply, Settings, Step};

use super::listener::proving;
use super::{ANSWER, ENVELOPE, Listener, SOAP, connection, response, settings};
use crate::ntlm::{PASSWORD, tls};

#[test]
fn an_empty_answer_to_the_proof_sends_the_envelope_alone() {
    for scheme in [Scheme::Ntlm, Scheme::Spnego] {
        for protection in [tls(0), Protection::Seal] {
            let mut listener = Listener::protected(protection.clone(), &[Scheme::Ntlm, Scheme::Negotiate]);
            listener.reads_first_body = false;
            let settings = Settings { protection, ..settings("vagrant", PASSWORD, &[scheme]) };
            let mut connection = connection(settings);
            for _ in 0..2 {
                assert_eq!(listener.exchange(&mut connection).unwrap().body, ANSWER);
            }
            let kinds: Vec<_> = listener.requests.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds, [Some("hello"), Some("proof"), None, None]);
            assert_eq!(connection.learned().first_envelope(), FirstEnvelope::AfterProof);
        }
    }
}

#[test]
fn a_400_to_the_proof_sends_the_envelope_without_a_second_proof() {
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    let mut connection = proving(&mut listener);
    let Ok(Step::Send(again)) = connection.receive(response(400, &[], "")) else {
        panic!("a request is due")
    };
    assert_eq!((again.header("Authorization"), &again.body), (None, &ENVELOPE));
    let step = connection.receive(listener.answer(&again)).unwrap();
    assert_eq!(step, Step::Reply(Reply { status: 200, body: ANSWER }));
}

#[test]
fn a_400_then_a_401_starts_anew_with_the_proof_alone() {
    for closes in [true, false] {
        let mut connection = proving(&mut Listener::new(&[Scheme::Ntlm]));
        let step = if closes {
            connection.receive(response(400, &[("Connection", "close")], ""))
        } else {
            assert!(matches!(connection.receive(response(400, &[], "")), Ok(Step::Send(_))));
            connection.receive(response(401, &[("WWW-Authenticate", "NTLM")], ""))
        };
        let Ok(Step::Reconnect(learned)) = step else { panic!("a reconnection is due: {step:?}") };
        let mut listener = Listener::new(&[Scheme::Ntlm]);
        let mut second =
            self::connection(Settings { learned, ..settings("vagrant", PASSWORD, &[Scheme::Ntlm]) });
        listener.exchange(&mut second).unwrap();
        assert_eq!(listener.requests, [(Some("hello"), 0), (Some("proof"), 0), (None, 13)]);
    }
}

#[test]
fn a_fault_is_a_reply() {
    for status in [400, 500] {
        let mut connection = proving(&mut Listener::new(&[Scheme::Ntlm]));
        let step = connection.receive(response(status, &[SOAP], "<fault/>")).unwrap();
        assert_eq!(step, Step::Reply(Reply { status, body: Bytes::from_static(b"<fault/>") }));
        assert!(connection.is_idle());
    }
}

#[test]
fn an_endpoint_that_is_known_to_want_the_proof_alone() {
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    let learned = Learned::default().with_first_envelope(FirstEnvelope::AfterProof);
    let mut connection = connection(Settings { learned, ..settings("vagrant", PASSWORD, &[Scheme::Ntlm]) });
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("hello"), 0), (Some("proof"), 0), (None, 13)]);
}
