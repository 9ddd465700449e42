//! `find_commands`: what may be used.

use std::borrow::Cow;

use rmcp::model::{JsonObject, Tool as Definition};
use serde::Deserialize;

use super::{ArgumentError, Request, Tool, arguments, looks, order, result};
use crate::{
    call::HostName,
    explain::{Reach, Wanted},
};

/// Looks for commands that may be used.
#[derive(Debug)]
pub(super) struct FindCommands;

#[derive(Deserialize)]
struct Arguments {
    pattern: String,
    access: Option<String>,
    host: Option<String>,
}

impl Tool for FindCommands {
    fn name(&self) -> Cow<'static, str> {
        "find_commands".into()
    }

    fn definition(&self) -> Definition {
        let own = rmcp::object!({
            "pattern": {
                "type": "string",
                "minLength": 1,
                "description": "Part of a name, or with wildcards: service, Get-Net*"
            },
            "access": {
                "type": "string",
                "enum": Reach::NAMES,
                "description": "Commands that only look, that change something, or both. Default: all."
            }
        });
        Definition::new(self.name(), DESCRIPTION, order::schema(own, &["host"], &["pattern"]))
            .with_annotations(looks("Find commands that may be used"))
            .with_raw_output_schema(result::found_schema())
    }

    fn request(&self, arguments: JsonObject) -> Result<Request, ArgumentError> {
        let Arguments { pattern, access, host } = arguments::read(arguments)?;
        let access = access.as_deref().and_then(Reach::parse).unwrap_or_default();
        let wanted = Wanted { pattern: pattern.trim().to_owned(), access };
        Ok(Request::FindCommands { host: host.map(HostName::new), wanted })
    }
}

const DESCRIPTION: &str = "Finds PowerShell commands and programs that the operator's policy allows on a host, by name, \
    with the parameters and arguments that may be given. Runs nothing; a host is asked only where its own endpoint decides. \
    Use it before guessing a command's name or after a denial.";
