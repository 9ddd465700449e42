//! Values as text, the way Windows PowerShell's default formatting shows them.

use std::fmt::Write as _;

use winrm_proto::clixml::Value;

/// Formats values one after the other; neighbours of one kind share a table.
#[derive(Debug)]
pub(super) struct Display {
    open: Option<&'static View>,
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
        Self { open: None }
    }

    /// The text that a value adds.
    pub(super) fn push(&mut self, value: &Value) -> String {
        let type_name = value.own_object().and_then(|object| object.type_names.first());
        let view = type_name.and_then(|name| VIEWS.iter().find(|view| view.type_name == name));
        let Some(view) = view else {
            let mut text = self.finish();
            text.push_str(&plain(value));
            return text;
        };
        let mut text = String::new();
        if self.open.is_none_or(|open| !std::ptr::eq(open, view)) {
            text.push_str(&self.finish());
            view.header(&mut text);
            self.open = Some(view);
        }
        view.row(value, &mut text);
        text
    }

    /// What closes an open table.
    pub(super) fn finish(&mut self) -> String {
        if self.open.take().is_some() { "\r\n\r\n".to_owned() } else { String::new() }
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

static VIEWS: [View; 2] = [
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
];
