//! What a tool call orders, and the arguments that several tools share.

use std::{collections::BTreeSet, time::Duration};

use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use winrm_script::{
    static_command::{CommandName, ParameterName},
    typed::{Argument, TypedCommand},
    value::Value,
};

use super::{ArgumentError, arguments};
use crate::{
    call::{HostName, Mode, Work},
    invocation::{Access, SessionName},
    output::View,
};

/// Work on a host: a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The host as the caller named it; `None` means the only one.
    pub host: Option<HostName>,
    /// What to do there.
    pub work: Work,
    /// Whether it is to run.
    pub mode: Mode,
    /// What it may do.
    pub access: Access,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whose variables and functions a script finds and leaves.
    pub session: Option<SessionName>,
    /// How objects are shown.
    pub view: View,
}

/// Arguments that every tool has that runs PowerShell.
#[derive(Debug, Deserialize)]
pub(super) struct Shared {
    host: Option<String>,
    session: Option<String>,
    select: Option<Vec<String>>,
    max_items: Option<usize>,
    depth: Option<usize>,
    timeout_seconds: Option<f64>,
    #[serde(default)]
    dry_run: bool,
}

impl Order {
    /// This work with nothing else said.
    #[must_use]
    pub fn new(host: Option<HostName>, work: Work) -> Self {
        Self {
            host,
            work,
            mode: Mode::Run,
            access: Access::Full,
            timeout: None,
            session: None,
            view: View::default(),
        }
    }
}

impl Shared {
    /// The filter that chooses the same of a command's objects, where PowerShell has one that does.
    pub(super) fn filter(&self) -> Option<TypedCommand> {
        let names = self.select.as_deref().unwrap_or_default();
        let plain = |name: &String| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let distinct: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        if !names.iter().all(plain) || distinct.len() < names.len() {
            return None;
        }
        let names = names.iter().map(|name| Value::string(name.as_str())).collect();
        let properties = (!distinct.is_empty()).then(|| ("Property", Value::array(names)));
        let most = self.max_items.and_then(|most| i32::try_from(most).ok()).filter(|most| *most > 0);
        let first = most.map(|most| ("First", Value::Int32(most)));
        let arguments = properties.into_iter().chain(first).map(|(name, value)| {
            let name = ParameterName::new(name).ok()?;
            Some(Argument::Parameter { name, value: Some(value) })
        });
        let arguments: Vec<Argument> = arguments.collect::<Option<_>>()?;
        let name = CommandName::new("Select-Object").ok()?;
        TypedCommand::new(name, arguments).ok().filter(|command| !command.arguments().is_empty())
    }

    /// The order for this work.
    pub(super) fn order(self, work: Work, access: Access) -> Result<Order, ArgumentError> {
        let wrong = |problem: String| ArgumentError::Value { field: "session".to_owned(), problem };
        let standard = View::default();
        Ok(Order {
            host: self.host.map(HostName::new),
            work,
            mode: if self.dry_run { Mode::DryRun } else { Mode::Run },
            access,
            timeout: arguments::timeout(self.timeout_seconds)?,
            session: self
                .session
                .map(|name| SessionName::parse(&name).map_err(|error| wrong(error.to_string())))
                .transpose()?,
            view: View {
                select: self.select.unwrap_or_default(),
                max_items: self.max_items.unwrap_or(standard.max_items),
                depth: self.depth.unwrap_or(standard.depth),
                ..standard
            },
        })
    }
}

/// The schema of one argument of the shared ones, by name.
pub(super) fn property(name: &str) -> Json {
    match name {
        "host" => json!({
            "type": "string",
            "description": "A name from list_hosts. May be left out where there is only one."
        }),
        "session" => json!({
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]{1,64}$",
            "description": "Keep the script's variables and functions under this name for the next call; a script that fails leaves them as they were."
        }),
        "select" => json!({
            "type": "array",
            "items": { "type": "string" },
            "description": "Properties of `objects`; [\"*\"] for all. Default: those that PowerShell shows."
        }),
        "max_items" => json!({
            "type": "integer",
            "minimum": 0,
            "description": "At most so many `objects`. Default: 1000."
        }),
        "depth" => json!({
            "type": "integer",
            "minimum": 1,
            "maximum": 8,
            "description": "How deep `objects` go. Default: 2."
        }),
        "timeout_seconds" => json!({
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 86400,
            "description": "When to stop the remote work. Default: the host's setting, 300."
        }),
        "dry_run" => json!({
            "type": "boolean",
            "description": "Judge it, and change nothing."
        }),
        _ => json!({}),
    }
}

/// An input schema: a tool's own arguments, then shared ones by name.
pub(super) fn schema(own: JsonObject, shared: &[&str], required: &[&str]) -> JsonObject {
    let mut properties = own;
    for name in shared {
        properties.insert((*name).to_owned(), property(name));
    }
    rmcp::object!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}
