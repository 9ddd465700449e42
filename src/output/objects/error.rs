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
    /// Where in the script: line, column and text, as PowerShell's `PositionMessage` has them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub position: String,
    /// The line of the script, from 1; 0 where nobody knows it.
    #[serde(skip)]
    line: i128,
    /// The exception's type without its namespace.
    #[serde(skip)]
    reason: String,
}

impl ErrorItem {
    /// Reads a record; every text goes through `clean`.
    pub(super) fn read(record: &Value, clean: &mut dyn FnMut(&str) -> String) -> Self {
        let text = |value: Option<Value>| value.map(|value| value.to_text().as_str().to_owned());
        let category = property(record, "CategoryInfo").unwrap_or_default();
        let invocation = property(record, "InvocationInfo").unwrap_or_default();
        let details = property(record, "ErrorDetails").and_then(|details| property(&details, "Message"));
        let line = property(&invocation, "ScriptLineNumber").and_then(|line| line.as_integer());
        let mut part = |value: Option<String>| value.map(|text| clean(text.trim_end())).unwrap_or_default();
        Self {
            message: part(text(details).or_else(|| text(Some(record.clone())))),
            category: part(text(property(&category, "Category"))),
            id: part(text(property(record, "FullyQualifiedErrorId"))),
            target: part(text(property(record, "TargetObject"))),
            command: part(text(property(&category, "Activity"))),
            position: part(text(property(&invocation, "PositionMessage"))),
            line: line.unwrap_or_default(),
            reason: part(text(property(&category, "Reason"))),
        }
    }

    /// What PowerShell 7 shows of it, without colours: a line, and where the script has several, the place too.
    pub(super) fn concise(&self) -> String {
        // A line of a program's standard error.
        if self.id.starts_with("NativeCommandError") {
            return self.message.clone();
        }
        // A command that is not there has no name of its own in the record.
        let missing =
            self.id.starts_with("CommandNotFoundException").then(|| self.target.rsplit('\\').next());
        let command = missing.flatten().unwrap_or(&self.command);
        let reason = match (command, self.category.as_str(), self.reason.as_str()) {
            // What `throw` wrote has no command.
            ("", "OperationStopped", _) | ("", "NotSpecified" | "", "") => "Exception",
            ("", "NotSpecified" | "", reason) => reason,
            ("", category, _) => category,
            (command, ..) => command,
        };
        match self.place() {
            Some(place) => format!("{reason}:\n{place}{}", self.message),
            None => format!("{reason}: {}", self.message),
        }
    }

    /// The line and what of it failed, and what stands before the message; nothing for the first line, which is all that
    /// most scripts have.
    fn place(&self) -> Option<String> {
        if self.line <= 1 {
            return None;
        }
        let mut lines = self.position.lines().skip(1).filter_map(|line| line.strip_prefix('+'));
        let (line, mark) = (lines.next()?, lines.next()?);
        let number = format!("{:>4}", self.line);
        let margin = " ".repeat(number.len());
        let label = format!("{:>width$}", "Line", width = number.len());
        Some(format!("{label} |\n{number} | {line}\n{margin} | {mark}\n{margin} | "))
    }
}

fn property(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(object) => object.property(name).filter(|value| !value.is_null()),
        _ => None,
    }
}
