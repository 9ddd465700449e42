//! Where something stands in a script.

use std::fmt;

/// A place in a script, as a person would name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes from the start of the script.
    pub offset: usize,
    /// The line, from 1. A carriage return and line feed end one line together.
    pub line: usize,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: usize,
}

/// Places in a text. Where they are asked for in order, each is found from the one before, so that all of them take
/// linear time.
#[derive(Debug, Clone)]
pub struct Positions<'text> {
    text: &'text str,
    /// The last place that was asked for.
    last: Position,
    /// Whether a carriage return stands right before it.
    after_return: bool,
}

impl Position {
    const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place that lies `offset` bytes into `text`. An offset beyond the end, or inside a character, is
    /// moved back to the nearest place that exists.
    #[must_use]
    pub fn in_text(text: &str, offset: usize) -> Self {
        Positions::new(text).at(offset)
    }
}

impl<'text> Positions<'text> {
    /// The places in `text`.
    #[must_use]
    pub fn new(text: &'text str) -> Self {
        Self { text, last: Position::START, after_return: false }
    }

    /// The place that lies `offset` bytes into the text, as [`Position::in_text`] gives it.
    pub fn at(&mut self, offset: usize) -> Position {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        if end < self.last.offset {
            *self = Self::new(self.text);
        }
        for character in self.text.get(self.last.offset..end).unwrap_or_default().chars() {
            match character {
                '\n' if self.after_return => {}
                '\n' | '\r' => {
                    self.last.line += 1;
                    self.last.column = 1;
                }
                _ => self.last.column += 1,
            }
            self.after_return = character == '\r';
        }
        self.last.offset = end;
        self.last
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Positions};

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let text = "a\r\nöb\nc\rd";
        for (offset, line, column) in
            [(0, 1, 1), (1, 1, 2), (3, 2, 1), (5, 2, 2), (7, 3, 1), (9, 4, 1), (99, 4, 2)]
        {
            let at = Position::in_text(text, offset);
            assert_eq!((at.line, at.column), (line, column), "offset {offset}");
        }
        assert_eq!(Position::in_text(text, 4).offset, 3, "inside a character moves back to its start");
    }

    #[test]
    fn places_are_the_same_in_any_order() {
        let text = "a\r\nöb\nc\rd\r\n\n";
        let mut positions = Positions::new(text);
        for offset in (0..=text.len()).chain((0..=text.len()).rev()).chain([2, 9, 3, 3, 99, 4]) {
            assert_eq!(positions.at(offset), Position::in_text(text, offset), "offset {offset}");
        }
    }
}
