//! Split-Path, Join-Path and New-TimeSpan: on texts and values, without looking at anything.

use winrm_proto::clixml::{self, Duration};

use super::Stage;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::arithmetic::{Arithmetic, compute};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

/// A stage that makes values of one list, and of what is piped.
struct Each<F> {
    items: Vec<Value>,
    apply: F,
}

impl<F: Fn(&str) -> Flow<Vec<String>> + Send> Stage for Each<F> {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            for item in std::mem::take(&mut self.items) {
                self.process(interpreter, item).await?;
            }
            Ok(())
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            for text in (self.apply)(item.to_text().as_str())? {
                interpreter.emit(Value::string(text)).await?;
            }
            Ok(())
        })
    }
}

pub(super) fn split_path(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let literal = bound.take("LiteralPath");
    let items = bound.take("Path").or(literal).map(Value::into_items).unwrap_or_default();
    let part = if bound.switch("Leaf") {
        Part::Leaf
    } else if bound.switch("LeafBase") {
        Part::LeafBase
    } else if bound.switch("Extension") {
        Part::Extension
    } else if bound.switch("Qualifier") {
        Part::Qualifier
    } else if bound.switch("NoQualifier") {
        Part::NoQualifier
    } else if bound.switch("IsAbsolute") {
        return Err(Unwind::refused("Split-Path -IsAbsolute"));
    } else {
        bound.switch("Parent");
        Part::Parent
    };
    bound.finish("Split-Path")?;
    Ok(Box::new(Each { items, apply: move |path: &str| part_of(path, part).map(|part| vec![part]) }))
}

#[derive(Clone, Copy)]
enum Part {
    Parent,
    Leaf,
    LeafBase,
    Extension,
    Qualifier,
    NoQualifier,
}

/// A part of a path of Windows.
fn part_of(path: &str, part: Part) -> Flow<String> {
    let normal = path.replace('/', "\\");
    let (qualifier, rest) = match normal.split_once(':') {
        Some((drive, rest)) => (format!("{drive}:"), rest.to_owned()),
        None => (String::new(), normal.clone()),
    };
    let trimmed = normal.trim_end_matches('\\');
    let leaf = match trimmed.rsplit_once('\\') {
        Some((_, leaf)) => leaf,
        None => trimmed,
    };
    let (base, extension) = match leaf.rfind('.') {
        Some(at) => leaf.split_at_checked(at).unwrap_or((leaf, "")),
        None => (leaf, ""),
    };
    Ok(match part {
        Part::Parent => match trimmed.rsplit_once('\\') {
            Some((parent, _)) if parent.ends_with(':') => format!("{parent}\\"),
            Some(("" | "\\", _)) if normal.starts_with("\\\\") => String::new(),
            Some((parent, _)) => parent.to_owned(),
            None => String::new(),
        },
        Part::Leaf if trimmed.ends_with(':') => format!("{trimmed}\\"),
        Part::Leaf => leaf.to_owned(),
        Part::LeafBase => base.to_owned(),
        Part::Extension => extension.to_owned(),
        Part::Qualifier if qualifier.is_empty() => return Err(Unwind::refused("a path without a drive")),
        Part::Qualifier => qualifier,
        Part::NoQualifier => rest,
    })
}

pub(super) fn join_path(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let items = bound.take("Path").map(Value::into_items).unwrap_or_default();
    let mut children: Vec<String> = Vec::new();
    for name in ["ChildPath", "AdditionalChildPath"] {
        for child in bound.take(name).map(Value::into_items).unwrap_or_default() {
            children.push(child.to_text().as_str().to_owned());
        }
    }
    bound.finish("Join-Path")?;
    let apply = move |path: &str| {
        let mut joined = path.replace('/', "\\");
        for child in &children {
            let child = child.replace('/', "\\");
            let child = child.trim_start_matches('\\');
            if !joined.ends_with('\\') {
                joined.push('\\');
            }
            joined.push_str(child);
        }
        Ok(vec![joined])
    };
    Ok(Box::new(Each { items, apply }))
}

pub(super) fn time_span(interpreter: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let mut ticks = 0_i128;
    let mut by_parts = false;
    const SECOND: i128 = 10_000_000;
    for (name, unit) in [
        ("Days", 86_400 * SECOND),
        ("Hours", 3_600 * SECOND),
        ("Minutes", 60 * SECOND),
        ("Seconds", SECOND),
        ("Milliseconds", SECOND / 1_000),
    ] {
        if let Some(value) = bound.take(name) {
            by_parts = true;
            ticks += convert(&value, Type::Plain(Plain::Int32))?.as_integer().unwrap_or_default() * unit;
        }
    }
    let (start, end) = (bound.take("Start"), bound.take("End"));
    bound.finish("New-TimeSpan")?;
    let span = if by_parts || (start.is_none() && end.is_none()) {
        i64::try_from(ticks).map(|ticks| Value::TimeSpan(Duration::from_ticks(ticks))).unwrap_or_default()
    } else {
        let date = |value: Option<Value>| match (value, interpreter.facts.now) {
            (Some(value), _) => Ok(convert(&value, Type::Plain(Plain::DateTime))?),
            (None, Some(now)) => Ok(Value::DateTime(now)),
            (None, None) => Err(Unwind::refused("the host's time is not known; give -Start and -End")),
        };
        compute(Arithmetic::Subtract, &date(end)?, &date(start)?)?
    };
    Ok(Box::new(Constant { value: Some(span) }))
}

/// ConvertTo-SecureString of plain text; what was encrypted elsewhere is not taken.
pub(super) fn secure_string(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let text = bound.text("String");
    bound.switch("Force");
    let plain = bound.switch("AsPlainText");
    bound.finish("ConvertTo-SecureString")?;
    let Some(text) = text.filter(|_| plain) else {
        return Err(Unwind::refused("ConvertTo-SecureString without -String and -AsPlainText"));
    };
    let secret = clixml::SecureString::new(&text);
    Ok(Box::new(Constant { value: Some(Value::Opaque(clixml::Value::SecureString(secret))) }))
}

struct Constant {
    value: Option<Value>,
}

impl Stage for Constant {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        let value = self.value.take().unwrap_or_default();
        interpreter.emit(value)
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, _: Value) -> Turn<'a, ()> {
        Box::pin(async { Err(Unwind::refused("input of this command; use its parameters")) })
    }
}
