//! Select-Object.

use std::collections::VecDeque;

use winrm_proto::clixml::PsString;

use super::Stage;
use super::property::{Source, Spec, is_pattern, is_wildcard};
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::sort_order;
use crate::value::object::CUSTOM;
use crate::value::pattern::Wildcard;
use crate::value::{Member, Members, Object, Value};

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
    let waits = bound.switch("Wait");
    let common = bound.finish("Select-Object")?;
    Ok(Box::new(Select {
        input,
        properties,
        excluded,
        expand,
        queue: Queue { first, last, skip, skip_last, streamed: 0, items: VecDeque::new() },
        waits,
        index,
        skip_index,
        unique,
        case,
        common,
        seen: 0,
        input_type: PsString::default(),
        kept: Vec::new(),
    }))
}

struct Select {
    input: Option<Value>,
    properties: Vec<Spec>,
    excluded: Vec<Wildcard>,
    expand: Option<String>,
    queue: Queue,
    /// What comes is read to its end, also when no more is wanted.
    waits: bool,
    index: Option<Vec<usize>>,
    skip_index: Option<Vec<usize>>,
    unique: bool,
    case: Case,
    common: Common,
    /// Items that came in.
    seen: usize,
    /// The type of the item that came last: PowerShell names every object that it makes by it.
    input_type: PsString,
    /// What is unique so far.
    kept: Vec<Kept>,
}

/// The items that wait until it is known whether they are wanted.
struct Queue {
    first: Option<usize>,
    last: Option<usize>,
    skip: usize,
    skip_last: usize,
    /// Items that were let through as they came.
    streamed: usize,
    items: VecDeque<Value>,
}

impl Queue {
    /// Takes an item, and lets through the one that is known to be wanted now.
    fn pass(&mut self, item: Value) -> Option<Value> {
        let (first, last) = (self.first.unwrap_or_default(), self.last.unwrap_or_default());
        let room = if first == 0 { last + self.skip } else { last };
        if last > 0 && self.items.len() >= room {
            self.items.pop_front();
        }
        self.items.push_back(item);
        if self.skip > 0 {
            if last == 0 || first > 0 {
                self.skip -= 1;
                self.items.pop_front();
            }
            return None;
        }
        if self.skip_last > 0 {
            return if self.items.len() > self.skip_last { self.items.pop_front() } else { None };
        }
        if self.streamed < first || (self.first.is_none() && self.last.is_none()) {
            self.streamed += 1;
            return self.items.pop_front();
        }
        if last == 0 {
            self.items.pop_front();
        }
        None
    }

    fn has_enough(&self) -> bool {
        self.last.unwrap_or_default() == 0
            && self.first.is_some_and(|first| first > 0 && self.streamed >= first)
    }

    /// What is left to let through after the last item.
    fn rest(&mut self) -> VecDeque<Value> {
        let mut items = std::mem::take(&mut self.items);
        if self.skip_last > 0 {
            items.clear();
        } else if self.first.unwrap_or_default() == 0 {
            items.truncate(items.len().saturating_sub(self.skip));
        }
        items
    }
}

/// An item that is unique so far, with the properties that were selected of it.
struct Kept {
    item: Value,
    selected: Vec<Member>,
}

impl Select {
    async fn pass(&mut self, interpreter: &mut Interpreter, item: Value) -> Flow<()> {
        if let Some(name) = self.expand.clone() {
            return self.expand(interpreter, &item, &name).await;
        }
        if self.properties.is_empty() && self.excluded.is_empty() {
            return self.write(interpreter, item, Vec::new()).await;
        }
        let members = self.selected(interpreter, &item).await?;
        let selected = if self.unique { members.iter().cloned().collect() } else { Vec::new() };
        self.write(interpreter, Value::Object(Object::custom(members)), selected).await
    }

    async fn selected(&mut self, interpreter: &mut Interpreter, item: &Value) -> Flow<Members> {
        let mut members = Members::new();
        let everything = [Spec { label: None, source: Source::Name("*".to_owned()), options: Vec::new() }];
        let properties =
            if self.properties.is_empty() { everything.to_vec() } else { self.properties.clone() };
        for spec in &properties {
            let mut found = spec.values(interpreter, item).await?;
            if found.is_empty() && !is_pattern(spec) {
                found.push((spec.name(), Value::Null));
            }
            for (name, value) in found {
                // What is left out is named by its expression, whatever it is called.
                let excluded = match (&spec.label, &spec.source) {
                    (None, _) => self.is_excluded(&name)?,
                    (Some(_), Source::Name(own)) => self.is_excluded(own)?,
                    (Some(_), Source::Block(block)) => self.is_excluded(block.text())?,
                };
                if excluded {
                    continue;
                }
                if members.value(&name).is_some() {
                    self.already_there(interpreter, item, &name).await?;
                    continue;
                }
                interpreter.make(64)?;
                members.set(name.into(), value);
            }
        }
        Ok(members)
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
        interpreter.report_of(&self.common, failure).await
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
            return interpreter.report_of(&self.common, failure).await;
        };
        let extra: Vec<Member> = match self.properties.is_empty() {
            true => Vec::new(),
            false => self.selected(interpreter, item).await?.iter().cloned().collect(),
        };
        if value.is_null() {
            return Ok(());
        }
        for own in value.into_items() {
            if own.is_null() {
                continue;
            }
            let own = if extra.is_empty() { own } else { with_members(&own, &extra) };
            self.write(interpreter, own, extra.clone()).await?;
        }
        Ok(())
    }

    async fn write(&mut self, interpreter: &mut Interpreter, item: Value, selected: Vec<Member>) -> Flow<()> {
        if !self.unique {
            self.mark(&item, &selected);
            return interpreter.emit(item).await;
        }
        for own in &self.kept {
            interpreter.breathe().await?;
            if own.is_same(&item, &selected, self.case)? {
                return Ok(());
            }
        }
        self.mark(&item, &selected);
        self.kept.push(Kept { item, selected });
        Ok(())
    }

    /// Names a property bag as selected, the one that came in as well.
    fn mark(&self, item: &Value, selected: &[Member]) {
        let Value::Object(object) = item else { return };
        // An object of a host may be made of properties alone and be more than a bag there.
        let own = object.type_name();
        let is_bag = own.as_str() == CUSTOM || own.as_str().starts_with("Selected.");
        let name = format!("Selected.{}", self.input_type);
        if is_bag && (!selected.is_empty() || !object.type_names().is(&name)) {
            object.push_type_name(&name);
        }
    }
}

impl Kept {
    /// Whether a value is the same to `-Unique`. Property bags are all alike, but for the properties that were selected.
    fn is_same(&self, item: &Value, selected: &[Member], case: Case) -> Flow<bool> {
        if self.selected.len() != selected.len() || !sort_order(item, &self.item, case)?.is_eq() {
            return Ok(false);
        }
        for own in selected {
            let stored = self.selected.iter().find(|stored| stored.name.eq_ignore_case(own.name.as_str()));
            match stored {
                Some(stored) if sort_order(&stored.value, &own.value, case)?.is_eq() => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Stage for Select {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            self.input_type = type_of(&item);
            let at = self.seen;
            self.seen += 1;
            if let Some(places) = self.index.clone() {
                if places.contains(&at) {
                    self.pass(interpreter, item).await?;
                }
                if !self.waits && places.iter().all(|place| *place <= at) {
                    return Err(interpreter.enough());
                }
                return Ok(());
            }
            if let Some(places) = &self.skip_index {
                if !places.contains(&at) {
                    self.pass(interpreter, item).await?;
                }
                return Ok(());
            }
            if let Some(item) = self.queue.pass(item) {
                self.pass(interpreter, item).await?;
            }
            if self.queue.has_enough() && !self.waits {
                return Err(interpreter.enough());
            }
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            for item in self.queue.rest() {
                self.pass(interpreter, item).await?;
            }
            for kept in std::mem::take(&mut self.kept) {
                interpreter.emit(kept.item).await?;
            }
            Ok(())
        })
    }
}

/// The type of a value as .NET names it: that of a property bag is no other, whatever it calls itself. What a host
/// selected is told by what it was selected from, for the same may be asked again here.
fn type_of(item: &Value) -> PsString {
    match item {
        Value::Object(object) if !object.is_wrapper() => {
            let name = object.type_name();
            match name.as_str().strip_prefix("Selected.") {
                Some(own) if object.is_of_host() => own.into(),
                _ if object.is_custom() => CUSTOM.into(),
                // The class is no part of the type's own name.
                _ => name.as_str().split('#').next().unwrap_or_default().into(),
            }
        }
        other => other.base().type_name(),
    }
}

/// The value with more properties.
pub(super) fn with_members(value: &Value, members: &[Member]) -> Value {
    let object = match value {
        Value::Object(object) => object.duplicate(),
        other => Object::wrapping(other.clone(), Members::new()),
    };
    for member in members {
        object.set(member.name.as_str(), member.value.clone());
    }
    Value::Object(object)
}

const COMMAND: &str = "Microsoft.PowerShell.Commands.SelectObjectCommand";
