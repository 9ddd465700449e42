//! What may be used: commands of the table by name, with the parameters that the policy takes.

use serde::Serialize;
use time::OffsetDateTime;
use winrm_script::{
    check::HostCommand,
    commands::{self, Bound, BoundArgument, BoundValue, Command, Parameter},
    parse,
    tree::{Expression, Node, Span},
};

use crate::{
    call::Call,
    inventory::Target,
    policy::{CmdletName, NamePattern, Policy},
};

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
    pub programs: Vec<String>,
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
    pub name: &'static str,
    /// Its type, as PowerShell's syntax shows it.
    #[serde(rename = "type")]
    pub type_name: &'static str,
}

/// Looks for what a call could use on a host. The judgement is that of a script before it runs.
#[must_use]
pub fn find(policy: &Policy, call: &Call, target: &Target, wanted: &Wanted, now: OffsetDateTime) -> Found {
    let tree = parse::script("$later");
    let expression = |node| match node {
        Node::Expression(expression) => Some(expression),
        _ => None,
    };
    let later = tree.as_ref().ok().and_then(|tree| Node::Script(tree).walk().find_map(expression));
    let host = target.name.as_str().to_owned();
    let Some(later) = later else {
        return Found { host, commands: Vec::new(), programs: Vec::new(), total: 0 };
    };
    let search = Search { policy, call, target, later };
    let plain = !wanted.pattern.contains(['*', '?']);
    let pattern =
        NamePattern::new(&if plain { format!("*{}*", wanted.pattern) } else { wanted.pattern.clone() });
    let mut found = Vec::new();
    let mut total = 0;
    for command in commands::names().filter(|name| pattern.matches(name)).filter_map(commands::find) {
        if !wanted.access.takes(command.risk()) {
            continue;
        }
        let grants = policy.grants(command.name(), target, call.purpose, now);
        let Some(first) = grants.first() else { continue };
        total += 1;
        if found.len() < MOST {
            found.push(search.describe(command, first.approval));
        }
    }
    let mut programs: Vec<String> = policy.offered().to_vec();
    programs.retain(|name| is_program(name) && pattern.matches(name) && wanted.access != Reach::Read);
    programs.sort();
    programs.dedup();
    total += programs.len();
    programs.truncate(MOST);
    Found { host, commands: found, programs, total }
}

struct Search<'a> {
    policy: &'a Policy,
    call: &'a Call,
    target: &'a Target,
    /// A value that is only known when a script runs.
    later: &'a Expression,
}

impl Search<'_> {
    fn describe(&self, command: Command, approval: bool) -> FoundCommand {
        let mut parameters: Vec<FoundParameter> = Vec::new();
        let all = command.variants().flat_map(commands::Variant::parameters);
        for parameter in all.filter(|parameter| !parameter.is_common()) {
            let known = parameters.iter().any(|known| known.name == parameter.name());
            if !known && self.takes(command, parameter) {
                parameters.push(FoundParameter { name: parameter.name(), type_name: parameter.type_name() });
            }
        }
        let access = match command.risk() {
            commands::Risk::Read => "read",
            commands::Risk::Change => "change",
        };
        FoundCommand { name: command.name().to_owned(), access, approval, parameters }
    }

    /// Whether the command may be used with a parameter whose value is not known yet.
    fn takes(&self, command: Command, parameter: Parameter) -> bool {
        let value = if parameter.is_switch() { BoundValue::Switch } else { BoundValue::Given(self.later) };
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

    fn takes(self, risk: commands::Risk) -> bool {
        match self {
            Self::All => true,
            Self::Read => risk == commands::Risk::Read,
            Self::Change => risk == commands::Risk::Change,
        }
    }
}

fn is_program(name: &str) -> bool {
    let is_command = CmdletName::parse(name).is_some() || commands::find(name).is_some();
    !is_command && !name.contains(['*', '?'])
}

/// Commands that are described at once: what a model reads without losing the thread.
const MOST: usize = 40;
