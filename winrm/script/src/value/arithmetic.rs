//! `+`, `-`, `*`, `/`, `%`, `..`, the bitwise operators and their silent conversions.

mod bitwise;
mod sequence;
mod time;

use std::sync::Arc;

use winrm_proto::clixml::Duration;

use super::convert::convert;
use super::number::{self, Number, integer_as, plain_of};
use super::type_name::Plain;
use super::{Enumeration, Fault, Outcome, Type, Value, decimal};
use sequence::{concatenate, join_arrays, merge, repeat_array, repeat_text};
use time::defined;

pub use bitwise::{Bitwise, bit_not, bitwise};

/// An operator on numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arithmetic {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
}

/// The most characters or items that an operation may make at once.
pub const MAX_SIZE: usize = 16 << 20;

/// The value of `left operator right`.
///
/// # Errors
/// PowerShell's own errors, and refusals of what is too large.
pub fn compute(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let (left, right) = (&left.base(), &right.base());
    if let (Value::Int32(left), Value::Int32(right)) = (left, right)
        && let Some(result) = fast(operator, *left, *right)
    {
        return Ok(Value::Int32(result));
    }
    match left {
        Value::Null => null_left(operator, right),
        Value::String(text) => match operator {
            Arithmetic::Add => concatenate(text.as_str(), right),
            Arithmetic::Multiply => repeat_text(text.as_str(), right),
            _ => {
                let number = text_as_number(left, right)?;
                match right {
                    // Of two strings both are to be integers first.
                    Value::String(_) => compute(operator, &number, &text_as_number(right, right)?),
                    _ => compute(operator, &number, right),
                }
            }
        },
        Value::Array(array) => match operator {
            Arithmetic::Add => join_arrays(array, right),
            Arithmetic::Multiply => repeat_array(array, right),
            _ => Err(no_method(operator, left)),
        },
        Value::Table(table) if operator == Arithmetic::Add => merge(table, right),
        // A character is text to `+`, a number to the others, and nothing to `*`.
        Value::Char(unit) => match operator {
            Arithmetic::Add => {
                concatenate(winrm_proto::clixml::PsString::from_utf16(&[*unit]).as_str(), right)
            }
            Arithmetic::Multiply => defined(operator, left, right),
            _ => compute(operator, &Value::Int32((*unit).into()), right),
        },
        Value::Boolean(_) if operator == Arithmetic::Multiply => defined(operator, left, right),
        Value::Boolean(_) if matches!(right, Value::Decimal(_)) => {
            Err(Fault::unsupported("a truth value and a decimal"))
        }
        Value::Boolean(value) => compute(operator, &Value::Int32((*value).into()), right),
        Value::Enum(value) => {
            let number = i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32);
            of_enum(value, &compute(operator, &number, right)?)
        }
        left => match plain_of(left) {
            Some(_) => with_number(operator, left, right),
            None => defined(operator, left, right),
        },
    }
}

/// What is computed with an enum is one again.
fn of_enum(left: &Enumeration, result: &Value) -> Outcome<Value> {
    let known = Enumeration::known_type(left.type_name.as_str());
    let found = match (result, known) {
        (Value::Int32(number), Some(name)) => Enumeration::known(name, (*number).into()),
        _ => None,
    };
    match found {
        Some(found) => Ok(Value::Enum(Arc::new(found))),
        None => Err(Fault::unsupported("this arithmetic with an enum; convert it with [int]")),
    }
}

/// `-value`.
///
/// # Errors
/// As [`compute`].
pub fn negate(value: &Value) -> Outcome<Value> {
    match value.base() {
        Value::Double(number) => Ok(Value::Double(-number)),
        Value::Single(number) => Ok(Value::Single(-number)),
        Value::Decimal(number) => Ok(Value::Decimal(decimal::negate(number))),
        Value::TimeSpan(span) => Ok(Value::TimeSpan(Duration::from_ticks(span.ticks().wrapping_neg()))),
        other => compute(Arithmetic::Subtract, &Value::Int32(0), &other),
    }
}

/// `+value`.
///
/// # Errors
/// As [`compute`].
pub fn plus(value: &Value) -> Outcome<Value> {
    match value.base() {
        Value::String(_) | Value::Boolean(_) | Value::Null | Value::Char(_) => {
            compute(Arithmetic::Add, &Value::Int32(0), value)
        }
        other if plain_of(&other).is_some() => Ok(other),
        other => compute(Arithmetic::Add, &Value::Int32(0), &other),
    }
}

/// `left..right`.
///
/// # Errors
/// An end that is no number, or more items than [`MAX_SIZE`].
pub fn range(left: &Value, right: &Value) -> Outcome<Value> {
    if let (Some(left), Some(right)) = (one_char(left), one_char(right)) {
        let item = |unit| Value::Char(unit);
        let items = if left <= right {
            (left..=right).map(item).collect()
        } else {
            (right..=left).rev().map(item).collect()
        };
        return Ok(Value::array(items));
    }
    let end = |value: &Value| -> Outcome<i32> {
        match convert(value, Type::Plain(Plain::Int32))? {
            Value::Int32(number) => Ok(number),
            _ => Ok(0),
        }
    };
    let (left, right) = (end(left)?, end(right)?);
    if usize::try_from(left.abs_diff(right)).unwrap_or(usize::MAX) >= MAX_SIZE {
        return Err(too_large());
    }
    let items = if left <= right {
        (left..=right).map(Value::Int32).collect()
    } else {
        (right..=left).rev().map(Value::Int32).collect()
    };
    Ok(Value::array(items))
}

fn fast(operator: Arithmetic, left: i32, right: i32) -> Option<i32> {
    match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide | Arithmetic::Remainder => None,
    }
}

fn null_left(operator: Arithmetic, right: &Value) -> Outcome<Value> {
    match operator {
        Arithmetic::Add => Ok(right.clone()),
        Arithmetic::Multiply => Ok(Value::Null),
        _ => compute(operator, &Value::Int32(0), right),
    }
}

/// A number or what converts to one on the right of a number.
fn with_number(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let converted = match right {
        Value::Null => Value::Int32(0),
        Value::Boolean(value) => Value::Int32((*value).into()),
        Value::Char(unit) => Value::Int32((*unit).into()),
        Value::String(_) => text_as_number(right, left)?,
        Value::Enum(value) => i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32),
        other if plain_of(other).is_some() => other.clone(),
        _ => return defined(operator, left, right),
    };
    numeric(operator, left, &converted)
}

/// The number that a string is beside a number; the error depends on the number's type.
fn text_as_number(text: &Value, beside: &Value) -> Outcome<Value> {
    let content = text.to_text();
    if let Some(number) = number::scan(content.as_str()) {
        return Ok(number);
    }
    let (id, name) = match plain_of(beside) {
        Some(Plain::Double | Plain::Single) => ("InvalidCastFromStringToDoubleOrSingle", "System.Double"),
        Some(Plain::Decimal) => ("InvalidCastFromStringToDecimal", "System.Decimal"),
        _ => ("InvalidCastFromStringToInteger", "System.Int32"),
    };
    Err(Fault::thrown(
        id,
        "System.Management.Automation.PSInvalidCastException",
        format!(
            "Cannot convert value \"{content}\" to type \"{name}\". Error: \"The input string '{content}' was not in a correct format.\""
        ),
    )
    .in_category("InvalidArgument"))
}

/// The number that a string is beside a number of this type, as `-lt` and its kin convert it.
pub(super) fn comparable_number(text: &Value, beside: &Value) -> Outcome<Value> {
    text_as_number(text, beside)
}

fn numeric(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) else {
        return Err(no_method(operator, left));
    };
    match (a, b) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            let (a, b) = (a.to_decimal()?, b.to_decimal()?);
            let result = match operator {
                Arithmetic::Add => decimal::add(a, b)?,
                Arithmetic::Subtract => decimal::subtract(a, b)?,
                Arithmetic::Multiply => decimal::multiply(a, b)?,
                Arithmetic::Divide => decimal::divide(a, b).ok_or_else(by_zero)??,
                Arithmetic::Remainder => decimal::remainder(a, b).ok_or_else(by_zero)??,
            };
            Ok(Value::Decimal(result))
        }
        (Number::Integer(a), Number::Integer(b)) => integers(operator, a, b, left, right),
        _ => {
            let (a, b) = (a.to_double(), b.to_double());
            let result = match operator {
                Arithmetic::Add => a + b,
                Arithmetic::Subtract => a - b,
                Arithmetic::Multiply => a * b,
                Arithmetic::Divide => a / b,
                Arithmetic::Remainder => a % b,
            };
            // Two singles are computed as doubles too, and stay one.
            Ok(Value::Double(result))
        }
    }
}

fn integers(operator: Arithmetic, a: i128, b: i128, left: &Value, right: &Value) -> Outcome<Value> {
    let wide = wider(left, right)?;
    let exact = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide | Arithmetic::Remainder if b == 0 => return Err(by_zero()),
        Arithmetic::Divide if a % b == 0 => a.checked_div(b),
        Arithmetic::Divide => None,
        Arithmetic::Remainder => a.checked_rem(b),
    };
    if let Some(result) = exact.and_then(|exact| integer_as(exact, wide)) {
        return Ok(result);
    }
    if let (Arithmetic::Multiply, Some(product)) = (operator, exact) {
        // PowerShell gets there through a big integer, whose low bits are cut off and not rounded.
        let excess = 128_u32.saturating_sub(product.unsigned_abs().leading_zeros()).saturating_sub(53);
        let cut = i128::try_from(product.unsigned_abs() >> excess << excess).unwrap_or_default();
        return Ok(Value::Double(number::integer_to_double(if product < 0 { -cut } else { cut })));
    }
    let (a, b) = (number::integer_to_double(a), number::integer_to_double(b));
    Ok(Value::Double(match operator {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
    }))
}

/// The type in which two integers are computed.
fn wider(left: &Value, right: &Value) -> Outcome<Plain> {
    let of = |value: &Value| plain_of(value).unwrap_or(Plain::Int32);
    let small =
        |plain| matches!(plain, Plain::SByte | Plain::Byte | Plain::Int16 | Plain::UInt16 | Plain::Int32);
    let (left, right) = (of(left), of(right));
    Ok(match (left, right) {
        (left, right) if small(left) && small(right) => Plain::Int32,
        (Plain::UInt64, Plain::UInt64) => Plain::UInt64,
        (Plain::UInt64, other) | (other, Plain::UInt64) => match other {
            Plain::Byte | Plain::UInt16 | Plain::UInt32 => Plain::UInt64,
            // PowerShell looks at the sign of the other number: both ways give the number where it fits.
            _ => Plain::UInt64,
        },
        (Plain::UInt32, Plain::UInt32 | Plain::Byte | Plain::UInt16)
        | (Plain::Byte | Plain::UInt16, Plain::UInt32) => Plain::UInt32,
        _ => Plain::Int64,
    })
}

fn one_char(value: &Value) -> Option<u16> {
    match value {
        Value::Char(unit) => Some(*unit),
        Value::String(text) => match text.to_utf16().as_slice() {
            [unit] if !char::from_u32((*unit).into()).is_some_and(|own| own.is_ascii_digit()) => Some(*unit),
            _ => None,
        },
        _ => None,
    }
}

fn method_name(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "op_Addition",
        Arithmetic::Subtract => "op_Subtraction",
        Arithmetic::Multiply => "op_Multiply",
        Arithmetic::Divide => "op_Division",
        Arithmetic::Remainder => "op_Modulus",
    }
}

fn no_method(operator: Arithmetic, owner: &Value) -> Fault {
    Fault::thrown(
        "MethodNotFound",
        RUNTIME,
        format!(
            "Method invocation failed because [{}] does not contain a method named '{}'.",
            owner.type_name(),
            method_name(operator)
        ),
    )
}

fn by_zero() -> Fault {
    Fault::thrown("RuntimeException", RUNTIME, "Attempted to divide by zero.").in_category("NotSpecified")
}

fn too_large() -> Fault {
    Fault::unsupported("a value of more than 16 million characters or items")
}

const RUNTIME: &str = "System.Management.Automation.RuntimeException";
