//! Arguments against a tool's schema: rmcp does not check them.

use std::time::Duration;

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    policy::ScriptFault,
    remedy::{Code, Remedy},
};

/// An argument that does not fit, by field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// The words of `winrm-mcp-server`, which its callers know.
    #[error("Command cannot be empty")]
    EmptyCommand,
    /// A required argument is not there.
    #[error("the argument `{field}` is missing")]
    Missing {
        /// Its name.
        field: String,
    },
    /// An argument that the tool does not have.
    #[error("there is no argument `{field}`; known: {known}")]
    Unknown {
        /// Its name.
        field: String,
        /// The names that there are.
        known: String,
    },
    /// A value of the wrong type or out of range.
    #[error("the argument `{field}` is wrong: {problem}")]
    Value {
        /// Where it stands (`arguments/2` is the third element).
        field: String,
        /// What is wrong with it, never the value itself.
        problem: String,
    },
    /// A reviewed script whose parameters cannot be read, or cannot be given.
    #[error(transparent)]
    Script(ScriptFault),
}

impl Remedy for ArgumentError {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Script(fault) => fault.fix(),
            _ => Some("call the tool again with arguments that fit its input schema".to_owned()),
        }
    }
}

/// Compiles a schema of ours; a test compiles each of them, so that it cannot fail here.
pub(super) fn validator(schema: &JsonObject) -> jsonschema::Validator {
    jsonschema::validator_for(&Value::Object(schema.clone())).unwrap_or_else(|_| {
        // `false` accepts nothing: a schema that cannot be compiled must not open anything.
        jsonschema::validator_for(&Value::Bool(false)).unwrap_or_else(|_| unreachable!())
    })
}

/// Judges `arguments` against the schema; the error names the first field that does not fit.
pub(super) fn validate(
    validator: &jsonschema::Validator,
    schema: &JsonObject,
    arguments: &JsonObject,
) -> Result<(), ArgumentError> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let known = |name: &str| properties.is_some_and(|known| known.contains_key(name));
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if let Some(field) = arguments.keys().find(|name| closed && !known(name)) {
        let names = properties.map(|known| known.keys().cloned().collect::<Vec<_>>().join(", "));
        return Err(ArgumentError::Unknown { field: field.clone(), known: names.unwrap_or_default() });
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    if let Some(field) = required.filter_map(Value::as_str).find(|name| !arguments.contains_key(*name)) {
        return Err(ArgumentError::Missing { field: field.to_owned() });
    }
    let instance = Value::Object(arguments.clone());
    match validator.iter_errors(&instance).next() {
        None => Ok(()),
        Some(error) => Err(ArgumentError::Value {
            field: error.instance_path().to_string().trim_start_matches('/').to_owned(),
            problem: error.masked().to_string(),
        }),
    }
}

/// Reads validated arguments into a tool's own type.
pub(super) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ArgumentError> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| ArgumentError::Value { field: "arguments".to_owned(), problem: error.to_string() })
}

/// A `timeout_seconds` argument as a duration.
pub(super) fn timeout(seconds: Option<f64>) -> Result<Option<Duration>, ArgumentError> {
    seconds
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds).map_err(|_| ArgumentError::Value {
                field: "timeout_seconds".to_owned(),
                problem: "not a time".to_owned(),
            })
        })
        .transpose()
}
