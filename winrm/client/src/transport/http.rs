//! One HTTP/1.1 connection: requests go out one after the other, nothing is ever sent twice, and closure is
//! an error. Pooled clients hand requests to connections that were never authenticated; this cannot.

use std::{error::Error as _, future::poll_fn, io, pin::Pin, task::Poll};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use winrm_proto::connection;

use super::stream::{Sent, Stream};

/// Why a request got no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The peer closed the connection before its answer was complete.
    #[error("the server closed the connection before its answer was complete")]
    Closed,
    /// The network failed.
    #[error("the network failed ({0})")]
    Io(io::ErrorKind),
    /// No complete answer came until the deadline.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The answer was not HTTP/1.1.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The header section is larger than any WinRM service's.
    #[error("the answer's header section is too large")]
    HeaderTooLarge,
    /// The body is larger than the envelope that was asked for.
    #[error("the answer's body is larger than {limit} bytes")]
    BodyTooLarge {
        /// How many bytes would have been taken.
        limit: usize,
    },
    /// A header to send holds what HTTP cannot carry. A bug on this side.
    #[error("a request header cannot be sent")]
    Header,
}

/// Where requests go: the parts of each request that do not change on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) authority: String,
    pub(crate) path: String,
    /// The largest body that is taken, in bytes.
    pub(crate) body_limit: usize,
}

/// The connection.
pub(crate) struct Http {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Driver>,
    sent: Sent,
    host: HeaderValue,
    target: Target,
}

type Driver = Pin<Box<http1::Connection<TokioIo<Stream>, Full<Bytes>>>>;

impl Http {
    pub(crate) async fn new(stream: Stream, target: Target) -> Result<Self, HttpError> {
        let host = HeaderValue::from_str(&target.authority).map_err(|_| HttpError::Header)?;
        let sent = stream.sent();
        let (sender, driver) = http1::Builder::new()
            .writev(false)
            .max_buf_size(MAX_BUFFER)
            .max_header_size(MAX_HEADER_SECTION)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| HttpError::from_hyper(&error))?;
        Ok(Self { sender, driver: Some(Box::pin(driver)), sent, host, target })
    }

    /// How many bytes have left on this connection.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.sent.bytes()
    }

    /// Sends one POST and reads the whole answer. After an error the connection is of no further use.
    pub(crate) async fn post(
        &mut self,
        request: connection::Request,
        deadline: Instant,
    ) -> Result<Response<Bytes>, HttpError> {
        let request = self.complete(request)?;
        let limit = self.target.body_limit;
        let (sender, driver) = (&mut self.sender, &mut self.driver);
        let mut conversation = Box::pin(async {
            sender.ready().await.map_err(|error| HttpError::from_hyper(&error))?;
            let sent = sender.try_send_request(request).await;
            let response = sent.map_err(|error| HttpError::from_hyper(error.error()))?;
            let (head, body) = response.into_parts();
            let body = whole(body, limit).await?;
            Ok(Response::from_parts(head, body))
        });
        let driven = poll_fn(|cx| {
            if let Some(connection) = driver
                && connection.as_mut().poll(cx).is_ready()
            {
                *driver = None;
            }
            conversation.as_mut().poll(cx)
        });
        timeout_at(deadline, driven).await.unwrap_or(Err(HttpError::TimedOut))
    }

    /// Ends when the peer closes the idle connection.
    pub(crate) async fn closed(&mut self) {
        let driver = &mut self.driver;
        poll_fn(|cx| match driver {
            Some(connection) => connection.as_mut().poll(cx).map(|_ended| ()),
            None => Poll::Ready(()),
        })
        .await;
        self.driver = None;
    }

    /// Adds the request line and `Host`.
    fn complete(&self, request: connection::Request) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut complete = Request::new(Full::new(request.body));
        *complete.method_mut() = Method::POST;
        *complete.uri_mut() = self.target.path.parse().map_err(|_| HttpError::Header)?;
        let headers = complete.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        for (name, value) in request.headers {
            let mut value = HeaderValue::try_from(value).map_err(|_| HttpError::Header)?;
            value.set_sensitive(name.eq_ignore_ascii_case("authorization"));
            headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::Header)?, value);
        }
        Ok(complete)
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("target", &self.target).finish_non_exhaustive()
    }
}

impl HttpError {
    fn from_hyper(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            return Self::HeaderTooLarge;
        }
        if error.is_parse() {
            return Self::NotHttp;
        }
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        match io.map(io::Error::kind) {
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe,
            )
            | None => Self::Closed,
            Some(kind) => Self::Io(kind),
        }
    }
}

/// Reads a body to its end. A length that exceeds the limit is refused before a byte of it is read.
async fn whole(mut body: Incoming, limit: usize) -> Result<Bytes, HttpError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(HttpError::BodyTooLarge { limit });
    }
    let mut collected = BytesMut::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::from_hyper(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit.saturating_sub(collected.len()) {
            return Err(HttpError::BodyTooLarge { limit });
        }
        if collected.is_empty() && data.len() == announced {
            return Ok(data);
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

const MAX_HEADER_SECTION: usize = 64 * 1024;
const MAX_BUFFER: usize = 256 * 1024;
