//! Reads tables of a TOML document key by key, and keeps every problem with its place.
//!
//! Not serde: its errors stop at the first, and quote the value, which may be a secret that somebody put in the
//! wrong place.

use std::{collections::BTreeSet, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use winrm_script::position::Position;

use super::{
    problem::{Expected, Problem, ProblemKind},
    raw::{Source, Sourced},
};
use crate::inventory::nearest::nearest;

/// A document that is being read.
#[derive(Debug)]
pub(super) struct Document<'d> {
    path: &'d Path,
    text: &'d str,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// A table of it. What nobody asked for by the end is unknown.
#[derive(Debug)]
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    name: &'static str,
    entries: &'d DeTable<'d>,
    asked: BTreeSet<&'static str>,
}

impl<'d> Document<'d> {
    pub(super) fn new(path: &'d Path, text: &'d str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { path, text, lines: std::iter::once(0).chain(behind).collect() }
    }

    /// The syntax tree, whole if `problems` gets nothing.
    pub(super) fn parse(&self, problems: &mut Vec<Problem>) -> DeTable<'d> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let span = error.span().unwrap_or_default();
            let kind = if error.message().contains("escape") || self.is_inside_escape(&span) {
                ProblemKind::Escape
            } else {
                ProblemKind::Syntax(error.message().replace('\n', ", "))
            };
            problems.push(Problem::new(self.source(&span), kind));
        }
        tree.into_inner()
    }

    /// The place of a span.
    pub(super) fn source(&self, span: &Range<usize>) -> Source {
        let line = self.lines.partition_point(|&begin| begin <= span.start);
        let begin = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default();
        let on_line = self.text.get(begin..).unwrap_or_default();
        let Position { column, .. } = Position::in_text(on_line, span.start - begin);
        Source::File { path: self.path.to_owned(), line, column }
    }

    /// Whether a backslash stands just before, as in `"CORP\svc"`.
    fn is_inside_escape(&self, span: &Range<usize>) -> bool {
        self.text.get(..span.start).is_some_and(|before| before.ends_with('\\'))
    }
}

impl<'d> Table<'d> {
    pub(super) fn new(document: &'d Document<'d>, name: &'static str, entries: &'d DeTable<'d>) -> Self {
        Self { document, name, entries, asked: BTreeSet::new() }
    }

    /// A text that is not empty and holds no control character.
    pub(super) fn text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<Sourced<String>> {
        let value = self.value(key)?;
        self.text_of(key, value, problems)
    }

    /// A list of such texts.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Sourced<Vec<String>>> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array() else {
            problems.push(self.wrong(key, value, Expected::Texts));
            return None;
        };
        let texts = items.iter().filter_map(|item| self.text_of(key, item, problems));
        Some(Sourced::new(texts.map(|text| text.value).collect(), self.document.source(&value.span())))
    }

    /// `true` or `false`.
    pub(super) fn boolean(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Sourced<bool>> {
        let value = self.value(key)?;
        match value.get_ref().as_bool() {
            Some(boolean) => Some(Sourced::new(boolean, self.document.source(&value.span()))),
            None => {
                problems.push(self.wrong(key, value, Expected::Boolean));
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        least: u32,
        greatest: u32,
        problems: &mut Vec<Problem>,
    ) -> Option<Sourced<u32>> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer().and_then(|integer| {
            u32::from_str_radix(integer.as_str().trim_start_matches('+'), integer.radix()).ok()
        });
        match number.filter(|number| (least..=greatest).contains(number)) {
            Some(number) => Some(Sourced::new(number, self.document.source(&value.span()))),
            None => {
                problems.push(self.wrong(key, value, Expected::Number { least, greatest }));
                None
            }
        }
    }

    /// A table in this one.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Table<'d>> {
        let value = self.value(key)?;
        match value.get_ref().as_table() {
            Some(entries) => Some(Table::new(self.document, name, entries)),
            None => {
                problems.push(self.wrong(key, value, Expected::Table));
                None
            }
        }
    }

    /// A list of tables in this one, each with its place.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Vec<(Source, Table<'d>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            problems.push(self.wrong(key, value, Expected::Tables(key)));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(entries) => {
                    let place = self.document.source(&item.span());
                    tables.push((place, Table::new(self.document, name, entries)));
                }
                None => problems.push(self.wrong(key, item, Expected::Tables(key))),
            }
        }
        tables
    }

    /// Two whole numbers, the lesser first.
    pub(super) fn range(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<(u64, u64)> {
        let value = self.value(key)?;
        let number = |item: &Spanned<DeValue<'d>>| {
            let integer = item.get_ref().as_integer()?;
            u64::from_str_radix(integer.as_str().trim_start_matches('+'), integer.radix()).ok()
        };
        let numbers: Option<Vec<u64>> =
            value.get_ref().as_array().and_then(|items| items.iter().map(number).collect());
        match numbers.as_deref() {
            Some([first, last]) => Some((*first, *last)),
            _ => {
                problems.push(self.wrong(key, value, Expected::Range));
                None
            }
        }
    }

    /// Lists of texts, which may be empty.
    pub(super) fn lists(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<Vec<String>>> {
        let value = self.value(key)?;
        let text = |item: &Spanned<DeValue<'d>>| item.get_ref().as_str().map(str::to_owned);
        let list = |item: &Spanned<DeValue<'d>>| item.get_ref().as_array()?.iter().map(text).collect();
        let lists = value.get_ref().as_array().and_then(|items| items.iter().map(list).collect());
        if lists.is_none() {
            problems.push(self.wrong(key, value, Expected::Lists));
        }
        lists
    }

    /// Every entry as a table, for keys that are names.
    pub(super) fn named_tables(
        self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Vec<(String, Table<'d>)> {
        let mut tables = Vec::new();
        for (key, value) in self.entries {
            match value.get_ref().as_table() {
                Some(entries) => {
                    tables.push((key.get_ref().to_string(), Table::new(self.document, name, entries)));
                }
                None => problems.push(self.wrong(key.get_ref(), value, Expected::Table)),
            }
        }
        tables
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(self, problems: &mut Vec<Problem>) {
        for (key, _) in self.entries {
            if !self.asked.contains(key.get_ref().as_ref()) {
                let kind = ProblemKind::UnknownKey {
                    key: key.get_ref().to_string(),
                    table: self.name,
                    nearest: nearest(key.get_ref(), self.asked.iter().copied())
                        .and_then(|near| self.asked.get(near).copied()),
                };
                problems.push(Problem::new(self.document.source(&key.span()), kind));
            }
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.insert(key);
        self.entries.get(key)
    }

    fn text_of(
        &self,
        key: &'static str,
        value: &Spanned<DeValue<'d>>,
        problems: &mut Vec<Problem>,
    ) -> Option<Sourced<String>> {
        let Some(text) = value.get_ref().as_str().filter(|text| !text.is_empty()) else {
            problems.push(self.wrong(key, value, Expected::Text));
            return None;
        };
        let source = self.document.source(&value.span());
        if text.chars().any(char::is_control) {
            problems.push(Problem::new(source, ProblemKind::ControlCharacter { key: key.to_owned() }));
            return None;
        }
        Some(Sourced::new(text.to_owned(), source))
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'d>>, expected: Expected) -> Problem {
        let kind = ProblemKind::Value { key: key.to_owned(), expected };
        Problem::new(self.document.source(&value.span()), kind)
    }
}
