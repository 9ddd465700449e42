//! A loopback WinRM host that looks like Windows Server 2022, for demos and tests.
//!
//! [`Host::builder`] starts a host that binds a loopback address only. It speaks WS-Management over HTTPS or sealed
//! HTTP, verifies NTLM, SPNEGO and Basic credentials for real, and runs command lines and PowerShell pipelines on a
//! small simulated Windows machine that has services, processes, files and an environment. Nothing of the machine it
//! runs on can be reached through it.
//!
//! Everything that a client did stands in the [`Record`], so that tests assert on what reached the host
//! instead of on what the client says of itself. [`Misbehaviour`] makes the host a hostile or a broken one.
//!
//! ```no_run
//! # async fn example() -> Result<(), winrm_host::StartError> {
//! use winrm_host::Host;
//!
//! let host = Host::builder().account("operator", "correct horse").start().await?;
//! println!("listening on {}", host.addr());
//! host.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod certificate;
mod clock;
mod connection;
mod host;
mod machine;
mod misbehaviour;
mod record;
mod service;
mod settings;
mod world;

pub use certificate::{Certificate, IssueError};
pub use clock::{Clock, Ids};
pub use host::{Host, HostBuilder, StartError};
pub use misbehaviour::{Act, Misbehaviour, Repeat, Trigger};
pub use winrm_proto::psrp::CommandKind;

pub use record::{ConnectionId, Ended, Entry, Event, Mark, Operation, PipelineCommand, Record, Request};
pub use settings::{HardeningLevel, LockOutcome, Loopback, NotLoopback, Quotas, Scheme, Transport};
pub use world::DEMO_ENDPOINT;
