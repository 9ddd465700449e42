//! A WinRM client on tokio: shells, commands, streams and real cancellation.
