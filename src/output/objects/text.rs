use winrm_script::{format::Display, value::Value};

/// What PowerShell would print, without blanks at the ends of lines.
pub(in crate::output) fn printed(display: &mut Display, values: &[Value]) -> String {
    let text = display.show(values).unwrap_or_else(|_| one_by_one(display, values));
    let mut trimmed = String::with_capacity(text.len());
    for line in text.lines() {
        trimmed.push_str(line.trim_end());
        trimmed.push('\n');
    }
    trimmed
}

/// Where the display of one object is not known, the others keep theirs.
fn one_by_one(display: &mut Display, values: &[Value]) -> String {
    let alone = |value: &Value| {
        display.show(std::slice::from_ref(value)).unwrap_or_else(|_| format!("{}\n", value.to_text()))
    };
    values.iter().map(alone).collect()
}

/// Whether what is written next stands on the same line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesOn {
    Yes,
    No,
}

/// What an information record says of its line: `Write-Host -NoNewline`.
pub(super) fn goes_on(record: &Value) -> GoesOn {
    match message(record) {
        Value::Object(message) if message.property("NoNewLine").is_some_and(|own| own.is_true()) => {
            GoesOn::Yes
        }
        _ => GoesOn::No,
    }
}

/// The text of an information record: what was written, or the text in what `Write-Host` wraps it in.
pub(super) fn of_information(record: &Value) -> Value {
    let message = message(record);
    let text = match &message {
        Value::Object(own) => own.property("Message"),
        _ => None,
    };
    Value::String(text.as_ref().unwrap_or(&message).to_text())
}

/// What an information record holds, if it is one of a host; here it is the message itself.
fn message(record: &Value) -> Value {
    let data = match record {
        Value::Object(own) => own.property("MessageData"),
        _ => None,
    };
    data.unwrap_or_else(|| record.clone())
}
