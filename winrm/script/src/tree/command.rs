//! Commands.

use super::Span;
use super::expression::Expression;

/// A name and what is given to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Whether it is called through `&`.
    pub call: Call,
    /// The name: a bare word, or after `&` any expression.
    pub name: Expression,
    /// What follows, in order.
    pub elements: Vec<CommandElement>,
}

/// How a command is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// By its name.
    Plain,
    /// `& name`.
    Operator,
}

/// A parameter or an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandElement {
    /// `-Name` or `-Name:value`.
    Parameter(Parameter),
    /// A value. A variable may be splatted.
    Argument(Expression),
}

/// `-Name` or `-Name:value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// All of it.
    pub span: Span,
    /// The name as it was written, without dash and colon. `--` has the name `-`.
    pub name: String,
    /// The value after a colon.
    pub argument: Option<Expression>,
}

/// `2>$null`, `2>&1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirection {
    /// Where it stands.
    pub span: Span,
    /// What is redirected.
    pub from: Stream,
    /// Where it goes.
    pub to: RedirectionTarget,
}

/// Where a redirection leads.
#[derive(Debug, Clone, PartialEq)]
pub enum RedirectionTarget {
    /// `>&1`: the output.
    Output,
    /// `> name`.
    File(Box<Expression>),
    /// `>> name`.
    Append(Box<Expression>),
}

/// A stream of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// `*`.
    All,
    /// 1.
    Output,
    /// 2.
    Error,
    /// 3.
    Warning,
    /// 4.
    Verbose,
    /// 5.
    Debug,
    /// 6.
    Information,
}

impl CommandElement {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Parameter(parameter) => parameter.span,
            Self::Argument(argument) => argument.span,
        }
    }
}
