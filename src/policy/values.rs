//! Rules on values, whatever parameter they are for.

use std::borrow::Cow;

use winrm_script::value::Value;

use super::denial::Reason;

/// What a value can do that no rule covers: name another host, a type or a drive. Looks at all that lies in it, the
/// keys of hashtables too.
pub(super) fn objection(value: &Value) -> Option<Reason> {
    match value {
        Value::Array(items) => items.to_vec().iter().find_map(objection),
        Value::Table(table) => {
            table.entries().iter().find_map(|(key, value)| objection(key).or_else(|| objection(value)))
        }
        Value::String(text) => text_objection(text.as_str()),
        // What is no text names nothing.
        _ => None,
    }
}

/// The text that a rule compares a value by; nothing for `$null`, arrays and hashtables.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_str())),
        Value::Boolean(true) => Some(Cow::Borrowed("true")),
        Value::Boolean(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Array(_) | Value::Table(_) => None,
        other => Some(Cow::Owned(other.to_text().as_str().to_owned())),
    }
}

/// The same for a text.
pub(super) fn text_objection(text: &str) -> Option<Reason> {
    // PowerShell trims the value of a path.
    let trimmed = text.trim_start();
    let mut letters = trimmed.chars();
    let slash = |letter: Option<char>| matches!(letter, Some('\\' | '/'));
    if slash(letters.next()) && slash(letters.next()) || text.contains("::") || text.contains("://") {
        return Some(Reason::ReachesOut);
    }
    let (before, _) = trimmed.split_once(':')?;
    let names_drive = before.chars().any(char::is_alphabetic)
        && before.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
    names_drive.then_some(Reason::NamesDrive)
}
