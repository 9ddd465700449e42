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
            Self::Array(_) | Self::Object(_) => match self.decisive() {
                Ok(truth) => truth,
                Err(plain) => plain.is_true(),
            },
            other => other.as_integer().is_none_or(|number| number != 0),
        }
    }

    /// Whether a sequence or object is true, or the plain value inside that decides it. A loop, for sequences of one
    /// item may lie in each other as deep as a script likes.
    fn decisive(&self) -> Result<bool, Self> {
        let mut value = self.clone();
        loop {
            value = match &value {
                Self::Object(object) => match object.wrapped() {
                    None => return Ok(true),
                    Some(inner) => inner,
                },
                Self::Array(array) => match (array.len(), array.item(0)) {
                    // One item decides, unless it is a sequence itself: that is true where it is not empty.
                    (1, Some(Self::Array(inner))) => return Ok(!inner.is_empty()),
                    (1, Some(item)) => item,
                    (0, _) => return Ok(false),
                    _ => return Ok(true),
                },
                _ => return Err(value),
            };
        }
    }
}
