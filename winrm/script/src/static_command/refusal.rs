//! Why words or text are not one static command.

use std::fmt;

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
    /// There is nothing but white space.
    #[error("there is no command")]
    NoCommand,
    /// A command name outside `[A-Za-z][A-Za-z0-9._\-]*` with an optional drive.
    #[error("this is not a command name that can be written without quotes")]
    CommandName,
    /// The name is a keyword of the language.
    #[error("this word is a keyword, not a command")]
    Keyword,
    /// A parameter whose name is more than an ASCII letter and ASCII letters and digits.
    #[error("this is not a parameter name")]
    ParameterName,
    /// A dash that PowerShell takes for `-`, or a dash before something that is neither number nor parameter.
    #[error("a dash here would begin a parameter or an operator")]
    Dash,
    /// `$`, outside single quotes.
    #[error("variables and subexpressions are not literal")]
    Variable,
    /// A backtick, outside single quotes.
    #[error("backtick escapes are not taken")]
    Escape,
    /// `|`, `||`.
    #[error("pipelines are not one command")]
    Pipeline,
    /// `;` or a line break with more after it.
    #[error("there is more than one statement")]
    Statement,
    /// `&` or a `.` that calls.
    #[error("the call, dot-source and background operators are not taken")]
    Operator,
    /// `<` or `>`.
    #[error("redirections are not taken")]
    Redirection,
    /// `(` or `)`.
    #[error("parentheses compute a value")]
    Parenthesis,
    /// `{` or `}`.
    #[error("script blocks are code")]
    ScriptBlock,
    /// `@{`.
    #[error("hashtables are not taken here")]
    Hashtable,
    /// `@name`.
    #[error("splatting needs a variable")]
    Splat,
    /// `@'` or `@"`.
    #[error("here-strings are not taken here")]
    HereString,
    /// `[` at the start of a word.
    #[error("a bracket here could begin a type")]
    Bracket,
    /// `#` at the start of a word.
    #[error("comments are not taken here")]
    Comment,
    /// `--%`.
    #[error("the stop-parsing mark hands the rest to another parser")]
    StopParsing,
    /// A quoted string without its end.
    #[error("this string has no closing quote")]
    Unterminated,
    /// Something that touches a quoted string.
    #[error("a quoted string must be followed by a space or a comma")]
    Adjacent,
    /// A comma without a value on one side.
    #[error("a value is missing beside this comma")]
    Comma,
    /// A word that is a number in PowerShell 7 and a string in Windows PowerShell 5.1, or in neither is what it
    /// seems.
    #[error("versions of PowerShell disagree whether this is a number")]
    Number,
    /// An array inside an array.
    #[error("arrays in arrays are not taken")]
    NestedArray,
    /// A number in an array that is not a plain integer.
    #[error("a number in an array loses the way it is written")]
    ArrayNumber,
    /// A character that a bare word had better not hold.
    #[error("this character has no place in a bare word")]
    Character,
    /// U+0000.
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
            Self::NoCommand => "write a command such as `Get-Service`",
            Self::CommandName => {
                "write the command's full name, such as `Get-ChildItem`, or a program's path without spaces"
            }
            Self::Keyword => "call a command by its name",
            Self::ParameterName => {
                "write `-Name value`, or `-Name:value` for a value that begins with a dash"
            }
            Self::Dash => {
                "write parameters as `-Name` with an ASCII hyphen, and quote a value that begins with a dash"
            }
            Self::Variable => "write the value itself, in single quotes if it holds a `$`",
            Self::Escape => "put the value in single quotes, where a backtick is a backtick",
            Self::Pipeline | Self::Statement => "send one command in a call",
            Self::Operator => "begin with the command's name, and quote a value that holds `&`",
            Self::Redirection => {
                "leave it out, output and errors come back apart; quote a value that holds `<` or `>`"
            }
            Self::Parenthesis => "write the value itself, in single quotes if it holds a parenthesis",
            Self::ScriptBlock => {
                "use parameters, such as `-Filter` or `-Name`; quote a value that holds a brace"
            }
            Self::Hashtable => "use the command's plain parameters",
            Self::Splat => "write the parameters out",
            Self::HereString => "use a single-quoted string, which may hold line breaks",
            Self::Bracket => "put the value in single quotes",
            Self::Comment => "leave the comment out, or quote a value that begins with `#`",
            Self::StopParsing => "write the arguments as quoted strings",
            Self::Unterminated => "close it, and double a quote that belongs to the value",
            Self::Adjacent => "put the whole value in one pair of quotes",
            Self::Comma => "write arrays as `a, b`",
            Self::NestedArray => "write one list, `a, b, c`",
            Self::ArrayNumber => "write it as a plain integer, or in single quotes",
            Self::Number | Self::Character => "put the value in single quotes",
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
