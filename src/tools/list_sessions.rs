//! `list_sessions`: which named sessions there are.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};

use super::{ArgumentError, Request, Tool, looks};

/// Lists the caller's named sessions.
#[derive(Debug)]
pub(super) struct ListSessions;

impl Tool for ListSessions {
    fn name(&self) -> Cow<'static, str> {
        "list_sessions".into()
    }

    fn definition(&self) -> Definition {
        let input = rmcp::object!({ "type": "object", "properties": {}, "additionalProperties": false });
        let names = rmcp::object!({ "type": "array", "items": { "type": "string" } });
        let output = rmcp::object!({
            "type": "object",
            "properties": {
                "sessions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": { "type": "string" },
                            "host": { "type": "string" },
                            "busy": { "type": "boolean" },
                            "idle_seconds": { "type": "integer" },
                            "variables": names,
                            "functions": names
                        },
                        "required": ["name", "host", "busy"]
                    }
                }
            },
            "required": ["sessions"]
        });
        Definition::new(self.name(), DESCRIPTION, input)
            .with_annotations(looks("List the named sessions"))
            .with_raw_output_schema(output.into())
    }

    fn request(&self, _arguments: JsonObject) -> Result<Request, ArgumentError> {
        Ok(Request::ListSessions)
    }
}

const DESCRIPTION: &str = "Lists the sessions that calls have named, with host, variables and functions. A session \
    that is not used for 20 minutes is forgotten. Contacts nobody.";
