//! Where-Object and ForEach-Object.

use std::sync::Arc;

use super::Stage;
use crate::evaluate::arguments::Bound;
use crate::evaluate::block::Block;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::operator::holds;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::{Case, Comparison};
use crate::value::convert::is_of;
use crate::value::{Type, Value};

pub(super) fn filter(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    let test = match bound.take("FilterScript") {
        Some(Value::Block(block)) => Test::Block(block),
        Some(_) => return Err(Unwind::refused("a Where-Object without a script block")),
        None => {
            let property = bound.text("Property").unwrap_or_default();
            let value = bound.take("Value");
            let operator = match bound.take_any() {
                None => None,
                Some((name, _)) => Some(operator(name)?),
            };
            match (operator, value) {
                (Some(Operator::Not), None) => Test::Not { property },
                (Some(Operator::Is(is)), Some(value)) => Test::Is { property, value, is },
                (Some(Operator::Compare(comparison, case)), value) => {
                    Test::Compare { property, comparison, case, value: value.unwrap_or_default() }
                }
                (None, None) => Test::True { property },
                (None, Some(value)) => {
                    Test::Compare { property, comparison: Comparison::Equal, case: Case::Insensitive, value }
                }
                _ => return Err(Unwind::refused("this form of Where-Object")),
            }
        }
    };
    bound.finish("Where-Object")?;
    Ok(Box::new(Filter { test, input }))
}

enum Test {
    Block(Arc<Block>),
    True { property: String },
    Not { property: String },
    Is { property: String, value: Value, is: bool },
    Compare { property: String, comparison: Comparison, case: Case, value: Value },
}

enum Operator {
    Not,
    Is(bool),
    Compare(Comparison, Case),
}

fn operator(name: &str) -> Flow<Operator> {
    let lower = name.to_ascii_lowercase();
    let find = |name: &str| {
        Some(match name {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            "like" => Comparison::Like,
            "notlike" => Comparison::NotLike,
            "match" => Comparison::Match,
            "notmatch" => Comparison::NotMatch,
            "contains" => Comparison::Contains,
            "notcontains" => Comparison::NotContains,
            "in" => Comparison::In,
            "notin" => Comparison::NotIn,
            _ => return None,
        })
    };
    match lower.as_str() {
        "not" => Ok(Operator::Not),
        "is" => Ok(Operator::Is(true)),
        "isnot" => Ok(Operator::Is(false)),
        own => find(own)
            .map(|comparison| Operator::Compare(comparison, Case::Insensitive))
            .or_else(|| {
                own.strip_prefix('c')
                    .and_then(find)
                    .map(|comparison| Operator::Compare(comparison, Case::Sensitive))
            })
            .ok_or_else(|| Unwind::refused(format!("`Where-Object -{name}`"))),
    }
}

/// A property as the simple form sees it: `Count` and `Length` of what has none are nothing here.
fn simple_member(interpreter: &mut Interpreter, item: &Value, name: &str) -> Flow<Value> {
    match item {
        Value::Array(_) => interpreter.member(item, name),
        _ => Ok(super::property::existing(item, name)?.map(|(_, value)| value).unwrap_or_default()),
    }
}

struct Filter {
    test: Test,
    input: Option<Value>,
}

impl Filter {
    async fn passes(&self, interpreter: &mut Interpreter, item: &Value) -> Flow<bool> {
        match &self.test {
            Test::Block(block) => interpreter.condition(block, item).await,
            Test::True { property } => Ok(simple_member(interpreter, item, property)?.is_true()),
            Test::Not { property } => Ok(!simple_member(interpreter, item, property)?.is_true()),
            Test::Is { property, value, is } => {
                let own = simple_member(interpreter, item, property)?;
                let of = match value {
                    Value::Type(of) => *of,
                    other => match Type::named(other.to_text().as_str().trim_matches(['[', ']'])) {
                        Some(of) => of,
                        None => return Err(Unwind::refused("this type")),
                    },
                };
                Ok(is_of(&own, of) == *is)
            }
            Test::Compare { property, comparison, case, value } => {
                let own = simple_member(interpreter, item, property)?;
                for value in [&own, value] {
                    interpreter.fits(value)?;
                    if let Value::Array(array) = value {
                        interpreter.tick_items(array.len())?;
                    }
                }
                match holds(*comparison, *case, &own, value) {
                    // What cannot be compared does not pass.
                    Err(Unwind::Statement(failure)) => {
                        interpreter.report(*failure, None).await?;
                        Ok(false)
                    }
                    result => result,
                }
            }
        }
    }
}

impl Stage for Filter {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if self.passes(interpreter, &item).await? {
                interpreter.emit(item).await?;
            }
            Ok(())
        })
    }
}

pub(super) fn each(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    if let Some(name) = bound.text("MemberName") {
        if bound.take("ArgumentList").is_some() {
            return Err(Unwind::refused("ForEach-Object with a method; use a script block"));
        }
        bound.finish("ForEach-Object")?;
        return Ok(Box::new(Members { name, input }));
    }
    let block = |value: Option<Value>| match value {
        Some(Value::Block(block)) => Ok(Some(block)),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(Unwind::refused("ForEach-Object without a script block")),
    };
    let (mut begin, mut end) = (block(bound.take("Begin"))?, block(bound.take("End"))?);
    let mut process = Vec::new();
    for name in ["Process", "RemainingScripts"] {
        for item in bound.take(name).map(Value::into_items).unwrap_or_default() {
            process.extend(block(Some(item))?);
        }
    }
    // Two blocks are `begin` and `process`, three have an `end`.
    if process.len() > 1 && begin.is_none() {
        begin = Some(process.remove(0));
        if process.len() > 1 && end.is_none() {
            end = process.pop();
        }
    }
    bound.finish("ForEach-Object")?;
    Ok(Box::new(Each { begin, process, end, input }))
}

struct Members {
    name: String,
    input: Option<Value>,
}

impl Stage for Members {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if super::property::is_wildcard(&self.name) {
                return Err(Unwind::refused("ForEach-Object with a wildcard"));
            }
            let value = interpreter.member(&item, &self.name)?;
            if value.is_null() && lacks(&item, &self.name) {
                return Err(Unwind::refused(format!(
                    "`{0}` is no property of this object of the host, and as a method `.{0}()` would act there; use the command that does it, with its name or id",
                    self.name
                )));
            }
            match value {
                Value::Null => interpreter.emit(Value::Null).await,
                value => interpreter.emit_items(value).await,
            }
        })
    }
}

/// Whether the item is an object of a host that has no property of this name: it may be a method of it.
fn lacks(item: &Value, name: &str) -> bool {
    matches!(item, Value::Object(object) if object.is_of_host() && !object.is_custom() && object.property(name).is_none())
}

struct Each {
    begin: Option<Arc<Block>>,
    process: Vec<Arc<Block>>,
    end: Option<Arc<Block>>,
    input: Option<Value>,
}

impl Stage for Each {
    fn begin<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            match &self.begin {
                Some(block) => interpreter.run_with_item(block, None).await,
                None => Ok(()),
            }
        })
    }

    fn input(&mut self) -> Option<Value> {
        Some(self.input.take().unwrap_or_default())
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            for block in &self.process {
                interpreter.run_with_item(block, Some(item.clone())).await?;
            }
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            match &self.end {
                Some(block) => interpreter.run_with_item(block, None).await,
                None => Ok(()),
            }
        })
    }
}
