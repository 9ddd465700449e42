//! What the display asks of a value.

use super::member::{property, property_names};
use super::unwind::Unwind;
use crate::value::{Fault, Outcome, Value};

/// The properties that the display lists.
pub(crate) fn fields_of(value: &Value) -> Vec<String> {
    property_names(value)
}

/// A property's value; `None` where there is none.
pub(crate) fn field(value: &Value, name: &str) -> Outcome<Option<Value>> {
    property(value, name).map_err(|unwind| match unwind {
        Unwind::Refused(reason, _) => Fault::Unsupported(reason),
        _ => Fault::unsupported("this property"),
    })
}
