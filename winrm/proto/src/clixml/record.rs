//! Records: what PowerShell writes to its streams besides objects.

mod error;
mod information;
mod message;
mod progress;

pub use error::{ErrorCategory, ErrorRecord};
pub use information::InformationRecord;
pub use message::MessageRecord;
pub use progress::{ProgressRecord, ProgressRecordType};

use super::string::PsString;
use super::value::Value;

/// A property's text, if it is there and not null.
fn text(value: &Value, name: &str) -> Option<PsString> {
    value.property(name).filter(|value| !value.is_null()).map(|value| match value.as_string() {
        Some(text) => text.clone(),
        None => value.to_string().into(),
    })
}

/// A property's number, if it is one.
fn number(value: &Value, name: &str) -> Option<i32> {
    value.property(name).and_then(Value::as_int32)
}
