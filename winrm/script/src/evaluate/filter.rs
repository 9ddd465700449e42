//! The commands that run here: filters, formatters, converters and writers.

mod compare;
mod csv;
mod display;
mod each;
mod group;
mod introsort;
mod json;
mod measure;
mod member;
mod path;
mod property;
mod select;
mod sleep;
mod sort;
mod text;
mod unique;
mod write;

use super::arguments::Bound;
use super::interpreter::{Interpreter, Turn};
use super::unwind::Flow;
use crate::value::{Array, Value};

/// A stage of a pipeline. Its output goes where output goes at the time.
pub(super) trait Stage: Send {
    /// Before the first value.
    fn begin<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        let _ = interpreter;
        Box::pin(async { Ok(()) })
    }

    /// What `-InputObject` gave. A collection is one value there.
    fn input(&mut self) -> Option<Value> {
        None
    }

    /// Instead of values, for the first stage of a pipeline.
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        match self.input() {
            Some(item) => self.process(interpreter, item),
            None => Box::pin(async { Ok(()) }),
        }
    }

    /// For each value.
    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()>;

    /// After the last value.
    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        let _ = interpreter;
        Box::pin(async { Ok(()) })
    }
}

/// Makes a stage of bound parameters.
pub(super) type Constructor = fn(&mut Interpreter, Bound) -> Flow<Box<dyn Stage>>;

/// The command of this full name, if it runs here.
pub(super) fn find(name: &str) -> Option<Constructor> {
    if REFUSED.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Some(refused);
    }
    FILTERS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, constructor)| *constructor)
}

/// Whether the command runs here, and is not merely known to be refused.
pub(crate) fn runs(name: &str) -> bool {
    FILTERS.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
}

/// Whether a command that runs here is the host's with these parameters: `Select-String` may look into files.
pub(crate) fn is_of_files(name: &str, has: impl Fn(&str) -> bool) -> bool {
    name == "Select-String" && (has("Path") || has("LiteralPath"))
}

/// What is done here of a `Measure-Object` that travelled.
pub(super) fn measured() -> Box<dyn Stage> {
    Box::new(measure::Measured)
}

/// A stage that also keeps what passes in a variable: `-OutVariable`.
pub(super) fn remember(name: String) -> Box<dyn Stage> {
    Box::new(Remember { name, items: Vec::new() })
}

struct Remember {
    name: String,
    items: Vec<Value>,
}

impl Stage for Remember {
    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.items.push(item.clone());
        interpreter.emit(item)
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let (append, name) = match self.name.strip_prefix('+') {
                Some(name) => (true, name),
                None => (false, self.name.as_str()),
            };
            let mut items = match interpreter.own_variable(name) {
                Some(value) if append => value.into_items(),
                _ => Vec::new(),
            };
            items.append(&mut self.items);
            interpreter.set_variable(name, Value::Array(Array::list(items)), None)
        })
    }
}

const FILTERS: [(&str, Constructor); 36] = [
    ("Where-Object", each::filter),
    ("ForEach-Object", each::each),
    ("Select-Object", select::select),
    ("Sort-Object", sort::sort),
    ("Group-Object", group::group),
    ("Measure-Object", measure::measure),
    ("Compare-Object", compare::compare),
    ("Tee-Object", unique::tee),
    ("Get-Unique", unique::unique),
    ("Select-String", text::select_string),
    ("Out-String", text::out_string),
    ("ConvertTo-Json", json::to_json),
    ("ConvertFrom-Json", json::from_json),
    ("ConvertTo-Csv", csv::to_csv),
    ("ConvertFrom-Csv", csv::from_csv),
    ("Split-Path", path::split_path),
    ("Join-Path", path::join_path),
    ("New-TimeSpan", path::time_span),
    ("Start-Sleep", sleep::sleep),
    ("ConvertTo-SecureString", path::secure_string),
    ("Write-Output", write::output),
    ("Write-Host", write::host),
    ("Write-Warning", write::warning),
    ("Write-Error", write::error),
    ("Write-Verbose", write::verbose),
    ("Write-Debug", write::debug),
    ("Write-Information", write::information),
    ("Write-Progress", write::nothing),
    ("Out-Null", write::nothing),
    ("Out-Default", write::through),
    ("Out-Host", write::through),
    ("Format-Table", display::table),
    ("Format-List", display::list),
    ("Format-Wide", display::wide),
    ("Add-Member", member::add_member),
    ("New-Object", member::new_object),
];

/// Commands that act on the script or on PowerShell itself.
const REFUSED: [&str; 9] = [
    "Format-Custom",
    "Invoke-Expression",
    "Invoke-Command",
    "Add-Type",
    "Get-Member",
    "Set-Variable",
    "Get-Variable",
    "Start-Job",
    "Measure-Command",
];

/// They neither run here nor travel.
fn refused(_: &mut Interpreter, _: Bound) -> Flow<Box<dyn Stage>> {
    Err(super::unwind::Unwind::refused("this command acts on PowerShell itself and is not taken"))
}
