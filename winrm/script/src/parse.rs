//! From text to tree.
//!
//! [`script`] reads a whole script. It takes linear time and memory, whatever the text is: it stops at the first
//! thing that it does not accept, nests at most [`MAX_DEPTH`] deep and makes at most [`MAX_NODES`] nodes.

mod command;
mod expression;
mod flow;
mod number;
mod parameters;
mod pipeline;
mod primary;
mod refusal;
mod scanner;
mod statement;
mod strings;
mod token;
mod types;

pub use parameters::parameters_of_script;
pub use refusal::{Class, Reason, Refusal};

use self::refusal::Stop;
use self::scanner::{Directives, Expect, Mode, Scanner};
use self::token::{Kind, Token};
use crate::characters::is_line_end;
use crate::tree::{
    Expression, ExpressionKind, MAX_HEIGHT, NumberValue, ScriptBlock, Span, Statement, StatementKind,
};

/// The longest script, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The most nodes of a tree.
pub const MAX_NODES: usize = 30_000;
/// The deepest nesting of brackets, braces, quotes and operators before an operand.
pub const MAX_DEPTH: usize = 100;

/// Reads a script.
///
/// # Errors
/// A [`Refusal`] with the place and the reason, for what PowerShell does not accept either and for what this
/// crate does not take.
pub fn script(text: &str) -> Result<ScriptBlock, Refusal> {
    let whole = Span::new(0, text.len());
    if text.len() > MAX_BYTES {
        return Err(Refusal::new(text, Stop::new(Span::new(0, 0), Reason::TooLong)));
    }
    if let Some(at) = text.find('\0') {
        return Err(Refusal::new(text, Stop::new(Span::new(at, at + 1), Reason::Nul)));
    }
    let mut parser = Parser::new(text);
    parser.script_block_body(whole, None).map_err(|stop| Refusal::new(text, stop))
}

/// Reads a script from bytes.
///
/// # Errors
/// [`Reason::NotUtf8`] at the first byte that is none, and whatever [`script`] refuses.
pub fn script_from_bytes(bytes: &[u8]) -> Result<ScriptBlock, Refusal> {
    match std::str::from_utf8(bytes) {
        Ok(text) => script(text),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok());
            let at = Span::new(error.valid_up_to(), error.valid_up_to());
            Err(Refusal::new(valid.unwrap_or_default(), Stop::new(at, Reason::NotUtf8)))
        }
    }
}

/// The value of a word that is a number, and nothing else.
pub(crate) fn number_value(word: &str) -> Option<NumberValue> {
    let scanned = number::scan(word, number::Surroundings::Command)?;
    scanned.value.ok().filter(|_| scanned.length == word.len())
}

/// Whether a comma makes an array, or separates what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comma {
    Array,
    Separator,
}

/// A script, how far it is read, and what is expected next.
struct Parser<'text> {
    scanner: Scanner<'text>,
    mode: Mode,
    peeked: Option<Token>,
    comma: Comma,
    /// The loops and `finally` blocks around this place, within its script block.
    around: Vec<Around>,
    depth: usize,
    nodes: usize,
}

/// What `break`, `continue` and `return` leave.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Around {
    /// A loop or `switch`, perhaps with a label.
    Loop(Option<String>),
    /// A `finally` block, which nothing may leave.
    Finally,
}

impl<'text> Parser<'text> {
    fn new(text: &'text str) -> Self {
        Self {
            scanner: Scanner { text, at: 0, directives: Directives::Refused },
            mode: Mode::Command,
            peeked: None,
            comma: Comma::Array,
            around: Vec::new(),
            depth: 0,
            nodes: 0,
        }
    }

    /// A parser for a part of this text that is on its own, such as the inside of a string.
    fn within(&self, span: Span) -> Result<Self, Stop> {
        let mut parser = Self::new(self.scanner.text.get(..span.end).unwrap_or_default());
        parser.scanner.at = span.start;
        parser.scanner.directives = self.scanner.directives;
        parser.around.clone_from(&self.around);
        parser.depth = self.depth + STRING_DEPTH;
        parser.nodes = self.nodes;
        if parser.depth > MAX_DEPTH {
            return Err(Stop::new(span, Reason::TooDeep));
        }
        Ok(parser)
    }

    fn peek(&mut self) -> Result<&Token, Stop> {
        self.peek_expecting(Expect::Anything)
    }

    fn peek_expecting(&mut self, expect: Expect) -> Result<&Token, Stop> {
        let token = match self.peeked.take() {
            Some(token) => token,
            None => self.scanner.next(self.mode, expect)?,
        };
        Ok(self.peeked.insert(token))
    }

    fn next(&mut self) -> Result<Token, Stop> {
        match self.peeked.take() {
            Some(token) => Ok(token),
            None => self.scanner.next(self.mode, Expect::Anything),
        }
    }

    /// Gives a token back that was taken.
    fn unread(&mut self, token: Token) {
        self.peeked = Some(token);
    }

    /// Reads on from `at`.
    fn rewind(&mut self, at: usize) {
        self.peeked = None;
        self.scanner.at = at;
    }

    /// Where the next thing begins, white space included.
    fn here(&self) -> usize {
        self.peeked.as_ref().map_or(self.scanner.at, |token| token.span.start)
    }

    /// Takes the next token if it is `wanted`.
    fn take(&mut self, wanted: impl FnOnce(&Kind) -> bool) -> Result<Option<Span>, Stop> {
        let token = self.peek()?;
        let found = wanted(&token.kind).then_some(token.span);
        if found.is_some() {
            self.peeked = None;
        }
        Ok(found)
    }

    /// Takes the next token, which must be `wanted`.
    fn expect(&mut self, wanted: impl FnOnce(&Kind) -> bool, reason: Reason) -> Result<Span, Stop> {
        match self.take(wanted)? {
            Some(span) => Ok(span),
            None => self.refuse_next(reason),
        }
    }

    /// Stops at the next token.
    fn refuse_next<T>(&mut self, reason: Reason) -> Result<T, Stop> {
        let span = self.peek()?.span;
        Err(Stop::new(span, reason))
    }

    /// Reads with another expectation, and then as before.
    fn in_mode<T>(&mut self, mode: Mode, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        let before = self.mode;
        self.set_mode(mode);
        let result = read(self)?;
        self.set_mode(before);
        Ok(result)
    }

    fn set_mode(&mut self, mode: Mode) {
        if mode != self.mode
            && let Some(token) = self.peeked.take_if(|token| !token.is_invariant())
        {
            self.scanner.at = token.span.start;
        }
        self.mode = mode;
    }

    /// Reads with another meaning of the comma, and then as before.
    fn with_comma<T>(
        &mut self,
        comma: Comma,
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let before = std::mem::replace(&mut self.comma, comma);
        let result = read(self)?;
        self.comma = before;
        Ok(result)
    }

    /// Reads what stands in a loop or a `finally` block.
    fn inside<T>(
        &mut self,
        around: Around,
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.around.push(around);
        let result = read(self)?;
        self.around.pop();
        Ok(result)
    }

    /// Reads what is nested here.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.depth == MAX_DEPTH {
            return self.refuse_next(Reason::TooDeep);
        }
        self.depth += 1;
        let result = read(self)?;
        self.depth -= 1;
        Ok(result)
    }

    fn skip_lines(&mut self) -> Result<(), Stop> {
        if self.peeked.take_if(|token| matches!(token.kind, Kind::LineEnd)).is_some() || self.peeked.is_none()
        {
            self.scanner.skip_lines(is_line_end)?;
        }
        Ok(())
    }

    fn skip_lines_and_semicolons(&mut self) -> Result<(), Stop> {
        let separator = |token: &mut Token| matches!(token.kind, Kind::LineEnd | Kind::Semicolon);
        if self.peeked.take_if(separator).is_some() || self.peeked.is_none() {
            self.scanner.skip_lines(|next| next == ';' || is_line_end(next))?;
        }
        Ok(())
    }

    fn expression(&mut self, span: Span, kind: ExpressionKind) -> Result<Expression, Stop> {
        let expression = Expression::new(span, kind);
        self.count(span, expression.height())?;
        Ok(expression)
    }

    fn statement(&mut self, span: Span, kind: StatementKind) -> Result<Statement, Stop> {
        let statement = Statement::new(span, kind);
        self.count(span, statement.height())?;
        Ok(statement)
    }

    fn count(&mut self, span: Span, height: usize) -> Result<(), Stop> {
        self.nodes += 1;
        if height > MAX_HEIGHT {
            return Err(Stop::new(span, Reason::TooDeep));
        }
        if self.nodes > MAX_NODES {
            return Err(Stop::new(span, Reason::TooManyNodes));
        }
        Ok(())
    }
}

/// What a `$( … )` inside a string adds to the depth: it is read twice, so it may not go as deep.
const STRING_DEPTH: usize = 8;

#[cfg(test)]
mod tests;
