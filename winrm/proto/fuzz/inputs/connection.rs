//! HTTP responses, one after the other, until a connection ends: a status byte, then header lines, an empty line, the
//! body up to a zero byte.

use bytes::Bytes;

use winrm_proto::auth::{Protection, Scheme};
use winrm_proto::connection::{Acceptor, Connection, Learned, Response, Settings, Step, Verdict};

use super::exchange::{credential, nonces, policy, server_nonces, service};

const STATUSES: [u16; 8] = [200, 401, 400, 500, 404, 302, 204, 503];

/// Plays the responses to a connection that seals. An asterisk stands for the answer of a true server.
pub(crate) fn run(data: &[u8]) {
    let settings = Settings {
        credential: credential(),
        schemes: vec![Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm, Scheme::Basic],
        target: service(),
        protection: Protection::Seal,
        max_response: 4096,
        learned: Learned::default(),
    };
    let mut connection = Connection::new(settings, nonces()).unwrap();
    let mut acceptor = Acceptor::new(policy().into(), vec![Scheme::Negotiate, Scheme::Ntlm]);
    let Ok(mut request) = connection.send(Bytes::from_static(b"<s:Envelope/>")) else { return };
    for part in data.split(|byte| *byte == 0) {
        let Some((&first, rest)) = part.split_first() else { continue };
        let response = if first == b'*' {
            // The true server answers, so that later states are reached.
            let authorization: Vec<&str> = request.header("Authorization").into_iter().collect();
            match acceptor.judge(&authorization, server_nonces()) {
                Verdict::Challenge { headers } | Verdict::Refused { headers, .. } => {
                    Response::new(401, headers, Bytes::new())
                }
                Verdict::Accepted { headers, .. } => {
                    let content_type = request.header("Content-Type").unwrap_or_default();
                    drop(acceptor.open(content_type, request.body.clone()));
                    let (body, content_type) = acceptor.answer(Bytes::copy_from_slice(rest));
                    let headers = headers.into_iter().chain([("Content-Type", content_type.to_owned())]);
                    Response::new(200, headers, body)
                }
            }
        } else {
            let end = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
            let headers = rest[..end].split(|byte| *byte == b'\n').filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
            });
            let body = rest.get(end + 2..).unwrap_or_default();
            Response::new(STATUSES[usize::from(first) % 8], headers, Bytes::copy_from_slice(body))
        };
        match connection.receive(response) {
            Ok(Step::Send(next)) => request = next,
            Ok(Step::Reply(_)) => match connection.send(Bytes::from_static(b"<s:Envelope/>")) {
                Ok(next) => request = next,
                Err(_) => return,
            },
            Ok(Step::Reconnect(_)) | Err(_) => return,
        }
    }
}
