//! `policy test`: judges scripts by the thousand, and compares with what is expected.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
};

use clap::Args;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    super::{
        exit::Exit,
        input::{self, InputError},
        page,
    },
    Console,
};
use crate::{
    call::{Call, HostName, Purpose, Work},
    config::{self, Arguments, Config},
    explain::{self, Case, CommandShown, Decision, Explanation, Given, NoTarget, Spot},
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
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Row<'r> {
    decision: Decision,
    rule: &'r str,
    reason: Option<String>,
    position: Option<&'r Spot>,
    judged_form: Option<&'r str>,
    commands: Vec<RowCommand<'r>>,
}

/// A command that a host would be sent.
#[derive(Debug, Serialize)]
struct RowCommand<'r> {
    name: &'r str,
    arguments: &'r [Given],
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
    #[error(transparent)]
    Input(#[from] InputError),
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
    let bench = Bench::new(&config, asked, console).map_err(boxed)?;
    let mut reader = BufReader::new(input::open(&asked.file).map_err(boxed)?);
    let mut tally = Tally::default();
    let (mut printed, mut line) = (String::new(), Vec::new());
    for number in 1.. {
        line.clear();
        let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        if read.map_err(|error| boxed(InputError::unreadable(&asked.file, &error)))? == 0 || console.gone() {
            break;
        }
        match bench.judge(number, &line, &mut tally) {
            Ok(text) => printed.push_str(&text),
            Err(error) => {
                // What was judged before is worth seeing.
                console.out(&printed);
                return Err(boxed(error));
            }
        }
        if printed.len() > PIECE {
            console.out(&printed);
            printed.clear();
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
    asked: &'b Test,
    /// The host of a line that names none.
    standard: Target,
    console: &'b Console,
    now: OffsetDateTime,
}

impl<'b> Bench<'b> {
    fn new(config: &'b Config, asked: &'b Test, console: &'b Console) -> Result<Self, TestError> {
        let standard = match config.inventory.only() {
            Ok(target) => target.clone(),
            Err(_) => explain::any_host()?,
        };
        Ok(Self { config, asked, standard, console, now: OffsetDateTime::now_utc() })
    }

    /// What to print about a line; nothing about an empty one.
    fn judge(&self, number: usize, line: &[u8], tally: &mut Tally) -> Result<String, TestError> {
        let path = &self.asked.file;
        let not_a_line = |message: String| TestError::NotALine { path: path.clone(), line: number, message };
        let text = std::str::from_utf8(line).map_err(|_| not_a_line("this is not UTF-8".to_owned()))?;
        let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
        if text.trim().is_empty() {
            return Ok(String::new());
        }
        let line: Line = serde_json::from_str(text).map_err(|error| not_a_line(in_words(&error)))?;
        let expect = match line.expect.as_deref().map(expected) {
            Some(None) => {
                return Err(not_a_line("expect is allowed, needs_approval or denied".to_owned()));
            }
            Some(decision) => decision,
            None => None,
        };
        let host = |error| TestError::Host { path: path.clone(), line: number, error };
        let target = match &line.host {
            None => &self.standard,
            Some(name) => self.config.inventory.find(&HostName::new(name)).map_err(host)?,
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
        let missed = expect.filter(|expect| *expect != explanation.decision);
        tally.differ += usize::from(missed.is_some());
        let (json, is) = (self.asked.json, explanation.decision.name());
        let mut printed = match json {
            true => serde_json::to_string(&Row::new(&explanation)).unwrap_or_default() + "\n",
            false => in_lines(number, &explanation, &line.script),
        };
        match missed.map(Decision::name) {
            // A line of JSON has no place for it.
            Some(expect) if json => {
                let path = path.display();
                self.console.error_line(format_args!("{path}:{number}: expected {expect}, and it is {is}"));
            }
            Some(expect) => printed.push_str(&format!("      DIFFERS: expected {expect}\n")),
            None => {}
        }
        Ok(printed)
    }
}

impl<'r> Row<'r> {
    fn new(explanation: &'r Explanation) -> Self {
        let Explanation { decision, rule, position, judged_form, commands, .. } = explanation;
        let command =
            |command: &'r CommandShown| RowCommand { name: &command.name, arguments: &command.arguments };
        Self {
            decision: *decision,
            rule,
            reason: reason(explanation),
            position: position.as_ref(),
            judged_form: judged_form.as_deref(),
            commands: commands.iter().map(command).collect(),
        }
    }
}

/// Two lines for people: what is decided and why, and the beginning of the script.
fn in_lines(number: usize, explanation: &Explanation, script: &str) -> String {
    let Explanation { decision, rule, position, judged_at_run, .. } = explanation;
    let why = match (reason(explanation), position) {
        (Some(reason), Some(position)) => format!("{rule} at {}: {reason}", position.text),
        (Some(reason), None) => format!("{rule}: {reason}"),
        (None, _) if *judged_at_run => format!("{rule} (values are judged when it runs)"),
        (None, _) => rule.clone(),
    };
    let why = page::visible(why.trim_start());
    let mut lines = script.lines().filter(|line| !line.trim().is_empty());
    let first = page::visible(lines.next().unwrap_or_default());
    let mut shown: String = first.chars().take(SHOWN).collect();
    if shown.len() < first.len() || lines.next().is_some() {
        shown.push('…');
    }
    format!("{number:>5} {:<14} {why}\n      {shown}\n", decision.name())
}

/// Why it is denied, and what to write instead.
fn reason(explanation: &Explanation) -> Option<String> {
    let reason = explanation.reason.as_ref()?;
    Some(match &explanation.alternative {
        Some(alternative) => format!("{reason}; {alternative}"),
        None => reason.clone(),
    })
}

/// What is wrong with a line, and at which of its columns.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // It counts lines of its own, of which there is one.
    let cause = text.rsplit_once(" at line ").map_or(text.as_str(), |(cause, _)| cause);
    format!("column {}: {cause}", error.column())
}

fn expected(text: &str) -> Option<Decision> {
    Some(match text.to_ascii_lowercase().as_str() {
        "allowed" | "allow" => Decision::Allowed,
        "needs_approval" | "approval" | "approval_required" => Decision::NeedsApproval,
        "denied" | "deny" => Decision::Denied,
        _ => return None,
    })
}

fn boxed(error: impl Remedy + 'static) -> Box<dyn Remedy> {
    Box::new(error)
}

impl Remedy for TestError {
    fn code(&self) -> Code {
        match self {
            Self::Input(error) => error.code(),
            Self::NotALine { .. } | Self::Host { .. } => Code::Usage,
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
            Self::Input(error) => error.fix(),
        }
    }
}

/// Bytes that are printed at once.
const PIECE: usize = 64 * 1024;
/// Bytes of the longest line.
const LONGEST: u64 = 64 << 20;
/// Characters of a script that are shown beside its judgement.
const SHOWN: usize = 73;
