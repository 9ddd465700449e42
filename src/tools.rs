//! The MCP tools: one file each with its schema and the mapping from arguments to a request. What a request does
//! stands in [`crate::invocation`].

mod arguments;
mod check_host;
mod close_session;
mod execute_command;
mod explain_policy;
mod find_commands;
mod invoke_cmdlet;
mod list_hosts;
mod list_sessions;
mod lookup;
mod order;
mod query_powershell;
mod result;
mod reviewed_script;
mod run_executable;

use std::{borrow::Cow, sync::OnceLock};

use rmcp::model::{JsonObject, Tool as Definition};

use crate::{
    call::{HostName, Work},
    explain::Wanted,
    invocation::{SessionName, World},
    reviewed::Script,
};
use reviewed_script::ReviewedScript;

pub use arguments::ArgumentError;
pub use order::Order;
pub use result::{Answer, render};

/// One MCP tool.
pub trait Tool: Send + Sync {
    /// Its name.
    fn name(&self) -> Cow<'static, str>;

    /// What `tools/list` shows: name, description, schemas and all four annotations.
    fn definition(&self) -> Definition;

    /// Maps arguments that fit the input schema to a request.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] names the field that the schema could not judge.
    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError>;
}

/// What a tool call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Work on a host: a walk.
    Work(Box<Order>),
    /// The configured hosts: reading, not a walk.
    ListHosts,
    /// What may be used: not a walk.
    FindCommands {
        /// The host; `None` means the only one.
        host: Option<HostName>,
        /// What to look for.
        wanted: Wanted,
    },
    /// What would become of work: not a walk.
    Explain {
        /// The host; `None` means the only one.
        host: Option<HostName>,
        /// The work.
        work: Box<Work>,
    },
    /// The caller's named sessions.
    ListSessions,
    /// Forget a named session.
    CloseSession {
        /// Its host; `None` means the only one.
        host: Option<HostName>,
        /// Its name.
        session: SessionName,
    },
}

impl Request {
    fn work(order: Order) -> Self {
        Self::Work(Box::new(order))
    }
}

/// All tools, in the order in which `tools/list` shows them.
#[derive(Debug)]
pub struct Toolbox {
    entries: Vec<Entry>,
}

struct Entry {
    tool: Box<dyn Tool>,
    definition: Definition,
    /// Compiled when the tool is first called, so that it costs nothing at start.
    validator: OnceLock<jsonschema::Validator>,
}

impl Toolbox {
    /// The tools of this program.
    #[must_use]
    pub fn new() -> Self {
        let tools: [Box<dyn Tool>; 10] = [
            Box::new(execute_command::ExecuteCommand),
            Box::new(query_powershell::QueryPowerShell),
            Box::new(invoke_cmdlet::InvokeCmdlet),
            Box::new(run_executable::RunExecutable),
            Box::new(list_hosts::ListHosts),
            Box::new(check_host::CheckHost),
            Box::new(find_commands::FindCommands),
            Box::new(explain_policy::ExplainPolicy),
            Box::new(list_sessions::ListSessions),
            Box::new(close_session::CloseSession),
        ];
        let entry = |tool: Box<dyn Tool>| {
            let definition = tool.definition();
            Entry { tool, definition, validator: OnceLock::new() }
        };
        Self { entries: tools.into_iter().map(entry).collect() }
    }

    /// The tools that are there whatever the configuration says.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.entries.iter().map(|entry| &entry.definition)
    }

    /// What `tools/list` shows: these tools, and those of the reviewed scripts as their files are now.
    #[must_use]
    pub fn listed(&self, world: &World) -> Vec<Definition> {
        self.definitions().cloned().chain(scripts(world).map(|tool| tool.definition())).collect()
    }

    /// Validates a call's arguments and maps them to a request.
    ///
    /// # Errors
    ///
    /// An unknown tool, arguments that do not fit the schema, or a value that the tool refuses.
    pub fn request(&self, name: &str, arguments: JsonObject, world: &World) -> Result<Request, CallError> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.definition.name == name) {
            let schema = &entry.definition.input_schema;
            let validator = entry.validator.get_or_init(|| arguments::validator(schema));
            arguments::validate(validator, schema, &arguments)?;
            return Ok(entry.tool.request(arguments)?);
        }
        let tool = scripts(world).find(|tool| tool.name() == name);
        let tool = tool.ok_or_else(|| CallError::UnknownTool { name: name.to_owned() })?;
        let schema = tool.definition().input_schema;
        arguments::validate(&arguments::validator(&schema), &schema, &arguments)?;
        Ok(tool.request(arguments)?)
    }
}

/// The tools of the reviewed scripts, each with its file as it is now.
fn scripts(world: &World) -> impl Iterator<Item = ReviewedScript<'_>> {
    let scripts = world.policy.scripts().iter();
    scripts.map(|settings| ReviewedScript::new(Script::read(settings), &world.inventory))
}

impl Default for Toolbox {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.definition.name)
    }
}

/// Why a call never became a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// JSON-RPC -32602.
    #[error("unknown tool: {name}")]
    UnknownTool {
        /// The name that was called.
        name: String,
    },
    /// The model can mend this: a tool result, not a protocol error.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
}

/// The hints of a tool that only looks.
fn looks(title: &str) -> rmcp::model::ToolAnnotations {
    rmcp::model::ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false)
}

/// The hints of a tool that can change a host.
fn changes(title: &str) -> rmcp::model::ToolAnnotations {
    rmcp::model::ToolAnnotations::with_title(title)
        .read_only(false)
        .destructive(true)
        .idempotent(false)
        .open_world(true)
}

#[cfg(test)]
mod tests;
