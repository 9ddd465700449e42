//! The policy as a constrained endpoint of the host: a role capability (.psrc) and a session configuration (.pssc).
//!
//! Such files say less than rules do: one list of parameters for a command, values by sets and patterns, and nothing about
//! what must be given, filled in, approved or counted. What they cannot say is left out and named, so that the endpoint
//! never offers more than the policy allows.

pub(super) mod pattern;
mod text;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use winrm_script::commands::{self, Command, Parameter, Variant};

use self::text::Entry;
pub(super) use self::text::Validation;
use super::{
    Policy,
    names::CmdletName,
    occasion::Occasion,
    rule::{Effect, ParameterRule, Rule},
    subject::chooses_in_folder,
};
use crate::{call::Purpose, inventory::Target};

/// Files for a constrained endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jea {
    /// The role capability: which commands, with which parameters.
    pub psrc: String,
    /// The session configuration: who gets the role, as whom commands run.
    pub pssc: String,
    /// What the policy allows and these files cannot say. It is not in them.
    pub left_out: Vec<LeftOut>,
    /// What an administrator should know before registering the endpoint.
    pub warnings: Vec<String>,
}

/// Something that is allowed and not in the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} ({rule}): {reason}")]
pub struct LeftOut {
    /// The command or program.
    pub name: String,
    /// The rule that allows it.
    pub rule: String,
    /// Why it cannot be said.
    pub reason: Unsayable,
}

/// What a role capability cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// Two rules allow it with different parameters.
    #[error("several rules allow it, and a role has one list of parameters for a command")]
    SeveralRules,
    /// A rule denies some of its values.
    #[error("the rule {0:?} denies some of its values")]
    PartlyDenied(String),
    /// The rule wants a person, a limit, an occasion or a time.
    #[error("the rule has approval, rate, purpose or expires")]
    Terms,
    /// A parameter must be given, and the command itself does not ask for it.
    #[error("-{0} must be given, and the command does not insist")]
    Required(String),
    /// A parameter is filled in.
    #[error("-{0} is filled in")]
    Filled(String),
    /// What a parameter takes cannot be said by a set or a pattern.
    #[error("what -{0} takes is neither a set nor a pattern")]
    Values(String),
    /// It runs whatever it is given.
    #[error("it can run anything")]
    Interpreter,
    /// None of its parameters is allowed, and without a list all would be.
    #[error("none of its parameters is allowed, which a role cannot say")]
    NoParameter,
    /// A program, whose arguments a role does not judge.
    #[error("it is a program, whose arguments a role does not judge")]
    Program,
    /// The table lacks it.
    #[error("the table of commands does not know its parameters")]
    Unknown,
}

impl Policy {
    /// The policy for one host as files for a constrained endpoint; `group` gets the role (`CONTOSO\Helpdesk`).
    /// What needs approval, is counted or ends is left out.
    #[must_use]
    pub fn export_jea(&self, target: &Target, purpose: Purpose, now: OffsetDateTime, group: &str) -> Jea {
        let on = Occasion { target, purpose, now: Some(now), offered: None };
        let mut export =
            Export { policy: self, on, entries: Vec::new(), left_out: Vec::new(), paths: Vec::new() };
        for command in commands::names().filter_map(commands::find) {
            export.command(command);
        }
        export.others();
        let identity = text::identity(self.version());
        Jea {
            psrc: text::role(&identity, &export.entries),
            pssc: text::session(&identity, group),
            warnings: export.warnings(),
            left_out: export.left_out,
        }
    }
}

struct Export<'p> {
    policy: &'p Policy,
    on: Occasion<'p>,
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
    /// Commands that take a path.
    paths: Vec<String>,
}

impl Export<'_> {
    fn command(&mut self, command: Command) {
        let granting = self.policy.granting(command.name(), &self.on);
        let Some((rule, _)) = granting.first() else { return };
        match self.entry(command, &granting) {
            Ok(entry) => self.entries.push(entry),
            Err(reason) => {
                self.left_out.push(LeftOut { name: command.name().to_owned(), rule: rule.clone(), reason });
            }
        }
    }

    fn entry(&mut self, command: Command, granting: &[(String, Option<&Rule>)]) -> Result<Entry, Unsayable> {
        let name = command.name();
        if !CmdletName::is_full(name) || self.policy.interpreters.is_command(name) {
            return Err(Unsayable::Interpreter);
        }
        let partly = |rule: &&Rule| {
            let denies = rule.effect == Effect::Deny && rule.parameters.is_some();
            denies && rule.names(name).is_some() && rule.counts(&self.on)
        };
        if let Some(rule) = self.policy.rules.iter().chain(self.policy.profile.rules()).find(partly) {
            return Err(Unsayable::PartlyDenied(rule.name.clone()));
        }
        if self.policy.ceiling.as_ref().is_some_and(|ceiling| {
            let bound = ceiling.granting(name, &self.on);
            !matches!(bound.as_slice(), [(_, rule), ..] if rule.is_none_or(|rule| rule.parameters.is_none()))
        }) {
            return Err(Unsayable::SeveralRules);
        }
        let [(_, rule)] = granting else { return Err(Unsayable::SeveralRules) };
        if rule.is_some_and(Rule::has_terms) {
            return Err(Unsayable::Terms);
        }
        let parameters = match rule.and_then(|rule| rule.parameters.as_ref()) {
            Some(listed) => closed(command, listed)?,
            None => self.open(command, *rule)?,
        };
        let own = own_parameters(command);
        if own.iter().any(|own| own.is_path() && parameters.contains_key(own.name())) {
            self.paths.push(name.to_owned());
        }
        if parameters.is_empty() && !own.is_empty() {
            return Err(Unsayable::NoParameter);
        }
        Ok(Entry { module: module(command), name: name.to_owned(), parameters })
    }

    /// The parameters of an open rule: those that the profile has nothing against.
    fn open(&self, command: Command, rule: Option<&Rule>) -> Result<BTreeMap<String, Validation>, Unsayable> {
        let roots = rule.map_or(&[][..], |rule| &rule.paths);
        let mut parameters = BTreeMap::new();
        for parameter in own_parameters(command) {
            let validation = match self.policy.profile.objection(parameter) {
                Some(_) => continue,
                None if parameter.is_path() && roots.is_empty() => continue,
                None if parameter.is_path() && parameter.name() == "Path" => continue,
                None if parameter.is_path() => Validation::Pattern(pattern::paths(roots)),
                None if chooses_in_folder(command, parameter) => {
                    Validation::Pattern(pattern::IN_FOLDER.to_owned())
                }
                None if is_text(parameter) => Validation::Pattern(pattern::PLAIN.to_owned()),
                None => Validation::Any,
            };
            parameters.insert(parameter.name().to_owned(), validation);
        }
        Ok(parameters)
    }

    /// What is allowed and no command of the table.
    fn others(&mut self) {
        for name in self.policy.offered() {
            if commands::find(name).is_some() || name.contains(['*', '?']) {
                continue;
            }
            let grants = self.policy.granted(name, &self.on);
            let Some(first) = grants.first() else { continue };
            let is_command = CmdletName::is_full(name);
            let reason = if is_command { Unsayable::Unknown } else { Unsayable::Program };
            self.left_out.push(LeftOut { name: name.clone(), rule: first.rule.clone(), reason });
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.paths.is_empty() {
            warnings.push(format!(
                "commands run as a virtual account, which is an administrator: a path parameter reads any file that its \
                 pattern matches ({})",
                self.paths.join(", ")
            ));
        }
        warnings
    }
}

/// The parameters of a closed rule.
fn closed(
    command: Command,
    listed: &BTreeMap<String, ParameterRule>,
) -> Result<BTreeMap<String, Validation>, Unsayable> {
    let mut parameters = BTreeMap::new();
    for (name, rule) in listed.iter().filter(|(_, rule)| !rule.is_forbidden()) {
        let parameter = command.parameter(name);
        if rule.fill.is_some() {
            return Err(Unsayable::Filled(name.clone()));
        }
        if !rule.optional && !parameter.is_some_and(is_mandatory) {
            return Err(Unsayable::Required(name.clone()));
        }
        let validation = match rule.validation() {
            _ if parameter.is_some_and(Parameter::is_switch) => Validation::Any,
            Some(validation) => validation,
            // The endpoint is narrower without it.
            None if rule.optional => continue,
            None => return Err(Unsayable::Values(name.clone())),
        };
        parameters.insert(name.clone(), validation);
    }
    Ok(parameters)
}

/// Whether the command itself insists on the parameter, in each of its sets.
fn is_mandatory(parameter: Parameter) -> bool {
    parameter.sets().all(|set| set.set.is_none() && set.mandatory)
}

fn is_text(parameter: Parameter) -> bool {
    matches!(parameter.type_name(), "string" | "string[]" | "object" | "object[]" | "psobject" | "psobject[]")
}

/// Every parameter of its own that some version has.
fn own_parameters(command: Command) -> Vec<Parameter> {
    let mut own: Vec<Parameter> = Vec::new();
    for parameter in
        command.variants().flat_map(Variant::parameters).filter(|parameter| !parameter.is_common())
    {
        if !own.iter().any(|known| known.name() == parameter.name()) {
            own.push(parameter);
        }
    }
    own
}

fn module(command: Command) -> &'static str {
    let desktop = command.variants().find(|variant| variant.source() == commands::Source::Desktop);
    desktop.map_or_else(|| command.module(), Variant::module)
}
