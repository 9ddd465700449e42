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

impl Position {
    /// The place that lies `offset` bytes into `text`. An offset beyond the end, or inside a character, is
    /// moved back to the nearest place that exists.
    #[must_use]
    pub fn in_text(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let mut line = 1;
        let mut column = 1;
        let mut after_return = false;
        for character in before.chars() {
            match character {
                '\n' if after_return => {}
                '\n' | '\r' => {
                    line += 1;
                    column = 1;
                }
                _ => column += 1,
            }
            after_return = character == '\r';
        }
        Self { offset: end, line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

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
}
