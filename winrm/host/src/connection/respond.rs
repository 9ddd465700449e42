//! The walk of one HTTP request.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE, TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{Method, Request as HttpRequest, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::Incoming;
use tokio::sync::Notify;
use winrm_proto::connection::BodyError;

use super::act::Taken;
use super::answer::Answer;
use super::authentication::{Authentication, Verdict, scheme};
use crate::record::{ConnectionId, Event, Operation, Request};
use crate::service::Asked;
use crate::world::World;

/// What the requests of one connection share.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) world: Arc<World>,
    pub(super) connection: ConnectionId,
    authentication: Mutex<Authentication>,
    /// The answer before, to be replayed.
    last: Mutex<Option<Answer>>,
    taken: Mutex<Option<Taken>>,
    taking: Notify,
}

impl Session {
    pub(super) fn new(world: Arc<World>, connection: ConnectionId, leaf: Option<&[u8]>) -> Self {
        let authentication = Mutex::new(Authentication::new(&world, leaf));
        Self {
            world,
            connection,
            authentication,
            last: Mutex::default(),
            taken: Mutex::default(),
            taking: Notify::new(),
        }
    }

    /// Completes when a misbehaviour wants the bare stream.
    pub(super) async fn taken_over(&self) -> Taken {
        loop {
            self.taking.notified().await;
            if let Some(taken) = self.taken.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return taken;
            }
        }
    }

    /// The answer before, as it went out.
    pub(super) fn last(&self) -> Option<Answer> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands the bare stream to a misbehaviour. The request's own future never completes.
    pub(super) async fn take_over(&self, taken: Taken) -> Infallible {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        self.taking.notify_one();
        std::future::pending().await
    }
}

/// Answers one request.
pub(super) async fn respond(
    session: Arc<Session>,
    request: HttpRequest<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = answer(&session, request).await;
    *session.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
    let (status, size) = (answer.status.as_u16(), answer.body.len());
    session.world.record.write(Event::Answered { connection: session.connection, status, size });
    Ok(answer.into_response())
}

async fn answer(session: &Session, request: HttpRequest<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    if let Some(refusal) = unacceptable(&head) {
        session.record_request(&head, None, 0);
        return refusal;
    }
    let limit = session.world.choices.quotas.max_envelope_size + SEALING;
    let Ok(body) = Limited::new(body, limit).collect().await.map(Collected::to_bytes) else {
        session.record_request(&head, None, limit);
        return Answer::empty(StatusCode::PAYLOAD_TOO_LARGE).closing();
    };
    let size = body.len();
    let (verdict, event) = session.authentication().judge(session.connection, &head.headers);
    let envelope = match &verdict {
        Verdict::Known(..) => session.authentication().open(&head.headers, body),
        Verdict::Challenge(_) | Verdict::Unknown | Verdict::Refused => Ok(body),
    };
    let asked = envelope.as_ref().ok().map(Asked::read);
    session.record_request(&head, asked.as_ref(), size);
    if let Some(event) = event {
        session.world.record.write(event);
    }
    let asked = match (envelope, asked) {
        (Ok(_), Some(asked)) => asked,
        (Err(error), _) => return session.unopened(&error),
        (Ok(_), None) => return Answer::empty(StatusCode::BAD_REQUEST).closing(),
    };
    match session.world.armed.due(asked.operation()) {
        None => session.answer_truly(&head, verdict, asked, None).await,
        Some(act) => session.misbehave(&head, verdict, asked, act).await,
    }
}

impl Session {
    fn record_request(&self, head: &Parts, asked: Option<&Asked>, size: usize) {
        self.world.record.write(Event::Request(Request {
            connection: self.connection,
            method: head.method.to_string(),
            path: head.uri.to_string(),
            scheme: scheme(&head.headers),
            operation: asked.map_or(Operation::Unreadable, Asked::operation),
            action: asked.and_then(Asked::action),
            size,
            cookie: cookie(head),
        }));
    }

    fn authentication(&self) -> MutexGuard<'_, Authentication> {
        self.authentication.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a body that may not or cannot be opened. A message that should have been sealed looks to the
    /// client like a refused credential, as with `AllowUnencrypted=false`.
    fn unopened(&self, error: &BodyError) -> Answer {
        let reason = error.to_string();
        self.world.record.write(Event::Refused { connection: self.connection, scheme: None, reason });
        match error {
            BodyError::NotSealed => self.refusal().closing(),
            BodyError::NoKeys | BodyError::Seal(_) => Answer::empty(StatusCode::BAD_REQUEST).closing(),
        }
    }

    /// The answer that Windows would give, but for what a misbehaviour wants of the service.
    pub(super) async fn answer_truly(
        &self,
        head: &Parts,
        verdict: Verdict,
        asked: Asked,
        stray: Option<i32>,
    ) -> Answer {
        match verdict {
            Verdict::Known(user, token) => {
                let answer = match asked {
                    Asked::Nothing => Answer::empty(StatusCode::OK),
                    asked => self.perform(&user, asked, stray).await,
                };
                let answer = self.with_cookie(answer);
                token.into_iter().fold(answer, |answer, token| answer.header(WWW_AUTHENTICATE, token))
            }
            Verdict::Unknown if asked.operation() == Operation::Identify && anonymous_identify(head) => {
                self.perform("", asked, stray).await
            }
            Verdict::Challenge(token) => {
                Answer::empty(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, token)
            }
            Verdict::Unknown => self.refusal().closing(),
            Verdict::Refused => self.refusal(),
        }
    }

    async fn perform(&self, user: &str, asked: Asked, stray: Option<i32>) -> Answer {
        let (status, envelope) = self.world.perform(user, asked, stray).await;
        self.sealed(status, envelope)
    }

    fn with_cookie(&self, answer: Answer) -> Answer {
        let cookie =
            self.world.choices.cookie.as_ref().map(|value| format!("MS-WSMAN={value}; path=/; HttpOnly"));
        let cookie = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok());
        cookie.into_iter().fold(answer, |answer, cookie| answer.header(SET_COOKIE, cookie))
    }

    pub(super) fn sealed(&self, status: StatusCode, envelope: Bytes) -> Answer {
        let (body, content_type) = self.authentication().seal(envelope);
        Answer::with_body(status, content_type, body)
    }

    /// 401 with the schemes on offer.
    pub(super) fn refusal(&self) -> Answer {
        let offered = &self.world.choices.offered;
        offered.iter().fold(Answer::empty(StatusCode::UNAUTHORIZED), |answer, scheme| {
            answer.header(WWW_AUTHENTICATE, HeaderValue::from_static(scheme.offer()))
        })
    }
}

/// Refuses what HTTP.sys and WinRM refuse before they look at a body.
fn unacceptable(head: &Parts) -> Option<Answer> {
    if head.uri.path() != "/wsman" && !head.uri.path().starts_with("/wsman/") {
        return Some(Answer::html(StatusCode::NOT_FOUND, NOT_FOUND).closing());
    }
    if head.method != Method::POST {
        let answer = Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        return Some(answer.header(ALLOW, HeaderValue::from_static("POST")).closing());
    }
    if head.headers.contains_key(TRANSFER_ENCODING) {
        return Some(Answer::empty(StatusCode::INTERNAL_SERVER_ERROR).closing());
    }
    let typed = head.headers.get(CONTENT_TYPE).is_none_or(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        CONTENT_TYPES.iter().any(|accepted| value.starts_with(accepted.as_bytes()))
    });
    (!typed).then(|| Answer::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE).closing())
}

fn cookie(head: &Parts) -> Option<String> {
    head.headers.get(COOKIE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether the client asks who is there without saying who it is.
fn anonymous_identify(head: &Parts) -> bool {
    head.headers
        .get("WSMANIDENTIFY")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"unauthenticated"))
}

/// What a sealed body is longer than its envelope.
const SEALING: usize = 4096;
const CONTENT_TYPES: [&str; 3] =
    ["application/soap+xml", "multipart/encrypted", "multipart/x-multi-encrypted"];
const NOT_FOUND: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
    <HTML><HEAD><TITLE>Not Found</TITLE></HEAD>\r\n\
    <BODY><h2>Not Found</h2>\r\n<hr><p>HTTP Error 404. The requested resource is not found.</p>\r\n</BODY></HTML>\r\n";
