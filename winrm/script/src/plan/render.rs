//! The text of a plan: for people; nothing of it is sent.

use super::condition::{Test, literal, parameter};
use super::prefix::Move;
use super::stage::Stage;
use crate::characters::push_single_quoted;
use crate::tree::{Expression, ExpressionKind, Quote, Span};
use crate::value::Value;

/// A stage as it is written, on one line.
pub(super) fn written(text: &str, span: Span) -> String {
    span.text(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A command of the host with its parameters by their full names.
pub(super) fn command(text: &str, stage: &Stage<'_>) -> String {
    let (Some(known), Ok(bound)) = (stage.known(), stage.bound()) else {
        return written(text, stage.element.span);
    };
    let mut rendered = known.name().to_owned();
    for argument in &bound.arguments {
        parameter_text(text, stage, argument.parameter.name(), &mut rendered);
    }
    rendered
}

/// The typed filters that a stage becomes.
pub(super) fn filters(text: &str, own: &Move<'_>, stage: &Stage<'_>, commands: &mut Vec<String>) {
    match own {
        Move::Condition(condition) => {
            commands.extend(condition.tests.iter().map(|test| test_text(text, test)));
        }
        Move::Typed { name, travel } => {
            let mut rendered = (*name).to_owned();
            for parameter in travel {
                parameter_text(text, stage, parameter, &mut rendered);
            }
            commands.push(rendered);
        }
    }
}

/// Adds the selection of what is fetched.
pub(super) fn fetch(names: &[String], commands: &mut Vec<String>) {
    let names: Vec<String> = names.iter().map(|name| string(name)).collect();
    let properties = format!(" -Property {}", names.join(", "));
    match commands.last_mut().filter(|last| last.starts_with("Select-Object ")) {
        Some(last) => last.push_str(&properties),
        None => commands.push(format!("Select-Object{properties}")),
    }
}

fn parameter_text(text: &str, stage: &Stage<'_>, parameter: &str, rendered: &mut String) {
    rendered.push_str(" -");
    rendered.push_str(parameter);
    for (at, value) in stage.value(parameter).iter().enumerate() {
        rendered.push_str(if at == 0 { " " } else { ", " });
        rendered.push_str(&argument_text(text, value));
    }
}

fn test_text(text: &str, test: &Test<'_>) -> String {
    let property = string(test.property);
    match test.comparison {
        None => format!("Where-Object -Property {property}"),
        Some((comparison, case, value)) => {
            let name = parameter(comparison, case).unwrap_or_default();
            format!("Where-Object -Property {property} -{name} -Value {}", argument_text(text, value))
        }
    }
}

/// A value that is written out, or what stands for it between `<` and `>`.
fn argument_text(text: &str, value: &Expression) -> String {
    if let ExpressionKind::String(constant) = &value.kind
        && constant.quote == Quote::Bare
    {
        return string(&constant.value);
    }
    match literal(value).as_ref().and_then(value_text) {
        Some(rendered) => rendered,
        None => format!("<{}>", written(text, value.span)),
    }
}

fn value_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "$null".to_owned(),
        Value::Boolean(true) => "$true".to_owned(),
        Value::Boolean(false) => "$false".to_owned(),
        Value::String(text) => string(text.as_str()),
        Value::Array(items) => {
            items.to_vec().iter().map(value_text).collect::<Option<Vec<String>>>()?.join(", ")
        }
        number => number.to_text().as_str().to_owned(),
    })
}

/// A word as it is, any other string in quotes.
fn string(text: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(word) {
        return text.to_owned();
    }
    let mut quoted = String::new();
    push_single_quoted(text, &mut quoted);
    quoted
}
