//! A TLS peer that answers as it is told, and remembers what it was asked. It shares no code with winrm-host, so
//! that it can do what no host does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Connections count from 1.
    pub(crate) connection: usize,
    /// Header fields as they were written, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A complete HTTP answer.
    Http { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// These bytes, and the connection stays open.
    Raw(Vec<u8>),
    /// These bytes, and the connection ends.
    RawThenClose(Vec<u8>),
    /// These bytes, then this one for ever.
    Endless { head: Vec<u8>, filler: Vec<u8> },
    /// These bytes one by one, each after a pause.
    Drip { bytes: Vec<u8>, pause: Duration },
    /// Nothing, for ever.
    Silence,
}

/// What is wrong with the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    Expired,
    NotYetValid,
    OtherName,
}

pub(crate) struct Peer {
    address: SocketAddr,
    ca_pem: String,
    leaf: Vec<u8>,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: JoinHandle<()>,
}

impl Peer {
    /// Starts a peer for `localhost` whose answers a function chooses.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_certificate(Certificate::Good, answer).await
    }

    pub(crate) async fn with_certificate(
        certificate: Certificate,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (config, ca_pem, leaf) = server_config(certificate);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let answer = Arc::new(answer);
        let accepting = tokio::spawn(async move {
            let mut connection = 0;
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                connection += 1;
                let (acceptor, answer, log) = (acceptor.clone(), answer.clone(), log.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(tcp).await {
                        serve(stream, connection, &*answer, &log).await;
                    }
                });
            }
        });
        Self { address, ca_pem, leaf, asked, accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn ca_pem(&self) -> &[u8] {
        self.ca_pem.as_bytes()
    }

    /// The server's certificate in DER.
    pub(crate) fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests carried this action.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.asked().iter().filter(|asked| asked.action() == action).count()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The last part of the action's URI, or nothing for a request without an envelope.
    pub(crate) fn action(&self) -> &str {
        let Some((_, rest)) = self.body.split_once(":Action") else { return "" };
        let uri = rest.split_once('>').and_then(|(_, rest)| rest.split_once('<')).map_or("", |(uri, _)| uri);
        uri.rsplit('/').next().unwrap_or("")
    }
}

impl Answer {
    /// A SOAP answer.
    pub(crate) fn soap(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, "application/soap+xml;charset=UTF-8", body)
    }

    pub(crate) fn status(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Http { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }
}

async fn serve(
    mut stream: TlsStream<tokio::net::TcpStream>,
    connection: usize,
    answer: &(dyn Fn(&Asked) -> Answer + Send + Sync),
    log: &Mutex<Vec<Asked>>,
) {
    let mut buffer = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut buffer, connection).await {
        log.lock().unwrap().push(asked.clone());
        let written = match answer(&asked) {
            Answer::Http { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).await
            }
            Answer::Raw(bytes) => stream.write_all(&bytes).await,
            Answer::RawThenClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Endless { head, filler } => {
                let mut written = stream.write_all(&head).await;
                while written.is_ok() {
                    written = stream.write_all(&filler).await;
                }
                return;
            }
            Answer::Drip { bytes, pause } => {
                for byte in bytes {
                    if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
                Ok(())
            }
            Answer::Silence => std::future::pending().await,
        };
        if written.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read_request(
    stream: &mut TlsStream<tokio::net::TcpStream>,
    buffer: &mut Vec<u8>,
    connection: usize,
) -> Option<Asked> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().unwrap();
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&buffer[head_end..head_end + length]).into_owned();
    buffer.drain(..head_end + length);
    Some(Asked { connection, headers, body })
}

fn server_config(certificate: Certificate) -> (ServerConfig, String, Vec<u8>) {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let name = if certificate == Certificate::OtherName { "web-02.corp.example" } else { "localhost" };
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    match certificate {
        Certificate::Expired => leaf.not_after = date_time_ymd(2020, 1, 2),
        Certificate::NotYetValid => leaf.not_before = date_time_ymd(2090, 1, 2),
        Certificate::Good | Certificate::OtherName => {}
    }
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (config, ca.pem(), leaf.der().to_vec())
}
