//! Tunnels through an HTTP proxy.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use winrm::{Cause, Client, NoProxy, Proxy, ProxyError, ShellOptions};
use winrm_host::Host;

use crate::support::{PATIENCE, config, run, shell, simulate};

/// A proxy that remembers what it was asked, and answers with this unless it is empty; then it opens the tunnel.
struct Peer {
    authority: String,
    asked: Arc<Mutex<Vec<String>>>,
    tunnels: Arc<AtomicUsize>,
}

impl Peer {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (asked, tunnels) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let peer = Self { authority, asked: asked.clone(), tunnels: tunnels.clone() };
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, answer, asked.clone(), tunnels.clone()));
            }
        });
        peer
    }

    fn proxy(&self) -> Proxy {
        Proxy::parse(&format!("http://svc:canary@{}", self.authority)).unwrap()
    }
}

/// Whether the error is the one for the answer.
type Expected = fn(&ProxyError) -> bool;

async fn serve(
    mut client: TcpStream,
    answer: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
    tunnels: Arc<AtomicUsize>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
    let request = String::from_utf8(request).unwrap();
    let target = request.split(' ').nth(1).unwrap().to_owned();
    asked.lock().unwrap().push(request);
    if !answer.is_empty() {
        client.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    let mut host = TcpStream::connect(target).await.unwrap();
    client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 it\r\n\r\n").await.unwrap();
    tunnels.fetch_add(1, Ordering::Relaxed);
    let _copied = copy_bidirectional(&mut client, &mut host).await;
}

#[tokio::test]
async fn a_command_runs_through_a_tunnel() {
    let peer = Peer::start("").await;
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.proxy = Some(peer.proxy());
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    assert_eq!(run(&shell, simulate("exit 3")).await.unwrap().exit_code, Some(3));
    let _left = client.shutdown(PATIENCE).await;

    assert!(peer.tunnels.load(Ordering::Relaxed) >= 1);
    let asked = peer.asked.lock().unwrap().first().cloned().unwrap();
    let expected = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nProxy-Authorization: Basic ", host.addr());
    assert!(asked.starts_with(&expected), "{asked}");
}

#[tokio::test]
async fn exceptions_go_straight() {
    let peer = Peer::start("").await;
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.proxy = Some(peer.proxy().except(NoProxy::parse("127.0.0.0/8")));
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    assert!(run(&shell, simulate("exit 0")).await.is_ok());
    assert!(peer.asked.lock().unwrap().is_empty());
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_named() {
    let host = Host::builder().start().await.unwrap();
    let cases: [(&str, Expected); 5] = [
        ("HTTP/1.1 407 No\r\n\r\n", |error| matches!(error, ProxyError::AccountRefused { .. })),
        ("HTTP/1.1 403 No\r\n\r\n", |error| matches!(error, ProxyError::Refused { status: 403, .. })),
        ("220 smtp\r\n\r\n", |error| matches!(error, ProxyError::NotAProxy { .. })),
        ("HTTP/1.1 200 OK\r\n\r\nsurprise", |error| matches!(error, ProxyError::NotAProxy { .. })),
        ("HTTP/1.1 200", |error| matches!(error, ProxyError::Closed { .. })),
    ];
    for (answer, expected) in cases {
        let peer = Peer::start(answer).await;
        let mut config = config(&host);
        config.proxy = Some(peer.proxy());
        config.retries = 0;
        let client = Client::new(&config).unwrap();
        let error = client.open_shell(ShellOptions::default()).await.unwrap_err();
        match error.cause() {
            Cause::Proxy(cause) if expected(cause) => {}
            other => panic!("{answer:?}: {other:?}"),
        }
        assert!(!format!("{error} {error:?} {config:?}").contains("canary"));
    }
    assert!(host.record().entries().is_empty());
}
