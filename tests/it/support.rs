//! The finished binary, a host for it to reach, and a client to speak MCP with it.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use winrm_host::{Event, Host, HostBuilder, Mark, Operation, Record};

/// A password that stands nowhere else, so that finding it means a leak. It holds what has to be escaped.
pub(crate) const CANARY: &str = "cAnary-\u{fc}\u{2713} <&>\"'%41";

/// A loopback host on a runtime of its own, and the settings that reach it.
pub(crate) struct Site {
    pub(crate) host: Host,
    pub(crate) folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Site {
    /// A host with the usual settings.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// A host that is a little different.
    pub(crate) fn with(change: impl FnOnce(HostBuilder) -> HostBuilder) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let builder = change(Host::builder().account("operator", CANARY));
        let host = runtime.block_on(builder.start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), host.ca_pem()).unwrap();
        Self { host, folder, runtime }
    }

    /// What the host saw.
    pub(crate) fn record(&self) -> Record {
        self.host.record()
    }

    /// Waits until the host's record has an event, for two seconds at most.
    pub(crate) fn wait_for(&self, mark: Mark, wanted: impl FnMut(&Event) -> bool) -> bool {
        let found = self.host.record();
        self.runtime.block_on(found.wait_for(mark, Duration::from_secs(2), wanted)).is_some()
    }

    /// What was asked of the host behind a mark, in order.
    pub(crate) fn operations(&self, mark: Mark) -> Vec<Operation> {
        self.record().requests_since(mark).into_iter().map(|request| request.operation).collect()
    }

    /// The variables that point the program at the host.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let variable = |name: &str, value: &str| (format!("WINRM_MCP_{name}"), value.to_owned());
        BTreeMap::from([
            variable("HOST", "localhost"),
            variable("CONNECTION_PORT", &self.host.addr().port().to_string()),
            variable("USERNAME", "operator"),
            variable("PASSWORD", CANARY),
            variable("CA_FILE", self.path("ca.pem").to_str().unwrap()),
            variable("STATE_DIR", self.path("state").to_str().unwrap()),
        ])
    }

    /// A path in the site's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end, with some variables different; `None` takes one away.
    pub(crate) fn run(&self, arguments: &[&str], different: &[(&str, Option<&str>)]) -> Output {
        self.command(arguments, different).stdin(Stdio::null()).output().unwrap()
    }

    /// The program, ready to start.
    pub(crate) fn command(&self, arguments: &[&str], different: &[(&str, Option<&str>)]) -> Command {
        let mut command = bare(arguments, self.folder.path());
        command.envs(self.environment());
        for (name, value) in different {
            match value {
                Some(value) => command.env(format!("WINRM_MCP_{name}"), value),
                None => command.env_remove(format!("WINRM_MCP_{name}")),
            };
        }
        command
    }

    /// Starts the program as a server and shakes hands.
    pub(crate) fn serve(&self, different: &[(&str, Option<&str>)]) -> Server {
        Server::start(self.command(&["serve"], different))
    }
}

/// The program with nothing in its environment but a home.
pub(crate) fn bare(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_winrm-mcp"));
    command.args(arguments).env_clear().env("HOME", home).env("TMPDIR", std::env::temp_dir());
    command
}

/// A running server and its client.
pub(crate) struct Server {
    pub(crate) process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, input, output, last: 0 };
        let hello = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "0" },
        });
        let answer = server.ask("initialize", &hello);
        assert_eq!(answer["result"]["serverInfo"]["name"], "winrm-mcp", "{answer}");
        server.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        server
    }

    /// Sends a request without waiting for its answer.
    pub(crate) fn begin(&mut self, method: &str, params: &Value) -> u64 {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request; notifications before it are passed over.
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server closed its output");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == json!(id) {
                return message;
            }
        }
    }

    /// Sends a request and waits for its answer, error or not.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// `tools/call` that yields a result.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert!(answer.get("result").is_some(), "{answer}");
        answer["result"].clone()
    }

    /// Writes one message.
    pub(crate) fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Writes bytes that need not be a message.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Ends the input, and gives how long the process lived on and what it still wrote.
    pub(crate) fn leave(mut self) -> (Duration, Output) {
        let begin = Instant::now();
        drop(self.input.take());
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).unwrap();
        let mut output = self.process.wait_with_output().unwrap();
        output.stdout = rest;
        (begin.elapsed(), output)
    }
}

/// The text of a tool result.
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// Standard error as text.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
