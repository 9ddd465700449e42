//! Operators on values that are there.

use std::cmp::Ordering;
use std::sync::Arc;

use super::block::Block;
use super::interpreter::{ITEMS_PER_STEP, Interpreter};
use super::simple::array_size;
use super::unwind::{Flow, Unwind};
use crate::tree::{BinaryOperator, Case, Comparison, UnaryOperator};
use crate::value::arithmetic::{self, Arithmetic, Bitwise};
use crate::value::compare::{equals, order};
use crate::value::convert::{convert, is_of};
use crate::value::format_operator::format;
use crate::value::pattern::{Expression, Groups, Wildcard};
use crate::value::text::{join_items, joined_size, text_size};
use crate::value::type_name::Plain;
use crate::value::{Array, Fault, Shape, Table, Type, Value};

impl Interpreter {
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &Value) -> Flow<Value> {
        self.fits(operand)?;
        if let Value::Array(array) = operand {
            self.tick_items(array.len())?;
        }
        Ok(match operator {
            UnaryOperator::Not(_) => Value::Boolean(!operand.is_true()),
            UnaryOperator::Minus => arithmetic::negate(operand)?,
            UnaryOperator::Plus => arithmetic::plus(operand)?,
            UnaryOperator::BitNot => arithmetic::bit_not(operand)?,
            UnaryOperator::Join => Value::string(join_items(&operand.clone().into_items(), "")),
            UnaryOperator::Split(_) => {
                let mut pieces = Vec::new();
                for item in operand.clone().into_items() {
                    let count = item.to_text().as_str().split_whitespace().count();
                    self.tick_items(count)?;
                    self.room(piece_size(pieces.len().saturating_add(count)))?;
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
        for value in [left, right] {
            self.fits(value)?;
            if let Value::Array(array) = value {
                self.tick_items(array.len())?;
            }
        }
        let calculation = match operator {
            BinaryOperator::Add => Some(Arithmetic::Add),
            BinaryOperator::Subtract => Some(Arithmetic::Subtract),
            BinaryOperator::Multiply => Some(Arithmetic::Multiply),
            BinaryOperator::Divide => Some(Arithmetic::Divide),
            BinaryOperator::Remainder => Some(Arithmetic::Remainder),
            _ => None,
        };
        if let Some(calculation) = calculation {
            return self.computed(calculation, left, right);
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
                let count = match (left.as_integer(), right.as_integer()) {
                    (Some(left), Some(right)) => usize::try_from(left.abs_diff(right)).unwrap_or(usize::MAX),
                    _ => 0,
                };
                if count < arithmetic::MAX_SIZE {
                    self.room(array_size(count))?;
                    self.tick_items(count)?;
                }
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
            BinaryOperator::Join => self.joined(&left.clone().into_items(), right),
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

    /// The items' texts with a separator between them.
    pub(super) fn joined(&mut self, items: &[Value], separator: &Value) -> Flow<Value> {
        self.fits(separator)?;
        let separator = separator.to_text();
        self.room(joined_size(items, separator.as_str()))?;
        self.tick_items(items.len())?;
        let text = join_items(items, separator.as_str());
        self.make(text.len())?;
        Ok(Value::string(text))
    }

    /// Calculates, with room for the array or text that comes of it.
    pub(super) fn computed(&mut self, operator: Arithmetic, left: &Value, right: &Value) -> Flow<Value> {
        let times = || right.as_integer().and_then(|times| usize::try_from(times).ok()).unwrap_or_default();
        let (items, size) = match (operator, left) {
            (Arithmetic::Add, Value::String(text)) => {
                (0, text.as_str().len().saturating_add(text_size(right)))
            }
            (Arithmetic::Multiply, Value::String(text)) => (0, text.as_str().len().saturating_mul(times())),
            (Arithmetic::Add, Value::Array(array)) => {
                let more = if let Value::Array(more) = right { more.len() } else { 1 };
                (more, array_size(array.len().saturating_add(more)))
            }
            (Arithmetic::Multiply, Value::Array(array)) => {
                let items = array.len().saturating_mul(times());
                (items, array_size(items))
            }
            _ => (0, 0),
        };
        // What is larger than anything may be has an error of its own.
        if size < array_size(arithmetic::MAX_SIZE) {
            self.room(size)?;
            self.tick_items(items)?;
        }
        let value = arithmetic::compute(operator, left, right)?;
        self.make_value(&value)?;
        Ok(value)
    }

    /// A comparison with each item of a large array, with pauses; nothing where it is none.
    pub(super) async fn long_comparison(
        &mut self,
        comparison: Comparison,
        case: Case,
        left: &Value,
        right: &Value,
    ) -> Flow<Option<Value>> {
        let (items, wanted, found) = match comparison {
            Comparison::Contains => (left, right, Some(true)),
            Comparison::NotContains => (left, right, Some(false)),
            Comparison::In => (right, left, Some(true)),
            Comparison::NotIn => (right, left, Some(false)),
            _ => (left, right, None),
        };
        let Value::Array(items) = items else { return Ok(None) };
        if !Self::is_large(&Value::Array(items.clone())) {
            return Ok(None);
        }
        self.fits(left)?;
        self.fits(right)?;
        if let Comparison::Replace | Comparison::Split = comparison {
            let Value::Array(items) = left else { return Ok(None) };
            return self.piecewise(comparison, case, items, right).await.map(Some);
        }
        let test = Test::new(if found.is_some() { Comparison::Equal } else { comparison }, case, wanted)?;
        let mut kept = Vec::new();
        for (at, item) in items.to_vec().into_iter().enumerate() {
            if at % ITEMS_PER_STEP == 0 {
                self.breathe().await?;
            }
            if !test.holds(&item)? {
                continue;
            }
            if let Some(found) = found {
                return Ok(Some(Value::Boolean(found)));
            }
            kept.push(item);
        }
        self.room(array_size(kept.len()))?;
        Ok(Some(found.map_or_else(|| Value::array(kept), |found| Value::Boolean(!found))))
    }

    /// `-replace` and `-split` of a large array, with pauses.
    async fn piecewise(
        &mut self,
        comparison: Comparison,
        case: Case,
        items: &Array,
        right: &Value,
    ) -> Flow<Value> {
        let mut made = Vec::new();
        for piece in items.to_vec().chunks(1024) {
            let own = self.comparison(comparison, case, &Value::array(piece.to_vec()), right)?;
            made.extend(own.into_items());
            self.pause().await?;
        }
        Ok(match comparison {
            Comparison::Split => Value::Array(Array::of(Type::Plain(Plain::String), made)),
            _ => Value::array(made),
        })
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
            let own = value.to_text();
            self.room(own.as_str().len())?;
            let text = pattern.replace(own.as_str(), replacement.as_str())?;
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
            let text = item.to_text();
            let most = if limit == 0 { text.as_str().len() + 1 } else { limit.min(text.as_str().len() + 1) };
            if self.room(piece_size(pieces.len().saturating_add(most))).is_err() {
                let count = pattern.count(text.as_str(), limit)?;
                self.room(piece_size(pieces.len().saturating_add(count)))?;
            }
            let more = pattern.split(text.as_str(), limit)?;
            self.tick_items(more.len())?;
            pieces.extend(more.into_iter().map(Value::string));
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

/// How many bytes so many pieces of a text take, besides the text in them.
pub(super) fn piece_size(pieces: usize) -> usize {
    pieces.saturating_mul(size_of::<Value>() + 2 * size_of::<String>())
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
