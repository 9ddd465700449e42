//! `explain_policy`: what would become of a call, without a host.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;
use serde_json::json;

use super::{ArgumentError, Request, Tool, arguments, invoke_cmdlet, looks, order, result};
use crate::call::{HostName, Work};

/// Tells what would become of a call.
#[derive(Debug)]
pub(super) struct ExplainPolicy;

#[derive(Deserialize)]
struct Arguments {
    command: Option<String>,
    cmdlet: Option<String>,
    #[serde(default)]
    parameters: JsonObject,
    executable: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    host: Option<String>,
}

impl Tool for ExplainPolicy {
    fn name(&self) -> Cow<'static, str> {
        "explain_policy".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "command": { "type": "string", "description": "A PowerShell command or script." },
            "cmdlet": { "type": "string", "description": "Or a cmdlet, with `parameters` as data." },
            "parameters": { "type": "object" },
            "executable": { "type": "string", "description": "Or a program, with `arguments`." },
            "arguments": { "type": "array", "items": { "type": "string" } }
        });
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &["host"], &[]))
            .with_annotations(looks("Tell what the policy says about a call"))
            .with_raw_output_schema(result::explanation_schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let asked: Arguments = arguments::read(arguments)?;
        let work = match (asked.command, asked.cmdlet, asked.executable) {
            (Some(text), None, None) if !text.trim().is_empty() => Work::PowerShell { text },
            (Some(_), None, None) => return Err(ArgumentError::EmptyCommand),
            (None, Some(cmdlet), None) => {
                Work::Command(invoke_cmdlet::command(&cmdlet, &asked.parameters)?.into())
            }
            (None, None, Some(executable)) => {
                Work::Program { executable, arguments: asked.arguments, stdin: None, working_directory: None }
            }
            (None, None, None) => return Err(ArgumentError::Missing { field: "command".to_owned() }),
            _ => {
                let problem = "only one of command, cmdlet and executable is to be there".to_owned();
                return Err(ArgumentError::Value { field: "command".to_owned(), problem });
            }
        };
        Ok(Request::Explain { host: asked.host.map(HostName::new), work: Box::new(work) })
    }
}

/// What an explanation looks like.
pub(super) fn output() -> serde_json::Value {
    let position = json!({
        "type": "object",
        "properties": {
            "line": { "type": "integer" }, "column": { "type": "integer" }, "text": { "type": "string" }
        }
    });
    json!({
        "host": { "type": "string" },
        "decision": { "type": "string", "enum": ["allowed", "needs_approval", "denied", "at_run"] },
        "rule": { "type": "string" },
        "risk": { "type": "string", "enum": ["read", "change"] },
        "reason": { "type": "string" },
        "position": position,
        "alternative": { "type": "string" },
        "judged_form": { "type": "string" },
        "judged_at_run": { "type": "boolean" },
        "plan": { "type": "string" },
        "asked_first": { "type": "array", "items": { "type": "string" } },
        "commands": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": { "type": "string" },
                    "arguments": { "type": "array", "items": { "type": "object" } },
                    "decision": { "type": "string" },
                    "rule": { "type": "string" },
                    "reason": { "type": "string" },
                    "judged_form": { "type": "string" }
                }
            }
        }
    })
}

const DESCRIPTION: &str = "Tells whether a command, script or program would be allowed, by which rule, what would be \
    sent to the host, what is computed here, and whether a human has to approve it. Runs nothing and contacts nobody. \
    Give one of command, cmdlet (with parameters) and executable (with arguments).";
