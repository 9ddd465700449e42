//! `+` and `*` of strings, arrays and hashtables.

use super::{MAX_SIZE, RUNTIME, too_large};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Array, Fault, Outcome, Table, Type, Value};

pub(super) fn concatenate(left: &str, right: &Value) -> Outcome<Value> {
    let right = right.to_text();
    if left.len() + right.as_str().len() > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::string(format!("{left}{right}")))
}

pub(super) fn repeat_text(text: &str, times: &Value) -> Outcome<Value> {
    let times = usize::try_from(repetitions(times, Plain::Int32)?).map_err(|_| {
        Fault::thrown(
            "RuntimeException",
            RUNTIME,
            "times ('-1') must be a non-negative value. (Parameter 'times')",
        )
    })?;
    if text.len().saturating_mul(times) > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::string(text.repeat(times)))
}

pub(super) fn join_arrays(left: &Array, right: &Value) -> Outcome<Value> {
    let mut items = left.to_vec();
    match right {
        Value::Array(right) => items.extend(right.to_vec()),
        other => items.push(other.clone()),
    }
    if items.len() > MAX_SIZE {
        return Err(too_large());
    }
    Ok(Value::array(items))
}

pub(super) fn repeat_array(array: &Array, times: &Value) -> Outcome<Value> {
    let times = usize::try_from(repetitions(times, Plain::UInt32)?).map_err(|_| too_large())?;
    let items = array.to_vec();
    if items.len().saturating_mul(times) > MAX_SIZE {
        return Err(too_large());
    }
    let repeated = std::iter::repeat_n(&items, times).flatten().cloned().collect();
    Ok(Value::Array(match array.element() {
        Some(element) => Array::of(element, repeated),
        None => Array::new(repeated),
    }))
}

pub(super) fn merge(left: &Table, right: &Value) -> Outcome<Value> {
    let Value::Table(right) = right else {
        return Err(Fault::thrown(
            "AddHashTableToNonHashTable",
            RUNTIME,
            "A hash table can only be added to another hash table.",
        ));
    };
    let sum = left.duplicate();
    for (key, value) in right.entries() {
        if sum.value(&key)?.is_some() {
            return Err(Fault::unsupported("adding hashtables that share a key"));
        }
        sum.set(key, value)?;
    }
    Ok(Value::Table(sum))
}

fn repetitions(times: &Value, counted: Plain) -> Outcome<i128> {
    Ok(convert(times, Type::Plain(counted))?.as_integer().unwrap_or_default())
}
