//! PowerShell: pipelines in a runspace pool (PSRP), or a script for the native program.
//!
//! A [`RunspacePool`] is a PowerShell session on the host. Pipelines are started in it as data, commands with parameters
//! and never text to be parsed, and run side by side. What they write comes back as values and records.
//!
//! ```no_run
//! use winrm::powershell::{Command, Event, Outcome, PoolOptions, PowerShell};
//!
//! # async fn example(client: winrm::Client) -> Result<(), winrm::Error> {
//! let pool = client.open_runspace_pool(PoolOptions::default()).await?;
//! let services = Command::new("Get-Service").parameter("Name", "W3SVC");
//! let mut pipeline = pool.start(PowerShell::new(vec![services])).await?;
//! while let Some(event) = pipeline.next().await? {
//!     match event {
//!         Event::Output(service) => println!("{:?}", service.property("Status")),
//!         Event::Error(record) => eprintln!("{}", record.message),
//!         _ => {}
//!     }
//! }
//! assert_eq!(pipeline.outcome(), Some(&Outcome::Completed));
//! # Ok(())
//! # }
//! ```
//!
//! A pool can be [left](RunspacePool::disconnect) with what runs in it, for this client or another to take up, and it can be
//! [locked](PoolOptions::lock) to some commands before anything else runs in it.
//!
//! A pool is driven by a task of its own, which begins with [`crate::Client::open_runspace_pool`] and ends with the last
//! handle: [`RunspacePool`], [`Pipeline`] or [`Input`]. Dropping a handle therefore neither waits nor spawns.

mod driver;
mod encoded_script;
mod input;
mod lock;
mod options;
mod pipeline;
mod pool;
mod queue;
mod remote;

pub use encoded_script::EncodedScript;
pub use input::{Input, InputError};
pub use lock::{Found, Lock, LockError};
pub use options::PoolOptions;
pub use pipeline::{Event, Outcome, Pipeline};
pub use pool::RunspacePool;
pub use winrm_proto::{
    clixml::{
        ErrorRecord, InformationRecord, MessageRecord, ProgressRecord, PsString, SecureString, Stream, Value,
    },
    psrp::{
        Command, Error as ProtocolError, GetCommandMetadata, HostCall, HostInfo, Input as TakesInput,
        Parameter, PowerShell, RunspacePoolState as PoolState, SharedCipher, client::HostAnswer,
    },
};
