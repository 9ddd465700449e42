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

/// The message of an information record: what was written, or the text in what `Write-Host` wraps it in.
pub(super) fn of_information(value: &Value) -> Value {
    let text = match value {
        Value::Object(object) => object.property("Message").or_else(|| object.property("MessageData")),
        _ => None,
    };
    Value::String(text.as_ref().unwrap_or(value).to_text())
}
