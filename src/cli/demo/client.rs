//! A small MCP client: one server process, one question at a time, JSON lines over its pipes.

use std::{collections::BTreeMap, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// A server that this process started.
#[derive(Debug)]
pub(super) struct Client {
    server: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    last: u64,
}

impl Client {
    /// Starts this very program as a server.
    pub(super) fn start(environment: &BTreeMap<&'static str, String>) -> Result<Self, ClientError> {
        let program = std::env::current_exe().map_err(|error| ClientError::Start { kind: error.kind() })?;
        let mut server = Command::new(program)
            .arg("serve")
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| ClientError::Start { kind: error.kind() })?;
        let input = server.stdin.take().ok_or(ClientError::Closed)?;
        let output = server.stdout.take().ok_or(ClientError::Closed)?;
        Ok(Self { server, input, output: BufReader::new(output).lines(), last: 0 })
    }

    /// The handshake. Returns what the server says of itself.
    pub(super) async fn initialize(&mut self) -> Result<Value, ClientError> {
        let about = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "winrm-mcp demo", "version": env!("CARGO_PKG_VERSION") },
        });
        let answer = self.ask("initialize", about).await?;
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        Ok(answer)
    }

    /// `tools/call`.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, ClientError> {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Result<Value, ClientError> {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await?;
        loop {
            let line = self.output.next_line().await.ok().flatten().ok_or(ClientError::Closed)?;
            let mut message: Value = serde_json::from_str(&line).map_err(|_| ClientError::NotJson)?;
            if message.get("id").and_then(Value::as_u64) != Some(id) {
                continue;
            }
            if let Some(error) = message.get("error") {
                return Err(ClientError::Refused { error: error.to_string() });
            }
            return message.get_mut("result").map(Value::take).ok_or(ClientError::NotJson);
        }
    }

    /// Closes the server's input and waits for its end.
    pub(super) async fn close(self) -> Result<(), ClientError> {
        let Self { mut server, input, .. } = self;
        drop(input);
        server.wait().await.map_err(|_| ClientError::Closed)?;
        Ok(())
    }

    async fn send(&mut self, message: &Value) -> Result<(), ClientError> {
        let line = format!("{message}\n");
        self.input.write_all(line.as_bytes()).await.map_err(|_| ClientError::Closed)
    }
}

/// Why the demo's client got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClientError {
    #[error("the server cannot be started: {kind}")]
    Start { kind: std::io::ErrorKind },
    #[error("the server closed its output")]
    Closed,
    #[error("the server wrote something that is not JSON-RPC")]
    NotJson,
    #[error("the server refused the request: {error}")]
    Refused { error: String },
}
