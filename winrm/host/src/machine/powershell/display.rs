//! Values as text, the way Windows PowerShell's default formatting shows them.

use std::fmt::Write as _;

use winrm_proto::clixml::Value;

mod fitted;

use fitted::{Cell, Fitted};

/// Formats values one after the other; neighbours of one kind share a table.
#[derive(Debug)]
pub(super) struct Display {
    open: Open,
}

/// The table that the last value went to.
#[derive(Debug)]
enum Open {
    None,
    /// Its rows are out already.
    Fixed(&'static View),
    /// Its columns are as wide as the widest cell, so its rows wait.
    Fitted(Fitted),
}

/// A table for a type.
#[derive(Debug)]
struct View {
    type_name: &'static str,
    columns: &'static [Column],
}

#[derive(Debug)]
struct Column {
    label: &'static str,
    width: usize,
    right: bool,
    cell: fn(&Value) -> String,
}

impl Display {
    pub(super) fn new() -> Self {
        Self { open: Open::None }
    }

    /// The text that a value adds. Some of it may come with a later value, or at the end.
    pub(super) fn push(&mut self, value: &Value) -> String {
        let type_name = value.own_object().and_then(|object| object.type_names.first());
        let view = type_name.and_then(|name| VIEWS.iter().find(|view| view.type_name == name));
        if let Some(view) = view {
            return self.push_row(view, value);
        }
        if let Some(row) = fitted::row(value) {
            return self.push_fitted(row);
        }
        let mut text = self.finish();
        text.push_str(&plain(value));
        text
    }

    /// What closes an open table.
    pub(super) fn finish(&mut self) -> String {
        match std::mem::replace(&mut self.open, Open::None) {
            Open::None => String::new(),
            Open::Fixed(_) => "\r\n\r\n".to_owned(),
            Open::Fitted(table) => table.text(),
        }
    }

    fn push_row(&mut self, view: &'static View, value: &Value) -> String {
        let mut text = String::new();
        if !matches!(self.open, Open::Fixed(open) if std::ptr::eq(open, view)) {
            text.push_str(&self.finish());
            view.header(&mut text);
            self.open = Open::Fixed(view);
        }
        view.row(value, &mut text);
        text
    }

    fn push_fitted(&mut self, row: Vec<(String, Cell)>) -> String {
        if let Open::Fitted(table) = &mut self.open
            && table.takes(&row)
        {
            table.push(row);
            return String::new();
        }
        let text = self.finish();
        self.open = Open::Fitted(Fitted::new(row));
        text
    }
}

impl View {
    fn header(&self, text: &mut String) {
        text.push_str("\r\n");
        self.line(text, |column| column.label.to_owned());
        self.line(text, |column| "-".repeat(column.label.len()));
    }

    fn row(&self, value: &Value, text: &mut String) {
        self.line(text, |column| (column.cell)(value));
    }

    fn line(&self, text: &mut String, cell: impl Fn(&Column) -> String) {
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            let cell = shortened(&cell(column), column.width);
            let width = column.width;
            // Writing to a string cannot fail.
            let _written =
                if column.right { write!(text, "{cell:>width$}") } else { write!(text, "{cell:<width$}") };
        }
        text.push_str("\r\n");
    }
}

/// Cut as the console's tables are: with three dots.
fn shortened(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// Values without a table: themselves, or their properties in a list.
fn plain(value: &Value) -> String {
    let Some(object) = value.own_object() else { return format!("{value}\r\n") };
    if let Some(shown) = value.property("DateTime") {
        return format!("\r\n{shown}\r\n\r\n\r\n");
    }
    if object.extended.is_empty() && object.adapted.is_empty() {
        return format!("{value}\r\n");
    }
    let properties: Vec<(String, String)> =
        object.properties().map(|property| (property.name.to_string(), property.value.to_string())).collect();
    let width = properties.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = "\r\n\r\n".to_owned();
    for (name, value) in properties {
        let _written = write!(text, "{name:<width$} : {value}\r\n");
    }
    text.push_str("\r\n\r\n\r\n");
    text
}

/// What an object shows of itself without a view; a value that is none shows itself.
fn properties(value: &Value) -> Vec<(String, Value)> {
    let Some(object) = value.own_object() else { return Vec::new() };
    if object.enum_value().is_some() || object.items().is_some() {
        return Vec::new();
    }
    object.properties().map(|property| (property.name.to_string(), property.value.clone())).collect()
}

/// A value inside a table or a list: an array in braces.
fn shown(value: &Value) -> String {
    match value.items() {
        Some(items) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            format!("{{{}}}", items.join(", "))
        }
        None => value.to_string(),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.property(name).map(ToString::to_string).unwrap_or_default()
}

fn kilobytes(value: &Value, name: &str) -> String {
    let bytes = value.property(name).and_then(Value::as_integer).unwrap_or_default();
    (bytes / 1024).to_string()
}

fn seconds(value: &Value) -> String {
    match value.property("CPU") {
        Some(Value::Double(seconds)) => format!("{seconds:.2}"),
        _ => String::new(),
    }
}

const fn left(label: &'static str, width: usize, cell: fn(&Value) -> String) -> Column {
    Column { label, width, right: false, cell }
}

const fn right(label: &'static str, width: usize, cell: fn(&Value) -> String) -> Column {
    Column { label, width, right: true, cell }
}

static VIEWS: [View; 6] = [
    View {
        type_name: "System.ServiceProcess.ServiceController",
        columns: &[
            left("Status", 8, |service| text(service, "Status")),
            left("Name", 18, |service| text(service, "Name")),
            left("DisplayName", 38, |service| text(service, "DisplayName")),
        ],
    },
    View {
        type_name: "System.Diagnostics.Process",
        columns: &[
            right("Handles", 7, |process| text(process, "Handles")),
            right("NPM(K)", 7, |process| kilobytes(process, "NPM")),
            right("PM(K)", 8, |process| kilobytes(process, "PM")),
            right("WS(K)", 10, |process| kilobytes(process, "WS")),
            right("CPU(s)", 10, seconds),
            right("Id", 6, |process| text(process, "Id")),
            right("SI", 3, |process| text(process, "SI")),
            left("ProcessName", 20, |process| text(process, "ProcessName")),
        ],
    },
    View { type_name: "System.IO.FileInfo", columns: FILES },
    View { type_name: "System.IO.DirectoryInfo", columns: FILES },
    View {
        type_name: "System.Management.Automation.CmdletInfo",
        columns: &[
            left("CommandType", 15, |command| text(command, "CommandType")),
            left("Name", 50, |command| text(command, "Name")),
            left("Version", 10, |command| text(command, "Version")),
            left("Source", 30, |command| text(command, "Source")),
        ],
    },
    View {
        type_name: "System.Diagnostics.Eventing.Reader.EventLogRecord",
        columns: &[
            left("TimeCreated", 25, |event| text(event, "TimeCreated")),
            right("Id", 8, |event| text(event, "Id")),
            left("LevelDisplayName", 16, |event| text(event, "LevelDisplayName")),
            left("Message", 60, |event| text(event, "Message")),
        ],
    },
];

const FILES: &[Column] = &[
    left("Mode", 18, |file| text(file, "Mode")),
    right("LastWriteTime", 25, |file| text(file, "LastWriteTime")),
    right("Length", 14, |file| text(file, "Length")),
    left("Name", 40, |file| text(file, "Name")),
];
