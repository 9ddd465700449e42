//! Order as Sort-Object, Group-Object and their kin see it: whatever has none is compared as text.

use std::cmp::Ordering;

use super::{RUNTIME, base_equals, collate, collation, compare, same_text};
use crate::tree::Case;
use crate::value::format_operator::to_display;
use crate::value::{Fault, Outcome, Value};

/// The order of two values, as sorting sees it. It need not be one: `1` is less than `'a'`, but what is less than a string
/// depends on which of the two comes first.
///
/// # Errors
/// Only refusals.
pub fn sort_order(left: &Value, right: &Value, case: Case) -> Outcome<Ordering> {
    let (left, right) = (&left.base(), &right.base());
    let as_text = || collate(&text_of(left), &text_of(right), case);
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => compare(left, right, case),
        (Value::String(_), _) => as_text(),
        _ => match compare(left, right, case) {
            Err(Fault::Thrown(_)) => as_text(),
            order => order,
        },
    }
}

/// Whether two values stand in one group of the formatters' `-GroupBy`.
///
/// # Errors
/// `PSObjectCompareTo` where a property bag is compared with anything but itself.
pub(crate) fn same_group(new: &Value, old: &Value) -> Outcome<bool> {
    Ok(are_equal(new, old)? || are_equal(old, new)?)
}

fn are_equal(left: &Value, right: &Value) -> Outcome<bool> {
    let (left, right) = (&left.base(), &right.base());
    let text =
        |value: &Value| if is_bag(value) { value.to_text().as_str().to_owned() } else { text_of(value) };
    let as_text = || same_text(&text(left).into(), &text(right).into(), Case::Insensitive);
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(other.is_null()),
        (Value::String(_), _) => as_text(),
        (Value::Object(_), _) if is_bag(left) => {
            if base_equals(left, right, Case::Insensitive)? {
                Ok(true)
            } else {
                Err(uncomparable(left, right))
            }
        }
        _ => match compare(left, right, Case::Insensitive) {
            Ok(order) => Ok(order.is_eq()),
            Err(Fault::Thrown(_)) => as_text(),
            Err(fault) => Err(fault),
        },
    }
}

/// Whether a value is a property bag, which is equal to nothing but itself where it is not looked into.
pub(crate) fn is_bag(value: &Value) -> bool {
    matches!(value, Value::Object(object) if object.is_custom())
}

/// The error of a property bag that is compared as what it is.
pub(crate) fn uncomparable(bag: &Value, other: &Value) -> Fault {
    let (bag, other) = (bag.to_text(), other.to_text());
    Fault::thrown(
        "PSObjectCompareTo",
        RUNTIME,
        format!(
            "Cannot compare \"{bag}\" to \"{other}\" because the objects are not the same type or the object \"{bag}\" \
             does not implement \"IComparable\"."
        ),
    )
}

/// The text that stands for a value without an order, in culture en-US. A property bag has none of its own.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Array(array) => {
            let items: Vec<String> = array.to_vec().iter().map(element_text).collect();
            items.join(" ")
        }
        other => element_text(other),
    }
}

fn element_text(value: &Value) -> String {
    match value {
        Value::DateTime(_) => to_display(value),
        other => other.to_element_text().as_str().to_owned(),
    }
}

/// A value that is compared many times: what can be prepared for it is.
#[derive(Clone, Debug)]
pub(crate) struct SortKey {
    pub(crate) value: Value,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Integer(i128),
    /// Bytes in the order of the texts.
    Text(Box<[u8]>),
    Other,
}

/// A key that is the same as another one exactly where their order is that of equals.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum SameKey {
    Integer(i128),
    Text(Box<[u8]>),
}

impl SortKey {
    /// What begins the key.
    pub(super) fn head(&self) -> Head {
        match &self.form {
            Form::Integer(number) => Head::of_integer(*number),
            Form::Text(text) => Head::of_text(text),
            Form::Other => Head::NONE,
        }
    }

    /// What can be looked up instead of being compared; keys of two kinds are not to be looked up together.
    pub(crate) fn same_key(&self) -> Option<SameKey> {
        match &self.form {
            Form::Integer(number) => Some(SameKey::Integer(*number)),
            Form::Text(text) => Some(SameKey::Text(text.clone())),
            Form::Other => None,
        }
    }

    pub(crate) fn new(value: Value, case: Case) -> Self {
        let form = match &value {
            Value::String(text) => collation::ascii_key(text.as_str(), case).map_or(Form::Other, Form::Text),
            other => other.as_integer().map_or(Form::Other, Form::Integer),
        };
        Self { value, form }
    }

    /// As [`sort_order`].
    pub(crate) fn order(&self, other: &Self, case: Case) -> Outcome<Ordering> {
        match (&self.form, &other.form) {
            (Form::Integer(left), Form::Integer(right)) => Ok(left.cmp(right)),
            (Form::Text(left), Form::Text(right)) => Ok(left.cmp(right)),
            _ => sort_order(&self.value, &other.value, case),
        }
    }
}

/// The beginning of a key, which tells most keys of its kind apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: HeadKind,
    pub(super) bits: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadKind {
    /// The number itself, moved so that it has no sign.
    Integer,
    /// Seven bytes of the text, and how many it has: eight for all that are longer.
    Text,
    /// Nothing.
    Other,
}

impl Head {
    pub(super) const NONE: Self = Self { kind: HeadKind::Other, bits: 0 };

    fn of_integer(number: i128) -> Self {
        match u64::try_from(number - i128::from(i64::MIN)) {
            Ok(bits) => Self { kind: HeadKind::Integer, bits },
            Err(_) => Self::NONE,
        }
    }

    fn of_text(text: &[u8]) -> Self {
        let mut bytes = [0; 8];
        for (slot, byte) in bytes.iter_mut().zip(text.iter().take(7)) {
            *slot = *byte;
        }
        bytes[7] = u8::try_from(text.len()).unwrap_or(u8::MAX).min(LONGER);
        Self { kind: HeadKind::Text, bits: u64::from_be_bytes(bytes) }
    }
}

impl HeadKind {
    /// The order of two keys of this kind, where their heads decide it.
    pub(super) fn order(self, left: u64, right: u64) -> Option<Ordering> {
        let decides = match self {
            Self::Integer => true,
            Self::Text => left != right || left & 0xFF < u64::from(LONGER),
            Self::Other => false,
        };
        decides.then(|| left.cmp(&right))
    }
}

/// The length of a text that has more bytes than a head.
const LONGER: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Members, Object};

    #[test]
    fn what_has_no_order_is_compared_as_text() {
        let bag = || Value::Object(Object::custom(Members::new().with("X", 1)));
        let date: Value = crate::value::convert::convert(
            &"2026-03-04T05:06:07".into(),
            crate::value::Type::Plain(crate::value::type_name::Plain::DateTime),
        )
        .unwrap();
        for (left, right, expected) in [
            // Bags look alike, and like nothing.
            (bag(), bag(), Ordering::Equal),
            ("".into(), bag(), Ordering::Equal),
            (bag(), 5.into(), Ordering::Less),
            // An array's items count, not its type's name.
            (Value::array(vec![1.into(), 2.into()]), "1 2".into(), Ordering::Equal),
            (Value::array(Vec::new()), "".into(), Ordering::Equal),
            // A date is written as the culture writes it: 3/4/2026, not 03/04/2026.
            ("3/1".into(), date.clone(), Ordering::Less),
            (date, "1.5".into(), Ordering::Greater),
            // The left one decides: anything is `true`.
            (true.into(), 5.into(), Ordering::Equal),
            (5.into(), true.into(), Ordering::Greater),
        ] {
            let own = sort_order(&left, &right, Case::Insensitive).unwrap();
            assert_eq!(own, expected, "{left:?} {right:?}");
        }
    }

    #[test]
    fn a_bag_is_in_no_group_but_its_own() {
        let bag = Value::Object(Object::custom(Members::new().with("X", 1)));
        assert!(same_group(&bag, &bag).unwrap());
        assert!(same_group(&"@{X=1}".into(), &bag).unwrap());
        assert!(!same_group(&Value::Null, &bag).unwrap());
        assert!(
            matches!(same_group(&5.into(), &bag), Err(Fault::Thrown(thrown)) if thrown.id == "PSObjectCompareTo")
        );
    }
}
