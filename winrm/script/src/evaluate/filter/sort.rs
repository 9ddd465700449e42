//! Sort-Object.

use std::cmp::Ordering;

use super::Stage;
use super::introsort;
use super::property::{Spec, is_pattern};
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::KeyRows;
use crate::value::{Fault, Value};

pub(super) fn sort(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &["descending", "ascending"])?,
        None => Vec::new(),
    };
    let descending = bound.switch("Descending");
    let unique = bound.switch("Unique");
    let case = if bound.switch("CaseSensitive") { Case::Sensitive } else { Case::Insensitive };
    let stable = bound.switch("Stable");
    let (top, bottom) = (bound.count("Top")?, bound.count("Bottom")?);
    let input = bound.take("InputObject");
    bound.finish("Sort-Object")?;
    let direction = |spec: &Spec| match (spec.option("descending"), spec.option("ascending")) {
        (Some(own), _) => own.is_true(),
        (None, Some(own)) => !own.is_true(),
        (None, None) => descending,
    };
    let keys = if properties.is_empty() {
        KeyRows::new(case, [descending])
    } else {
        KeyRows::new(case, properties.iter().map(direction))
    };
    if properties.iter().any(is_pattern) {
        return Err(Unwind::refused("Sort-Object by a wildcard; name the properties"));
    }
    Ok(Box::new(Sort {
        keeps_order: stable || top.is_some() || bottom.is_some(),
        properties,
        unique,
        top,
        bottom,
        input,
        items: Vec::new(),
        keys,
    }))
}

struct Sort {
    properties: Vec<Spec>,
    unique: bool,
    top: Option<usize>,
    bottom: Option<usize>,
    /// What is equal stays in its order.
    keeps_order: bool,
    input: Option<Value>,
    items: Vec<Value>,
    /// What each item is compared by: itself, or its properties.
    keys: KeyRows,
}

/// Sorts with pauses; what is equal stays in its order.
pub(super) async fn sorted<T: Send>(
    interpreter: &mut Interpreter,
    rows: Vec<T>,
    order: impl Fn(&T, &T) -> Result<Ordering, Fault> + Send + Sync,
) -> Flow<Vec<T>> {
    let mut runs: Vec<Vec<T>> = Vec::with_capacity(rows.len() / RUN + 1);
    let mut rows = rows.into_iter();
    loop {
        let mut run: Vec<T> = rows.by_ref().take(RUN).collect();
        if run.is_empty() {
            break;
        }
        interpreter.tick_many(run.len())?;
        interpreter.pause().await?;
        let mut fault = None;
        run.sort_by(|left, right| {
            order(left, right).unwrap_or_else(|own| {
                fault.get_or_insert(own);
                Ordering::Equal
            })
        });
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        runs.push(run);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len() / 2 + 1);
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            merged.push(match rest.next() {
                Some(right) => merge(interpreter, left, right, &order).await?,
                None => left,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

/// Two sorted runs as one; of what is equal, that of the left one comes first.
async fn merge<T: Send>(
    interpreter: &mut Interpreter,
    left: Vec<T>,
    right: Vec<T>,
    order: &(impl Fn(&T, &T) -> Result<Ordering, Fault> + Send + Sync),
) -> Flow<Vec<T>> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let first = order(one, other)? != Ordering::Greater;
        merged.extend(if first { left.next() } else { right.next() });
        if merged.len() % RUN == 0 {
            interpreter.tick_many(RUN / 4)?;
            interpreter.pause().await?;
        }
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// How many rows are sorted without a pause.
const RUN: usize = 1024;

impl Stage for Sort {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            if self.properties.is_empty()
                && matches!(&item, Value::Object(object) if object.is_of_host() && !object.is_custom())
            {
                return Err(Unwind::refused(
                    "Sort-Object without -Property on objects of the host; name a property",
                ));
            }
            let mut keys = Vec::with_capacity(self.properties.len().max(1));
            if self.properties.is_empty() {
                keys.push(Some(item.clone()));
            }
            for spec in &self.properties {
                keys.push(match spec.plain(&item) {
                    Some(value) => value,
                    None => spec.value(interpreter, &item).await?,
                });
            }
            interpreter.make(size_of::<Value>() + self.keys.row_size())?;
            self.keys.push(keys);
            self.items.push(item);
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let keys = &self.keys;
            let order = |left: &usize, right: &usize| keys.order(*left, *right);
            let mut places: Vec<usize> = (0..self.items.len()).collect();
            if self.keeps_order {
                places = sorted(interpreter, places, order).await?;
            } else {
                introsort::sort(interpreter, &mut places, order).await?;
            }
            if self.unique {
                let mut kept: Vec<usize> = Vec::with_capacity(places.len());
                for place in places {
                    interpreter.breathe().await?;
                    let repeated = match kept.last() {
                        Some(last) => keys.order(*last, place)? == Ordering::Equal,
                        None => false,
                    };
                    if !repeated {
                        kept.push(place);
                    }
                }
                places = kept;
            }
            let (skip, take) = match (self.top, self.bottom) {
                (Some(top), _) => (0, top),
                (None, Some(bottom)) => (places.len().saturating_sub(bottom), bottom),
                (None, None) => (0, usize::MAX),
            };
            // What comes next may need the room.
            self.keys.clear();
            for place in places.into_iter().skip(skip).take(take) {
                if let Some(item) = self.items.get_mut(place) {
                    interpreter.emit(std::mem::take(item)).await?;
                }
            }
            Ok(())
        })
    }
}
