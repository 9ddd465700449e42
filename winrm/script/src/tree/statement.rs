//! Script blocks and statements.

use super::command::{Command, Redirection};
use super::expression::{Expression, TypeName, Variable};
use super::operator::AssignmentOperator;
use super::walk::Node;
use super::{Span, height};

/// A whole script, the body of a function, or `{ … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptBlock {
    /// The whole script, or from brace to brace.
    pub span: Span,
    /// `param( … )`.
    pub parameters: Option<ParameterBlock>,
    /// One block without a name, or those that have names, in the order in which they are written.
    pub blocks: Vec<NamedBlock>,
}

/// `param( … )`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterBlock {
    /// From `param` to the closing parenthesis.
    pub span: Span,
    /// What stands before `param`: `[CmdletBinding()]` and the like.
    pub attributes: Vec<Attribute>,
    /// What is declared.
    pub parameters: Vec<ParameterDefinition>,
}

/// `[type]$name = default`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDefinition {
    /// All of it.
    pub span: Span,
    /// The types before the variable, in order.
    pub types: Vec<TypeName>,
    /// The attributes before the variable, in order; types may stand between them.
    pub attributes: Vec<Attribute>,
    /// The variable.
    pub variable: Variable,
    /// Where the variable stands.
    pub variable_span: Span,
    /// The default.
    pub default: Option<Expression>,
}

/// `[name(value, name = value, name)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// From bracket to bracket.
    pub span: Span,
    /// The name as it was written.
    pub name: String,
    /// What it is given, in order. All of it is constant.
    pub arguments: Vec<AttributeArgument>,
}

/// What an attribute is given.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeArgument {
    /// `value`.
    Positional(Expression),
    /// `name = value`; or `name` alone, which is `name = $true`.
    Named {
        /// All of it.
        span: Span,
        /// The name as it was written.
        name: String,
        /// The value.
        value: Option<Expression>,
    },
}

/// Statements under a name, or all of a script block.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedBlock {
    /// From the name to the brace; without a name, from the first statement (or the parameters) to the last.
    pub span: Span,
    /// The name.
    pub name: BlockName,
    /// The statements.
    pub statements: Vec<Statement>,
}

/// What a block is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockName {
    /// The only block, run as `end` is.
    Unnamed,
    /// `begin`.
    Begin,
    /// `process`.
    Process,
    /// `end`.
    End,
}

/// `{ … }` that is part of a statement, or the inside of `$( … )` and `@( … )`.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementBlock {
    /// From brace to brace; inside parentheses from the first statement to the last, or nothing.
    pub span: Span,
    /// The statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind,
    height: usize,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// Commands and expressions with `|` between them.
    Pipeline(Pipeline),
    /// `$x = …`.
    Assignment(Box<Assignment>),
    /// `if`.
    If(Box<If>),
    /// `switch`.
    Switch(Box<Switch>),
    /// `foreach ( … in … )`.
    ForEach(Box<ForEach>),
    /// `for`.
    For(Box<For>),
    /// `while`.
    While(Box<While>),
    /// `do … while` and `do … until`.
    Do(Box<Do>),
    /// `function`.
    Function(Box<Function>),
    /// `try`.
    Try(Box<Try>),
    /// `return`, with what it returns.
    Return(Option<Box<Statement>>),
    /// `throw`, with what it throws.
    Throw(Option<Box<Statement>>),
    /// `exit`, with the code.
    Exit(Option<Box<Statement>>),
    /// `break`, with a label.
    Break(Option<Box<Expression>>),
    /// `continue`, with a label.
    Continue(Option<Box<Expression>>),
}

/// Stages with `|` between them, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// The stages.
    pub elements: Vec<PipelineElement>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineElement {
    /// Where it stands, redirections included.
    pub span: Span,
    /// A command or an expression.
    pub kind: PipelineElementKind,
    /// Its redirections, in order.
    pub redirections: Vec<Redirection>,
}

/// A command or an expression. An expression is always the first stage.
#[derive(Debug, Clone, PartialEq)]
pub enum PipelineElementKind {
    /// A command.
    Command(Command),
    /// An expression.
    Expression(Expression),
}

/// `target operator value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// A variable, member or index, perhaps with casts; or an array or parentheses of these.
    pub target: Expression,
    /// `=` or one that computes.
    pub operator: AssignmentOperator,
    /// The value, which may be any statement: `$x = if (…) { … }`.
    pub value: Statement,
}

/// `if ( … ) { … } elseif ( … ) { … } else { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct If {
    /// `if` and each `elseif`.
    pub clauses: Vec<IfClause>,
    /// `else`.
    pub otherwise: Option<StatementBlock>,
}

/// A condition and what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct IfClause {
    /// A pipeline or an assignment.
    pub condition: Statement,
    /// What is done.
    pub body: StatementBlock,
}

/// `switch ( … ) { value { … } default { … } }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// `:label` before it.
    pub label: Option<String>,
    /// `-regex`, `-wildcard` or `-exact`, whichever came last.
    pub matching: SwitchMatch,
    /// `-casesensitive`.
    pub case: super::Case,
    /// A pipeline or an assignment.
    pub condition: Statement,
    /// Each value, or script block that tests it, with its body.
    pub clauses: Vec<(Expression, StatementBlock)>,
    /// `default`.
    pub default: Option<StatementBlock>,
}

/// How `switch` compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SwitchMatch {
    /// For equality.
    #[default]
    Exact,
    /// As `-like` does.
    Wildcard,
    /// As `-match` does.
    Regex,
}

/// `foreach ($x in …) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// `:label` before it.
    pub label: Option<String>,
    /// The variable.
    pub variable: Variable,
    /// Where the variable stands.
    pub variable_span: Span,
    /// What is gone through: a pipeline or an assignment.
    pub values: Statement,
    /// What is done.
    pub body: StatementBlock,
}

/// `for (…; …; …) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    /// `:label` before it.
    pub label: Option<String>,
    /// Done once.
    pub initializer: Option<Statement>,
    /// Asked before each turn.
    pub condition: Option<Statement>,
    /// Done after each turn.
    pub iterator: Option<Statement>,
    /// What is done.
    pub body: StatementBlock,
}

/// `while ( … ) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct While {
    /// `:label` before it.
    pub label: Option<String>,
    /// Asked before each turn.
    pub condition: Statement,
    /// What is done.
    pub body: StatementBlock,
}

/// `do { … } while ( … )` or `do { … } until ( … )`.
#[derive(Debug, Clone, PartialEq)]
pub struct Do {
    /// `:label` before it.
    pub label: Option<String>,
    /// What is done.
    pub body: StatementBlock,
    /// Which of the two.
    pub until: DoUntil,
    /// Asked after each turn.
    pub condition: Statement,
}

/// When `do` stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoUntil {
    /// `while`: when the condition is false.
    False,
    /// `until`: when the condition is true.
    True,
}

/// `function name($a, $b) { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The parameters in parentheses after the name; else they are in the body's `param`.
    pub parameters: Option<Vec<ParameterDefinition>>,
    /// The body.
    pub body: ScriptBlock,
}

/// `try { … } catch { … } finally { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// What is tried.
    pub body: StatementBlock,
    /// The clauses, in order.
    pub catches: Vec<CatchClause>,
    /// `finally`.
    pub finally: Option<StatementBlock>,
}

/// `catch [type], [type] { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct CatchClause {
    /// From `catch` to the brace.
    pub span: Span,
    /// The types it catches; none means all.
    pub types: Vec<TypeName>,
    /// What is done.
    pub body: StatementBlock,
}

impl ParameterDefinition {
    /// The attribute of this name, in any case, with `Attribute` at its end or without.
    pub fn attributes_named(&self, name: &str) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.is_called(name))
    }

    /// Whether a value must be given.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.attributes_named("Parameter").any(|attribute| attribute.is_set("Mandatory"))
    }

    /// The values that `[ValidateSet( … )]` lists, as text, if there is one.
    #[must_use]
    pub fn valid_values(&self) -> Option<Vec<String>> {
        let set = self.attributes_named("ValidateSet").next()?;
        Some(set.positional().flat_map(Expression::constants).collect())
    }
}

impl Attribute {
    /// Whether this is its name, in any case, with `Attribute` at its end or without.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.name.rsplit('.').next().unwrap_or_default();
        let head = own.get(..name.len()).unwrap_or_default();
        let rest = own.get(name.len()..).unwrap_or_default();
        head.eq_ignore_ascii_case(name) && (rest.is_empty() || rest.eq_ignore_ascii_case("Attribute"))
    }

    /// What it is given without names.
    pub fn positional(&self) -> impl Iterator<Item = &Expression> {
        self.arguments.iter().filter_map(|argument| match argument {
            AttributeArgument::Positional(value) => Some(value),
            AttributeArgument::Named { .. } => None,
        })
    }

    /// Whether `name`, in any case, is there and not `$false`.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.arguments.iter().any(|argument| match argument {
            AttributeArgument::Named { name: own, value, .. } => {
                own.eq_ignore_ascii_case(name) && value.as_ref().is_none_or(|value| !value.is_false())
            }
            AttributeArgument::Positional(_) => false,
        })
    }
}

impl Statement {
    pub(crate) fn new(span: Span, kind: StatementKind) -> Self {
        let mut statement = Self { span, kind, height: 0 };
        statement.height = 1 + height::below(Node::Statement(&statement));
        statement
    }

    /// The number of nodes to the farthest leaf.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The expression that this statement is, if it is one expression and nothing else.
    #[must_use]
    pub fn as_expression(&self) -> Option<&Expression> {
        let StatementKind::Pipeline(pipeline) = &self.kind else { return None };
        match pipeline.elements.as_slice() {
            [PipelineElement { kind: PipelineElementKind::Expression(expression), redirections, .. }]
                if redirections.is_empty() =>
            {
                Some(expression)
            }
            _ => None,
        }
    }
}
