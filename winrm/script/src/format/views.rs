//! Which properties of a type are shown: `data/display.tsv`, made by `tools/display_table.py`, searched in place.
//!
//! A line is a type's name, `T` for a table or `L` for a list (small where the type has no view of its own and only says
//! which properties count), and its columns with `|` between them: the label, the
//! property, the width and `r` where the column stands on the right.

use super::table::{Alignment, Column};
use crate::value::Value;

/// How a type is shown.
pub(crate) struct View {
    pub(crate) kind: Kind,
    /// The column and the property in it.
    pub(crate) columns: Vec<(Column, String)>,
    /// Whether the type has a view: then it is for objects of the type only.
    pub(crate) own: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Table,
    List,
}

/// The view of a value's type, or of the nearest base type that has one.
pub(crate) fn find(value: &Value) -> Option<View> {
    match value {
        Value::Object(object) if !object.is_wrapper() => {
            object.type_names().as_slice().iter().find_map(|name| named(name.as_str()))
        }
        other => named(other.type_name().as_str()),
    }
}

fn named(name: &str) -> Option<View> {
    let line = VIEWS
        .lines()
        .find(|line| line.split('\t').next().is_some_and(|own| own.eq_ignore_ascii_case(name)))?;
    let mut fields = line.split('\t').skip(1);
    let letter = fields.next()?;
    let kind = if letter.eq_ignore_ascii_case("T") { Kind::Table } else { Kind::List };
    let own = letter.chars().all(char::is_uppercase);
    let columns = fields.next()?.split('|').filter_map(column).collect();
    Some(View { kind, columns, own })
}

fn column(text: &str) -> Option<(Column, String)> {
    let mut fields = text.split(':');
    let (label, property) = (fields.next()?, fields.next()?);
    let width = fields.next().and_then(|width| width.parse().ok());
    let alignment = match fields.next() {
        Some("r") => Some(Alignment::Right),
        Some("l") => Some(Alignment::Left),
        _ => None,
    };
    let label = if label.is_empty() { property } else { label };
    Some((Column { label: label.to_owned(), width, alignment, format: None }, property.to_owned()))
}

const VIEWS: &str = include_str!("../../data/display.tsv");
