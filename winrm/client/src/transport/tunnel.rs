//! A tunnel through an HTTP proxy.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::{ConnectError, tcp};
use crate::{endpoint::Endpoint, proxy::Proxy};

/// Why there is no tunnel through the proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// The proxy was not reached.
    #[error("the proxy was not reached: {0}")]
    Connect(ConnectError),
    /// The proxy wants another account, or one at all.
    #[error("the proxy {proxy} wants a user name and password of its own (407)")]
    AccountRefused {
        /// Its address.
        proxy: String,
    },
    /// The proxy does not open the tunnel.
    #[error("the proxy {proxy} refused the tunnel to {target} with HTTP status {status}")]
    Refused {
        /// Its address.
        proxy: String,
        /// Where the tunnel was to lead.
        target: String,
        /// What it answered.
        status: u16,
    },
    /// The answer is not HTTP, too long, or followed by bytes that nobody asked for.
    #[error("the proxy {proxy} did not answer as an HTTP proxy does")]
    NotAProxy {
        /// Its address.
        proxy: String,
    },
    /// The proxy closed the connection.
    #[error("the proxy {proxy} closed the connection")]
    Closed {
        /// Its address.
        proxy: String,
    },
    /// The proxy did not answer in time.
    #[error("the proxy {proxy} did not answer in time")]
    TimedOut {
        /// Its address.
        proxy: String,
    },
}

/// A connection to `target` through the proxy, which also resolves the name.
pub(crate) async fn open(
    proxy: &Proxy,
    target: &Endpoint,
    deadline: Instant,
) -> Result<TcpStream, ProxyError> {
    let address = proxy.address();
    let host = address.host();
    let to = tcp::Destination { host: &host, address: address.address(), port: address.port() };
    let mut tcp = tcp::connect(to, deadline).await.map_err(ProxyError::Connect)?;
    match timeout_at(deadline, ask(&mut tcp, proxy, target)).await {
        Ok(opened) => opened.map(|()| tcp),
        Err(_) => Err(ProxyError::TimedOut { proxy: proxy.authority() }),
    }
}

async fn ask(tcp: &mut TcpStream, proxy: &Proxy, target: &Endpoint) -> Result<(), ProxyError> {
    let closed = |_| ProxyError::Closed { proxy: proxy.authority() };
    let authority = target.authority();
    let mut request =
        zeroize::Zeroizing::new(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"));
    if let Some(authorization) = proxy.authorization() {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    tcp.write_all(request.as_bytes()).await.map_err(closed)?;

    let mut answer = Vec::with_capacity(1024);
    loop {
        if tcp.read_buf(&mut answer).await.map_err(closed)? == 0 {
            return Err(ProxyError::Closed { proxy: proxy.authority() });
        }
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        match (end, status(&answer)) {
            (Some(_), Some(407)) => return Err(ProxyError::AccountRefused { proxy: proxy.authority() }),
            // Whoever is behind the tunnel speaks after us, so nothing follows the answer yet.
            (Some(end), Some(200..=299)) if end.saturating_add(4) == answer.len() => return Ok(()),
            (Some(_), Some(status @ (100..=199 | 300..))) => {
                return Err(ProxyError::Refused { proxy: proxy.authority(), target: authority, status });
            }
            (None, _) if answer.len() < LONGEST_ANSWER => {}
            _ => return Err(ProxyError::NotAProxy { proxy: proxy.authority() }),
        }
    }
}

/// The status of `HTTP/1.1 200 …`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(line.get(2..5)?).ok()?.parse().ok()
}

const LONGEST_ANSWER: usize = 16 * 1024;
