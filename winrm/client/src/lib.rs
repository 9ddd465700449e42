//! A WinRM client on tokio: shells, commands, streams and real cancellation.

#![forbid(unsafe_code)]

pub mod danger;
pub mod powershell;

mod client;
mod config;
mod endpoint;
mod error;
mod lanes;
mod refusals;
mod shell;
mod transport;

pub use client::{Client, Identity, Shutdown};
pub use config::{ClientConfig, ConfigError};
pub use endpoint::{Endpoint, EndpointError, Transport};
pub use error::{Cause, Error, Operation, Ran};
pub use refusals::{NoRandomBytes, RefusedCredentials};
pub use shell::{
    Command, CommandError, Event, Execution, InputClosed, Shell, ShellOptions, Stdin, Stopped, UserProfile,
};
pub use transport::{ConnectError, HttpError, Pin, Pinned, TlsError, Trust, TrustError};
pub use winrm_proto::{
    auth::{Credential, InvalidUserName, Scheme, UserName},
    connection,
    wsman::Fault,
};
