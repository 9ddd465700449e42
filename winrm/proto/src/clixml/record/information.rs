//! `System.Management.Automation.InformationRecord`.

use super::text;
use crate::clixml::object::{Content, Object, Properties};
use crate::clixml::primitive::DateTime;
use crate::clixml::string::PsString;
use crate::clixml::value::Value;

/// What `Write-Information` and `Write-Host` write (MS-PSRP 2.2.2.26 `INFORMATION_RECORD`).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InformationRecord {
    /// The message: a string, or for `Write-Host` an object with the text and its colours.
    pub message_data: Value,
    /// What wrote it, a script's path or a command's name.
    pub source: PsString,
    /// When, where the host says so.
    pub time_generated: Option<DateTime>,
    /// Tags; `Write-Host` sets `PSHOST`.
    pub tags: Vec<PsString>,
    /// The user that the host ran it as.
    pub user: PsString,
    /// The host's name for itself.
    pub computer: PsString,
    /// The process on the host.
    pub process_id: u32,
    /// The operating system's thread.
    pub native_thread_id: u32,
    /// The runtime's thread.
    pub managed_thread_id: u32,
}

impl InformationRecord {
    /// Reads the record out of a message, or out of a serialised `InformationRecord`.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let id = |name| value.property(name).and_then(Value::as_integer).and_then(|id| id.try_into().ok());
        let tags = value.property("Tags").and_then(Value::items).unwrap_or_default();
        Some(Self {
            message_data: value.property("MessageData")?.clone(),
            source: text(value, "Source").unwrap_or_default(),
            time_generated: match value.property("TimeGenerated") {
                Some(Value::DateTime(time)) => Some(*time),
                _ => None,
            },
            tags: tags.iter().filter_map(Value::as_string).cloned().collect(),
            user: text(value, "User").unwrap_or_default(),
            computer: text(value, "Computer").unwrap_or_default(),
            process_id: id("ProcessId").unwrap_or_default(),
            native_thread_id: id("NativeThreadId").unwrap_or_default(),
            managed_thread_id: id("ManagedThreadId").unwrap_or_default(),
        })
    }

    /// The text of the message.
    #[must_use]
    pub fn message(&self) -> PsString {
        match self.message_data.property("Message") {
            // `Write-Host` wraps its text in a HostInformationMessage.
            Some(message) => message.to_string().into(),
            None => self.message_data.to_string().into(),
        }
    }

    /// The body of an `INFORMATION_RECORD` message.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let tags = Value::object(Object {
            content: Content::List(self.tags.iter().cloned().map(Value::String).collect()),
            ..Object::typed(&["System.Collections.Generic.List`1[[System.String]]", "System.Object"])
        });
        Value::bag(
            Properties::new()
                .with("MessageData", self.message_data.clone())
                .with("Source", self.source.clone())
                .with("TimeGenerated", self.time_generated)
                .with("Tags", tags)
                .with("User", self.user.clone())
                .with("Computer", self.computer.clone())
                .with("ProcessId", self.process_id)
                .with("NativeThreadId", self.native_thread_id)
                .with("ManagedThreadId", self.managed_thread_id),
        )
    }
}
