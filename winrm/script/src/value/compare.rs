//! Equality and order, as `-eq`, `-lt` and Sort-Object see them.

mod collation;
mod rows;
mod sorting;

use std::cmp::Ordering;

use super::arithmetic::comparable_number;
use super::convert::convert;
use super::number::{Number, plain_of};
use super::type_name::Plain;
use super::{Fault, Outcome, Type, Value, decimal};
use crate::tree::Case;

pub use collation::collate;
pub(crate) use collation::same_text;
pub(crate) use rows::KeyRows;
pub use sorting::sort_order;
pub(crate) use sorting::{SameKey, SortKey, is_bag, same_group, text_of, uncomparable};

/// Whether `left -eq right`, both taken as one value.
///
/// # Errors
/// Only refusals: what cannot be compared is not equal.
pub fn equals(left: &Value, right: &Value, case: Case) -> Outcome<bool> {
    if !left.is_wrapped() && !right.is_wrapped() {
        return base_equals(left, right, case);
    }
    base_equals(&left.base(), &right.base(), case)
}

/// The order of two values, as `-lt` sees it.
///
/// # Errors
/// Values that have no order.
pub fn order(left: &Value, right: &Value, case: Case) -> Outcome<Ordering> {
    let (left, right) = (&left.base(), &right.base());
    if plain_of(left).is_some() && matches!(right, Value::String(_)) {
        return compare(left, &comparable_number(right, left)?, case);
    }
    compare(left, right, case)
}

fn base_equals(left: &Value, right: &Value, case: Case) -> Outcome<bool> {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(other.is_null()),
        (Value::String(left), Value::String(right)) => same_text(left, right, case),
        (Value::String(left), right) => same_text(left, &right.to_text(), case),
        (Value::Char(left), Value::Char(right)) => {
            let (left, right) = (Value::Char(*left).to_text(), Value::Char(*right).to_text());
            same_text(&left, &right, case)
        }
        (Value::Char(left), Value::String(right)) => same_text(&Value::Char(*left).to_text(), right, case),
        (Value::Enum(left), Value::Enum(right)) => {
            Ok(left.number == right.number && left.type_name == right.type_name)
        }
        (Value::Enum(left), Value::String(right)) => Ok(enum_is(left, right.as_str())),
        (Value::Enum(left), right) => match right.as_integer() {
            Some(number) => Ok(i128::from(left.number) == number),
            None => Ok(false),
        },
        (Value::Array(left), Value::Array(right)) => Ok(left.is(right)),
        (Value::Table(left), Value::Table(right)) => Ok(left.is(right)),
        (Value::Object(left), Value::Object(right)) => objects_equal(left, right),
        (Value::Block(left), Value::Block(right)) => Ok(std::sync::Arc::ptr_eq(left, right)),
        (Value::Type(left), Value::Type(right)) => Ok(left == right),
        (Value::Boolean(left), right) => Ok(*left == right.is_true()),
        (Value::DateTime(left), Value::DateTime(right)) => Ok(left.ticks() == right.ticks()),
        (Value::TimeSpan(left), Value::TimeSpan(right)) => Ok(left == right),
        (Value::Guid(left), Value::Guid(right)) => Ok(left == right),
        (Value::Version(left), Value::Version(right)) => Ok(left == right),
        (Value::Uri(left), Value::Uri(right)) => Ok(left == right),
        (Value::Array(_) | Value::Table(_) | Value::Object(_) | Value::Block(_) | Value::Document(_), _) => {
            Ok(false)
        }
        (left, right) => {
            if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
                return Ok(numeric_order(left, right)? == Some(Ordering::Equal));
            }
            // Beside a number a string is the number that it says, whatever its type: 2 is not '1.5'.
            let right = match right {
                Value::String(_) if plain_of(left).is_some() => comparable_number(right, left),
                right => convert_to_type_of(left, right),
            };
            match right {
                Ok(right) => match (Number::of(left), Number::of(&right)) {
                    (Some(left), Some(right)) => Ok(numeric_order(left, right)? == Some(Ordering::Equal)),
                    _ if std::mem::discriminant(left) == std::mem::discriminant(&right) => {
                        base_equals(left, &right, case)
                    }
                    _ => Ok(false),
                },
                Err(Fault::Thrown(_)) => Ok(false),
                Err(fault) => Err(fault),
            }
        }
    }
}

/// An enum is its name and its number; flags are several names.
fn enum_is(value: &super::Enumeration, text: &str) -> bool {
    let text = text.trim();
    if value.name.eq_ignore_case(text) {
        return true;
    }
    if let Ok(number) = text.parse::<i64>() {
        return number == value.number;
    }
    let parts = |list: &str| -> Vec<String> {
        let mut parts: Vec<String> = list.split(',').map(|part| super::text::fold(part.trim())).collect();
        parts.sort_unstable();
        parts
    };
    text.contains(',') && parts(text) == parts(value.name.as_str())
}

/// Two objects are the same one, or what a host sent as the same text where their type compares so.
fn objects_equal(left: &super::Object, right: &super::Object) -> Outcome<bool> {
    if left.is(right) {
        return Ok(true);
    }
    match (left.unchanged_host(), right.unchanged_host()) {
        (Some(left), Some(right)) if std::sync::Arc::ptr_eq(left, right) => Ok(true),
        _ => Ok(false),
    }
}

/// `LanguagePrimitives.Compare`.
fn compare(left: &Value, right: &Value, case: Case) -> Outcome<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => return Ok(Ordering::Equal),
        (Value::Null, right) => return Ok(against_null(right).reverse()),
        (left, Value::Null) => return Ok(against_null(left)),
        (Value::String(left), right) => return collate(left.as_str(), right.to_text().as_str(), case),
        _ => {}
    }
    if let (Some(left_number), Some(right_number)) = (Number::of(left), Number::of(right)) {
        return numeric_order(left_number, right_number)?
            .ok_or_else(|| Fault::unsupported("an order with NaN in it"));
    }
    let right = convert_to_type_of(left, right).map_err(|fault| match fault {
        Fault::Thrown(thrown) => Fault::thrown(
            "ComparisonFailure",
            RUNTIME,
            format!(
                "Could not compare \"{}\" to \"{}\". Error: \"{}\"",
                left.to_text(),
                right.to_text(),
                thrown.message
            ),
        ),
        fault @ Fault::Unsupported(_) => fault,
    })?;
    match (left, &right) {
        (Value::Boolean(left), Value::Boolean(right)) => Ok(left.cmp(right)),
        (Value::Char(left), Value::Char(right)) => Ok(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Ok(left.ticks().cmp(&right.ticks())),
        (Value::TimeSpan(left), Value::TimeSpan(right)) => Ok(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Ok(left.cmp(right)),
        (Value::Version(left), Value::Version(right)) => Ok(left.cmp(right)),
        (Value::Enum(left), Value::Enum(right)) => Ok(left.number.cmp(&right.number)),
        (Value::Object(_), _) if is_bag(left) => Err(uncomparable(left, &right)),
        (left, right) => {
            if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
                return numeric_order(left, right)?
                    .ok_or_else(|| Fault::unsupported("an order with NaN in it"));
            }
            if base_equals(left, right, case)? {
                return Ok(Ordering::Equal);
            }
            Err(Fault::thrown(
                "NotIcomparable",
                RUNTIME,
                format!("Cannot compare \"{}\" because it is not IComparable.", left.to_text()),
            ))
        }
    }
}

/// The right value in the type of the left one.
fn convert_to_type_of(left: &Value, right: &Value) -> Outcome<Value> {
    let plain = match left {
        Value::Boolean(_) => Plain::Boolean,
        Value::Char(_) => Plain::Char,
        Value::DateTime(_) => Plain::DateTime,
        Value::TimeSpan(_) => Plain::TimeSpan,
        Value::Guid(_) => Plain::Guid,
        Value::Version(_) => Plain::Version,
        Value::Enum(own) => {
            if let Some(known) = super::Enumeration::known_type(own.type_name.as_str()) {
                return super::convert::to_enum(right, known);
            }
            return match right {
                Value::Enum(_) => Ok(right.clone()),
                Value::String(text) if enum_is(own, text.as_str()) => Ok(left.clone()),
                other => match other.as_integer().and_then(|number| i64::try_from(number).ok()) {
                    Some(number) => Ok(Value::Enum(std::sync::Arc::new(super::Enumeration {
                        number,
                        name: number.to_string().into(),
                        ..own.as_ref().clone()
                    }))),
                    None => Err(Fault::unsupported(format!(
                        "the order of [{}] and this value; compare with its name or number by -eq",
                        own.type_name
                    ))),
                },
            };
        }
        other => match plain_of(other) {
            Some(plain) => plain,
            None => return Ok(right.clone()),
        },
    };
    convert(right, Type::Plain(plain))
}

/// Null is less than everything but negative numbers.
fn against_null(value: &Value) -> Ordering {
    match Number::of(value) {
        Some(Number::Integer(number)) if number < 0 => Ordering::Less,
        Some(Number::Double(number)) if number < 0.0 => Ordering::Less,
        Some(Number::Decimal(number)) if number.is_negative() && number.coefficient() > 0 => Ordering::Less,
        _ => Ordering::Greater,
    }
}

/// `None` where one of them is no number at all.
fn numeric_order(left: Number, right: Number) -> Outcome<Option<Ordering>> {
    Ok(match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => Some(left.cmp(&right)),
        (Number::Double(_), _) | (_, Number::Double(_))
            if !matches!(left, Number::Decimal(_)) && !matches!(right, Number::Decimal(_)) =>
        {
            left.to_double().partial_cmp(&right.to_double())
        }
        (left, right) => match (left.to_decimal(), right.to_decimal()) {
            (Ok(left), Ok(right)) => Some(decimal::compare(left, right)?),
            // What is no decimal is beyond all of them.
            _ => left.to_double().partial_cmp(&right.to_double()),
        },
    })
}

const RUNTIME: &str = "System.Management.Automation.RuntimeException";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_converts_the_right_to_the_left() {
        let eq = |left: Value, right: Value| equals(&left, &right, Case::Insensitive).unwrap();
        assert!(eq(10.into(), "10".into()));
        assert!(eq("10".into(), 10.into()));
        assert!(!eq(0.into(), "b".into()));
        assert!(eq(true.into(), "a".into()));
        assert!(eq("A".into(), "a".into()));
        assert!(eq(Value::Double(1.0), 1.into()));
        assert!(!eq(Value::Null, 0.into()));
        let friday = convert(&"Friday".into(), Type::Plain(Plain::DayOfWeek)).unwrap();
        assert!(
            eq(friday.clone(), "friday".into())
                && eq(friday.clone(), 5.into())
                && eq("Friday".into(), friday)
        );
    }

    #[test]
    fn order_is_powershells() {
        let order = |left: Value, right: Value| match order(&left, &right, Case::Insensitive) {
            Ok(order) => format!("{order:?}"),
            Err(Fault::Thrown(thrown)) => thrown.id.into_owned(),
            Err(Fault::Unsupported(reason)) => reason.into_owned(),
        };
        for (left, right, expected) in [
            (Value::from("10"), Value::from(9), "Less"),
            (10.into(), "9".into(), "Greater"),
            (1.into(), "1.5".into(), "Less"),
            (7.into(), "x".into(), "InvalidCastFromStringToInteger"),
            (Value::Null, (-1).into(), "Greater"),
            (Value::Null, 0.into(), "Less"),
            (
                Value::Table(crate::value::Table::new(crate::value::Shape::Hashtable)),
                1.into(),
                "NotIcomparable",
            ),
        ] {
            assert_eq!(order(left.clone(), right.clone()), expected, "{left:?} {right:?}");
        }
    }
}
