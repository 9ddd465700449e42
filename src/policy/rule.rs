use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use winrm_script::{commands, value::Value};

use super::{
    filter,
    names::{CmdletName, NamePattern},
    path::{PathFault, Root},
    values,
};
use crate::{
    inventory::{Target, nearest::nearest},
    remedy::{Code, Remedy},
};

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
    /// Names or patterns of names of the hosts that it is for; all hosts if empty.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The hosts that it is for have one of these tags.
    #[serde(default)]
    pub tags: Vec<String>,
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

/// What a parameter takes. With nothing said: any value that names no other host, no type and no drive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSettings {
    /// One of these, whatever the case; in them `*` and `?` stand for characters.
    pub values: Option<Vec<String>>,
    /// A whole number from the first to the second.
    pub range: Option<(u64, u64)>,
    /// A path under one of these folders or registry keys.
    pub paths: Option<Vec<String>>,
    /// Names of properties: letters, digits and `_`.
    #[serde(default)]
    pub names: bool,
    /// A filter of a CIM query that is read to its end: properties, operators and literals.
    #[serde(default)]
    pub filter: bool,
    /// The value may hold wildcards of PowerShell.
    #[serde(default)]
    pub wildcards: bool,
    /// The call need not have it.
    #[serde(default)]
    pub optional: bool,
    /// The value that is sent where the call has none.
    pub fill: Option<String>,
}

/// A native program and the argument lists that it is allowed with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// A file name, which means the one in System32, or a full path.
    pub name: String,
    /// The argument lists; any arguments if it is not there.
    pub arguments: Option<Vec<Vec<String>>>,
}

/// Why a rule is refused when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule:?}: {fault}")]
pub struct RuleError {
    /// The rule's name.
    pub rule: String,
    /// Its number among the rules of its file, from 0.
    pub index: usize,
    /// What is wrong.
    pub fault: RuleFault,
}

/// What can be wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// It names neither command nor program and is not raw.
    #[error("it can never match: it names no command and no program")]
    MatchesNothing,
    /// An entry in `commands` is neither name nor pattern.
    #[error("{0:?} is neither a command's full name nor a pattern of names")]
    CommandName(String),
    /// A command lacks a parameter of a closed rule.
    #[error("it can never match: {command} has no parameter {parameter:?}")]
    UnknownParameter {
        /// The command.
        command: String,
        /// What the rule says.
        parameter: String,
        /// The parameter that looks most like it.
        nearest: Option<&'static str>,
    },
    /// No value can be taken.
    #[error("it can never match: no value fits {parameter:?}")]
    EmptyParameter {
        /// The parameter.
        parameter: String,
    },
    /// A folder or registry key is none.
    #[error("{path:?} is no root for paths: {fault}")]
    Path {
        /// What the rule says.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// A raw rule beside an exclude list or a rule that denies, which cannot look into raw text.
    #[error("raw text cannot be searched for what is excluded or denied")]
    RawWithExclude,
    /// A raw rule that names commands, or denies.
    #[error(
        "a raw rule allows text as a whole: it takes no commands, programs or parameters, and cannot deny"
    )]
    RawWithCommands,
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
    hosts: Vec<NamePattern>,
    tags: Vec<String>,
    pub(super) raw: bool,
}

/// What a parameter of a closed rule takes.
#[derive(Debug, Clone)]
pub(super) struct ParameterRule {
    values: Option<Vec<NamePattern>>,
    range: Option<(u64, u64)>,
    paths: Option<Vec<Root>>,
    names: bool,
    filter: bool,
    wildcards: bool,
    pub(super) optional: bool,
    pub(super) fill: Option<String>,
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
        if settings.raw {
            let names_something = !settings.commands.is_empty() || !settings.programs.is_empty();
            if names_something || settings.parameters.is_some() || settings.effect == Effect::Deny {
                return Err(RuleFault::RawWithCommands);
            }
        } else if settings.commands.is_empty() && settings.programs.is_empty() {
            return Err(RuleFault::MatchesNothing);
        }
        for command in &settings.commands {
            check_command(command)?;
        }
        let patterns = |names: &[String]| names.iter().map(|name| NamePattern::new(name)).collect();
        let parameters = match &settings.parameters {
            None => None,
            Some(parameters) => Some(compile_parameters(&settings.commands, parameters)?),
        };
        Ok(Self {
            name: settings.name.clone(),
            effect: settings.effect,
            commands: patterns(&settings.commands),
            parameters,
            paths: roots(&settings.paths)?,
            programs: settings.programs.clone(),
            hosts: patterns(&settings.hosts),
            tags: settings.tags.iter().map(|tag| tag.to_ascii_lowercase()).collect(),
            raw: settings.raw,
        })
    }

    /// Whether it is for this host.
    pub(super) fn is_for(&self, target: &Target) -> bool {
        let named = self.hosts.is_empty() || self.hosts.iter().any(|host| host.matches(target.name.as_str()));
        let tagged = |tag: &String| target.tags.iter().any(|own| own.as_str() == tag);
        named && (self.tags.is_empty() || self.tags.iter().any(tagged))
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

    /// Every folder and registry key that it names, for itself or for a parameter.
    pub(super) fn all_roots(&self) -> Vec<Root> {
        let of_parameters = self.parameters.iter().flatten().filter_map(|(_, listed)| listed.paths.as_ref());
        self.paths.iter().chain(of_parameters.flatten()).cloned().collect()
    }

    /// What it allows, for lists of names.
    pub(super) fn offered(&self) -> impl Iterator<Item = &str> {
        let programs = self.programs.iter().map(|program| program.name.as_str());
        self.commands.iter().map(NamePattern::as_str).chain(programs)
    }

    /// The commands that it names and the table lacks, each with the nearest name that it has.
    pub(super) fn unknown_commands(&self) -> impl Iterator<Item = &str> {
        let exact = self.commands.iter().filter(|pattern| !pattern.is_wildcard()).map(NamePattern::as_str);
        exact.filter(|name| commands::find(name).is_none())
    }
}

impl ParameterRule {
    fn new(parameter: &str, settings: &ParameterSettings) -> Result<Self, RuleFault> {
        let empty_range = settings.range.is_some_and(|(first, last)| first > last);
        if empty_range || settings.values.as_ref().is_some_and(Vec::is_empty) {
            return Err(RuleFault::EmptyParameter { parameter: parameter.to_owned() });
        }
        let values = settings.values.as_ref();
        Ok(Self {
            values: values.map(|values| values.iter().map(|value| NamePattern::new(value)).collect()),
            range: settings.range,
            paths: settings.paths.as_ref().map(|paths| roots(paths)).transpose()?,
            names: settings.names,
            filter: settings.filter,
            wildcards: settings.wildcards,
            optional: settings.optional || settings.fill.is_some(),
            fill: settings.fill.clone(),
        })
    }

    /// Whether it takes this value; an array is taken element by element.
    pub(super) fn takes(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => {
                !elements.is_empty() && elements.to_vec().iter().all(|element| self.takes_one(element))
            }
            one => self.takes_one(one),
        }
    }

    /// Whether it takes this value, or an element of it: for a rule that denies.
    pub(super) fn takes_any(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.to_vec().iter().any(|element| self.takes_any(element)),
            Value::Table(table) => table.entries().iter().any(|(_, value)| self.takes_any(value)),
            one => self.takes_one(one),
        }
    }

    /// What it takes, for a denial.
    pub(super) fn expected(&self) -> String {
        let texts =
            |items: &[NamePattern]| items.iter().map(NamePattern::as_str).collect::<Vec<_>>().join(", ");
        match (&self.values, self.range, &self.paths) {
            (Some(values), _, _) => format!("one of {}", texts(values)),
            (_, Some((first, last)), _) => format!("a whole number from {first} to {last}"),
            (_, _, Some(roots)) => {
                let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
                format!("a path under {}", roots.join(" or "))
            }
            _ if self.names => "names of properties".to_owned(),
            _ if self.filter => "a filter such as DriveType = 3 and Name like 'C%'".to_owned(),
            _ => "a plain value without wildcards".to_owned(),
        }
    }

    fn takes_one(&self, value: &Value) -> bool {
        let Some(text) = values::text_of(value) else { return false };
        let text = text.as_ref();
        if let Some((first, last)) = self.range {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            return digits && text.parse::<u64>().is_ok_and(|number| (first..=last).contains(&number));
        }
        if self.names {
            return !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        }
        if let Some(roots) = &self.paths {
            return Root::covering(roots, text).is_ok();
        }
        if self.filter {
            return filter::check(text).is_ok();
        }
        if let Some(values) = &self.values
            && values.iter().any(|value| !value.is_wildcard() && value.matches(text))
        {
            // The operator wrote exactly this.
            return true;
        }
        let plain = self.wildcards || !text.contains(['*', '?', '[', ']', '`']);
        let listed = self.values.as_ref().is_none_or(|values| values.iter().any(|value| value.matches(text)));
        plain && listed && values::text_objection(text).is_none()
    }
}

impl Remedy for RuleError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        match &self.fault {
            RuleFault::UnknownParameter { nearest: Some(nearest), .. } => {
                Some(format!("did you mean {nearest}?"))
            }
            RuleFault::MatchesNothing => Some("add commands or programs".to_owned()),
            RuleFault::RawWithExclude => Some("remove the raw rule, or what excludes and denies".to_owned()),
            _ => None,
        }
    }
}

fn check_command(command: &str) -> Result<(), RuleFault> {
    let pattern = command.contains(['*', '?']);
    let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '*' | '?');
    let valid = if pattern { command.chars().all(letters) } else { CmdletName::parse(command).is_some() };
    if valid { Ok(()) } else { Err(RuleFault::CommandName(command.to_owned())) }
}

/// A parameter must be one of each command that the rule names and the table has, and is written as there.
fn compile_parameters(
    names: &[String],
    parameters: &BTreeMap<String, ParameterSettings>,
) -> Result<BTreeMap<String, ParameterRule>, RuleFault> {
    let mut compiled = BTreeMap::new();
    for (parameter, settings) in parameters {
        let mut full = parameter.clone();
        for command in names.iter().filter_map(|name| commands::find(name)) {
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
        compiled.insert(full, ParameterRule::new(parameter, settings)?);
    }
    Ok(compiled)
}

fn roots(paths: &[String]) -> Result<Vec<Root>, RuleFault> {
    let root =
        |path: &String| Root::parse(path).map_err(|fault| RuleFault::Path { path: path.clone(), fault });
    paths.iter().map(root).collect()
}
