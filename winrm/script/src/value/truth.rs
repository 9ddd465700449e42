//! Whether a value is true.

use super::Value;

impl Value {
    /// Whether the value counts as true in a condition.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Char(unit) => *unit != 0,
            Self::Single(number) => *number != 0.0,
            Self::Double(number) => *number != 0.0,
            Self::Decimal(number) => number.coefficient() != 0,
            Self::String(text) => !text.as_str().is_empty(),
            Self::Enum(value) => value.number != 0,
            Self::Array(array) => match array.len() {
                0 => false,
                // One item decides, unless it is a sequence itself: that is true.
                1 => array.item(0).is_some_and(|item| match item {
                    Self::Array(inner) => !inner.is_empty(),
                    other => other.is_true(),
                }),
                _ => true,
            },
            Self::Object(object) => object.wrapped().is_none_or(|value| value.is_true()),
            other => other.as_integer().is_none_or(|number| number != 0),
        }
    }
}
