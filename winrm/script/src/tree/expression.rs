//! Expressions.

use std::fmt;

use super::operator::{BinaryOperator, UnaryOperator};
use super::statement::{ScriptBlock, Statement, StatementBlock};
use super::walk::Node;
use super::{Span, height};

/// What computes a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExpressionKind,
    height: usize,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// A number.
    Number(Number),
    /// A string without anything to compute in it.
    String(StringConstant),
    /// A string with variables or `$( … )` in it.
    Expandable(Expandable),
    /// `$name`, `@name`.
    Variable(Variable),
    /// `[type]` as a value, as in `[math]::Pi`.
    Type(TypeName),
    /// `a, b` and `, a`.
    Array(Vec<Expression>),
    /// `@( … )`.
    ArrayExpression(StatementBlock),
    /// `$( … )`.
    SubExpression(StatementBlock),
    /// `( … )`: a pipeline or an assignment.
    Parenthesis(Box<Statement>),
    /// `@{ … }`.
    Hashtable(Vec<Entry>),
    /// `{ … }`.
    ScriptBlock(Box<ScriptBlock>),
    /// `a.b` and `[a]::b`.
    Member(Box<Member>),
    /// `a.b( … )` and `[a]::b( … )`.
    Invoke(Box<Invoke>),
    /// `a[b]`.
    Index(Box<Index>),
    /// `-not a`, `a++`.
    Unary(Box<Unary>),
    /// `a + b`.
    Binary(Box<Binary>),
    /// `[type]a`.
    Convert(Box<Convert>),
}

/// A number.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// As it was written. An argument that is bound to a string parameter is this text.
    pub text: String,
    /// What it is.
    pub value: NumberValue,
}

/// The value of a number, in the type that PowerShell gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberValue {
    /// `System.Int32`.
    Int32(i32),
    /// `System.Int64`.
    Int64(i64),
    /// `System.Decimal`: `coefficient / 10^scale`, where the coefficient has at most 96 bits and the scale is at
    /// most 28.
    Decimal {
        /// The digits.
        coefficient: i128,
        /// How many of them follow the point.
        scale: u32,
    },
    /// `System.Double`.
    Double(f64),
}

/// A string without anything to compute in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringConstant {
    /// The value, quotes and escapes resolved.
    pub value: String,
    /// How it was written.
    pub quote: Quote,
}

/// How a string was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// Without quotes.
    Bare,
    /// `'…'`.
    Single,
    /// `"…"`.
    Double,
    /// `@'…'@`.
    SingleHere,
    /// `@"…"@`.
    DoubleHere,
}

/// A string with variables or `$( … )` in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expandable {
    /// The pieces, in order. No two texts stand side by side, and none is empty.
    pub parts: Vec<Part>,
    /// How it was written.
    pub quote: Quote,
}

/// A piece of an expandable string.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text, escapes resolved.
    Text(String),
    /// A variable or `$( … )`.
    Expression(Expression),
}

/// `$name`, `${name}`, `$env:name`, `@name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name as it was written, drive or scope included, without `$`, `@` and braces.
    pub name: String,
    /// Whether it is `@name`, a splatted argument.
    pub splatted: bool,
}

/// `[name]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// From bracket to bracket.
    pub span: Span,
    /// The name as it was written; an array has `[]` at the end for each rank.
    pub name: String,
}

/// `key = value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key; a word is a string.
    pub key: Expression,
    /// The value, which may be any statement.
    pub value: Statement,
}

/// `target.name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Whose member.
    pub target: Expression,
    /// The name; a word is a string.
    pub name: Expression,
    /// `.` or `::`.
    pub access: Access,
}

/// `target.name( … )`.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoke {
    /// Whose method.
    pub target: Expression,
    /// The name; a word is a string.
    pub name: Expression,
    /// `.` or `::`.
    pub access: Access,
    /// The arguments; `.name{ … }` has the script block as its only one.
    pub arguments: Vec<Expression>,
}

/// How a member is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `.`.
    Instance,
    /// `::`.
    Static,
}

/// `target[index]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// What is indexed.
    pub target: Expression,
    /// By what.
    pub index: Expression,
}

/// An operator and its operand.
#[derive(Debug, Clone, PartialEq)]
pub struct Unary {
    /// The operator.
    pub operator: UnaryOperator,
    /// The operand.
    pub operand: Expression,
}

/// An operator between its operands.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub operator: BinaryOperator,
    /// The left operand.
    pub left: Expression,
    /// The right operand.
    pub right: Expression,
}

/// `[type]value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Convert {
    /// The type.
    pub to: TypeName,
    /// What is converted.
    pub value: Expression,
}

impl Expression {
    pub(crate) fn new(span: Span, kind: ExpressionKind) -> Self {
        let mut expression = Self { span, kind, height: 0 };
        expression.height = 1 + height::below(Node::Expression(&expression));
        expression
    }

    /// The number of nodes to the farthest leaf.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The string that this is, if it is one without anything to compute.
    #[must_use]
    pub fn as_string(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::String(constant) => Some(&constant.value),
            _ => None,
        }
    }
}

impl Expression {
    /// The text of a constant, or of each constant of an array.
    pub(super) fn constants(&self) -> Vec<String> {
        match &self.kind {
            ExpressionKind::String(constant) => vec![constant.value.clone()],
            ExpressionKind::Number(number) => vec![number.value.to_string()],
            ExpressionKind::Array(values) => values.iter().flat_map(Self::constants).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is `$false`, `$null` or zero.
    pub(super) fn is_false(&self) -> bool {
        match &self.kind {
            ExpressionKind::Variable(variable) => {
                ["false", "null"].iter().any(|name| variable.name.eq_ignore_ascii_case(name))
            }
            ExpressionKind::Number(number) => matches!(number.value, NumberValue::Int32(0)),
            _ => false,
        }
    }
}

/// As PowerShell makes a string of it, in every culture the same.
impl fmt::Display for NumberValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int32(value) => value.fmt(formatter),
            Self::Int64(value) => value.fmt(formatter),
            Self::Decimal { coefficient, scale } => write_decimal(formatter, coefficient, scale),
            Self::Double(value) => write_double(formatter, value),
        }
    }
}

impl Variable {
    /// The scope or drive before the first colon, as in `$env:Path` and `$script:x`.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        self.name.split_once(':').map(|(qualifier, _)| qualifier).filter(|qualifier| !qualifier.is_empty())
    }
}

fn write_decimal(formatter: &mut fmt::Formatter<'_>, coefficient: i128, scale: u32) -> fmt::Result {
    let scale = usize::try_from(scale).unwrap_or(usize::MAX).min(28);
    let digits = format!("{:0>width$}", coefficient.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
    let sign = if coefficient < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    write!(formatter, "{sign}{whole}{point}{fraction}")
}

/// The shortest digits that give the same number, with an exponent from 1E+15 up and below 1E-05.
fn write_double(formatter: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    if value.is_infinite() {
        return formatter.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let scientific = format!("{value:E}");
    match scientific.split_once('E') {
        Some((digits, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if exponent >= 15 => write!(formatter, "{digits}E+{exponent:02}"),
            Ok(exponent) if exponent < -5 => write!(formatter, "{digits}E-{:02}", exponent.unsigned_abs()),
            _ => write!(formatter, "{value}"),
        },
        None => write!(formatter, "{value}"),
    }
}
