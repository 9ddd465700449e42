//! `winrm-mcp demo`: a loopback host, an MCP client and the server in one process tree, step by step.
//!
//! Nothing is staged: the client starts this very program as a server, and each step ends with what the host's own
//! record says. A step that does not hold fails the demo.

mod client;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use winrm_host::{Ended, Event, Host, Operation, Record};

use super::{exit::Exit, host::Reachable, output::Console};
use crate::remedy::{Code, Remedy};
use client::{Client, ClientError};

/// Runs the demo.
pub(super) async fn run(console: &Console) -> Exit {
    let begin = Instant::now();
    let shown = match show(console).await {
        Ok(()) => Exit::SUCCESS,
        Err(error) => Exit::failed(console, &error),
    };
    console.line(format_args!("\nThat took {:.1} s.", begin.elapsed().as_secs_f64()));
    shown
}

async fn show(console: &Console) -> Result<(), DemoError> {
    let scratch = Scratch::new()?;
    let reachable = Reachable::start(Host::builder().hostname("WEB-01")).await.map_err(DemoError::Host)?;
    let record = reachable.host.record();
    heading(console, 1, "A simulated Windows server listens on loopback");
    console.line(format_args!(
        "   https://localhost:{}/wsman, its own certificate",
        reachable.host.addr().port()
    ));

    let mut environment = reachable.environment();
    environment.extend(scratch.environment());
    let mut client = Client::start(&environment)?;
    let shown = steps(console, &mut client, &record).await;
    client.close().await?;
    let shown = match shown {
        Ok(()) => ending(console, &record, &scratch),
        Err(error) => Err(error),
    };
    reachable.stop().await;
    shown
}

async fn steps(console: &Console, client: &mut Client, record: &Record) -> Result<(), DemoError> {
    heading(console, 2, "An MCP client connects");
    let about = client.initialize().await?;
    let server = about.get("serverInfo").cloned().unwrap_or_default();
    let tools = client.ask("tools/list", json!({})).await?;
    let names: Vec<&str> = tools
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tool| tool.get("name").and_then(Value::as_str))
        .collect();
    console.line(format_args!("   {} {}", text(&server, "name"), text(&server, "version")));
    console.line(format_args!("   tools: {}", names.join(", ")));

    heading(console, 3, "An allowed command");
    let mark = record.mark();
    let result = command(console, client, json!({ "command": "Get-Service -Name W32Time" })).await?;
    hold(!failed(&result), "an allowed command succeeds")?;
    let waited = waited_for(record, mark);
    hold(waited <= 6, "a cold command takes six requests")?;
    console.line(format_args!(
        "   Cold: {waited} requests (type 1, type 3 with Create, Receive twice, Command, Receive)."
    ));

    heading(console, 4, "A command that nobody allowed");
    let mark = record.mark();
    let result = command(console, client, json!({ "command": "Stop-Service -Name W32Time" })).await?;
    hold(failed(&result), "a denied command fails")?;
    hold(record.requests_since(mark).is_empty(), "a denied command sends nothing")?;
    console.line("   The host saw nothing of it.");

    heading(console, 5, "Text that would be two commands");
    let result = command(console, client, json!({ "command": "Get-Service; Stop-Service W32Time" })).await?;
    hold(failed(&result), "a second statement is refused")?;

    heading(console, 6, "A timeout that stops the remote command");
    let mark = record.mark();
    let parameters = json!({ "Seconds": 60 });
    let arguments = json!({
        "cmdlet": "Start-Sleep", "parameters": parameters, "host": "localhost", "timeout_seconds": 1
    });
    let result = call(console, client, "invoke_cmdlet", arguments).await?;
    hold(failed(&result), "a timeout is a failure")?;
    let stopped = record
        .wait_for(mark, Duration::from_secs(1), |event| {
            matches!(event, Event::CommandEnded { how: Ended::Terminated | Ended::Interrupted, .. })
        })
        .await;
    hold(stopped.is_some(), "the remote command was stopped")?;
    console.line("   The host's record: a signal to stop, and the pipeline has ended.");
    Ok(())
}

/// What is left when the client has gone.
fn ending(console: &Console, record: &Record, scratch: &Scratch) -> Result<(), DemoError> {
    heading(console, 7, "The client leaves");
    let entries = record.entries();
    let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    let opened = count(|event| matches!(event, Event::ShellCreated { .. }));
    let deleted = count(|event| matches!(event, Event::ShellDeleted { .. }));
    hold(opened > 0 && opened == deleted, "each shell is deleted")?;
    console.line(format_args!("   Shells opened: {opened}, deleted: {deleted}."));
    let audit = std::fs::read_to_string(scratch.audit()).unwrap_or_default();
    console.line("   The audit has a decision for each call, written before anything was sent:");
    for line in audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if text(&line, "event") == "decided" {
            console.line(format_args!("     {:<8} {}", text(&line, "decision"), text(&line, "rule")));
        }
    }
    Ok(())
}

/// Calls `execute_command` and shows question and answer.
async fn command(console: &Console, client: &mut Client, arguments: Value) -> Result<Value, DemoError> {
    call(console, client, "execute_command", arguments).await
}

/// Calls a tool and shows question and answer.
async fn call(
    console: &Console,
    client: &mut Client,
    tool: &str,
    arguments: Value,
) -> Result<Value, DemoError> {
    console.line(format_args!("   {tool} {arguments}"));
    let result = client.call(tool, arguments).await?;
    let content = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
    for line in content.lines().flat_map(fold) {
        console.line(format_args!("   | {line}").to_string().trim_end());
    }
    Ok(result)
}

/// The requests that the user waited for: those up to the Receive that brought the command's output.
fn waited_for(record: &Record, mark: winrm_host::Mark) -> usize {
    let operations: Vec<Operation> =
        record.requests_since(mark).iter().map(|request| request.operation).collect();
    let command = operations.iter().position(|operation| *operation == Operation::Command).unwrap_or(0);
    let receive = operations.iter().skip(command).position(|operation| *operation == Operation::Receive);
    receive.map_or(operations.len(), |receive| command + receive + 1)
}

/// Breaks a line between words where it would not fit beside the margin of 80 columns.
fn fold(line: &str) -> Vec<String> {
    if line.len() <= FITS {
        return vec![line.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let fits = lines.last().is_some_and(|last| last.is_empty() || last.len() + 1 + word.len() <= FITS);
        match lines.last_mut().filter(|_| fits) {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => lines.push(format!("  {word}")),
        }
    }
    lines
}

fn heading(console: &Console, number: u8, title: &str) {
    console.line(format_args!("\n{number}. {title}"));
}

fn failed(result: &Value) -> bool {
    result.get("isError").and_then(Value::as_bool).unwrap_or(false)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn hold(holds: bool, claim: &'static str) -> Result<(), DemoError> {
    if holds { Ok(()) } else { Err(DemoError::DoesNotHold { claim }) }
}

/// A state directory of the demo's own, removed when it ends.
#[derive(Debug)]
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Result<Self, DemoError> {
        let directory = tempfile::Builder::new().prefix("winrm-mcp-demo-").tempdir();
        directory.map(Self).map_err(|error| DemoError::Scratch { kind: error.kind() })
    }

    fn audit(&self) -> std::path::PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn environment(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("WINRM_MCP_STATE_DIR", self.0.path().display().to_string()),
            ("WINRM_MCP_AUDIT_FILE", self.audit().display().to_string()),
            // Besides the read-only list: something to run out of time with.
            ("WINRM_MCP_ALLOW", "Get-Service,Start-Sleep".to_owned()),
        ])
    }
}

/// Why the demo failed.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Host(super::host::HostError),
    #[error("the demo's client failed: {0}")]
    Client(#[from] ClientError),
    #[error("no temporary directory: {kind}")]
    Scratch { kind: std::io::ErrorKind },
    #[error("this does not hold: {claim}")]
    DoesNotHold { claim: &'static str },
}

impl Remedy for DemoError {
    fn code(&self) -> Code {
        Code::Internal
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Host(error) => error.fix(),
            Self::Scratch { .. } => Some("set TMPDIR to a directory that you can write".to_owned()),
            Self::Client(_) | Self::DoesNotHold { .. } => {
                Some("report it, with the output of `winrm-mcp demo`".to_owned())
            }
        }
    }
}

/// What is left of 80 columns beside the margin.
const FITS: usize = 75;
