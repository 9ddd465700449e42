//! One PowerShell command with literal arguments.

use std::collections::{BTreeMap, BTreeSet};

use winrm_script::static_command::{Argument, Literal, StaticCommand};

use super::{
    Policy,
    authorized::{Judged, Risk},
    denial::{Denial, Pass, Reason, Verdict},
    lists::Selection,
    names::CmdletName,
    profile::ParameterRule,
    program, values,
};
use crate::inventory::nearest::nearest;

impl Policy {
    /// Judges a command by its name, then by its parameters.
    pub(super) fn judge_command(&self, command: StaticCommand) -> Verdict {
        if self.profile.is_unrestricted() && self.lists.is_empty() {
            return Ok(Pass::new("unrestricted", Risk::Change, Judged::PowerShell(command)));
        }
        let Some(name) = CmdletName::parse(command.name()) else {
            return self.judge_other_name(&command);
        };
        if let Some(pattern) = self.lists.excluded(name.as_str()) {
            let reason = Reason::Excluded { name: name.to_string(), pattern: pattern.to_owned() };
            return Err(Denial::new("exclude", reason));
        }
        let pass = match self.lists.command(&name, self.interpreters.is_command(&name)) {
            Selection::Selected => Pass::new("allow", Risk::Change, Judged::PowerShell(command.clone())),
            Selection::Missing => return Err(self.command_not_listed(&name, "allow")),
            Selection::ByWildcardOnly => return Err(interpreter(&name)),
            Selection::Unlisted if self.profile.is_unrestricted() => {
                if self.interpreters.is_command(&name) {
                    return Err(interpreter(&name));
                }
                return Ok(Pass::new("unrestricted", Risk::Change, Judged::PowerShell(command)));
            }
            Selection::Unlisted => match self.profile.command(&name) {
                Some(rule) => {
                    let rule_name = format!("{}: {}", self.profile.name(), rule.name());
                    if let Some(parameters) = &rule.parameters {
                        closed(&name, command.arguments(), parameters, &rule_name)?;
                        return Ok(Pass::new(rule_name, Risk::Read, Judged::PowerShell(command)));
                    }
                    Pass::new(rule_name, Risk::Read, Judged::PowerShell(command.clone()))
                }
                None => return Err(self.command_not_listed(&name, self.profile.name().as_str())),
            },
        };
        if !self.profile.is_unrestricted() {
            self.open(command.arguments())?;
        }
        Ok(pass)
    }

    /// A name that is no command's full name is a program, or an alias that nobody resolves.
    fn judge_other_name(&self, command: &StaticCommand) -> Verdict {
        let name = command.name();
        if let Some((_, base)) = name.rsplit_once('\\')
            && CmdletName::parse(base).is_some()
        {
            return Err(
                Denial::new("command-names", Reason::ModuleQualified).instead(format!("write {base}"))
            );
        }
        let arguments = program::arguments_of(command)?;
        let asked =
            program::Asked { executable: name, arguments: &arguments, stdin: None, working_directory: None };
        self.judge_program(&asked).map_err(|denial| match denial.reason {
            Reason::ProgramNotListed { .. } => {
                let noun = format!("Get-{name}");
                let offered = self.offered();
                let alternative = offered
                    .iter()
                    .find(|known| known.eq_ignore_ascii_case(&noun))
                    .map(|known| format!("write {known}"))
                    .or_else(|| alias_of(name).map(|full| format!("write {full}, if it is allowed")))
                    .or(denial.alternative);
                let reason = Reason::NotACommandName { name: name.to_owned() };
                Denial { rule: "command-names".to_owned(), reason, position: None, alternative, ..denial }
            }
            _ => denial,
        })
    }

    /// What every profile but `unrestricted` says about parameters and values.
    fn open(&self, arguments: &[Argument]) -> Result<(), Denial> {
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            match argument {
                Argument::Parameter { name, value } => {
                    let following = match arguments.peek() {
                        Some(Argument::Value(value)) => Some(value),
                        _ => None,
                    };
                    self.parameter(name.as_str(), value.as_ref().or(following))?;
                    if let Some(value) = value {
                        judge_value(value)?;
                    }
                }
                Argument::Value(value) => judge_value(value)?,
            }
        }
        Ok(())
    }

    fn parameter(&self, name: &str, value: Option<&Literal>) -> Result<(), Denial> {
        if common(name, value)? == Common::Harmless {
            return Ok(());
        }
        let rule = format!("{}: parameters", self.profile.name());
        if self.profile.denied_parameter(name).is_some() {
            return Err(
                Denial::new(rule, Reason::Parameter { parameter: name.to_owned() }).instead("leave it out")
            );
        }
        if let Some(full) = self.profile.abbreviated_parameter(name) {
            let reason = Reason::Abbreviation { parameter: name.to_owned(), full: full.to_owned() };
            return Err(Denial::new(rule, reason).instead("write the parameter's full name"));
        }
        Ok(())
    }

    fn command_not_listed(&self, name: &CmdletName, rule: &str) -> Denial {
        let offered = self.offered();
        let names: Vec<&str> = offered.iter().map(String::as_str).collect();
        let alternative = match nearest(name.as_str(), names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => summary(&names),
        };
        let mut denial = Denial::new(rule, Reason::CommandNotListed { name: name.to_string() });
        if !alternative.is_empty() {
            denial = denial.instead(alternative);
        }
        denial
            .for_operator(format!("add {name:?} to allow, beside what is allowed now", name = name.as_str()))
    }
}

/// Judges the arguments of a closed rule: its parameters alone, by full name, each with a value that it takes.
fn closed(
    command: &CmdletName,
    arguments: &[Argument],
    parameters: &BTreeMap<String, ParameterRule>,
    rule_name: &str,
) -> Result<(), Denial> {
    let deny = |reason: Reason| Denial::new(rule_name, reason);
    let mut seen = BTreeSet::new();
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let Argument::Parameter { name, value } = argument else { return Err(deny(Reason::Positional)) };
        let listed = parameters.iter().find(|(full, _)| full.eq_ignore_ascii_case(name.as_str()));
        let is_switch = listed.is_some_and(|(_, rule)| rule.switch);
        let value = match value {
            Some(value) => Some(value),
            None if is_switch => None,
            None => match arguments.next_if(|next| matches!(next, Argument::Value(_))) {
                Some(Argument::Value(value)) => Some(value),
                _ => None,
            },
        };
        let Some((full, rule)) = listed else {
            if common(name.as_str(), value)? == Common::Harmless {
                continue;
            }
            let known = parameters.keys().cloned().collect();
            return Err(deny(Reason::ParameterNotListed { command: command.to_string(), known }));
        };
        let fits = match value {
            Some(value) => rule.takes(value),
            None => rule.switch,
        };
        if !fits {
            return Err(deny(Reason::Value { parameter: full.clone(), expected: rule.expected() }));
        }
        seen.insert(full);
    }
    for (full, rule) in parameters {
        if rule.required && !seen.contains(full) {
            let reason = Reason::ParameterMissing { command: command.to_string(), parameter: full.clone() };
            return Err(deny(reason).instead(format!("add -{full} with {}", rule.expected())));
        }
    }
    Ok(())
}

fn judge_value(value: &Literal) -> Result<(), Denial> {
    values::objection(value).map_or(Ok(()), |reason| Err(Denial::new("values", reason)))
}

#[derive(Debug, PartialEq, Eq)]
enum Common {
    /// A common parameter that changes nothing about the judgement.
    Harmless,
    /// No common parameter.
    No,
}

/// Judges what every command takes.
fn common(name: &str, value: Option<&Literal>) -> Result<Common, Denial> {
    let deny = || {
        Err(Denial::new("common-parameters", Reason::Parameter { parameter: name.to_owned() })
            .instead("leave it out"))
    };
    let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let short_for = |names: &[&str]| {
        let matches =
            |known: &&str| known.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        names.iter().any(matches)
    };
    if is(&["Verbose", "vb"]) {
        return Ok(Common::Harmless);
    }
    if is(&[
        "ErrorAction",
        "ea",
        "WarningAction",
        "wa",
        "InformationAction",
        "infa",
        "ProgressAction",
        "proga",
    ]) {
        let harmless = ["Continue", "SilentlyContinue", "Ignore", "Stop"];
        return match value {
            Some(Literal::String(text)) if harmless.iter().any(|known| known.eq_ignore_ascii_case(text)) => {
                Ok(Common::Harmless)
            }
            _ => Err(Denial::new(
                "common-parameters",
                Reason::Value {
                    parameter: name.to_owned(),
                    expected: format!("one of {}", harmless.join(", ")),
                },
            )),
        };
    }
    if is(&["Confirm", "cf"]) {
        return if value == Some(&Literal::Boolean(false)) { Ok(Common::Harmless) } else { deny() };
    }
    if is(&["WhatIf", "wi"]) {
        return if value == Some(&Literal::Boolean(false)) { deny() } else { Ok(Common::Harmless) };
    }
    if is(&["db", "ev", "wv", "iv", "ov", "ob", "pv", "usetx"]) || short_for(&DENIED_COMMON) {
        return deny();
    }
    if short_for(&[
        "ErrorAction",
        "WarningAction",
        "InformationAction",
        "ProgressAction",
        "Confirm",
        "WhatIf",
    ]) && name.len() > 2
    {
        return deny();
    }
    Ok(Common::No)
}

fn interpreter(name: &CmdletName) -> Denial {
    Denial::new("interpreters", Reason::Interpreter { name: name.to_string() })
        .for_operator(format!("name {name} exactly in allow, knowing that it can run anything"))
}

/// What a person most likely means by an alias of PowerShell.
fn alias_of(name: &str) -> Option<&'static str> {
    let known = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
    known.map(|(_, full)| *full)
}

/// A few of the names that are allowed.
fn summary(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("allowed are {shown} and {more} more"),
        _ if names.is_empty() => String::new(),
        _ => format!("allowed are {shown}"),
    }
}

/// Common parameters that write variables or stop for a question.
const DENIED_COMMON: [&str; 8] = [
    "Debug",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "UseTransaction",
];

/// The aliases that assistants write; the crate's table of commands will hold them all.
const ALIASES: [(&str, &str); 14] = [
    ("gps", "Get-Process"),
    ("ps", "Get-Process"),
    ("gsv", "Get-Service"),
    ("gcim", "Get-CimInstance"),
    ("gwmi", "Get-CimInstance"),
    ("gin", "Get-ComputerInfo"),
    ("ls", "Get-ChildItem"),
    ("dir", "Get-ChildItem"),
    ("gci", "Get-ChildItem"),
    ("cat", "Get-Content"),
    ("type", "Get-Content"),
    ("gc", "Get-Content"),
    ("echo", "Write-Output"),
    ("gdr", "Get-PSDrive"),
];
