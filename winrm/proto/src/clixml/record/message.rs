//! Debug, verbose and warning records.

use super::text;
use crate::clixml::object::{Object, Properties};
use crate::clixml::string::PsString;
use crate::clixml::value::Value;

/// A debug, verbose or warning record (MS-PSRP 2.2.3.16 `InformationalRecord`).
#[derive(Clone, PartialEq, Debug)]
pub struct MessageRecord {
    /// The text.
    pub message: PsString,
    /// The record as it came, with the invocation that wrote it where the host says so.
    pub source: Value,
}

impl MessageRecord {
    /// Reads a record of any of the three kinds; a bare string is one too.
    #[must_use]
    pub fn from_value(value: Value) -> Self {
        let message = text(&value, "InformationalRecord_Message").unwrap_or_else(|| value.to_string().into());
        Self { message, source: value }
    }

    /// Makes a record of the type that `kind` names: `Debug`, `Verbose` or `Warning`.
    #[must_use]
    pub fn new(kind: &str, message: PsString) -> Self {
        let source = Value::object(Object {
            to_string: Some(message.clone()),
            extended: Properties::new()
                .with("InformationalRecord_Message", message.clone())
                .with("InformationalRecord_SerializeInvocationInfo", false),
            ..Object::typed(&[
                &format!("System.Management.Automation.{kind}Record"),
                "System.Management.Automation.InformationalRecord",
                "System.Object",
            ])
        });
        Self { message, source }
    }
}
