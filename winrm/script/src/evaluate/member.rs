//! Properties: `$x.Name`.

use winrm_proto::clixml::{DateTime, DateTimeKind, Duration};

use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::value::date::{self, Civil, TICKS_PER_DAY};
use crate::value::format_operator::to_format;
use crate::value::number::integer_to_double;
use crate::value::{Array, Enumeration, Members, Object, Value};

impl Interpreter {
    /// The value of a property; a sequence that has none of the name gives those of its items.
    pub(super) fn member(&mut self, target: &Value, name: &str) -> Flow<Value> {
        self.tick()?;
        if let Some(value) = property(target, name)? {
            return Ok(value);
        }
        match target {
            Value::Array(array) => {
                let mut found = Vec::new();
                self.collect_members(array, name, &mut found, 0)?;
                Ok(Value::of_output(found))
            }
            _ => Ok(Value::Null),
        }
    }

    fn collect_members(
        &mut self,
        array: &Array,
        name: &str,
        found: &mut Vec<Value>,
        depth: usize,
    ) -> Flow<()> {
        if depth > 8 {
            return Err(Unwind::refused("members of arrays inside arrays as deep as this"));
        }
        for item in array.to_vec() {
            self.tick()?;
            match property(&item, name)? {
                // What is a sequence itself is flattened.
                Some(Value::Array(inner)) => found.extend(inner.to_vec()),
                Some(value) => found.push(value),
                None => {
                    if let Value::Array(inner) = &item {
                        self.collect_members(inner, name, found, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A value's own property; `Count` and `Length` of a single value are 1.
pub(super) fn property(target: &Value, name: &str) -> Flow<Option<Value>> {
    let found = match target {
        Value::Null => return Ok(counted(name, 0)),
        Value::Object(object) => match object.property(name) {
            Some(value) => Some(value),
            None => match object.wrapped() {
                Some(inner) => return property(&inner, name),
                None => None,
            },
        },
        Value::Table(table) => match table.named(name) {
            Some(value) => Some(value),
            None => match name.to_ascii_lowercase().as_str() {
                "count" => i32::try_from(table.len()).ok().map(Value::Int32),
                "keys" => Some(Value::array(table.entries().into_iter().map(|(key, _)| key).collect())),
                "values" => Some(Value::array(table.entries().into_iter().map(|(_, value)| value).collect())),
                "psobject" => None,
                _ => return Ok(None),
            },
        },
        Value::Array(array) => {
            return Ok(match name.to_ascii_lowercase().as_str() {
                "count" | "length" | "longlength"
                    if !(array.is_list() && name.eq_ignore_ascii_case("length")) =>
                {
                    i32::try_from(array.len()).ok().map(Value::Int32)
                }
                _ => None,
            });
        }
        Value::String(text) => {
            if name.eq_ignore_ascii_case("Length") {
                i32::try_from(text.length()).ok().map(Value::Int32)
            } else {
                None
            }
        }
        Value::DateTime(time) => of_date(*time, name)?,
        Value::TimeSpan(span) => of_span(*span, name),
        Value::Version(version) => match name.to_ascii_lowercase().as_str() {
            "major" => Some(Value::Int32(version.major())),
            "minor" => Some(Value::Int32(version.minor())),
            "build" => Some(Value::Int32(version.build().unwrap_or(-1))),
            "revision" => Some(Value::Int32(version.revision().unwrap_or(-1))),
            _ => None,
        },
        Value::Enum(value) if name.eq_ignore_ascii_case("value__") => {
            Some(i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32))
        }
        Value::Guid(guid) if name.eq_ignore_ascii_case("Guid") => Some(Value::string(guid.to_string())),
        Value::Type(own) => match name.to_ascii_lowercase().as_str() {
            "name" => Some(Value::string(own.short_name())),
            "fullname" => Some(Value::string(own.full_name())),
            _ => return Err(Unwind::refused("this property of a type")),
        },
        Value::Uri(_) => return Err(Unwind::refused("properties of a [uri]")),
        Value::Opaque(_) | Value::Document(_) => return Err(Unwind::refused("properties of this value")),
        _ => None,
    };
    if found.is_some() {
        return Ok(found);
    }
    if name.eq_ignore_ascii_case("PSObject") {
        return Ok(Some(psobject(target)));
    }
    match name.to_ascii_lowercase().as_str() {
        "pstypenames" | "psbase" | "psadapted" | "psextended" => {
            Err(Unwind::refused(format!("`.{name}` of an object")))
        }
        _ => Ok(counted(name, 1)),
    }
}

/// Whether the value has the property, for Select-Object and its kin.
pub(super) fn has_property(target: &Value, name: &str) -> bool {
    match target {
        Value::Object(object) => {
            object.property(name).is_some() || object.wrapped().is_some_and(|own| has_property(&own, name))
        }
        Value::Null => false,
        Value::Table(table) => {
            table.named(name).is_some()
                || matches!(name.to_ascii_lowercase().as_str(), "count" | "keys" | "values")
        }
        Value::Array(_) => name.eq_ignore_ascii_case("Length") || name.eq_ignore_ascii_case("Count"),
        other => {
            !matches!(name.to_ascii_lowercase().as_str(), "count" | "length" | "psobject")
                && matches!(property(other, name), Ok(Some(_)))
                || (matches!(other, Value::String(_)) && name.eq_ignore_ascii_case("Length"))
        }
    }
}

/// The names of a value's properties, as Select-Object * and the display list them.
pub(super) fn property_names(value: &Value) -> Vec<String> {
    let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match value {
        Value::Object(object) => {
            let mut names: Vec<String> = match object.wrapped() {
                Some(inner) => property_names(&inner),
                None => Vec::new(),
            };
            // Its own differ from each other already.
            let inner = names.len();
            for name in object.names() {
                let (inherited, _) = names.split_at(inner);
                if !inherited.iter().any(|own| own.eq_ignore_ascii_case(name.as_str())) {
                    names.push(name.as_str().to_owned());
                }
            }
            names
        }
        Value::String(_) => fixed(&["Length"]),
        Value::TimeSpan(_) => fixed(&SPAN_PROPERTIES),
        Value::DateTime(_) => fixed(&DATE_PROPERTIES),
        Value::Version(_) => {
            fixed(&["Major", "Minor", "Build", "Revision", "MajorRevision", "MinorRevision"])
        }
        _ => Vec::new(),
    }
}

fn counted(name: &str, count: i32) -> Option<Value> {
    (name.eq_ignore_ascii_case("Count") || name.eq_ignore_ascii_case("Length")).then_some(Value::Int32(count))
}

/// `.PSObject`, for `.PSObject.Properties`.
fn psobject(target: &Value) -> Value {
    let properties = property_names(target).into_iter().map(|name| {
        let value = property(target, &name).ok().flatten().unwrap_or_default();
        let type_name = value.type_name();
        let members = Members::new()
            .with("MemberType", "NoteProperty")
            .with("IsSettable", true)
            .with("IsGettable", true)
            .with("Value", value)
            .with("TypeNameOfValue", type_name)
            .with("Name", name)
            .with("IsInstance", true);
        let names = ["System.Management.Automation.PSNoteProperty", "System.Object"];
        Value::Object(Object::typed(names.into_iter().collect(), members))
    });
    let names = match target {
        Value::Object(object) => {
            object.type_names().as_slice().iter().map(|name| Value::String(name.clone())).collect()
        }
        other => vec![Value::String(other.type_name())],
    };
    let members = Members::new()
        .with("Properties", Array::new(properties.collect()))
        .with("TypeNames", Array::new(names));
    Value::Object(Object::typed(["System.Management.Automation.PSObject"].into_iter().collect(), members))
}

fn of_date(time: DateTime, name: &str) -> Flow<Option<Value>> {
    let civil = Civil::of(time);
    let number = |number: u64| i32::try_from(number).ok().map(Value::Int32);
    Ok(match name.to_ascii_lowercase().as_str() {
        "year" => number(civil.year),
        "month" => number(civil.month),
        "day" => number(civil.day),
        "hour" => number(civil.hour),
        "minute" => number(civil.minute),
        "second" => number(civil.second),
        "millisecond" => number(civil.fraction / 10_000),
        "microsecond" => number(civil.fraction / 10 % 1000),
        "nanosecond" => number(civil.fraction % 10 * 100),
        "ticks" => i64::try_from(time.ticks()).ok().map(Value::Int64),
        "dayofyear" => number(date::day_of_year(time)),
        "dayofweek" => {
            named_enum("System.DayOfWeek", i64::try_from(date::day_of_week(time)).unwrap_or_default())
        }
        "date" => DateTime::from_ticks(time.ticks() / TICKS_PER_DAY * TICKS_PER_DAY, time.kind())
            .ok()
            .map(Value::DateTime),
        "timeofday" => i64::try_from(time.ticks() % TICKS_PER_DAY)
            .ok()
            .map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))),
        "kind" => named_enum(
            "System.DateTimeKind",
            match time.kind() {
                DateTimeKind::Unspecified => 0,
                DateTimeKind::Utc => 1,
                DateTimeKind::Offset(_) => 2,
            },
        ),
        "datetime" => Some(Value::string(to_format(&Value::DateTime(time), "F")?)),
        _ => None,
    })
}

fn named_enum(type_name: &'static str, number: i64) -> Option<Value> {
    Enumeration::known(type_name, number).map(|value| Value::Enum(value.into()))
}

fn of_span(span: Duration, name: &str) -> Option<Value> {
    let ticks = span.ticks();
    let whole = |unit: i64, limit: i64| i32::try_from(ticks / unit % limit).ok().map(Value::Int32);
    let total =
        |unit: i64| Some(Value::Double(integer_to_double(ticks.into()) / integer_to_double(unit.into())));
    const MILLISECOND: i64 = 10_000;
    const SECOND: i64 = 1_000 * MILLISECOND;
    const MINUTE: i64 = 60 * SECOND;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match name.to_ascii_lowercase().as_str() {
        "days" => whole(DAY, i64::MAX),
        "hours" => whole(HOUR, 24),
        "minutes" => whole(MINUTE, 60),
        "seconds" => whole(SECOND, 60),
        "milliseconds" => whole(MILLISECOND, 1_000),
        "microseconds" => whole(10, 1_000),
        "nanoseconds" => i32::try_from(ticks % 10 * 100).ok().map(Value::Int32),
        "ticks" => Some(Value::Int64(ticks)),
        "totaldays" => total(DAY),
        "totalhours" => total(HOUR),
        "totalminutes" => total(MINUTE),
        "totalseconds" => total(SECOND),
        "totalmilliseconds" => total(MILLISECOND),
        "totalmicroseconds" => total(10),
        "totalnanoseconds" => Some(Value::Double(integer_to_double(ticks.into()) * 100.0)),
        _ => None,
    }
}

const SPAN_PROPERTIES: [&str; 15] = [
    "Ticks",
    "Days",
    "Hours",
    "Milliseconds",
    "Microseconds",
    "Nanoseconds",
    "Minutes",
    "Seconds",
    "TotalDays",
    "TotalHours",
    "TotalMilliseconds",
    "TotalMicroseconds",
    "TotalNanoseconds",
    "TotalMinutes",
    "TotalSeconds",
];

const DATE_PROPERTIES: [&str; 17] = [
    "DisplayHint",
    "DateTime",
    "Date",
    "Day",
    "DayOfWeek",
    "DayOfYear",
    "Hour",
    "Kind",
    "Millisecond",
    "Microsecond",
    "Nanosecond",
    "Minute",
    "Month",
    "Second",
    "Ticks",
    "TimeOfDay",
    "Year",
];
