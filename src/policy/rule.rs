//! One rule: what it is for, and what it says.

mod fault;
mod parameter;
mod rate;
mod siblings;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use winrm_script::commands;

pub(super) use self::parameter::{ParameterRule, filled};
pub use self::{
    fault::{RuleError, RuleFault},
    parameter::ParameterSettings,
    rate::{NotARate, Rate},
};
use super::{
    names::{CmdletName, NamePattern},
    occasion::Occasion,
    path::Root,
    program::Program,
    reviewed::ScriptDigest,
};
use crate::{call::Purpose, inventory::nearest::nearest};

/// One rule, as a file has it.
///
/// A rule with `parameters` is closed: what it does not list is refused, but for safe common parameters, and what
/// it lists is required unless it is `optional` or has a value to `fill` in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// What denials and the audit call it.
    pub name: String,
    /// Whether it allows or denies.
    #[serde(default)]
    pub effect: Effect,
    /// Names of commands, or patterns of the names that the table of commands has.
    #[serde(default)]
    pub commands: Vec<String>,
    /// What the commands may be given, by full name of the parameter.
    pub parameters: Option<BTreeMap<String, ParameterSettings>>,
    /// The folders and registry keys under which path parameters may point, where the rule is open.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Native programs.
    #[serde(default)]
    pub programs: Vec<ProgramSettings>,
    /// Reviewed scripts by name, pattern of names, or digest. An allow narrows what their `[[script]]` allows, or says on
    /// what terms.
    #[serde(default)]
    pub scripts: Vec<String>,
    /// Names or patterns of names of the hosts that it is for; all hosts if empty.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The hosts that it is for have one of these tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// On what occasions it counts; on all of them if it is not there.
    pub purpose: Option<Vec<Purpose>>,
    /// Until when it counts, in RFC 3339: `2026-12-31T18:00:00Z`.
    pub expires: Option<String>,
    /// How often it allows something on one host: `5/hour`.
    pub rate: Option<String>,
    /// What it allows waits until a person has approved of it.
    #[serde(default)]
    pub approval: bool,
    /// The commands change nothing when they are given `-WhatIf`, so a dry run may send them with it.
    #[serde(default)]
    pub what_if: bool,
    /// It allows text that nobody takes apart.
    #[serde(default)]
    pub raw: bool,
}

/// What a rule does with what it matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It may run, unless another rule denies it.
    #[default]
    Allow,
    /// It may not, whatever other rules say.
    Deny,
}

/// A native program and the argument lists that it is allowed with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// A file name, which means the one in System32, or a full path.
    pub name: String,
    /// The argument lists; any arguments if it is not there.
    pub arguments: Option<Vec<Vec<String>>>,
    /// It may be given standard input beside one of these lists, which can say as much as arguments do.
    #[serde(default)]
    pub stdin: bool,
}

/// A rule ready to judge by.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) effect: Effect,
    commands: Vec<NamePattern>,
    pub(super) parameters: Option<BTreeMap<String, ParameterRule>>,
    pub(super) paths: Vec<Root>,
    pub(super) programs: Vec<ProgramSettings>,
    scripts: Vec<ScriptChoice>,
    hosts: Vec<NamePattern>,
    tags: Vec<String>,
    purpose: Option<Vec<Purpose>>,
    expires: Option<OffsetDateTime>,
    pub(super) terms: Terms,
    pub(super) raw: bool,
}

/// How a rule names a reviewed script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ScriptChoice {
    Named(NamePattern),
    Pinned(ScriptDigest),
}

/// On what terms something is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// A person has to approve of it.
    pub(super) approval: bool,
    /// A dry run may send it with `-WhatIf`.
    pub(super) what_if: bool,
    /// How often, by the rules that say so.
    pub(super) rates: Vec<Metered>,
}

/// A rule that allows something only so often.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Metered {
    pub(super) origin: Origin,
    pub(super) rule: String,
    pub(super) rate: Rate,
}

/// Whose policy a rule is in: two that are called the same are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// The user's, or a profile of it.
    Own,
    /// The machine's.
    Machine,
}

/// How a rule names a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// By its full name.
    Exactly,
    /// By a pattern.
    ByPattern,
}

impl Rule {
    /// Checks a rule.
    pub(super) fn new(settings: &RuleSettings) -> Result<Self, RuleFault> {
        check_shape(settings)?;
        settings.commands.iter().try_for_each(|command| check_command(command, settings.effect))?;
        settings.programs.iter().try_for_each(check_program)?;
        let patterns = |names: &[String]| names.iter().map(|name| NamePattern::new(name)).collect();
        let parameters = match &settings.parameters {
            None => None,
            Some(parameters) => Some(compile_parameters(settings, parameters)?),
        };
        Ok(Self {
            name: settings.name.clone(),
            effect: settings.effect,
            commands: patterns(&settings.commands),
            parameters,
            paths: parameter::roots(&settings.paths)?,
            programs: settings.programs.clone(),
            scripts: settings.scripts.iter().map(|script| script_choice(script)).collect::<Result<_, _>>()?,
            hosts: patterns(&settings.hosts),
            tags: settings.tags.iter().map(|tag| tag.to_ascii_lowercase()).collect(),
            purpose: settings.purpose.clone(),
            expires: settings.expires.as_deref().map(fault::time).transpose()?,
            terms: Terms::new(settings)?,
            raw: settings.raw,
        })
    }

    /// Whether it counts on this occasion.
    pub(super) fn counts(&self, on: &Occasion<'_>) -> bool {
        let named =
            self.hosts.is_empty() || self.hosts.iter().any(|host| host.matches(on.target.name.as_str()));
        let tagged = |tag: &String| on.target.tags.iter().any(|own| own.as_str() == tag);
        named
            && (self.tags.is_empty() || self.tags.iter().any(tagged))
            && self.purpose.as_ref().is_none_or(|purpose| purpose.contains(&on.purpose))
            && self.expires.is_none_or(|end| match on.now {
                Some(now) => now < end,
                // Nobody knows when it will run: what is denied then is not certain, nor is what is not allowed.
                None => self.effect == Effect::Allow,
            })
    }

    /// Whether it asks for more than that the call fits.
    pub(super) fn has_terms(&self) -> bool {
        let Terms { approval, rates, .. } = &self.terms;
        *approval || !rates.is_empty() || self.purpose.is_some() || self.expires.is_some()
    }

    /// How it names a command, if it does.
    pub(super) fn names(&self, command: &str) -> Option<Naming> {
        let naming = |pattern: &NamePattern| {
            if pattern.is_wildcard() { Naming::ByPattern } else { Naming::Exactly }
        };
        let mut found = self.commands.iter().filter(|pattern| pattern.matches(command)).map(naming);
        let first = found.next()?;
        Some(if found.any(|naming| naming == Naming::Exactly) { Naming::Exactly } else { first })
    }

    /// Whether it names a reviewed script.
    pub(super) fn names_script(&self, name: &str, sha256: ScriptDigest) -> bool {
        self.scripts.iter().any(|choice| match choice {
            ScriptChoice::Named(pattern) => pattern.matches(name),
            ScriptChoice::Pinned(digest) => *digest == sha256,
        })
    }

    /// The first script that it names by a name alone, which says nothing of what is in it.
    pub(super) fn script_by_name(&self) -> Option<&str> {
        self.scripts.iter().find_map(|choice| match choice {
            ScriptChoice::Named(pattern) if pattern.as_str() != "*" => Some(pattern.as_str()),
            ScriptChoice::Named(_) | ScriptChoice::Pinned(_) => None,
        })
    }

    /// What it allows, for lists of names.
    pub(super) fn offered(&self) -> impl Iterator<Item = &str> {
        let programs = self.programs.iter().map(|program| program.name.as_str());
        self.commands.iter().map(NamePattern::as_str).chain(programs)
    }

    /// The commands that it names and the table lacks.
    pub(super) fn unknown_commands(&self) -> impl Iterator<Item = &str> {
        let exact = self.commands.iter().filter(|pattern| !pattern.is_wildcard()).map(NamePattern::as_str);
        exact.filter(|name| commands::find(name).is_none())
    }
}

impl Terms {
    fn new(settings: &RuleSettings) -> Result<Self, RuleFault> {
        let rate = settings.rate.as_deref().map(str::parse::<Rate>).transpose()?;
        Ok(Self {
            approval: settings.approval,
            what_if: settings.what_if,
            rates: rate
                .into_iter()
                .map(|rate| Metered { origin: Origin::Own, rule: settings.name.clone(), rate })
                .collect(),
        })
    }

    /// The same terms as the machine's policy says them.
    pub(super) fn by_the_machine(mut self) -> Self {
        self.rates.iter_mut().for_each(|metered| metered.origin = Origin::Machine);
        self
    }

    /// Both terms hold.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.approval |= other.approval;
        self.what_if &= other.what_if;
        for rate in other.rates {
            if !self.rates.contains(&rate) {
                self.rates.push(rate);
            }
        }
        self
    }
}

/// What can be seen without looking into lists and tables.
fn check_shape(settings: &RuleSettings) -> Result<(), RuleFault> {
    let names_something =
        !settings.commands.is_empty() || !settings.programs.is_empty() || !settings.scripts.is_empty();
    let denies = settings.effect == Effect::Deny;
    if settings.raw && (names_something || settings.parameters.is_some() || denies || settings.what_if) {
        return Err(RuleFault::RawWithCommands);
    }
    if !settings.raw && !names_something {
        return Err(RuleFault::MatchesNothing);
    }
    if settings.purpose.as_ref().is_some_and(Vec::is_empty) {
        return Err(RuleFault::NoPurpose);
    }
    if settings.parameters.is_some() && settings.commands.is_empty() {
        return Err(RuleFault::ParametersWithoutCommands);
    }
    if denies && (settings.approval || settings.what_if || settings.rate.is_some()) {
        return Err(RuleFault::TermsOfDenial);
    }
    Ok(())
}

fn check_command(command: &str, effect: Effect) -> Result<(), RuleFault> {
    let pattern = command.contains(['*', '?']);
    let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '*' | '?');
    let valid = if pattern { command.chars().all(letters) } else { CmdletName::is_full(command) };
    if !valid {
        return Err(RuleFault::CommandName(command.to_owned()));
    }
    let pattern = NamePattern::new(command);
    // What is denied may be a command that only a host knows.
    let allows = effect == Effect::Allow;
    if allows && pattern.is_wildcard() && !commands::names().any(|name| pattern.matches(name)) {
        return Err(RuleFault::PatternOfNothing(command.to_owned()));
    }
    Ok(())
}

fn script_choice(text: &str) -> Result<ScriptChoice, RuleFault> {
    if let Some(digest) = ScriptDigest::parse(text) {
        return Ok(ScriptChoice::Pinned(digest));
    }
    let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*' | '?');
    match !text.is_empty() && text.chars().all(letters) {
        true => Ok(ScriptChoice::Named(NamePattern::new(text))),
        false => Err(RuleFault::ScriptName(text.to_owned())),
    }
}

fn check_program(program: &ProgramSettings) -> Result<(), RuleFault> {
    let name = || program.name.clone();
    if Program::parse(&program.name).is_err() {
        return Err(RuleFault::ProgramName(name()));
    }
    if program.arguments.as_ref().is_some_and(Vec::is_empty) {
        return Err(RuleFault::ProgramWithoutForm(name()));
    }
    Ok(())
}

/// A parameter must be one of each command that the rule names and the table has, and is written as there.
fn compile_parameters(
    rule: &RuleSettings,
    parameters: &BTreeMap<String, ParameterSettings>,
) -> Result<BTreeMap<String, ParameterRule>, RuleFault> {
    let mut compiled = BTreeMap::new();
    for (parameter, settings) in parameters {
        let mut full = parameter.clone();
        for command in rule.commands.iter().filter_map(|name| commands::find(name)) {
            match command.parameter(parameter).filter(|known| known.name().eq_ignore_ascii_case(parameter)) {
                Some(known) => known.name().clone_into(&mut full),
                None => {
                    let known = command.variants().flat_map(commands::Variant::parameters);
                    return Err(RuleFault::UnknownParameter {
                        command: command.name().to_owned(),
                        parameter: parameter.clone(),
                        nearest: nearest(parameter, known.map(commands::Parameter::name)),
                    });
                }
            }
        }
        compiled.insert(full, ParameterRule::new(parameter, settings, rule.effect)?);
    }
    Ok(compiled)
}
