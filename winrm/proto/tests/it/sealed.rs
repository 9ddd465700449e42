//! A connection over plain HTTP, where every message is sealed.

use bytes::Bytes;
use winrm_proto::auth::ntlm::SealError;
use winrm_proto::auth::{Protection, Scheme, seal};
use winrm_proto::connection::{BodyError, Connection, Error, Reply, Response, Settings, Step};

use crate::connection::{ENVELOPE, Listener, SOAP, connection, response, settings};
use crate::ntlm::PASSWORD;

/// A sealed connection that has had one answer.
fn sealed(scheme: Scheme) -> (Listener, Connection) {
    let mut listener = Listener::protected(Protection::Seal, &[Scheme::Negotiate]);
    let settings = Settings { protection: Protection::Seal, ..settings("vagrant", PASSWORD, &[scheme]) };
    let mut connection = connection(settings);
    listener.exchange(&mut connection).unwrap();
    (listener, connection)
}

#[test]
fn sealed_faults_open() {
    let (mut listener, mut connection) = sealed(Scheme::Negotiate);
    let request = connection.send(ENVELOPE).unwrap();
    drop(listener.answer(&request));
    // The listener's answer above took a place in the sequence, so the fault below would be out of step.
    let (body, content_type) = listener.acceptor.answer(Bytes::from_static(b"<fault/>"));
    let out_of_step = connection.receive(Response::new(500, [("Content-Type", content_type)], body));
    assert!(matches!(out_of_step, Err(Error::Seal(_))));

    let (mut listener, mut connection) = sealed(Scheme::Spnego);
    drop(connection.send(ENVELOPE).unwrap());
    let (body, content_type) = listener.acceptor.answer(Bytes::from_static(b"<fault/>"));
    let step = connection.receive(Response::new(500, [("Content-Type", content_type)], body));
    assert_eq!(step, Ok(Step::Reply(Reply { status: 500, body: Bytes::from_static(b"<fault/>") })));
}

#[test]
fn an_answer_that_is_not_sealed_ends_the_connection() {
    for status in [200, 500] {
        let (_, mut connection) = sealed(Scheme::Negotiate);
        drop(connection.send(ENVELOPE).unwrap());
        assert_eq!(connection.receive(response(status, &[SOAP], "<x/>")), Err(Error::NotSealed { status }));
        assert_eq!(connection.send(ENVELOPE), Err(Error::Broken));
    }
}

#[test]
fn a_replayed_answer_ends_the_connection() {
    let (mut listener, mut connection) = sealed(Scheme::Negotiate);
    let request = connection.send(ENVELOPE).unwrap();
    let answer = listener.answer(&request);
    assert!(connection.receive(answer.clone()).is_ok());
    drop(connection.send(ENVELOPE).unwrap());
    let wrong_sequence = seal::Error::Seal(SealError::WrongSequence { expected: 2, found: 1 });
    assert_eq!(connection.receive(answer), Err(Error::Seal(wrong_sequence)));
    assert_eq!(connection.send(ENVELOPE), Err(Error::Broken));
}

#[test]
fn nothing_of_an_envelope_shows_on_plain_http() {
    let mut connection = connection(Settings {
        protection: Protection::Seal,
        ..settings("vagrant", PASSWORD, &[Scheme::Negotiate])
    });
    let mut listener = Listener::protected(Protection::Seal, &[Scheme::Negotiate]);
    let hello = connection.send(ENVELOPE).unwrap();
    let Ok(Step::Send(proof)) = connection.receive(listener.answer(&hello)) else { panic!("a proof is due") };
    assert!(proof.header("Content-Type").unwrap().starts_with("multipart/encrypted"));
    assert!(!proof.body.windows(5).any(|window| window == b"<s:En"));
}

#[test]
fn an_acceptor_that_demands_a_seal() {
    let mut listener = Listener::protected(Protection::Seal, &[Scheme::Negotiate]);
    assert_eq!(listener.acceptor.open(SOAP.1, ENVELOPE), Err(BodyError::NotSealed));
    assert_eq!(listener.acceptor.open(seal::CONTENT_TYPE, ENVELOPE), Err(BodyError::NoKeys));
    let (mut listener, _) = sealed(Scheme::Negotiate);
    assert_eq!(listener.acceptor.open(SOAP.1, ENVELOPE), Err(BodyError::NotSealed));
    let broken = listener.acceptor.open(seal::CONTENT_TYPE, ENVELOPE);
    assert_eq!(broken, Err(BodyError::Seal(seal::Error::Boundary)));
}
