use winrm_script::{format, value::Value};

/// What PowerShell would print, without blanks at the ends of lines.
pub(super) fn printed(values: &[Value], width: usize) -> String {
    let text = format::out_string(values, width).unwrap_or_else(|_| one_by_one(values, width));
    let mut trimmed = String::with_capacity(text.len());
    for line in text.lines() {
        trimmed.push_str(line.trim_end());
        trimmed.push('\n');
    }
    trimmed
}

/// Where the display of one object is not known, the others keep theirs.
fn one_by_one(values: &[Value], width: usize) -> String {
    let alone = |value: &Value| {
        format::out_string(std::slice::from_ref(value), width)
            .unwrap_or_else(|_| format!("{}\n", value.to_text()))
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
