//! Methods of arrays, lists and hashtables.

use super::exception;
use crate::evaluate::index::position;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::equals;
use crate::value::convert::convert;
use crate::value::{Array, Members, Object, Outcome, Table, Value};

/// Calls a method of a hashtable; `None` is a method that is not known.
pub(super) fn of_table(table: &Table, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    Ok(match (name, arguments) {
        ("containskey" | "contains", [key]) => Some(Value::Boolean(table.value(key)?.is_some())),
        ("containsvalue", [wanted]) => {
            let mut found = false;
            for (_, value) in table.entries() {
                found = found
                    || (value.type_name() == wanted.type_name() && equals(&value, wanted, Case::Sensitive)?);
            }
            Some(Value::Boolean(found))
        }
        ("add", [key, value]) => {
            if table.value(key)?.is_some() {
                let message = format!(
                    "Item has already been added. Key in dictionary: '{0}'  Key being added: '{0}'",
                    key.to_text()
                );
                return Err(exception("ArgumentException", "System.ArgumentException", "Add", 2, &message));
            }
            table.set(key.clone(), value.clone())?;
            Some(Value::Null)
        }
        ("remove", [key]) => {
            table.remove(key)?;
            Some(Value::Null)
        }
        ("clear", []) => {
            table.clear();
            Some(Value::Null)
        }
        ("clone", []) => Some(Value::Table(table.duplicate())),
        ("getenumerator", []) => {
            let entry = |(key, value): (Value, Value)| {
                let members = Members::new().with("Name", key.clone()).with("Key", key).with("Value", value);
                let names = ["System.Collections.DictionaryEntry", "System.ValueType", "System.Object"];
                Value::Object(Object::with_text(
                    names.into_iter().collect(),
                    members,
                    "System.Collections.DictionaryEntry",
                ))
            };
            Some(Value::array(table.entries().into_iter().map(entry).collect()))
        }
        ("tostring", []) => Some(Value::string(table.shape().type_name())),
        _ => None,
    })
}

/// Calls a method of an array or list; `None` is a method that is not known, which its items may have.
pub(super) fn of_array(array: &Array, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    let same = |item: &Value, wanted: &Value| -> Flow<bool> {
        Ok(item.type_name() == wanted.type_name() && equals(item, wanted, Case::Sensitive)?)
    };
    if array.is_list() {
        if let Some(value) = of_list(array, name, arguments)? {
            return Ok(Some(value));
        }
    } else if matches!(name, "add" | "remove" | "clear" | "insert" | "removeat") && arguments.len() <= 2 {
        return Err(exception(
            "NotSupportedException",
            "System.NotSupportedException",
            name,
            arguments.len(),
            "Collection was of a fixed size.",
        ));
    }
    Ok(match (name, arguments) {
        ("contains", [wanted]) => {
            let mut found = false;
            for item in array.to_vec() {
                found = found || same(&item, wanted)?;
            }
            Some(Value::Boolean(found))
        }
        ("indexof", [wanted]) => {
            let mut found = -1;
            for (at, item) in array.to_vec().iter().enumerate() {
                if same(item, wanted)? {
                    found = i32::try_from(at).unwrap_or(-1);
                    break;
                }
            }
            Some(Value::Int32(found))
        }
        ("getvalue", [at]) => {
            Some(position(at, array.len())?.and_then(|at| array.item(at)).unwrap_or_default())
        }
        ("clone", []) => Some(Value::array(array.to_vec())),
        ("getenumerator", []) => Some(Value::Array(array.clone())),
        ("gettype" | "setvalue" | "copyto" | "initialize", _) => {
            return Err(Unwind::refused(format!("`.{name}()` of an array")));
        }
        _ => None,
    })
}

fn of_list(array: &Array, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    // A generic list takes what its element type takes, and says less of what it did.
    if let Some(element) = array.element() {
        match (name, arguments) {
            ("add", [item]) => {
                let item = convert(item, element)?;
                array.change(|items| items.push(item));
                return Ok(Some(Value::Null));
            }
            ("addrange", [more]) => {
                let more = more.clone().into_items();
                let more: Outcome<Vec<Value>> = more.iter().map(|item| convert(item, element)).collect();
                let more = more?;
                array.change(|items| items.extend(more));
                return Ok(Some(Value::Null));
            }
            ("clear" | "removeat" | "contains" | "indexof" | "getenumerator", _) => {}
            _ => return Err(Unwind::refused(format!("`.{name}()` of a generic list with these arguments"))),
        }
    }
    Ok(match (name, arguments) {
        ("add", [item]) => {
            let at = array.change(|items| {
                items.push(item.clone());
                items.len() - 1
            });
            Some(i32::try_from(at).map_or(Value::Null, Value::Int32))
        }
        ("addrange", [more]) => {
            let more = more.clone().into_items();
            array.change(|items| items.extend(more));
            Some(Value::Null)
        }
        ("clear", []) => {
            array.change(Vec::clear);
            Some(Value::Null)
        }
        ("removeat", [at]) => {
            if let Some(at) = position(at, array.len())? {
                array.change(|items| items.remove(at));
            }
            Some(Value::Null)
        }
        ("remove", [wanted]) => {
            for (at, item) in array.to_vec().iter().enumerate() {
                if item.type_name() == wanted.type_name() && equals(item, wanted, Case::Sensitive)? {
                    array.change(|items| items.remove(at));
                    break;
                }
            }
            Some(Value::Null)
        }
        ("insert", [at, item]) => {
            let length = array.len();
            if let Some(at) = position(at, length + 1)? {
                array.change(|items| items.insert(at, item.clone()));
            }
            Some(Value::Null)
        }
        ("toarray", []) => Some(Value::array(array.to_vec())),
        ("sort" | "reverse", _) => {
            return Err(Unwind::refused("`.Sort()` and `.Reverse()`; use Sort-Object"));
        }
        _ => None,
    })
}
