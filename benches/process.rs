//! What a user waits for and what the process costs, measured on the finished program: medians of five runs.
//!
//! `cargo bench --bench process` prints a table in Markdown; docs/measurements.md keeps one.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be taken has nobody to report to but its reader"
)]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

fn main() {
    let host = Host::start();
    let rows = [
        ("start to the answer of initialize", "≤ 10 ms", median(|| start_to_initialize(&host))),
        ("resident memory when idle", "≤ 15 MB", median(|| idle_memory(&host))),
        ("warm run_executable against the loopback host", "≤ 1 ms", median(|| warm_call(&host, &program()))),
        ("warm typed command against the loopback host", "≤ 1 ms", median(|| warm_call(&host, &command()))),
    ];
    println!("| what | bound | median of {RUNS} |\n|---|---|---|");
    for (what, bound, value) in rows {
        let unit = if bound.ends_with("MB") { "MB" } else { "ms" };
        println!("| {what} | {bound} | {value:.2} {unit} |");
    }
}

fn start_to_initialize(host: &Host) -> f64 {
    let begin = Instant::now();
    let _server = Server::start(host);
    milliseconds(begin.elapsed())
}

fn idle_memory(host: &Host) -> f64 {
    let mut server = Server::start(host);
    server.ask("tools/list", &json!({}));
    let status = fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1024.0
}

/// A program in a shell that is open already.
fn program() -> Value {
    json!({ "name": "run_executable", "arguments": { "executable": "hostname", "host": "localhost" } })
}

/// A command in a runspace that is open already, its object shown and formatted.
fn command() -> Value {
    let command = "Get-Service -Name W3SVC";
    json!({ "name": "execute_command", "arguments": { "command": command, "host": "localhost" } })
}

fn warm_call(host: &Host, call: &Value) -> f64 {
    let mut server = Server::start(host);
    server.ask("tools/call", call);
    let mut calls: Vec<f64> = (0..CALLS)
        .map(|_| {
            let begin = Instant::now();
            let answer = server.ask("tools/call", call);
            assert_ne!(answer["isError"], json!(true), "{answer}");
            milliseconds(begin.elapsed())
        })
        .collect();
    middle(&mut calls)
}

/// `winrm-mcp host` in a process of its own.
struct Host {
    process: Child,
    environment: BTreeMap<String, String>,
}

impl Host {
    fn start() -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["host", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts: Value = serde_json::from_str(&line).unwrap();
        Self { process, environment: serde_json::from_value(facts["environment"].clone()).unwrap() }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// `winrm-mcp serve`, initialized.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    state: tempfile::TempDir,
}

impl Server {
    fn start(host: &Host) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut process = Command::new(PROGRAM)
            .env_clear()
            .envs(&host.environment)
            .env("WINRM_MCP_STATE_DIR", state.path())
            .env("WINRM_MCP_ALLOW", "hostname,Get-Service")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, input, output, state };
        server.ask(
            "initialize",
            &json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "bench", "version": "0" },
            }),
        );
        server
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        answer.get("result").cloned().unwrap_or_else(|| panic!("{answer}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.input.take();
        self.process.wait().unwrap();
        assert!(self.state.path().exists(), "the state directory outlives the server");
    }
}

fn median(mut run: impl FnMut() -> f64) -> f64 {
    let mut values: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    middle(&mut values)
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_winrm-mcp");
const RUNS: usize = 5;
const CALLS: usize = 200;
