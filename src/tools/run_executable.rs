//! `run_executable`: a native program with its arguments as data.

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{ArgumentError, Request, Tool, arguments, changes, result};
use crate::call::{HostName, Work};

/// Runs a native program.
#[derive(Debug)]
pub(super) struct RunExecutable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    executable: String,
    #[serde(default)]
    arguments: Vec<String>,
    stdin: Option<String>,
    working_directory: Option<String>,
    host: String,
    timeout_seconds: Option<f64>,
}

impl Tool for RunExecutable {
    fn name(&self) -> &'static str {
        "run_executable"
    }

    fn definition(&self) -> Definition {
        let schema = rmcp::object!({
            "type": "object",
            "properties": {
                "executable": {
                    "type": "string",
                    "minLength": 1,
                    "description": "Name or full path, such as: ipconfig"
                },
                "arguments": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "One element an argument, unquoted."
                },
                "stdin": { "type": "string", "description": "Text for its standard input." },
                "working_directory": { "type": "string", "description": "A full Windows path." },
                "host": { "type": "string", "description": "A name from list_hosts." },
                "timeout_seconds": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 86400,
                    "description": "When to stop the program. Default: the host's setting, 300."
                }
            },
            "required": ["executable", "host"],
            "additionalProperties": false
        });
        Definition::new(self.name(), DESCRIPTION, schema)
            .with_annotations(changes("Run a program on a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let read: Arguments = arguments::read(arguments)?;
        Ok(Request::Work {
            host: Some(HostName::new(read.host)),
            work: Work::Program {
                executable: read.executable,
                arguments: read.arguments,
                stdin: read.stdin.map(String::into_bytes),
                working_directory: read.working_directory,
            },
            timeout: arguments::timeout(read.timeout_seconds)?,
        })
    }
}

const DESCRIPTION: &str = "Runs a native program such as ipconfig, netstat or sc on a remote Windows host and returns \
    exit code, stdout and stderr. Arguments are quoted for you; characters that cmd.exe would interpret (& | < > ^ % !) \
    are refused. The operator's policy decides which programs run.";
