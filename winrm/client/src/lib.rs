//! A WinRM client on tokio: shells, commands, streams and real cancellation.
//!
//! A [`Client`] stands for one service and one account. It opens [`Shell`]s, which start [`Command`]s; an
//! [`Execution`] hands over output as it comes and says how the command ended. For PowerShell it opens runspace pools, in
//! which pipelines run side by side: see [`powershell`].
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use winrm::{Client, ClientConfig, Command, Credential, Endpoint, Event, ShellOptions, Trust, UserName};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let credential = Credential::new(UserName::parse(r"CORP\svc")?, std::fs::read_to_string("password")?.into());
//! let endpoint = Endpoint::parse("web-01.corp.example")?;
//! let client = Client::new(&ClientConfig::new(endpoint, Trust::system_roots(), credential)?)?;
//!
//! let shell = client.open_shell(ShellOptions::default()).await?;
//! let mut execution = shell.start(Command::program("ipconfig").argument("/all")).await?;
//! let output = async {
//!     while let Some(event) = execution.next().await? {
//!         if let Event::Stdout(bytes) = event {
//!             println!("{}", String::from_utf8_lossy(&bytes));
//!         }
//!     }
//!     Ok::<_, winrm::Error>(())
//! };
//! if tokio::time::timeout(Duration::from_secs(60), output).await.is_err() {
//!     println!("{:?}", execution.stop(Duration::from_secs(5)).await);
//! }
//! println!("{:?}", execution.exit_code());
//! let _left = client.shutdown(Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! * **A command is started at most once.** Connections that fail are opened again and output is asked for again, but a
//!   Command, a Create or input of which a byte has left is never repeated. [`Error::ran`] says what is known.
//! * **A refused password is sent once.** [`RefusedCredentials`] keeps it from every host until it is another one.
//! * **A stop is a stop.** [`Execution::stop`] and [`powershell::Pipeline::stop`] send their Signal at once on a connection
//!   of its own, and say whether the host confirmed it.
//! * **Every wait has an end**: [`ClientConfig::connect_timeout`] for a connection, and five seconds more than
//!   [`ClientConfig::operation_timeout`] for an answer.
//! * **Nothing piles up.** Output is asked for while somebody reads it, answers are bounded in size, and what is dropped
//!   is closed on the host by a task that [`Client::shutdown`] waits for.
//! * **No secret** is in any error or `Debug` output. The environment is not read, and redirects are not followed.

#![forbid(unsafe_code)]

pub mod danger;
pub mod powershell;
pub mod probe;

mod client;
mod config;
mod endpoint;
mod error;
mod lanes;
mod proxy;
mod refusals;
mod shell;
mod transport;

pub use client::{Client, Identity, Shutdown};
pub use config::{ClientConfig, ConfigError};
pub use endpoint::{Endpoint, EndpointError, Transport};
pub use error::{Cause, Error, Operation, Ran};
pub use proxy::{InvalidProxy, NoProxy, Proxy};
pub use refusals::{NoRandomBytes, RefusedCredentials};
pub use shell::{
    Command, CommandError, Event, Execution, InputClosed, OrphanRule, RemoteShell, Shell, ShellOptions,
    Stdin, Stopped, UserProfile,
};
pub use transport::{ConnectError, HttpError, Pin, Pinned, ProxyError, TlsError, Trust, TrustError};
pub use winrm_proto::{
    auth::{Credential, InvalidUserName, Scheme, UserName},
    connection,
    wsman::Fault,
};
