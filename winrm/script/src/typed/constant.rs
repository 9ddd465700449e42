//! Values that a script's text gives away before it runs.

use super::from_static::of_number;
use crate::tree::{Expression, ExpressionKind, StatementBlock, Variable};
use crate::value::{Shape, Table, Value};

/// The value that an argument will have whatever the script does, for a parameter of this type; nothing where it is
/// computed.
///
/// A number for a parameter that takes strings is its text.
#[must_use]
pub fn constant(argument: &Expression, type_name: &str) -> Option<Value> {
    match &argument.kind {
        ExpressionKind::Number(number) if matches!(type_name, "string" | "string[]") => {
            Some(Value::string(number.text.as_str()))
        }
        _ => value(argument, DEEPEST),
    }
}

fn value(expression: &Expression, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match &expression.kind {
        ExpressionKind::String(text) => Some(Value::string(text.value.as_str())),
        ExpressionKind::Number(number) => of_number(number.value),
        ExpressionKind::Variable(variable) => named_constant(variable),
        ExpressionKind::Array(items) => {
            items.iter().map(|item| value(item, depth)).collect::<Option<Vec<_>>>().map(Value::array)
        }
        ExpressionKind::ArrayExpression(block) => array(block, depth),
        ExpressionKind::Parenthesis(inside) => value(inside.as_expression()?, depth),
        ExpressionKind::Hashtable(entries) => {
            let table = Table::new(Shape::Hashtable);
            for entry in entries {
                table.set(value(&entry.key, depth)?, value(entry.value.as_expression()?, depth)?).ok()?;
            }
            Some(Value::Table(table))
        }
        _ => None,
    }
}

fn array(block: &StatementBlock, depth: usize) -> Option<Value> {
    match block.statements.as_slice() {
        [] => Some(Value::array(Vec::new())),
        [only] => match value(only.as_expression()?, depth)? {
            array @ Value::Array(_) => Some(array),
            one => Some(Value::array(vec![one])),
        },
        _ => None,
    }
}

fn named_constant(variable: &Variable) -> Option<Value> {
    let is = |name: &str| !variable.splatted && variable.name.eq_ignore_ascii_case(name);
    if is("true") {
        Some(Value::Boolean(true))
    } else if is("false") {
        Some(Value::Boolean(false))
    } else {
        is("null").then_some(Value::Null)
    }
}

/// How deep arrays, hashtables and parentheses are looked into.
const DEEPEST: usize = 8;
