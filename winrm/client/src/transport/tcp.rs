//! Name resolution and TCP, with a deadline.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

/// Why no TCP connection came about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No address is known for the name.
    #[error("no address is known for {host}")]
    UnknownHost {
        /// The name that was looked up.
        host: String,
    },
    /// The name server did not answer in time.
    #[error("the name {host} was not resolved in time")]
    ResolutionTimedOut {
        /// The name that was looked up.
        host: String,
    },
    /// The host is there, but nothing listens on the port.
    #[error("{address} refused the connection: nothing listens there")]
    Refused {
        /// The address that was tried last.
        address: SocketAddr,
    },
    /// Nobody answered until the connect timeout passed.
    #[error("{address} did not answer in time: the host is down or a firewall drops the packets")]
    TimedOut {
        /// The address that was tried first.
        address: SocketAddr,
    },
    /// The network says that there is no way.
    #[error("{address} cannot be reached ({kind})")]
    Unreachable {
        /// The address that was tried last.
        address: SocketAddr,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
}

/// Where to connect to: a name to resolve, or an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub(crate) host: &'a str,
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u16,
}

/// Connects to the first address that answers, starting one attempt each 250 ms (RFC 8305), with
/// `TCP_NODELAY` set.
pub(crate) async fn connect(to: Destination<'_>, deadline: Instant) -> Result<TcpStream, ConnectError> {
    let mut addresses = resolve(to, deadline).await?.into_iter();
    let first = addresses.next().ok_or_else(|| ConnectError::UnknownHost { host: to.host.to_owned() })?;
    let mut attempts = JoinSet::new();
    attempts.spawn(attempt(first, deadline));
    let mut last = None;
    loop {
        tokio::select! {
            ended = attempts.join_next() => match ended {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => {
                    last = Some(error);
                    if let Some(address) = addresses.next() {
                        attempts.spawn(attempt(address, deadline));
                    }
                }
                Some(Err(_)) => {}
                None => return Err(last.unwrap_or(ConnectError::TimedOut { address: first })),
            },
            () = sleep(ATTEMPT_DELAY), if addresses.len() > 0 => {
                if let Some(address) = addresses.next() {
                    attempts.spawn(attempt(address, deadline));
                }
            }
        }
    }
}

/// The addresses of a destination, IPv6 and IPv4 in turn.
pub(crate) async fn resolve(to: Destination<'_>, deadline: Instant) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Some(address) = to.address {
        return Ok(vec![SocketAddr::new(address, to.port)]);
    }
    let found = timeout_at(deadline, tokio::net::lookup_host((to.host, to.port)))
        .await
        .map_err(|_| ConnectError::ResolutionTimedOut { host: to.host.to_owned() })?
        .map_err(|_| ConnectError::UnknownHost { host: to.host.to_owned() })?;
    let (v6, v4): (Vec<_>, Vec<_>) = found.take(MAX_ADDRESSES).partition(SocketAddr::is_ipv6);
    if v6.is_empty() && v4.is_empty() {
        return Err(ConnectError::UnknownHost { host: to.host.to_owned() });
    }
    let longer = v6.len().max(v4.len());
    Ok((0..longer).flat_map(|i| [v6.get(i), v4.get(i)]).flatten().copied().collect())
}

async fn attempt(address: SocketAddr, deadline: Instant) -> Result<TcpStream, ConnectError> {
    let connected = match timeout_at(deadline, TcpStream::connect(address)).await {
        Ok(connected) => connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)),
        Err(_) => return Err(ConnectError::TimedOut { address }),
    };
    connected.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::Refused { address },
        io::ErrorKind::TimedOut => ConnectError::TimedOut { address },
        kind => ConnectError::Unreachable { address, kind },
    })
}

const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
const MAX_ADDRESSES: usize = 16;
