//! The display of values that nobody formatted.

use super::list::{Entry, List};
use super::table::{Layout, Row, Table};
use super::views::{self, Kind, View};
use crate::evaluate::display::{field, fields_of};
use crate::value::format_operator::to_format;
use crate::value::{Outcome, Value};

/// What was begun and can go on with the next values.
#[derive(Default)]
pub(super) enum Open {
    #[default]
    Nothing,
    /// What Select-String found.
    Matches,
    List(Shape),
    Table {
        shape: Shape,
        layout: Layout,
        last: Row,
    },
}

impl Open {
    /// Whether a value can be shown without beginning anything whose columns depend on the values that it begins with.
    pub(super) fn takes(&self, value: &Value) -> bool {
        let goes_on = match self {
            Self::Nothing => false,
            Self::Matches => is_match(value),
            Self::List(shape) | Self::Table { shape, .. } => shape.goes_on_with(value),
        };
        goes_on || value.is_null() || matches!(plain(value), Ok(Some(_)))
    }

    /// Writes the first value, and those after it that share its display; says how many.
    pub(super) fn write(&mut self, values: &[Value], width: usize, out: &mut String) -> Outcome<usize> {
        let own = match self {
            Self::Nothing => 0,
            Self::Matches => values.iter().take_while(|value| is_match(value)).count(),
            Self::List(shape) | Self::Table { shape, .. } => {
                values.iter().take_while(|value| shape.goes_on_with(value)).count()
            }
        };
        if own > 0 {
            self.go_on(values.get(..own).unwrap_or_default(), width, out)?;
            return Ok(own);
        }
        self.close(out);
        let Some(first) = values.first() else { return Ok(0) };
        if first.is_null() {
            return Ok(1);
        }
        if let Some(text) = plain(first)? {
            push_line(&text, out);
            return Ok(1);
        }
        if is_match(first) {
            out.push('\n');
            *self = Self::Matches;
            return self.write(values, width, out);
        }
        let shape = Shape::of(first);
        let taken = values.iter().take_while(|value| shape.goes_on_with(value)).count().max(1);
        let own = values.get(..taken).unwrap_or_default();
        *self = match &shape.kind {
            ShapeKind::Table(view) => {
                let table = table(own, view, None, out)?;
                match (table.begin(width, out), table.rows.last()) {
                    (Some(layout), Some(last)) => Self::Table { last: last.clone(), layout, shape },
                    _ => Self::Nothing,
                }
            }
            ShapeKind::List(names) => {
                list(own, names.as_deref(), out)?.begin(width, out);
                Self::List(shape)
            }
        };
        Ok(taken)
    }

    /// Ends what is open.
    pub(super) fn close(&mut self, out: &mut String) {
        match std::mem::take(self) {
            Self::Nothing | Self::List(_) => {}
            Self::Matches | Self::Table { .. } => out.push('\n'),
        }
    }

    fn go_on(&mut self, values: &[Value], width: usize, out: &mut String) -> Outcome<()> {
        match self {
            Self::Nothing => {}
            Self::Matches => values.iter().for_each(|value| push_line(value.to_text().as_str(), out)),
            Self::List(shape) => {
                if let ShapeKind::List(names) = &shape.kind {
                    list(values, names.as_deref(), out)?.go_on(width, out);
                }
            }
            Self::Table { shape, layout, last } => {
                if let ShapeKind::Table(view) = &shape.kind {
                    let table = table(values, view, Some(last), out)?;
                    table.go_on(layout, last, width, out);
                    if let Some(row) = table.rows.last() {
                        *last = row.clone();
                    }
                }
            }
        }
        Ok(())
    }
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
pub(super) struct Shape {
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

/// The rows of these values; `last` is the one before them. Text before the first row is written at once.
fn table(values: &[Value], view: &View, last: Option<&Row>, out: &mut String) -> Outcome<Table> {
    let mut rows: Vec<Row> = Vec::with_capacity(values.len());
    for value in values {
        if value.is_null() {
            continue;
        }
        if let Some(text) = plain(value)? {
            match rows.last_mut() {
                Some(last) => last.after.push(text),
                None => push_line(&text, out),
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
        rows.push(view.row(value, rows.last().or(last))?);
    }
    Ok(Table { columns: view.columns(), rows, ..Table::default() })
}

/// The entries of these values. Text before the first one is written at once.
fn list(values: &[Value], names: Option<&[String]>, out: &mut String) -> Outcome<List> {
    let mut entries: Vec<Entry> = Vec::with_capacity(values.len());
    for value in values {
        if value.is_null() {
            continue;
        }
        if let Some(text) = plain(value)? {
            match entries.last_mut() {
                Some(last) => last.after.push(text),
                None => push_line(&text, out),
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

fn push_line(line: &str, out: &mut String) {
    out.push_str(line);
    out.push('\n');
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
