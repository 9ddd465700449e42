//! Tables.

use super::text::{ELLIPSIS, cell_text, formatted, take_width, take_width_from_end, width_of, wrap};
use crate::value::Value;

/// A table: what Format-Table writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    pub(crate) wrap: bool,
    pub(crate) hide_headers: bool,
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) width: Option<usize>,
    /// Where nothing is said, the first row's value decides.
    pub(crate) alignment: Option<Alignment>,
    pub(crate) format: Option<String>,
}

/// On which side a cell's text stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alignment {
    Left,
    Center,
    Right,
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// A value for each column; `None` where there is no such property.
    pub(crate) cells: Vec<Option<Value>>,
    /// The group that it belongs to.
    pub(crate) group: Option<Group>,
    /// Text that was written behind it.
    pub(crate) after: Vec<String>,
}

/// Consecutive rows with the same value: its number among the groups, and what stands above it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) number: usize,
    pub(crate) label: String,
    pub(crate) value: Value,
}

/// How the columns of a table stand.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    alignments: Vec<Alignment>,
    widths: Vec<Option<usize>>,
}

impl Layout {
    fn cells(&self) -> Vec<Cell> {
        let cell = |(&width, &alignment)| Cell { width, alignment };
        self.widths.iter().zip(&self.alignments).map(cell).collect()
    }
}

impl Row {
    fn is_in_group_of(&self, other: &Self) -> bool {
        let number = |row: &Self| row.group.as_ref().map(|group| group.number);
        number(self) == number(other)
    }
}

impl Group {
    pub(super) fn write(&self, width: usize, out: &mut String) {
        let text = format!("   {}: {}", self.label, super::text::value_text(&self.value));
        for line in wrap(&text, width) {
            out.push_str(&line);
            out.push('\n');
        }
        out.push('\n');
    }
}

impl Table {
    /// Writes it, all of it.
    pub(super) fn write(&self, width: usize, out: &mut String) {
        if self.begin(width, out).is_some() {
            out.push('\n');
        }
    }

    /// Writes it but for the blank line at its end, and says how it was laid out; nothing where there is no row.
    pub(super) fn begin(&self, width: usize, out: &mut String) -> Option<Layout> {
        if self.columns.is_empty() {
            return None;
        }
        out.push('\n');
        let (first, rest) = self.first_group(&self.rows)?;
        let alignments = self.columns.iter().enumerate();
        let alignments = alignments.map(|(at, column)| column.alignment_in(first, at)).collect();
        let mut layout = Layout { alignments, widths: Vec::new() };
        self.write_group(first, &mut layout, width, out);
        self.write_groups(rest, &mut layout, width, out);
        Some(layout)
    }

    /// Writes more rows of a table that was begun, behind the row `last`.
    pub(super) fn go_on(&self, layout: &mut Layout, last: &Row, width: usize, out: &mut String) {
        let own = self.rows.iter().take_while(|row| row.is_in_group_of(last)).count();
        let (rows, rest) = self.rows.split_at_checked(own).unwrap_or_default();
        self.write_rows(rows, &rows.iter().map(|row| self.texts(row)).collect::<Vec<_>>(), layout, out);
        self.write_groups(rest, layout, width, out);
    }

    /// Groups behind another one.
    fn write_groups(&self, mut rows: &[Row], layout: &mut Layout, width: usize, out: &mut String) {
        while let Some((first, rest)) = self.first_group(rows) {
            out.push('\n');
            self.write_group(first, layout, width, out);
            rows = rest;
        }
    }

    fn first_group<'r>(&self, rows: &'r [Row]) -> Option<(&'r [Row], &'r [Row])> {
        let first = rows.first()?;
        rows.split_at_checked(rows.iter().take_while(|row| row.is_in_group_of(first)).count())
    }

    /// A group with what stands above it; its columns are as wide as its rows need.
    fn write_group(&self, rows: &[Row], layout: &mut Layout, width: usize, out: &mut String) {
        if let Some(group) = rows.first().and_then(|row| row.group.as_ref()) {
            group.write(width, out);
        }
        let texts: Vec<Vec<String>> = rows.iter().map(|row| self.texts(row)).collect();
        layout.widths = self.widths(&texts, width);
        if !self.hide_headers {
            let cells = layout.cells();
            let labels: Vec<String> = self.columns.iter().map(|column| column.label.clone()).collect();
            write_row(&labels, &cells, Lines::Wrapped, out);
            let dashes: Vec<String> = self
                .columns
                .iter()
                .zip(&cells)
                .map(|(column, cell)| "-".repeat(width_of(&column.label).min(cell.width.unwrap_or_default())))
                .collect();
            write_row(&dashes, &cells, Lines::One, out);
        }
        self.write_rows(rows, &texts, layout, out);
    }

    fn write_rows(&self, rows: &[Row], texts: &[Vec<String>], layout: &Layout, out: &mut String) {
        let cells = layout.cells();
        let lines = if self.wrap { Lines::Wrapped } else { Lines::One };
        for (texts, row) in texts.iter().zip(rows) {
            write_row(texts, &cells, lines, out);
            for text in &row.after {
                out.push_str(text);
                out.push('\n');
            }
        }
    }

    fn texts(&self, row: &Row) -> Vec<String> {
        self.columns
            .iter()
            .zip(&row.cells)
            .map(|(column, value)| match (value, &column.format) {
                (None, _) => String::new(),
                (Some(value), Some(format)) if !value.is_null() => {
                    formatted(value, format).unwrap_or_else(|_| cell_text(value))
                }
                (Some(value), _) => cell_text(value),
            })
            .collect()
    }

    /// The width of each column; one that has no room left is not shown.
    fn widths(&self, texts: &[Vec<String>], width: usize) -> Vec<Option<usize>> {
        // Where one column says its width, the others share what is left; else all are as wide as they need.
        let said = self.columns.iter().any(|column| column.width.is_some());
        let wanted = self.columns.iter().enumerate().map(|(at, column)| {
            let longest = || {
                let cells = texts.iter().filter_map(|row| row.get(at)).map(|text| width_of(text));
                cells.max().unwrap_or_default().max(width_of(&column.label)).max(1)
            };
            if said { column.width } else { Some(longest()) }
        });
        share(wanted.collect(), width)
    }
}

/// Gives columns their widths, with a blank between them. Those that say none share what is left, the first ones a
/// little more; if there is too little, the last ones give way.
pub(super) fn share(wanted: Vec<Option<usize>>, width: usize) -> Vec<Option<usize>> {
    let total = |widths: &[Option<usize>]| {
        widths.iter().flatten().sum::<usize>() + widths.iter().flatten().count().saturating_sub(1)
    };
    let open: Vec<usize> =
        wanted.iter().enumerate().filter(|(_, own)| own.is_none()).map(|(at, _)| at).collect();
    let mut widths: Vec<Option<usize>> = wanted.into_iter().map(|own| Some(own.unwrap_or(1))).collect();
    let left = width.saturating_sub(total(&widths));
    if !open.is_empty() {
        for (number, at) in open.iter().enumerate() {
            let more = left / open.len() + usize::from(number < left % open.len());
            if let Some(Some(own)) = widths.get_mut(*at) {
                *own += more;
            }
        }
    }
    loop {
        let excess = total(&widths).saturating_sub(width);
        if excess == 0 {
            return widths;
        }
        let Some(last) = widths.iter_mut().rev().find(|width| width.is_some()) else { return widths };
        // The last column gives way, and is left out if nothing of it remains.
        *last = last.and_then(|own| own.checked_sub(excess)).filter(|own| *own >= 1);
    }
}

impl Column {
    pub(crate) fn plain(label: impl Into<String>) -> Self {
        Self { label: label.into(), width: None, alignment: None, format: None }
    }

    fn alignment_in(&self, rows: &[Row], at: usize) -> Alignment {
        if let Some(alignment) = self.alignment {
            return alignment;
        }
        let first = rows.first().and_then(|row| row.cells.get(at)).and_then(Option::as_ref);
        if first.is_some_and(is_right) { Alignment::Right } else { Alignment::Left }
    }
}

/// Numbers, Booleans and enums stand on the right.
fn is_right(value: &Value) -> bool {
    let base = value.base();
    base.as_integer().is_some()
        || matches!(
            base,
            Value::Boolean(_)
                | Value::Char(_)
                | Value::Double(_)
                | Value::Single(_)
                | Value::Decimal(_)
                | Value::Enum(_)
        )
}

#[derive(Clone, Copy)]
struct Cell {
    /// Nothing where the column is not shown.
    width: Option<usize>,
    alignment: Alignment,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// What does not fit is cut off.
    One,
    /// What does not fit goes on below.
    Wrapped,
}

fn write_row(texts: &[String], layout: &[Cell], lines: Lines, out: &mut String) {
    let shown = layout
        .iter()
        .zip(texts)
        .filter_map(|(cell, text)| cell.width.map(|width| (width, cell.alignment, text)));
    let cells: Vec<(usize, Alignment, Vec<String>)> = shown
        .map(|(width, alignment, text)| {
            let lines = match lines {
                Lines::One => vec![cut(text, width, alignment)],
                Lines::Wrapped => wrap(text, width),
            };
            (width, alignment, lines)
        })
        .collect();
    let height = cells.iter().map(|(.., lines)| lines.len()).max().unwrap_or_default();
    for at in 0..height {
        let mut line = String::new();
        for (number, (width, alignment, lines)) in cells.iter().enumerate() {
            if number > 0 {
                line.push(' ');
            }
            let text = lines.get(at).map(String::as_str).unwrap_or_default();
            let room = width.saturating_sub(width_of(text));
            let before = match alignment {
                Alignment::Left => 0,
                Alignment::Center => room / 2,
                Alignment::Right => room,
            };
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', room - before));
        }
        out.push_str(line.trim_end_matches(' '));
        out.push('\n');
    }
}

/// The text on one line: what is too much is cut off, on the side that the text does not stand on.
fn cut(text: &str, width: usize, alignment: Alignment) -> String {
    let first = text.find(['\n', '\r']);
    let (line, more) = match first {
        Some(at) => (text.get(..at).unwrap_or_default(), true),
        None => (text, false),
    };
    let own = if more { format!("{line}{ELLIPSIS}") } else { line.to_owned() };
    if width_of(&own) <= width {
        return own;
    }
    let room = width.saturating_sub(1);
    if room == 0 {
        return take_width(&own, width).to_owned();
    }
    match alignment {
        Alignment::Right => format!("{ELLIPSIS}{}", take_width_from_end(&own, room)),
        Alignment::Left | Alignment::Center => format!("{}{ELLIPSIS}", take_width(line, room)),
    }
}
