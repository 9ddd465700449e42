//! `run_executable`: a native program with its arguments as data.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{ArgumentError, Order, Request, Tool, arguments, changes, order, result};
use crate::call::{HostName, Mode, Work};

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
    #[serde(default)]
    dry_run: bool,
}

impl Tool for RunExecutable {
    fn name(&self) -> Cow<'static, str> {
        "run_executable".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
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
            "working_directory": { "type": "string", "description": "A full Windows path." }
        });
        let shared = ["host", "timeout_seconds", "dry_run"];
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &shared, &["executable", "host"]))
            .with_annotations(changes("Run a program on a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let read: Arguments = arguments::read(arguments)?;
        let work = Work::Program {
            executable: read.executable,
            arguments: read.arguments,
            stdin: read.stdin.map(String::into_bytes),
            working_directory: read.working_directory,
        };
        Ok(Request::work(Order {
            mode: if read.dry_run { Mode::DryRun } else { Mode::Run },
            timeout: arguments::timeout(read.timeout_seconds)?,
            ..Order::new(Some(HostName::new(read.host)), work)
        }))
    }
}

const DESCRIPTION: &str = "Runs a native program such as ipconfig, netstat or sc on a remote Windows host and returns \
    exit code, stdout and stderr. Arguments are quoted for you; characters that cmd.exe would interpret (& | < > ^ % !) \
    are refused. The operator's policy decides which programs run.";
