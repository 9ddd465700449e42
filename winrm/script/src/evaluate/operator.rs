//! Operators on values that are there.

use std::cmp::Ordering;
use std::sync::Arc;

use super::block::Block;
use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::tree::{BinaryOperator, Case, Comparison, UnaryOperator};
use crate::value::arithmetic::{self, Arithmetic, Bitwise};
use crate::value::compare::{equals, order};
use crate::value::convert::{convert, is_of};
use crate::value::format_operator::format;
use crate::value::pattern::{Expression, Groups, Wildcard};
use crate::value::text::join_items;
use crate::value::type_name::Plain;
use crate::value::{Array, Fault, Shape, Table, Type, Value};

impl Interpreter {
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &Value) -> Flow<Value> {
        Ok(match operator {
            UnaryOperator::Not(_) => Value::Boolean(!operand.is_true()),
            UnaryOperator::Minus => arithmetic::negate(operand)?,
            UnaryOperator::Plus => arithmetic::plus(operand)?,
            UnaryOperator::BitNot => arithmetic::bit_not(operand)?,
            UnaryOperator::Join => Value::string(join_items(&operand.clone().into_items(), "")),
            UnaryOperator::Split(_) => {
                let mut pieces = Vec::new();
                for item in operand.clone().into_items() {
                    pieces.extend(item.to_text().as_str().split_whitespace().map(Value::string));
                }
                self.make(pieces.len() * size_of::<Value>())?;
                Value::Array(Array::of(Type::Plain(Plain::String), pieces))
            }
            UnaryOperator::PreIncrement
            | UnaryOperator::PreDecrement
            | UnaryOperator::PostIncrement
            | UnaryOperator::PostDecrement => return Err(Unwind::refused("`++` and `--` here")),
        })
    }

    pub(super) fn binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Flow<Value> {
        let calculation = match operator {
            BinaryOperator::Add => Some(Arithmetic::Add),
            BinaryOperator::Subtract => Some(Arithmetic::Subtract),
            BinaryOperator::Multiply => Some(Arithmetic::Multiply),
            BinaryOperator::Divide => Some(Arithmetic::Divide),
            BinaryOperator::Remainder => Some(Arithmetic::Remainder),
            _ => None,
        };
        if let Some(calculation) = calculation {
            let value = arithmetic::compute(calculation, left, right)?;
            self.make_value(&value)?;
            return Ok(value);
        }
        let bits = match operator {
            BinaryOperator::BitAnd => Some(Bitwise::And),
            BinaryOperator::BitOr => Some(Bitwise::Or),
            BinaryOperator::BitXor => Some(Bitwise::Xor),
            BinaryOperator::ShiftLeft => Some(Bitwise::ShiftLeft),
            BinaryOperator::ShiftRight => Some(Bitwise::ShiftRight),
            _ => None,
        };
        if let Some(bits) = bits {
            return Ok(arithmetic::bitwise(bits, left, right)?);
        }
        match operator {
            BinaryOperator::Compare(comparison, case) => self.comparison(comparison, case, left, right),
            BinaryOperator::And => Ok(Value::Boolean(left.is_true() && right.is_true())),
            BinaryOperator::Or => Ok(Value::Boolean(left.is_true() || right.is_true())),
            BinaryOperator::Xor => Ok(Value::Boolean(left.is_true() != right.is_true())),
            BinaryOperator::Range => {
                let range = arithmetic::range(left, right)?;
                self.make_value(&range)?;
                Ok(range)
            }
            BinaryOperator::Format => {
                let arguments = match right {
                    Value::Array(array) => array.to_vec(),
                    other => vec![other.clone()],
                };
                let text = format(left.to_text().as_str(), &arguments)?;
                self.make(text.len())?;
                Ok(Value::string(text))
            }
            BinaryOperator::Join => {
                let text = join_items(&left.clone().into_items(), right.to_text().as_str());
                self.make(text.len())?;
                Ok(Value::string(text))
            }
            BinaryOperator::Is | BinaryOperator::IsNot => {
                let of = self.type_operand(right)?;
                Ok(Value::Boolean(is_of(left, of) == (operator == BinaryOperator::Is)))
            }
            BinaryOperator::As => {
                let to = self.type_operand(right)?;
                match convert(left, to) {
                    Ok(value) => Ok(value),
                    Err(Fault::Thrown(_)) => Ok(Value::Null),
                    Err(fault) => Err(fault.into()),
                }
            }
            _ => Err(Unwind::refused("this operator")),
        }
    }

    fn type_operand(&self, value: &Value) -> Flow<Type> {
        match value {
            Value::Type(of) => Ok(*of),
            other => self.type_named(other.to_text().as_str()),
        }
    }

    /// A comparison: of one value, or of each item of a sequence on the left.
    fn comparison(&mut self, comparison: Comparison, case: Case, left: &Value, right: &Value) -> Flow<Value> {
        match comparison {
            Comparison::Contains => return contains(left, right, case).map(Value::Boolean),
            Comparison::NotContains => {
                return contains(left, right, case).map(|found| Value::Boolean(!found));
            }
            Comparison::In => return contains(right, left, case).map(Value::Boolean),
            Comparison::NotIn => return contains(right, left, case).map(|found| Value::Boolean(!found)),
            Comparison::Replace => return self.replace(left, right, case),
            Comparison::Split => return self.split(left, right, case),
            _ => {}
        }
        if let Some(items) = left.enumerate() {
            let test = Test::new(comparison, case, right)?;
            let mut kept = Vec::new();
            for item in items {
                self.tick()?;
                if test.holds(&item)? {
                    kept.push(item);
                }
            }
            return Ok(Value::array(kept));
        }
        if matches!(comparison, Comparison::Match | Comparison::NotMatch) {
            let pattern = regex(right, case)?;
            let groups = pattern.groups(left.to_text().as_str())?;
            let found = groups.is_some();
            if let Some(groups) = groups {
                self.set_matches(groups)?;
            }
            return Ok(Value::Boolean(found == (comparison == Comparison::Match)));
        }
        Ok(Value::Boolean(Test::new(comparison, case, right)?.holds(left)?))
    }

    /// Sets `$Matches`.
    pub(super) fn set_matches(&mut self, groups: Groups) -> Flow<()> {
        let table = Table::new(Shape::Hashtable);
        for (key, text) in groups.0.into_iter().rev() {
            let key = match key {
                Ok(name) => Value::String(name),
                Err(number) => Value::Int32(number),
            };
            table.set(key, Value::String(text))?;
        }
        self.set_variable("Matches", Value::Table(table), None)
    }

    fn replace(&mut self, left: &Value, right: &Value, case: Case) -> Flow<Value> {
        let (pattern, replacement) = match right {
            Value::Array(array) => (array.item(0).unwrap_or_default(), array.item(1).unwrap_or_default()),
            other => (other.clone(), Value::Null),
        };
        if let Value::Block(_) = replacement {
            return Err(Unwind::refused("`-replace` with a script block"));
        }
        let pattern = Expression::new(pattern.to_text().as_str(), case)?;
        let replacement = replacement.to_text();
        let mut one = |value: &Value| -> Flow<Value> {
            self.tick()?;
            let text = pattern.replace(value.to_text().as_str(), replacement.as_str())?;
            self.make(text.len())?;
            Ok(Value::string(text))
        };
        match left.enumerate() {
            Some(items) => items.iter().map(one).collect::<Flow<Vec<Value>>>().map(Value::array),
            None => one(left),
        }
    }

    fn split(&mut self, left: &Value, right: &Value, case: Case) -> Flow<Value> {
        let (pattern, limit, options) = match right {
            Value::Array(array) => (
                array.item(0).unwrap_or_default(),
                array.item(1).and_then(|limit| limit.as_integer()).unwrap_or_default(),
                array.item(2),
            ),
            other => (other.clone(), 0, None),
        };
        let Ok(limit) = usize::try_from(limit) else {
            return Err(Unwind::refused("`-split` from the end"));
        };
        let text = pattern.to_text();
        let simple = match &options {
            None => false,
            Some(options) if options.to_text().eq_ignore_case("SimpleMatch") => true,
            Some(_) => return Err(Unwind::refused("this option of `-split`")),
        };
        let source =
            if simple { crate::value::pattern::escape(text.as_str()) } else { text.as_str().to_owned() };
        let pattern = Expression::new(&source, case)?;
        let mut pieces = Vec::new();
        for item in left.clone().into_items() {
            self.tick()?;
            pieces.extend(pattern.split(item.to_text().as_str(), limit)?.into_iter().map(Value::string));
        }
        self.make(pieces.len() * size_of::<Value>())?;
        Ok(Value::Array(Array::of(Type::Plain(Plain::String), pieces)))
    }

    /// `-split { … }` and the like: a block as the right operand.
    pub(super) async fn with_block(
        &mut self,
        operator: BinaryOperator,
        left: &Value,
        block: Arc<Block>,
    ) -> Flow<Value> {
        if let BinaryOperator::Compare(Comparison::Equal | Comparison::NotEqual, _) = operator {
            return self.binary(operator, left, &Value::Block(block));
        }
        Err(Unwind::refused("a script block beside this operator"))
    }
}

/// A comparison whose right side is prepared once.
struct Test<'v> {
    comparison: Comparison,
    case: Case,
    right: &'v Value,
    wildcard: Option<Wildcard>,
    regex: Option<Expression>,
}

impl<'v> Test<'v> {
    fn new(comparison: Comparison, case: Case, right: &'v Value) -> Flow<Self> {
        let wildcard = match comparison {
            Comparison::Like | Comparison::NotLike => Some(Wildcard::new(right.to_text().as_str(), case)?),
            _ => None,
        };
        let regex = match comparison {
            Comparison::Match | Comparison::NotMatch => Some(regex(right, case)?),
            _ => None,
        };
        Ok(Self { comparison, case, right, wildcard, regex })
    }

    fn holds(&self, left: &Value) -> Flow<bool> {
        let like = || match &self.wildcard {
            Some(pattern) => pattern.matches(left.to_text().as_str()),
            None => Ok(false),
        };
        let matches = || match &self.regex {
            Some(pattern) => pattern.is_match(left.to_text().as_str()),
            None => Ok(false),
        };
        let ordered = || order(left, self.right, self.case);
        Ok(match self.comparison {
            Comparison::Equal => equals(left, self.right, self.case)?,
            Comparison::NotEqual => !equals(left, self.right, self.case)?,
            Comparison::Greater => ordered()? == Ordering::Greater,
            Comparison::GreaterOrEqual => ordered()? != Ordering::Less,
            Comparison::Less => ordered()? == Ordering::Less,
            Comparison::LessOrEqual => ordered()? != Ordering::Greater,
            Comparison::Like => like()?,
            Comparison::NotLike => !like()?,
            Comparison::Match => matches()?,
            Comparison::NotMatch => !matches()?,
            _ => return Err(Unwind::refused("this comparison")),
        })
    }
}

/// Whether a value holds of a comparison, for `Where-Object Name -eq x`.
pub(super) fn holds(comparison: Comparison, case: Case, left: &Value, right: &Value) -> Flow<bool> {
    match comparison {
        Comparison::Contains => contains(left, right, case),
        Comparison::NotContains => contains(left, right, case).map(|found| !found),
        Comparison::In => contains(right, left, case),
        Comparison::NotIn => contains(right, left, case).map(|found| !found),
        _ => {
            let test = Test::new(comparison, case, right)?;
            match left.enumerate() {
                None => test.holds(left),
                Some(items) => {
                    let mut kept = Vec::new();
                    for item in items {
                        if test.holds(&item)? {
                            kept.push(item);
                        }
                    }
                    Ok(Value::array(kept).is_true())
                }
            }
        }
    }
}

/// The same for the plan of a pipeline: nothing where it is an error or refused.
pub(crate) fn passes(comparison: Comparison, case: Case, left: &Value, right: &Value) -> Option<bool> {
    holds(comparison, case, left, right).ok()
}

fn regex(pattern: &Value, case: Case) -> Flow<Expression> {
    Ok(Expression::new(pattern.to_text().as_str(), case)?)
}

fn contains(items: &Value, wanted: &Value, case: Case) -> Flow<bool> {
    let items = match items.enumerate() {
        Some(items) => items,
        None => vec![items.clone()],
    };
    for item in items {
        if equals(&item, wanted, case)? {
            return Ok(true);
        }
    }
    Ok(false)
}
