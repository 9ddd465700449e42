//! Arithmetic with dates and spans of time.

use winrm_proto::clixml::{DateTime, Duration};

use super::{Arithmetic, no_method};
use crate::value::convert::convert;
use crate::value::number::{self, Number, plain_of};
use crate::value::type_name::Plain;
use crate::value::{Fault, Outcome, Type, Value, date};

pub(super) fn with_date(
    operator: Arithmetic,
    left: DateTime,
    right: &Value,
    original: &Value,
) -> Outcome<Value> {
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

pub(super) fn with_span(
    operator: Arithmetic,
    left: Duration,
    right: &Value,
    original: &Value,
) -> Outcome<Value> {
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
