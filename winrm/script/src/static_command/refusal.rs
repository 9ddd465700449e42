//! Why words or text are not one static command.

use std::fmt;

use crate::parse;
use crate::position::Position;

/// Text or words that are not one command with literal arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {reason}; {}", .reason.suggestion())]
pub struct Refusal {
    location: Location,
    reason: Reason,
}

/// Where the trouble stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// A place in the text given to [`parse`](super::StaticCommand::parse).
    Text(Position),
    /// The number of a word, from 1, of those given to [`from_words`](super::StaticCommand::from_words).
    Word(usize),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is nothing but white space and comments.
    #[error("there is no command")]
    NoCommand,
    /// Something that the parser does not accept at all.
    #[error("{0}")]
    Script(parse::Reason),
    /// An expression, an assignment, or a statement such as `if`.
    #[error("this is not a command")]
    NotCommand,
    /// A command name outside `[A-Za-z][A-Za-z0-9._\\-]*` with an optional drive.
    #[error("this is not a command name that can be written without quotes")]
    CommandName,
    /// The name is a keyword of the language.
    #[error("this word is a keyword, not a command")]
    Keyword,
    /// A parameter whose name is more than an ASCII letter and ASCII letters and digits.
    #[error("this is not a parameter name")]
    ParameterName,
    /// A word that begins with a dash other than `-`, and a letter.
    #[error("a dash here would begin a parameter")]
    Dash,
    /// A variable, or a string with variables or `$( … )` in it.
    #[error("variables and subexpressions are not literal")]
    Variable,
    /// More than one stage.
    #[error("pipelines are not one command")]
    Pipeline,
    /// More than one statement.
    #[error("there is more than one statement")]
    Statement,
    /// `&`.
    #[error("the call, dot-source and background operators are not taken")]
    Operator,
    /// `>` and the like.
    #[error("redirections are not taken")]
    Redirection,
    /// Parentheses, members, casts, operators.
    #[error("this value is computed, by parentheses, a member, a cast or an operator")]
    Computed,
    /// `{ … }`.
    #[error("script blocks are code")]
    ScriptBlock,
    /// `@{ … }`.
    #[error("hashtables are not taken here")]
    Hashtable,
    /// A number that is none, or another one, in some PowerShell.
    #[error("versions of PowerShell disagree whether this is a number")]
    Number,
    /// An array inside an array.
    #[error("arrays in arrays are not taken")]
    NestedArray,
    /// A number in an array that is not a plain integer.
    #[error("a number in an array loses the way it is written")]
    ArrayNumber,
    /// U+0000 in a word.
    #[error("a NUL character is never sent")]
    Nul,
    /// More than 256 KiB, or more than 1,024 arguments or elements of an array.
    #[error("the command is too long")]
    TooLong,
}

impl Refusal {
    pub(super) fn new(location: Location, reason: Reason) -> Self {
        Self { location, reason }
    }

    /// Where it stands.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What to write instead.
    #[must_use]
    pub fn suggestion(&self) -> &'static str {
        self.reason.suggestion()
    }
}

impl Reason {
    /// What to write instead, as a clause.
    #[must_use]
    pub fn suggestion(self) -> &'static str {
        match self {
            Self::NoCommand | Self::NotCommand => "write a command such as `Get-Service`",
            Self::Script(reason) => reason.suggestion(),
            Self::CommandName => {
                "write the command's full name, such as `Get-ChildItem`, or a program's path without spaces"
            }
            Self::Keyword => "call a command by its name",
            Self::ParameterName => {
                "write `-Name value`, or `-Name:value` for a value that begins with a dash, or quote the value"
            }
            Self::Dash => "write parameters as `-Name` with an ASCII hyphen, and a value as `-Name:value`",
            Self::Variable => "write the value itself, in single quotes if it holds a `$`",
            Self::Pipeline | Self::Statement => "send one command in a call",
            Self::Operator => "begin with the command's name",
            Self::Redirection => "leave it out, output and errors come back apart",
            Self::Computed => "write the value itself, in single quotes",
            Self::ScriptBlock => "use parameters, such as `-Filter` or `-Name`",
            Self::Hashtable => "use the command's plain parameters",
            Self::NestedArray => "write one list, `a, b, c`",
            Self::ArrayNumber => "write it as a plain integer, or in single quotes",
            Self::Number => "put the value in single quotes",
            Self::Nul => "remove it",
            Self::TooLong => "send fewer or shorter values",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(position) => position.fmt(formatter),
            Self::Word(number) => write!(formatter, "word {number}"),
        }
    }
}
