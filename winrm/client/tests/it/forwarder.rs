//! A way to the host that takes time and can be cut.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{broadcast, mpsc},
    time::{Instant, sleep_until},
};

/// Forwards connections, delaying each direction by the same time.
pub(crate) struct Forwarder {
    pub(crate) port: u16,
    cut: broadcast::Sender<()>,
}

impl Forwarder {
    pub(crate) async fn start(host: SocketAddr, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, _) = broadcast::channel(1);
        let cutting = cut.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let host = TcpStream::connect(host).await.unwrap();
                client.set_nodelay(true).unwrap();
                host.set_nodelay(true).unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_host, to_host) = host.into_split();
                tokio::spawn(carry(from_client, to_host, delay, cutting.subscribe()));
                tokio::spawn(carry(from_host, to_client, delay, cutting.subscribe()));
            }
        });
        Self { port, cut }
    }

    /// Ends every connection there is; new ones work.
    pub(crate) fn cut(&self) {
        self.cut.send(()).unwrap();
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: Duration,
    mut cut: broadcast::Receiver<()>,
) {
    let (pieces, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(size @ 1..) = from.read(&mut buffer).await {
            if pieces.send((Instant::now() + delay, buffer[..size].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((at, piece)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ended = cut.recv() => {}
        ((), ()) = async { tokio::join!(reading, writing) } => {}
    }
}
