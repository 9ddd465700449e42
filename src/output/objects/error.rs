use serde::Serialize;
use winrm_script::value::Value;

/// An error record, safe to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ErrorItem {
    /// What it says.
    pub message: String,
    /// The category's name, such as `ObjectNotFound`.
    pub category: String,
    /// PowerShell's identifier, `PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand`.
    pub id: String,
    /// What was worked on, as text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// The command that failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Where in the script.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub position: String,
}

impl ErrorItem {
    /// Reads a record; every text goes through `clean`.
    pub(super) fn read(
        record: &Value,
        position: Option<String>,
        clean: &mut dyn FnMut(&str) -> String,
    ) -> Self {
        let text = |value: Option<Value>| value.map(|value| value.to_text().as_str().to_owned());
        let category = property(record, "CategoryInfo").unwrap_or_default();
        let invocation = property(record, "InvocationInfo").unwrap_or_default();
        let details = property(record, "ErrorDetails").and_then(|details| property(&details, "Message"));
        let position = position.or_else(|| text(property(&invocation, "PositionMessage")));
        let mut part = |value: Option<String>| value.map(|text| clean(text.trim_end())).unwrap_or_default();
        Self {
            message: part(text(details).or_else(|| text(Some(record.clone())))),
            category: part(text(property(&category, "Category"))),
            id: part(text(property(record, "FullyQualifiedErrorId"))),
            target: part(text(property(record, "TargetObject"))),
            command: part(text(property(&category, "Activity"))),
            position: part(position),
        }
    }

    /// The line that PowerShell 7 shows of it, without colours.
    pub(super) fn concise(&self) -> String {
        let reason = match (self.command.as_str(), self.category.as_str()) {
            // What `throw` wrote has no command.
            ("", "OperationStopped" | "NotSpecified" | "") => "Exception",
            ("", category) => category,
            (command, _) => command,
        };
        format!("{reason}: {}", self.message)
    }
}

fn property(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(object) => object.property(name).filter(|value| !value.is_null()),
        _ => None,
    }
}
