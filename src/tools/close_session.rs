//! `close_session`: forgets a named session.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition, ToolAnnotations};
use serde::Deserialize;

use super::{ArgumentError, Request, Tool, arguments, order};
use crate::{call::HostName, invocation::SessionName};

/// Forgets a named session.
#[derive(Debug)]
pub(super) struct CloseSession;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    session: String,
    host: Option<String>,
}

impl Tool for CloseSession {
    fn name(&self) -> Cow<'static, str> {
        "close_session".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "session": { "type": "string", "description": "A name from list_sessions." }
        });
        let output = rmcp::object!({
            "type": "object",
            "properties": { "closed": { "type": "string" }, "host": { "type": "string" } },
            "required": ["host"]
        });
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &["host"], &["session"]))
            .with_annotations(
                ToolAnnotations::with_title("Close a named session")
                    .read_only(false)
                    .destructive(true)
                    .idempotent(true)
                    .open_world(false),
            )
            .with_raw_output_schema(output.into())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let Arguments { session, host } = arguments::read(arguments)?;
        let wrong = |problem: String| ArgumentError::Value { field: "session".to_owned(), problem };
        let session = SessionName::parse(&session).map_err(|error| wrong(error.to_string()))?;
        Ok(Request::CloseSession { host: host.map(HostName::new), session })
    }
}

const DESCRIPTION: &str =
    "Forgets a session's variables and functions, which are kept here and not on the host.";
