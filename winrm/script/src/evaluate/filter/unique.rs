//! Get-Unique and Tee-Object.

use super::Stage;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::Value;
use crate::value::compare::sort_order;

pub(super) fn unique(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    let ignore_case = bound.switch("CaseInsensitive");
    if bound.switch("OnType") {
        return Err(Unwind::refused("Get-Unique -OnType"));
    }
    bound.finish("Get-Unique")?;
    Ok(Box::new(Unique { last: None, ignore_case, input }))
}

struct Unique {
    last: Option<Value>,
    ignore_case: bool,
    input: Option<Value>,
}

impl Stage for Unique {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            // Nulls are compared as nothing: each one is let through.
            let repeated = match &self.last {
                Some(last) if !last.is_null() && !item.is_null() => {
                    let case = if self.ignore_case { Case::Insensitive } else { Case::Sensitive };
                    sort_order(&item, last, case)?.is_eq()
                }
                _ => false,
            };
            if repeated {
                return Ok(());
            }
            self.last = Some(item.clone());
            interpreter.emit(item).await
        })
    }
}

pub(super) fn tee(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    let Some(name) = bound.text("Variable") else {
        return Err(Unwind::refused("Tee-Object to a file; use -Variable"));
    };
    bound.finish("Tee-Object")?;
    Ok(Box::new(Tee { name, items: Vec::new(), input }))
}

struct Tee {
    name: String,
    items: Vec<Value>,
    input: Option<Value>,
}

impl Stage for Tee {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.items.push(item.clone());
        interpreter.emit(item)
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let value = Value::of_output(std::mem::take(&mut self.items));
            interpreter.set_variable(&self.name, value, None)
        })
    }
}
