//! A client's connection against the server's half, and against servers that answer something else.

mod first_envelope;
mod listener;
mod schemes;

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use winrm_proto::auth::{Protection, Scheme, basic};
use winrm_proto::connection::{Acceptor, Error, Reply, Response, Settings, Step, Verdict};

use listener::proving;

use crate::ntlm::{PASSWORD, policy, server_nonces, tls};

pub(crate) use listener::{ANSWER, ENVELOPE, Listener, SOAP, connection, response, settings};

#[test]
fn two_requests_then_one_each() {
    for protection in [tls(0), Protection::Seal] {
        for scheme in [Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm] {
            let mut listener =
                Listener::protected(protection.clone(), &[Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic]);
            let protection = protection.clone();
            let mut connection =
                connection(Settings { protection, ..settings("vagrant", PASSWORD, &[scheme]) });
            for _ in 0..3 {
                let reply = listener.exchange(&mut connection).unwrap();
                assert_eq!(reply, Reply { status: 200, body: ANSWER });
            }
            assert_eq!(listener.requests, [(Some("hello"), 0), (Some("proof"), 13), (None, 13), (None, 13)]);
            assert_eq!(connection.learned().scheme(), Some(scheme));
        }
    }
}

#[test]
fn a_refused_credential_is_final() {
    for scheme in [Scheme::Negotiate, Scheme::Spnego, Scheme::Basic] {
        let mut listener = Listener::new(&[Scheme::Negotiate, Scheme::Basic]);
        let schemes = [scheme, Scheme::Basic, Scheme::Ntlm];
        let mut connection = connection(settings("vagrant", "wrong", &schemes));
        assert_eq!(listener.exchange(&mut connection), Err(Error::CredentialRefused(scheme)));
        assert_eq!(connection.send(ENVELOPE), Err(Error::Broken));
    }
}

#[test]
fn a_new_challenge_after_the_proof_is_a_refusal() {
    let mut connection = connection(settings("vagrant", "wrong", &[Scheme::Ntlm]));
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    let first = connection.send(ENVELOPE).unwrap();
    let challenge = listener.answer(&first);
    assert!(matches!(connection.receive(challenge.clone()), Ok(Step::Send(_))));
    assert_eq!(connection.receive(challenge), Err(Error::CredentialRefused(Scheme::Ntlm)));
}

#[test]
fn other_answers() {
    let not_winrm =
        |status, content_type: &str| Error::NotWinRm { status, content_type: content_type.into() };
    type Headers = [(&'static str, &'static str)];
    let cases: &[(u16, &Headers, &str, Error)] = &[
        (
            301,
            &[("Location", "https://evil\r\n/")],
            "",
            Error::Redirect { location: "https://evil??/".into() },
        ),
        (404, &[], "", not_winrm(404, "")),
        (404, &[("Content-Type", "text/html; charset=utf-8")], "<html>", not_winrm(404, "text/html")),
        (200, &[("Content-Type", "TEXT/HTML")], "<html>", not_winrm(200, "text/html")),
        (200, &[], "x", not_winrm(200, "")),
        (405, &[("Content-Type", "text/html")], "<html>", not_winrm(405, "text/html")),
        (500, &[("Content-Type", "text/html")], "<html>", Error::UnexpectedStatus(500)),
        (500, &[SOAP], "", Error::UnexpectedStatus(500)),
        (503, &[], "", Error::UnexpectedStatus(503)),
        (101, &[], "", Error::UnexpectedStatus(101)),
    ];
    for (status, headers, body, error) in cases {
        let mut proof = proving(&mut Listener::new(&[Scheme::Ntlm]));
        assert_eq!(proof.receive(response(*status, headers, body)), Err(error.clone()), "{status}");
        let mut fresh = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
        drop(fresh.send(ENVELOPE).unwrap());
        assert_eq!(fresh.receive(response(*status, headers, body)), Err(error.clone()), "{status}");
    }
}

/// Whatever lets anybody in is not what the account is meant for, however much it looks like WinRM.
#[test]
fn success_before_anything_was_proven() {
    for body in ["", "<answer/>"] {
        let mut fresh = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
        drop(fresh.send(ENVELOPE).unwrap());
        let error = fresh.receive(response(200, &[SOAP], body)).unwrap_err();
        assert_eq!(error, Error::NotChallenged { status: 200 });
        assert!(error.to_string().contains("without asking who is calling"), "{error}");
    }
}

#[test]
fn an_authenticated_connection_that_is_forgotten() {
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    listener.exchange(&mut connection).unwrap();
    drop(connection.send(ENVELOPE).unwrap());
    let answer = response(401, &[("WWW-Authenticate", "NTLM")], "");
    assert_eq!(connection.receive(answer), Err(Error::AuthenticationLost));
}

#[test]
fn a_response_beyond_the_limit() {
    let mut connection = proving(&mut Listener::new(&[Scheme::Ntlm]));
    let answer = Response::new(200, [SOAP], Bytes::from(vec![b' '; 1001]));
    assert_eq!(connection.receive(answer), Err(Error::Oversized { limit: 1000 }));
}

#[test]
fn the_session_cookie_comes_back() {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    let request = connection.send(ENVELOPE).unwrap();
    assert_eq!(request.header("Cookie"), None);
    let mut headers = vec![
        ("Set-Cookie".to_owned(), "MS-WSMAN=abc; secure".to_owned()),
        ("Set-Cookie".to_owned(), "other=1".to_owned()),
    ];
    let Verdict::Challenge { headers: challenge } =
        Acceptor::new(Arc::new(policy(tls(0))), vec![Scheme::Ntlm])
            .judge(&[request.header("Authorization").unwrap()], server_nonces())
    else {
        panic!("a challenge is due")
    };
    headers.extend(challenge.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let Ok(Step::Send(proof)) = connection.receive(Response::new(401, headers, Bytes::new())) else {
        panic!("a proof is due")
    };
    assert_eq!(proof.header("Cookie"), Some("MS-WSMAN=abc"));
}

#[test]
fn one_at_a_time() {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    assert!(connection.is_idle());
    drop(connection.send(ENVELOPE).unwrap());
    assert!(!connection.is_idle());
    assert_eq!(connection.send(ENVELOPE), Err(Error::OutOfTurn));
}

#[test]
fn the_acceptor_keeps_its_reasons_to_itself() {
    use winrm_proto::connection::Refusal;
    let type_3_first = format!("NTLM {}", BASE64_STANDARD.encode(b"NTLMSSP\0\x03\0\0\0aaaa"));
    let wrong_basic = format!("Basic {}", BASE64_STANDARD.encode("vagrant:wrong"));
    let cases: &[(&[&str], Refusal)] = &[
        (&["NTLM"], Refusal::Malformed),
        (&["NTLM YQ==", "NTLM YQ=="], Refusal::Malformed),
        (&["Negotiate YQ=="], Refusal::NotOffered),
        (&["Kerberos YQ=="], Refusal::NotOffered),
        (&[&type_3_first], Refusal::NoChallenge),
        (&[&wrong_basic], Refusal::WrongPassword),
        (&["Basic YQ=="], Refusal::Basic(basic::Error::NoColon)),
    ];
    let mut acceptor = Acceptor::new(Arc::new(policy(tls(0))), vec![Scheme::Ntlm, Scheme::Basic]);
    let Verdict::Challenge { headers: offer } = acceptor.judge::<&str>(&[], server_nonces()) else {
        panic!("an offer is due")
    };
    for (authorization, expected) in cases {
        let Verdict::Refused { refusal, headers } = acceptor.judge(authorization, server_nonces()) else {
            panic!("a refusal is due")
        };
        assert_eq!((refusal, &headers), (*expected, &offer), "{authorization:?}");
    }
}

#[test]
fn nothing_secret_shows() {
    let mut listener = Listener::new(&[Scheme::Spnego]);
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Spnego]));
    let mut shown = String::new();
    let mut request = connection.send(ENVELOPE).unwrap();
    loop {
        shown += &format!("{connection:?} {request:?} {:?}", listener.acceptor);
        let response = listener.answer(&request);
        shown += &format!("{response:?}");
        let step = connection.receive(response).unwrap();
        shown += &format!("{step:?}");
        match step {
            Step::Send(next) => request = next,
            _ => break,
        }
    }
    for secret in ["P@ss", "<s:", "NTLMSSP", "TlRMTVNTUAAD", "random sessionk"] {
        assert!(!shown.contains(secret), "{secret} shows: {shown}");
    }
}
