//! Methods of dates and spans.

use winrm_proto::clixml::{DateTime, DateTimeKind, Duration};

use super::{double, exception, formatted, integer, of_scalar};
use crate::evaluate::statics::FILE_TIME;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::Value;
use crate::value::arithmetic::{Arithmetic, compute};
use crate::value::date::{TICKS_PER_DAY, add_months, add_ticks};
use crate::value::number::{double_to_integer, integer_to_double};

/// Calls a method of a date; `None` is a method that is not known. `local` is the host's clock.
pub(super) fn of_date(
    time: DateTime,
    name: &str,
    arguments: &[Value],
    local: Option<DateTimeKind>,
) -> Flow<Option<Value>> {
    let value = Value::DateTime(time);
    const SECOND: i64 = 10_000_000;
    let day = i64::try_from(TICKS_PER_DAY).unwrap_or_default();
    let unit = match name {
        "adddays" => Some(("AddDays", day)),
        "addhours" => Some(("AddHours", 3_600 * SECOND)),
        "addminutes" => Some(("AddMinutes", 60 * SECOND)),
        "addseconds" => Some(("AddSeconds", SECOND)),
        "addmilliseconds" => Some(("AddMilliseconds", SECOND / 1_000)),
        _ => None,
    };
    if let (Some((method, unit)), [amount]) = (unit, arguments) {
        let amount = double(amount)?;
        let whole = double_to_integer(amount.trunc()).and_then(|whole| whole.checked_mul(unit.into()));
        let part = double_to_integer(((amount - amount.trunc()) * integer_to_double(unit.into())).trunc());
        let ticks = whole.zip(part).and_then(|(whole, part)| i64::try_from(whole + part).ok());
        return moved(ticks.and_then(|ticks| add_ticks(time, ticks)), method);
    }
    match (name, arguments) {
        ("addmonths", [months]) => moved(add_months(time, integer(months)?), "AddMonths"),
        ("addyears", [years]) => moved(add_months(time, integer(years)?.saturating_mul(12)), "AddYears"),
        ("addticks", [Value::Int32(ticks)]) => moved(add_ticks(time, (*ticks).into()), "AddTicks"),
        ("addticks", [Value::Int64(ticks)]) => moved(add_ticks(time, *ticks), "AddTicks"),
        ("add", [Value::TimeSpan(span)]) => moved(add_ticks(time, span.ticks()), "Add"),
        ("subtract", [other @ (Value::TimeSpan(_) | Value::DateTime(_))]) => {
            Ok(Some(compute(Arithmetic::Subtract, &value, other)?))
        }
        ("toshortdatestring", []) => Ok(Some(Value::string(formatted(&value, "d")?))),
        ("tolongdatestring", []) => Ok(Some(Value::string(formatted(&value, "D")?))),
        ("toshorttimestring", []) => Ok(Some(Value::string(formatted(&value, "t")?))),
        ("tolongtimestring", []) => Ok(Some(Value::string(formatted(&value, "T")?))),
        ("touniversaltime", []) => {
            let kind = match (time.kind(), local) {
                (DateTimeKind::Unspecified, Some(kind)) => kind,
                (DateTimeKind::Unspecified, None) => {
                    return Err(Unwind::refused("the host's time zone is not known"));
                }
                (kind, _) => kind,
            };
            let utc = DateTime::from_ticks(time.ticks(), kind).ok().and_then(|time| time.to_utc());
            moved(utc, "ToUniversalTime")
        }
        ("tofiletime" | "tofiletimeutc", []) => {
            let Some(Value::DateTime(utc)) = of_date(time, "touniversaltime", &[], local)? else {
                return Ok(None);
            };
            let ticks = utc.ticks().checked_sub(FILE_TIME).and_then(|ticks| i64::try_from(ticks).ok());
            match ticks {
                Some(ticks) => Ok(Some(Value::Int64(ticks))),
                None => Err(Unwind::refused("a file time before its start")),
            }
        }
        ("tolocaltime", []) => match (time.kind(), local) {
            (DateTimeKind::Offset(_), _) => Ok(Some(value)),
            (_, Some(kind @ DateTimeKind::Offset(minutes))) => {
                let ticks = time.ticks().checked_add_signed(i64::from(minutes) * 60 * SECOND);
                moved(ticks.and_then(|ticks| DateTime::from_ticks(ticks, kind).ok()), "ToLocalTime")
            }
            _ => Err(Unwind::refused("the host's time zone is not known")),
        },
        _ => of_scalar(&value, name, arguments),
    }
}

/// Calls a method of a span; `None` is a method that is not known.
pub(super) fn of_span(span: Duration, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    let value = Value::TimeSpan(span);
    Ok(match (name, arguments) {
        ("add", [other @ Value::TimeSpan(_)]) => Some(compute(Arithmetic::Add, &value, other)?),
        ("subtract", [other @ Value::TimeSpan(_)]) => Some(compute(Arithmetic::Subtract, &value, other)?),
        ("negate", []) => Some(Value::TimeSpan(Duration::from_ticks(span.ticks().wrapping_neg()))),
        ("duration", []) => Some(Value::TimeSpan(Duration::from_ticks(span.ticks().wrapping_abs()))),
        _ => return of_scalar(&value, name, arguments),
    })
}

fn moved(time: Option<DateTime>, method: &str) -> Flow<Option<Value>> {
    match time {
        Some(time) => Ok(Some(Value::DateTime(time))),
        None => Err(exception(
            "ArgumentOutOfRangeException",
            "System.ArgumentOutOfRangeException",
            method,
            1,
            "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')",
        )),
    }
}
