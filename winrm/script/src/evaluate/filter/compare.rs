//! Compare-Object.

use std::collections::{HashMap, VecDeque};
use std::mem::{Discriminant, discriminant};

use super::Stage;
use super::property::Spec;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::{SameKey, SortKey, sort_order};
use crate::value::{Member, Members, Object, Value};

pub(super) fn compare(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let items = |value: Option<Value>| match value {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => value.into_items(),
    };
    let reference = items(bound.take("ReferenceObject"));
    let difference = items(bound.take("DifferenceObject"));
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &[])?,
        None => Vec::new(),
    };
    let include_equal = bound.switch("IncludeEqual");
    let only_equal = bound.switch("ExcludeDifferent");
    let pass_through = bound.switch("PassThru");
    let case = if bound.switch("CaseSensitive") { Case::Sensitive } else { Case::Insensitive };
    if bound.take("SyncWindow").is_some() {
        return Err(Unwind::refused("Compare-Object -SyncWindow"));
    }
    bound.finish("Compare-Object")?;
    Ok(Box::new(Compare {
        reference,
        difference,
        properties,
        shown: Shown { equal: include_equal || only_equal, different: !only_equal },
        pass_through,
        case,
        piped: false,
    }))
}

struct Compare {
    reference: Vec<Value>,
    difference: Vec<Value>,
    properties: Vec<Spec>,
    shown: Shown,
    pass_through: bool,
    case: Case,
    /// Whether the difference comes through the pipeline.
    piped: bool,
}

struct Shown {
    equal: bool,
    different: bool,
}

struct Entry {
    item: Value,
    /// Its values; `None` where it lacks the property.
    keys: Vec<Option<Value>>,
}

impl Compare {
    async fn entries(&self, interpreter: &mut Interpreter, items: &[Value]) -> Flow<Vec<Entry>> {
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            interpreter.breathe().await?;
            if item.is_null() {
                continue;
            }
            let mut keys = Vec::new();
            for spec in &self.properties {
                keys.push(spec.value(interpreter, item).await?);
            }
            if self.properties.is_empty() {
                keys.push(Some(item.clone()));
            }
            entries.push(Entry { item: item.clone(), keys });
        }
        Ok(entries)
    }

    fn result(&self, entry: &Entry, side: &str) -> Value {
        if self.pass_through {
            let object = match &entry.item {
                Value::Object(object) => object.duplicate(),
                other => Object::wrapping(other.clone(), Members::new()),
            };
            object.set("SideIndicator", side.into());
            return Value::Object(object);
        }
        let mut members = Members::new();
        if self.properties.is_empty() {
            members.set("InputObject".into(), entry.item.clone());
        }
        for (spec, key) in self.properties.iter().zip(&entry.keys) {
            members.set(spec.name().into(), key.clone().unwrap_or_default());
        }
        let side = Member { name: "SideIndicator".into(), value: side.into() };
        members.set(side.name, side.value);
        Value::Object(Object::custom(members))
    }

    /// Walks through both sides at once. What does not match waits for its like on the other side, and what is left waiting
    /// is on one side only.
    async fn run(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        let reference = self.entries(interpreter, &self.reference).await?;
        let difference = self.entries(interpreter, &self.difference).await?;
        let looked_up = self.are_looked_up(&[&reference, &difference]);
        let (mut old, mut new) = (Waiting::new(looked_up, self.case), Waiting::new(looked_up, self.case));
        let (mut reference, mut difference) = (reference.into_iter(), difference.into_iter());
        loop {
            let (mut left, mut right) = (reference.next(), difference.next());
            if left.is_none() && right.is_none() {
                break;
            }
            if let (Some(own), Some(other)) = (&left, &right)
                && same(own, other, self.case)?
            {
                self.matched(interpreter, own).await?;
                continue;
            }
            if let Some(own) = &right
                && let Some(found) = old.take(interpreter, own).await?
            {
                self.matched(interpreter, &found).await?;
                right = None;
            }
            if let Some(own) = &left
                && new.take(interpreter, own).await?.is_some()
            {
                self.matched(interpreter, own).await?;
                left = None;
            }
            new.add(right);
            old.add(left);
        }
        if self.shown.different {
            for (waiting, side) in [(new, "=>"), (old, "<=")] {
                for entry in waiting.entries.into_iter().flatten() {
                    interpreter.emit(self.result(&entry, side)).await?;
                }
            }
        }
        Ok(())
    }

    async fn matched(&self, interpreter: &mut Interpreter, entry: &Entry) -> Flow<()> {
        interpreter.breathe().await?;
        if self.shown.equal { interpreter.emit(self.result(entry, "==")).await } else { Ok(()) }
    }

    /// Whether all keys are of kinds that can be looked up, each property's of one kind.
    fn are_looked_up(&self, entries: &[&[Entry]]) -> bool {
        let kinds =
            |keys: &[SameKey]| -> Vec<Discriminant<SameKey>> { keys.iter().map(discriminant).collect() };
        let mut known = None;
        for entry in entries.iter().copied().flatten() {
            let Some(keys) = entry.same_keys(self.case) else { return false };
            let own = kinds(&keys);
            if *known.get_or_insert_with(|| own.clone()) != own {
                return false;
            }
        }
        true
    }
}

/// Whether two entries compare equal.
fn same(left: &Entry, right: &Entry, case: Case) -> Flow<bool> {
    for pair in left.keys.iter().zip(&right.keys) {
        let same = match pair {
            (Some(left), Some(right)) => sort_order(left, right, case)?.is_eq(),
            (left, right) => left.is_none() && right.is_none(),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Entry {
    fn same_keys(&self, case: Case) -> Option<Vec<SameKey>> {
        let key = |key: &Option<Value>| SortKey::new(key.clone()?, case).same_key();
        self.keys.iter().map(key).collect()
    }
}

/// What waits for its like, in the order in which it came.
struct Waiting {
    entries: Vec<Option<Entry>>,
    /// Where the entries of each key are, if they are looked up.
    places: Option<HashMap<Vec<SameKey>, VecDeque<usize>>>,
    case: Case,
}

impl Waiting {
    fn new(looked_up: bool, case: Case) -> Self {
        Self { entries: Vec::new(), places: looked_up.then(HashMap::new), case }
    }

    fn add(&mut self, entry: Option<Entry>) {
        let Some(entry) = entry else { return };
        if let (Some(places), Some(keys)) = (&mut self.places, entry.same_keys(self.case)) {
            places.entry(keys).or_default().push_back(self.entries.len());
        }
        self.entries.push(Some(entry));
    }

    /// Takes out the first entry that is like the given one.
    async fn take(&mut self, interpreter: &mut Interpreter, entry: &Entry) -> Flow<Option<Entry>> {
        let mut found = None;
        if let Some(places) = &mut self.places {
            let keys = entry.same_keys(self.case).unwrap_or_default();
            found = places.get_mut(&keys).and_then(VecDeque::pop_front);
        } else {
            for (at, own) in self.entries.iter().enumerate() {
                interpreter.breathe().await?;
                if let Some(own) = own
                    && same(entry, own, self.case)?
                {
                    found = Some(at);
                    break;
                }
            }
        }
        Ok(found.and_then(|at| self.entries.get_mut(at)).and_then(Option::take))
    }
}

impl Stage for Compare {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(self.run(interpreter))
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.difference.push(item);
        self.piped = true;
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move { if self.piped { self.run(interpreter).await } else { Ok(()) } })
    }
}
