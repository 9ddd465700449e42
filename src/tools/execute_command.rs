//! `execute_command`: the tool of `winrm-mcp-server`, compatible with its callers.

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{ArgumentError, Request, Tool, arguments, changes, result};
use crate::call::{HostName, Work};

/// Runs one PowerShell command.
#[derive(Debug)]
pub(super) struct ExecuteCommand;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: String,
    host: Option<String>,
    timeout_seconds: Option<f64>,
}

impl Tool for ExecuteCommand {
    fn name(&self) -> &'static str {
        "execute_command"
    }

    fn definition(&self) -> Definition {
        let schema = rmcp::object!({
            "type": "object",
            "properties": {
                "command": {
                    "type": "string",
                    "description": "One PowerShell command with literal arguments, such as: Get-Service -Name W32Time"
                },
                "host": {
                    "type": "string",
                    "description": "A name from list_hosts. May be left out where there is only one."
                },
                "timeout_seconds": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 86400,
                    "description": "When to stop the remote command. Default: the host's setting, 300."
                }
            },
            "required": ["command"],
            "additionalProperties": false
        });
        Definition::new(self.name(), DESCRIPTION, schema)
            .with_annotations(changes("Run a PowerShell command on a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let Arguments { command, host, timeout_seconds } = arguments::read(arguments)?;
        if command.trim().is_empty() {
            return Err(ArgumentError::EmptyCommand);
        }
        Ok(Request::Work {
            host: host.map(HostName::new),
            work: Work::PowerShell { text: command },
            timeout: arguments::timeout(timeout_seconds)?,
        })
    }
}

const DESCRIPTION: &str = "Runs one PowerShell command on a remote Windows host and returns exit code, stdout and \
    stderr. The operator's policy decides which commands run; a denial names the rule and an alternative. Variables, \
    pipelines and script text are refused unless the operator allows them. A command that passes its timeout is \
    stopped on the host.";
