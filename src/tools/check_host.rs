//! `check_host`: does it answer, and does it let us in.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{ArgumentError, Order, Request, Tool, arguments, looks, result};
use crate::call::{HostName, Work};

/// Reaches a host and authenticates.
#[derive(Debug)]
pub(super) struct CheckHost;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    host: Option<String>,
}

impl Tool for CheckHost {
    fn name(&self) -> Cow<'static, str> {
        "check_host".into()
    }

    fn definition(&self) -> Definition {
        let schema = rmcp::object!({
            "type": "object",
            "properties": {
                "host": {
                    "type": "string",
                    "description": "A name from list_hosts. May be left out where there is only one."
                }
            },
            "additionalProperties": false
        });
        Definition::new(self.name(), DESCRIPTION, schema)
            .with_annotations(looks("Check a Windows host"))
            .with_raw_output_schema(result::schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let Arguments { host } = arguments::read(arguments)?;
        Ok(Request::work(Order::new(host.map(HostName::new), Work::Check)))
    }
}

const DESCRIPTION: &str = "Connects to a Windows host, authenticates and says what answered. Runs nothing there. Use \
    it when a call fails with a connection or authentication error.";
