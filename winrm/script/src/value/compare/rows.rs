//! The keys of many rows that are compared with each other, kept so that most comparisons read little.

use std::cmp::Ordering;

use super::SortKey;
use super::sorting::{Head, HeadKind};
use crate::tree::Case;
use crate::value::{Outcome, Value};

/// The keys of rows, as many for each row.
#[derive(Debug)]
pub(crate) struct KeyRows {
    case: Case,
    columns: Vec<Column>,
    /// Row by row; `None` where a row lacks the property.
    keys: Vec<Option<SortKey>>,
    /// One for each key, apart from them because they are read far more often.
    heads: Vec<u64>,
}

#[derive(Debug)]
struct Column {
    descending: bool,
    /// What all heads so far are of; `None` before the first one.
    kind: Option<HeadKind>,
}

impl KeyRows {
    /// No rows; for each of their keys, whether the largest comes first.
    pub(crate) fn new(case: Case, descending: impl IntoIterator<Item = bool>) -> Self {
        let columns = descending.into_iter().map(|descending| Column { descending, kind: None }).collect();
        Self { case, columns, keys: Vec::new(), heads: Vec::new() }
    }

    /// Adds a row. It has as many keys as there are columns.
    pub(crate) fn push(&mut self, keys: impl IntoIterator<Item = Option<Value>>) {
        for (column, value) in self.columns.iter_mut().zip(keys) {
            let key = value.map(|value| SortKey::new(value, self.case));
            let Head { kind, bits } = key.as_ref().map_or(Head::NONE, SortKey::head);
            if *column.kind.get_or_insert(kind) != kind {
                column.kind = Some(HeadKind::Other);
            }
            self.keys.push(key);
            self.heads.push(bits);
        }
    }

    /// Lets go of all rows.
    pub(crate) fn clear(&mut self) {
        (self.keys, self.heads) = (Vec::new(), Vec::new());
    }

    /// How many bytes a row takes, without what its values hold.
    pub(crate) fn row_size(&self) -> usize {
        self.columns.len() * (size_of::<Option<SortKey>>() + size_of::<u64>())
    }

    /// The values of a row.
    pub(crate) fn values(&self, row: usize) -> Vec<Option<Value>> {
        part(&self.keys, row, self.columns.len())
            .iter()
            .map(|key| key.as_ref().map(|key| key.value.clone()))
            .collect()
    }

    /// Whether every row has every key, and the keys of each column are all integers or all plain strings.
    pub(crate) fn are_plain(&self) -> bool {
        self.columns.iter().all(|column| column.kind != Some(HeadKind::Other))
    }

    /// The order of two rows, key by key. What lacks a property comes last, whatever the direction.
    ///
    /// # Errors
    /// Only refusals.
    pub(crate) fn order(&self, left: usize, right: usize) -> Outcome<Ordering> {
        let width = self.columns.len();
        let heads = part(&self.heads, left, width).iter().zip(part(&self.heads, right, width));
        for (at, (column, (one, other))) in self.columns.iter().zip(heads).enumerate() {
            let order = match column.kind.and_then(|kind| kind.order(*one, *other)) {
                Some(order) => column.directed(order),
                None => self.order_of_keys(column, left * width + at, right * width + at)?,
            };
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }

    fn order_of_keys(&self, column: &Column, left: usize, right: usize) -> Outcome<Ordering> {
        let key = |at: usize| self.keys.get(at).and_then(Option::as_ref);
        match (key(left), key(right)) {
            (Some(left), Some(right)) => Ok(column.directed(left.order(right, self.case)?)),
            (left, right) => Ok(right.is_some().cmp(&left.is_some())),
        }
    }
}

impl Column {
    fn directed(&self, order: Ordering) -> Ordering {
        if self.descending { order.reverse() } else { order }
    }
}

/// What belongs to a row.
fn part<T>(all: &[T], row: usize, width: usize) -> &[T] {
    all.get(row * width..(row + 1) * width).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::compare::sort_order;

    #[test]
    fn rows_are_ordered_as_their_values_are() {
        let texts = [
            "",
            "a",
            "A",
            "\u{1}a",
            "ab",
            "a b",
            "sevenor",
            "sevenOR",
            "sevenor8",
            "sevenor9",
            "sevenor\u{1}",
            "sevenOr89",
            "é",
            "日",
        ];
        let numbers = [0, 1, -1, i64::MIN, i64::MAX];
        let texts: Vec<Value> = texts.into_iter().map(Value::from).collect();
        let integers: Vec<Value> = numbers.into_iter().map(Value::from).chain([Value::Byte(1)]).collect();
        let large = [Value::UInt64(u64::MAX), Value::UInt64(u64::MAX - 1), Value::Int64(i64::MAX)];
        let mixed = [Value::Int32(5), "5".into(), Value::Double(4.5), Value::Null];
        let plain_texts = texts.get(..12).unwrap();
        for values in [&texts, plain_texts, &integers, large.as_slice(), &mixed] {
            for (case, descending) in [
                (Case::Insensitive, false),
                (Case::Sensitive, false),
                (Case::Insensitive, true),
                (Case::Sensitive, true),
            ] {
                let mut rows = KeyRows::new(case, [false, descending]);
                for value in values {
                    rows.push([Some(7.into()), Some(value.clone())]);
                }
                for (at, left) in values.iter().enumerate() {
                    for (other, right) in values.iter().enumerate() {
                        let order = sort_order(left, right, case).unwrap();
                        let order = if descending { order.reverse() } else { order };
                        assert_eq!(rows.order(at, other).unwrap(), order, "{left:?} {right:?} {case:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_missing_comes_last() {
        for descending in [false, true] {
            let mut rows = KeyRows::new(Case::Insensitive, [descending]);
            for key in [None, Some(1.into()), Some("a".into()), None] {
                rows.push([key]);
            }
            assert!(!rows.are_plain());
            assert_eq!(rows.order(0, 1).unwrap(), Ordering::Greater);
            assert_eq!(rows.order(2, 0).unwrap(), Ordering::Less);
            assert_eq!(rows.order(0, 3).unwrap(), Ordering::Equal);
        }
    }
}
