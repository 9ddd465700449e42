//! `winrm-mcp demo`: a loopback host, an MCP client and the server in one process tree, step by step.
//!
//! Nothing is staged: the client starts this very program as a server, and each step ends with what the host's own
//! record says. A step that does not hold fails the demo.

mod client;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use secrecy::ExposeSecret as _;
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
    let reachable = Reachable::start(Host::builder().hostname("WEB-01")).await.map_err(DemoError::Host)?;
    let scratch = Scratch::new(&reachable)?;
    let record = reachable.host.record();
    heading(console, 1, "A simulated Windows server listens on loopback");
    console.line(format_args!(
        "   https://localhost:{}/wsman, its own certificate",
        reachable.host.addr().port()
    ));
    console.line("   It has PowerShell's usual endpoint, web-01 in what follows, and a restricted");
    console.line("   one (JEA) that takes no script text: web-01-jea.");

    let mut client = Client::start(&scratch.environment(&reachable))?;
    let shown = Demo { console, client: &mut client, record: &record }.steps().await;
    client.close().await?;
    let shown = match shown {
        Ok(()) => ending(console, &record, &scratch),
        Err(error) => Err(error),
    };
    reachable.stop().await;
    shown
}

/// A demo under way.
struct Demo<'a> {
    console: &'a Console,
    client: &'a mut Client,
    record: &'a Record,
}

impl Demo<'_> {
    async fn steps(mut self) -> Result<(), DemoError> {
        self.connect().await?;
        self.allowed().await?;
        self.script().await?;
        self.denied().await?;
        self.denied_half_way().await?;
        self.timeout().await
    }

    async fn connect(&mut self) -> Result<(), DemoError> {
        self.heading(2, "An MCP client connects");
        let about = self.client.initialize().await?;
        let server = about.get("serverInfo").cloned().unwrap_or_default();
        let tools = self.client.ask("tools/list", json!({})).await?;
        let tools = tools.get("tools").and_then(Value::as_array).cloned().unwrap_or_default();
        let names: Vec<&str> = tools.iter().map(|tool| text(tool, "name")).collect();
        self.line(format_args!("{} {}", text(&server, "name"), text(&server, "version")));
        for line in fold(&format!("tools: {}", names.join(", "))) {
            self.line(line);
        }
        Ok(())
    }

    async fn allowed(&mut self) -> Result<(), DemoError> {
        self.heading(3, "An allowed command");
        let mark = self.record.mark();
        let arguments = json!({ "host": "web-01", "command": "Get-Service -Name W32Time" });
        let result = self.call("execute_command", arguments).await?;
        hold(!failed(&result), "an allowed command succeeds")?;
        let waited = waited_for(self.record, mark);
        hold(waited <= 6, "a cold command takes at most six requests")?;
        self.line(format_args!("Cold: {waited} requests, the authentication among them."));
        Ok(())
    }

    async fn script(&mut self) -> Result<(), DemoError> {
        self.heading(4, "A script, on the endpoint that takes no script text");
        let mark = self.record.mark();
        let result = self.call("execute_command", json!({ "host": "web-01-jea", "command": SCRIPT })).await?;
        hold(!failed(&result), "a script runs where only commands are taken")?;
        self.line("It was evaluated here. All that the host was sent:");
        let sent = self.sent(mark);
        hold(sent.len() == 1, "the host gets one command")?;
        for command in &sent {
            self.line(format_args!("  {command}"));
        }
        Ok(())
    }

    async fn denied(&mut self) -> Result<(), DemoError> {
        self.heading(5, "A command that nobody allowed");
        let mark = self.record.mark();
        let arguments = json!({ "host": "web-01", "command": "Stop-Service -Name W32Time" });
        let result = self.call("execute_command", arguments).await?;
        hold(failed(&result), "a denied command fails")?;
        // What the call before left to be closed may still arrive.
        hold(self.sent(mark).is_empty(), "a denied command sends nothing")?;
        self.line("The host saw nothing of it.");
        Ok(())
    }

    async fn denied_half_way(&mut self) -> Result<(), DemoError> {
        self.heading(6, "A value that is known only when the script runs");
        let mark = self.record.mark();
        let result = self.call("execute_command", json!({ "host": "web-01", "command": SMUGGLED })).await?;
        hold(failed(&result), "a value that is not allowed is denied")?;
        self.line("Each command is judged with its values as it is sent. The host was sent:");
        let sent = self.sent(mark);
        hold(sent.len() == 1 && sent.iter().all(|sent| sent.contains("Spooler")), "one of two is sent")?;
        for command in &sent {
            self.line(format_args!("  {command}"));
        }
        Ok(())
    }

    async fn timeout(&mut self) -> Result<(), DemoError> {
        self.heading(7, "A timeout that stops the remote command");
        let mark = self.record.mark();
        let arguments = json!({
            "host": "web-01", "executable": "ping.exe", "arguments": ["-t", "127.0.0.1"], "timeout_seconds": 1
        });
        let result = self.call("run_executable", arguments).await?;
        hold(failed(&result), "a timeout is a failure")?;
        let stopped = self
            .record
            .wait_for(mark, Duration::from_secs(1), |event| {
                matches!(event, Event::CommandEnded { how: Ended::Terminated, .. })
            })
            .await;
        hold(stopped.is_some(), "the remote command was terminated")?;
        self.line("The host's record: signal terminate, the process has ended.");
        Ok(())
    }

    /// Calls a tool and shows question and answer.
    async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, DemoError> {
        let script = arguments.get("command").and_then(Value::as_str).filter(|text| text.contains('\n'));
        match script {
            Some(script) => {
                self.line(format_args!("{tool} on {}", text(&arguments, "host")));
                for line in script.lines() {
                    self.line(format_args!("> {line}"));
                }
            }
            None => {
                for line in fold(&format!("{tool} {}", spaced(&arguments))) {
                    self.line(line);
                }
            }
        }
        let result = self.client.call(tool, arguments).await?;
        let content = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
        for line in content.lines().flat_map(fold) {
            self.line(format_args!("| {line}"));
        }
        Ok(result)
    }

    /// The commands that the host was sent, as its record has them.
    fn sent(&self, mark: winrm_host::Mark) -> Vec<String> {
        let commands = self.record.since(mark).into_iter().filter_map(|entry| match entry.event {
            Event::Pipeline { commands, .. } => Some(commands.iter().map(shown).collect::<Vec<_>>()),
            Event::Command { line, .. } => Some(vec![line]),
            _ => None,
        });
        commands.flatten().collect()
    }

    fn heading(&self, number: u8, title: &str) {
        heading(self.console, number, title);
    }

    fn line(&self, line: impl std::fmt::Display) {
        self.console.line(format!("   {line}").trim_end());
    }
}

/// JSON on one line, with blanks where it may be broken.
fn spaced(value: &Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
    let line = pretty.lines().map(str::trim_start).collect::<Vec<_>>().join(" ");
    line.replace("{ ", "{").replace(" }", "}")
}

/// A command as it came: a name and values, not text that anybody would parse.
fn shown(command: &winrm_host::PipelineCommand) -> String {
    let parameters = command.parameters.iter().map(|(name, value)| match name {
        Some(name) => format!(" -{name} {value}"),
        None => format!(" {value}"),
    });
    format!("{}{}", command.text, parameters.collect::<String>())
}

/// What is left when the client has gone.
fn ending(console: &Console, record: &Record, scratch: &Scratch) -> Result<(), DemoError> {
    heading(console, 8, "The client leaves");
    let entries = record.entries();
    let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    let opened = count(|event| matches!(event, Event::ShellCreated { .. }));
    let deleted = count(|event| matches!(event, Event::ShellDeleted { .. }));
    hold(opened > 0 && opened == deleted, "each shell is deleted")?;
    console.line(format_args!("   Shells opened: {opened}, deleted: {deleted}."));
    let audit = std::fs::read_to_string(scratch.audit()).unwrap_or_default();
    console.line("   The audit has a decision for each command, written before anything was sent:");
    for line in audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if text(&line, "event") == "decided" {
            console.line(format_args!("     {:<8} {}", text(&line, "decision"), text(&line, "rule")));
        }
    }
    Ok(())
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

/// A configuration and a state directory of the demo's own, removed when it ends.
#[derive(Debug)]
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new(reachable: &Reachable) -> Result<Self, DemoError> {
        let directory = tempfile::Builder::new().prefix("winrm-mcp-demo-").tempdir();
        let scratch = directory.map(Self).map_err(DemoError::scratch)?;
        let port = reachable.host.addr().port();
        std::fs::write(scratch.configuration(), CONFIGURATION.replace("PORT", &port.to_string()))
            .map_err(DemoError::scratch)?;
        Ok(scratch)
    }

    fn configuration(&self) -> std::path::PathBuf {
        self.0.path().join("winrm-mcp.toml")
    }

    fn audit(&self) -> std::path::PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn environment(&self, reachable: &Reachable) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("WINRM_MCP_CONFIG", self.configuration().display().to_string()),
            ("WINRM_MCP_STATE_DIR", self.0.path().display().to_string()),
            ("WINRM_MCP_AUDIT_FILE", self.audit().display().to_string()),
            ("WINRM_MCP_CA_FILE", reachable.ca_file.display().to_string()),
            ("WINRM_MCP_USERNAME", reachable.host.user().to_owned()),
            ("WINRM_MCP_PASSWORD", reachable.host.password().expose_secret().to_owned()),
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

impl DemoError {
    #[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
    fn scratch(error: std::io::Error) -> Self {
        Self::Scratch { kind: error.kind() }
    }
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

/// A variable, a loop, a calculated property and a table.
const SCRIPT: &str = "\
$disks = Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3'
foreach ($disk in $disks) {
    if ($disk.FreeSpace -lt 20GB) { \"$($disk.DeviceID) is nearly full\" }
}
$disks | Select-Object DeviceID, VolumeName,
    @{ n = 'FreeGB'; e = { [math]::Round($_.FreeSpace / 1GB, 1) } } |
    Format-Table -AutoSize";

const SMUGGLED: &str = "\
foreach ($name in 'Spooler', 'WinDefend') {
    Restart-Service -Name $name
}";

/// Two endpoints of one host, and two rules beside the read-only profile.
const CONFIGURATION: &str = r#"version = 1

[[policy.rule]]
name = "restart-spooler"
commands = ["Restart-Service"]
parameters = { Name = { values = ["Spooler"] } }

[[policy.rule]]
name = "ping-itself"
programs = [{ name = "ping.exe", arguments = [["-t", "127.0.0.1"]] }]

[[host]]
name = "web-01"
endpoint = "localhost:PORT"

[[host]]
name = "web-01-jea"
endpoint = "localhost:PORT"
configuration_name = "demo.jea"
"#;
