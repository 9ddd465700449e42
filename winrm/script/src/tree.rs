//! The tree of a script.
//!
//! It is PowerShell's own tree for everything that is accepted: the same nodes with the same extents, less what
//! is refused. A node knows its [`Span`] in bytes; [`Span::utf16`] gives the offsets that PowerShell counts.
//!
//! * [`ScriptBlock`] is the root, and the body of a function or of `{ … }`.
//! * [`Statement`] holds what stands between line breaks and semicolons.
//! * [`Command`] is one stage of a pipeline.
//! * [`Expression`] computes a value.
//!
//! INVARIANT: no tree that the parser returns is higher than [`MAX_HEIGHT`], so recursion over it is safe.

pub mod command;
pub mod expression;
mod height;
pub mod operator;
pub mod statement;
pub mod walk;

pub use command::{Call, Command, CommandElement, Parameter, Redirection, RedirectionTarget, Stream};
pub use expression::{
    Access, Binary, Convert, Entry, Expandable, Expression, ExpressionKind, Index, Invoke, Member, Number,
    NumberValue, Part, Quote, StringConstant, TypeName, Unary, Variable,
};
pub use operator::{AssignmentOperator, BinaryOperator, Case, Comparison, NotForm, UnaryOperator};
pub use statement::{
    Assignment, Attribute, AttributeArgument, BlockName, CatchClause, Do, DoUntil, For, ForEach, Function,
    If, IfClause, NamedBlock, ParameterBlock, ParameterDefinition, Pipeline, PipelineElement,
    PipelineElementKind, ScriptBlock, Statement, StatementBlock, StatementKind, Switch, SwitchMatch, Try,
    While,
};

pub use walk::Node;

/// The most nodes on the way from the root to a leaf, statements and expressions counted.
pub const MAX_HEIGHT: usize = 256;

/// An extent of the script in bytes, `end` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl Span {
    /// The extent from `start` to `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the beginning of this extent to the end of `last`.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }

    /// The text of this extent, empty where `script` is not the script that was parsed.
    #[must_use]
    pub fn text(self, script: &str) -> &str {
        script.get(self.start..self.end).unwrap_or_default()
    }

    /// The extent in UTF-16 units, as PowerShell counts them.
    #[must_use]
    pub fn utf16(self, script: &str) -> Self {
        let units = |end| script.get(..end).unwrap_or_default().chars().map(char::len_utf16).sum();
        Self { start: units(self.start), end: units(self.end) }
    }
}
