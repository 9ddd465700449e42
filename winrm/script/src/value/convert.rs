//! Conversion to a type: `[int]$x`, `$x -as [datetime]`, and what operators do silently.

use std::sync::Arc;

use uuid::Uuid;
use winrm_proto::clixml::{DateTime, DateTimeKind, Duration, Version};

use super::number::{self, Number, double_to_single};
use super::type_name::Plain;
use super::{Array, Enumeration, Fault, Members, Object, Outcome, Shape, Type, Value, date};

/// The value in this type.
///
/// # Errors
/// PowerShell's own error where there is no conversion, or a refusal where it has one that is not known here.
pub fn convert(value: &Value, to: Type) -> Outcome<Value> {
    match to {
        Type::Plain(plain) => to_plain(value, plain),
        Type::ArrayOf(element) => to_array(value, element),
        Type::ListOf(element) => to_list(value, element),
    }
}

/// Whether the value is of the type: `-is`.
#[must_use]
pub fn is_of(value: &Value, of: Type) -> bool {
    let base = value.base();
    match of {
        Type::ArrayOf(element) => match &base {
            Value::Array(array) if !array.is_list() => {
                array.element().unwrap_or(Type::Plain(Plain::Object)) == Type::Plain(element)
            }
            _ => false,
        },
        Type::ListOf(element) => {
            matches!(&base, Value::Array(array) if array.is_list() && array.element() == Some(Type::Plain(element)))
        }
        Type::Plain(plain) => match (plain, &base) {
            (_, Value::Null) => false,
            (Plain::Object, _) => true,
            (Plain::Custom, Value::Object(object)) => object.is_custom() || value.is_wrapped(),
            (Plain::Custom, _) => value.is_wrapped(),
            (Plain::Array, Value::Array(array)) => !array.is_list(),
            (Plain::ArrayList, Value::Array(array)) => array.is_list() && array.element().is_none(),
            (Plain::Hashtable, Value::Table(table)) => table.shape() == Shape::Hashtable,
            (Plain::Ordered, Value::Table(table)) => table.shape() == Shape::Ordered,
            (Plain::Enum, Value::Enum(_)) => true,
            (Plain::ValueType, other) => {
                Number::of(other).is_some()
                    || matches!(
                        other,
                        Value::Boolean(_)
                            | Value::Char(_)
                            | Value::DateTime(_)
                            | Value::TimeSpan(_)
                            | Value::Guid(_)
                            | Value::Enum(_)
                    )
            }
            (Plain::Type, Value::Type(_)) => true,
            (_, Value::Object(object)) => object.type_names().is(plain.full_name()),
            (_, other) => other.type_name().as_str() == plain.full_name(),
        },
    }
}

fn to_plain(value: &Value, plain: Plain) -> Outcome<Value> {
    match plain {
        Plain::Object => return Ok(value.clone()),
        Plain::Custom => return to_custom(value),
        Plain::String => return Ok(Value::String(value.to_text())),
        Plain::Boolean | Plain::Switch => return Ok(Value::Boolean(value.is_true())),
        Plain::Void => return Ok(Value::Null),
        Plain::Array => {
            return Ok(match value {
                Value::Array(array) if !array.is_list() => value.clone(),
                Value::Array(array) => Value::array(array.to_vec()),
                Value::Null => Value::Null,
                other => Value::array(vec![other.clone()]),
            });
        }
        Plain::ArrayList => {
            return match value {
                Value::Array(array) if array.is_list() && array.element().is_none() => Ok(value.clone()),
                Value::Array(array) => Ok(Value::Array(Array::list(array.to_vec()))),
                Value::Null => Ok(Value::Null),
                other => Ok(Value::Array(Array::list(vec![other.clone()]))),
            };
        }
        _ => {}
    }
    let base = value.base();
    match plain {
        Plain::Char => to_char(&base),
        Plain::SByte
        | Plain::Byte
        | Plain::Int16
        | Plain::UInt16
        | Plain::Int32
        | Plain::UInt32
        | Plain::Int64
        | Plain::UInt64 => to_integer(&base, plain),
        Plain::Single | Plain::Double => to_real(&base, plain),
        Plain::Decimal => to_decimal(&base),
        Plain::DateTime => to_date(&base),
        Plain::TimeSpan => to_span(&base),
        Plain::Guid => to_guid(&base),
        Plain::Version => to_version(&base),
        Plain::Uri => match &base {
            Value::Uri(_) | Value::Null => Ok(base),
            Value::String(text) => Ok(Value::Uri(text.clone())),
            other => Err(impossible(other, plain)),
        },
        Plain::Hashtable | Plain::Ordered => match &base {
            Value::Table(_) | Value::Null => Ok(base),
            other => Err(impossible(other, plain)),
        },
        Plain::ScriptBlock => match &base {
            Value::Block(_) | Value::Null => Ok(base),
            _ => Err(Fault::unsupported("text as a script block")),
        },
        other => match other.as_enum() {
            Some(name) => to_enum(&base, name),
            None => Err(Fault::unsupported(format!("conversion to [{}]", other.shown()))),
        },
    }
}

fn to_custom(value: &Value) -> Outcome<Value> {
    match value {
        Value::Table(table) => {
            let mut members = Members::new();
            for (key, value) in table.entries() {
                members.set(key.to_text(), value);
            }
            Ok(Value::Object(Object::custom(members)))
        }
        other => Ok(other.clone()),
    }
}

/// A list stays what it is; an array's items are put into one.
fn to_list(value: &Value, element: Plain) -> Outcome<Value> {
    match value.base() {
        Value::Null => Ok(Value::Null),
        base @ Value::Array(_) if is_of(&base, Type::ListOf(element)) => Ok(base),
        Value::Array(array) => {
            let items: Outcome<Vec<Value>> =
                array.to_vec().iter().map(|item| to_plain(item, element)).collect();
            Ok(Value::Array(Array::list_of(element, items?)))
        }
        _ => Err(Fault::unsupported("a list of what is no array")),
    }
}

fn to_array(value: &Value, element: Plain) -> Outcome<Value> {
    let make = |items: Vec<Value>| {
        Value::Array(match element {
            Plain::Object => Array::new(items),
            element => Array::of(Type::Plain(element), items),
        })
    };
    match value.base() {
        Value::Null => Ok(Value::Null),
        Value::Array(array) => {
            let items: Outcome<Vec<Value>> =
                array.to_vec().iter().map(|item| to_plain(item, element)).collect();
            items.map(make).map_err(|fault| fault.with_id("InvalidCastExceptionEnumerableToArray"))
        }
        Value::String(text) if element == Plain::Char => {
            Ok(make(text.to_utf16().into_iter().map(Value::Char).collect()))
        }
        scalar => match to_plain(&scalar, element) {
            Ok(item) => Ok(make(vec![item])),
            Err(fault @ Fault::Unsupported(_)) => Err(fault),
            Err(fault) => match scalar {
                Value::String(_) => Err(fault.with_id("InvalidCastExceptionScalarToArray")),
                _ => Err(fault),
            },
        },
    }
}

fn to_char(value: &Value) -> Outcome<Value> {
    match value {
        Value::Null => Ok(Value::Char(0)),
        Value::Char(_) => Ok(value.clone()),
        Value::String(text) => match text.to_utf16().as_slice() {
            [unit] => Ok(Value::Char(*unit)),
            _ => Err(cast(
                "InvalidCastParseTargetInvocation",
                value,
                Plain::Char,
                "String must be exactly one character long.",
            )),
        },
        Value::Single(_) | Value::Double(_) | Value::Decimal(_) | Value::Boolean(_) => {
            Err(cast("InvalidCastIConvertible", value, Plain::Char, "Invalid cast"))
        }
        other => match other.as_integer() {
            Some(number) => u16::try_from(number).map(Value::Char).map_err(|_| {
                let error = "Value was either too large or too small for a character.";
                cast("InvalidCastIConvertible", value, Plain::Char, error)
            }),
            None => Err(impossible(other, Plain::Char)),
        },
    }
}

fn to_integer(value: &Value, plain: Plain) -> Outcome<Value> {
    let number = match value {
        Value::Null => Some(0),
        Value::Boolean(value) => Some(i128::from(*value)),
        Value::Char(unit) => Some(i128::from(*unit)),
        Value::Enum(value) => Some(i128::from(value.number)),
        Value::String(text) => return string_to_integer(value, text.as_str(), plain),
        Value::DateTime(_) => {
            let error = format!("Invalid cast from 'DateTime' to '{}'.", Type::Plain(plain).short_name());
            return Err(cast("InvalidCastIConvertible", value, plain, &error));
        }
        other => match Number::of(other) {
            Some(number) => number.to_integer(),
            None => return Err(impossible(other, plain)),
        },
    };
    number.and_then(|number| number::integer_as(number, plain)).ok_or_else(|| too_large(value, plain))
}

fn string_to_integer(value: &Value, text: &str, plain: Plain) -> Outcome<Value> {
    let trimmed = text.trim();
    let failed = || {
        let error = format!("The input string '{text}' was not in a correct format.");
        cast("InvalidCastFromStringToInteger", value, plain, &error)
    };
    if trimmed.is_empty() {
        return number::integer_as(0, plain).ok_or_else(failed);
    }
    if trimmed.to_ascii_lowercase().ends_with(['b', 'd', 'l']) && !trimmed.contains(['x', 'X']) {
        return match number::scan(trimmed) {
            Some(_) => Err(Fault::unsupported("a string with a suffix as a number")),
            None => Err(failed()),
        };
    }
    let number = number::scan(trimmed).ok_or_else(failed)?;
    let number = Number::of(&number).and_then(Number::to_integer);
    number.and_then(|number| number::integer_as(number, plain)).ok_or_else(|| {
        let error =
            format!("Value was either too large or too small for an {}.", Type::Plain(plain).short_name());
        cast("InvalidCastFromStringToInteger", value, plain, &error)
    })
}

fn to_real(value: &Value, plain: Plain) -> Outcome<Value> {
    let number = match value {
        Value::Null => 0.0,
        Value::Boolean(value) => f64::from(u8::from(*value)),
        Value::Enum(value) => number::integer_to_double(value.number.into()),
        Value::String(text) => parse_real(text.as_str()).ok_or_else(|| {
            let error = format!("The input string '{text}' was not in a correct format.");
            cast("InvalidCastFromStringToDoubleOrSingle", value, plain, &error)
        })?,
        Value::Char(_) | Value::DateTime(_) => {
            let error = format!(
                "Invalid cast from '{}' to '{}'.",
                value.short_type_name(),
                Type::Plain(plain).short_name()
            );
            return Err(cast("InvalidCastIConvertible", value, plain, &error));
        }
        other => match Number::of(other) {
            Some(number) => number.to_double(),
            None => return Err(impossible(other, plain)),
        },
    };
    Ok(match plain {
        Plain::Single => Value::Single(double_to_single(number)),
        _ => Value::Double(number),
    })
}

/// `double.Parse` in the invariant culture: blanks, a sign, thousands separators, an exponent.
fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    match text {
        "Infinity" | "∞" => return Some(f64::INFINITY),
        "-Infinity" | "-∞" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        _ => {}
    }
    let digits = text.replace(',', "");
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    let starts = !text.starts_with(',') && text.bytes().any(|byte| byte.is_ascii_digit());
    if plain && starts { digits.parse().ok() } else { None }
}

fn to_decimal(value: &Value) -> Outcome<Value> {
    let number = match value {
        Value::Null => super::decimal::of_integer(0)?,
        Value::Boolean(value) => super::decimal::of_integer(i128::from(*value))?,
        Value::Enum(value) => super::decimal::of_integer(value.number.into())?,
        Value::String(text) => {
            let failed = || {
                let error = format!("The input string '{text}' was not in a correct format.");
                cast("InvalidCastFromStringToDecimal", value, Plain::Decimal, &error)
            };
            let trimmed = text.as_str().trim();
            if trimmed.is_empty() {
                super::decimal::of_integer(0)?
            } else if trimmed.contains([',', 'e', 'E']) && parse_real(trimmed).is_some() {
                return Err(Fault::unsupported("this form of a decimal; write its digits and a point"));
            } else {
                trimmed.parse().map_err(|_| failed())?
            }
        }
        other => match Number::of(other) {
            Some(number) => number.to_decimal().map_err(|_| too_large(value, Plain::Decimal))?,
            None => return Err(impossible(other, Plain::Decimal)),
        },
    };
    Ok(Value::Decimal(number))
}

fn to_date(value: &Value) -> Outcome<Value> {
    match value {
        Value::DateTime(_) => Ok(value.clone()),
        Value::Null => Err(from_null(Plain::DateTime)),
        Value::String(_) | Value::Single(_) | Value::Double(_) | Value::Decimal(_) => {
            let text = value.to_text();
            let error = format!("String '{text}' was not recognized as a valid DateTime.");
            date::parse_date(text.as_str())?.map(Value::DateTime).ok_or_else(|| {
                cast("InvalidCastParseTargetInvocationWithFormatProvider", value, Plain::DateTime, &error)
            })
        }
        other => match as_ticks(other).map(u64::try_from) {
            Some(Ok(ticks)) => match DateTime::from_ticks(ticks, DateTimeKind::Unspecified) {
                Ok(time) => Ok(Value::DateTime(time)),
                Err(_) => Err(outside_calendar(value)),
            },
            Some(Err(_)) => Err(outside_calendar(value)),
            None => Err(impossible(other, Plain::DateTime)),
        },
    }
}

/// The ticks that .NET makes a date or time span of: every integer will do, an enum's and a character's as well.
fn as_ticks(value: &Value) -> Option<i128> {
    match value {
        Value::Enum(own) => Some(own.number.into()),
        Value::Char(unit) => Some((*unit).into()),
        other => other.as_integer(),
    }
}

fn outside_calendar(value: &Value) -> Fault {
    let error =
        "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')";
    cast("InvalidCastConstructorException", value, Plain::DateTime, error)
}

fn to_span(value: &Value) -> Outcome<Value> {
    match value {
        Value::TimeSpan(_) => Ok(value.clone()),
        Value::Null => Err(from_null(Plain::TimeSpan)),
        Value::String(_) | Value::Single(_) | Value::Double(_) | Value::Decimal(_) => {
            let text = value.to_text();
            let error = format!("String '{text}' was not recognized as a valid TimeSpan.");
            date::parse_span(text.as_str()).map(Value::TimeSpan).ok_or_else(|| {
                cast("InvalidCastParseTargetInvocationWithFormatProvider", value, Plain::TimeSpan, &error)
            })
        }
        other => match as_ticks(other).map(i64::try_from) {
            Some(Ok(ticks)) => Ok(Value::TimeSpan(Duration::from_ticks(ticks))),
            Some(Err(_)) => Err(too_large(value, Plain::TimeSpan)),
            None => Err(impossible(other, Plain::TimeSpan)),
        },
    }
}

fn to_guid(value: &Value) -> Outcome<Value> {
    match value {
        Value::Guid(_) => Ok(value.clone()),
        Value::Null => Err(from_null(Plain::Guid)),
        Value::Array(_) => Err(impossible(value, Plain::Guid)),
        Value::Object(_) => {
            Err(cast("InvalidCastConstructorException", value, Plain::Guid, "Unrecognized Guid format."))
        }
        other => {
            let text = other.to_text();
            let parsed = Uuid::parse_str(text.as_str().trim().trim_matches(['(', ')'])).ok();
            parsed.map(Value::Guid).ok_or_else(|| {
                let error = "Unrecognized Guid format.";
                cast("InvalidCastParseTargetInvocationWithFormatProvider", value, Plain::Guid, error)
            })
        }
    }
}

fn to_version(value: &Value) -> Outcome<Value> {
    match value {
        Value::Version(_) | Value::Null => Ok(value.clone()),
        Value::Array(_) | Value::Object(_) | Value::Table(_) => Err(impossible(value, Plain::Version)),
        other => {
            let text = other.to_text();
            text.as_str().parse::<Version>().map(Value::Version).map_err(|_| {
                let error = "Version string portion was too short or too long.";
                cast("InvalidCastParseTargetInvocation", value, Plain::Version, error)
            })
        }
    }
}

pub(super) fn to_enum(value: &Value, name: &'static str) -> Outcome<Value> {
    let found = match value {
        Value::Enum(own) if own.type_name.as_str() == name => return Ok(value.clone()),
        Value::String(text) => {
            let text = text.as_str().trim();
            let number = text.parse::<i64>().ok();
            number.map_or_else(|| Enumeration::named(name, text), |number| Enumeration::known(name, number))
        }
        other => match other.as_integer().and_then(|number| i64::try_from(number).ok()) {
            Some(number) => Enumeration::known(name, number),
            None => return Err(enum_failure(value, name)),
        },
    };
    match found {
        Some(found) => Ok(Value::Enum(Arc::new(found))),
        None => Err(enum_failure(value, name)),
    }
}

fn enum_failure(value: &Value, name: &str) -> Fault {
    let names = Enumeration::names_of(name).unwrap_or_default().join(",");
    let error = format!(
        "Unable to match the identifier name {} to a valid enumerator name. Specify one of the following enumerator names and try again:\n{names}",
        value.to_text()
    );
    Fault::thrown(
        "InvalidCastFromStringToEnumeration",
        INVALID_CAST,
        format!("Cannot convert value \"{}\" to type \"{name}\". Error: \"{error}\"", value.to_text()),
    )
    .in_category("InvalidArgument")
}

fn from_null(plain: Plain) -> Fault {
    Fault::thrown(
        "nullToObjectInvalidCast",
        INVALID_CAST,
        format!("Cannot convert null to type \"{}\".", plain.full_name()),
    )
    .in_category("InvalidArgument")
}

fn cast(id: &'static str, value: &Value, plain: Plain, error: &str) -> Fault {
    let message = format!(
        "Cannot convert value \"{}\" to type \"{}\". Error: \"{error}\"",
        value.to_text(),
        plain.full_name()
    );
    Fault::thrown(id, INVALID_CAST, message).in_category("InvalidArgument")
}

fn too_large(value: &Value, plain: Plain) -> Fault {
    let article = if matches!(plain, Plain::Byte | Plain::SByte) { "unsigned byte" } else { "" };
    let name = Type::Plain(plain).short_name();
    let what = if article.is_empty() { name } else { article.to_owned() };
    cast(
        "InvalidCastIConvertible",
        value,
        plain,
        &format!("Value was either too large or too small for an {what}."),
    )
}

fn impossible(value: &Value, plain: Plain) -> Fault {
    let message = format!(
        "Cannot convert the \"{}\" value of type \"{}\" to type \"{}\".",
        value.to_text(),
        value.type_name(),
        plain.full_name()
    );
    Fault::thrown("ConvertToFinalInvalidCastException", INVALID_CAST, message).in_category("InvalidArgument")
}

const INVALID_CAST: &str = "System.Management.Automation.PSInvalidCastException";

#[cfg(test)]
mod tests;
