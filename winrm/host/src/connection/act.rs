//! Misbehaviours that HTTP cannot express, performed on the bare stream.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::answer::Answer;
use crate::misbehaviour::Act;

/// What to do with a stream that was taken from hyper.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing; it is closed.
    Close,
    /// Nothing; it stays open until the host stops or the client goes, which nobody looks for.
    Hang,
    /// Write these bytes, then close.
    Write(Bytes),
    /// Write these bytes one by one, then close.
    Drip(Bytes, Duration),
    /// Write the first, then the second again and again until the client stops reading.
    Endless(&'static [u8], &'static [u8]),
}

/// What a misbehaviour makes of a request that was not performed: an answer, or the bare stream.
pub(super) enum Instead {
    Answer(Answer),
    Take(Taken),
}

/// Turns an act that replaces the answer into what is sent. Acts that need the connection or the service for it, and
/// those that tamper with a true answer, are not its business.
pub(super) fn instead(act: Act) -> Option<Instead> {
    let take = |taken| Some(Instead::Take(taken));
    let answer = |answer| Some(Instead::Answer(answer));
    match act {
        Act::Close => take(Taken::Close),
        Act::Hang => take(Taken::Hang),
        Act::Raw(bytes) => take(Taken::Write(bytes)),
        Act::EndlessHeader => take(Taken::Endless(b"HTTP/1.1 200 OK\r\n", ENDLESS_FIELD)),
        Act::EndlessBody => take(Taken::Endless(ENDLESS_BODY, ENDLESS_FIELD)),
        Act::HtmlUnavailable => answer(Answer::html(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)),
        Act::Redirect(location) => {
            let location = http::HeaderValue::from_str(&location).ok()?;
            answer(Answer::empty(StatusCode::FOUND).header(http::header::LOCATION, location))
        }
        Act::Reply { status, headers, body } => {
            let mut reply = Answer::empty(StatusCode::from_u16(status).ok()?);
            reply.body = body;
            for (name, value) in headers {
                reply
                    .headers
                    .append(http::HeaderName::try_from(name).ok()?, http::HeaderValue::try_from(value).ok()?);
            }
            answer(reply)
        }
        Act::Envelope(_)
        | Act::Output(_)
        | Act::Refuse
        | Act::Replay
        | Act::Corrupt
        | Act::Fault(_)
        | Act::PerformAndClose
        | Act::CloseMidBody
        | Act::Drip(_)
        | Act::CloseAfterAnswer
        | Act::StrayExitCode(_) => None,
    }
}

/// Does it. The client may go away in the middle, which ends it.
pub(super) async fn perform(taken: Taken, stream: &mut (impl AsyncWrite + Unpin)) {
    // The client's departure is one of the expected ends.
    let _gone = match taken {
        Taken::Close => Ok(()),
        Taken::Hang => std::future::pending().await,
        Taken::Write(bytes) => write(stream, &bytes).await,
        Taken::Drip(bytes, pause) => drip(stream, &bytes, pause).await,
        Taken::Endless(begin, again) => endless(stream, begin, again).await.map(|never| match never {}),
    };
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes.chunks(1) {
        write(stream, byte).await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

async fn endless(
    stream: &mut (impl AsyncWrite + Unpin),
    begin: &[u8],
    again: &[u8],
) -> io::Result<Infallible> {
    stream.write_all(begin).await?;
    loop {
        write(stream, again).await?;
    }
}

const UNAVAILABLE: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
    <HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD>\r\n\
    <BODY><h2>Service Unavailable</h2>\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n</BODY></HTML>\r\n";
const ENDLESS_BODY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n\
    Content-Length: 9007199254740991\r\n\r\n<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>";
const ENDLESS_FIELD: &[u8] =
    b"X-Padding: pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\r\n";
