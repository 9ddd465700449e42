//! `$x[…]`.

use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Fault, Type, Value};

impl Interpreter {
    /// `target[by]`.
    pub(super) fn index(&mut self, target: &Value, by: &Value) -> Flow<Value> {
        self.fits(by)?;
        let base = target.base();
        match &base {
            Value::Null => Err(Fault::thrown("NullArray", RUNTIME, "Cannot index into a null array.").into()),
            Value::Table(table) => match by {
                Value::Array(keys) => {
                    let keys = keys.to_vec();
                    let found: Flow<Vec<Value>> =
                        keys.iter().map(|key| Ok(table.value(key)?.unwrap_or_default())).collect();
                    found.map(Value::array)
                }
                Value::Int32(at) if table.shape() == crate::value::Shape::Ordered => Ok(usize::try_from(*at)
                    .ok()
                    .and_then(|at| table.entries().get(at).cloned())
                    .map(|(_, own)| own)
                    .unwrap_or_default()),
                key => Ok(table.value(key)?.unwrap_or_default()),
            },
            Value::Array(array) => match by {
                Value::Array(places) => {
                    let mut found = Vec::new();
                    for place in places.to_vec() {
                        self.tick()?;
                        if let Some(item) = position(&place, array.len())?.and_then(|at| array.item(at)) {
                            found.push(item);
                        }
                    }
                    Ok(Value::array(found))
                }
                place => Ok(position(place, array.len())?.and_then(|at| array.item(at)).unwrap_or_default()),
            },
            Value::String(text) => {
                let units = text.to_utf16();
                let one = |place: &Value| -> Flow<Option<Value>> {
                    Ok(position(place, units.len())?
                        .and_then(|at| units.get(at))
                        .map(|unit| Value::Char(*unit)))
                };
                match by {
                    Value::Array(places) => {
                        let mut found = Vec::new();
                        for place in places.to_vec() {
                            found.extend(one(&place)?);
                        }
                        Ok(Value::array(found))
                    }
                    place => Ok(one(place)?.unwrap_or_default()),
                }
            }
            // Anything else is a sequence of one, unless it has an index of its own on the host.
            _ => match by {
                Value::Int32(0 | -1) => Ok(target.clone()),
                Value::Int32(_) if !matches!(&base, Value::Object(object) if object.is_of_host()) => {
                    Ok(Value::Null)
                }
                _ => Err(Unwind::refused("an index into a value that is no array, string or hashtable")),
            },
        }
    }
}

/// The place that a number names, counted from the end where it is negative.
pub(super) fn position(by: &Value, length: usize) -> Flow<Option<usize>> {
    let number = match by {
        Value::Int32(number) => i128::from(*number),
        other => convert(other, Type::Plain(Plain::Int32))?.as_integer().unwrap_or_default(),
    };
    let number = if number < 0 { number + i128::try_from(length).unwrap_or_default() } else { number };
    Ok(usize::try_from(number).ok().filter(|at| *at < length))
}

const RUNTIME: &str = "System.Management.Automation.RuntimeException";
