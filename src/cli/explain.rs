//! `winrm-mcp explain`: what would become of a command or script, without a host.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{
    exit::Exit,
    input::{self, InputError},
    output::Console,
    page,
};
use crate::{
    call::{Call, Purpose, Work},
    config::{self, Arguments, Config},
    explain::{self, Case, Decision, Explanation, NoTarget},
    policy::Policy,
    remedy::{Code, Remedy},
    reviewed::{ArgumentFault, Script},
    secret::Environment,
};

/// What `explain` takes.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The host, where there is more than one
    #[arg(long, value_name = "HOST")]
    host: Option<String>,

    /// COMMAND is a program, not PowerShell
    #[arg(long, conflicts_with = "script")]
    native: bool,

    /// Take PowerShell text from FILE (or -)
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    script: Option<PathBuf>,

    /// Explain a reviewed script of the configuration; what follows are its -Parameters and values
    #[arg(long, value_name = "NAME", conflicts_with_all = ["script", "native"])]
    reviewed: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Command name, -Parameters and values; each word is data
    #[arg(last = true, value_name = "COMMAND ARG…", required_unless_present_any = ["script", "reviewed"])]
    words: Vec<String>,
}

/// Explains, and says nothing by its exit code about what is decided.
pub(super) fn run(
    asked: Explain,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let config = match config::load_without_hosts(environment, arguments) {
        Ok(config) => config,
        Err(error) => return Exit::failed(console, &error),
    };
    let json = asked.json;
    match explanation(asked, &config) {
        Ok(explained) if json => {
            console.line(serde_json::to_string_pretty(&explained).unwrap_or_default());
            Exit::SUCCESS
        }
        Ok(explained) => {
            console.out(text(&explained));
            Exit::SUCCESS
        }
        Err(error) => Exit::failed(console, &error),
    }
}

/// An explanation, and what the operator would write to allow what is denied.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    explanation: Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_allow: Option<String>,
}

fn explanation(asked: Explain, config: &Config) -> Result<Explained, ExplainError> {
    let target = explain::target(&config.inventory, asked.host.as_deref())?;
    let call = Call::imagined(target.name.clone(), work(asked, &config.policy_in_force)?, Purpose::User);
    let case = Case::new(&config.policy_in_force, &call, &target);
    let explanation = case.explain();
    let denied = explanation.decision == Decision::Denied;
    Ok(Explained { explanation, would_allow: denied.then(|| case.would_allow()).flatten() })
}

fn work(asked: Explain, policy: &Policy) -> Result<Work, ExplainError> {
    if let Some(name) = &asked.reviewed {
        return Ok(Script::named(policy, name)?.given_words(&asked.words)?);
    }
    if let Some(path) = asked.script {
        return Ok(Work::PowerShell { text: input::text(&path)? });
    }
    let mut words = asked.words.into_iter();
    Ok(if asked.native {
        Work::Program {
            executable: words.next().unwrap_or_default(),
            arguments: words.collect(),
            stdin: None,
            working_directory: None,
        }
    } else {
        Work::Words { words: words.collect() }
    })
}

/// The explanation for people.
fn text(Explained { explanation, would_allow }: &Explained) -> String {
    let Explanation { decision, rule, risk, reason, position, alternative, judged_form, commands, .. } =
        explanation;
    let mut lines = Vec::new();
    let mut say = |indent: usize, text: &str| lines.extend(page::wrapped(&page::visible(text), indent));
    let at = position.as_ref().map(|position| format!(" at {}", position.text)).unwrap_or_default();
    match (decision, reason) {
        (Decision::Denied, Some(reason)) => say(0, &format!("denied by {rule}{at}: {reason}")),
        (Decision::NeedsApproval, _) => say(0, &format!("needs a human's approval, by {rule}")),
        _ => {
            let risk = risk.map(|risk| format!(" ({risk})")).unwrap_or_default();
            say(0, &format!("allowed{}{risk}", explanation.ground()));
        }
    }
    if let Some(alternative) = alternative {
        say(2, &format!("instead: {alternative}"));
    }
    if let (None, Some(hint)) = (would_allow, &explanation.operator_hint) {
        say(2, &format!("to allow it: {hint}"));
    }
    lines.extend(would_allow.iter().flat_map(|rule| page::rule(rule)));
    let mut say = |indent: usize, text: &str| lines.extend(page::wrapped(&page::visible(text), indent));
    if !explanation.asked_first.is_empty() {
        say(0, "asked first:");
        for command in &explanation.asked_first {
            say(2, command);
        }
    }
    if let Some(form) = judged_form {
        say(0, "would be sent:");
        say(2, form);
    } else if !commands.is_empty() {
        say(0, "commands for the host:");
        for command in commands {
            let rule = command.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
            let decision = match command.decision {
                Decision::AtRun => "its values are judged when it runs",
                other => other.name(),
            };
            say(2, &format!("{}: {}, {decision}{rule}", command.position.text, command.name));
            if let Some(form) = &command.judged_form {
                say(4, form);
            }
        }
    }
    if let Some(plan) = &explanation.plan {
        say(0, "plan:");
        say(2, plan);
    }
    lines.join("\n") + "\n"
}

/// Why there is nothing to explain.
#[derive(Debug, thiserror::Error)]
enum ExplainError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Host(#[from] NoTarget),
    #[error(transparent)]
    Reviewed(#[from] ArgumentFault),
}

impl Remedy for ExplainError {
    fn code(&self) -> Code {
        match self {
            Self::Input(error) => error.code(),
            Self::Host(error) => error.code(),
            Self::Reviewed(error) => error.code(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.fix(),
            Self::Host(error) => error.fix(),
            Self::Reviewed(error) => error.fix(),
        }
    }
}
