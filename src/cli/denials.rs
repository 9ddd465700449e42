//! `winrm-mcp denials`: what was denied, from the audit, and the narrowest rule that would allow it.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::{exit::Exit, output::Console, page};
use crate::{
    config::{self, Arguments},
    remedy::{Code, Remedy},
    secret::Environment,
};

/// What `denials` takes.
#[derive(Debug, Args)]
pub(super) struct Denials {
    /// The latest so many, each once
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    last: usize,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists them, the latest last, where the eye is.
pub(super) fn run(
    asked: &Denials,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let config = match config::load_without_hosts(environment, arguments) {
        Ok(config) => config,
        Err(error) => return Exit::failed(console, &error),
    };
    let denied = match read(&config.audit_file) {
        Ok(denied) => denied,
        Err(error) => return Exit::failed(console, &error),
    };
    let latest = denied.get(denied.len().saturating_sub(asked.last)..).unwrap_or_default();
    if asked.json {
        console.line(serde_json::to_string_pretty(latest).unwrap_or_default());
        return Exit::SUCCESS;
    }
    if latest.is_empty() {
        console.line("nothing was denied");
    }
    for denied in latest {
        console.out(denied.text());
    }
    Exit::SUCCESS
}

/// A line of the audit, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    decision: Option<String>,
    #[serde(flatten)]
    denied: Denied,
}

/// What was denied, as often as it was.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Denied {
    /// When it was denied last.
    time: String,
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    principal: String,
    host: String,
    tool: String,
    profile: String,
    rule: String,
    reason: String,
    /// The narrowest rule that would allow it, for `winrm-mcp.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_allow: Option<String>,
    #[serde(skip_deserializing)]
    times: usize,
}

/// Why the audit is not read.
#[derive(Debug, thiserror::Error)]
#[error("the audit file {} cannot be read: {kind}", path.display())]
struct Unreadable {
    path: PathBuf,
    kind: io::ErrorKind,
}

/// Each denial once, in the order in which they were last made. Lines that are cut or foreign are passed over.
fn read(path: &Path) -> Result<Vec<Denied>, Unreadable> {
    let unreadable = |error: io::Error| Unreadable { path: path.to_owned(), kind: error.kind() };
    let file = match File::open(path) {
        // Nothing was asked for yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(unreadable)?,
    };
    let mut reader = BufReader::new(file);
    let mut counted: HashMap<Key, (usize, Denied)> = HashMap::new();
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        number += 1;
        let Ok(Line { event, decision: Some(decision), denied }) = serde_json::from_slice(&line) else {
            continue;
        };
        if event != "decided" || decision != "denied" {
            continue;
        }
        let times = counted.get(&denied.key()).map_or(1, |(_, before)| before.times + 1);
        counted.insert(denied.key(), (number, Denied { times, ..denied }));
    }
    let mut denied: Vec<(usize, Denied)> = counted.into_values().collect();
    denied.sort_by_key(|(number, _)| *number);
    Ok(denied.into_iter().map(|(_, denied)| denied).collect())
}

/// What makes two denials the same.
type Key = [String; 4];

impl Denied {
    fn key(&self) -> Key {
        [&self.host, &self.principal, &self.reason, self.would_allow.as_ref().unwrap_or(&self.rule)]
            .map(Clone::clone)
    }

    fn text(&self) -> String {
        let times = if self.times > 1 { format!(", {} times", self.times) } else { String::new() };
        let step = self.step.map(|step| format!(", step {step}")).unwrap_or_default();
        let what = format!("{}  {} by {}{step}{times}", self.time, self.host, self.tool);
        let mut lines = page::wrapped(&page::visible(&what), 0);
        lines.extend(page::wrapped(&page::visible(&self.reason), 2));
        match &self.would_allow {
            Some(rule) => lines.extend(page::rule(rule)),
            None => lines.push("  no rule would allow it as it is".to_owned()),
        }
        lines.join("\n") + "\n"
    }
}

impl Remedy for Unreadable {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        Some("run it as the user that runs winrm-mcp, or name the file with --audit-file".to_owned())
    }
}

/// Bytes of the longest line: a judged form of 64 KiB, escaped, is shorter.
const LONGEST: u64 = 1 << 20;
