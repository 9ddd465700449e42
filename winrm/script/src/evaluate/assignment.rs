//! Assignments.

use super::index::position;
use super::interpreter::{Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use crate::tree::{
    Access, Assignment, AssignmentOperator, Expression, ExpressionKind, StatementKind, Unary, UnaryOperator,
};
use crate::value::arithmetic::{Arithmetic, compute};
use crate::value::convert::convert;
use crate::value::{Fault, Type, Value};

impl Interpreter {
    /// Assigns, and gives the value that was assigned.
    pub(super) fn assign<'a>(&'a mut self, assignment: &'a Assignment) -> Turn<'a, Value> {
        Box::pin(async move {
            self.enter()?;
            let right = self.captured(&assignment.value).await;
            self.leave();
            let right = right?;
            let operator = match assignment.operator {
                AssignmentOperator::Assign => None,
                AssignmentOperator::Add => Some(Arithmetic::Add),
                AssignmentOperator::Subtract => Some(Arithmetic::Subtract),
                AssignmentOperator::Multiply => Some(Arithmetic::Multiply),
                AssignmentOperator::Divide => Some(Arithmetic::Divide),
                AssignmentOperator::Remainder => Some(Arithmetic::Remainder),
            };
            let value = match operator {
                None => right,
                Some(operator) => {
                    let left = self.value(&assignment.target).await?;
                    self.fits(&right)?;
                    if let Value::Array(array) = &left {
                        self.tick_items(array.len())?;
                    }
                    self.computed(operator, &left, &right)?
                }
            };
            self.store(&assignment.target, value.clone(), None).await?;
            Ok(value)
        })
    }

    /// `$x++` and its kin.
    pub(super) async fn increment(&mut self, unary: &Unary) -> Flow<Value> {
        let old = self.value(&unary.operand).await?;
        let (operator, before) = match unary.operator {
            UnaryOperator::PreIncrement => (Arithmetic::Add, true),
            UnaryOperator::PreDecrement => (Arithmetic::Subtract, true),
            UnaryOperator::PostDecrement => (Arithmetic::Subtract, false),
            _ => (Arithmetic::Add, false),
        };
        let counted = if old.is_null() { Value::Int32(0) } else { old };
        if counted.as_integer().is_none() && !matches!(counted, Value::Double(_) | Value::Decimal(_)) {
            return Err(Unwind::refused("`++` and `--` on what is no number"));
        }
        let new = compute(operator, &counted, &Value::Int32(1))?;
        self.store(&unary.operand, new.clone(), None).await?;
        Ok(if before { new } else { counted })
    }

    /// Puts a value where an expression says.
    fn store<'a>(
        &'a mut self,
        target: &'a Expression,
        value: Value,
        constraint: Option<Type>,
    ) -> Turn<'a, ()> {
        Box::pin(async move {
            match &target.kind {
                ExpressionKind::Variable(variable) => {
                    let value = match constraint {
                        Some(constraint) => {
                            self.fits(&value)?;
                            convert(&value, constraint)?
                        }
                        None => value,
                    };
                    self.set_variable(&variable.name, value, constraint)
                }
                ExpressionKind::Convert(cast) => {
                    let to = self.type_named(&cast.to.name)?;
                    self.store(&cast.value, value, Some(to)).await
                }
                ExpressionKind::Member(member) if member.access == Access::Instance => {
                    let object = self.value(&member.target).await?;
                    let name = self.value(&member.name).await?;
                    self.set_member(&object, name.to_text().as_str(), value)
                }
                ExpressionKind::Index(index) => {
                    let object = self.value(&index.target).await?;
                    let by = self.value(&index.index).await?;
                    self.ties.note(&object, &value);
                    set_item(&object, &by, value)
                }
                ExpressionKind::Array(targets) => self.store_each(targets, value).await,
                ExpressionKind::Parenthesis(inner) => match (&inner.kind, inner.as_expression()) {
                    (StatementKind::Pipeline(_), Some(inner)) => self.store(inner, value, constraint).await,
                    _ => Err(Unwind::refused("an assignment to this")),
                },
                _ => Err(Unwind::refused("an assignment to this")),
            }
        })
    }

    /// `$a, $b = …`: the last one takes what is left.
    async fn store_each(&mut self, targets: &[Expression], value: Value) -> Flow<()> {
        let items = match value.enumerate() {
            Some(items) => items,
            None => vec![value],
        };
        let mut items = items.into_iter();
        for (at, target) in targets.iter().enumerate() {
            let own = if at + 1 == targets.len() {
                Value::of_output(items.by_ref().collect())
            } else {
                items.next().unwrap_or_default()
            };
            self.store(target, own, None).await?;
        }
        Ok(())
    }

    fn set_member(&mut self, object: &Value, name: &str, value: Value) -> Flow<()> {
        let missing = || {
            Fault::thrown(
                "PropertyAssignmentException",
                "System.Management.Automation.SetValueInvocationException",
                format!(
                    "The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
                ),
            )
            .with_id("PropertyNotFound")
        };
        self.ties.note(object, &value);
        match object {
            Value::Table(table) => Ok(table.set(name.into(), value)?),
            Value::Object(own) if own.property(name).is_some() => {
                if own.is_of_host() && !own.is_custom() {
                    return Err(Unwind::refused(
                        "a property of an object of the host cannot be set; use its command",
                    ));
                }
                own.set(name, value);
                Ok(())
            }
            Value::Array(array) => {
                for item in array.to_vec() {
                    self.tick()?;
                    self.ties.note(&item, &value);
                    match &item {
                        Value::Object(own) if own.property(name).is_some() && !own.is_of_host() => {
                            own.set(name, value.clone());
                        }
                        _ => return Err(missing().into()),
                    }
                }
                Ok(())
            }
            _ => Err(missing().into()),
        }
    }
}

fn set_item(object: &Value, by: &Value, value: Value) -> Flow<()> {
    match object {
        Value::Table(table) => Ok(table.set(by.clone(), value)?),
        Value::Array(array) => {
            let value = match array.element() {
                Some(element) => convert(&value, element)?,
                None => value,
            };
            let found = position(by, array.len())?;
            if found.is_some_and(|at| array.set(at, value)) {
                return Ok(());
            }
            Err(Fault::thrown(
                "System.IndexOutOfRangeException",
                "System.IndexOutOfRangeException",
                "Index was outside the bounds of the array.",
            )
            .in_category("OperationStopped")
            .into())
        }
        Value::Null => Err(Fault::thrown(
            "NullArray",
            "System.Management.Automation.RuntimeException",
            "Cannot index into a null array.",
        )
        .into()),
        _ => Err(Unwind::refused("an assignment to an item of this value")),
    }
}
