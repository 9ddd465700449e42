//! The condition of a `Where-Object { … }` as typed filters.
//!
//! `Where-Object -Property P -GT -Value V` says exactly what `{ $_.P -gt V }` says, where `V` is the same for every
//! object: both ask the object's member and compare by the same rules. One filter behind another says `-and`.

use super::reason::Reason;
use super::scope::Scope;
use crate::evaluate::operator::passes;
use crate::evaluate::simple::number_value;
use crate::tree::{
    Access, BinaryOperator, Case, Comparison, Expression, ExpressionKind, ScriptBlock, UnaryOperator,
};
use crate::value::Value;
use crate::value::arithmetic::negate;

/// One typed filter: a property that is true, or compared with a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test<'tree> {
    /// The property's name.
    pub(crate) property: &'tree str,
    /// How it is compared with what; nothing where it is only to be true.
    pub(crate) comparison: Option<(Comparison, Case, &'tree Expression)>,
}

/// A condition, from the left as far as it travels.
#[derive(Debug)]
pub(crate) struct Condition<'tree> {
    /// What travels, in order.
    pub(crate) tests: Vec<Test<'tree>>,
    /// Why the rest of it does not.
    pub(crate) left: Option<Reason>,
}

impl<'tree> Condition<'tree> {
    /// Reads the block of a `Where-Object`.
    pub(crate) fn of(block: &'tree ScriptBlock, scope: &Scope<'_>) -> Self {
        let mut condition = Self { tests: Vec::new(), left: None };
        match only_expression(block) {
            Some(expression) => {
                if let Err(reason) = condition.add(expression, scope) {
                    condition.left = Some(reason);
                }
            }
            None => condition.left = Some(Reason::Condition),
        }
        condition
    }

    fn add(&mut self, expression: &'tree Expression, scope: &Scope<'_>) -> Result<(), Reason> {
        match &expression.kind {
            ExpressionKind::Binary(binary) if binary.operator == BinaryOperator::And => {
                self.add(&binary.left, scope)?;
                self.add(&binary.right, scope)
            }
            ExpressionKind::Parenthesis(statement) => match statement.as_expression() {
                Some(inner) => self.add(inner, scope),
                None => Err(Reason::Condition),
            },
            _ => {
                self.tests.push(Test::of(expression, scope)?);
                Ok(())
            }
        }
    }
}

impl<'tree> Test<'tree> {
    fn of(expression: &'tree Expression, scope: &Scope<'_>) -> Result<Self, Reason> {
        match &expression.kind {
            ExpressionKind::Binary(binary) => {
                let BinaryOperator::Compare(comparison, case) = binary.operator else {
                    return Err(match binary.operator {
                        BinaryOperator::Is | BinaryOperator::IsNot => Reason::Operator,
                        _ => Reason::Condition,
                    });
                };
                let property = item_property(&binary.left).ok_or(Reason::Condition)?;
                check_property(property)?;
                if parameter(comparison, case).is_none() {
                    return Err(Reason::Operator);
                }
                if matches!(comparison, Comparison::Match | Comparison::NotMatch) && scope.uses_matches {
                    return Err(Reason::Matches);
                }
                scope.check_fixed(&binary.right)?;
                Ok(Self { property, comparison: Some((comparison, case, &binary.right)) })
            }
            ExpressionKind::Unary(unary) if matches!(unary.operator, UnaryOperator::Not(_)) => {
                // `-Not` came with PowerShell 6.
                Err(Reason::Operator)
            }
            _ => {
                let property = item_property(expression).ok_or(Reason::Condition)?;
                check_property(property)?;
                if is_counted(property) {
                    return Err(Reason::Property(property.to_owned()));
                }
                Ok(Self { property, comparison: None })
            }
        }
    }

    /// Whether an object without the property fails it, as far as that can be seen in the script.
    pub(super) fn implies_property(&self) -> bool {
        match self.comparison {
            None => true,
            Some((comparison, case, value)) => literal(value)
                .and_then(|value| passes(comparison, case, &Value::Null, &value))
                .is_some_and(|passes| !passes),
        }
    }
}

/// The switch of `Where-Object` that compares so.
pub(crate) fn parameter(comparison: Comparison, case: Case) -> Option<&'static str> {
    let (insensitive, sensitive) = match comparison {
        Comparison::Equal => ("EQ", "CEQ"),
        Comparison::NotEqual => ("NE", "CNE"),
        Comparison::Greater => ("GT", "CGT"),
        Comparison::GreaterOrEqual => ("GE", "CGE"),
        Comparison::Less => ("LT", "CLT"),
        Comparison::LessOrEqual => ("LE", "CLE"),
        Comparison::Like => ("Like", "CLike"),
        Comparison::NotLike => ("NotLike", "CNotLike"),
        Comparison::Match => ("Match", "CMatch"),
        Comparison::NotMatch => ("NotMatch", "CNotMatch"),
        Comparison::Contains => ("Contains", "CContains"),
        Comparison::NotContains => ("NotContains", "CNotContains"),
        Comparison::In => ("In", "CIn"),
        Comparison::NotIn => ("NotIn", "CNotIn"),
        Comparison::Replace | Comparison::Split => return None,
    };
    Some(match case {
        Case::Insensitive => insensitive,
        Case::Sensitive => sensitive,
    })
}

/// Whether a value compares with a missing property as with the one that every object has in a script: `Count` and
/// `Length` are 1 there, and nothing to a typed filter.
pub(crate) fn same_if_missing(property: &str, comparison: Comparison, case: Case, value: &Value) -> bool {
    if !is_counted(property) {
        return true;
    }
    let passes = |own: Value| passes(comparison, case, &own, value);
    passes(Value::Null).is_some() && passes(Value::Null) == passes(Value::Int32(1))
}

/// The expression that a block is.
pub(super) fn only_expression(block: &ScriptBlock) -> Option<&Expression> {
    match block.blocks.as_slice() {
        [only] if block.parameters.is_none() => match only.statements.as_slice() {
            [statement] => statement.as_expression(),
            _ => None,
        },
        _ => None,
    }
}

/// `$_.Name`.
pub(super) fn item_property(expression: &Expression) -> Option<&str> {
    let ExpressionKind::Member(member) = &expression.kind else { return None };
    if member.access != Access::Instance || !is_item(&member.target) {
        return None;
    }
    member.name.as_string()
}

/// `$_`, `$PSItem`.
pub(super) fn is_item(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Variable(variable)
        if variable.name == "_" || variable.name.eq_ignore_ascii_case("PSItem"))
}

/// Whether every object has the property in a script, as 1 where it has none of its own.
pub(super) fn is_counted(property: &str) -> bool {
    property.eq_ignore_ascii_case("Count") || property.eq_ignore_ascii_case("Length")
}

/// Refuses the names that a typed filter takes for patterns, and those of PowerShell's own members.
pub(super) fn check_property(property: &str) -> Result<(), Reason> {
    let own = ["PSObject", "PSTypeNames", "PSBase", "PSAdapted", "PSExtended"];
    let special = property.is_empty()
        || property.contains(['*', '?', '[', ']', '`'])
        || own.iter().any(|own| own.eq_ignore_ascii_case(property));
    if special { Err(Reason::Property(property.to_owned())) } else { Ok(()) }
}

/// The value of a number or string that is written out.
pub(super) fn literal(expression: &Expression) -> Option<Value> {
    match &expression.kind {
        ExpressionKind::Number(number) => Some(number_value(number)),
        ExpressionKind::String(constant) => Some(Value::string(constant.value.as_str())),
        ExpressionKind::Variable(variable) => match variable.name.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            "null" => Some(Value::Null),
            _ => None,
        },
        ExpressionKind::Unary(unary) if unary.operator == UnaryOperator::Minus => match &unary.operand.kind {
            ExpressionKind::Number(number) => negate(&number_value(number)).ok(),
            _ => None,
        },
        ExpressionKind::Array(items) => {
            items.iter().map(literal).collect::<Option<Vec<Value>>>().map(Value::array)
        }
        _ => None,
    }
}
