//! From what a script asks of a host.

use super::{Argument, Reason, TypedCommand, TypedPipeline};
use crate::commands::{self, Command, Parameter};
use crate::evaluate::{Call, CallKind, ErrorAction, FilterCall};
use crate::static_command::{CommandName, ParameterName};
use crate::value::Value;

impl TypedCommand {
    /// The command that a call of a script is, with the values that it has now.
    ///
    /// The variables that `-ErrorVariable` and `-OutVariable` name are the script's own and do not travel, and neither
    /// does an `-ErrorAction` that hides errors: the script asks for them with `$?` and `$Error`.
    ///
    /// # Errors
    /// A [`Reason`] where the call is for a program, or a value or an object from the pipeline cannot travel as data.
    pub fn from_call(call: &Call) -> Result<Self, Reason> {
        if call.kind == CallKind::Program {
            return Err(Reason::Program(call.name.clone()));
        }
        let name = command_name(&call.name)?;
        let known = commands::find(&call.name);
        let mut arguments = Vec::with_capacity(call.parameters.len() + call.arguments.len());
        for (name, value) in &call.parameters {
            if !stays_here(name, Some(value)) {
                arguments.push(parameter(known, name, value)?);
            }
        }
        arguments.extend(call.arguments.iter().cloned().map(Argument::Value));
        if !call.input.is_empty() {
            arguments.push(input(call)?);
        }
        Self::new(name, arguments)
    }
}

impl TypedPipeline {
    /// The command that a call of a script is, with the filters that follow it on the host.
    ///
    /// # Errors
    /// As [`TypedCommand::from_call`].
    pub fn from_call(call: &Call) -> Result<Self, Reason> {
        let first = TypedCommand::from_call(call)?;
        let filters = call.filters.iter().map(filter).collect::<Result<_, _>>()?;
        Ok(Self::new(first, filters))
    }
}

fn filter(filter: &FilterCall) -> Result<TypedCommand, Reason> {
    let known = commands::find(filter.name);
    let arguments = filter.parameters.iter().map(|(name, value)| parameter(known, name, value));
    TypedCommand::new(command_name(filter.name)?, arguments.collect::<Result<_, _>>()?)
}

fn command_name(name: &str) -> Result<CommandName, Reason> {
    CommandName::new(name).map_err(|reason| Reason::Name { name: name.to_owned(), reason })
}

/// A switch that is there has no value.
fn parameter(known: Option<Command>, name: &str, value: &Value) -> Result<Argument, Reason> {
    let is_switch = || known.and_then(|command| command.parameter(name)).is_some_and(Parameter::is_switch);
    let value = match value {
        Value::Boolean(true) if is_switch() => None,
        value => Some(value.clone()),
    };
    let name = ParameterName::new(name).map_err(|reason| Reason::Name { name: name.to_owned(), reason })?;
    Ok(Argument::Parameter { name, value })
}

/// What was piped in whole becomes a parameter where it is data and the command takes it so.
fn input(call: &Call) -> Result<Argument, Reason> {
    let live = |value: &Value| Reason::LiveObject {
        command: call.name.clone(),
        type_name: value.type_name().as_str().to_owned(),
        parameters: naming(&call.name),
    };
    if let Some(object) = call.input.iter().find(|value| matches!(value.base(), Value::Object(_))) {
        return Err(live(object));
    }
    let takes_values = TAKE_VALUES.iter().any(|own| own.eq_ignore_ascii_case(&call.name));
    match call.input.first() {
        Some(first) if !takes_values => Err(live(first)),
        _ => {
            let name = ParameterName::new("Value")
                .map_err(|reason| Reason::Name { name: "Value".to_owned(), reason })?;
            Ok(Argument::Parameter { name, value: Some(Value::array(call.input.clone())) })
        }
    }
}

/// The parameters that name what a command works on: those that take a string or a number by position or from a
/// property.
fn naming(command: &str) -> Vec<String> {
    const SHOWN: usize = 3;
    let names = |parameter: &Parameter| {
        let plain =
            matches!(parameter.type_name().trim_end_matches("[]"), "string" | "int" | "uint32" | "guid");
        plain && parameter.sets().any(|set| set.position == Some(0) || set.by_property_name)
    };
    let variant = commands::find(command).and_then(|command| command.variants().next());
    let parameters = variant.into_iter().flat_map(commands::Variant::parameters).filter(names);
    parameters.take(SHOWN).map(|parameter| format!("-{}", parameter.name())).collect()
}

/// Whether a parameter with this value, if it is known, is for the evaluator and not for the host: it names a variable of
/// the script, or hides errors, which the host must tell for `$?`, `$Error` and `-ErrorVariable` to be right.
#[must_use]
pub fn stays_here(parameter: &str, value: Option<&Value>) -> bool {
    if parameter.eq_ignore_ascii_case("ErrorAction") {
        return value.and_then(ErrorAction::named_by).is_some_and(ErrorAction::hides);
    }
    VARIABLES.iter().any(|own| own.eq_ignore_ascii_case(parameter))
}

/// Parameters that name variables of the script, which the evaluator sets itself.
const VARIABLES: [&str; 2] = ["ErrorVariable", "OutVariable"];
/// Commands whose `-Value` means what all that is piped in means.
const TAKE_VALUES: [&str; 2] = ["Set-Content", "Add-Content"];
