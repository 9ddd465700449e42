//! What values look like: Format-Table, Format-List, Format-Wide, the default display and Out-String, as PowerShell 7
//! prints them at a width.

mod default;
mod list;
mod table;
pub(crate) mod text;
pub(crate) mod views;
mod wide;

use std::fmt;

use crate::evaluate::display::{field, fields_of};
use crate::value::{Outcome, Value};

pub(crate) use list::{Entry, List};
pub(crate) use table::{Alignment, Column, Group, Row, Table};
pub(crate) use wide::Wide;

/// The width where nobody says otherwise.
pub const WIDTH: usize = 120;

/// What Format-Table and its kin write: laid out only when the width is known.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Table(Table),
    List(List),
    Wide(Wide),
}

/// The text that `Out-String -Width` makes of values.
///
/// # Errors
/// A refusal where the display of a type is not known.
pub fn out_string(values: &[Value], width: usize) -> Outcome<String> {
    let mut display = Display::new(width);
    let mut out = display.show(values)?;
    out.push_str(&display.end());
    Ok(out)
}

/// The text of values that are shown as they come.
pub struct Display {
    width: usize,
    open: default::Open,
}

impl Display {
    /// Begins with nothing, so many columns wide.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, open: default::Open::Nothing }
    }

    /// Whether the text of a value that comes next does not depend on those that come behind it. Columns without a width
    /// of their own are as wide as the values need with which their table begins.
    #[must_use]
    pub fn is_settled_for(&self, value: &Value) -> bool {
        matches!(value, Value::Document(_)) || self.open.takes(value)
    }

    /// What these values add to the text.
    ///
    /// # Errors
    /// A refusal where the display of a type is not known; then what was open is ended.
    pub fn show(&mut self, values: &[Value]) -> Outcome<String> {
        let mut out = String::new();
        let mut rest = values;
        while let Some(first) = rest.first() {
            let taken = match first {
                Value::Document(document) => {
                    self.open.close(&mut out);
                    document.write(self.width, &mut out);
                    1
                }
                _ => self
                    .open
                    .write(rest, self.width, &mut out)
                    .inspect_err(|_| self.open = default::Open::Nothing)?,
            };
            rest = rest.get(taken.max(1)..).unwrap_or_default();
        }
        Ok(out)
    }

    /// Ends the text.
    #[must_use]
    pub fn end(&mut self) -> String {
        let mut out = String::new();
        self.open.close(&mut out);
        out
    }
}

impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Display").field("width", &self.width).finish_non_exhaustive()
    }
}

/// The properties of an object that the default display shows; all that it has where its type has no view. `None` for a
/// value that is shown as text.
#[must_use]
pub fn shown_properties(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Object(object) if !object.is_wrapper() => Some(match views::find(value) {
            Some(view) => view.properties(value),
            None => fields_of(value),
        }),
        _ => None,
    }
}

/// All properties of an object; `None` for a value that is shown as text.
#[must_use]
pub fn properties(value: &Value) -> Option<Vec<String>> {
    matches!(value, Value::Object(_)).then(|| fields_of(value))
}

/// A property's value, as the display reads it; `None` where there is none.
///
/// # Errors
/// A refusal where it is not known what PowerShell would read.
pub fn property(value: &Value, name: &str) -> Outcome<Option<Value>> {
    field(value, name)
}

impl Document {
    pub(crate) fn new(body: Body) -> Self {
        Self { body }
    }

    fn write(&self, width: usize, out: &mut String) {
        match &self.body {
            Body::Table(table) => table.write(width, out),
            Body::List(list) => list.begin(width, out),
            Body::Wide(wide) => wide.write(width, out),
        }
    }
}
