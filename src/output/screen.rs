//! What a call writes, put on a screen as it comes.

use std::time::{Duration, Instant};

use winrm_script::{format, value::Value};

use super::{Channel, objects};
use crate::redact::Sanitizer;

/// Something that a call wrote, for whoever watches it.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Safe text, as it came.
    Text(Channel, String),
    /// What a script wrote: an object, or text on the screen.
    Value(Value),
}

/// Lays out what comes, as PowerShell does: a table's columns are as wide as its first rows need, those that come within
/// 300 ms.
#[derive(Debug)]
pub struct Screen {
    display: format::Display,
    /// Values that wait for those that may decide with them how wide a column is.
    waiting: Vec<Value>,
    since: Option<Instant>,
    /// Whether the last text ended within a line.
    mid_line: bool,
}

impl Screen {
    /// An empty screen of so many columns.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { display: format::Display::new(width), waiting: Vec::new(), since: None, mid_line: false }
    }

    /// Takes a piece, and gives what is to be written now.
    pub fn take(&mut self, piece: Piece, now: Instant) -> Vec<(Channel, String)> {
        match piece {
            Piece::Text(channel, text) => {
                let mut shown = self.settle();
                if channel == Channel::Stdout && !text.is_empty() {
                    self.mid_line = !text.ends_with('\n');
                }
                shown.push((channel, text));
                shown
            }
            Piece::Value(value) if self.waiting.is_empty() && self.display.is_settled_for(&value) => {
                self.lay_out(std::slice::from_ref(&value))
            }
            Piece::Value(value) => {
                self.waiting.push(value);
                self.since.get_or_insert(now);
                Vec::new()
            }
        }
    }

    /// When [`settle`](Self::settle) is due.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + PATIENCE)
    }

    /// Lays out what waits.
    pub fn settle(&mut self) -> Vec<(Channel, String)> {
        self.since = None;
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() { Vec::new() } else { self.lay_out(&waiting) }
    }

    /// The end of what is open.
    pub fn end(&mut self) -> Vec<(Channel, String)> {
        let mut shown = self.settle();
        let rest = self.display.end();
        if !rest.is_empty() {
            shown.push((Channel::Stdout, rest));
        }
        shown
    }

    fn lay_out(&mut self, values: &[Value]) -> Vec<(Channel, String)> {
        let text = objects::printed(&mut self.display, values);
        let mut clean = String::with_capacity(text.len() + 1);
        if std::mem::take(&mut self.mid_line) && !text.is_empty() {
            clean.push('\n');
        }
        let mut sanitizer = Sanitizer::default();
        sanitizer.push(&text, &mut clean);
        sanitizer.finish(&mut clean);
        vec![(Channel::Stdout, clean)]
    }
}

/// How long a table waits for rows before its columns get their widths; PowerShell has the same.
const PATIENCE: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use winrm_script::value::{Members, Object};

    use super::*;

    fn row(name: &str) -> Piece {
        Piece::Value(Value::Object(Object::custom(Members::new().with("Name", name))))
    }

    fn text(shown: Vec<(Channel, String)>) -> String {
        shown.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_table_waits_for_rows_and_then_goes_on_row_by_row() {
        let mut screen = Screen::new(80);
        let now = Instant::now();
        assert!(screen.take(row("a"), now).is_empty());
        assert!(screen.take(row("four"), now + PATIENCE / 2).is_empty());
        assert_eq!(screen.due(), Some(now + PATIENCE), "the first row's time counts");
        assert_eq!(text(screen.settle()), "\nName\n----\na\nfour\n");
        assert_eq!(screen.due(), None);
        assert_eq!(text(screen.take(row("too long"), now)), "too…\n", "the columns stay as they are");
        assert_eq!(text(screen.take(Piece::Value("text".into()), now)), "text\n");
        assert_eq!(text(screen.end()), "\n");
    }

    #[test]
    fn text_is_shown_at_once_and_what_waits_before_it() {
        let mut screen = Screen::new(80);
        let now = Instant::now();
        assert_eq!(text(screen.take(Piece::Value("one".into()), now)), "one\n");
        assert!(screen.take(row("a"), now).is_empty());
        let error = Piece::Text(Channel::Stderr, "no\n".to_owned());
        assert_eq!(text(screen.take(error, now)), "\nName\n----\na\nno\n");
        assert_eq!(text(screen.take(Piece::Text(Channel::Stdout, "half".to_owned()), now)), "half");
        assert_eq!(text(screen.take(Piece::Value("x\u{1b}[31my".into()), now)), "\nxy\n");
    }

    #[test]
    fn in_one_go_the_text_is_that_of_a_result() {
        let mut screen = Screen::new(80);
        let values: Vec<Value> = vec![1.into(), "two".into(), Value::Null];
        let shown = values.iter().flat_map(|value| screen.take(Piece::Value(value.clone()), Instant::now()));
        let mut own = text(shown.collect());
        own.push_str(&text(screen.end()));
        assert_eq!(own, format::out_string(&values, 80).unwrap());
    }
}
