//! Start-Sleep: the caller waits.

use std::time::Duration;

use super::Stage;
use crate::evaluate::Step;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::convert::convert;
use crate::value::number::Number;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

pub(super) fn sleep(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let number = |value: &Value, plain: Plain| -> Flow<f64> {
        let number = convert(value, Type::Plain(plain))?;
        Ok(Number::of(&number).map_or(0.0, Number::to_double))
    };
    let (mut seconds, mut span) = (bound.take("Seconds"), bound.take("Duration"));
    // Without a name a time span is a duration.
    if matches!(seconds, Some(Value::TimeSpan(_))) {
        span = seconds.take();
    }
    let seconds = match (seconds, bound.take("Milliseconds"), span) {
        (Some(seconds), _, _) => number(&seconds, Plain::Double)?,
        (None, Some(milliseconds), _) => number(&milliseconds, Plain::Int32)? / 1_000.0,
        (None, None, Some(span)) => match convert(&span, Type::Plain(Plain::TimeSpan))? {
            Value::TimeSpan(span) => number(&Value::Int64(span.ticks()), Plain::Double)? / TICKS_PER_SECOND,
            _ => 0.0,
        },
        (None, None, None) => return Err(Unwind::refused("Start-Sleep without a time")),
    };
    bound.finish("Start-Sleep")?;
    let duration = Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|own| *own <= LONGEST)
        .ok_or_else(|| Unwind::refused("Start-Sleep for less than nothing or more than 24 days"))?;
    Ok(Box::new(Sleep { duration }))
}

struct Sleep {
    duration: Duration,
}

impl Stage for Sleep {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            interpreter.link.hand(Step::Sleep(self.duration)).await;
            Ok(())
        })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, _: Value) -> Turn<'a, ()> {
        Box::pin(async { Err(Unwind::refused("input of Start-Sleep; use -Seconds")) })
    }
}

const TICKS_PER_SECOND: f64 = 10_000_000.0;

/// What PowerShell itself takes.
const LONGEST: Duration = Duration::from_millis(2_147_483_647);
