//! Writes a static command so that it can mean only itself.

use super::{Argument, Literal, StaticCommand};
use crate::characters::push_single_quoted;

/// The whole command on one line, but for line breaks inside strings.
pub(super) fn command(command: &StaticCommand) -> String {
    let mut text = command.name().to_owned();
    for argument in command.arguments() {
        text.push(' ');
        match argument {
            Argument::Parameter { name, value } => {
                text.push('-');
                text.push_str(name.as_str());
                if let Some(value) = value {
                    text.push(':');
                    literal(value, &mut text);
                }
            }
            Argument::Value(value) => literal(value, &mut text),
        }
    }
    text
}

fn literal(value: &Literal, text: &mut String) {
    match value {
        Literal::String(value) => push_single_quoted(value, text),
        Literal::Number(number) => text.push_str(number.as_str()),
        Literal::Boolean(true) => text.push_str("$true"),
        Literal::Boolean(false) => text.push_str("$false"),
        Literal::Null => text.push_str("$null"),
        Literal::Array(values) => array(values, text),
    }
}

fn array(values: &[Literal], text: &mut String) {
    text.push_str("@(");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        literal(value, text);
    }
    text.push(')');
}
