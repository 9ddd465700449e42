//! Format-Table, Format-List and Format-Wide.

use std::sync::Arc;

use super::Stage;
use super::property::{Source, Spec, existing};
use crate::evaluate::arguments::Bound;
use crate::evaluate::display::{field, fields_of};
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::format::views::{self, Kind};
use crate::format::{Alignment, Body, Column, Document, Entry, Group, List, Row, Table, Wide};
use crate::tree::Case;
use crate::value::Value;
use crate::value::compare::same_group;
use crate::value::text::text_size;

const OPTIONS: [&str; 4] = ["width", "alignment", "formatstring", "depth"];

pub(super) fn table(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let mut format = Format::new(&mut bound)?;
    let wrap = bound.switch("Wrap");
    let hide_headers = bound.switch("HideTableHeaders");
    format.auto_size = bound.switch("AutoSize");
    bound.switch("RepeatHeader");
    bound.finish("Format-Table")?;
    format.layout = Layout::Table { wrap, hide_headers };
    Ok(Box::new(format))
}

pub(super) fn list(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let mut format = Format::new(&mut bound)?;
    bound.finish("Format-List")?;
    format.layout = Layout::List;
    Ok(Box::new(format))
}

pub(super) fn wide(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let mut format = Format::new(&mut bound)?;
    let auto = bound.switch("AutoSize");
    let columns = bound.count("Column")?;
    bound.finish("Format-Wide")?;
    format.layout = Layout::Wide { columns: if auto { None } else { Some(columns.unwrap_or(2)) } };
    Ok(Box::new(format))
}

enum Layout {
    Table { wrap: bool, hide_headers: bool },
    List,
    Wide { columns: Option<usize> },
}

impl Layout {
    /// How the command's errors end their identifiers.
    fn command(&self) -> &'static str {
        match self {
            Self::Table { .. } => "Microsoft.PowerShell.Commands.FormatTableCommand",
            Self::List => "Microsoft.PowerShell.Commands.FormatListCommand",
            Self::Wide { .. } => "Microsoft.PowerShell.Commands.FormatWideCommand",
        }
    }
}

struct Format {
    properties: Vec<Spec>,
    group_by: Option<Spec>,
    layout: Layout,
    input: Option<Value>,
    items: Vec<Value>,
    /// The group of the last item.
    group: Option<Group>,
    /// Columns are as wide as they need, whatever their view says.
    auto_size: bool,
}

impl Format {
    fn new(bound: &mut Bound) -> Flow<Self> {
        let properties = match bound.take("Property") {
            Some(value) => Spec::read(value, &OPTIONS)?,
            None => Vec::new(),
        };
        let group_by = match bound.take("GroupBy") {
            Some(value) => Spec::read(value, &OPTIONS)?.into_iter().next(),
            None => None,
        };
        for name in ["Force", "ShowError", "DisplayError"] {
            bound.switch(name);
        }
        if bound.take("View").is_some() || bound.take("Expand").is_some() {
            return Err(Unwind::refused("-View and -Expand of the formatters"));
        }
        let input = bound.take("InputObject");
        Ok(Self {
            properties,
            group_by,
            layout: Layout::List,
            input,
            items: Vec::new(),
            group: None,
            auto_size: false,
        })
    }

    /// The group of an item. One without a value stays in the group before it.
    async fn group(&mut self, interpreter: &mut Interpreter, item: &Value) -> Flow<Option<Group>> {
        let Some(spec) = self.group_by.clone() else { return Ok(None) };
        let found = match &spec.source {
            Source::Block(block) => Some((spec.name(), interpreter.calculated(block, item).await?)),
            Source::Name(name) => existing(item, name)?,
        };
        let Some((label, value)) = found else { return Ok(self.group.clone()) };
        let before = self.group.as_ref().map_or(Value::Null, |group| group.value.clone());
        let same =
            same_group(&value, &before).map_err(|fault| Unwind::of_command(fault, self.layout.command()))?;
        // A first group without a value has no name either.
        let (number, label) = match &self.group {
            Some(group) if same => (group.number, group.label.clone()),
            None if same => (0, spec.label.clone().unwrap_or_default()),
            group => {
                (group.as_ref().map_or(0, |group| group.number + 1), spec.label.clone().unwrap_or(label))
            }
        };
        let group = Group { number, label, value };
        self.group = Some(group.clone());
        Ok(Some(group))
    }

    /// The properties that wildcards stand for, by the first object.
    fn resolved(&self, first: &Value) -> Flow<Vec<Spec>> {
        let mut resolved = Vec::new();
        for spec in &self.properties {
            match &spec.source {
                Source::Name(name) if super::property::is_wildcard(name) => {
                    let pattern = crate::value::pattern::Wildcard::new(name, Case::Insensitive)?;
                    for own in fields_of(first) {
                        if pattern.matches(&own)? {
                            resolved.push(Spec {
                                label: None,
                                source: Source::Name(own),
                                options: spec.options.clone(),
                            });
                        }
                    }
                }
                _ => resolved.push(spec.clone()),
            }
        }
        Ok(resolved)
    }

    /// A property's value. Where the first object has it, `Count` of one that has not is one.
    async fn cell(
        &self,
        interpreter: &mut Interpreter,
        spec: &Spec,
        item: &Value,
        first: &Value,
    ) -> Flow<Option<Value>> {
        match &spec.source {
            Source::Block(block) => interpreter.calculated(block, item).await.map(Some),
            Source::Name(name) if existing(first, name)?.is_some() => Ok(field(item, name)?),
            Source::Name(name) => Ok(existing(item, name)?.map(|(_, value)| value)),
        }
    }

    /// The table that is the view of the first object's type, where nothing else is asked for.
    fn view(&self, items: &[Value]) -> Flow<Option<Table>> {
        let Some(view) = items.first().and_then(views::find) else { return Ok(None) };
        if !self.properties.is_empty() || self.group_by.is_some() || view.kind != Kind::Table {
            return Ok(None);
        }
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            if !matches!(item, Value::Object(_)) {
                return Ok(None);
            }
            rows.push(view.row(item, rows.last())?);
        }
        let mut columns = view.columns();
        if self.auto_size {
            columns.iter_mut().for_each(|column| column.width = None);
        }
        Ok(Some(Table { columns, rows, ..Table::default() }))
    }

    async fn table(
        &mut self,
        interpreter: &mut Interpreter,
        items: &[Value],
        wrap: bool,
        hide: bool,
    ) -> Flow<Table> {
        let Some(first) = items.first() else { return Ok(Table::default()) };
        interpreter.room(items.iter().map(text_size).fold(0, usize::saturating_add))?;
        if let Some(mut table) = self.view(items)? {
            (table.wrap, table.hide_headers) = (wrap, hide);
            return Ok(table);
        }
        let specs = if self.properties.is_empty() {
            fields_of(first)
                .into_iter()
                .take(DEFAULT_COLUMNS)
                .map(|name| Spec { label: None, source: Source::Name(name), options: Vec::new() })
                .collect()
        } else {
            self.resolved(first)?
        };
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            interpreter.breathe().await?;
            let mut cells = Vec::with_capacity(specs.len());
            for spec in &specs {
                cells.push(self.cell(interpreter, spec, item, first).await?);
            }
            let group = self.group(interpreter, item).await?;
            rows.push(Row { cells, group, after: Vec::new() });
        }
        let mut columns = Vec::with_capacity(specs.len());
        for spec in &specs {
            columns.push(column(spec, first)?);
        }
        Ok(Table { columns, rows, wrap, hide_headers: hide })
    }

    async fn list(&mut self, interpreter: &mut Interpreter, items: &[Value]) -> Flow<List> {
        interpreter.room(items.iter().map(text_size).fold(0, usize::saturating_add))?;
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            interpreter.breathe().await?;
            let mut fields = Vec::new();
            if self.properties.is_empty() {
                for name in fields_of(item) {
                    let value = field(item, &name)?.unwrap_or_default();
                    fields.push((name, value, None));
                }
            } else {
                for spec in self.resolved(item)? {
                    let format =
                        spec.option("formatstring").map(|format| format.to_text().as_str().to_owned());
                    if let Some(value) = self.cell(interpreter, &spec, item, item).await? {
                        fields.push((spelled(&spec, item), value, format));
                    }
                }
            }
            let group = self.group(interpreter, item).await?;
            entries.push(Entry { fields, group, after: Vec::new() });
        }
        Ok(List { entries })
    }

    async fn wide(
        &self,
        interpreter: &mut Interpreter,
        items: &[Value],
        columns: Option<usize>,
    ) -> Flow<Wide> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            interpreter.breathe().await?;
            let value = match self.properties.first() {
                // What lacks the property has no `Count` of its own here.
                Some(Spec { source: Source::Name(name), .. }) => {
                    existing(item, name)?.map(|(_, value)| value)
                }
                Some(spec) => self.cell(interpreter, spec, item, item).await?,
                None => match fields_of(item).first() {
                    Some(name) => {
                        let names = fields_of(item);
                        let name = names.iter().find(|own| own.eq_ignore_ascii_case("Name")).unwrap_or(name);
                        field(item, name)?
                    }
                    None => Some(item.clone()),
                },
            };
            values.push(value.unwrap_or_default());
        }
        Ok(Wide { values, columns })
    }
}

/// A property's label: as the object spells it.
fn spelled(spec: &Spec, item: &Value) -> String {
    match (&spec.label, &spec.source) {
        (None, Source::Name(name)) => fields_of(item)
            .into_iter()
            .find(|own| own.eq_ignore_ascii_case(name))
            .unwrap_or_else(|| name.clone()),
        _ => spec.name(),
    }
}

fn column(spec: &Spec, first: &Value) -> Flow<Column> {
    let width = match spec.option("width") {
        None => None,
        Some(value) => match value.as_integer().and_then(|width| usize::try_from(width).ok()) {
            Some(width) if width > 0 => Some(width),
            _ => return Err(Unwind::refused("this width of a column")),
        },
    };
    let alignment = match spec.option("alignment") {
        None => None,
        Some(value) => match value.to_text().as_str().to_ascii_lowercase().as_str() {
            "left" => Some(Alignment::Left),
            "right" => Some(Alignment::Right),
            "center" => Some(Alignment::Center),
            _ => return Err(Unwind::refused("this alignment of a column")),
        },
    };
    let format = spec.option("formatstring").map(|format| format.to_text().as_str().to_owned());
    Ok(Column { label: spelled(spec, first), width, alignment, format })
}

impl Stage for Format {
    fn alone<'a>(&'a mut self, _: &'a mut Interpreter) -> Turn<'a, ()> {
        self.items = self.input.take().map(Value::into_items).unwrap_or_default();
        Box::pin(async { Ok(()) })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        if !item.is_null() {
            self.items.push(item);
        }
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let items = std::mem::take(&mut self.items);
            if items.is_empty() {
                return Ok(());
            }
            // Values without properties are shown as they are.
            if self.properties.is_empty()
                && items.iter().all(|item| fields_of(item).is_empty() || item.as_str().is_some())
            {
                for item in items {
                    interpreter.emit(item).await?;
                }
                return Ok(());
            }
            let body = match self.layout {
                Layout::Table { wrap, hide_headers } => {
                    Body::Table(self.table(interpreter, &items, wrap, hide_headers).await?)
                }
                Layout::List => Body::List(self.list(interpreter, &items).await?),
                Layout::Wide { columns } => Body::Wide(self.wide(interpreter, &items, columns).await?),
            };
            interpreter.emit(Value::Document(Arc::new(Document::new(body)))).await
        })
    }
}

/// As many properties are shown where none is named.
const DEFAULT_COLUMNS: usize = 10;
