//! A connection, and a listener for it to talk to.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use winrm_proto::auth::{Protection, Scheme};
use winrm_proto::connection::{
    Acceptor, Connection, Error, Learned, Reply, Request, Response, Settings, Step, Verdict,
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
    pub(super) reads_first_body: bool,
    /// What each request authenticated with, and the length of what it carried.
    pub(super) requests: Vec<(Option<&'static str>, usize)>,
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

/// A connection that has sent its proof with the envelope.
pub(super) fn proving(listener: &mut Listener) -> Connection {
    let mut connection = connection(settings("vagrant", PASSWORD, &[Scheme::Ntlm]));
    let request = connection.send(ENVELOPE).unwrap();
    let Ok(Step::Send(proof)) = connection.receive(listener.answer(&request)) else {
        panic!("a proof is due")
    };
    assert_eq!(proof.body, ENVELOPE);
    drop(listener.answer(&proof));
    connection
}
