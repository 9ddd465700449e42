//! Quotes, escapes, here-strings, and variables.

use super::refusal::{Reason, Stop};
use super::scanner::Mode;
use super::scanner::{END, Quoting, Scanner, ends};
use super::token::{Kind, Piece, Pieces};
use crate::characters::{
    begins_variable, is_double_quote, is_letter_or_digit, is_line_end, is_single_quote, is_space,
};
use crate::tree::{Quote, Span};

impl Scanner<'_> {
    pub(super) fn single_quoted(&mut self, start: usize) -> Result<Kind, Stop> {
        let mut pieces = Pieces::default();
        self.inside_single(start, &mut pieces)?;
        Ok(Kind::String(pieces, Quote::Single))
    }

    pub(super) fn double_quoted(&mut self, start: usize) -> Result<Kind, Stop> {
        let mut pieces = Pieces::default();
        self.inside_double(start, &mut pieces)?;
        Ok(Kind::String(pieces, Quote::Double))
    }

    /// Behind the opening quote. Any two quotes are one, namely the second.
    pub(super) fn inside_single(&mut self, start: usize, pieces: &mut Pieces) -> Result<(), Stop> {
        loop {
            match self.bump() {
                END => return self.stop(start, Reason::UnterminatedString),
                quote if is_single_quote(quote) => {
                    if !is_single_quote(self.peek()) {
                        return Ok(());
                    }
                    let second = self.bump();
                    pieces.push(second);
                }
                other => pieces.push(other),
            }
        }
    }

    /// Behind the opening quote.
    pub(super) fn inside_double(&mut self, start: usize, pieces: &mut Pieces) -> Result<(), Stop> {
        loop {
            let begin = self.at;
            match self.bump() {
                END => return self.stop(start, Reason::UnterminatedString),
                '$' => self.dollar_in_string(Quoting::Double, begin, pieces)?,
                '`' => self.escape(begin, pieces)?,
                quote if is_double_quote(quote) => {
                    if !is_double_quote(self.peek()) {
                        return Ok(());
                    }
                    let second = self.bump();
                    pieces.push(second);
                }
                other => pieces.push(other),
            }
        }
    }

    /// Behind a backtick.
    pub(super) fn escape(&mut self, start: usize, pieces: &mut Pieces) -> Result<(), Stop> {
        let character = match self.bump() {
            END => '`',
            '0' => return self.stop(start, Reason::Nul),
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' => '\u{1B}',
            'f' => '\u{C}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode_escape(start)?,
            'v' => '\u{B}',
            other => other,
        };
        pieces.push(character);
        Ok(())
    }

    /// The `{…}` of `` `u{…} ``.
    fn unicode_escape(&mut self, start: usize) -> Result<char, Stop> {
        if !self.take('{') {
            return self.stop(start, Reason::Escape);
        }
        let begin = self.at;
        while self.peek().is_ascii_hexdigit() {
            self.bump();
        }
        let digits = self.text.get(begin..self.at).unwrap_or_default();
        let point = if digits.len() <= 6 { u32::from_str_radix(digits, 16).ok() } else { None };
        match point.and_then(char::from_u32) {
            Some(END) => self.stop(start, Reason::Nul),
            Some(character) if self.take('}') => Ok(character),
            _ => self.stop(start, Reason::Escape),
        }
    }

    /// Behind a `$` in a string or a word. A `$` before anything else is itself.
    pub(super) fn dollar_in_string(
        &mut self,
        quoting: Quoting,
        start: usize,
        pieces: &mut Pieces,
    ) -> Result<(), Stop> {
        let piece = match self.peek() {
            '(' => {
                self.matching_parenthesis(quoting, start)?;
                Piece::SubExpression(Span::new(start, self.at))
            }
            '{' => {
                let name = self.braced_variable(quoting, start)?;
                Piece::Variable { span: Span::new(start, self.at), name }
            }
            next if begins_variable(next) => {
                let Some(name) = self.variable(Mode::Expression, start)? else { return Ok(()) };
                Piece::Variable { span: Span::new(start, self.at), name }
            }
            _ => {
                pieces.push('$');
                return Ok(());
            }
        };
        pieces.compute(piece, Span::new(start, self.at))
    }

    /// From a `(` to the `)` that matches it when nothing but parentheses is looked at, as PowerShell does. What
    /// is between is parsed later.
    fn matching_parenthesis(&mut self, quoting: Quoting, start: usize) -> Result<(), Stop> {
        let mut open = 0_usize;
        loop {
            match self.bump() {
                END => return self.stop(start, Reason::MissingParenthesis),
                '(' => open += 1,
                ')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(());
                    }
                }
                quote
                    if (quote == '`' || is_double_quote(quote))
                        && quoting != Quoting::DoubleHere
                        && is_double_quote(self.peek()) =>
                {
                    return self.stop(start, Reason::QuoteInside);
                }
                _ => {}
            }
        }
    }

    /// `{name}`, behind the `$`.
    pub(super) fn braced_variable(&mut self, quoting: Quoting, start: usize) -> Result<String, Stop> {
        self.bump();
        let mut name = Pieces::default();
        loop {
            let begin = self.at;
            match self.bump() {
                END | '{' => return self.stop(start, Reason::VariableName),
                '}' => break,
                '`' => self.escape(begin, &mut name)?,
                quote
                    if is_double_quote(quote)
                        && quoting != Quoting::Outside
                        && is_double_quote(self.peek()) =>
                {
                    let second = self.bump();
                    name.push(second);
                }
                other => name.push(other),
            }
        }
        self.checked_name(name.as_text().unwrap_or_default(), start)
    }

    /// The name behind a `$` or `@`. In a command a name that touches something else is part of a word: nothing.
    pub(super) fn variable(&mut self, mode: Mode, start: usize) -> Result<Option<String>, Stop> {
        let begin = self.at;
        let first = self.bump();
        if matches!(first, '$' | '?' | '^') {
            if mode == Mode::Command && !ends(self.peek()) {
                return Ok(None);
            }
            return Ok(Some(first.to_string()));
        }
        loop {
            match self.peek() {
                ':' if self.starts_with("::") => break,
                '_' | '?' | ':' => {}
                letter if is_letter_or_digit(letter) => {}
                '.' | '[' | '=' => break,
                next if mode == Mode::Command && !ends(next) => return Ok(None),
                _ => break,
            }
            self.bump();
        }
        let name = self.text.get(begin..self.at).unwrap_or_default();
        self.checked_name(name, start).map(Some)
    }

    /// A scope or drive needs a name behind it.
    fn checked_name(&self, name: &str, start: usize) -> Result<String, Stop> {
        let unqualified = name.split_once(':').map_or(name, |(_, rest)| rest);
        if name.is_empty() || name.starts_with(':') || unqualified.is_empty() {
            return self.stop(start, Reason::VariableName);
        }
        if name.get(..6).is_some_and(|scope| scope.eq_ignore_ascii_case("using:")) {
            return self.stop(start, Reason::Using);
        }
        Ok(name.to_owned())
    }

    /// Behind `@'` or `@"`.
    pub(super) fn here_string(&mut self, quote: char, start: usize) -> Result<Kind, Stop> {
        while is_space(self.peek()) {
            self.bump();
        }
        match self.bump() {
            '\r' => {
                self.take('\n');
            }
            '\n' => {}
            END => return self.stop(start, Reason::UnterminatedString),
            _ => return self.stop(start, Reason::HereStringHeader),
        }
        let double = is_double_quote(quote);
        let is_quote = if double { is_double_quote } else { is_single_quote };
        let mut pieces = Pieces::default();
        // The line break before the closing quote does not belong to the value.
        let mut line_break = String::new();
        loop {
            if self.here_string_ends(is_quote) {
                let quote = if double { Quote::DoubleHere } else { Quote::SingleHere };
                return Ok(Kind::String(pieces, quote));
            }
            pieces.push_str(&line_break);
            line_break.clear();
            loop {
                let begin = self.at;
                match self.bump() {
                    END => return self.stop(start, Reason::UnterminatedString),
                    end if is_line_end(end) => {
                        line_break.push(end);
                        if end == '\r' && self.take('\n') {
                            line_break.push('\n');
                        }
                        break;
                    }
                    '$' if double => self.dollar_in_string(Quoting::DoubleHere, begin, &mut pieces)?,
                    '`' if double => self.escape(begin, &mut pieces)?,
                    other => pieces.push(other),
                }
            }
        }
    }

    /// Takes `'@` or `"@` at the beginning of a line.
    fn here_string_ends(&mut self, is_quote: fn(char) -> bool) -> bool {
        let begin = self.at;
        if is_quote(self.bump()) && self.take('@') {
            return true;
        }
        self.at = begin;
        false
    }
}
