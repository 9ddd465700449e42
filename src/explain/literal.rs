//! What a script's text gives away of a command's arguments.

use serde_json::Value as Json;
use winrm_script::{
    check::HostCommand,
    commands::{BoundArgument, BoundValue, Element},
    evaluate::Call,
    tree::Expression,
    typed,
    value::Value,
};

use super::shown::Given;
use crate::call::Work;

/// The work that a command of a script is, where every value is written out.
pub(super) fn work(command: &HostCommand<'_>) -> Option<Work> {
    Work::of_call(&Call::of_constants(command)?).ok()
}

/// What it is given, by the full names of parameters where the table has them.
pub(super) fn given(text: &str, command: &HostCommand<'_>) -> Vec<Given> {
    match &command.bound {
        Some(bound) => bound.arguments.iter().map(|argument| of_bound(text, argument)).collect(),
        None => command.elements.iter().map(|element| of_element(text, &Element::from(element))).collect(),
    }
}

fn of_bound(text: &str, argument: &BoundArgument<&Expression>) -> Given {
    let BoundArgument { parameter, value } = argument;
    let constant = |expression: &&Expression| typed::constant(expression, parameter.type_name());
    let (value, computed) = match value {
        BoundValue::Switch => (Some(Json::Bool(true)), None),
        BoundValue::Given(expression) => written(text, expression, constant(expression).as_ref()),
        BoundValue::Remaining(expressions) => {
            let values = expressions.iter().map(|one| constant(one).and_then(|value| json(&value)));
            match values.collect::<Option<Vec<_>>>() {
                Some(values) => (Some(Json::Array(values)), None),
                None => {
                    let sources: Vec<&str> = expressions.iter().map(|one| source(text, one)).collect();
                    (None, Some(sources.join(" ")))
                }
            }
        }
    };
    Given { parameter: Some(parameter.name().to_owned()), value, computed }
}

fn of_element(text: &str, element: &Element<'_, &Expression>) -> Given {
    match element {
        Element::Parameter { name, value: None } => {
            Given { parameter: Some((*name).to_owned()), value: Some(Json::Bool(true)), computed: None }
        }
        Element::Parameter { name, value: Some(expression) } => {
            let (value, computed) = written(text, expression, typed::constant(expression, "string").as_ref());
            Given { parameter: Some((*name).to_owned()), value, computed }
        }
        Element::Value(expression) => {
            let (value, computed) = written(text, expression, typed::constant(expression, "string").as_ref());
            Given { parameter: None, value, computed }
        }
    }
}

/// The value, or what computes it.
fn written(text: &str, expression: &Expression, constant: Option<&Value>) -> (Option<Json>, Option<String>) {
    match constant.and_then(json) {
        Some(value) => (Some(value), None),
        None => (None, Some(source(text, expression).to_owned())),
    }
}

fn source<'t>(text: &'t str, expression: &Expression) -> &'t str {
    text.get(expression.span.start..expression.span.end).unwrap_or_default()
}

/// A constant as JSON; nothing for what JSON has no form for.
fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::Double(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Value::Array(_) => Json::Array(value.enumerate()?.iter().map(json).collect::<Option<Vec<_>>>()?),
        Value::Table(table) => {
            let entry = |(name, value): (Value, Value)| Some((name.as_str()?.to_owned(), json(&value)?));
            Json::Object(table.entries().into_iter().map(entry).collect::<Option<_>>()?)
        }
        other => match i64::try_from(other.as_integer()?) {
            Ok(number) => Json::from(number),
            Err(_) => return None,
        },
    })
}
