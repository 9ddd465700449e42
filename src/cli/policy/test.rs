//! `policy test`: judges scripts by the thousand, and compares with what is expected.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use time::OffsetDateTime;

use super::{super::exit::Exit, Console};
use crate::{
    call::{Call, HostName, Purpose, Work},
    config::{self, Arguments, Config},
    explain::{self, Case, Decision, Explanation, NoTarget},
    inventory::{InventoryError, Target},
    remedy::{Code, Remedy},
    secret::Environment,
};

/// What `policy test` takes.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// One JSON object a line: script, and perhaps host and expect (- is standard input)
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Judges every line. Exit code 1 where one differs from what is expected.
pub(super) fn run(asked: &Test, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    match judge_all(asked, environment, arguments, console) {
        Ok(Tally { differ: 0, .. }) => Exit::SUCCESS,
        Ok(Tally { .. }) => Exit::DIFFERENT,
        Err(error) => Exit::failed(console, &*error),
    }
}

/// A line of the file. What else stands in it is somebody else's.
#[derive(Debug, Deserialize)]
struct Line {
    script: String,
    host: Option<String>,
    expect: Option<String>,
    id: Option<Json>,
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Row<'r> {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'r str>,
    #[serde(flatten)]
    explanation: &'r Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
}

#[derive(Debug, Default)]
struct Tally {
    allowed: usize,
    needs_approval: usize,
    denied: usize,
    differ: usize,
}

/// Why the file was not judged to its end.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error("{} cannot be read: {kind}", path.display())]
    Unreadable { path: PathBuf, kind: io::ErrorKind },
    #[error("{}:{line}: {message}", path.display())]
    NotALine { path: PathBuf, line: usize, message: String },
    #[error("{}:{line}: {error}", path.display())]
    Host { path: PathBuf, line: usize, error: InventoryError },
    #[error(transparent)]
    AnyHost(#[from] NoTarget),
}

fn judge_all(
    asked: &Test,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Result<Tally, Box<dyn Remedy>> {
    let config = config::load_without_hosts(environment, arguments).map_err(boxed)?;
    let bench = Bench::new(&config, &asked.file).map_err(boxed)?;
    let reader = open(&asked.file).map_err(boxed)?;
    let mut tally = Tally::default();
    let mut printed = String::new();
    for (number, line) in (1..).zip(reader.lines()) {
        let line = line.map_err(|error| boxed(bench.unreadable(&error)))?;
        if line.trim().is_empty() {
            continue;
        }
        printed.push_str(&bench.judge(number, &line, asked.json, &mut tally).map_err(boxed)?);
        if printed.len() > PIECE {
            console.out(&printed);
            printed.clear();
        }
        if console.gone() {
            break;
        }
    }
    console.out(&printed);
    let Tally { allowed, needs_approval, denied, differ } = &tally;
    console.error_line(format_args!(
        "{allowed} allowed, {needs_approval} with approval, {denied} denied; {differ} differ from what is expected"
    ));
    Ok(tally)
}

/// What every line is judged by.
struct Bench<'b> {
    config: &'b Config,
    /// The host of a line that names none.
    standard: Target,
    path: &'b Path,
    now: OffsetDateTime,
}

impl<'b> Bench<'b> {
    fn new(config: &'b Config, path: &'b Path) -> Result<Self, TestError> {
        let standard = match config.inventory.only() {
            Ok(target) => target.clone(),
            Err(_) => explain::any_host()?,
        };
        Ok(Self { config, standard, path, now: OffsetDateTime::now_utc() })
    }

    /// What to print about a line.
    fn judge(&self, number: usize, text: &str, json: bool, tally: &mut Tally) -> Result<String, TestError> {
        let not_a_line =
            |message: String| TestError::NotALine { path: self.path.to_owned(), line: number, message };
        let line: Line = serde_json::from_str(text).map_err(|error| not_a_line(error.to_string()))?;
        let expect = match line.expect.as_deref().map(expected) {
            Some(None) => {
                return Err(not_a_line("expect is allowed, needs_approval or denied".to_owned()));
            }
            Some(decision) => decision,
            None => None,
        };
        let target = match &line.host {
            None => &self.standard,
            Some(name) => self
                .config
                .inventory
                .find(&HostName::new(name))
                .map_err(|error| TestError::Host { path: self.path.to_owned(), line: number, error })?,
        };
        let work = Work::PowerShell { text: line.script.clone() };
        let call = Call::imagined(target.name.clone(), work, Purpose::Agent);
        let policy = &self.config.policy_in_force;
        let explanation = Case { policy, call: &call, target, now: self.now, offered: None }.explain();
        match explanation.decision {
            Decision::Allowed | Decision::AtRun => tally.allowed += 1,
            Decision::NeedsApproval => tally.needs_approval += 1,
            Decision::Denied => tally.denied += 1,
        }
        let as_expected = expect.map(|expect| expect == explanation.decision);
        tally.differ += usize::from(as_expected == Some(false));
        let row = Row {
            line: number,
            id: line.id.as_ref(),
            host: line.host.as_deref(),
            explanation: &explanation,
            expect: expect.map(Decision::name),
            as_expected,
        };
        Ok(if json { serde_json::to_string(&row).unwrap_or_default() + "\n" } else { row.text(&line.script) })
    }

    fn unreadable(&self, error: &io::Error) -> TestError {
        TestError::Unreadable { path: self.path.to_owned(), kind: error.kind() }
    }
}

impl Row<'_> {
    /// A line for people: what is decided and why, and the beginning of the script.
    fn text(&self, script: &str) -> String {
        let Explanation { decision, rule, reason, position, judged_at_run, .. } = self.explanation;
        let mut text = format!("{:>5} {:<14} ", self.line, decision.name());
        let why = match (reason, position) {
            (Some(reason), Some(position)) => format!("{rule} at {}: {reason}", position.text),
            (Some(reason), None) => format!("{rule}: {reason}"),
            (None, _) if *judged_at_run => format!("{rule} (values are judged when it runs)"),
            (None, _) => rule.clone(),
        };
        text.push_str(why.trim_start());
        if self.as_expected == Some(false) {
            text.push_str(&format!("\n      DIFFERS: expected {}", self.expect.unwrap_or_default()));
        }
        let mut lines = script.lines().filter(|line| !line.trim().is_empty());
        let first = super::super::page::visible(lines.next().unwrap_or_default());
        let mut shown: String = first.chars().take(SHOWN).collect();
        if shown.len() < first.len() || lines.next().is_some() {
            shown.push('…');
        }
        text.push_str(&format!("\n      {shown}\n"));
        text
    }
}

fn expected(text: &str) -> Option<Decision> {
    Some(match text.to_ascii_lowercase().as_str() {
        "allowed" | "allow" => Decision::Allowed,
        "needs_approval" | "approval" | "approval_required" => Decision::NeedsApproval,
        "denied" | "deny" => Decision::Denied,
        _ => return None,
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, TestError> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin().take(LONGEST))));
    }
    let file = File::open(path)
        .map_err(|error| TestError::Unreadable { path: path.to_owned(), kind: error.kind() })?;
    Ok(Box::new(BufReader::new(file.take(LONGEST))))
}

fn boxed(error: impl Remedy + 'static) -> Box<dyn Remedy> {
    Box::new(error)
}

impl Remedy for TestError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } | Self::NotALine { .. } | Self::Host { .. } => Code::Usage,
            Self::AnyHost(error) => error.code(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::NotALine { .. } => Some(
                "write one object a line: {\"script\": \"Get-Service\", \"expect\": \"allowed\"}".to_owned(),
            ),
            Self::Host { error, .. } => error.fix(),
            Self::AnyHost(error) => error.fix(),
            Self::Unreadable { .. } => None,
        }
    }
}

/// Bytes that are printed at once.
const PIECE: usize = 64 * 1024;
/// Bytes of the longest file.
const LONGEST: u64 = 1 << 30;
/// Characters of a script that are shown beside its judgement.
const SHOWN: usize = 73;
