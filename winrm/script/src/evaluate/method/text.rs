//! Methods of strings.

use winrm_proto::clixml::PsString;

use super::{exception, integer};
use crate::evaluate::operator::piece_size;
use crate::evaluate::simple::array_size;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::arithmetic::MAX_SIZE;
use crate::value::compare::collate;
use crate::value::text::{lower, upper};
use crate::value::type_name::Plain;
use crate::value::{Array, Type, Value};

/// Calls a method of a string; `None` is a method that is not known.
pub(super) fn call(text: &PsString, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    if !text.is_well_formed() {
        return Err(Unwind::refused("methods of a string with half a character in it"));
    }
    let own = text.as_str();
    let string = |text: String| Ok(Some(Value::string(text)));
    match (name, arguments) {
        ("tostring" | "clone", []) => Ok(Some(Value::String(text.clone()))),
        ("toupper" | "toupperinvariant", []) => string(own.chars().map(upper).collect()),
        ("tolower" | "tolowerinvariant", []) => string(own.chars().map(lower).collect()),
        ("trim", []) => string(own.trim().to_owned()),
        ("trimstart", []) => string(own.trim_start().to_owned()),
        ("trimend", []) => string(own.trim_end().to_owned()),
        ("trim", characters) => string(own.trim_matches(of_set(characters)).to_owned()),
        ("trimstart", characters) => string(own.trim_start_matches(of_set(characters)).to_owned()),
        ("trimend", characters) => string(own.trim_end_matches(of_set(characters)).to_owned()),
        ("padleft" | "padright", [width]) => pad(own, name, width, ' '),
        ("padleft" | "padright", [width, with]) => {
            let with = with.to_text().as_str().chars().next().unwrap_or(' ');
            pad(own, name, width, with)
        }
        ("substring", [start]) => {
            let units = text.to_utf16();
            let start = index(start)?;
            match start.and_then(|start| units.get(start..)) {
                Some(units) => Ok(Some(Value::String(PsString::from_utf16(units)))),
                None => Err(out_of_range("Substring", 1)),
            }
        }
        ("substring", [start, length]) => {
            let units = text.to_utf16();
            let (start, length) = (index(start)?, index(length)?);
            let end = start.zip(length).map(|(start, length)| start.saturating_add(length));
            match start.zip(end).and_then(|(start, end)| units.get(start..end)) {
                Some(units) => Ok(Some(Value::String(PsString::from_utf16(units)))),
                None => Err(out_of_range("Substring", 2)),
            }
        }
        ("remove", [start]) => {
            let units = text.to_utf16();
            match index(start)?.and_then(|start| units.get(..start)) {
                Some(units) => Ok(Some(Value::String(PsString::from_utf16(units)))),
                None => Err(out_of_range("Remove", 1)),
            }
        }
        ("remove", [start, length]) => {
            let mut units = text.to_utf16();
            let (start, length) = (index(start)?, index(length)?);
            match start.zip(length).map(|(start, length)| (start, start.saturating_add(length))) {
                Some((start, end)) if end <= units.len() => {
                    units.drain(start..end);
                    Ok(Some(Value::String(PsString::from_utf16(&units))))
                }
                _ => Err(out_of_range("Remove", 2)),
            }
        }
        ("insert", [at, what]) => {
            let mut units = text.to_utf16();
            match index(at)? {
                Some(at) if at <= units.len() => {
                    units.splice(at..at, what.to_text().to_utf16());
                    Ok(Some(Value::String(PsString::from_utf16(&units))))
                }
                _ => Err(out_of_range("Insert", 2)),
            }
        }
        ("replace", [from, to]) => {
            let (from, to) = (from.to_text(), to.to_text());
            if from.as_str().is_empty() {
                return Err(exception(
                    "ArgumentException",
                    "System.ArgumentException",
                    "Replace",
                    2,
                    "The value cannot be an empty string. (Parameter 'oldValue')",
                ));
            }
            string(own.replace(from.as_str(), to.as_str()))
        }
        ("contains", [part]) => Ok(Some(Value::Boolean(own.contains(part.to_text().as_str())))),
        ("contains", [part, how]) => compare_with(own, part, how, |own, part| own.contains(part)),
        ("startswith", [part]) => Ok(Some(Value::Boolean(own.starts_with(plain(part)?.as_str())))),
        ("endswith", [part]) => Ok(Some(Value::Boolean(own.ends_with(plain(part)?.as_str())))),
        ("startswith", [part, how]) => compare_with(own, part, how, |own, part| own.starts_with(part)),
        ("endswith", [part, how]) => compare_with(own, part, how, |own, part| own.ends_with(part)),
        ("indexof", [part]) => place(own, own.find(plain(part)?.as_str())),
        ("lastindexof", [part]) => {
            let part = plain(part)?;
            if part.as_str().is_empty() {
                return place(own, Some(own.len()));
            }
            place(own, own.rfind(part.as_str()))
        }
        ("indexof", [part, start]) if !matches!(start, Value::Enum(_) | Value::String(_)) => {
            let part = plain(part)?;
            let from = match index(start)? {
                Some(start) if start <= text.length() => bytes_of_units(own, start),
                _ => return Err(out_of_range("IndexOf", 2)),
            };
            let found = own.get(from..).and_then(|rest| rest.find(part.as_str())).map(|at| at + from);
            place(own, found)
        }
        ("split", arguments) => split(own, arguments),
        ("tochararray", []) => {
            let units = text.to_utf16().into_iter().map(Value::Char).collect();
            Ok(Some(Value::Array(Array::of(Type::Plain(Plain::Char), units))))
        }
        ("equals", [other]) => Ok(Some(Value::Boolean(other.as_str() == Some(own)))),
        ("equals", [other, how]) => compare_with(own, other, how, |own, other| own == other),
        ("compareto", [other]) => {
            let order = collate(own, other.to_text().as_str(), Case::Sensitive)?;
            Ok(Some(Value::Int32(match order {
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => 1,
            })))
        }
        _ => Ok(None),
    }
}

/// How many bytes a method makes that may make more than it is given, or a few more; found before it makes them.
pub(super) fn size(text: &PsString, name: &str, arguments: &[Value]) -> usize {
    let own = text.as_str();
    match (name, arguments) {
        ("replace", [from, to]) => {
            let (from, to) = (from.to_text(), to.to_text());
            if from.as_str().is_empty() {
                return 0;
            }
            let found = own.matches(from.as_str()).count();
            own.len().saturating_add(found.saturating_mul(to.as_str().len()))
        }
        ("insert", [_, what]) => own.len().saturating_add(what.to_text().as_str().len()).saturating_mul(3),
        ("padleft" | "padright", [width, ..]) => {
            let width = width.as_integer().and_then(|width| usize::try_from(width).ok()).unwrap_or_default();
            // What is wider than anything may be is refused by its width.
            if width > MAX_SIZE { 0 } else { own.len().saturating_add(width.saturating_mul(4)) }
        }
        ("tochararray", []) => array_size(own.len()),
        ("split", arguments) => {
            let separators: Vec<String> = match arguments.first() {
                None => return piece_size(own.split(char::is_whitespace).count()),
                Some(separator) => separator
                    .clone()
                    .into_items()
                    .iter()
                    .map(|own| own.to_text().as_str().to_owned())
                    .collect(),
            };
            let found = separators.iter().filter(|separator| !separator.is_empty());
            piece_size(found.map(|separator| own.matches(separator.as_str()).count()).sum::<usize>() + 1)
        }
        _ => 0,
    }
}

/// A string to look for. The culture ignores control characters where it looks, which is not followed.
fn plain(part: &Value) -> Flow<PsString> {
    let part = part.to_text();
    if part.as_str().chars().any(char::is_control)
        && !part.as_str().chars().all(|own| matches!(own, '\t' | '\n' | '\r' | ' '..='~'))
    {
        return Err(Unwind::refused("looking for control characters in a string"));
    }
    Ok(part)
}

fn compare_with(
    own: &str,
    part: &Value,
    how: &Value,
    test: impl Fn(&str, &str) -> bool,
) -> Flow<Option<Value>> {
    let part = part.to_text();
    let fold = |text: &str| -> String { text.chars().map(upper).collect() };
    match how.to_text().as_str().to_ascii_lowercase().as_str() {
        "ordinal" | "invariantculture" | "currentculture" => {
            Ok(Some(Value::Boolean(test(own, part.as_str()))))
        }
        "ordinalignorecase" | "invariantcultureignorecase" | "currentcultureignorecase" => {
            Ok(Some(Value::Boolean(test(&fold(own), &fold(part.as_str())))))
        }
        _ => Ok(None),
    }
}

fn split(own: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    let mut limit = usize::MAX;
    let (mut drop_empty, mut trim) = (false, false);
    let mut rest = arguments.get(1..).unwrap_or_default().iter();
    for argument in rest.by_ref() {
        match argument {
            Value::Int32(count) => match usize::try_from(*count) {
                Ok(count) => limit = count,
                Err(_) => return Err(out_of_range("Split", arguments.len())),
            },
            other => match other.to_text().as_str().to_ascii_lowercase().as_str() {
                "none" => {}
                "removeemptyentries" => drop_empty = true,
                "trimentries" => trim = true,
                _ => return Ok(None),
            },
        }
    }
    let pieces: Vec<&str> = match arguments.first() {
        None => own.split(char::is_whitespace).collect(),
        Some(Value::Array(separators)) => {
            let separators: Vec<PsString> = separators.to_vec().iter().map(Value::to_text).collect();
            if separators.iter().any(|separator| separator.length() != 1) {
                return Ok(None);
            }
            limited(own, limit, |character| separators.iter().any(|own| own.as_str().contains(character)))
        }
        Some(separator) => {
            let separator = separator.to_text();
            if separator.as_str().is_empty() {
                vec![own]
            } else if limit == usize::MAX {
                own.split(separator.as_str()).collect()
            } else if drop_empty {
                return Ok(None);
            } else {
                own.splitn(limit, separator.as_str()).collect()
            }
        }
    };
    let pieces = pieces.into_iter().map(|piece| if trim { piece.trim() } else { piece });
    let pieces = pieces.filter(|piece| !drop_empty || !piece.is_empty()).map(Value::string).collect();
    Ok(Some(Value::Array(Array::of(Type::Plain(Plain::String), pieces))))
}

fn limited(own: &str, limit: usize, separator: impl Fn(char) -> bool) -> Vec<&str> {
    if limit == usize::MAX { own.split(separator).collect() } else { own.splitn(limit, separator).collect() }
}

fn pad(own: &str, name: &str, width: &Value, with: char) -> Flow<Option<Value>> {
    let Some(width) = index(width)? else {
        return Err(out_of_range(if name == "padleft" { "PadLeft" } else { "PadRight" }, 1));
    };
    if width > MAX_SIZE {
        return Err(Unwind::refused("a string of more than 16 million characters"));
    }
    let missing = width.saturating_sub(own.encode_utf16().count());
    let padding: String = std::iter::repeat_n(with, missing).collect();
    Ok(Some(Value::string(if name == "padleft" { padding + own } else { own.to_owned() + &padding })))
}

/// The characters in the arguments, which are strings, characters or arrays of them.
fn of_set(arguments: &[Value]) -> impl Fn(char) -> bool {
    let mut set = String::new();
    for argument in arguments {
        for item in argument.clone().into_items() {
            set.push_str(item.to_text().as_str());
        }
    }
    move |character| set.contains(character)
}

/// A place in UTF-16 units; −1 where there is none.
fn place(own: &str, at: Option<usize>) -> Flow<Option<Value>> {
    let units = at.and_then(|at| own.get(..at)).map(|before| before.encode_utf16().count());
    Ok(Some(Value::Int32(units.and_then(|units| i32::try_from(units).ok()).unwrap_or(-1))))
}

fn bytes_of_units(own: &str, units: usize) -> usize {
    let mut left = units;
    for (at, character) in own.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(character.len_utf16());
    }
    own.len()
}

fn index(value: &Value) -> Flow<Option<usize>> {
    Ok(usize::try_from(integer(value)?).ok())
}

fn out_of_range(method: &str, count: usize) -> Unwind {
    exception(
        "ArgumentOutOfRangeException",
        "System.ArgumentOutOfRangeException",
        method,
        count,
        "Index and length must refer to a location within the string.",
    )
}
