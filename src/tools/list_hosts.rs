//! `list_hosts`: which hosts there are.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};

use super::{ArgumentError, Request, Tool, looks};

/// Lists the configured hosts.
#[derive(Debug)]
pub(super) struct ListHosts;

impl Tool for ListHosts {
    fn name(&self) -> Cow<'static, str> {
        "list_hosts".into()
    }

    fn definition(&self) -> Definition {
        let input = rmcp::object!({ "type": "object", "properties": {}, "additionalProperties": false });
        let output = rmcp::object!({
            "type": "object",
            "properties": {
                "hosts": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": { "type": "string" },
                            "address": { "type": "string" },
                            "user": { "type": "string" },
                            "tags": { "type": "array", "items": { "type": "string" } }
                        },
                        "required": ["name", "address"]
                    }
                }
            },
            "required": ["hosts"]
        });
        Definition::new(self.name(), DESCRIPTION, input)
            .with_annotations(looks("List the Windows hosts"))
            .with_raw_output_schema(output.into())
    }

    fn request(&self, _arguments: JsonObject) -> Result<Request, ArgumentError> {
        Ok(Request::ListHosts)
    }
}

const DESCRIPTION: &str = "Lists the Windows hosts that can be used, with address, user and tags. Reads the \
    configuration only and contacts nobody.";
