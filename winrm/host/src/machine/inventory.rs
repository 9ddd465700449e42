//! What the machine has that never changes: tables in `inventory/*.tsv`, one for each command or CIM class that lists it.
//!
//! A table begins with `[Name]`, then `types` and `columns`, then a row a line. A column is a property's name, with `:` and
//! a type behind it unless it is a string, and `+` before it where it only serves to select, before a shown one of its name. `-` is null. The types are
//! those of .NET in lower case, `strings` (with `, ` between them), `enum TYPE` (`Name=1`), `ago` (days before the machine
//! started), `span` (seconds) and `host` (the machine's name).

use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, PsString, Value};

use super::Machine;

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    types: Vec<&'static str>,
    columns: Vec<Column>,
    rows: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    name: &'static str,
    kind: &'static str,
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Always,
    /// It only serves to select.
    Never,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Everything that the row says, for selecting.
    pub(super) facts: Properties,
    /// What an object of it shows.
    pub(super) properties: Properties,
}

impl Table {
    /// The table of that name, in any case, spelled as it is written.
    pub(super) fn named(name: &str) -> Option<(&'static str, Self)> {
        let headline = |line: &'static str| line.strip_prefix('[')?.strip_suffix(']');
        FILES.iter().find_map(|file| {
            let mut lines = file.lines();
            let own = lines
                .by_ref()
                .find_map(|line| headline(line).filter(|own| own.eq_ignore_ascii_case(name)))?;
            let mut table = Self { types: Vec::new(), columns: Vec::new(), rows: Vec::new() };
            for line in lines.take_while(|line| !line.is_empty()) {
                match line.split_once('\t') {
                    Some(("types", types)) => table.types = types.split('\t').collect(),
                    Some(("columns", columns)) => {
                        table.columns = columns.split('\t').map(Column::read).collect();
                    }
                    _ => table.rows.push(line),
                }
            }
            Some((own, table))
        })
    }

    /// The rows as the machine has them.
    pub(super) fn rows(&self, machine: &Machine) -> Vec<Row> {
        self.rows.iter().map(|line| self.row(line, machine)).collect()
    }

    fn row(&self, line: &str, machine: &Machine) -> Row {
        let (mut facts, mut properties) = (Properties::new(), Properties::new());
        for (column, cell) in self.columns.iter().zip(line.split('\t')) {
            let value = column.value(cell, machine);
            if facts.value(column.name).is_none() {
                facts.set(column.name.into(), value.clone());
            }
            if column.shown == Shown::Always {
                properties.set(column.name.into(), value);
            }
        }
        Row { facts, properties }
    }

    /// An object with these properties.
    pub(super) fn object(&self, properties: Properties) -> Value {
        let key = ["Name", "TaskName", "DeviceID", "Caption"].iter().find_map(|name| properties.value(name));
        let shown = match (self.class(), key) {
            (Some(class), Some(key)) => PsString::from(format!("{class} (Name = \"{key}\")").as_str()),
            (Some(class), None) => class.into(),
            (None, Some(key)) => key.to_string().as_str().into(),
            (None, None) => self.types.first().copied().unwrap_or_default().into(),
        };
        let adapted = match self.class() {
            Some(_) => properties.with("PSComputerName", Value::Null),
            None => properties,
        };
        Value::object(Object { to_string: Some(shown), adapted, ..Object::typed(&self.types) })
    }

    /// The CIM class, where the objects are instances of one.
    pub(super) fn class(&self) -> Option<&'static str> {
        self.types.get(1)?.strip_prefix("Microsoft.Management.Infrastructure.CimInstance#")
    }
}

impl Column {
    fn read(text: &'static str) -> Self {
        let (name, kind) = text.split_once(':').unwrap_or((text, "string"));
        match name.strip_prefix('+') {
            Some(name) => Self { name, kind, shown: Shown::Never },
            None => Self { name, kind, shown: Shown::Always },
        }
    }

    fn value(self, cell: &str, machine: &Machine) -> Value {
        if cell == "-" {
            return Value::Null;
        }
        if let Some(type_name) = self.kind.strip_prefix("enum ") {
            let (name, number) = cell.split_once('=').unwrap_or((cell, "0"));
            return Value::enumeration(type_name, name, number.parse().unwrap_or_default());
        }
        typed(self.kind, cell, machine).unwrap_or(Value::Null)
    }
}

/// A value that is written as text; nothing where the text is none of that type.
pub(super) fn typed(kind: &str, text: &str, machine: &Machine) -> Option<Value> {
    Some(match kind {
        "bool" => Value::Boolean(text.parse().ok()?),
        "byte" => Value::Byte(text.parse().ok()?),
        "char" => Value::Char(text.encode_utf16().next()?),
        "int32" => Value::Int32(text.parse().ok()?),
        "int64" => Value::Int64(text.parse().ok()?),
        "uint16" => Value::UInt16(text.parse().ok()?),
        "uint32" => Value::UInt32(text.parse().ok()?),
        "uint64" => Value::UInt64(text.parse().ok()?),
        "double" => Value::Double(text.parse().ok()?),
        "span" => Value::Duration(format!("PT{text}S").parse().ok()?),
        "host" => Value::from(machine.hostname()),
        "ago" => {
            let days: f64 = text.parse().ok()?;
            let span = Duration::try_from_secs_f64(days.abs() * 86_400.0).ok()?;
            let then = if days < 0.0 { machine.started.after(span) } else { machine.started.before(span) };
            then.to_value()
        }
        "strings" => {
            let items = text.split(", ").filter(|_| !text.is_empty());
            Value::array(items.map(Value::from).collect())
        }
        _ => Value::from(text.replace("WEB-01", machine.hostname()).as_str()),
    })
}

const FILES: [&str; 4] = [
    include_str!("inventory/classes.tsv"),
    include_str!("inventory/network.tsv"),
    include_str!("inventory/setup.tsv"),
    include_str!("inventory/storage.tsv"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::record::Record;

    #[test]
    fn every_cell_is_what_its_column_says() {
        let machine = Machine::new("WEB-01".to_owned(), &[], Clock::System, Record::new());
        let headlines = FILES.iter().flat_map(|file| file.lines()).filter_map(|line| line.strip_prefix('['));
        for name in headlines.filter_map(|line| line.strip_suffix(']')) {
            let (_, table) = Table::named(name).unwrap();
            assert!(!table.rows.is_empty() && !table.types.is_empty(), "{name}");
            for (line, row) in table.rows.iter().zip(table.rows(&machine)) {
                assert_eq!(line.split('\t').count(), table.columns.len(), "{name}: {line}");
                for (column, cell) in table.columns.iter().zip(line.split('\t')) {
                    let from = if column.shown == Shown::Always { &row.properties } else { &row.facts };
                    let value = from.value(column.name).unwrap();
                    assert_eq!(*value == Value::Null, cell == "-", "{name}: {line}: {}", column.name);
                }
            }
        }
    }
}
