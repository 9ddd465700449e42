//! From what a script asks of a host.

use super::{Argument, Reason, TypedCommand, TypedPipeline};
use crate::commands::{self, Command};
use crate::evaluate::{Call, CallKind};
use crate::static_command::{CommandName, ParameterName};
use crate::value::Value;

impl TypedCommand {
    /// The command that a call of a script is, with the values that it has now.
    ///
    /// The variables that `-ErrorVariable` and `-OutVariable` name are the script's own and do not travel.
    ///
    /// # Errors
    /// A [`Reason`] where the call is for a program, or a value or an object from the pipeline cannot travel as data.
    pub fn from_call(call: &Call) -> Result<Self, Reason> {
        if call.kind == CallKind::Program {
            return Err(Reason::Program(call.name.clone()));
        }
        let name = CommandName::new(&call.name)
            .map_err(|reason| Reason::Name { name: call.name.clone(), reason })?;
        let known = commands::find(&call.name);
        let mut arguments = Vec::with_capacity(call.parameters.len() + call.arguments.len());
        for (name, value) in &call.parameters {
            if !KEPT_HERE.iter().any(|own| own.eq_ignore_ascii_case(name)) {
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
        TypedCommand::from_call(call).map(Self::one)
    }
}

/// A switch that is there has no value.
fn parameter(known: Option<Command>, name: &str, value: &Value) -> Result<Argument, Reason> {
    let is_switch =
        || known.and_then(|command| command.parameter(name)).is_some_and(commands::Parameter::is_switch);
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

/// Variables of the script, which the evaluator sets itself.
const KEPT_HERE: [&str; 2] = ["ErrorVariable", "OutVariable"];
/// Commands whose `-Value` means what all that is piped in means.
const TAKE_VALUES: [&str; 2] = ["Set-Content", "Add-Content"];
