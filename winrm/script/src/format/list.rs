//! Lists.

use super::table::Group;
use super::text::{formatted, value_text, width_of, wrap};
use crate::value::Value;

/// A list: what Format-List writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) entries: Vec<Entry>,
}

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Label, value and format of each property.
    pub(crate) fields: Vec<(String, Value, Option<String>)>,
    pub(crate) group: Option<Group>,
    /// Text that was written behind it.
    pub(crate) after: Vec<String>,
}

impl List {
    /// Writes it.
    pub(super) fn begin(&self, width: usize, out: &mut String) {
        if !self.entries.is_empty() {
            out.push('\n');
            self.go_on(width, out);
        }
    }

    /// Writes more of a list that was begun.
    pub(super) fn go_on(&self, width: usize, out: &mut String) {
        let mut current = None;
        for entry in &self.entries {
            if let Some(group) = &entry.group
                && current != Some(group.number)
            {
                group.write(width, out);
                current = Some(group.number);
            }
            entry.write(width, out);
            for text in &entry.after {
                push_line(text, out);
            }
        }
    }
}

impl Entry {
    fn write(&self, width: usize, out: &mut String) {
        // A label may take up half of the line.
        let longest = self.fields.iter().map(|(label, ..)| width_of(label)).max().unwrap_or_default();
        let labels = longest.min(width.saturating_sub(SEPARATOR.len() + 1));
        let room = width.saturating_sub(labels + SEPARATOR.len()).max(1);
        for (label, value, format) in &self.fields {
            let text = match format {
                Some(format) => formatted(value, format).unwrap_or_else(|_| value_text(value)),
                None => value_text(value),
            };
            let mut lines = wrap(&text, room).into_iter();
            let first = lines.next().unwrap_or_default();
            let missing = labels.saturating_sub(width_of(label));
            push_line(&format!("{label}{}{SEPARATOR}{first}", " ".repeat(missing)), out);
            for line in lines {
                push_line(&format!("{}{line}", " ".repeat(labels + SEPARATOR.len())), out);
            }
        }
        out.push('\n');
    }
}

fn push_line(line: &str, out: &mut String) {
    out.push_str(line);
    out.push('\n');
}

const SEPARATOR: &str = " : ";
