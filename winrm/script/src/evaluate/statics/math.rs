//! `[math]`.

use super::called;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::convert::convert;
use crate::value::decimal::{Rounding, round};
use crate::value::number::{Number, integer_as, plain_of};
use crate::value::type_name::Plain;
use crate::value::{Fault, Type, Value};

/// Calls a function; `None` is one that is not known.
pub(super) fn call(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    Ok(match (name, arguments) {
        ("round", arguments) => rounded(arguments)?,
        ("floor", [value]) => whole("Floor", value, f64::floor, Rounding::Down)?,
        ("ceiling", [value]) => whole("Ceiling", value, f64::ceil, Rounding::Up)?,
        ("truncate", [value]) => whole("Truncate", value, f64::trunc, Rounding::ToZero)?,
        ("abs", [value]) => absolute(value)?,
        ("min", [left, right]) => Some(extreme("Min", left, right)?),
        ("max", [left, right]) => Some(extreme("Max", left, right)?),
        ("sign", [value]) => {
            let value = numeric(value)?;
            Number::of(&value).map(|number| {
                let number = number.to_double();
                Value::Int32(if number > 0.0 { 1 } else { -i32::from(number < 0.0) })
            })
        }
        ("pow", [base, exponent]) => Some(Value::Double(double(base)?.powf(double(exponent)?))),
        ("sqrt", [value]) => Some(Value::Double(double(value)?.sqrt())),
        ("exp", [value]) => Some(Value::Double(double(value)?.exp())),
        ("log", [value]) => Some(Value::Double(double(value)?.ln())),
        ("log10", [value]) => Some(Value::Double(double(value)?.log10())),
        ("log2", [value]) => Some(Value::Double(double(value)?.log2())),
        ("divrem", _) => None,
        _ => None,
    })
}

fn double(value: &Value) -> Flow<f64> {
    match convert(value, Type::Plain(Plain::Double))? {
        Value::Double(number) => Ok(number),
        _ => Ok(0.0),
    }
}

/// A number; strings and null are taken for a double, as the overloads do.
fn numeric(value: &Value) -> Flow<Value> {
    let value = value.base();
    if plain_of(&value).is_some() {
        return Ok(value);
    }
    match value {
        Value::Null | Value::String(_) => Ok(convert(&value, Type::Plain(Plain::Double))?),
        _ => Err(Unwind::refused("[math] on what is no number")),
    }
}

/// An integer is taken for a decimal, a double stays one.
fn whole(name: &str, value: &Value, function: fn(f64) -> f64, rounding: Rounding) -> Flow<Option<Value>> {
    Ok(match numeric(value)? {
        Value::Double(number) => Some(Value::Double(function(number))),
        Value::Single(number) => Some(Value::Double(function(number.into()))),
        Value::UInt64(_)
        | Value::Int64(_)
        | Value::UInt32(_)
        | Value::Int32(_)
        | Value::Decimal(_)
        | Value::Byte(_)
        | Value::SByte(_)
        | Value::Int16(_)
        | Value::UInt16(_) => {
            let Value::Decimal(number) = convert(value, Type::Plain(Plain::Decimal))? else {
                return Err(Unwind::refused(format!("[math]::{name} of this number")));
            };
            Some(Value::Decimal(round(number, 0, rounding)?))
        }
        _ => None,
    })
}

fn rounded(arguments: &[Value]) -> Flow<Option<Value>> {
    let (value, places, mode) = match arguments {
        [value] => (value, 0, None),
        [value, mode @ (Value::Enum(_) | Value::String(_))] => (value, 0, Some(mode)),
        [value, places] => (value, number_of(places)?, None),
        [value, places, mode] => (value, number_of(places)?, Some(mode)),
        _ => return Ok(None),
    };
    let rounding = match mode.map(|mode| mode.to_text().as_str().to_ascii_lowercase()).as_deref() {
        None | Some("toeven") => Rounding::ToEven,
        Some("awayfromzero") => Rounding::AwayFromZero,
        _ => return Ok(None),
    };
    let value = match numeric(value)? {
        Value::Single(number) => Value::Double(number.into()),
        value => value,
    };
    if let Value::Double(number) = value {
        let Ok(places) = i32::try_from(places) else { return Ok(None) };
        if !(0..=15).contains(&places) {
            return Err(called(
                "ArgumentOutOfRangeException",
                "System.ArgumentOutOfRangeException",
                "Round",
                2,
                "Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')",
            ));
        }
        return Ok(Some(Value::Double(round_double(number, places, rounding))));
    }
    let Value::Decimal(number) = convert(&value, Type::Plain(Plain::Decimal))? else { return Ok(None) };
    match u8::try_from(places) {
        Ok(places) if places <= 28 => Ok(Some(Value::Decimal(round(number, places, rounding)?))),
        _ => Err(called(
            "ArgumentOutOfRangeException",
            "System.ArgumentOutOfRangeException",
            "Round",
            2,
            "Decimal can only round to between 0 and 28 digits of precision. (Parameter 'decimals')",
        )),
    }
}

/// As .NET does it: scaled by a power of ten, rounded, and scaled back.
fn round_double(number: f64, places: i32, rounding: Rounding) -> f64 {
    if number.abs() >= 1e16 {
        return number;
    }
    let power = 10_f64.powi(places);
    let scaled = number * power;
    let whole = match rounding {
        Rounding::AwayFromZero => scaled.round(),
        _ => scaled.round_ties_even(),
    };
    whole / power
}

fn number_of(value: &Value) -> Flow<i128> {
    Ok(convert(value, Type::Plain(Plain::Int32))?.as_integer().unwrap_or_default())
}

fn absolute(value: &Value) -> Flow<Option<Value>> {
    let value = numeric(value)?;
    Ok(match &value {
        Value::Double(number) => Some(Value::Double(number.abs())),
        Value::Single(number) => Some(Value::Single(number.abs())),
        Value::Decimal(number) => {
            let positive = winrm_proto::clixml::Decimal::new(false, number.coefficient(), number.scale());
            positive.ok().map(Value::Decimal)
        }
        other => {
            let Some((number, plain)) = other.as_integer().zip(plain_of(other)) else { return Ok(None) };
            let plain = match plain {
                Plain::Byte | Plain::UInt16 => Plain::Int32,
                Plain::UInt32 => Plain::Int64,
                Plain::UInt64 => return Ok(None),
                plain => plain,
            };
            match integer_as(number.abs(), plain) {
                Some(value) => Some(value),
                None => {
                    return Err(called(
                        "OverflowException",
                        "System.OverflowException",
                        "Abs",
                        1,
                        "Negating the minimum value of a twos complement number is invalid.",
                    ));
                }
            }
        }
    })
}

/// The first argument's type decides, and the second is converted to it.
fn extreme(name: &str, left: &Value, right: &Value) -> Flow<Value> {
    let left = numeric(left)?;
    let plain = plain_of(&left).unwrap_or(Plain::Double);
    let right = numeric(right)?;
    let right = match convert(&right, Type::Plain(plain)) {
        Ok(right) => right,
        Err(Fault::Thrown(thrown)) => {
            return Err(Fault::thrown(
                "MethodArgumentConversionInvalidCastArgument",
                "System.Management.Automation.MethodException",
                format!(
                    "Cannot convert argument \"val2\", with value: \"{}\", for \"{name}\" to type \"{}\": \"{}\"",
                    right.to_text(),
                    plain.full_name(),
                    thrown.message
                ),
            )
            .in_category("NotSpecified")
            .into());
        }
        Err(fault) => return Err(fault.into()),
    };
    if [&left, &right].iter().any(|value| matches!(value, Value::Double(number) if number.is_nan())) {
        return Ok(Value::Double(f64::NAN));
    }
    let order = crate::value::compare::order(&left, &right, crate::tree::Case::Sensitive)?;
    let take_left = match name {
        "Min" => order.is_le(),
        _ => order.is_ge(),
    };
    Ok(if take_left { left } else { right })
}
