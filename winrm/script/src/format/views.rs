//! Which properties of a type are shown: two tables, whose lines are found by an index of the types' names.
//!
//! `data/views.tsv` is written by hand: the views that only Windows has, or whose columns PowerShell computes.
//! `data/display.tsv` has the others, as measured, and is made by `tools/display_table.py`.
//!
//! A line is a type's name, `T` for a table or `L` for a list (small where the type has no view of its own and only says
//! which properties count), its columns with `|` between them, and what its rows are grouped by, as `Property=Label`. A
//! column is its label, its content, its width, and `r` or `l` for the side on which it stands, with `:` between them; its
//! content is a property (or several with `/`, of which the first that there is counts), or a [`Formula`] of one.

mod formula;

use std::collections::HashMap;
use std::sync::LazyLock;

use self::formula::Formula;
use super::table::{Alignment, Column, Group, Row};
use crate::evaluate::display::field;
use crate::value::{Outcome, Value};

/// How a type is shown.
pub(crate) struct View {
    pub(crate) kind: Kind,
    columns: Vec<(Column, Content)>,
    group_by: Option<GroupBy>,
    /// The line without the type's name, where the type has a view: then it is for objects of types with the same.
    own: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Table,
    List,
}

/// What stands in a column.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The first of them that an object has.
    properties: Vec<String>,
    formula: Option<Formula>,
}

/// Rows with the same value of a property stand under one heading.
#[derive(Clone, Debug)]
struct GroupBy {
    property: String,
    label: String,
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

impl View {
    /// A view without a type's own table or list: these properties.
    pub(crate) fn of_properties(names: impl IntoIterator<Item = String>) -> Self {
        let columns = names.into_iter().map(|name| (Column::plain(name.as_str()), Content::property(name)));
        Self { kind: Kind::Table, columns: columns.collect(), group_by: None, own: None }
    }

    /// Whether objects without this view must not be shown by it.
    pub(crate) fn is_of_type(&self) -> bool {
        self.own.is_some()
    }

    /// Whether another type's objects are shown in the same table or list.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.own.is_some() && self.own == other.own
    }

    /// The columns of a table.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(column, _)| column.clone()).collect()
    }

    /// The properties that it shows of an object.
    pub(crate) fn properties(&self, value: &Value) -> Vec<String> {
        self.columns.iter().map(|(_, content)| content.name_in(value).to_owned()).collect()
    }

    /// An object's row in a table. Rows come in order: `last` is the one before.
    pub(crate) fn row(&self, value: &Value, last: Option<&Row>) -> Outcome<Row> {
        let read = |content: &Content| match self.own {
            Some(_) => content.read(value),
            // Where the first object has a `Count`, that of one which has none is 1.
            None => field(value, content.name_in(value)),
        };
        let cells = self.columns.iter().map(|(_, content)| read(content));
        let cells = cells.collect::<Outcome<Vec<_>>>()?;
        let group = match &self.group_by {
            Some(group_by) => group_by.group(value, last.and_then(|row| row.group.as_ref()))?,
            None => None,
        };
        Ok(Row { cells, group, after: Vec::new() })
    }
}

impl Content {
    fn property(name: String) -> Self {
        Self { properties: vec![name], formula: None }
    }

    fn parse(text: &str) -> Option<Self> {
        let (formula, names) = match text.split_once('(') {
            None => (None, text),
            Some((formula, names)) => (Some(Formula::named(formula)?), names.strip_suffix(')')?),
        };
        Some(Self { properties: names.split('/').map(str::to_owned).collect(), formula })
    }

    /// The property that is shown of this value, or the one that is missing.
    fn name_in(&self, value: &Value) -> &str {
        let there = |name: &&String| matches!(own(value, name), Ok(Some(_)));
        let name = self.properties.iter().find(there).or(self.properties.first());
        name.map(String::as_str).unwrap_or_default()
    }

    fn read(&self, value: &Value) -> Outcome<Option<Value>> {
        let read = match self.properties.as_slice() {
            [one] => own(value, one)?,
            _ => own(value, self.name_in(value))?,
        };
        match self.formula {
            None => Ok(read),
            Some(formula) => Ok(Some(formula.of(&read.unwrap_or_default()))),
        }
    }
}

impl GroupBy {
    fn group(&self, value: &Value, last: Option<&Group>) -> Outcome<Option<Group>> {
        let Some(own) = field(value, &self.property)? else { return Ok(None) };
        let text = own.to_text();
        // Items name their folder with its provider before it.
        let shown = text.as_str().split_once("::").map_or(text.as_str(), |(_, path)| path);
        let number = match last {
            Some(last) if last.value.to_text().as_str() == shown => last.number,
            Some(last) => last.number + 1,
            None => 0,
        };
        Ok(Some(Group { number, label: self.label.clone(), value: Value::string(shown) }))
    }
}

/// A property of its own: a folder has no length, though every object has a `Length` in a script.
fn own(value: &Value, name: &str) -> Outcome<Option<Value>> {
    match value {
        Value::Object(object) if !object.is_wrapper() => Ok(object.property(name)),
        other => field(other, name),
    }
}

fn named(name: &str) -> Option<View> {
    // What came from a host by way of another one.
    let name = name.strip_prefix("Deserialized.").unwrap_or(name);
    LINES.get(&name.to_ascii_lowercase()).copied().and_then(read)
}

/// The line of each type by its name in small letters; what is written by hand comes before what was measured.
static LINES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut lines = HashMap::new();
    for line in BY_HAND.lines().chain(MEASURED.lines()) {
        let name = line.split('\t').next().unwrap_or_default();
        lines.entry(name.to_ascii_lowercase()).or_insert(line);
    }
    lines
});

fn read(line: &'static str) -> Option<View> {
    let (_, view) = line.split_once('\t')?;
    let mut fields = view.split('\t');
    let letter = fields.next()?;
    let kind = if letter.eq_ignore_ascii_case("T") { Kind::Table } else { Kind::List };
    let own = letter.chars().all(char::is_uppercase).then_some(view);
    let columns = fields.next()?.split('|').filter_map(column).collect();
    let group_by = fields.next().and_then(|text| text.split_once('='));
    let group_by =
        group_by.map(|(property, label)| GroupBy { property: property.to_owned(), label: label.to_owned() });
    Some(View { kind, columns, group_by, own })
}

fn column(text: &str) -> Option<(Column, Content)> {
    let mut fields = text.split(':');
    let (label, content) = (fields.next()?, Content::parse(fields.next()?)?);
    let width = fields.next().and_then(|width| width.parse().ok());
    let alignment = match fields.next() {
        Some("r") => Some(Alignment::Right),
        Some("l") => Some(Alignment::Left),
        _ => None,
    };
    let label = if label.is_empty() { content.properties.first()?.as_str() } else { label };
    Some((Column { label: label.to_owned(), width, alignment, format: None }, content))
}

const BY_HAND: &str = include_str!("../../data/views.tsv");

const MEASURED: &str = include_str!("../../data/display.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_whole() {
        for line in BY_HAND.lines().chain(MEASURED.lines()) {
            let columns = line.split('\t').nth(2).unwrap().split('|').count();
            let view = read(line).unwrap();
            assert_eq!(view.columns.len(), columns, "{line}");
            assert_eq!(view.group_by.is_some(), line.split('\t').count() == 4, "{line}");
        }
    }
}
