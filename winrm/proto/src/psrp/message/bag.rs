//! Property bags: the objects without a type that most messages are.

use crate::clixml::{PsString, Value};

use super::{MessageError, MessageType};

/// A message's body while it is taken apart.
#[derive(Clone, Copy)]
pub(super) struct Bag<'v> {
    pub(super) message: MessageType,
    pub(super) value: &'v Value,
}

impl<'v> Bag<'v> {
    /// The refusal for one property.
    pub(super) fn improper(&self, property: &'static str) -> MessageError {
        MessageError::Property { message: self.message, property }
    }

    /// A property that may be absent or null.
    pub(super) fn optional(&self, property: &'static str) -> Option<&'v Value> {
        self.value.property(property).filter(|value| !value.is_null())
    }

    /// A property that must be there.
    pub(super) fn required(&self, property: &'static str) -> Result<&'v Value, MessageError> {
        self.value.property(property).ok_or_else(|| self.improper(property))
    }

    /// A number or an enum's number.
    pub(super) fn int32(&self, property: &'static str) -> Result<i32, MessageError> {
        self.required(property)?.as_int32().ok_or_else(|| self.improper(property))
    }

    /// A 64-bit number.
    pub(super) fn int64(&self, property: &'static str) -> Result<i64, MessageError> {
        let number = self.required(property)?.as_integer().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| self.improper(property))
    }

    /// A Boolean, false where it is absent.
    pub(super) fn flag(&self, property: &'static str) -> Result<bool, MessageError> {
        match self.optional(property) {
            None => Ok(false),
            Some(value) => value.as_boolean().ok_or_else(|| self.improper(property)),
        }
    }

    /// A string.
    pub(super) fn string(&self, property: &'static str) -> Result<PsString, MessageError> {
        self.required(property)?.as_string().cloned().ok_or_else(|| self.improper(property))
    }

    /// The items of a list; none where it is absent or null.
    pub(super) fn items(&self, property: &'static str) -> Result<&'v [Value], MessageError> {
        match self.optional(property) {
            None => Ok(&[]),
            Some(value) => value.items().ok_or_else(|| self.improper(property)),
        }
    }

    /// The same message, one level further in.
    pub(super) fn inside(&self, value: &'v Value) -> Self {
        Self { message: self.message, value }
    }
}
