//! The steps themselves.

use bytes::Bytes;
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::client::TlsStream;
use winrm_proto::{auth::challenge, connection};

use super::{Certificate, Finding, Outcome, Stage, Step};
use crate::{
    client::{Client, Shutdown},
    config::{ClientConfig, ConfigError},
    endpoint::{Endpoint, Transport},
    error::Cause,
    proxy::Proxy,
    shell::ShellOptions,
    transport::{ConnectError, Connector, Http, Stream, Target, Trust, leaf, tcp, tunnel},
};

/// What is known on the way.
struct Probe<'c> {
    config: &'c ClientConfig,
    endpoint: &'c Endpoint,
    host: String,
    proxy: Option<&'c Proxy>,
    steps: Vec<Step>,
}

/// A step failed, and that was written down.
struct Stop;

pub(super) async fn take(config: &ClientConfig) -> Result<Vec<Step>, ConfigError> {
    config.check()?;
    let endpoint = &config.endpoint;
    let tls = match endpoint.transport() {
        Transport::Https => Some(Connector::new(&config.trust, endpoint.server_name()?)?),
        Transport::Http => None,
    };
    let proxy = config.proxy.as_ref().filter(|proxy| proxy.serves(endpoint));
    let mut probe = Probe { config, endpoint, host: endpoint.host(), proxy, steps: Vec::new() };
    let client = Client::new(config)?;
    let _stopped: Result<(), Stop> = probe.walk(tls.as_ref(), &client).await;
    let _left: Shutdown = client.shutdown(config.connect_timeout).await;
    Ok(probe.steps)
}

impl Probe<'_> {
    async fn walk(&mut self, tls: Option<&Connector>, client: &Client) -> Result<(), Stop> {
        if self.proxy.is_none() {
            self.dns().await?;
        }
        let tcp = self.tcp().await?;
        let stream = match tls {
            Some(connector) => Stream::tls(self.tls(connector, tcp).await?),
            None => Stream::plain(tcp),
        };
        self.schemes(stream).await?;
        self.authentication(client).await?;
        self.shell(client).await
    }

    async fn dns(&mut self) -> Result<(), Stop> {
        let began = Instant::now();
        let found = tcp::resolve(self.destination(), self.deadline()).await;
        self.note(Stage::Dns, began, found.map(Finding::Addresses).map_err(Cause::Connect))
    }

    async fn tcp(&mut self) -> Result<TcpStream, Stop> {
        let began = Instant::now();
        let connected = match self.proxy {
            Some(proxy) => tunnel::open(proxy, self.endpoint, self.deadline()).await.map_err(Cause::Proxy),
            None => tcp::connect(self.destination(), self.deadline()).await.map_err(Cause::Connect),
        };
        let reached = connected.and_then(|tcp| match tcp.peer_addr() {
            Ok(address) => Ok((tcp, address)),
            Err(_) => Err(Cause::Connect(ConnectError::UnknownHost { host: self.host.clone() })),
        });
        match reached {
            Ok((tcp, address)) => {
                self.note(Stage::Tcp, began, Ok(Finding::Connected(address)))?;
                Ok(tcp)
            }
            Err(cause) => Err(self.fail(Stage::Tcp, began, cause, None)),
        }
    }

    async fn tls(&mut self, connector: &Connector, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Stop> {
        let began = Instant::now();
        match connector.connect(tcp, self.deadline()).await {
            Ok(tls) => {
                let session = tls.get_ref().1;
                let finding = Finding::Encrypted {
                    version: session.protocol_version().map(|v| format!("{v:?}")).unwrap_or_default(),
                    cipher_suite: session
                        .negotiated_cipher_suite()
                        .map(|suite| format!("{:?}", suite.suite()))
                        .unwrap_or_default(),
                    certificate: leaf(&tls).and_then(|der| Certificate::read(der)).map(Box::new),
                };
                self.note(Stage::Tls, began, Ok(finding))?;
                Ok(tls)
            }
            Err(error) => {
                let presented = self.presented().await.map(Box::new);
                Err(self.fail(Stage::Tls, began, Cause::Tls(error), presented))
            }
        }
    }

    /// The certificate that was not accepted, seen on a connection that is used for nothing else.
    async fn presented(&self) -> Option<Certificate> {
        let deadline = self.deadline();
        let tcp = match self.proxy {
            Some(proxy) => tunnel::open(proxy, self.endpoint, deadline).await.ok()?,
            None => tcp::connect(self.destination(), deadline).await.ok()?,
        };
        let anything = Connector::new(&Trust::anything(), self.endpoint.server_name().ok()?).ok()?;
        let tls = anything.connect(tcp, deadline).await.ok()?;
        leaf(&tls).and_then(|der| Certificate::read(der))
    }

    /// An empty request without a credential, which every WinRM service answers with what it offers.
    async fn schemes(&mut self, stream: Stream) -> Result<(), Stop> {
        let began = Instant::now();
        let found = self.offered(stream).await;
        self.note(Stage::Schemes, began, found)
    }

    async fn offered(&self, stream: Stream) -> Result<Finding, Cause> {
        let target = Target {
            authority: self.endpoint.authority(),
            path: self.endpoint.path().to_owned(),
            body_limit: LARGEST_ANSWER,
        };
        let mut http = Http::new(stream, target).await.map_err(Cause::Http)?;
        let headers = vec![
            ("Content-Type", "application/soap+xml;charset=UTF-8".to_owned()),
            ("Content-Length", "0".to_owned()),
            ("User-Agent", concat!("winrm/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        let request = connection::Request { headers, body: Bytes::new() };
        let answer = http.post(request, self.deadline()).await.map_err(Cause::Http)?;
        let header = |name| answer.headers().get_all(name).iter().map(|value| value.as_bytes().to_vec());
        let challenges: Vec<Vec<u8>> = header("www-authenticate").collect();
        let challenges = challenge::parse(&challenges)
            .map_err(|error| Cause::Connection(connection::Error::TooManyChallenges(error)))?;
        let server = header("server").next();
        let status = answer.status().as_u16();
        if status != UNAUTHORIZED {
            let content_type =
                header("content-type").next().map(|value| printable(&value)).unwrap_or_default();
            return Err(Cause::Connection(connection::Error::NotWinRm { status, content_type }));
        }
        Ok(Finding::Offered {
            schemes: challenges
                .iter()
                .map(|challenge| printable(challenge.scheme.to_string().as_bytes()))
                .collect(),
            server: server.map(|value| printable(&value)),
        })
    }

    async fn authentication(&mut self, client: &Client) -> Result<(), Stop> {
        let began = Instant::now();
        let identity = client.identify().await.map_err(|error| error.cause().clone());
        let allowed = self.config.schemes.clone();
        let found = identity.map(|identity| Finding::Authenticated { allowed, identity });
        self.note(Stage::Authentication, began, found)
    }

    async fn shell(&mut self, client: &Client) -> Result<(), Stop> {
        let began = Instant::now();
        let shell = client.open_shell(ShellOptions::default()).await;
        let found = shell.map(|shell| Finding::Shell { id: shell.id() });
        self.note(Stage::WinRs, began, found.map_err(|error| error.cause().clone()))
    }

    fn destination(&self) -> tcp::Destination<'_> {
        tcp::Destination { host: &self.host, address: self.endpoint.address(), port: self.endpoint.port() }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.config.connect_timeout
    }

    fn note(&mut self, stage: Stage, began: Instant, found: Result<Finding, Cause>) -> Result<(), Stop> {
        match found {
            Ok(finding) => {
                self.steps.push(Step { stage, elapsed: began.elapsed(), outcome: Outcome::Passed(finding) });
                Ok(())
            }
            Err(cause) => Err(self.fail(stage, began, cause, None)),
        }
    }

    fn fail(
        &mut self,
        stage: Stage,
        began: Instant,
        cause: Cause,
        presented: Option<Box<Certificate>>,
    ) -> Stop {
        let outcome = Outcome::Failed { cause, presented };
        self.steps.push(Step { stage, elapsed: began.elapsed(), outcome });
        Stop
    }
}

fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|character| !character.is_control()).take(MAX_TEXT).collect()
}

const UNAUTHORIZED: u16 = 401;
const LARGEST_ANSWER: usize = 64 * 1024;
const MAX_TEXT: usize = 100;
