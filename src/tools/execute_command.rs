//! `execute_command`: the tool of `winrm-mcp-server`, compatible with its callers.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{
    ArgumentError, Request, Tool, arguments, changes,
    order::{self, Shared},
    result,
};
use crate::{call::Work, invocation::Access};

/// Runs a PowerShell script.
#[derive(Debug)]
pub(super) struct ExecuteCommand;

/// What both tools take that run scripts.
#[derive(Deserialize)]
pub(super) struct Arguments {
    command: String,
    #[serde(flatten)]
    shared: Shared,
}

impl Arguments {
    pub(super) fn request(self, access: Access) -> Result<Request, ArgumentError> {
        let Self { command, shared } = self;
        if command.trim().is_empty() {
            return Err(ArgumentError::EmptyCommand);
        }
        shared.order(Work::PowerShell { text: command }, access).map(Request::work)
    }
}

impl Tool for ExecuteCommand {
    fn name(&self) -> Cow<'static, str> {
        "execute_command".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "command": {
                "type": "string",
                "description": "PowerShell: one command or a script with variables, pipelines, loops and functions."
            }
        });
        let shared = ["host", "session", "select", "max_items", "depth", "timeout_seconds", "dry_run"];
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &shared, &["command"]))
            .with_annotations(changes("Run PowerShell on a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        arguments::read::<Arguments>(arguments)?.request(Access::Full)
    }
}

const DESCRIPTION: &str = "Runs PowerShell for a remote Windows host and returns text, objects, errors and the exit \
    code. The script is evaluated here; the host gets only its commands, each judged by the operator's policy with its \
    actual values. A denial names the rule and an alternative; `steps` says what ran before it. To look without \
    changing anything use query_powershell.";
