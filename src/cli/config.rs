//! `config show` and `check-config`.

use super::{exit::Exit, output::Console, setup};
use crate::{
    config::{Arguments, Checked},
    output::ErrorReport,
    redact::KnownSecrets,
    remedy::Code,
    secret::{Environment, Secrets},
};

/// Prints each setting with its value and where it came from.
pub(super) fn show(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match setup::load(environment, arguments, console) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if json {
        console.line(serde_json::to_string_pretty(config.show()).unwrap_or_default());
    } else {
        console.out(config.show());
    }
    Exit::SUCCESS
}

/// Tries what can be tried without contacting anybody.
pub(super) fn check(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match setup::load(environment, arguments, console) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let checked = config.check(&Secrets::new(environment.clone(), KnownSecrets::default()));
    if json {
        console.line(serde_json::to_string_pretty(&checked).unwrap_or_default());
    } else {
        tell(&checked, console);
    }
    if checked.ok { Exit::SUCCESS } else { Exit::of(Code::Configuration) }
}

fn tell(checked: &Checked, console: &Console) {
    console.line(format_args!("file: {}", checked.file.as_deref().unwrap_or("none")));
    console.line(format_args!("profile: {}", checked.profile));
    for host in &checked.hosts {
        let verdict = if host.problems.is_empty() { "ok" } else { "cannot be tried" };
        console.line(format_args!("{} {}: {verdict}", host.host, host.endpoint));
        host.problems.iter().for_each(|problem| tell_problem(problem, console));
    }
    for script in &checked.scripts {
        let verdict = if script.problem.is_none() { "ok" } else { "cannot run" };
        console.line(format_args!("script {} {}: {verdict}", script.script, script.file));
        if let Some(problem) = &script.problem {
            tell_problem(problem, console);
        }
    }
    for warning in &checked.warnings {
        console.line(format_args!("warning: {warning}"));
    }
}

fn tell_problem(problem: &ErrorReport, console: &Console) {
    console.line(format_args!("  {}", problem.message));
    if let Some(fix) = &problem.fix {
        console.line(format_args!("  fix: {fix}"));
    }
}
