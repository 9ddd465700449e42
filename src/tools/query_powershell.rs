//! `query_powershell`: scripts that look, under a name of their own.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};

use super::{ArgumentError, Request, Tool, arguments, execute_command, looks, order, result};
use crate::invocation::Access;

/// Runs a PowerShell script whose commands only read.
#[derive(Debug)]
pub(super) struct QueryPowerShell;

impl Tool for QueryPowerShell {
    fn name(&self) -> Cow<'static, str> {
        "query_powershell".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "command": {
                "type": "string",
                "description": "PowerShell whose commands only read: a command, or a script with variables and loops."
            }
        });
        let shared = ["host", "session", "select", "max_items", "depth", "timeout_seconds"];
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &shared, &["command"]))
            .with_annotations(looks("Query a Windows host with PowerShell"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        arguments::read::<execute_command::Arguments>(arguments)?.request(Access::ReadOnly)
    }
}

const DESCRIPTION: &str = "Asks a remote Windows host something with PowerShell and returns text, objects and errors. \
    Never changes anything, whatever the policy allows: a command that could is denied. Filters, sorting, calculated \
    properties, variables and loops are evaluated here.";
