//! One TCP connection: handshake, HTTP, authentication, and the answer to each request.

mod act;
mod answer;
mod authentication;
mod misbehave;
mod respond;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::record::{ConnectionId, Event};
use crate::settings::Transport;
use crate::world::World;
use respond::Session;

/// Serves a connection until either side closes it or the host stops.
pub(crate) async fn serve(
    world: Arc<World>,
    stream: TcpStream,
    connection: ConnectionId,
    stop: CancellationToken,
) {
    let record = world.record.clone();
    let served = async {
        // A socket that cannot be set to send at once still works.
        let _delayed = stream.set_nodelay(true);
        if world.choices.transport == Transport::Http {
            world.record.write(Event::Connected { connection, tls: None });
            speak(Session::new(world, connection, None), stream).await;
        } else {
            encrypted(world, stream, connection).await;
        }
    };
    tokio::select! {
        () = served => {}
        () = stop.cancelled() => {}
    }
    record.write(Event::Disconnected { connection });
}

async fn encrypted(world: Arc<World>, stream: TcpStream, connection: ConnectionId) {
    let failed = |reason: String| Event::HandshakeFailed { connection, reason };
    let identity = match world.identities.next() {
        Ok(identity) => identity,
        Err(error) => return world.record.write(failed(error.to_string())),
    };
    let acceptor = tokio_rustls::TlsAcceptor::from(identity.config);
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let tls = stream.get_ref().1.protocol_version().and_then(|version| version.as_str());
            let tls = tls.map(|name| name.replace('_', "."));
            world.record.write(Event::Connected { connection, tls });
            speak(Session::new(world, connection, Some(&identity.der)), stream).await;
        }
        Ok(Err(error)) => world.record.write(failed(error.to_string())),
        Err(_elapsed) => world.record.write(failed("the client did not finish the handshake".to_owned())),
    }
}

/// Speaks HTTP/1.1. A misbehaviour that HTTP cannot express takes the bare stream over from hyper.
async fn speak<S>(session: Session, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let session = Arc::new(session);
    let service = service_fn(|request| Box::pin(respond::respond(Arc::clone(&session), request)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .title_case_headers(true)
        .max_buf_size(HEADER_LIMIT);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    let taken = tokio::select! {
        biased;
        taken = session.taken_over() => Some(taken),
        // How the connection ended is the client's business; the record says that it did.
        _ended = poll_fn(|context| connection.poll_without_shutdown(context)) => None,
    };
    let mut stream = connection.into_parts().io.into_inner();
    if let Some(taken) = taken {
        act::perform(taken, &mut stream).await;
    }
    let _closed = stream.shutdown().await;
}

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may stay silent before and within a request's header. HTTP.sys closes after two minutes.
const IDLE: Duration = Duration::from_secs(120);
/// Bytes of a request's header, and of the buffer that reads a body. An NTLM token has to fit into it.
const HEADER_LIMIT: usize = 64 * 1024;
