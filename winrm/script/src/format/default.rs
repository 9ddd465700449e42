//! The display of values that nobody formatted.

use super::list::{Entry, List};
use super::table::{Row, Table};
use super::views::{self, Kind, View};
use crate::evaluate::display::{field, fields_of};
use crate::value::format_operator::to_format;
use crate::value::{Outcome, Value};

/// Writes the first value, and those after it that share its display; says how many.
pub(super) fn write(values: &[Value], width: usize, out: &mut String) -> Outcome<usize> {
    let Some(first) = values.first() else { return Ok(0) };
    if first.is_null() {
        return Ok(1);
    }
    if let Some(text) = plain(first)? {
        out.push_str(&text);
        out.push('\n');
        return Ok(1);
    }
    if is_match(first) {
        let taken = values.iter().take_while(|value| is_match(value)).count();
        out.push('\n');
        for value in values.iter().take(taken) {
            out.push_str(value.to_text().as_str());
            out.push('\n');
        }
        out.push('\n');
        return Ok(taken);
    }
    let shape = Shape::of(first);
    let taken = values.iter().take_while(|value| shape.goes_on_with(value)).count().max(1);
    let (own, _) = values.split_at_checked(taken).unwrap_or((values, &[]));
    match &shape.kind {
        ShapeKind::Table(view) => table(own, view)?.write(width, out),
        ShapeKind::List(names) => list(own, names.as_deref())?.write(width, out),
    }
    Ok(taken)
}

/// What Select-String finds is shown as lines.
fn is_match(value: &Value) -> bool {
    matches!(value, Value::Object(object) if object.type_names().is("Microsoft.PowerShell.Commands.MatchInfo"))
}

/// The line that a value without properties is; `None` where it is shown by its properties.
fn plain(value: &Value) -> Outcome<Option<String>> {
    Ok(Some(match value {
        Value::Object(object) => match object.wrapped() {
            Some(inner) => return plain(&inner),
            None if object.type_names().is("System.Management.Automation.ErrorRecord") => {
                value.to_text().as_str().to_owned()
            }
            None => return Ok(None),
        },
        Value::Table(_) | Value::TimeSpan(_) | Value::Guid(_) | Value::Version(_) => return Ok(None),
        Value::DateTime(time) => format!("\n{}\n", to_format(&Value::DateTime(*time), "F")?),
        Value::Array(_) => super::text::sequence_text(value),
        other => super::text::value_text(other),
    }))
}

/// What is shown of a value, and how.
struct Shape {
    /// The type, where the display is for objects of it only.
    type_name: Option<String>,
    kind: ShapeKind,
}

enum ShapeKind {
    Table(View),
    /// The properties; `None` is all that each object has.
    List(Option<Vec<String>>),
}

impl Shape {
    fn of(value: &Value) -> Self {
        let view = views::find(value);
        let type_name = view.as_ref().filter(|view| view.is_of_type()).map(|_| shape_name(value));
        let kind = match view {
            Some(view) if view.kind == Kind::Table => ShapeKind::Table(view),
            Some(view) => ShapeKind::List(Some(view.properties(value))),
            None => {
                let names = fields_of(value);
                if names.len() <= TABLE_COLUMNS {
                    ShapeKind::Table(View::of_properties(names))
                } else {
                    ShapeKind::List(None)
                }
            }
        };
        Self { type_name, kind }
    }

    /// Whether a later value goes on with the same display; text stands among the objects and ends nothing.
    fn goes_on_with(&self, value: &Value) -> bool {
        match value {
            Value::Document(_) => false,
            Value::Null => true,
            value => match plain(value) {
                Ok(None) => {
                    self.type_name.as_ref().is_none_or(|own| *own == shape_name(value) || self.shares(value))
                }
                Ok(Some(_)) => true,
                Err(_) => false,
            },
        }
    }

    /// Files and folders have one view.
    fn shares(&self, value: &Value) -> bool {
        match &self.kind {
            ShapeKind::Table(view) => views::find(value).is_some_and(|other| view.is_same(&other)),
            ShapeKind::List(_) => false,
        }
    }
}

fn table(values: &[Value], view: &View) -> Outcome<Table> {
    let mut rows: Vec<Row> = Vec::with_capacity(values.len());
    for value in values {
        if value.is_null() {
            continue;
        }
        if let Some(text) = plain(value)? {
            if let Some(last) = rows.last_mut() {
                last.after.push(text);
            }
            continue;
        }
        if let Value::Table(own) = value {
            let mut entries = own.entries();
            if own.shape() == crate::value::Shape::Hashtable {
                // .NET's own order differs from run to run.
                entries.sort_by_key(|(key, _)| key.to_text().as_str().to_owned());
            }
            let row =
                |(key, value)| Row { cells: vec![Some(key), Some(value)], group: None, after: Vec::new() };
            rows.extend(entries.into_iter().map(row));
            continue;
        }
        rows.push(view.row(value, rows.last())?);
    }
    Ok(Table { columns: view.columns(), rows, ..Table::default() })
}

fn list(values: &[Value], names: Option<&[String]>) -> Outcome<List> {
    let mut entries: Vec<Entry> = Vec::with_capacity(values.len());
    for value in values {
        if value.is_null() {
            continue;
        }
        if let Some(text) = plain(value)? {
            if let Some(last) = entries.last_mut() {
                last.after.push(text);
            }
            continue;
        }
        let names = names.map_or_else(|| fields_of(value), <[String]>::to_vec);
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            if let Some(own) = field(value, &name)? {
                fields.push((name, own, None));
            }
        }
        entries.push(Entry { fields, group: None, after: Vec::new() });
    }
    Ok(List { entries })
}

/// Objects of this name are shown together.
fn shape_name(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let name = object.type_name();
            // What was selected is shown like any other property bag.
            if name.as_str().starts_with("Selected.") {
                crate::value::object::CUSTOM.to_owned()
            } else {
                name.as_str().to_owned()
            }
        }
        other => other.type_name().as_str().to_owned(),
    }
}

/// With more properties an object is a list.
const TABLE_COLUMNS: usize = 4;
