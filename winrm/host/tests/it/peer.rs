//! A client that is no more than the protocol: one connection, one request at a time, nothing repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use uuid::Uuid;
use winrm_host::Host;
use winrm_proto::auth::ntlm::{FileTime, Nonces};
use winrm_proto::auth::{ChannelBinding, Credential, Protection, Scheme, ServiceName, UserName};
use winrm_proto::connection::{Connection, Learned, Request as HttpRequest, Response, Settings, Step};
use winrm_proto::winrs::{
    Command, CommandId, CreateShell, Delete, Receive, ReceiveResponse, ShellReference, Signal, SignalCode,
    StreamName, StreamSet,
};
use winrm_proto::wsman::{
    Answer, Fault, Incoming, MessageId, Preamble, Request, ResourceUri, SessionId, Target,
};
use winrm_proto::xml::Limits;

/// One authenticated connection to a host.
pub(crate) struct Peer {
    http: SendRequest<Full<Bytes>>,
    connection: Connection,
    pub(crate) preamble: Preamble,
}

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit_code: i32,
}

/// How a peer goes about it.
pub(crate) struct Manner {
    pub(crate) schemes: Vec<Scheme>,
    pub(crate) binding: Binding,
    pub(crate) password: Option<&'static str>,
}

/// Which channel binding the peer's proof carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    Right,
    Absent,
    /// That of another certificate.
    Wrong,
    /// No TLS: the messages are sealed.
    Sealed,
    /// No TLS, and no seal either.
    Bare,
}

impl Default for Manner {
    fn default() -> Self {
        Self { schemes: vec![Scheme::Negotiate], binding: Binding::Right, password: None }
    }
}

impl Peer {
    pub(crate) async fn of(host: &Host) -> Self {
        Self::with(host, Manner::default()).await
    }

    /// A peer for another account than the first.
    pub(crate) async fn as_user(host: &Host, user: &str, password: &'static str) -> Self {
        Self::begin(host, user, Manner { password: Some(password), ..Manner::default() }).await
    }

    pub(crate) async fn with(host: &Host, manner: Manner) -> Self {
        Self::begin(host, host.user(), manner).await
    }

    async fn begin(host: &Host, user: &str, manner: Manner) -> Self {
        let (http, protection) = if manner.binding == Binding::Sealed {
            (open_plain(host).await, Protection::Seal)
        } else if manner.binding == Binding::Bare {
            (open_plain(host).await, Protection::Tls { channel_binding: None })
        } else {
            let (http, leaf) = open(host).await;
            let channel_binding = match manner.binding {
                Binding::Right => ChannelBinding::from_certificate(&leaf).unwrap(),
                Binding::Absent | Binding::Sealed | Binding::Bare => None,
                Binding::Wrong => {
                    let ca = CertificateDer::from_pem_slice(host.ca_pem().as_bytes()).unwrap();
                    ChannelBinding::from_certificate(&ca).unwrap()
                }
            };
            (http, Protection::Tls { channel_binding })
        };
        let password = manner.password.map_or_else(|| host.password().clone(), Into::into);
        let settings = Settings {
            credential: Credential::new(UserName::parse(user).unwrap(), password),
            schemes: manner.schemes,
            target: ServiceName::http("localhost").unwrap(),
            protection,
            max_response: 8 << 20,
            learned: Learned::default(),
        };
        let now = FileTime::from_unix(Duration::from_secs(1_795_255_200));
        let nonces =
            Nonces::new(*Uuid::new_v4().as_bytes().first_chunk().unwrap(), *Uuid::new_v4().as_bytes(), now);
        let session_id = SessionId::from_uuid(Uuid::new_v4());
        let preamble = Preamble::new(format!("https://{}/wsman", host.addr()), session_id);
        Self { http, connection: Connection::new(settings, nonces).unwrap(), preamble }
    }

    /// Sends an envelope, through as many tokens as it takes.
    pub(crate) async fn post(&mut self, envelope: Bytes) -> Result<(u16, Bytes), String> {
        let mut request = self.connection.send(envelope).map_err(|error| error.to_string())?;
        loop {
            let response = exchange(&mut self.http, request).await.map_err(|error| error.to_string())?;
            match self.connection.receive(response).map_err(|error| error.to_string())? {
                Step::Send(next) => request = next,
                Step::Reply(reply) => return Ok((reply.status, reply.body)),
                Step::Reconnect(_) => return Err("reconnect".to_owned()),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn call<R: Request>(
        &mut self,
        target: &Target,
        request: &R,
    ) -> Result<R::Response, Box<Fault>> {
        let id = MessageId::from_uuid(Uuid::new_v4());
        let envelope = self.preamble.request(target, request, id.clone()).unwrap();
        let (status, body) = self.post(envelope).await.unwrap();
        let Answer { header, body } = Incoming::answer::<R::Response>(&body, &Limits::default()).unwrap();
        assert_eq!(header.relates_to, Some(id));
        assert_eq!(status == 200, body.is_ok());
        body
    }

    pub(crate) async fn shell(&mut self) -> ShellReference {
        self.call(&ResourceUri::CMD.into(), &CreateShell::cmd()).await.unwrap().shell
    }

    pub(crate) async fn start(&mut self, shell: &ShellReference, line: &str) -> CommandId {
        let command = Command { command: line.to_owned(), ..Command::default() };
        self.call(&shell.target(), &command).await.unwrap().command_id
    }

    pub(crate) async fn receive(
        &mut self,
        shell: &ShellReference,
        command: &CommandId,
    ) -> Result<ReceiveResponse, Box<Fault>> {
        let desired = StreamSet::parse("stdout stderr");
        self.call(&shell.target(), &Receive { command_id: Some(command.clone()), desired }).await
    }

    pub(crate) async fn signal(
        &mut self,
        shell: &ShellReference,
        command: &CommandId,
        code: SignalCode,
    ) -> Result<(), Box<Fault>> {
        let signal = Signal { command_id: Some(command.clone()), code };
        self.call(&shell.target(), &signal).await.map(drop)
    }

    pub(crate) async fn delete(&mut self, shell: &ShellReference) {
        self.call(&shell.target(), &Delete).await.unwrap();
    }

    /// Collects a command's output up to its end.
    pub(crate) async fn collect(&mut self, shell: &ShellReference, command: &CommandId) -> Outcome {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            let response = self.receive(shell, command).await.unwrap();
            for stream in &response.streams {
                let to = if stream.name == StreamName::Stderr { &mut stderr } else { &mut stdout };
                to.extend_from_slice(&stream.data);
            }
            if let Some(state) = response.done() {
                let text = |bytes| String::from_utf8(bytes).unwrap();
                let exit_code = state.exit_code.unwrap();
                return Outcome { stdout: text(stdout), stderr: text(stderr), exit_code };
            }
        }
    }

    pub(crate) async fn run(&mut self, shell: &ShellReference, line: &str) -> Outcome {
        let command = self.start(shell, line).await;
        let outcome = self.collect(shell, &command).await;
        self.signal(shell, &command, SignalCode::Terminate).await.unwrap();
        outcome
    }
}

/// A TLS connection that nobody has authenticated, and the leaf that it showed.
pub(crate) async fn open(host: &Host) -> (SendRequest<Full<Bytes>>, Vec<u8>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(host.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(host.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let leaf = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let (http, driver) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(driver);
    (http, leaf)
}

/// A plain connection.
async fn open_plain(host: &Host) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(host.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (http, driver) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(driver);
    http
}

async fn exchange(
    http: &mut SendRequest<Full<Bytes>>,
    request: HttpRequest,
) -> Result<Response, hyper::Error> {
    let mut built = http::Request::post("/wsman").header("Host", "localhost");
    for (name, value) in &request.headers {
        built = built.header(*name, value);
    }
    let response = http.send_request(built.body(Full::new(request.body)).unwrap()).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::new(head.status.as_u16(), head.headers.iter(), body))
}

/// The code of the fault that a request came to.
pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, Box<Fault>>) -> u32 {
    answer.unwrap_err().wsman_code().unwrap()
}
