//! Select-Object.

use std::collections::VecDeque;

use winrm_proto::clixml::{PsString, TypeNames};

use super::Stage;
use super::property::{Source, Spec, is_wildcard};
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::equals;
use crate::value::object::CUSTOM;
use crate::value::pattern::Wildcard;
use crate::value::{Members, Object, Value};

pub(super) fn select(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &[])?,
        None => Vec::new(),
    };
    let excluded = match bound.take("ExcludeProperty") {
        Some(value) => value
            .into_items()
            .iter()
            .map(|name| Ok(Wildcard::new(name.to_text().as_str(), Case::Insensitive)?))
            .collect::<Flow<Vec<Wildcard>>>()?,
        None => Vec::new(),
    };
    let expand = bound.text("ExpandProperty");
    let (first, last) = (bound.count("First")?, bound.count("Last")?);
    let (skip, skip_last) =
        (bound.count("Skip")?.unwrap_or_default(), bound.count("SkipLast")?.unwrap_or_default());
    let places = |value: Option<Value>| -> Flow<Option<Vec<usize>>> {
        let Some(value) = value else { return Ok(None) };
        let items = value.into_items();
        let places =
            items.iter().map(|place| place.as_integer().and_then(|place| usize::try_from(place).ok()));
        places.collect::<Option<Vec<usize>>>().map(Some).ok_or_else(|| Unwind::refused("this index"))
    };
    let (index, skip_index) = (places(bound.take("Index"))?, places(bound.take("SkipIndex"))?);
    let unique = bound.switch("Unique");
    let case = if bound.switch("CaseInsensitive") { Case::Insensitive } else { Case::Sensitive };
    bound.switch("Wait");
    let common = bound.finish("Select-Object")?;
    Ok(Box::new(Select {
        input,
        properties,
        excluded,
        expand,
        first,
        last,
        skip,
        skip_last,
        index,
        skip_index,
        unique,
        case,
        common,
        seen: 0,
        passed: 0,
        queue: VecDeque::new(),
        kept: Vec::new(),
    }))
}

struct Select {
    input: Option<Value>,
    properties: Vec<Spec>,
    excluded: Vec<Wildcard>,
    expand: Option<String>,
    first: Option<usize>,
    last: Option<usize>,
    skip: usize,
    skip_last: usize,
    index: Option<Vec<usize>>,
    skip_index: Option<Vec<usize>>,
    unique: bool,
    case: Case,
    common: Common,
    /// Items that came in, and items that were let through.
    seen: usize,
    passed: usize,
    queue: VecDeque<Value>,
    /// What is unique so far, and whether it was written.
    kept: Vec<Value>,
}

impl Select {
    async fn pass(&mut self, interpreter: &mut Interpreter, item: Value) -> Flow<()> {
        self.passed += 1;
        if let Some(name) = self.expand.clone() {
            return self.expand(interpreter, &item, &name).await;
        }
        if self.properties.is_empty() && self.excluded.is_empty() {
            // PowerShell marks the object itself.
            if let Value::Object(object) = &item
                && object.type_names().is(CUSTOM)
                && !object.type_names().is(SELECTED)
            {
                object.push_type_name(SELECTED);
            }
            return self.write(interpreter, item).await;
        }
        let selected = self.selected(interpreter, &item).await?;
        self.write(interpreter, selected).await
    }

    async fn selected(&mut self, interpreter: &mut Interpreter, item: &Value) -> Flow<Value> {
        let mut members = Members::new();
        let everything = [Spec { label: None, source: Source::Name("*".to_owned()), options: Vec::new() }];
        let properties =
            if self.properties.is_empty() { everything.to_vec() } else { self.properties.clone() };
        for spec in &properties {
            let mut found = spec.values(interpreter, item).await?;
            if found.is_empty()
                && let Source::Name(name) = &spec.source
                && !is_wildcard(name)
            {
                found.push((spec.name(), Value::Null));
            }
            let is_pattern = matches!(&spec.source, Source::Name(name) if is_wildcard(name));
            for (name, value) in found {
                if self.is_excluded(&name)? {
                    continue;
                }
                if members.value(&name).is_some() {
                    if !is_pattern {
                        self.already_there(interpreter, item, &name).await?;
                    }
                    continue;
                }
                interpreter.make(64)?;
                members.set(name.into(), value);
            }
        }
        Ok(Value::Object(Object::typed(selected_names(item), members)))
    }

    fn is_excluded(&self, name: &str) -> Flow<bool> {
        for pattern in &self.excluded {
            if pattern.matches(name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn already_there(&self, interpreter: &mut Interpreter, item: &Value, name: &str) -> Flow<()> {
        let failure = Failure {
            id: format!("AlreadyExistingUserSpecifiedPropertyNoExpand,{COMMAND}"),
            message: format!(
                "The property cannot be processed because the property \"{name}\" already exists."
            ),
            exception: "System.Management.Automation.PSArgumentException".to_owned(),
            category: "InvalidOperation".to_owned(),
            target: item.clone(),
            activity: "Select-Object".to_owned(),
            ..Failure::default()
        };
        interpreter.report(failure, self.common.error_action).await
    }

    async fn expand(&mut self, interpreter: &mut Interpreter, item: &Value, name: &str) -> Flow<()> {
        let found = if is_wildcard(name) {
            return Err(Unwind::refused("`-ExpandProperty` with a wildcard"));
        } else {
            super::property::existing(item, name)?
        };
        let Some((_, value)) = found else {
            let failure = Failure {
                id: format!("ExpandPropertyNotFound,{COMMAND}"),
                message: format!("Property \"{name}\" cannot be found."),
                exception: "System.Management.Automation.PSArgumentException".to_owned(),
                category: "InvalidArgument".to_owned(),
                target: item.clone(),
                activity: "Select-Object".to_owned(),
                ..Failure::default()
            };
            return interpreter.report(failure, self.common.error_action).await;
        };
        let extra = match self.properties.is_empty() {
            true => None,
            false => match self.selected(interpreter, item).await? {
                Value::Object(object) => Some(object.members()),
                _ => None,
            },
        };
        if value.is_null() {
            return Ok(());
        }
        for own in value.into_items() {
            let own = match &extra {
                Some(members) if !own.is_null() => with_members(&own, members),
                _ => own,
            };
            self.write(interpreter, own).await?;
        }
        Ok(())
    }

    async fn write(&mut self, interpreter: &mut Interpreter, item: Value) -> Flow<()> {
        if !self.unique {
            return interpreter.emit(item).await;
        }
        for own in &self.kept {
            interpreter.breathe().await?;
            if same(own, &item, self.case)? {
                return Ok(());
            }
        }
        self.kept.push(item);
        Ok(())
    }
}

impl Stage for Select {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            match self.input.take() {
                Some(item) => self.process(interpreter, item).await,
                None => Ok(()),
            }
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if self.first == Some(0) && self.last.is_none() && self.index.is_none() {
                return Err(interpreter.enough());
            }
            if item.is_null() {
                return Ok(());
            }
            let at = self.seen;
            self.seen += 1;
            if let Some(places) = self.index.clone() {
                if places.contains(&at) {
                    self.pass(interpreter, item).await?;
                }
                if places.iter().all(|place| *place <= at) {
                    return self.stop(interpreter);
                }
                return Ok(());
            }
            if let Some(places) = &self.skip_index {
                if !places.contains(&at) {
                    self.pass(interpreter, item).await?;
                }
                return Ok(());
            }
            if self.skip_last > 0 {
                self.queue.push_back(item);
                if self.queue.len() > self.skip_last + self.skip.saturating_sub(at)
                    && let Some(item) = self.queue.pop_front()
                {
                    self.pass(interpreter, item).await?;
                }
                return Ok(());
            }
            if let Some(last) = self.last {
                if let Some(first) = self.first
                    && self.passed < first
                    && at >= self.skip
                {
                    return self.pass(interpreter, item).await;
                }
                self.queue.push_back(item);
                if self.queue.len() > last + if self.first.is_none() { self.skip } else { 0 } {
                    self.queue.pop_front();
                }
                return Ok(());
            }
            if at < self.skip {
                return Ok(());
            }
            self.pass(interpreter, item).await?;
            if self.first.is_some_and(|first| self.passed >= first) {
                return self.stop(interpreter);
            }
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            if let Some(last) = self.last {
                let skip = if self.first.is_none() { self.skip } else { 0 };
                let keep = self.queue.len().saturating_sub(skip).min(last);
                for item in std::mem::take(&mut self.queue).into_iter().take(keep) {
                    self.pass(interpreter, item).await?;
                }
            }
            for item in std::mem::take(&mut self.kept) {
                interpreter.emit(item).await?;
            }
            Ok(())
        })
    }
}

impl Select {
    /// No more is wanted. What is unique is written at the end, so the end must come.
    fn stop(&self, interpreter: &Interpreter) -> Flow<()> {
        Err(interpreter.enough())
    }
}

/// Whether two selected objects are the same to `-Unique`: all their properties, or they themselves.
pub(super) fn same(left: &Value, right: &Value, case: Case) -> Flow<bool> {
    match (left, right) {
        (Value::Object(own), Value::Object(other)) if !own.is_wrapper() && !other.is_wrapper() => {
            let (own, other) = (own.members(), other.members());
            if own.len() != other.len() {
                return Ok(false);
            }
            for (own, other) in own.iter().zip(&other) {
                if !own.name.eq_ignore_case(other.name.as_str())
                    || !same_member(&own.value, &other.value, case)?
                {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (left, right) => same_member(left, right, case),
    }
}

fn same_member(left: &Value, right: &Value, case: Case) -> Flow<bool> {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ok(true),
        (true, false) | (false, true) => Ok(false),
        _ => match crate::value::compare::sort_order(left, right, case) {
            Ok(order) => Ok(order.is_eq()),
            Err(_) => Ok(equals(left, right, case)?),
        },
    }
}

/// `Selected.` and the item's type.
fn selected_names(item: &Value) -> TypeNames {
    let own: PsString = match item {
        Value::Object(object) if !object.is_wrapper() => {
            let name = object.type_name();
            match name.as_str().strip_prefix("Selected.") {
                Some(own) => own.into(),
                None if object.type_names().is(CUSTOM) => CUSTOM.into(),
                // The class is no part of the type's own name.
                None => name.as_str().split('#').next().unwrap_or_default().into(),
            }
        }
        other => other.base().type_name(),
    };
    let first = format!("Selected.{own}");
    [PsString::from(first), CUSTOM.into(), "System.Object".into()].into_iter().collect()
}

/// The value with more properties.
pub(super) fn with_members(value: &Value, members: &[crate::value::Member]) -> Value {
    let object = match value {
        Value::Object(object) => object.duplicate(),
        other => Object::wrapping(other.clone(), Members::new()),
    };
    for member in members {
        object.set(member.name.as_str(), member.value.clone());
    }
    Value::Object(object)
}

/// What an object becomes that is let through.
const SELECTED: &str = "Selected.System.Management.Automation.PSCustomObject";
const COMMAND: &str = "Microsoft.PowerShell.Commands.SelectObjectCommand";
