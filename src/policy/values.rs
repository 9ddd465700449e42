//! Rules on values, whatever parameter they are for.

use winrm_script::static_command::Literal;

use super::denial::Reason;

/// What a value can do that no rule covers: name another host, a type or a drive.
pub(super) fn objection(value: &Literal) -> Option<Reason> {
    match value {
        Literal::String(text) => text_objection(text),
        Literal::Array(elements) => elements.iter().find_map(objection),
        Literal::Number(_) | Literal::Boolean(_) | Literal::Null => None,
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
