//! Expressions that need no waiting: no command, block or statement is in them.
//!
//! Most of what filters evaluate for every object is of this kind.

use super::interpreter::{Interpreter, STEPS_WITHOUT_WAITING};
use super::unwind::{Flow, Unwind};
use crate::tree::{
    Access, BinaryOperator, Expression, ExpressionKind, Number, NumberValue, Part, StatementKind, TypeName,
    UnaryOperator,
};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};
use winrm_proto::clixml::Decimal;

impl Interpreter {
    /// Whether [`simple`](Self::simple) can compute it.
    pub(super) fn is_simple(expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Number(_) | ExpressionKind::String(_) | ExpressionKind::Type(_) => true,
            ExpressionKind::Variable(variable) => !variable.splatted,
            ExpressionKind::Expandable(expandable) => expandable.parts.iter().all(|part| match part {
                Part::Text(_) => true,
                Part::Expression(inner) => Self::is_simple(inner),
            }),
            ExpressionKind::Array(items) => items.iter().all(Self::is_simple),
            ExpressionKind::Parenthesis(statement) => statement.as_expression().is_some_and(Self::is_simple),
            ExpressionKind::Member(member) => {
                member.access == Access::Static
                    || (Self::is_simple(&member.target) && Self::is_simple(&member.name))
            }
            ExpressionKind::Index(index) => Self::is_simple(&index.target) && Self::is_simple(&index.index),
            ExpressionKind::Unary(unary) => {
                !matches!(
                    unary.operator,
                    UnaryOperator::PreIncrement
                        | UnaryOperator::PreDecrement
                        | UnaryOperator::PostIncrement
                        | UnaryOperator::PostDecrement
                ) && Self::is_simple(&unary.operand)
            }
            ExpressionKind::Binary(binary) => Self::is_simple(&binary.left) && Self::is_simple(&binary.right),
            ExpressionKind::Convert(convert) => Self::is_simple(&convert.value),
            ExpressionKind::ArrayExpression(_)
            | ExpressionKind::SubExpression(_)
            | ExpressionKind::Hashtable(_)
            | ExpressionKind::ScriptBlock(_)
            | ExpressionKind::Invoke(_) => false,
        }
    }

    /// The value of a simple expression.
    pub(super) fn simple(&mut self, expression: &Expression) -> Flow<Value> {
        self.tick()?;
        if self.is_long() {
            return Err(Unwind::Later);
        }
        match &expression.kind {
            ExpressionKind::Number(number) => Ok(number_value(number)),
            ExpressionKind::String(constant) => Ok(Value::string(constant.value.as_str())),
            ExpressionKind::Variable(variable) => self.variable(&variable.name),
            ExpressionKind::Type(name) => Ok(Value::Type(self.type_named(&name.name)?)),
            ExpressionKind::Expandable(expandable) => {
                let mut text = String::new();
                for part in &expandable.parts {
                    match part {
                        Part::Text(own) => text.push_str(own),
                        Part::Expression(inner) => {
                            let value = self.simple(inner)?;
                            self.expand_into(&value, &mut text)?;
                        }
                    }
                }
                self.make(text.len())?;
                Ok(Value::string(text))
            }
            ExpressionKind::Array(items) => {
                let items: Flow<Vec<Value>> = items.iter().map(|item| self.simple(item)).collect();
                items.map(Value::array)
            }
            ExpressionKind::Parenthesis(statement) => match (&statement.kind, statement.as_expression()) {
                (StatementKind::Pipeline(_), Some(inner)) => self.simple(inner),
                _ => Err(Unwind::refused("this expression")),
            },
            ExpressionKind::Member(member) => match member.access {
                Access::Static => match (&member.target.kind, member.name.as_string()) {
                    (ExpressionKind::Type(name), Some(member)) => self.static_member(&name.name, member),
                    _ => Err(Unwind::refused("static members of what is no type")),
                },
                Access::Instance => {
                    let target = self.simple(&member.target)?;
                    match member.name.as_string() {
                        Some(name) => self.member(&target, name),
                        None => {
                            let name = self.simple(&member.name)?;
                            self.member(&target, name.to_text().as_str())
                        }
                    }
                }
            },
            ExpressionKind::Index(index) => {
                let target = self.simple(&index.target)?;
                let by = self.simple(&index.index)?;
                self.index(&target, &by)
            }
            ExpressionKind::Unary(unary) => {
                if unary.operator == UnaryOperator::Minus
                    && let ExpressionKind::Number(number) = &unary.operand.kind
                {
                    return crate::value::arithmetic::negate(&number_value(number)).map_err(Unwind::from);
                }
                let operand = self.simple(&unary.operand)?;
                self.unary(unary.operator, &operand)
            }
            ExpressionKind::Binary(binary) => {
                let left = self.simple(&binary.left)?;
                if let Some(decided) = Self::short_circuit(binary.operator, &left) {
                    return Ok(decided);
                }
                let right = self.simple(&binary.right)?;
                if Self::is_large(&left) || Self::is_large(&right) {
                    return Err(Unwind::Later);
                }
                self.binary(binary.operator, &left, &right)
            }
            ExpressionKind::Convert(convert) => {
                let value = self.simple(&convert.value)?;
                self.cast(&convert.to, &value)
            }
            _ => Err(Unwind::refused("this expression")),
        }
    }

    /// Whether an operator is to pause while it goes through the value.
    pub(super) fn is_large(value: &Value) -> bool {
        matches!(value, Value::Array(array) if u64::try_from(array.len()).is_ok_and(|length| length > STEPS_WITHOUT_WAITING))
    }

    /// `$false -and …` and `$true -or …` leave the right side alone.
    pub(super) fn short_circuit(operator: BinaryOperator, left: &Value) -> Option<Value> {
        match operator {
            BinaryOperator::And if !left.is_true() => Some(Value::Boolean(false)),
            BinaryOperator::Or if left.is_true() => Some(Value::Boolean(true)),
            _ => None,
        }
    }

    pub(super) fn cast(&mut self, to: &TypeName, value: &Value) -> Flow<Value> {
        let to = self.type_named(&to.name)?;
        if to == Type::Plain(Plain::Void) {
            return Ok(Value::Null);
        }
        self.fits(value)?;
        match (to, value) {
            (Type::ArrayOf(_), Value::String(text)) => self.room(array_size(text.as_str().len()))?,
            (_, Value::Array(array)) => {
                self.room(array_size(array.len()))?;
                self.tick_items(array.len())?;
            }
            _ => {}
        }
        let value = convert(value, to)?;
        self.make_value(&value)?;
        Ok(value)
    }
}

/// How many bytes an array of so many items takes.
pub(super) fn array_size(items: usize) -> usize {
    items.saturating_mul(size_of::<Value>())
}

/// The value of a number that stands in the script.
pub(crate) fn number_value(number: &Number) -> Value {
    match number.value {
        NumberValue::Int32(number) => Value::Int32(number),
        NumberValue::Int64(number) => Value::Int64(number),
        NumberValue::Double(number) => Value::Double(number),
        NumberValue::Decimal { coefficient, scale } => {
            let places = u8::try_from(scale).unwrap_or(u8::MAX);
            Decimal::new(coefficient < 0, coefficient.unsigned_abs(), places)
                .map_or(Value::Null, Value::Decimal)
        }
    }
}
