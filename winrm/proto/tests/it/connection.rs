//! A client's connection against the server's half, and against servers that answer something else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use winrm_proto::auth::{Protection, Scheme, basic};
use winrm_proto::connection::{
    Acceptor, Connection, Error, FirstEnvelope, Learned, Reply, Request, Response, Settings, Step, Verdict,
};

use crate::ntlm::{PASSWORD, credential, nonces, policy, server_nonces, service, tls};

const SOAP: (&str, &str) = ("Content-Type", "application/soap+xml;charset=UTF-8");
const ENVELOPE: Bytes = Bytes::from_static(b"<s:Envelope/>");
const ANSWER: Bytes = Bytes::from_static(b"<s:Envelope>answer</s:Envelope>");

fn settings(user: &str, password: &str, schemes: &[Scheme]) -> Settings {
    Settings {
        credential: credential(user, password),
        schemes: schemes.to_vec(),
        target: service(),
        protection: tls(0),
        max_response: 1000,
        learned: Learned::default(),
    }
}

fn connection(settings: Settings) -> Connection {
    Connection::new(settings, nonces()).unwrap()
}

fn response(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
    Response::new(status, headers.iter().copied(), Bytes::from_static(body.as_bytes()))
}

/// A listener that authenticates for real and answers every envelope alike.
struct Listener {
    acceptor: Acceptor,
    /// Whether an envelope is read from the request that carries the proof.
    reads_first_body: bool,
    requests: Vec<(Option<&'static str>, usize)>,
}

impl Listener {
    fn new(schemes: &[Scheme]) -> Self {
        let acceptor = Acceptor::new(Arc::new(policy(tls(0))), schemes.to_vec());
        Self { acceptor, reads_first_body: true, requests: Vec::new() }
    }

    fn answer(&mut self, request: &Request) -> Response {
        let authorization = request.header("Authorization");
        assert_eq!(request.header("Content-Length"), Some(request.body.len().to_string().as_str()));
        assert_eq!(request.header("Accept-Encoding"), Some("identity"));
        let kind = authorization.map(|value| match value {
            _ if value.starts_with("Basic") => "Basic",
            _ if value.contains("TlRMTVNTUAAB") => "Type 1",
            _ if value.contains("TlRMTVNTUAAD") => "Type 3",
            _ => "?",
        });
        self.requests.push((kind, request.body.len()));
        let authorization: Vec<&str> = authorization.into_iter().collect();
        match self.acceptor.judge(&authorization, server_nonces()) {
            Verdict::Challenge { headers } | Verdict::Refused { headers, .. } => {
                Response::new(401, headers, Bytes::new())
            }
            Verdict::Accepted { .. }
                if request.body.is_empty() || (!self.reads_first_body && kind == Some("Type 3")) =>
            {
                response(200, &[], "")
            }
            Verdict::Accepted { .. } => Response::new(200, [SOAP], ANSWER),
        }
    }

    fn exchange(&mut self, connection: &mut Connection) -> Result<Reply, Error> {
        let mut request = connection.send(ENVELOPE)?;
        loop {
            match connection.receive(self.answer(&request))? {
                Step::Send(next) => request = next,
                Step::Reply(reply) => return Ok(reply),
                Step::Reconnect(_) => panic!("no reconnection is due"),
            }
        }
    }
}

#[test]
fn two_requests_then_one_each() {
    for scheme in [Scheme::Negotiate, Scheme::Ntlm] {
        let mut listener = Listener::new(&[Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic]);
        let mut connection = connection(settings("vagrant", PASSWORD, &[scheme]));
        for _ in 0..2 {
            let reply = listener.exchange(&mut connection).unwrap();
            assert_eq!(reply, Reply { status: 200, body: ANSWER });
        }
        assert_eq!(listener.requests, [(Some("Type 1"), 0), (Some("Type 3"), 13), (None, 13)]);
        assert_eq!(connection.learned().scheme(), Some(scheme));
    }
}

#[test]
fn a_refused_credential_is_final() {
    for scheme in [Scheme::Negotiate, Scheme::Basic] {
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
fn basic_sends_the_envelope_at_once_and_the_password_each_time() {
    let mut listener = Listener::new(&[Scheme::Basic]);
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Basic]));
    listener.exchange(&mut connection).unwrap();
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("Basic"), 13), (Some("Basic"), 13)]);
}

#[test]
fn the_next_scheme_that_is_offered() {
    let all = [Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic];
    for (offered, expected) in [
        (
            vec![Scheme::Ntlm, Scheme::Basic],
            vec![(Some("Type 1"), 0), (Some("Type 1"), 0), (Some("Type 3"), 13)],
        ),
        (vec![Scheme::Basic], vec![(Some("Type 1"), 0), (Some("Basic"), 13)]),
    ] {
        let mut listener = Listener::new(&offered);
        let mut connection = connection(settings("vagrant", PASSWORD, &all));
        listener.exchange(&mut connection).unwrap();
        assert_eq!(listener.requests, expected);
    }
}

#[test]
fn a_server_that_closes_gets_the_next_scheme_on_a_new_connection() {
    let all = [Scheme::Negotiate, Scheme::Basic];
    let mut first = connection(settings("vagrant", PASSWORD, &all));
    drop(first.send(ENVELOPE).unwrap());
    let closing =
        response(401, &[("WWW-Authenticate", "Basic realm=\"WSMAN\""), ("Connection", "close")], "");
    let Ok(Step::Reconnect(learned)) = first.receive(closing) else { panic!("a reconnection is due") };
    let mut listener = Listener::new(&[Scheme::Basic]);
    let mut second = connection(Settings { learned, ..settings("vagrant", PASSWORD, &all) });
    listener.exchange(&mut second).unwrap();
    assert_eq!(listener.requests, [(Some("Basic"), 13)]);
}

#[test]
fn schemes_that_do_not_meet() {
    let offered =
        |names: &[&str]| Error::NotOffered { offered: names.iter().map(|name| (*name).to_owned()).collect() };
    let cases: &[(&str, &[Scheme], &[&str], Error)] = &[
        ("vagrant", &[Scheme::Negotiate], &["Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Negotiate], &["Negotiate", "Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Negotiate], &[], offered(&[])),
        ("vagrant", &[Scheme::Negotiate], &["Kerberos, CredSSP"], offered(&["Kerberos", "CredSSP"])),
        ("vagrant", &[Scheme::Negotiate], &["Basic realm=x"], offered(&["Basic"])),
        (
            "CORP\\svc",
            &[Scheme::Negotiate, Scheme::Basic],
            &["Basic realm=x"],
            Error::Basic(basic::Error::DomainAccount),
        ),
    ];
    for (user, schemes, headers, error) in cases {
        let mut connection = connection(settings(user, PASSWORD, schemes));
        drop(connection.send(ENVELOPE).unwrap());
        let headers = headers.iter().map(|value| ("WWW-Authenticate", *value));
        let answer = Response::new(401, headers, Bytes::new());
        assert_eq!(connection.receive(answer), Err(error.clone()), "{schemes:?}");
    }
}

#[test]
fn settings_that_leave_nothing() {
    let refused = |settings| Connection::new(settings, nonces()).map(drop);
    assert_eq!(refused(settings("vagrant", PASSWORD, &[])), Err(Error::NoScheme));
    for user in ["CORP\\svc", "svc@corp.example"] {
        assert_eq!(
            refused(settings(user, PASSWORD, &[Scheme::Basic])),
            Err(Error::Basic(basic::Error::DomainAccount))
        );
    }
    let sealed = Settings { protection: Protection::Seal, ..settings("vagrant", PASSWORD, &[Scheme::Basic]) };
    assert_eq!(refused(sealed), Err(Error::BasicWithoutTls));
}

/// A connection that has sent its proof with the envelope.
fn proving(listener: &mut Listener) -> Connection {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    let request = connection.send(ENVELOPE).unwrap();
    let Ok(Step::Send(proof)) = connection.receive(listener.answer(&request)) else {
        panic!("a proof is due")
    };
    assert_eq!(proof.body, ENVELOPE);
    drop(listener.answer(&proof));
    connection
}

#[test]
fn an_empty_answer_to_the_proof_sends_the_envelope_alone() {
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    listener.reads_first_body = false;
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("Type 1"), 0), (Some("Type 3"), 13), (None, 13)]);
    assert_eq!(connection.learned().first_envelope(), FirstEnvelope::AfterProof);
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
        assert_eq!(listener.requests, [(Some("Type 1"), 0), (Some("Type 3"), 0), (None, 13)]);
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
        (500, &[("Content-Type", "text/html")], "<html>", not_winrm(500, "text/html")),
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
    let challenge = Listener::new(&[Scheme::Ntlm]).answer(&request);
    let mut headers = vec![("Set-Cookie".to_owned(), "MS-WSMAN=abc; secure".to_owned())];
    headers.push(("Set-Cookie".to_owned(), "other=1".to_owned()));
    drop(challenge);
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
