//! An HTTP answer before it is sent, so that a misbehaviour can still do something to it.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SERVER};
use http::{Response, StatusCode};
use http_body_util::Full;

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// An answer without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(SERVER, HeaderValue::from_static("Microsoft-HTTPAPI/2.0"));
        Self { status, headers, body: Bytes::new() }
    }

    /// An answer that carries a page for humans.
    pub(super) fn html(status: StatusCode, page: &'static str) -> Self {
        Self::with_body(status, "text/html; charset=us-ascii", Bytes::from_static(page.as_bytes()))
    }

    pub(super) fn with_body(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let mut answer = Self::empty(status).header(CONTENT_TYPE, HeaderValue::from_static(content_type));
        answer.body = body;
        answer
    }

    /// Adds a header field; one of the same name stays.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Announces that the connection closes behind this answer.
    pub(super) fn closing(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The answer as bytes, for a misbehaviour that writes them itself.
    pub(super) fn into_bytes(self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(512 + self.body.len());
        let status = self.status;
        let reason = status.canonical_reason().unwrap_or_default();
        bytes.put_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
        for (name, value) in &self.headers {
            bytes.put_slice(name.as_str().as_bytes());
            bytes.put_slice(b": ");
            bytes.put_slice(value.as_bytes());
            bytes.put_slice(b"\r\n");
        }
        bytes.put_slice(format!("{CONTENT_LENGTH}: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.put_slice(&self.body);
        bytes.freeze()
    }
}
