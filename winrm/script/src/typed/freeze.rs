//! Copies of values that nothing changes any more.

use super::Reason;
use crate::value::{Table, Value};

/// What the values of one command may amount to.
#[derive(Debug)]
pub(super) struct Budget {
    values: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values: MOST_VALUES, bytes: MOST_BYTES }
    }
}

impl Budget {
    /// Copies a value as it is now.
    ///
    /// Enums become their names and addresses their texts: that is what a command that takes one reads. Typed arrays
    /// become plain ones: a parameter converts the elements itself.
    pub(super) fn freeze(&mut self, value: &Value) -> Result<Value, Reason> {
        self.freeze_at(value, DEEPEST)
    }

    fn freeze_at(&mut self, value: &Value, depth: usize) -> Result<Value, Reason> {
        self.values = self.values.checked_sub(1).ok_or(Reason::TooLarge)?;
        match value {
            Value::String(text) | Value::Uri(text) => {
                if !text.is_well_formed() || text.as_str().contains('\0') {
                    return Err(Reason::Text);
                }
                self.bytes = self.bytes.checked_sub(text.as_str().len()).ok_or(Reason::TooLarge)?;
                Ok(Value::String(text.clone()))
            }
            Value::Enum(value) => Ok(Value::String(value.name.clone())),
            Value::Array(array) => {
                let depth = depth.checked_sub(1).ok_or(Reason::Depth(DEEPEST))?;
                if array.len() > self.values {
                    return Err(Reason::TooLarge);
                }
                let items = array.to_vec();
                let items = items.iter().map(|item| self.freeze_at(item, depth));
                Ok(Value::array(items.collect::<Result<_, _>>()?))
            }
            Value::Table(table) => {
                let depth = depth.checked_sub(1).ok_or(Reason::Depth(DEEPEST))?;
                self.freeze_table(table, depth).map(Value::Table)
            }
            Value::Object(object) => match object.wrapped() {
                Some(inner) => self.freeze_at(&inner, depth.checked_sub(1).ok_or(Reason::Depth(DEEPEST))?),
                None => Err(Reason::Object(value.type_name().as_str().to_owned())),
            },
            Value::Block(_) => Err(Reason::Block),
            Value::Type(_) | Value::Document(_) | Value::Opaque(_) => {
                Err(Reason::Value(value.type_name().as_str().to_owned()))
            }
            Value::Null
            | Value::Boolean(_)
            | Value::Char(_)
            | Value::SByte(_)
            | Value::Byte(_)
            | Value::Int16(_)
            | Value::UInt16(_)
            | Value::Int32(_)
            | Value::UInt32(_)
            | Value::Int64(_)
            | Value::UInt64(_)
            | Value::Single(_)
            | Value::Double(_)
            | Value::Decimal(_)
            | Value::DateTime(_)
            | Value::TimeSpan(_)
            | Value::Guid(_)
            | Value::Version(_) => Ok(value.clone()),
        }
    }

    fn freeze_table(&mut self, table: &Table, depth: usize) -> Result<Table, Reason> {
        let frozen = Table::new(table.shape());
        for (key, value) in table.entries() {
            let key = match key.base() {
                key @ Value::String(_) => self.freeze_at(&key, depth)?,
                key @ (Value::Int32(_) | Value::Int64(_)) => key,
                _ => return Err(Reason::Key),
            };
            let value = self.freeze_at(&value, depth)?;
            frozen.set(key, value).map_err(|_| Reason::Key)?;
        }
        Ok(frozen)
    }
}

/// How deep arrays and hashtables may lie in each other.
const DEEPEST: usize = 8;
/// The most values of one command, elements and entries included.
const MOST_VALUES: usize = 16 * 1024;
/// The most bytes in its strings.
const MOST_BYTES: usize = 4 * 1024 * 1024;
