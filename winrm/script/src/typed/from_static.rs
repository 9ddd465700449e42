//! From one command with literal arguments.

use winrm_proto::clixml::Decimal;

use super::{Argument, TypedCommand};
use crate::commands::{self, BoundValue, Element};
use crate::static_command::{Argument as Written, Literal, Number, StaticCommand};
use crate::tree::NumberValue;
use crate::value::Value;

impl From<StaticCommand> for TypedCommand {
    /// The same command. A number that is for a parameter that takes strings keeps its spelling: `007` stays `007`.
    fn from(command: StaticCommand) -> Self {
        let texts = Texts::of(&command);
        let (name, arguments) = command.into_parts();
        let arguments = arguments.into_iter().map(|argument| match argument {
            Written::Parameter { name, value } => {
                Argument::Parameter { name, value: value.map(|value| texts.value(value)) }
            }
            Written::Value(value) => Argument::Value(texts.value(value)),
        });
        Self { name, arguments: arguments.collect() }
    }
}

/// Which numbers of a command are to stay as they are written.
enum Texts {
    /// There is no number.
    NoNumbers,
    /// These, for parameters that take strings.
    Of(Vec<Number>),
    /// Nobody knows for which parameters they are: those whose spelling their value would not give back.
    Unknown,
}

impl Texts {
    fn of(command: &StaticCommand) -> Self {
        let is_number = |argument: &Written| {
            matches!(
                argument,
                Written::Value(Literal::Number(_))
                    | Written::Parameter { value: Some(Literal::Number(_)), .. }
            )
        };
        if !command.arguments().iter().any(is_number) {
            return Self::NoNumbers;
        }
        let Some(known) = commands::find(command.name()) else { return Self::Unknown };
        let elements: Vec<Element<'_, Literal>> = command.arguments().iter().map(Element::from).collect();
        let Ok(bound) = known.bind(&elements) else { return Self::Unknown };
        let mut texts = Vec::new();
        for argument in bound.arguments {
            let is_text = matches!(argument.parameter.type_name(), "string" | "string[]");
            let values = match argument.value {
                BoundValue::Given(value) if is_text => vec![value],
                BoundValue::Remaining(values) if is_text => values,
                _ => continue,
            };
            texts.extend(values.into_iter().filter_map(|value| match value {
                Literal::Number(number) => Some(number),
                _ => None,
            }));
        }
        Self::Of(texts)
    }

    fn value(&self, literal: Literal) -> Value {
        match literal {
            Literal::String(text) => Value::string(text),
            Literal::Boolean(value) => Value::Boolean(value),
            Literal::Null => Value::Null,
            Literal::Array(elements) => {
                // In an array a number has only its value.
                let value = |element| match element {
                    Literal::Number(number) => number_value(&number),
                    other => self.value(other),
                };
                Value::array(elements.into_iter().map(value).collect())
            }
            Literal::Number(number) => {
                let value = number_value(&number);
                let keeps_text = match self {
                    Self::NoNumbers => false,
                    Self::Of(texts) => texts.contains(&number),
                    Self::Unknown => value.to_text().as_str() != number.as_str(),
                };
                if keeps_text { Value::string(number.as_str()) } else { value }
            }
        }
    }
}

/// INVARIANT: a number of a static command is one to every PowerShell, so it has a value.
fn number_value(number: &Number) -> Value {
    number.value().and_then(of_number).unwrap_or_else(|| Value::string(number.as_str()))
}

/// The value of a number in a script's text.
pub(super) fn of_number(number: NumberValue) -> Option<Value> {
    Some(match number {
        NumberValue::Int32(value) => Value::Int32(value),
        NumberValue::Int64(value) => Value::Int64(value),
        NumberValue::Double(value) => Value::Double(value),
        NumberValue::Decimal { coefficient, scale } => {
            let scale = u8::try_from(scale).ok()?;
            Value::Decimal(Decimal::new(coefficient < 0, coefficient.unsigned_abs(), scale).ok()?)
        }
    })
}
