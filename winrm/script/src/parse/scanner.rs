//! Cuts a script into tokens.
//!
//! What a character means depends on what the parser is about to read: `a-b` is one word as an argument and a
//! subtraction in an expression. So tokens are scanned one at a time, as they are asked for.

use super::number::{self, Surroundings};
use super::refusal::{Reason, Stop};
use super::token::{Keyword, Kind, Pieces, Token};
use crate::characters::{
    begins_identifier, begins_variable, continues_identifier, ends_word, is_dash, is_digit, is_double_quote,
    is_letter, is_line_end, is_single_quote, is_space,
};
use crate::tree::operator::DashOperator;
use crate::tree::{AssignmentOperator, BinaryOperator, Span, Stream};

/// What the parser is about to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A command's name or argument.
    Command,
    /// An expression.
    Expression,
}

/// Finer expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Expect {
    /// None.
    #[default]
    Anything,
    /// A sign belongs to the number behind it.
    Operand,
    /// A word is a name, whatever follows it.
    Name,
}

/// The script and how far it is read.
#[derive(Debug)]
pub(super) struct Scanner<'text> {
    pub(super) text: &'text str,
    pub(super) at: usize,
    pub(super) directives: Directives,
}

/// What becomes of `#requires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directives {
    /// It is refused, since nobody would heed it.
    Refused,
    /// It is a comment: the script runs elsewhere.
    Skipped,
}

impl<'text> Scanner<'text> {
    /// The next token.
    pub(super) fn next(&mut self, mode: Mode, expect: Expect) -> Result<Token, Stop> {
        self.skip_space()?;
        let start = self.at;
        let kind = self.scan(mode, expect, start)?;
        Ok(Token { span: Span::new(start, self.at), kind })
    }

    /// The character that comes next; [`END`] after the last.
    pub(super) fn peek(&self) -> char {
        // Nearly all of it is ASCII.
        if let Some(&byte) = self.text.as_bytes().get(self.at)
            && byte.is_ascii()
        {
            return char::from(byte);
        }
        self.text.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or(END)
    }

    pub(super) fn bump(&mut self) -> char {
        let next = self.peek();
        if next != END {
            self.at += next.len_utf8();
        }
        next
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == wanted;
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    pub(super) fn stop<T>(&self, start: usize, reason: Reason) -> Result<T, Stop> {
        Err(Stop::new(Span::new(start, self.at), reason))
    }

    /// Skips spaces, comments and continued lines, but no line ends.
    pub(super) fn skip_space(&mut self) -> Result<(), Stop> {
        loop {
            match self.peek() {
                next if is_space(next) => {
                    self.bump();
                }
                '#' => self.line_comment()?,
                '<' if self.starts_with("<#") => self.skip_block_comment()?,
                '`' => {
                    if !self.continued_line()? {
                        return Ok(());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips line ends too, and semicolons where they are `wanted`.
    pub(super) fn skip_lines(&mut self, wanted: fn(char) -> bool) -> Result<(), Stop> {
        loop {
            self.skip_space()?;
            if !wanted(self.peek()) {
                return Ok(());
            }
            self.bump();
        }
    }

    fn line_comment(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while !is_line_end(self.peek()) && self.peek() != END {
            self.bump();
        }
        let requires = "#requires";
        let comment = self.text.get(start..self.at).unwrap_or_default();
        if self.directives == Directives::Refused
            && comment.get(..requires.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(requires))
        {
            return self.stop(start, Reason::Requires);
        }
        Ok(())
    }

    /// Skips `<# … #>`, which begins here.
    pub(super) fn skip_block_comment(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let inside = self.text.get(start + 2..).unwrap_or_default();
        match inside.find("#>") {
            Some(length) => {
                self.at = start + 2 + length + 2;
                Ok(())
            }
            None => self.stop(start, Reason::UnterminatedComment),
        }
    }

    /// A backtick and white space are nothing; a backtick and something else begin a word.
    fn continued_line(&mut self) -> Result<bool, Stop> {
        let start = self.at;
        self.bump();
        match self.peek() {
            END => self.stop(start, Reason::TrailingBacktick),
            '\r' => {
                self.bump();
                self.take('\n');
                Ok(true)
            }
            next if next.is_whitespace() => {
                self.bump();
                Ok(true)
            }
            _ => {
                self.at = start;
                Ok(false)
            }
        }
    }

    fn scan(&mut self, mode: Mode, expect: Expect, start: usize) -> Result<Kind, Stop> {
        let first = self.bump();
        match first {
            END => Ok(Kind::EndOfInput),
            '\r' => {
                self.take('\n');
                Ok(Kind::LineEnd)
            }
            '\n' => Ok(Kind::LineEnd),
            ';' => Ok(Kind::Semicolon),
            ',' => Ok(Kind::Comma),
            '(' => Ok(Kind::LeftParenthesis),
            ')' => Ok(Kind::RightParenthesis),
            '{' => Ok(Kind::LeftBrace),
            '}' => Ok(Kind::RightBrace),
            ']' => Ok(Kind::RightBracket),
            '&' => Ok(if self.take('&') { Kind::Chain } else { Kind::Ampersand }),
            '|' => Ok(if self.take('|') { Kind::Chain } else { Kind::Pipe }),
            '`' => self.word_from(start),
            '@' => self.at_sign(mode, start),
            '$' => self.dollar(mode, start),
            '<' => Ok(Kind::Reserved),
            '>' => Ok(self.redirection(Stream::Output, start)),
            '[' if mode == Mode::Command && !ends(self.peek()) => self.word_from(start),
            '[' => Ok(Kind::LeftBracket),
            '.' => self.dot(mode, start),
            ':' => self.colon(mode, expect, start),
            '!' => self.exclamation(mode, start),
            '?' if mode == Mode::Expression => self.question(),
            '*' if self.take('>') => Ok(self.redirection(Stream::All, start)),
            '=' | '+' | '*' | '/' | '%' => self.symbol(first, mode, expect, start),
            digit @ '1'..='6' if self.take('>') => self.numbered_redirection(digit, mode, start),
            '0'..='9' => self.number(mode, start),
            quote if is_single_quote(quote) => self.single_quoted(start),
            quote if is_double_quote(quote) => self.double_quoted(start),
            dash if is_dash(dash) => self.dash(mode, expect, start),
            letter if begins_identifier(letter) => self.identifier(mode, expect, start),
            _ => self.word_from(start),
        }
    }

    fn at_sign(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let next = self.peek();
        match next {
            '(' | '{' => {
                self.bump();
                Ok(if next == '(' { Kind::AtParenthesis } else { Kind::AtBrace })
            }
            quote if is_single_quote(quote) || is_double_quote(quote) => {
                self.bump();
                self.here_string(quote, start)
            }
            next if begins_variable(next) => match self.variable(mode, start)? {
                Some(name) => Ok(Kind::Splatted(name)),
                None => self.word_from(start),
            },
            _ => self.stop(start, Reason::At),
        }
    }

    fn dollar(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        if self.take('(') {
            return Ok(Kind::DollarParenthesis);
        }
        match self.peek() {
            '{' => match self.braced_variable(Quoting::Outside, start)? {
                name if mode == Mode::Expression || ends(self.peek()) || matches!(self.peek(), '.' | '[') => {
                    Ok(Kind::Variable(name))
                }
                _ => self.word_from(start),
            },
            next if begins_variable(next) => match self.variable(mode, start)? {
                Some(name) => Ok(Kind::Variable(name)),
                None => self.word_from(start),
            },
            _ => self.word_from(start),
        }
    }

    /// In an expression `2>` is a number before the output's redirection, `2>&1` is what it is anywhere.
    fn numbered_redirection(&mut self, digit: char, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let kind = self.redirection(numbered(digit), start);
        if mode == Mode::Expression && matches!(kind, Kind::ToFile { .. }) {
            return self.number(mode, start);
        }
        Ok(kind)
    }

    fn redirection(&mut self, from: Stream, start: usize) -> Kind {
        if self.take('>') {
            return Kind::ToFile { from, append: true };
        }
        // Only a stream that is named can be merged: `>&1` is a file that is missing.
        let named = self.at - start > 1;
        if named && self.starts_with("&1") {
            self.at += 2;
            return if from == Stream::Output { Kind::Reserved } else { Kind::Merge(from) };
        }
        if named && from != Stream::All && self.starts_with("&2") {
            self.at += 2;
            return Kind::Reserved;
        }
        Kind::ToFile { from, append: false }
    }

    fn dot(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let next = self.peek();
        if next == '.' {
            self.bump();
            if mode == Mode::Command && !ends(self.peek()) {
                return self.word_from(start);
            }
            return Ok(Kind::Symbol(BinaryOperator::Range));
        }
        if next.is_ascii_digit() {
            return self.number(mode, start);
        }
        if mode == Mode::Command && !ends(next) && !matches!(next, '$' | '"' | '\'') {
            return self.word_from(start);
        }
        Ok(Kind::Dot)
    }

    fn colon(&mut self, mode: Mode, expect: Expect, start: usize) -> Result<Kind, Stop> {
        if self.take(':') {
            if mode == Mode::Command && expect != Expect::Name && !ends(self.peek()) {
                return self.word_from(start);
            }
            return Ok(Kind::DoubleColon);
        }
        if mode == Mode::Expression {
            return Ok(Kind::Colon);
        }
        if !begins_identifier(self.peek()) {
            return self.word_from(start);
        }
        let name = self.identifier_text();
        if ends(self.peek()) { Ok(Kind::Label(name.to_owned())) } else { self.word_from(start) }
    }

    fn exclamation(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let next = self.peek();
        let word = match mode {
            Mode::Command => !ends(next),
            Mode::Expression => {
                let number = is_digit(next) || next == '.';
                let text = self.text.get(self.at..).unwrap_or_default();
                begins_identifier(next) || (number && number::scan(text, Surroundings::Expression).is_none())
            }
        };
        if word { self.word_from(start) } else { Ok(Kind::Exclamation) }
    }

    fn question(&mut self) -> Result<Kind, Stop> {
        Ok(if self.take('?') { Kind::Coalesce } else { Kind::Question })
    }

    /// `=`, `+`, `*`, `/` and `%`, alone, doubled or before `=`.
    fn symbol(&mut self, first: char, mode: Mode, expect: Expect, start: usize) -> Result<Kind, Stop> {
        let kind = match (first, self.peek()) {
            ('+', '+') => {
                self.bump();
                Kind::PlusPlus
            }
            ('+' | '*' | '/' | '%', '=') => {
                self.bump();
                Kind::Assign(match first {
                    '+' => AssignmentOperator::Add,
                    '*' => AssignmentOperator::Multiply,
                    '/' => AssignmentOperator::Divide,
                    _ => AssignmentOperator::Remainder,
                })
            }
            ('+', next) if expect == Expect::Operand && (is_digit(next) || next == '.') => {
                return self.number(mode, start);
            }
            ('+', _) => Kind::Symbol(BinaryOperator::Add),
            ('*', _) => Kind::Symbol(BinaryOperator::Multiply),
            ('/', _) => Kind::Symbol(BinaryOperator::Divide),
            ('%', _) => Kind::Symbol(BinaryOperator::Remainder),
            _ => Kind::Assign(AssignmentOperator::Assign),
        };
        self.operator_or_word(kind, mode, start)
    }

    fn dash(&mut self, mode: Mode, expect: Expect, start: usize) -> Result<Kind, Stop> {
        let kind = match self.peek() {
            next if is_dash(next) => {
                self.bump();
                Kind::MinusMinus
            }
            '=' => {
                self.bump();
                Kind::Assign(AssignmentOperator::Subtract)
            }
            next if is_letter(next) || matches!(next, '_' | '?') => return self.parameter(mode, start),
            next if expect == Expect::Operand && (is_digit(next) || next == '.') => {
                return self.number(mode, start);
            }
            _ => Kind::Symbol(BinaryOperator::Subtract),
        };
        self.operator_or_word(kind, mode, start)
    }

    /// In a command an operator that touches something is the beginning of a word.
    fn operator_or_word(&mut self, kind: Kind, mode: Mode, start: usize) -> Result<Kind, Stop> {
        if mode == Mode::Command && !ends(self.peek()) { self.word_from(start) } else { Ok(kind) }
    }

    fn parameter(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let begin = self.at;
        match mode {
            Mode::Command => loop {
                match self.peek() {
                    next if ends(next) || matches!(next, '.' | '[' | ':') => break,
                    next if is_single_quote(next) || is_double_quote(next) => {
                        let mut pieces = Pieces::default();
                        pieces.push_str(self.text.get(start..self.at).unwrap_or_default());
                        return self.rest_of_word(pieces);
                    }
                    _ => self.bump(),
                };
            },
            Mode::Expression => {
                while self.peek().is_ascii_alphabetic() {
                    self.bump();
                }
            }
        }
        let name = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        if mode == Mode::Expression {
            if let Some(operator) = DashOperator::named(&name) {
                return Ok(Kind::Dash(operator));
            }
            if name.is_empty() {
                return Ok(Kind::Symbol(BinaryOperator::Subtract));
            }
        }
        let colon = self.peek() == ':';
        if colon && mode == Mode::Command {
            self.bump();
        }
        Ok(Kind::Parameter { name, colon })
    }

    fn number(&mut self, mode: Mode, start: usize) -> Result<Kind, Stop> {
        let surroundings = match mode {
            Mode::Command => Surroundings::Command,
            Mode::Expression => Surroundings::Expression,
        };
        let text = self.text.get(start..).unwrap_or_default();
        let Some(scanned) = number::scan(text, surroundings) else { return self.word_from(start) };
        self.at = start + scanned.length;
        match scanned.value {
            Ok(value) => Ok(Kind::Number(value)),
            Err(Reason::NumberTooLarge) if mode == Mode::Command => self.word_from(start),
            Err(reason) => self.stop(start, reason),
        }
    }

    fn identifier(&mut self, mode: Mode, expect: Expect, start: usize) -> Result<Kind, Stop> {
        self.at = start;
        let word = self.identifier_text();
        if expect == Expect::Name || mode == Mode::Expression {
            return Ok(Kind::Identifier);
        }
        if !ends(self.peek()) {
            return self.word_from(start);
        }
        Ok(Keyword::named(word).map_or(Kind::Identifier, Kind::Keyword))
    }

    fn identifier_text(&mut self) -> &'text str {
        let start = self.at;
        while continues_identifier(self.peek()) {
            self.bump();
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// A word that begins at `start`, quotes and all.
    fn word_from(&mut self, start: usize) -> Result<Kind, Stop> {
        self.at = start;
        self.rest_of_word(Pieces::default())
    }

    fn rest_of_word(&mut self, mut pieces: Pieces) -> Result<Kind, Stop> {
        loop {
            let begin = self.at;
            match self.bump() {
                next if ends(next) => {
                    self.at = begin;
                    return Ok(Kind::Word(pieces));
                }
                '`' => self.escape(begin, &mut pieces)?,
                '$' => self.dollar_in_string(Quoting::Outside, begin, &mut pieces)?,
                quote if is_single_quote(quote) => self.inside_single(begin, &mut pieces)?,
                quote if is_double_quote(quote) => self.inside_double(begin, &mut pieces)?,
                other => pieces.push(other),
            }
        }
    }
}

/// What a `$` in a string is surrounded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A word, or nothing.
    Outside,
    /// `"…"`.
    Double,
    /// `@"…"@`.
    DoubleHere,
}

/// What [`Scanner::peek`] gives behind the last character. No script holds it.
pub(super) const END: char = '\0';

/// Ends a word.
pub(super) fn ends(character: char) -> bool {
    character == END || ends_word(character)
}

fn numbered(digit: char) -> Stream {
    match digit {
        '1' => Stream::Output,
        '2' => Stream::Error,
        '3' => Stream::Warning,
        '4' => Stream::Verbose,
        '5' => Stream::Debug,
        _ => Stream::Information,
    }
}
