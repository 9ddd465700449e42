//! What may be used: commands of the table and of the host's endpoint by name, with the parameters that the policy takes,
//! and programs with their arguments.

use std::collections::BTreeMap;

use serde::Serialize;
use winrm_script::{
    check::HostCommand,
    commands::{self, Bound, BoundArgument, BoundValue, Command, Parameter},
    parse,
    tree::{Expression, Node, Span},
};

use super::Case;
use crate::policy::{CmdletName, Grant, NamePattern, Offered, OfferedParameter, ProfileName};

/// What was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Part of a name, or a pattern with `*` and `?`.
    pub pattern: String,
    /// What it may do.
    pub access: Reach,
}

/// What commands may do to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Look.
    Read,
    /// Change something.
    Change,
    /// Either.
    #[default]
    All,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The host that it was looked for on.
    pub host: String,
    /// The commands, by name.
    pub commands: Vec<FoundCommand>,
    /// Programs that a rule or list names.
    pub programs: Vec<FoundProgram>,
    /// Reviewed scripts, each of which is a tool of this name.
    pub scripts: Vec<FoundScript>,
    /// How many there are, of which some may be left out.
    pub total: usize,
}

/// A command that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundCommand {
    /// Its full name.
    pub name: String,
    /// `read` or `change`.
    pub access: &'static str,
    /// Whether a human has to approve each use.
    pub approval: bool,
    /// What it may be given.
    pub parameters: Vec<FoundParameter>,
}

/// A parameter that may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundParameter {
    /// Its full name.
    pub name: String,
    /// Its type, as PowerShell's syntax shows it; empty where nobody says.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it takes, where one rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
}

/// A program that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundProgram {
    /// Its name or path.
    pub name: String,
    /// `read` or `change`.
    pub access: &'static str,
    /// Whether a human has to approve each use.
    pub approval: bool,
    /// The argument lists that it may be given; nothing for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<Vec<String>>>,
}

/// A reviewed script that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundScript {
    /// Its tool's name.
    pub name: String,
    /// `read` or `change`.
    pub access: &'static str,
    /// Whether a human has to approve each use.
    pub approval: bool,
}

impl Case<'_> {
    /// Looks for what the call could use on its host. The judgement is that of a script before it runs.
    #[must_use]
    pub fn find(&self, wanted: &Wanted) -> Found {
        let plain = !wanted.pattern.contains(['*', '?']);
        let pattern =
            NamePattern::new(&if plain { format!("*{}*", wanted.pattern) } else { wanted.pattern.clone() });
        let tree = parse::script("$later");
        let expression = |node| match node {
            Node::Expression(expression) => Some(expression),
            _ => None,
        };
        let later = tree.as_ref().ok().and_then(|tree| Node::Script(tree).walk().find_map(expression));
        let host = self.target.name.as_str().to_owned();
        let mut found =
            Found { host, commands: Vec::new(), programs: Vec::new(), scripts: Vec::new(), total: 0 };
        let offered = self.offered.into_iter().flat_map(Offered::commands);
        // A command of the table that the endpoint offers too is one command, however either spells it.
        let mut names: BTreeMap<String, &str> = BTreeMap::new();
        names.extend(commands::names().map(|name| (name.to_ascii_lowercase(), name)));
        names.extend(offered.map(|command| (command.name.to_ascii_lowercase(), command.name.as_str())));
        names.retain(|_, name| pattern.matches(name));
        for name in names.into_values() {
            let grants = self.grants(name);
            let Some(first) = grants.first().filter(|grant| wanted.access.takes(grant.access)) else {
                continue;
            };
            found.total += 1;
            if let Some(later) = later.filter(|_| found.commands.len() < MOST) {
                let parameters = self.parameters(name, &grants, later);
                let Grant { access, approval, .. } = *first;
                found.commands.push(FoundCommand { name: name.to_owned(), access, approval, parameters });
            }
        }
        let mut programs: Vec<&String> = self.policy.offered().iter().collect();
        programs.retain(|name| is_program(name) && pattern.matches(name));
        programs.sort();
        programs.dedup();
        for name in programs {
            for Grant { access, approval, forms, .. } in self.grants(name) {
                if wanted.access.takes(access) {
                    found.total += 1;
                    found.programs.push(FoundProgram { name: name.clone(), access, approval, forms });
                }
            }
        }
        found.programs.truncate(MOST);
        for script in self.policy.scripts().iter().filter(|script| pattern.matches(script.name.as_str())) {
            for Grant { access, approval, .. } in self.grants(script.name.as_str()) {
                if wanted.access.takes(access) {
                    found.total += 1;
                    found.scripts.push(FoundScript { name: script.name.to_string(), access, approval });
                }
            }
        }
        found
    }

    fn grants(&self, name: &str) -> Vec<Grant> {
        self.policy.grants_at(name, self.target, self.call.purpose, self.now, self.offered)
    }

    /// The parameters that a command may be given, by the table or by the endpoint that offers it.
    fn parameters(&self, name: &str, grants: &[Grant], later: &Expression) -> Vec<FoundParameter> {
        let by_endpoint = grants.first().is_some_and(|grant| grant.rule == ProfileName::Endpoint.as_str());
        let offered = self.offered.filter(|_| by_endpoint).and_then(|offered| offered.command(name));
        if let Some(offered) = offered {
            let parameter = |parameter: &OfferedParameter| FoundParameter {
                name: parameter.name.clone(),
                type_name: accelerated(&parameter.type_name),
                takes: None,
            };
            return self.policy.usable_parameters(offered).map(parameter).collect();
        }
        let Some(command) = commands::find(name) else { return Vec::new() };
        let mut parameters: Vec<FoundParameter> = Vec::new();
        let all = command.variants().flat_map(commands::Variant::parameters);
        for parameter in all.filter(|parameter| !parameter.is_common()) {
            let known = parameters.iter().any(|known| known.name == parameter.name());
            if !known && self.takes(command, parameter, later) {
                parameters.push(FoundParameter {
                    name: parameter.name().to_owned(),
                    type_name: parameter.type_name().to_owned(),
                    takes: takes(grants, parameter),
                });
            }
        }
        parameters
    }

    /// Whether the command may be used with a parameter whose value is not known yet.
    fn takes(&self, command: Command, parameter: Parameter, later: &Expression) -> bool {
        let value = if parameter.is_switch() { BoundValue::Switch } else { BoundValue::Given(later) };
        let asked = HostCommand {
            span: Span::default(),
            name: command.name(),
            known: Some(command),
            bound: Some(Bound { arguments: vec![BoundArgument { parameter, value }] }),
            elements: &[],
            // What else it is given may come through a pipeline.
            piped: true,
        };
        self.policy.foresee(self.call, "", std::slice::from_ref(&asked), self.target).is_ok()
    }
}

impl Reach {
    /// The names that a caller uses.
    pub const NAMES: [&'static str; 3] = ["read", "change", "all"];

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "change" => Some(Self::Change),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    fn takes(self, access: &str) -> bool {
        match self {
            Self::All => true,
            Self::Read => access == "read",
            Self::Change => access == "change",
        }
    }
}

/// What a parameter takes, where the one rule that allows the command says so.
fn takes(grants: &[Grant], parameter: Parameter) -> Option<String> {
    let [Grant { parameters: Some(taken), .. }] = grants else { return None };
    taken.iter().find(|taken| taken.name == parameter.name()).map(|taken| taken.takes.clone())
}

/// The name of a .NET type as PowerShell's syntax shows it.
fn accelerated(type_name: &str) -> String {
    let (name, array) = match type_name.strip_suffix("[]") {
        Some(name) => (name, "[]"),
        None => (type_name, ""),
    };
    let plain = name.rsplit('.').next().unwrap_or_default();
    let short = match plain {
        "SwitchParameter" => "switch",
        "String" => "string",
        "Int32" => "int",
        "Int64" => "long",
        "Boolean" => "bool",
        other => other,
    };
    format!("{short}{array}")
}

fn is_program(name: &str) -> bool {
    let is_command = CmdletName::is_full(name) || commands::find(name).is_some();
    !is_command && !name.contains(['*', '?'])
}

/// Commands that are described at once: what a model reads without losing the thread.
const MOST: usize = 40;
