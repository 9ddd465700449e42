//! The protocols between a WinRM client and a Windows host, without a socket, a clock, a random number or a thread.
//!
//! Bytes go in and bytes come out; time, identifiers and random bytes are arguments. Both halves are here: the crate
//! `winrm` is a client made of it, and `winrm-host` a host. Each module names only those above it in this list:
//!
//! | module | what it is | source |
//! |---|---|---|
//! | [`xml`] | a namespace-aware reader with limits, an escaping writer | XML 1.0, Namespaces in XML 1.0 |
//! | [`wsman`] | envelopes, headers, faults and what to do about them, Identify | MS-WSMV, DSP0226 |
//! | [`clixml`] | PowerShell's objects | MS-PSRP 2.2.5 |
//! | [`auth`] | Basic, NTLM, SPNEGO, channel binding, sealed messages | MS-NLMP, RFC 4178, RFC 5929 |
//! | [`winrs`] | the messages of the remote shell | MS-WSMV 2.2.4, 3.1.4 |
//! | [`psrp`] | PowerShell remoting | MS-PSRP |
//! | [`connection`] | one HTTP connection: who proves what to whom, and when | MS-WSMV 4.5, RFC 4559 |
//! | [`exchange`] | conversations: a request and its answer, a command from start to end | MS-WSMV 3.1.4 |
//!
//! # What a peer sends
//!
//! It is hostile until parsed. Readers bound size, depth, count and time ([`xml::Limits`]), know no entities and no
//! document types, never panic, and say exactly what they refuse. What they give back is typed: an identifier is
//! one, a duration is a [`Duration`](std::time::Duration), a stream is bytes.
//!
//! # A request and its answer
//!
//! ```
//! use uuid::Uuid;
//! use winrm_proto::winrs::{Call, CommandResponse, CommandId, Command, ShellId, ShellReference};
//! use winrm_proto::wsman::{self, Incoming, MessageId, Preamble, ResourceUri, SessionId};
//! use winrm_proto::xml::Limits;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The client writes an envelope, which travels as the body of an HTTP request.
//! let preamble = Preamble::new("https://web-01:5986/wsman".to_owned(), SessionId::from_uuid(Uuid::from_u128(1)));
//! let shell = ShellReference { resource_uri: ResourceUri::CMD, shell_id: ShellId::from_uuid(Uuid::from_u128(2)) };
//! let command = Command { command: "hostname".to_owned(), ..Command::default() };
//! let request = preamble.request(&shell.target(), &command, MessageId::from_uuid(Uuid::from_u128(3)))?;
//!
//! // The host reads it, and writes its answer.
//! let (header, call) = Call::read(Incoming::open(&request, &Limits::default())?)?;
//! assert_eq!(call, Call::Command(command));
//! assert_eq!(ShellReference::from_header(&header), Some(shell));
//! let response = CommandResponse { command_id: CommandId::from_uuid(Uuid::from_u128(4)) };
//! let answer = wsman::write_response(&header, MessageId::from_uuid(Uuid::from_u128(5)), &response)?;
//!
//! // The client reads that as the response it waits for, or as a fault.
//! let answer = Incoming::answer::<CommandResponse>(&answer, &Limits::default())?;
//! assert_eq!(answer.header.relates_to, header.message_id);
//! assert_eq!(answer.body, Ok(response));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod xml;

pub mod wsman;

pub mod clixml;

pub mod auth;

pub mod winrs;

pub mod psrp;

pub mod connection;

pub mod exchange;
