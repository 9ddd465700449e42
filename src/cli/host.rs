//! `winrm-mcp host`: the loopback host, kept running for clients to try.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use secrecy::ExposeSecret as _;
use serde_json::json;
use winrm_host::Host;

use super::{arguments, exit::Exit, output::Console, signals};

/// Starts the host, prints how to reach it, and waits for the end of input or a signal.
pub(super) async fn run(arguments: arguments::Host, console: &Console) -> Exit {
    let reachable = match Reachable::start(Host::builder().port(arguments.port)).await {
        Ok(reachable) => reachable,
        Err(error) => return Exit::failed(console, &error),
    };
    let environment = reachable.environment();
    if arguments.json {
        let host = &reachable.host;
        console.line(json!({
            "port": host.addr().port(),
            "user": host.user(),
            "password": host.password().expose_secret(),
            "ca": reachable.ca_file,
            "environment": environment,
        }));
    } else {
        for (name, value) in &environment {
            console.line(format_args!("export {name}='{}'", value.replace('\'', r"'\''")));
        }
        console.error_line(
            "A simulated Windows host runs until Ctrl-C. Paste the lines above into another terminal, then:",
        );
        console.error_line("  winrm-mcp exec -- Get-Service");
    }
    signals::interrupted().await;
    reachable.stop().await;
    Exit::SUCCESS
}

/// A loopback host and the file that makes its certificate trusted.
#[derive(Debug)]
pub(super) struct Reachable {
    pub(super) host: Host,
    pub(super) ca_file: PathBuf,
}

impl Reachable {
    /// Starts the host and writes its authority where a configuration can name it.
    pub(super) async fn start(builder: winrm_host::HostBuilder) -> Result<Self, HostError> {
        let host = builder.start().await?;
        let name = format!("winrm-mcp-host-{}-{}.pem", std::process::id(), host.addr().port());
        let ca_file = std::env::temp_dir().join(name);
        let write = || {
            std::fs::File::options()
                .write(true)
                .create_new(true)
                .open(&ca_file)?
                .write_all(host.ca_pem().as_bytes())
        };
        write().map_err(|source| HostError::CaFile { path: ca_file.clone(), kind: source.kind() })?;
        Ok(Self { host, ca_file })
    }

    /// The variables that point winrm-mcp at the host.
    pub(super) fn environment(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("WINRM_MCP_HOST", "localhost".to_owned()),
            ("WINRM_MCP_CONNECTION_PORT", self.host.addr().port().to_string()),
            ("WINRM_MCP_USERNAME", self.host.user().to_owned()),
            ("WINRM_MCP_PASSWORD", self.host.password().expose_secret().to_owned()),
            ("WINRM_MCP_CA_FILE", self.ca_file.display().to_string()),
        ])
    }

    /// Stops the host and removes the file.
    pub(super) async fn stop(self) {
        self.host.shutdown().await;
        // A temporary file that somebody else removed is removed.
        drop(std::fs::remove_file(&self.ca_file));
    }
}

/// Why there is no loopback host.
#[derive(Debug, thiserror::Error)]
pub(super) enum HostError {
    #[error(transparent)]
    Start(#[from] winrm_host::StartError),
    #[error("the certificate authority cannot be written to {path}: {kind}")]
    CaFile { path: PathBuf, kind: std::io::ErrorKind },
}

impl crate::remedy::Remedy for HostError {
    fn code(&self) -> crate::remedy::Code {
        crate::remedy::Code::Unreachable
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Start(_) => Some("choose another --port, or 0 for a free one".to_owned()),
            Self::CaFile { .. } => Some("set TMPDIR to a directory that you can write".to_owned()),
        }
    }
}
