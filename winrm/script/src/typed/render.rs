//! Writes a typed command so that it can mean only itself.

use winrm_proto::clixml::{DateTime, DateTimeKind, format_double, format_single};

use super::{Argument, TypedCommand};
use crate::characters::push_single_quoted;
use crate::commands::{self, Command};
use crate::value::date::format_date;
use crate::value::{Array, Shape, Table, Value};

/// The command with its arguments.
pub(super) fn command(command: &TypedCommand) -> String {
    let mut text = command.qualified_name().to_owned();
    let known = commands::find(command.name());
    for own in command.arguments() {
        text.push(' ');
        text.push_str(&argument(own, known));
    }
    text
}

/// One argument, with its dash.
pub(super) fn argument(argument: &Argument, known: Option<Command>) -> String {
    let mut text = String::new();
    match argument {
        Argument::Parameter { name, value } => {
            text.push('-');
            text.push_str(name.as_str());
            if let Some(value) = value {
                // After a space a switch would leave the value to the next position.
                let parameter = known.and_then(|command| command.parameter(name.as_str()));
                text.push(if parameter.is_some_and(|parameter| !parameter.is_switch()) { ' ' } else { ':' });
                push(value, &mut text);
            }
        }
        Argument::Value(value) => push(value, &mut text),
    }
    text
}

/// A value that means the same as an argument, in an array and in a hashtable.
fn push(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("$null"),
        Value::Boolean(true) => text.push_str("$true"),
        Value::Boolean(false) => text.push_str("$false"),
        Value::String(value) | Value::Uri(value) => push_single_quoted(value.as_str(), text),
        Value::Int32(number) if *number < 0 => in_parentheses(&number.to_string(), text),
        Value::Int32(number) => text.push_str(&number.to_string()),
        // Whole numbers beyond an `int` are a `long` by themselves.
        Value::Int64(number) if *number > i64::from(i32::MAX) => text.push_str(&number.to_string()),
        Value::Int64(number) => cast("long", &number.to_string(), text),
        Value::SByte(number) => cast("sbyte", &number.to_string(), text),
        Value::Byte(number) => cast("byte", &number.to_string(), text),
        Value::Int16(number) => cast("int16", &number.to_string(), text),
        Value::UInt16(number) => cast("uint16", &number.to_string(), text),
        Value::UInt32(number) => cast("uint32", &number.to_string(), text),
        Value::UInt64(number) => cast("uint64", &number.to_string(), text),
        Value::Single(number) => cast("single", &format_single(*number), text),
        Value::Double(number) => double(*number, text),
        Value::Decimal(number) => cast("decimal", &number.to_string(), text),
        Value::Char(unit) => in_parentheses(&format!("[char]{unit}"), text),
        Value::TimeSpan(span) => cast("timespan", &span.to_string(), text),
        Value::Guid(guid) => cast("guid", &guid.to_string(), text),
        Value::Version(version) => cast("version", &version.to_string(), text),
        Value::DateTime(time) => date(*time, text),
        Value::Array(items) => array(items, text),
        Value::Table(table) => hashtable(table, text),
        // INVARIANT: a typed command holds none of these; `$null` is the least that they could be.
        Value::Enum(_)
        | Value::Object(_)
        | Value::Block(_)
        | Value::Type(_)
        | Value::Document(_)
        | Value::Opaque(_) => text.push_str("$null"),
    }
}

fn in_parentheses(inner: &str, text: &mut String) {
    text.push('(');
    text.push_str(inner);
    text.push(')');
}

/// What stands in the quotes is digits, letters, and signs of our own formatting.
fn cast(type_name: &str, inner: &str, text: &mut String) {
    in_parentheses(&format!("[{type_name}]'{inner}'"), text);
}

/// `1.5` is a double by itself; what has an exponent, or no fraction, is not.
fn double(number: f64, text: &mut String) {
    let written = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "Infinity" } else { "-Infinity" }).to_owned()
    } else {
        format_double(number)
    };
    let plain = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && written.contains('.');
    if plain { text.push_str(&written) } else { cast("double", &written, text) }
}

/// A cast turns a date with a zone into the host's local time.
fn date(time: DateTime, text: &mut String) {
    let written = format_date(time, "o").unwrap_or_default();
    cast("datetime", &written, text);
    if time.kind() == DateTimeKind::Utc {
        text.push_str(".ToUniversalTime()");
    }
}

fn array(items: &Array, text: &mut String) {
    let items = items.to_vec();
    text.push_str("@(");
    // `@( )` unrolls a single array in it.
    if let [Value::Array(_)] = items.as_slice() {
        text.push_str(", ");
    }
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        push(item, text);
    }
    text.push(')');
}

fn hashtable(table: &Table, text: &mut String) {
    let ordered = table.shape() == Shape::Ordered;
    text.push_str(if ordered { "([ordered]@{" } else { "@{" });
    for (index, (key, value)) in table.entries().into_iter().enumerate() {
        text.push_str(if index > 0 { "; " } else { "" });
        push(&key, text);
        text.push_str(" = ");
        push(&value, text);
    }
    text.push_str(if ordered { "})" } else { "}" });
}
