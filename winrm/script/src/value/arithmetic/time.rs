//! The operators that .NET's types define themselves: those of dates, spans of time and decimals. Both values are
//! converted to what the operator takes, as a method's arguments are.

use winrm_proto::clixml::{DateTime, Duration};

use super::{Arithmetic, RUNTIME, method_name, no_method, numeric};
use crate::value::convert::convert;
use crate::value::number::{self, Number, plain_of};
use crate::value::type_name::Plain;
use crate::value::{Fault, Outcome, Type, Value, date};

/// The value of an operator on values that are no two numbers. The left one's type defines it, or the right one's where the
/// left one is a primitive.
pub(super) fn defined(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let owner = match (is_primitive(left), is_primitive(right)) {
        (true, true) => return Err(not_defined(operator, left, right)),
        (true, false) => right,
        (false, _) => left,
    };
    match owner {
        Value::Decimal(_) => {
            let left = argument(operator, left, Plain::Decimal)?;
            numeric(operator, &left, &argument(operator, right, Plain::Decimal)?)
        }
        Value::DateTime(_) => of_dates(operator, left, right),
        Value::TimeSpan(_) => of_spans(operator, left, right),
        owner => Err(no_method(operator, owner)),
    }
}

fn is_primitive(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Boolean(_) | Value::Char(_))
        || (plain_of(value).is_some() && !matches!(value, Value::Decimal(_)))
}

fn of_dates(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let out_of_range = || Fault::unsupported("a date outside of the calendar");
    match (operator, left, right) {
        (Arithmetic::Add, ..) => {
            let (left, span) = (date_argument(operator, left)?, span_argument(operator, right)?);
            date::add_ticks(left, span).map(Value::DateTime).ok_or_else(out_of_range)
        }
        (Arithmetic::Subtract, Value::DateTime(left), Value::TimeSpan(span)) => {
            date::add_ticks(*left, span.ticks().wrapping_neg()).map(Value::DateTime).ok_or_else(out_of_range)
        }
        // A date and a span would both do for anything else, or neither does.
        (Arithmetic::Subtract, Value::DateTime(_), other) if !matches!(other, Value::DateTime(_)) => {
            Err(ambiguous(operator))
        }
        (Arithmetic::Subtract, Value::Boolean(_), _) => Err(ambiguous(operator)),
        (Arithmetic::Subtract, ..) => {
            let (left, right) = (date_argument(operator, left)?, date_argument(operator, right)?);
            let difference = i64::try_from(i128::from(left.ticks()) - i128::from(right.ticks()));
            difference.map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))).map_err(|_| out_of_range())
        }
        (_, Value::DateTime(_), _) => Err(no_method(operator, left)),
        _ => Err(no_method(operator, right)),
    }
}

fn of_spans(operator: Arithmetic, left: &Value, right: &Value) -> Outcome<Value> {
    let overflow = || Fault::unsupported("a span that is too long");
    match (operator, left, right) {
        (Arithmetic::Add | Arithmetic::Subtract, ..) => {
            let (left, right) = (span_argument(operator, left)?, span_argument(operator, right)?);
            let ticks = match operator {
                Arithmetic::Add => left.checked_add(right),
                _ => left.checked_sub(right),
            };
            ticks.map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))).ok_or_else(overflow)
        }
        (Arithmetic::Multiply, Value::TimeSpan(span), by)
        | (Arithmetic::Multiply, by, Value::TimeSpan(span))
            if plain_of(by).is_some() || matches!(by, Value::Boolean(_)) =>
        {
            scaled(*span, by, |ticks, by| ticks * by)
        }
        (Arithmetic::Divide, Value::TimeSpan(span), by) if plain_of(by).is_some() => {
            scaled(*span, by, |ticks, by| ticks / by)
        }
        (Arithmetic::Divide, _, Value::TimeSpan(right)) => {
            let (left, right) = (span_argument(operator, left)?, right.ticks());
            Ok(Value::Double(
                number::integer_to_double(left.into()) / number::integer_to_double(right.into()),
            ))
        }
        (Arithmetic::Multiply | Arithmetic::Divide, ..) => Err(Fault::unsupported("a span times this value")),
        (_, Value::TimeSpan(_), _) => Err(no_method(operator, left)),
        _ => Err(no_method(operator, right)),
    }
}

fn scaled(span: Duration, by: &Value, scale: impl Fn(f64, f64) -> f64) -> Outcome<Value> {
    let by = match by {
        Value::Boolean(value) => f64::from(u8::from(*value)),
        by => Number::of(by).map_or(f64::NAN, Number::to_double),
    };
    let ticks = scale(number::integer_to_double(span.ticks().into()), by).round_ties_even();
    let ticks = number::double_to_integer(ticks).and_then(|ticks| i64::try_from(ticks).ok());
    match ticks {
        Some(ticks) => Ok(Value::TimeSpan(Duration::from_ticks(ticks))),
        None => Err(Fault::unsupported("a span that is too long")),
    }
}

fn date_argument(operator: Arithmetic, value: &Value) -> Outcome<DateTime> {
    match argument(operator, value, Plain::DateTime)? {
        Value::DateTime(time) => Ok(time),
        _ => Err(Fault::unsupported("a date outside of the calendar")),
    }
}

fn span_argument(operator: Arithmetic, value: &Value) -> Outcome<i64> {
    match argument(operator, value, Plain::TimeSpan)? {
        Value::TimeSpan(span) => Ok(span.ticks()),
        _ => Err(Fault::unsupported("a span that is too long")),
    }
}

/// A value as an argument of the operator's method.
fn argument(operator: Arithmetic, value: &Value, to: Plain) -> Outcome<Value> {
    convert(value, Type::Plain(to)).map_err(|fault| match fault {
        Fault::Thrown(thrown) => Fault::thrown(
            "MethodArgumentConversionInvalidCastArgument",
            METHOD,
            format!(
                "Cannot convert argument, with value: \"{}\", for \"{}\" to type \"{}\": \"{}\"",
                value.to_text(),
                method_name(operator),
                to.full_name(),
                thrown.message
            ),
        ),
        fault @ Fault::Unsupported(_) => fault,
    })
}

fn ambiguous(operator: Arithmetic) -> Fault {
    let name = method_name(operator);
    Fault::thrown(
        "MethodCountCouldNotFindBest",
        METHOD,
        format!("Multiple ambiguous overloads found for \"{name}\" and the argument count: \"2\"."),
    )
}

fn not_defined(operator: Arithmetic, left: &Value, right: &Value) -> Fault {
    let sign = match operator {
        Arithmetic::Add => '+',
        Arithmetic::Subtract => '-',
        Arithmetic::Multiply => '*',
        Arithmetic::Divide => '/',
        Arithmetic::Remainder => '%',
    };
    Fault::thrown(
        "NotADefinedOperationForType",
        RUNTIME,
        format!("The operation '[{}] {sign} [{}]' is not defined.", left.type_name(), right.type_name()),
    )
}

const METHOD: &str = "System.Management.Automation.MethodException";
