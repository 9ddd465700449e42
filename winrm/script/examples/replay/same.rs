//! Whether what was computed is what was recorded.

use winrm_proto::clixml::{self, Content};
use winrm_script::value::convert::convert;
use winrm_script::value::{Type, Value};

/// Whether an argument is the recorded one: an enum is its name or number, a switch is true, one item is an array of it.
pub(crate) fn arguments(recorded: &Value, own: &Value) -> bool {
    let items = |value: &Value| match value {
        Value::Array(array) => array.to_vec(),
        other => vec![other.clone()],
    };
    let (recorded, own) = (items(recorded), items(own));
    recorded.len() == own.len() && recorded.iter().zip(&own).all(|(recorded, own)| one(recorded, own))
}

fn one(recorded: &Value, own: &Value) -> bool {
    match (recorded, own) {
        (Value::Object(recorded), own) if recorded.property("IsPresent").is_some() => {
            recorded.property("IsPresent").is_some_and(|is| is.is_true()) == own.is_true()
        }
        (Value::Table(recorded), Value::Table(own)) => {
            recorded.len() == own.len()
                && recorded.entries().iter().all(|(key, value)| {
                    own.value(key).ok().flatten().is_some_and(|own| arguments(value, &own))
                })
        }
        (Value::Object(recorded), Value::Object(own)) if recorded.text().is_none() => {
            recorded.members().iter().all(|member| {
                own.property(member.name.as_str()).is_some_and(|own| arguments(&member.value, &own))
            })
        }
        // The host reads the text of a date or span.
        (Value::DateTime(_) | Value::TimeSpan(_), Value::String(_)) => {
            let to =
                Type::named(if matches!(recorded, Value::DateTime(_)) { "datetime" } else { "timespan" });
            match to.map(|to| convert(own, to)) {
                Some(Ok(own)) => one(recorded, &own),
                _ => true,
            }
        }
        // A secret is not in the record.
        (_, Value::Opaque(clixml::Value::SecureString(_))) => true,
        // A parameter of type [xml] was recorded as a document.
        (Value::Opaque(_), own) => dense(recorded) == dense(own),
        (recorded, own) => {
            recorded.to_text().eq_ignore_case(own.to_text().as_str())
                || matches!(recorded, Value::Enum(recorded) if Some(i128::from(recorded.number)) == own.as_integer())
        }
    }
}

/// The text of a document without blanks between its tags.
fn dense(document: &Value) -> String {
    let text = document.to_text();
    text.as_str().split('>').map(str::trim_start).collect::<Vec<_>>().join(">").trim().to_owned()
}

/// Whether the output is the recorded one.
pub(crate) fn outputs(recorded: &[clixml::Value], own: &[Value]) -> Result<(), String> {
    if recorded.len() != own.len() {
        return Err(format!("{} values of output, expected {}: {own:?}", own.len(), recorded.len()));
    }
    for (at, (recorded, own)) in recorded.iter().zip(own).enumerate() {
        let own = own.to_clixml();
        if !value(recorded, &own) {
            return Err(format!("output {at}: {own:?}, expected {recorded:?}"));
        }
    }
    Ok(())
}

fn value(recorded: &clixml::Value, own: &clixml::Value) -> bool {
    match (bare(recorded), bare(own)) {
        (clixml::Value::Object(recorded), clixml::Value::Object(own)) => {
            recorded.type_names.first() == own.type_names.first()
                && content(&recorded.content, &own.content)
                && recorded.properties().count() == own.properties().count()
                && recorded
                    .properties()
                    .zip(own.properties())
                    .all(|(recorded, own)| recorded.name == own.name && value(&recorded.value, &own.value))
        }
        (recorded, own) => recorded == own,
    }
}

fn content(recorded: &Content, own: &Content) -> bool {
    match (recorded, own) {
        (Content::Dictionary(recorded), Content::Dictionary(own)) => {
            recorded.len() == own.len()
                && recorded.iter().all(|(key, item)| {
                    own.iter().any(|(own_key, own)| value(key, own_key) && value(item, own))
                })
        }
        (Content::Primitive(recorded), Content::Primitive(own)) => value(recorded, own),
        (Content::None, Content::None) | (Content::MemberSet, Content::MemberSet) => true,
        (recorded, own) => match (items(recorded), items(own)) {
            (Some(recorded), Some(own)) => {
                recorded.len() == own.len()
                    && recorded.iter().zip(own).all(|(recorded, own)| value(recorded, own))
            }
            _ => false,
        },
    }
}

fn items(content: &Content) -> Option<&[clixml::Value]> {
    match content {
        Content::List(items) | Content::Stack(items) | Content::Queue(items) | Content::Enumerable(items) => {
            Some(items)
        }
        _ => None,
    }
}

/// A primitive that the serializer wrapped for nothing.
fn bare(value: &clixml::Value) -> &clixml::Value {
    match value {
        clixml::Value::Object(object)
            if object.type_names.is_empty() && object.properties().next().is_none() =>
        {
            match &object.content {
                Content::Primitive(inner) => inner,
                _ => value,
            }
        }
        other => other,
    }
}
