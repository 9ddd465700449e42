//! What the scanner finds.

use super::refusal::{Reason, Stop};
use crate::tree::operator::DashOperator;
use crate::tree::{AssignmentOperator, BinaryOperator, NumberValue, Quote, Span, Stream};

/// A token and where it stands.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

/// What a token is.
#[derive(Debug)]
pub(super) enum Kind {
    EndOfInput,
    LineEnd,
    Semicolon,
    LeftParenthesis,
    RightParenthesis,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    /// `@(`
    AtParenthesis,
    /// `@{`
    AtBrace,
    /// `$(`
    DollarParenthesis,
    Comma,
    Pipe,
    Ampersand,
    /// `&&` and `||`
    Chain,
    Dot,
    DoubleColon,
    Colon,
    /// `?` in an expression.
    Question,
    /// `??` and `??=`
    Coalesce,
    PlusPlus,
    MinusMinus,
    Exclamation,
    /// `+ - * / % ..`
    Symbol(BinaryOperator),
    /// `-eq` and the like, in an expression.
    Dash(DashOperator),
    Assign(AssignmentOperator),
    Number(NumberValue),
    /// A quoted string: its pieces and how it was quoted.
    String(Pieces, Quote),
    /// A word without quotes around all of it.
    Word(Pieces),
    /// A word of letters, digits and underscores that is no keyword here.
    Identifier,
    Keyword(Keyword),
    Variable(String),
    Splatted(String),
    /// `-name`, `-name:`
    Parameter {
        name: String,
        colon: bool,
    },
    /// `:name`
    Label(String),
    /// `<`, `1>&2`: a redirection that is reserved.
    Reserved,
    /// `2>&1`
    Merge(Stream),
    /// `2>` and `2>>`
    ToFile {
        from: Stream,
        append: bool,
    },
}

/// The pieces of a string.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Variable {
        span: Span,
        name: String,
    },
    /// `$( … )`
    SubExpression(Span),
}

/// A word that means something at the beginning of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Begin,
    Break,
    Catch,
    Continue,
    Default,
    Do,
    Else,
    ElseIf,
    End,
    Exit,
    Finally,
    For,
    ForEach,
    Function,
    If,
    In,
    Param,
    Process,
    Return,
    Switch,
    Throw,
    Try,
    Until,
    While,
    /// Begins a statement that is never taken.
    Unsupported,
    /// Means something to PowerShell in places that are never taken.
    Elsewhere,
}

impl Token {
    /// Means the same in a command and in an expression, and need not be scanned again.
    pub(super) fn is_invariant(&self) -> bool {
        matches!(
            self.kind,
            Kind::EndOfInput
                | Kind::LineEnd
                | Kind::Semicolon
                | Kind::LeftParenthesis
                | Kind::RightParenthesis
                | Kind::LeftBrace
                | Kind::RightBrace
                | Kind::RightBracket
                | Kind::AtParenthesis
                | Kind::AtBrace
                | Kind::DollarParenthesis
                | Kind::Comma
                | Kind::Pipe
                | Kind::Ampersand
                | Kind::Chain
                | Kind::String(..)
        )
    }
}

impl Pieces {
    pub(super) fn push(&mut self, character: char) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(character);
        } else {
            // Most words fit, and none is moved while it grows.
            let mut text = String::with_capacity(USUAL_WORD);
            text.push(character);
            self.pieces.push(Piece::Text(text));
        }
    }

    pub(super) fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }

    /// Adds something to compute, unless there is too much of it already.
    pub(super) fn compute(&mut self, piece: Piece, span: Span) -> Result<(), Stop> {
        if self.pieces.len() > MOST_PIECES {
            return Err(Stop::new(span, Reason::TooManyNodes));
        }
        self.pieces.push(piece);
        Ok(())
    }

    /// The text by itself, if nothing is to be computed; else what there is.
    pub(super) fn into_text(mut self) -> Result<String, Self> {
        match (self.pieces.pop(), self.pieces.is_empty()) {
            (None, _) => Ok(String::new()),
            (Some(Piece::Text(text)), true) => Ok(text),
            (Some(last), _) => {
                self.pieces.push(last);
                Err(self)
            }
        }
    }

    /// The text, if nothing is to be computed.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Keyword {
    /// The keyword that a word is, in any case.
    pub(super) fn named(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|&(_, keyword)| keyword)
    }
}

/// How long most words are at the most, in bytes.
const USUAL_WORD: usize = 24;
/// The most pieces of one string. They are not yet nodes, and so they are counted here.
const MOST_PIECES: usize = 4096;

const KEYWORDS: [(&str, Keyword); 51] = [
    ("assembly", Keyword::Elsewhere),
    ("base", Keyword::Elsewhere),
    ("begin", Keyword::Begin),
    ("break", Keyword::Break),
    ("catch", Keyword::Catch),
    ("class", Keyword::Unsupported),
    ("clean", Keyword::Unsupported),
    ("command", Keyword::Elsewhere),
    ("configuration", Keyword::Unsupported),
    ("continue", Keyword::Continue),
    ("data", Keyword::Unsupported),
    ("default", Keyword::Default),
    ("define", Keyword::Unsupported),
    ("do", Keyword::Do),
    ("dynamicparam", Keyword::Unsupported),
    ("else", Keyword::Else),
    ("elseif", Keyword::ElseIf),
    ("end", Keyword::End),
    ("enum", Keyword::Unsupported),
    ("exit", Keyword::Exit),
    ("filter", Keyword::Unsupported),
    ("finally", Keyword::Finally),
    ("for", Keyword::For),
    ("foreach", Keyword::ForEach),
    ("from", Keyword::Unsupported),
    ("function", Keyword::Function),
    ("hidden", Keyword::Elsewhere),
    ("if", Keyword::If),
    ("in", Keyword::In),
    ("interface", Keyword::Elsewhere),
    ("module", Keyword::Elsewhere),
    ("namespace", Keyword::Elsewhere),
    ("parallel", Keyword::Unsupported),
    ("param", Keyword::Param),
    ("private", Keyword::Elsewhere),
    ("process", Keyword::Process),
    ("public", Keyword::Elsewhere),
    ("return", Keyword::Return),
    ("sequence", Keyword::Unsupported),
    ("static", Keyword::Elsewhere),
    ("switch", Keyword::Switch),
    ("throw", Keyword::Throw),
    ("trap", Keyword::Unsupported),
    ("try", Keyword::Try),
    ("type", Keyword::Elsewhere),
    ("until", Keyword::Until),
    ("using", Keyword::Unsupported),
    ("var", Keyword::Unsupported),
    ("while", Keyword::While),
    ("workflow", Keyword::Unsupported),
    ("inlinescript", Keyword::Elsewhere),
];
