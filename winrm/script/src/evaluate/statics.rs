//! Static members: a closed table.

use winrm_proto::clixml::{DateTime, DateTimeKind, Duration};

use super::interpreter::Interpreter;
use super::matched;
use super::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::equals;
use crate::value::convert::convert;
use crate::value::date::{Civil, TICKS_PER_DAY, days_in_month, is_leap, parse_exact};
use crate::value::format_operator::format;
use crate::value::number::{Number, double_to_integer, integer_to_double, plain_of};
use crate::value::pattern::{Expression, escape};
use crate::value::type_name::Plain;
use crate::value::{Array, Enumeration, Fault, Outcome, Type, Value};

mod math;

impl Interpreter {
    /// `[type]::name`.
    pub(super) fn static_member(&self, of: &str, name: &str) -> Flow<Value> {
        let lower = name.to_ascii_lowercase();
        let plain = match self.type_named(of)? {
            Type::Plain(plain) => plain,
            Type::ArrayOf(_) | Type::ListOf(_) => return Err(unknown(of, name)),
        };
        if let Some(type_name) = plain.as_enum() {
            return match Enumeration::named(type_name, name) {
                Some(value) => Ok(Value::Enum(value.into())),
                None => Err(unknown(of, name)),
            };
        }
        Ok(match (plain, lower.as_str()) {
            (Plain::Math, "pi") => Value::Double(std::f64::consts::PI),
            (Plain::Math, "e") => Value::Double(std::f64::consts::E),
            (Plain::DateTime, "now") => Value::DateTime(self.now()?),
            (Plain::DateTime, "today") => {
                let now = self.now()?;
                let ticks = now.ticks() / TICKS_PER_DAY * TICKS_PER_DAY;
                DateTime::from_ticks(ticks, now.kind()).map_or(Value::Null, Value::DateTime)
            }
            (Plain::DateTime, "utcnow") => self.now()?.to_utc().map_or(Value::Null, Value::DateTime),
            (Plain::DateTime, "minvalue") => {
                DateTime::from_ticks(0, DateTimeKind::Unspecified).map_or(Value::Null, Value::DateTime)
            }
            (Plain::DateTime, "maxvalue") => {
                DateTime::from_ticks(3_155_378_975_999_999_999, DateTimeKind::Unspecified)
                    .map_or(Value::Null, Value::DateTime)
            }
            (Plain::TimeSpan, "zero") => Value::TimeSpan(Duration::default()),
            (Plain::String, "empty") => Value::string(""),
            (Plain::Guid, "empty") => Value::Guid(uuid::Uuid::nil()),
            (Plain::Int32, "maxvalue") => Value::Int32(i32::MAX),
            (Plain::Int32, "minvalue") => Value::Int32(i32::MIN),
            (Plain::Int64, "maxvalue") => Value::Int64(i64::MAX),
            (Plain::Int64, "minvalue") => Value::Int64(i64::MIN),
            (Plain::UInt32, "maxvalue") => Value::UInt32(u32::MAX),
            (Plain::UInt64, "maxvalue") => Value::UInt64(u64::MAX),
            (Plain::Int16, "maxvalue") => Value::Int16(i16::MAX),
            (Plain::Byte, "maxvalue") => Value::Byte(u8::MAX),
            (Plain::Double, "maxvalue") => Value::Double(f64::MAX),
            (Plain::Double, "minvalue") => Value::Double(f64::MIN),
            (Plain::Double, "nan") => Value::Double(f64::NAN),
            (Plain::Double, "positiveinfinity") => Value::Double(f64::INFINITY),
            (Plain::Double, "negativeinfinity") => Value::Double(f64::NEG_INFINITY),
            (Plain::CultureInfo, "invariantculture") => return Err(unknown(of, name)),
            _ => return Err(unknown(of, name)),
        })
    }

    /// `[type]::name( … )`.
    pub(super) fn static_method(&mut self, of: &str, name: &str, arguments: &[Value]) -> Flow<Value> {
        self.tick()?;
        for value in arguments {
            self.fits(value)?;
            if let Value::Array(array) = value {
                self.tick_items(array.len())?;
            }
        }
        let lower = name.to_ascii_lowercase();
        let plain = match self.type_named(of)? {
            Type::Plain(plain) => plain,
            Type::ListOf(element) if lower == "new" && arguments.is_empty() => {
                return Ok(Value::Array(Array::list_of(element, Vec::new())));
            }
            Type::ArrayOf(_) | Type::ListOf(_) => return Err(unknown(of, name)),
        };
        let value = match plain {
            Plain::Math => math::call(&lower, arguments)?,
            Plain::String => match (lower.as_str(), arguments) {
                ("join", [separator, Value::Array(items)]) => {
                    return self.joined(&items.to_vec(), separator);
                }
                ("join", [separator, items @ ..]) => return self.joined(items, separator),
                ("concat", [Value::Array(items)]) => return self.joined(&items.to_vec(), &Value::string("")),
                ("concat", items) => return self.joined(items, &Value::string("")),
                _ => of_string(&lower, arguments)?,
            },
            Plain::DateTime => self.of_date(&lower, arguments)?,
            Plain::TimeSpan => of_span(&lower, arguments)?,
            Plain::Regex => of_regex(&lower, arguments)?,
            Plain::Path => of_path(&lower, arguments)?,
            Plain::Convert => of_convert(&lower, arguments)?,
            Plain::Char => of_char(&lower, arguments),
            Plain::Guid | Plain::Version | Plain::Boolean => parsed(plain, &lower, arguments)?,
            Plain::ArrayList if lower == "new" && arguments.is_empty() => {
                Some(Value::Array(Array::list(Vec::new())))
            }
            Plain::Array => self.of_array(&lower, arguments)?,
            Plain::Decimal if matches!(lower.as_str(), "round" | "floor" | "ceiling" | "truncate") => {
                let [value, rest @ ..] = arguments else { return Err(unknown(of, name)) };
                let mut arguments = vec![convert(value, Type::Plain(Plain::Decimal))?];
                arguments.extend_from_slice(rest);
                math::call(&lower, &arguments)?
            }
            number if Number::of(&zero(number)).is_some() => parsed(number, &lower, arguments)?,
            _ => None,
        };
        let Some(value) = value else { return Err(unknown(of, name)) };
        self.make_value(&value)?;
        Ok(value)
    }

    fn now(&self) -> Flow<DateTime> {
        self.facts.now.ok_or_else(|| Unwind::refused("the host's time is not known; use Get-Date"))
    }

    fn of_date(&mut self, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
        let number = |value: &Value| -> Flow<u64> {
            let number = convert(value, Type::Plain(Plain::Int32))?.as_integer().unwrap_or_default();
            Ok(u64::try_from(number).unwrap_or_default())
        };
        Ok(match (name, arguments) {
            ("parse", [text @ Value::String(_)]) => Some(convert(text, Type::Plain(Plain::DateTime))?),
            ("parseexact", [text, Value::String(pattern), _]) => {
                let found = parse_exact(text.to_text().as_str(), pattern.as_str())?;
                match found {
                    Some(time) => Some(Value::DateTime(time)),
                    None => {
                        return Err(called(
                            "FormatException",
                            "System.FormatException",
                            "ParseExact",
                            3,
                            &format!("String '{}' was not recognized as a valid DateTime.", text.to_text()),
                        ));
                    }
                }
            }
            ("fromfiletime" | "fromfiletimeutc", [ticks]) => {
                let ticks = convert(ticks, Type::Plain(Plain::Int64))?.as_integer().unwrap_or_default();
                let Some(ticks) = u64::try_from(ticks).ok().and_then(|ticks| ticks.checked_add(FILE_TIME))
                else {
                    return Err(Unwind::refused("a file time before its start"));
                };
                let utc = DateTime::from_ticks(ticks, DateTimeKind::Utc).ok();
                let local = match (name, self.facts.now.map(|now| now.kind())) {
                    ("fromfiletimeutc", _) => utc,
                    (_, Some(kind @ DateTimeKind::Offset(minutes))) => utc.and_then(|time| {
                        let ticks = time.ticks().checked_add_signed(i64::from(minutes) * 600_000_000)?;
                        DateTime::from_ticks(ticks, kind).ok()
                    }),
                    _ => return Err(Unwind::refused("the host's time zone is not known")),
                };
                match local {
                    Some(time) => Some(Value::DateTime(time)),
                    None => return Err(Unwind::refused("a file time outside of the calendar")),
                }
            }
            ("daysinmonth", [year, month]) => {
                let days = days_in_month(number(year)?, number(month)?);
                i32::try_from(days).ok().map(Value::Int32)
            }
            ("isleapyear", [year]) => Some(Value::Boolean(is_leap(number(year)?))),
            ("new", [year, month, day, clock @ ..]) if clock.is_empty() || clock.len() == 3 => {
                let mut parts = [0; 3];
                for (slot, own) in parts.iter_mut().zip(clock) {
                    *slot = number(own)?;
                }
                let [hour, minute, second] = parts;
                let (year, month, day) = (number(year)?, number(month)?, number(day)?);
                let civil = Civil { year, month, day, hour, minute, second, fraction: 0 };
                match civil.to_date(DateTimeKind::Unspecified) {
                    Some(time) => Some(Value::DateTime(time)),
                    None => return Err(Unwind::refused("a date that is not in the calendar")),
                }
            }
            _ => None,
        })
    }
}

impl Interpreter {
    /// `[array]::IndexOf` and those that change an array where it is.
    fn of_array(&mut self, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
        match (name, arguments) {
            ("reverse", [Value::Array(array)]) => {
                self.make(array.len())?;
                array.change(|items| items.reverse());
                Ok(Some(Value::Null))
            }
            ("indexof", [Value::Array(array), wanted]) => {
                for (at, own) in array.to_vec().iter().enumerate() {
                    self.tick()?;
                    let same_type = own.type_name() == wanted.type_name();
                    if same_type && equals(own, wanted, Case::Sensitive)? {
                        return Ok(i32::try_from(at).ok().map(Value::Int32));
                    }
                }
                Ok(Some(Value::Int32(-1)))
            }
            _ => Ok(None),
        }
    }
}

fn of_span(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    const SECOND: i64 = 10_000_000;
    let unit = match name {
        "fromdays" => 86_400 * SECOND,
        "fromhours" => 3_600 * SECOND,
        "fromminutes" => 60 * SECOND,
        "fromseconds" => SECOND,
        "frommilliseconds" => SECOND / 1_000,
        "fromticks" => 1,
        "parse" => match arguments {
            [text @ Value::String(_)] => return Ok(Some(convert(text, Type::Plain(Plain::TimeSpan))?)),
            _ => return Ok(None),
        },
        "new" => return new_span(arguments),
        _ => return Ok(None),
    };
    let [amount] = arguments else { return Ok(None) };
    let Value::Double(amount) = convert(amount, Type::Plain(Plain::Double))? else { return Ok(None) };
    let ticks = double_to_integer((amount * integer_to_double(unit.into())).trunc());
    match ticks.and_then(|ticks| i64::try_from(ticks).ok()) {
        Some(ticks) => Ok(Some(Value::TimeSpan(Duration::from_ticks(ticks)))),
        None => Err(Unwind::refused("a span that is too long")),
    }
}

fn new_span(arguments: &[Value]) -> Flow<Option<Value>> {
    let mut numbers = Vec::new();
    for argument in arguments {
        let number = convert(argument, Type::Plain(Plain::Int64))?.as_integer().unwrap_or_default();
        numbers.push(number);
    }
    let ticks = match numbers.as_slice() {
        [ticks] => *ticks,
        [hours, minutes, seconds] => ((hours * 60 + minutes) * 60 + seconds) * 10_000_000,
        [days, hours, minutes, seconds] => (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 10_000_000,
        _ => return Ok(None),
    };
    Ok(i64::try_from(ticks).ok().map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))))
}

fn of_string(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    Ok(match (name, arguments) {
        ("isnullorempty", [text]) => Some(Value::Boolean(text.to_text().as_str().is_empty())),
        ("isnullorwhitespace", [text]) => Some(Value::Boolean(text.to_text().as_str().trim().is_empty())),
        ("format", [pattern, Value::Array(items)]) => {
            Some(Value::string(format(pattern.to_text().as_str(), &items.to_vec())?))
        }
        ("format", [pattern, items @ ..]) => Some(Value::string(format(pattern.to_text().as_str(), items)?)),
        ("equals", [left, right]) => Some(Value::Boolean(left.to_text() == right.to_text())),
        ("new", [Value::Char(unit), Value::Int32(count)]) => {
            let count = usize::try_from(*count).unwrap_or_default();
            if count > crate::value::arithmetic::MAX_SIZE {
                return Err(Unwind::refused("a string of more than 16 million characters"));
            }
            Some(Value::String(winrm_proto::clixml::PsString::from_utf16(&vec![*unit; count])))
        }
        _ => None,
    })
}

fn of_regex(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    Ok(match (name, arguments) {
        ("escape", [text]) => Some(Value::string(escape(text.to_text().as_str()))),
        ("ismatch", [text, pattern]) => {
            let pattern = Expression::new(pattern.to_text().as_str(), Case::Sensitive)?;
            Some(Value::Boolean(pattern.is_match(text.to_text().as_str())?))
        }
        ("replace", [text, pattern, with]) if !matches!(with, Value::Block(_)) => {
            let pattern = Expression::new(pattern.to_text().as_str(), Case::Sensitive)?;
            Some(Value::string(pattern.replace(text.to_text().as_str(), with.to_text().as_str())?))
        }
        ("match", [text, pattern]) => {
            let pattern = Expression::new(pattern.to_text().as_str(), Case::Sensitive)?;
            Some(matched::first(&pattern, text.to_text().as_str())?.unwrap_or_else(matched::nothing))
        }
        ("matches", [text, pattern]) => {
            let pattern = Expression::new(pattern.to_text().as_str(), Case::Sensitive)?;
            Some(Value::array(matched::matches(&pattern, text.to_text().as_str())?))
        }
        ("split", [text, pattern]) => {
            let pattern = Expression::new(pattern.to_text().as_str(), Case::Sensitive)?;
            let pieces = pattern.split(text.to_text().as_str(), 0)?.into_iter().map(Value::string).collect();
            Some(Value::Array(Array::of(Type::Plain(Plain::String), pieces)))
        }
        _ => None,
    })
}

/// `[IO.Path]`, as it is on Windows.
fn of_path(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    if name == "combine" {
        let parts: Vec<String> = arguments.iter().map(|part| part.to_text().as_str().to_owned()).collect();
        return Ok((parts.len() > 1).then(|| Value::string(combined(&parts))));
    }
    let [path] = arguments else { return Ok(None) };
    let path = path.to_text();
    let path = path.as_str();
    let file = path.rsplit(['\\', '/', ':']).next().unwrap_or_default();
    let (stem, extension) = match file.rfind('.') {
        Some(at) => file.split_at_checked(at).unwrap_or((file, "")),
        None => (file, ""),
    };
    Ok(match name {
        "getfilename" => Some(Value::string(file)),
        "getfilenamewithoutextension" => Some(Value::string(stem)),
        "getdirectoryname" => match path.trim_end_matches(|own| own != '\\') {
            root if root.ends_with(":\\") && root.len() == path.len() => Some(Value::Null),
            root if root.ends_with(":\\") => Some(Value::string(root)),
            folder if path.contains('/') || folder.starts_with("\\\\") => None,
            folder => Some(Value::string(folder.trim_end_matches('\\'))),
        },
        "getextension" => Some(Value::string(if extension == "." { "" } else { extension })),
        _ => None,
    })
}

/// Parts of a path; one that stands by itself replaces what is before it.
fn combined(parts: &[String]) -> String {
    let mut path = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let rooted = part.starts_with(['\\', '/']) || part.get(1..2) == Some(":");
        if rooted {
            path.clear();
        }
        if !path.is_empty() && !path.ends_with(['\\', '/', ':']) {
            path.push('\\');
        }
        path.push_str(part);
    }
    path
}

fn of_convert(name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    let to = match name {
        "toint32" => Plain::Int32,
        "toint64" => Plain::Int64,
        "todouble" => Plain::Double,
        "todecimal" => Plain::Decimal,
        "toboolean" => return Ok(None),
        "tostring" => match arguments {
            [value] => return Ok(Some(Value::string(crate::value::format_operator::to_display(value)))),
            [Value::Int32(number), Value::Int32(base)] => {
                let bits = number.cast_unsigned();
                return Ok(match base {
                    2 => Some(Value::string(format!("{bits:b}"))),
                    8 => Some(Value::string(format!("{bits:o}"))),
                    10 => Some(Value::string(number.to_string())),
                    16 => Some(Value::string(format!("{bits:x}"))),
                    _ => None,
                });
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    match arguments {
        [value] if plain_of(value).is_some() => Ok(Some(convert(value, Type::Plain(to))?)),
        [Value::String(text), Value::Int32(base @ (2 | 8 | 16))] if to == Plain::Int32 => {
            let digits = text.as_str().strip_prefix("0x").unwrap_or(text.as_str());
            let number = i32::from_str_radix(digits, base.unsigned_abs()).ok();
            Ok(number.map(Value::Int32))
        }
        _ => Ok(None),
    }
}

fn of_char(name: &str, arguments: &[Value]) -> Option<Value> {
    let [Value::Char(unit)] = arguments else { return None };
    let character = char::from_u32((*unit).into())?;
    Some(Value::Boolean(match name {
        "isdigit" => character.is_ascii_digit(),
        "isletter" => character.is_alphabetic(),
        "isletterordigit" => character.is_alphanumeric(),
        "isupper" => character.is_uppercase(),
        "islower" => character.is_lowercase(),
        "iswhitespace" => character.is_whitespace(),
        _ => return None,
    }))
}

/// `[int]::Parse('42')`.
fn parsed(plain: Plain, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    let ("parse", [text @ Value::String(_)]) = (name, arguments) else { return Ok(None) };
    let own = text.to_text();
    let simple = own.as_str().trim();
    let integer = simple.strip_prefix(['-', '+']).unwrap_or(simple).bytes().all(|byte| byte.is_ascii_digit());
    let converted: Outcome<Value> = match plain {
        Plain::Double | Plain::Single | Plain::Decimal | Plain::Guid | Plain::Version => {
            convert(text, Type::Plain(plain))
        }
        Plain::Boolean if simple.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
        Plain::Boolean if simple.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
        Plain::Boolean => Err(Fault::thrown("", "", "")),
        _ if integer && !simple.is_empty() => convert(text, Type::Plain(plain)),
        _ => Err(Fault::thrown("", "", "")),
    };
    match converted {
        Ok(value) => Ok(Some(value)),
        Err(Fault::Thrown(_)) => Err(called(
            "FormatException",
            "System.FormatException",
            "Parse",
            1,
            &format!("The input string '{own}' was not in a correct format."),
        )),
        Err(fault) => Err(fault.into()),
    }
}

fn zero(plain: Plain) -> Value {
    crate::value::number::integer_as(0, plain).unwrap_or(match plain {
        Plain::Double | Plain::Single => Value::Double(0.0),
        Plain::Decimal => Value::Double(0.0),
        _ => Value::Null,
    })
}

/// `Exception calling "Name" with "1" argument(s): "message"`.
fn called(id: &'static str, exception: &'static str, method: &str, count: usize, message: &str) -> Unwind {
    Fault::thrown(
        id,
        exception,
        format!("Exception calling \"{method}\" with \"{count}\" argument(s): \"{message}\""),
    )
    .in_category("NotSpecified")
    .into()
}

fn unknown(of: &str, name: &str) -> Unwind {
    Unwind::refused(format!("[{of}]::{name} with these arguments is not among what is known here"))
}

/// Ticks from the start of the year 1 to that of 1601.
pub(super) const FILE_TIME: u64 = 504_911_232_000_000_000;
