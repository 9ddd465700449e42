//! A WinRM client on tokio: shells, commands, streams and real cancellation.
#![forbid(unsafe_code)]

pub mod powershell;
