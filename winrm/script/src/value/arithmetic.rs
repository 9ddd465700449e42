//! `+`, `-`, `*`, `/`, `%`, `..`, the bitwise operators and their silent conversions.

use winrm_proto::clixml::{DateTime, Duration};

use super::convert::convert;
use super::number::{self, Number, integer_as, plain_of};
use super::type_name::Plain;
use super::{Array, Fault, Outcome, Table, Type, Value, date, decimal};

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

/// An operator on bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bitwise {
    /// `-band`.
    And,
    /// `-bor`.
    Or,
    /// `-bxor`.
    Xor,
    /// `-shl`.
    ShiftLeft,
    /// `-shr`.
    ShiftRight,
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
        Value::Char(unit) => match operator {
            Arithmetic::Add => {
                let text = winrm_proto::clixml::PsString::from_utf16(&[*unit]);
                match right {
                    Value::String(_) | Value::Char(_) => concatenate(text.as_str(), right),
                    _ => compute(operator, &Value::Int32((*unit).into()), right),
                }
            }
            _ => compute(operator, &Value::Int32((*unit).into()), right),
        },
        Value::Boolean(value) => {
            if operator == Arithmetic::Multiply {
                return Err(Fault::thrown(
                    "NotADefinedOperationForType",
                    RUNTIME,
                    format!(
                        "The operation '[{}] * [{}]' is not defined.",
                        left.type_name(),
                        right.type_name()
                    ),
                ));
            }
            compute(operator, &Value::Int32((*value).into()), right)
        }
        Value::DateTime(time) => with_date(operator, *time, right, left),
        Value::TimeSpan(span) => with_span(operator, *span, right, left),
        Value::Enum(value) => {
            let number = i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32);
            compute(operator, &number, right)
        }
        left => match plain_of(left) {
            Some(_) => with_number(operator, left, right),
            None => Err(no_method(operator, left)),
        },
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

/// `left operator right` on bits.
///
/// # Errors
/// Operands that are no integers.
pub fn bitwise(operator: Bitwise, left: &Value, right: &Value) -> Outcome<Value> {
    let (left, right) = (left.base(), right.base());
    if let (Value::Enum(left), Value::Enum(_) | Value::String(_)) = (&left, &right) {
        return Err(Fault::unsupported(format!("bitwise operators on [{}]", left.type_name)));
    }
    let left = bits(&left)?;
    if matches!(operator, Bitwise::ShiftLeft | Bitwise::ShiftRight) {
        let Value::Int32(by) = convert(&right, Type::Plain(Plain::Int32))? else { return Ok(Value::Null) };
        let by = by.cast_unsigned();
        return Ok(match (left, operator) {
            (Value::Int64(left), Bitwise::ShiftLeft) => Value::Int64(left.wrapping_shl(by)),
            (Value::Int64(left), _) => Value::Int64(left.wrapping_shr(by)),
            (Value::Int32(left), Bitwise::ShiftLeft) => Value::Int32(left.wrapping_shl(by)),
            (Value::Int32(left), _) => Value::Int32(left.wrapping_shr(by)),
            _ => return Err(Fault::unsupported("shifts of this type")),
        });
    }
    let right = bits(&right)?;
    let apply = |left: i64, right: i64| match operator {
        Bitwise::And => left & right,
        Bitwise::Or => left | right,
        _ => left ^ right,
    };
    match (&left, &right) {
        (Value::Int32(left), Value::Int32(right)) => {
            let result = apply((*left).into(), (*right).into());
            Ok(i32::try_from(result).map_or(Value::Int64(result), Value::Int32))
        }
        _ => match (left.as_integer().map(i64::try_from), right.as_integer().map(i64::try_from)) {
            (Some(Ok(left)), Some(Ok(right))) => Ok(Value::Int64(apply(left, right))),
            _ => Err(Fault::unsupported("bitwise operators on this type")),
        },
    }
}

/// `-bnot value`.
///
/// # Errors
/// An operand that is no integer.
pub fn bit_not(value: &Value) -> Outcome<Value> {
    Ok(match bits(&value.base())? {
        Value::Int32(number) => Value::Int32(!number),
        Value::Int64(number) => Value::Int64(!number),
        _ => return Err(Fault::unsupported("-bnot on this type")),
    })
}

fn bits(value: &Value) -> Outcome<Value> {
    match value {
        Value::Int32(_) | Value::Int64(_) => Ok(value.clone()),
        Value::Null => Ok(Value::Int32(0)),
        Value::Boolean(value) => Ok(Value::Int32((*value).into())),
        Value::Enum(value) => {
            Ok(i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32))
        }
        Value::Byte(_) | Value::SByte(_) | Value::Int16(_) | Value::UInt16(_) => {
            convert(value, Type::Plain(Plain::Int32))
        }
        Value::UInt32(number) => Ok(Value::Int64((*number).into())),
        Value::UInt64(_) => Err(Fault::unsupported("bitwise operators on [ulong]")),
        other => match convert(other, Type::Plain(Plain::Int64))? {
            Value::Int64(number) => Ok(i32::try_from(number).map_or(Value::Int64(number), Value::Int32)),
            _ => Err(Fault::unsupported("bitwise operators on this type")),
        },
    }
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
        Value::TimeSpan(_) | Value::DateTime(_) | Value::Version(_) => {
            return Err(Fault::unsupported("a number and a date or span"));
        }
        _ => return Err(no_method(operator, left)),
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

fn concatenate(left: &str, right: &Value) -> Outcome<Value> {
    let right = right.to_text();
    if left.len() + right.as_str().len() > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::string(format!("{left}{right}")))
}

fn repeat_text(text: &str, times: &Value) -> Outcome<Value> {
    let times = repetitions(times)?;
    if text.len().saturating_mul(times) > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::string(text.repeat(times)))
}

fn repetitions(times: &Value) -> Outcome<usize> {
    let number = convert(times, Type::Plain(Plain::Int32))?.as_integer().unwrap_or_default();
    usize::try_from(number).map_err(|_| {
        Fault::thrown(
            "InvalidCastIConvertible",
            "System.Management.Automation.PSInvalidCastException",
            format!(
                "Cannot convert value \"{number}\" to type \"System.UInt32\". Error: \"Value was either too large or too small for a UInt32.\""
            ),
        )
    })
}

fn join_arrays(left: &Array, right: &Value) -> Outcome<Value> {
    let mut items = left.to_vec();
    match right {
        Value::Array(right) => items.extend(right.to_vec()),
        other => items.push(other.clone()),
    }
    if items.len() > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::array(items))
}

fn repeat_array(array: &Array, times: &Value) -> Outcome<Value> {
    let (items, times) = (array.to_vec(), repetitions(times)?);
    if items.len().saturating_mul(times) > MAX_SIZE {
        return Err(too_large());
    }
    let repeated = std::iter::repeat_n(&items, times).flatten().cloned().collect();
    Ok(Value::Array(match array.element() {
        Some(element) => Array::of(element, repeated),
        None => Array::new(repeated),
    }))
}

fn merge(left: &Table, right: &Value) -> Outcome<Value> {
    let Value::Table(right) = right else {
        return Err(Fault::thrown(
            "AddHashTableToNonHashTable",
            RUNTIME,
            "A hash table can only be added to another hash table.",
        ));
    };
    let sum = left.duplicate();
    for (key, value) in right.entries() {
        if sum.value(&key)?.is_some() {
            return Err(Fault::unsupported("adding hashtables that share a key"));
        }
        sum.set(key, value)?;
    }
    Ok(Value::Table(sum))
}

fn with_date(operator: Arithmetic, left: DateTime, right: &Value, original: &Value) -> Outcome<Value> {
    let out_of_range = || Fault::unsupported("a date outside of the calendar");
    match (operator, right) {
        (Arithmetic::Add, Value::TimeSpan(span)) => {
            date::add_ticks(left, span.ticks()).map(Value::DateTime).ok_or_else(out_of_range)
        }
        (Arithmetic::Subtract, Value::TimeSpan(span)) => {
            date::add_ticks(left, span.ticks().wrapping_neg()).map(Value::DateTime).ok_or_else(out_of_range)
        }
        (Arithmetic::Subtract, Value::DateTime(right)) => {
            let difference = i64::try_from(i128::from(left.ticks()) - i128::from(right.ticks()));
            difference.map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))).map_err(|_| out_of_range())
        }
        (Arithmetic::Subtract, Value::Double(_) | Value::Single(_) | Value::Decimal(_) | Value::Null) => {
            Err(Fault::thrown(
                "MethodCountCouldNotFindBest",
                "System.Management.Automation.MethodException",
                "Multiple ambiguous overloads found for \"op_Subtraction\" and the argument count: \"2\".",
            ))
        }
        (Arithmetic::Subtract, Value::String(text)) => {
            // Both a date and a span would do.
            match (date::parse_date(text.as_str()), date::parse_span(text.as_str())) {
                (Ok(Some(time)), None) => with_date(operator, left, &Value::DateTime(time), original),
                _ => {
                    Err(Fault::unsupported("a date less a string; convert it with [datetime] or [timespan]"))
                }
            }
        }
        (Arithmetic::Add | Arithmetic::Subtract, _) => {
            Err(Fault::unsupported("a date and something that is no date or span"))
        }
        _ => Err(no_method(operator, original)),
    }
}

fn with_span(operator: Arithmetic, left: Duration, right: &Value, original: &Value) -> Outcome<Value> {
    let overflow = || Fault::unsupported("a span that is too long");
    match (operator, right) {
        (Arithmetic::Add | Arithmetic::Subtract, right) => {
            if let (Arithmetic::Add, Value::DateTime(_)) = (operator, right) {
                return Err(Fault::unsupported("a span plus a date; write the date first"));
            }
            let Value::TimeSpan(right) = convert(right, Type::Plain(Plain::TimeSpan))? else {
                return Err(overflow());
            };
            let ticks = match operator {
                Arithmetic::Add => left.ticks().checked_add(right.ticks()),
                _ => left.ticks().checked_sub(right.ticks()),
            };
            ticks.map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))).ok_or_else(overflow)
        }
        (Arithmetic::Multiply, right) if plain_of(right).is_some() => {
            scaled(left, right, |ticks, by| ticks * by)
        }
        (Arithmetic::Divide, right) if plain_of(right).is_some() => {
            scaled(left, right, |ticks, by| ticks / by)
        }
        (Arithmetic::Divide, Value::TimeSpan(right)) => {
            let (left, right) = (left.ticks().into(), right.ticks().into());
            Ok(Value::Double(number::integer_to_double(left) / number::integer_to_double(right)))
        }
        (Arithmetic::Multiply | Arithmetic::Divide, _) => Err(Fault::unsupported("a span times this value")),
        _ => Err(no_method(operator, original)),
    }
}

fn scaled(span: Duration, by: &Value, scale: impl Fn(f64, f64) -> f64) -> Outcome<Value> {
    let by = Number::of(by).map_or(f64::NAN, Number::to_double);
    let ticks = scale(number::integer_to_double(span.ticks().into()), by).round_ties_even();
    let ticks = number::double_to_integer(ticks).and_then(|ticks| i64::try_from(ticks).ok());
    match ticks {
        Some(ticks) => Ok(Value::TimeSpan(Duration::from_ticks(ticks))),
        None => Err(Fault::unsupported("a span that is too long")),
    }
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

fn no_method(operator: Arithmetic, left: &Value) -> Fault {
    let name = match operator {
        Arithmetic::Add => "op_Addition",
        Arithmetic::Subtract => "op_Subtraction",
        Arithmetic::Multiply => "op_Multiply",
        Arithmetic::Divide => "op_Division",
        Arithmetic::Remainder => "op_Modulus",
    };
    Fault::thrown(
        "MethodNotFound",
        RUNTIME,
        format!(
            "Method invocation failed because [{}] does not contain a method named '{name}'.",
            left.type_name()
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
