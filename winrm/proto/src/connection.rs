//! One HTTP connection to a WinRM listener, without the socket: who says what in which order until both sides agree.
//!
//! [`Connection`] is the client's side. It is told an envelope and answers with requests to send; it is told the
//! responses and answers with the next request or with the reply. [`Acceptor`] is the server's side of authentication.
//! Authentication belongs to one TCP connection, so does a value of either type: a new TCP connection needs a new one.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use winrm_proto::auth::ntlm::{FileTime, Nonces};
//! use winrm_proto::auth::{Credential, Protection, Scheme, ServiceName, UserName};
//! use winrm_proto::connection::{Connection, Learned, Response, Settings, Step};
//!
//! let settings = Settings {
//!     credential: Credential::new(UserName::parse("CORP\\svc")?, String::from("secret").into()),
//!     schemes: vec![Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm],
//!     target: ServiceName::http("web-01")?,
//!     protection: Protection::Tls { channel_binding: None },
//!     max_response: 1 << 20,
//!     learned: Learned::default(),
//! };
//! let now = FileTime::from_unix(Duration::from_secs(1_795_255_200));
//! let mut connection = Connection::new(settings, Nonces::new([1; 8], [2; 16], now))?;
//!
//! // The first request carries a token that names nobody; the envelope waits.
//! let request = connection.send(Bytes::from_static(b"<s:Envelope/>"))?;
//! assert!(request.header("Authorization").is_some_and(|value| value.starts_with("Negotiate ")));
//! assert!(request.body.is_empty());
//!
//! // This server offers something else. Nothing secret has been sent.
//! let response = Response::new(401, [("WWW-Authenticate", "Kerberos")], Bytes::new());
//! assert!(connection.receive(response).is_err_and(|error| error.to_string().contains("Kerberos only")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which answer means what
//!
//! The first envelope rides on the request that carries the proof, which saves a round trip (MS-WSMV 4.5). A server
//! that will not have it there must not be confused with one that refuses the credential, because proving a wrong
//! password twice can lock the account:
//!
//! | sent | answer | meaning | next |
//! |---|---|---|---|
//! | Type 1 | 401 with a Type 2 | go on | Type 3, with the envelope |
//! | Type 1 | 401 without one, or with a rejection in SPNEGO | the scheme is not taken; nothing secret was sent | the next scheme that is offered |
//! | Basic | 401 that offers other schemes, but not Basic | the password was not looked at, but no other proof follows | [`Error::NotOffered`] |
//! | Type 3 or Basic | any other 401, with or without a token | **refused**, finally: NTLM has no fourth message, bare or in SPNEGO, so a token here rejects or opens another round | [`Error::CredentialRefused`] |
//! | Type 3 with the envelope | SOAP, 200 or a fault | accepted | the reply |
//! | Type 3 with the envelope | 200 without content | accepted, but the envelope was not read | the envelope alone, on the same connection |
//! | Type 3 with the envelope | 400 without SOAP | HTTP was refused, the credential was not: a refusal is a 401 | the envelope alone, without a proof |
//! | that envelope | 401 | the proof was not looked at either | [`Step::Reconnect`] with the proof on an empty request |
//! | Type 3 alone | 200 | accepted | the envelope |
//! | anything later | 401 | the connection lost its authentication | [`Error::AuthenticationLost`] |
//!
//! So a proof is sent a second time only after a 400 that judged nothing, on a new connection, at most once, and never
//! together with an envelope again. Where messages are sealed, an envelope that the server did read after all cannot be
//! read twice on one connection: its sequence number is used up.

mod acceptor;
mod client;
mod error;
mod handshake;
mod learned;
mod message;
mod settings;

pub use acceptor::{Acceptor, BodyError, Refusal, Verdict};
pub use client::Connection;
pub use error::Error;
pub use learned::{FirstEnvelope, Learned};
pub use message::{Reply, Request, Response, Step};
pub use settings::Settings;
