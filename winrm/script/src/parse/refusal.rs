//! Why a script is not accepted.

use crate::position::Position;
use crate::tree::Span;

/// A script that is not accepted: where, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}; {}", .reason.suggestion())]
pub struct Refusal {
    span: Span,
    position: Position,
    reason: Reason,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// PowerShell does not accept it either.
    Syntax,
    /// PowerShell accepts it, and we do not.
    Unsupported,
    /// It is larger than we take.
    Limit,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Bytes that are not UTF-8.
    #[error("these bytes are not UTF-8")]
    NotUtf8,
    /// Something has no place here.
    #[error("this has no place here")]
    Unexpected,
    /// A string without its end.
    #[error("this string has no closing quote")]
    UnterminatedString,
    /// A comment without its end.
    #[error("this comment has no `#>`")]
    UnterminatedComment,
    /// Text behind `@'` or `@"`.
    #[error("after the opening of a here-string the line must end")]
    HereStringHeader,
    /// `(` without `)`.
    #[error("a `)` is missing")]
    MissingParenthesis,
    /// `{` without `}`.
    #[error("a `}}` is missing")]
    MissingBrace,
    /// `[` without `]`.
    #[error("a `]` is missing")]
    MissingBracket,
    /// An operator, comma or `=` without an operand.
    #[error("a value is missing here")]
    MissingValue,
    /// `|` without a command on one side.
    #[error("a command is missing beside `|`")]
    EmptyPipeElement,
    /// An expression after `|`.
    #[error("an expression can only be the first stage of a pipeline")]
    ExpressionNotFirst,
    /// `.` without a name.
    #[error("the name of a member is missing")]
    MissingMember,
    /// `-Name:` without a value.
    #[error("this parameter has a colon and no value")]
    MissingParameterValue,
    /// `>` without a name.
    #[error("this redirection leads nowhere")]
    MissingTarget,
    /// `<`, `1>&2`.
    #[error("this redirection is reserved")]
    ReservedRedirection,
    /// The same stream twice.
    #[error("this stream is already redirected")]
    StreamTwice,
    /// An assignment to a value.
    #[error("one can assign to variables, members and elements only")]
    NotAssignable,
    /// A hashtable with a key twice.
    #[error("this key is there already")]
    DuplicateKey,
    /// A hashtable's key without a `=`.
    #[error("a `=` is missing after this key")]
    MissingEquals,
    /// `@name` where no argument stands.
    #[error("a splatted variable can only be an argument of a command")]
    Splat,
    /// A statement without its `( … )`.
    #[error("a `(` is missing after this keyword")]
    MissingCondition,
    /// A statement without its `{ … }`.
    #[error("a `{{ … }}` is missing here")]
    MissingBlock,
    /// `try` without `catch` and `finally`.
    #[error("`try` needs `catch` or `finally`")]
    MissingCatch,
    /// A clause for what an earlier one has caught.
    #[error("an earlier `catch` has caught this")]
    CatchOrder,
    /// `return`, `break` or `continue` out of `finally`.
    #[error("nothing may leave a `finally` block")]
    LeavingFinally,
    /// `do` without `while` or `until`.
    #[error("`do` needs `while` or `until`")]
    MissingWhile,
    /// `foreach` without a variable or `in`.
    #[error("`foreach` needs `($variable in …)`")]
    ForEachForm,
    /// `function` without a name.
    #[error("the function has no name")]
    MissingName,
    /// Parameters twice.
    #[error("parameters are declared twice")]
    DuplicateParameter,
    /// A block twice.
    #[error("this block, or something outside of the named blocks, is one too many")]
    BlockTwice,
    /// A `switch` without clauses, or with one that is none.
    #[error("this is no clause of `switch`")]
    SwitchClause,
    /// A flag that the statement does not know.
    #[error("the statement does not know this flag")]
    UnknownFlag,
    /// `[` without a type.
    #[error("the name of a type is missing")]
    MissingType,
    /// `[ordered]` before something else than `@{`.
    #[error("`[ordered]` stands before `@{{ … }}` only")]
    Ordered,
    /// A number beyond all types.
    #[error("this number is too large")]
    NumberTooLarge,
    /// `$` with a name that cannot be.
    #[error("this is not a variable's name")]
    VariableName,
    /// `` `u{…} `` that is none.
    #[error("this is not a Unicode escape")]
    Escape,
    /// A backtick at the end.
    #[error("the script ends in a backtick")]
    TrailingBacktick,
    /// `@` before something else.
    #[error("`@` means nothing here")]
    At,
    /// A bare comma among arguments.
    #[error("an argument is missing before this comma")]
    MissingArgument,
    /// An operator with a name that is not known, or a parameter in an expression.
    #[error("there is no such operator")]
    UnknownOperator,

    /// U+0000.
    #[error("a NUL character is not taken")]
    Nul,
    /// A number that Windows PowerShell 5.1 reads as a string.
    #[error("Windows PowerShell 5.1 and PowerShell 7 read this number differently")]
    NumberForm,
    /// `&&`, `||`.
    #[error("`&&` and `||` are not taken")]
    Chain,
    /// `… &`.
    #[error("background jobs are not taken")]
    Background,
    /// `a ? b : c`.
    #[error("`? :` is not taken")]
    Ternary,
    /// `??`, `??=`, `?.`, `?[`.
    #[error("the operators for null are not taken")]
    NullOperator,
    /// `. x`.
    #[error("dot-sourcing is not taken")]
    DotSource,
    /// `--%`.
    #[error("the stop-parsing mark `--%` hands the rest of the line to another parser")]
    StopParsing,
    /// `class`, `enum`, `using`, `trap`, `data`, `workflow`, `filter`, `dynamicparam`, `clean`…
    #[error("this statement is not taken")]
    Statement,
    /// `#requires`.
    #[error("`#requires` is not taken")]
    Requires,
    /// `[Attribute()]` before something that is neither a parameter nor `param`.
    #[error("attributes stand before parameters and `param` only")]
    Attribute,
    /// `[Attribute($x)]`.
    #[error("what an attribute is given must be constant")]
    AttributeArgument,
    /// A nested, or assembly-qualified type, or an array of several dimensions.
    #[error("only plain type names are taken")]
    TypeName,
    /// `switch -file`.
    #[error("`switch -file` is not taken")]
    SwitchFile,
    /// `$using:x`.
    #[error("`$using:` is for code that runs elsewhere, and none does")]
    Using,
    /// A quote that is doubled inside `$( … )` inside a string.
    #[error("doubled or escaped quotes inside `$( … )` in a string are not taken")]
    QuoteInside,
    /// A string whose `$( … )` does not end where its parentheses do.
    #[error("the parentheses of this `$( … )` do not match once its strings are read")]
    ParenthesisInside,

    /// More than [`MAX_BYTES`](super::MAX_BYTES).
    #[error("the script is longer than 1 MiB")]
    TooLong,
    /// More than [`MAX_NODES`](super::MAX_NODES).
    #[error("the script has too many parts")]
    TooManyNodes,
    /// Deeper than [`MAX_DEPTH`](super::MAX_DEPTH), or higher than [`MAX_HEIGHT`](crate::tree::MAX_HEIGHT).
    #[error("this is nested too deeply")]
    TooDeep,
}

impl Refusal {
    pub(super) fn new(text: &str, Stop { span, reason }: Stop) -> Self {
        Self { span, position: Position::in_text(text, span.start), reason }
    }

    /// The extent that is at fault, in bytes. It may be empty.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where that begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl Reason {
    /// Whether PowerShell would refuse it too.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::TooLong | Self::TooManyNodes | Self::TooDeep => Class::Limit,
            Self::Nul
            | Self::NumberForm
            | Self::Chain
            | Self::Background
            | Self::Ternary
            | Self::NullOperator
            | Self::DotSource
            | Self::StopParsing
            | Self::Statement
            | Self::Requires
            | Self::Attribute
            | Self::AttributeArgument
            | Self::TypeName
            | Self::SwitchFile
            | Self::Using
            | Self::QuoteInside
            | Self::ParenthesisInside => Class::Unsupported,
            _ => Class::Syntax,
        }
    }

    /// What to write instead, as a clause.
    #[must_use]
    pub fn suggestion(self) -> &'static str {
        match self {
            Self::NotUtf8 => "send the script as UTF-8",
            Self::UnterminatedString => "close it, and double a quote that belongs to the value",
            Self::MissingParenthesis => "close the `(`",
            Self::MissingBrace => "close the `{`",
            Self::MissingBracket => "close the `[`",
            Self::ExpressionNotFirst => "use `ForEach-Object { … }`",
            Self::NotAssignable => "assign to a variable, and use `-eq` to compare",
            Self::Nul => "remove it",
            Self::NumberForm => "write a plain number, or a string in quotes",
            Self::Chain => "use `if ($?) { … }`, or two statements",
            Self::Background => "run it as a call of its own",
            Self::Ternary | Self::NullOperator => "use `if (…) { … } else { … }`",
            Self::DotSource => "write the statements where they are needed",
            Self::StopParsing => "write the arguments as quoted strings",
            Self::Statement => "use commands, `if`, loops, functions and `try`",
            Self::Requires => "leave it out",
            Self::Attribute => "leave it out, or declare it with a parameter",
            Self::AttributeArgument => "write a number, a string, `$true` or `$false`",
            Self::TypeName => {
                "use a value type such as `[int]`, `[string]`, `[datetime]` or `[pscustomobject]`"
            }
            Self::SwitchFile => "use `Get-Content` and `foreach`",
            Self::Using => "use the variable itself",
            Self::QuoteInside => "use single quotes inside, or compute the value first",
            Self::ParenthesisInside => "compute the value first, and put the variable into the string",
            Self::TooLong | Self::TooManyNodes => "split it",
            Self::TooDeep => "use variables for the inner parts",
            _ => "correct it",
        }
    }
}

/// Why and where the parser stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) span: Span,
    pub(super) reason: Reason,
}

impl Stop {
    pub(super) fn new(span: Span, reason: Reason) -> Self {
        Self { span, reason }
    }
}
