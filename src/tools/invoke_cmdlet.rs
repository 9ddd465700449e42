//! `invoke_cmdlet`: one command with its parameters as data, no text.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;
use serde_json::Value as Json;
use winrm_script::{
    static_command::{CommandName, ParameterName},
    typed::{Argument, TypedCommand, TypedPipeline},
    value::{Shape, Table, Value},
};

use super::{
    ArgumentError, Request, Tool, arguments, changes,
    order::{self, Shared},
    result,
};
use crate::{call::Work, invocation::Access};

/// Runs one command.
#[derive(Debug)]
pub(super) struct InvokeCmdlet;

#[derive(Deserialize)]
struct Arguments {
    cmdlet: String,
    #[serde(default)]
    parameters: JsonObject,
    #[serde(flatten)]
    shared: Shared,
}

impl Tool for InvokeCmdlet {
    fn name(&self) -> Cow<'static, str> {
        "invoke_cmdlet".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "cmdlet": { "type": "string", "description": "The full name, such as: Get-Service" },
            "parameters": {
                "type": "object",
                "description": "Full parameter names and their values; true for a switch."
            }
        });
        let shared = ["host", "select", "max_items", "depth", "timeout_seconds", "dry_run"];
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &shared, &["cmdlet", "host"]))
            .with_annotations(changes("Run a PowerShell cmdlet on a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let Arguments { cmdlet, parameters, shared } = arguments::read(arguments)?;
        let filters = shared.filter().into_iter().collect();
        let pipeline = TypedPipeline::new(command(&cmdlet, &parameters)?, filters);
        shared.order(Work::Command(pipeline), Access::Full).map(Request::work)
    }
}

/// The command with its parameters.
pub(super) fn command(cmdlet: &str, parameters: &JsonObject) -> Result<TypedCommand, ArgumentError> {
    let name = CommandName::new(cmdlet).map_err(|reason| wrong("cmdlet", &reason))?;
    let arguments = parameters.iter().map(|(name, value)| {
        let field = || format!("parameters/{name}");
        Ok(Argument::Parameter {
            name: ParameterName::new(name).map_err(|reason| wrong(&field(), &reason))?,
            value: Some(value_of(value).ok_or_else(|| wrong(&field(), &"not a value of PowerShell"))?),
        })
    });
    let arguments = arguments.collect::<Result<_, ArgumentError>>()?;
    TypedCommand::new(name, arguments).map_err(|reason| wrong("parameters", &reason))
}

/// The value that JSON means to PowerShell. Nothing for what PowerShell has no name for.
fn value_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => i32::try_from(number).map_or(Value::Int64(number), Value::Int32),
            None => Value::Double(number.as_f64()?),
        },
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::array(items.iter().map(value_of).collect::<Option<_>>()?),
        Json::Object(fields) => {
            let table = Table::new(Shape::Ordered);
            for (name, value) in fields {
                table.set(Value::string(name.as_str()), value_of(value)?).ok()?;
            }
            Value::Table(table)
        }
    })
}

fn wrong(field: &str, problem: &dyn std::fmt::Display) -> ArgumentError {
    ArgumentError::Value { field: field.to_owned(), problem: problem.to_string() }
}

const DESCRIPTION: &str = "Runs one PowerShell cmdlet on a remote Windows host with its parameters as data, so nothing \
    is quoted or interpreted, and returns objects, text and errors. The operator's policy judges name and values; a \
    denial names the rule and an alternative.";
