//! A client's connection against the server's half, and against servers that answer something else.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use winrm_proto::auth::negotiate::{Mechanism, NegState, Token};
use winrm_proto::auth::{Protection, Scheme, basic};
use winrm_proto::connection::{
    Acceptor, Connection, Error, FirstEnvelope, Learned, Reply, Request, Response, Settings, Step, Verdict,
};

use crate::ntlm::{PASSWORD, credential, nonces, policy, server_nonces, service, tls};

pub(crate) const SOAP: (&str, &str) = ("Content-Type", "application/soap+xml;charset=UTF-8");
pub(crate) const ENVELOPE: Bytes = Bytes::from_static(b"<s:Envelope/>");
pub(crate) const ANSWER: Bytes = Bytes::from_static(b"<s:Envelope>answer</s:Envelope>");

pub(crate) fn settings(user: &str, password: &str, schemes: &[Scheme]) -> Settings {
    Settings {
        credential: credential(user, password),
        schemes: schemes.to_vec(),
        target: service(),
        protection: tls(0),
        max_response: 1000,
        learned: Learned::default(),
    }
}

pub(crate) fn connection(settings: Settings) -> Connection {
    Connection::new(settings, nonces()).unwrap()
}

pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
    Response::new(status, headers.iter().copied(), Bytes::from_static(body.as_bytes()))
}

/// A listener that authenticates and seals for real and answers every envelope alike.
pub(crate) struct Listener {
    pub(crate) acceptor: Acceptor,
    /// Whether an envelope is read from the request that carries the proof.
    reads_first_body: bool,
    requests: Vec<(Option<&'static str>, usize)>,
}

impl Listener {
    pub(crate) fn new(schemes: &[Scheme]) -> Self {
        Self::protected(tls(0), schemes)
    }

    pub(crate) fn protected(protection: Protection, schemes: &[Scheme]) -> Self {
        let acceptor = Acceptor::new(Arc::new(policy(protection)), schemes.to_vec());
        Self { acceptor, reads_first_body: true, requests: Vec::new() }
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        let authorization = request.header("Authorization");
        assert_eq!(request.header("Content-Length"), Some(request.body.len().to_string().as_str()));
        assert_eq!(request.header("Accept-Encoding"), Some("identity"));
        let kind = authorization.map(kind);
        let authorization: Vec<&str> = authorization.into_iter().collect();
        let headers = match self.acceptor.judge(&authorization, server_nonces()) {
            Verdict::Challenge { headers } | Verdict::Refused { headers, .. } => {
                self.requests.push((kind, request.body.len()));
                return Response::new(401, headers, Bytes::new());
            }
            Verdict::Accepted { headers, .. } => headers,
        };
        if !self.reads_first_body && kind == Some("proof") {
            self.requests.push((kind, request.body.len()));
            return Response::new(200, headers, Bytes::new());
        }
        let content_type = request.header("Content-Type").unwrap();
        let envelope = self.acceptor.open(content_type, request.body.clone()).unwrap();
        self.requests.push((kind, envelope.len()));
        if envelope.is_empty() {
            return Response::new(200, headers, Bytes::new());
        }
        assert_eq!(envelope, ENVELOPE);
        let (body, content_type) = self.acceptor.answer(ANSWER);
        Response::new(200, headers.into_iter().chain([("Content-Type", content_type.to_owned())]), body)
    }

    pub(crate) fn exchange(&mut self, connection: &mut Connection) -> Result<Reply, Error> {
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

/// What a request authenticates with.
fn kind(authorization: &str) -> &'static str {
    let (scheme, token) = authorization.split_once(' ').unwrap();
    let token = BASE64_STANDARD.decode(token).unwrap();
    let has = |message: &[u8]| token.windows(message.len()).any(|window| window == message);
    match scheme {
        "Basic" => "password",
        _ if has(b"NTLMSSP\0\x01") => "hello",
        _ if has(b"NTLMSSP\0\x03") => "proof",
        _ => "?",
    }
}

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
fn basic_sends_the_envelope_at_once_and_the_password_each_time() {
    let mut listener = Listener::new(&[Scheme::Basic]);
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Basic]));
    listener.exchange(&mut connection).unwrap();
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("password"), 13), (Some("password"), 13)]);
}

#[test]
fn the_next_scheme_that_is_offered() {
    let all = [Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic];
    for (offered, expected) in [
        (
            vec![Scheme::Ntlm, Scheme::Basic],
            vec![(Some("hello"), 0), (Some("hello"), 0), (Some("proof"), 13)],
        ),
        (vec![Scheme::Basic], vec![(Some("hello"), 0), (Some("password"), 13)]),
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
    assert_eq!(listener.requests, [(Some("password"), 13)]);
}

#[test]
fn what_was_learned_is_tried_first_and_need_not_hold_for_ever() {
    let all = [Scheme::Negotiate, Scheme::Ntlm, Scheme::Basic];
    let requests = |offered, learned: &Learned| {
        let learned = learned.clone();
        let mut connection = connection(Settings { learned, ..settings("vagrant", PASSWORD, &all) });
        let mut listener = Listener::new(&[offered]);
        listener.exchange(&mut connection).unwrap();
        assert_eq!(connection.scheme(), Some(offered));
        (listener.requests.len(), connection.learned().clone())
    };
    let (count, learned) = requests(Scheme::Ntlm, &Learned::default());
    assert_eq!((count, learned.scheme()), (3, Some(Scheme::Ntlm)));
    let (count, learned) = requests(Scheme::Ntlm, &learned);
    assert_eq!((count, learned.scheme()), (2, Some(Scheme::Ntlm)));
    let (count, learned) = requests(Scheme::Negotiate, &learned);
    assert_eq!((count, learned.scheme()), (3, Some(Scheme::Negotiate)));
    let (count, learned) = requests(Scheme::Basic, &learned);
    assert_eq!(
        (count, learned.scheme()),
        (2, None),
        "Basic is not tried first because it once was all there was"
    );
}

#[test]
fn basic_is_not_followed_by_another_proof() {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Basic, Scheme::Negotiate]));
    drop(connection.send(ENVELOPE).unwrap());
    let answer = response(401, &[("WWW-Authenticate", "Negotiate, CredSSP")], "");
    let offered = vec!["Negotiate".to_owned(), "CredSSP".to_owned()];
    assert_eq!(connection.receive(answer), Err(Error::NotOffered { offered }));
}

#[test]
fn schemes_that_do_not_meet() {
    let offered =
        |names: &[&str]| Error::NotOffered { offered: names.iter().map(|name| (*name).to_owned()).collect() };
    let cases: &[(&str, &[Scheme], &[&str], Error)] = &[
        ("vagrant", &[Scheme::Negotiate], &["Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Negotiate], &["Negotiate", "Kerberos"], Error::OnlyKerberos),
        ("vagrant", &[Scheme::Ntlm], &["Negotiate", "Kerberos"], offered(&["Negotiate", "Kerberos"])),
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
fn spnego_where_a_bare_token_is_not_taken() {
    // The server answers the bare token with its offer, and the wrapped one with a challenge.
    let mut listener = Listener::new(&[Scheme::Negotiate]);
    let mut connection =
        connection(settings("vagrant", PASSWORD, &[Scheme::Negotiate, Scheme::Spnego, Scheme::Basic]));
    drop(connection.send(ENVELOPE).unwrap());
    let offer = response(401, &[("WWW-Authenticate", "Negotiate")], "");
    let Ok(Step::Send(wrapped)) = connection.receive(offer) else { panic!("another token is due") };
    let Ok(Step::Send(proof)) = connection.receive(listener.answer(&wrapped)) else {
        panic!("a proof is due")
    };
    let step = connection.receive(listener.answer(&proof)).unwrap();
    assert_eq!(step, Step::Reply(Reply { status: 200, body: ANSWER }));
    assert_eq!(connection.learned().scheme(), Some(Scheme::Spnego));
}

#[test]
fn a_server_that_rejects_ntlm_inside_spnego() {
    let reject = Token::response(NegState::Reject, None, None, None);
    let kerberos = Token::response(NegState::AcceptIncomplete, Some(Mechanism::Kerberos), None, None);
    for token in [reject, kerberos] {
        let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Negotiate, Scheme::Spnego]));
        drop(connection.send(ENVELOPE).unwrap());
        let offer = response(401, &[("WWW-Authenticate", "Negotiate")], "");
        drop(connection.receive(offer).unwrap());
        let value = format!("Negotiate {}", BASE64_STANDARD.encode(token));
        let answer = Response::new(401, [("WWW-Authenticate", value)], Bytes::new());
        assert_eq!(connection.receive(answer), Err(Error::OnlyKerberos));
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
#[test]
fn an_endpoint_that_is_known_to_want_the_proof_alone() {
    let mut listener = Listener::new(&[Scheme::Ntlm]);
    let learned = Learned::default().with_first_envelope(FirstEnvelope::AfterProof);
    let mut connection = connection(Settings { learned, ..settings("vagrant", PASSWORD, &[Scheme::Ntlm]) });
    listener.exchange(&mut connection).unwrap();
    assert_eq!(listener.requests, [(Some("hello"), 0), (Some("proof"), 0), (None, 13)]);
}
