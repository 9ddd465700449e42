//! What a regular expression found, as `[regex]::Match` and `Select-String` give it.

use super::unwind::Flow;
use crate::value::pattern::{Capture, Expression};
use crate::value::{Array, Members, Object, Value};

/// The matches in a text, in order.
pub(super) fn matches(pattern: &Expression, text: &str) -> Flow<Vec<Value>> {
    Ok(pattern.captures(text, usize::MAX)?.iter().map(|groups| matched(groups)).collect())
}

/// The first match, if there is one.
pub(super) fn first(pattern: &Expression, text: &str) -> Flow<Option<Value>> {
    Ok(pattern.captures(text, 1)?.first().map(|groups| matched(groups)))
}

/// What `[regex]::Match` gives where nothing matches.
pub(super) fn nothing() -> Value {
    let group = capture("System.Text.RegularExpressions.Group", "0", None);
    match_object(Array::new(vec![group]), None)
}

fn matched(groups: &[Capture]) -> Value {
    let whole = groups.first().and_then(|whole| whole.found.clone());
    let groups = groups
        .iter()
        .map(|Capture { name, found }| {
            let found = found.as_ref().map(|(at, own)| (*at, own.as_str()));
            capture("System.Text.RegularExpressions.Group", name, found)
        })
        .collect();
    match_object(Array::new(groups), whole.as_ref().map(|(at, own)| (*at, own.as_str())))
}

fn match_object(groups: Array, found: Option<(usize, &str)>) -> Value {
    let own = found.map_or("", |(_, own)| own);
    let members = Members::new().with("Groups", groups);
    let names =
        ["System.Text.RegularExpressions.Match", "System.Text.RegularExpressions.Group", "System.Object"];
    Value::Object(Object::with_text(names.into_iter().collect(), described(members, "0", found), own))
}

fn capture(type_name: &str, name: &str, found: Option<(usize, &str)>) -> Value {
    let own = found.map_or("", |(_, own)| own);
    let members = described(Members::new(), name, found);
    Value::Object(Object::with_text([type_name, "System.Object"].into_iter().collect(), members, own))
}

fn described(members: Members, name: &str, found: Option<(usize, &str)>) -> Members {
    let (index, own) = found.unwrap_or_default();
    let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    members
        .with("Success", found.is_some())
        .with("Name", name)
        .with("Index", number(index))
        .with("Length", number(own.encode_utf16().count()))
        .with("Value", own)
}
