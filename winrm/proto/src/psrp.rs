//! PSRP, the PowerShell Remoting Protocol (MS-PSRP), as state machines without a socket.
//!
//! [`client::RunspacePool`] and [`server::RunspacePool`] are driven by three verbs: `receive` takes bytes from the
//! transport, `next_event` says what they mean, one event for each message, and `next_payload` gives the bytes that are to
//! be sent. Which request carries them is the transport's business, and each [`Payload`] says enough to choose it.

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
