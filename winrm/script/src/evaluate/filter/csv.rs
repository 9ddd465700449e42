//! ConvertTo-Csv and ConvertFrom-Csv.

use super::Stage;
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::member::{property, property_names};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::{Members, Object, Value};

pub(super) fn to_csv(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let delimiter = delimiter(&mut bound)?;
    bound.switch("NoTypeInformation");
    let type_information = bound.switch("IncludeTypeInformation");
    let no_header = bound.switch("NoHeader");
    let quotes = match bound.text("UseQuotes").map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("always") => Quotes::Always,
        Some("never") => Quotes::Never,
        Some("asneeded") => Quotes::AsNeeded,
        Some(_) => return Err(Unwind::refused("this value of -UseQuotes")),
    };
    if type_information {
        return Err(Unwind::refused("ConvertTo-Csv -IncludeTypeInformation"));
    }
    let input = bound.take("InputObject");
    let common = bound.finish("ConvertTo-Csv")?;
    Ok(Box::new(ToCsv { delimiter, no_header, quotes, input, common, columns: None }))
}

fn delimiter(bound: &mut Bound) -> Flow<char> {
    if bound.switch("UseCulture") {
        return Ok(',');
    }
    match bound.text("Delimiter") {
        None => Ok(','),
        Some(text) => text.chars().next().ok_or_else(|| Unwind::refused("an empty delimiter")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Always,
    AsNeeded,
    Never,
}

struct ToCsv {
    delimiter: char,
    no_header: bool,
    quotes: Quotes,
    input: Option<Value>,
    common: Common,
    /// The properties of the first item: all others are written by them.
    columns: Option<Vec<String>>,
}

impl ToCsv {
    fn field(&self, text: &str) -> String {
        let quoted = match self.quotes {
            Quotes::Always => true,
            Quotes::Never => false,
            Quotes::AsNeeded => text.contains([self.delimiter, '"', '\n', '\r']),
        };
        if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    }

    fn line(&self, fields: &[Option<String>]) -> String {
        let fields: Vec<String> = fields
            .iter()
            .map(|field| field.as_ref().map_or_else(String::new, |text| self.field(text)))
            .collect();
        fields.join(&self.delimiter.to_string())
    }
}

impl Stage for ToCsv {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                let failure = Failure {
                    id: "ParameterArgumentValidationErrorNullNotAllowed,Microsoft.PowerShell.Commands.ConvertToCsvCommand"
                        .to_owned(),
                    message: "Cannot bind argument to parameter 'InputObject' because it is null.".to_owned(),
                    exception: "System.Management.Automation.ParameterBindingValidationException".to_owned(),
                    category: "InvalidData".to_owned(),
                    activity: "ConvertTo-Csv".to_owned(),
                    ..Failure::default()
                };
                return interpreter.report_of(&self.common, failure).await;
            }
            if matches!(item, Value::DateTime(_) | Value::Table(_) | Value::Document(_) | Value::Opaque(_)) {
                return Err(Unwind::refused("ConvertTo-Csv of this type; select properties first"));
            }
            if self.columns.is_none() {
                let columns = property_names(&item);
                if columns.is_empty() {
                    return Ok(());
                }
                let header: Vec<Option<String>> = columns.iter().cloned().map(Some).collect();
                let line = self.line(&header);
                self.columns = Some(columns);
                if !self.no_header {
                    interpreter.emit(Value::string(line)).await?;
                }
            }
            let mut fields = Vec::new();
            for name in self.columns.iter().flatten() {
                let value = property(&item, name)?.unwrap_or_default();
                fields.push(match value {
                    Value::Null => None,
                    other => Some(field_text(&other)),
                });
            }
            let line = self.line(&fields);
            interpreter.make(line.len())?;
            if line.is_empty() {
                return Ok(());
            }
            interpreter.emit(Value::string(line)).await
        })
    }
}

/// A value in a field: in the current culture, a sequence as its type.
fn field_text(value: &Value) -> String {
    match value {
        Value::Object(object) if !object.is_wrapper() => value.to_text().as_str().to_owned(),
        other => crate::value::format_operator::to_display(other),
    }
}

pub(super) fn from_csv(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let delimiter = delimiter(&mut bound)?;
    let header = bound.take("Header").map(|value| {
        value.into_items().iter().map(|item| item.to_text().as_str().to_owned()).collect::<Vec<String>>()
    });
    let input = bound.take("InputObject");
    bound.finish("ConvertFrom-Csv")?;
    Ok(Box::new(FromCsv { delimiter, header, input, text: String::new() }))
}

struct FromCsv {
    delimiter: char,
    header: Option<Vec<String>>,
    input: Option<Value>,
    text: String,
}

impl FromCsv {
    fn add(&mut self, item: &Value) {
        self.text.push_str(item.to_text().as_str());
        self.text.push('\n');
    }
}

impl Stage for FromCsv {
    fn alone<'a>(&'a mut self, _: &'a mut Interpreter) -> Turn<'a, ()> {
        for item in self.input.take().map(Value::into_items).unwrap_or_default() {
            self.add(&item);
        }
        Box::pin(async { Ok(()) })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.add(&item);
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            interpreter.make(self.text.len())?;
            let mut records = records(&self.text, self.delimiter).into_iter();
            let header = match self.header.take() {
                Some(header) => header,
                None => loop {
                    match records.next() {
                        None => return Ok(()),
                        Some(record) if record.first().is_some_and(|own| own.starts_with("#TYPE")) => {}
                        Some(record) => break record,
                    }
                },
            };
            if header.iter().any(String::is_empty) {
                return Err(Unwind::refused("a CSV with a column that has no name; use -Header"));
            }
            for record in records {
                interpreter.breathe().await?;
                let mut members = Members::new();
                let mut fields = record.into_iter();
                for name in &header {
                    let value = fields.next().map_or(Value::Null, Value::string);
                    members.set(name.as_str().into(), value);
                }
                interpreter.make(64 * header.len())?;
                interpreter.emit(Value::Object(Object::custom(members))).await?;
            }
            Ok(())
        })
    }
}

/// The fields of each record; empty lines are none.
fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut was_quoted) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if quoted => {
                if rest.next_if_eq(&'"').is_some() {
                    field.push('"');
                } else {
                    quoted = false;
                }
            }
            other if quoted => field.push(other),
            '"' if field.trim().is_empty() && !was_quoted => {
                field.clear();
                (quoted, was_quoted) = (true, true);
            }
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' => {
                if !(record.is_empty() && field.is_empty() && !was_quoted) {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                was_quoted = false;
                field.clear();
            }
            other if other == delimiter => {
                record.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            ' ' | '\t' if field.is_empty() && !was_quoted => {}
            other => field.push(other),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}
