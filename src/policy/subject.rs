//! A command as the rules see it: its full name, and its arguments by the full names of their parameters.

use winrm_script::{
    commands::{self, Bound, BoundValue, Command, Element, Parameter},
    static_command::{
        Argument, CommandName, Literal, Number, ParameterName, Reason as NotStatic, StaticCommand,
    },
};

use super::{
    authorized::Risk,
    denial::{Denial, Reason},
    names::CmdletName,
    path::Root,
};

/// What is judged.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Spelled as the table spells it, or as it was written where the table lacks it.
    pub(super) name: String,
    pub(super) written: StaticCommand,
    pub(super) arguments: Arguments,
    /// `None` where the table lacks it.
    command: Option<Command>,
    risk: Risk,
}

/// What a command is given.
#[derive(Debug, Clone)]
pub(super) enum Arguments {
    /// By parameters of the table.
    Bound(Vec<Given>),
    /// The table has the command, and PowerShell would not take these.
    Unbound(commands::Refusal),
    /// The table lacks the command.
    Unknown,
}

/// A parameter and what it is given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) parameter: Parameter,
    /// `None` for a switch that is there.
    pub(super) value: Option<Literal>,
    /// Whether it chooses among what lies in a folder that another parameter names.
    pub(super) chooses_in_folder: bool,
}

impl Subject {
    /// Finds the command in the table; `None` where neither the table nor its shape says that it is a command.
    pub(super) fn new(written: &StaticCommand) -> Option<Self> {
        let Some(command) = commands::find(written.name()) else {
            let name = CmdletName::parse(written.name())?;
            return Some(Self {
                name: name.as_str().to_owned(),
                written: written.clone(),
                arguments: Arguments::Unknown,
                command: None,
                risk: Risk::Change,
            });
        };
        let risk = match command.risk() {
            commands::Risk::Read => Risk::Read,
            commands::Risk::Change => Risk::Change,
        };
        Some(Self {
            name: command.name().to_owned(),
            written: written.clone(),
            arguments: Arguments::new(command, written),
            command: Some(command),
            risk,
        })
    }

    /// Whether the table has it.
    pub(super) fn is_known(&self) -> bool {
        self.command.is_some()
    }

    /// What the table says that it can do; what it lacks can change something.
    pub(super) fn risk(&self) -> Risk {
        self.risk
    }

    /// The command anew: full names, paths as literal ones, and what a rule fills in.
    ///
    /// Refused where a part cannot be written: nothing is ever left out.
    pub(super) fn rebuilt(
        &self,
        roots: &[Root],
        filled: &[(String, String)],
    ) -> Result<StaticCommand, Denial> {
        let Arguments::Bound(given) = &self.arguments else { return self.named_anew() };
        let literal_path = self
            .command
            .and_then(|command| command.parameter("LiteralPath"))
            .filter(|literal| literal.name() == "LiteralPath");
        let mut arguments = Vec::new();
        for Given { parameter, value, .. } in given {
            let as_literal = parameter.name() == "Path" && parameter.is_path() && literal_path.is_some();
            let name = if as_literal { "LiteralPath" } else { parameter.name() };
            let value = value
                .as_ref()
                .map(|value| if parameter.is_path() { value_as_path(roots, value) } else { value.clone() });
            push(&mut arguments, name, value, parameter.is_switch()).map_err(unwritable)?;
        }
        for (name, value) in filled {
            let value = Number::new(value).map_or_else(|| Literal::String(value.clone()), Literal::Number);
            push(&mut arguments, name, Some(value), false).map_err(unwritable)?;
        }
        self.with(arguments)
    }

    /// The arguments as they were written, under the full name.
    pub(super) fn named_anew(&self) -> Result<StaticCommand, Denial> {
        self.with(self.written.arguments().to_vec())
    }

    /// The module before the name keeps functions, other modules and programs of that name out of the way.
    fn with(&self, arguments: Vec<Argument>) -> Result<StaticCommand, Denial> {
        let name = match self.command.map(module) {
            Some(module) if !module.is_empty() => format!("{module}\\{}", self.name),
            _ => self.name.clone(),
        };
        let name = CommandName::new(&name);
        name.and_then(|name| StaticCommand::new(name, arguments)).map_err(unwritable)
    }
}

impl Arguments {
    fn new(command: Command, written: &StaticCommand) -> Self {
        let takes_paths = |variant: commands::Variant| variant.parameters().any(Parameter::is_path);
        let chooses = |name: &str| PATTERNS.contains(&name) && command.variants().any(takes_paths);
        let elements: Vec<Element<Literal>> = written.arguments().iter().map(Element::from).collect();
        match command.bind(&elements) {
            Ok(Bound { arguments }) => {
                let given = arguments.into_iter().map(|argument| Given {
                    parameter: argument.parameter,
                    chooses_in_folder: chooses(argument.parameter.name()),
                    value: match argument.value {
                        BoundValue::Switch => None,
                        BoundValue::Given(value) => Some(value),
                        BoundValue::Remaining(mut values) if values.len() == 1 => values.pop(),
                        BoundValue::Remaining(values) => Some(Literal::Array(flattened(values))),
                    },
                });
                Self::Bound(given.collect())
            }
            Err(refusal) => Self::Unbound(refusal),
        }
    }
}

/// The module in Windows PowerShell, which is what a host runs; in PowerShell 7 where only that has the command.
fn module(command: Command) -> &'static str {
    let desktop = command.variants().find(|variant| variant.source() == commands::Source::Desktop);
    desktop.map_or_else(|| command.module(), commands::Variant::module)
}

/// The value of a parameter that takes all that remains is one array, whatever arrays it was written with.
fn flattened(values: Vec<Literal>) -> Vec<Literal> {
    let elements = values.into_iter().flat_map(|value| match value {
        Literal::Array(elements) => elements,
        one => vec![one],
    });
    // In an array a number loses the way it is written; as a string it keeps it.
    let kept = |value: Literal| match value {
        Literal::Number(number) => Literal::String(number.as_str().to_owned()),
        other => other,
    };
    elements.map(kept).collect()
}

fn unwritable(reason: NotStatic) -> Denial {
    Denial::new("rendering", Reason::NotStatic(reason))
}

fn push(
    arguments: &mut Vec<Argument>,
    name: &str,
    value: Option<Literal>,
    is_switch: bool,
) -> Result<(), NotStatic> {
    let name = ParameterName::new(name)?;
    match value {
        None => arguments.push(Argument::Parameter { name, value: None }),
        Some(value) if is_switch => arguments.push(Argument::Parameter { name, value: Some(value) }),
        Some(value) => {
            arguments.push(Argument::Parameter { name, value: None });
            arguments.push(Argument::Value(value));
        }
    }
    Ok(())
}

/// Paths with backslashes, as the rules saw them.
fn value_as_path(roots: &[Root], value: &Literal) -> Literal {
    match value {
        Literal::String(text) => match Root::covering(roots, text) {
            Ok(path) => Literal::String(path),
            Err(_) => value.clone(),
        },
        Literal::Array(elements) => {
            Literal::Array(elements.iter().map(|element| value_as_path(roots, element)).collect())
        }
        other => other.clone(),
    }
}

/// Parameters that take a pattern of names.
const PATTERNS: [&str; 3] = ["Filter", "Include", "Exclude"];
