//! PSRP, the PowerShell Remoting Protocol (MS-PSRP), as state machines without a socket.
//!
//! [`client::RunspacePool`] and [`server::RunspacePool`] are driven by three verbs: `receive` takes bytes from the
//! transport, `next_event` says what they mean, one event for each message, and `next_payload` gives the bytes that are to
//! be sent. Which request carries them is the transport's business, and each [`Payload`] says enough to choose it.
//! [`exchange::RunspacePool`](crate::exchange::RunspacePool) is that transport over WS-Management.
//!
//! ```
//! use uuid::Uuid;
//! use winrm_proto::psrp::{Command, Error, PowerShell, client, server};
//!
//! # fn main() -> Result<(), Error> {
//! let mut client = client::RunspacePool::open(Uuid::from_u128(1), client::Settings::default())?;
//! let mut server = server::RunspacePool::new(server::Settings::default());
//! // What a transport does, in one line for each direction.
//! let mut carry = |client: &mut client::RunspacePool| -> Result<(), Error> {
//!     while let Some(payload) = client.next_payload(100_000) {
//!         server.receive(payload.channel, &payload.bytes)?;
//!     }
//!     while let Some(event) = server.next_event()? {
//!         println!("the server is asked: {event:?}");
//!     }
//!     while let Some(payload) = server.next_payload(100_000) {
//!         client.receive(payload.channel, &payload.bytes)?;
//!     }
//!     Ok(())
//! };
//! carry(&mut client)?;
//! while let Some(event) = client.next_event()? {
//!     println!("the client learns: {event:?}");
//! }
//! let command = Command::new("Get-Service").parameter("Name", "w32time");
//! client.start(Uuid::from_u128(2), PowerShell::new(vec![command]))?;
//! carry(&mut client)
//! # }
//! ```

pub mod client;
mod error;
mod fragment;
mod key;
mod link;
mod message;
pub mod server;

#[cfg(feature = "aws-lc-rs")]
pub use key::aws_lc;

pub use error::Error;
pub use fragment::{Defragmenter, FragmentError, HEADER_LENGTH};
pub use key::{ClientKey, KeyBlobError, PublicKey, ServerKey, SharedCipher};
pub use link::{Carrier, Channel, Payload, PoolLimits, Priority};
pub use message::{
    Availability, Body, CallId, Command, CommandKind, Destination, EncryptedSessionKey, GetCommandMetadata,
    HostCall, HostInfo, HostMethod, HostReply, HostResponse, InitRunspacePool, Input, Merge, Message,
    MessageError, MessageType, Parameter, PipelineResultTypes, PipelineState, PipelineStateMessage,
    PowerShell, PublicKeyMessage, RemoteStreamOptions, RunspaceAvailability, RunspacePoolInitData,
    RunspacePoolState, RunspacePoolStateMessage, SessionCapability, SetRunspaces,
};
