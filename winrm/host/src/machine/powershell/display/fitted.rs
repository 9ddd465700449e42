//! Tables for objects that no view knows: up to four properties, each column as wide as its widest cell.

use winrm_proto::clixml::Value;

use super::{properties, shown};
use crate::machine::powershell::compare::number;

/// A table whose rows wait for each other.
#[derive(Debug)]
pub(super) struct Fitted {
    rows: Vec<Vec<(String, Cell)>>,
}

/// A cell, and the side that it leans to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Number(String),
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// The row of an object with one to four properties.
pub(super) fn row(value: &Value) -> Option<Vec<(String, Cell)>> {
    let properties = properties(value);
    if !(1..=4).contains(&properties.len()) || value.property("DateTime").is_some() {
        return None;
    }
    let cell = |value: &Value| match number(value) {
        Some(_) if value.own_object().is_none() => Cell::Number(shown(value)),
        _ => Cell::Text(shown(value)),
    };
    Some(properties.into_iter().map(|(name, value)| (name, cell(&value))).collect())
}

impl Fitted {
    pub(super) fn new(row: Vec<(String, Cell)>) -> Self {
        Self { rows: vec![row] }
    }

    /// Whether a row has the table's columns.
    pub(super) fn takes(&self, row: &[(String, Cell)]) -> bool {
        let names = |row: &[(String, Cell)]| row.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        self.rows.first().is_some_and(|first| names(first) == names(row))
    }

    pub(super) fn push(&mut self, row: Vec<(String, Cell)>) {
        self.rows.push(row);
    }

    pub(super) fn text(self) -> String {
        let Some(first) = self.rows.first() else { return String::new() };
        let columns: Vec<(&str, usize, bool)> = first
            .iter()
            .enumerate()
            .map(|(place, (name, cell))| {
                let cells = self.rows.iter().filter_map(|row| row.get(place));
                let widest = cells.map(|(_, cell)| cell.text().chars().count()).max().unwrap_or(0);
                (name.as_str(), widest.max(name.chars().count()), matches!(cell, Cell::Number(_)))
            })
            .collect();
        let line = |cells: Vec<String>| {
            let padded = cells.iter().zip(&columns).map(|(cell, &(_, width, right))| {
                if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            let line = padded.collect::<Vec<_>>().join(" ");
            format!("{}\r\n", line.trim_end())
        };
        let mut text = "\r\n".to_owned();
        text.push_str(&line(columns.iter().map(|(name, ..)| (*name).to_owned()).collect()));
        text.push_str(&line(columns.iter().map(|(name, ..)| "-".repeat(name.len())).collect()));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(|(_, cell)| cell.text().to_owned()).collect()));
        }
        text.push_str("\r\n\r\n");
        text
    }
}
