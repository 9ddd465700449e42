//! Compare-Object.

use std::collections::{HashMap, VecDeque};
use std::mem::Discriminant;

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
    keys: Vec<Value>,
}

impl Compare {
    async fn entries(&self, interpreter: &mut Interpreter, items: &[Value]) -> Flow<Vec<Entry>> {
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            interpreter.breathe().await?;
            let mut keys = Vec::new();
            for spec in &self.properties {
                keys.push(spec.value(interpreter, item).await?.unwrap_or_default());
            }
            if self.properties.is_empty() {
                keys.push(item.clone());
            }
            entries.push(Entry { item: item.clone(), keys });
        }
        Ok(entries)
    }

    fn same(&self, left: &Entry, right: &Entry) -> Flow<bool> {
        for (left, right) in left.keys.iter().zip(&right.keys) {
            if !sort_order(left, right, self.case)?.is_eq() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the entries of each key are, in their order; nothing where keys are not all of kinds that can be looked up.
    fn places(
        &self,
        reference: &[Entry],
        difference: &[Option<Entry>],
    ) -> Option<HashMap<Vec<SameKey>, VecDeque<usize>>> {
        let mut kinds = None;
        for entry in reference {
            let (own, _) = self.looked_up(entry)?;
            if *kinds.get_or_insert_with(|| own.clone()) != own {
                return None;
            }
        }
        let mut places: HashMap<_, VecDeque<usize>> = HashMap::new();
        for (at, entry) in difference.iter().enumerate() {
            let (own, key) = self.looked_up(entry.as_ref()?)?;
            if *kinds.get_or_insert_with(|| own.clone()) != own {
                return None;
            }
            places.entry(key).or_default().push_back(at);
        }
        Some(places)
    }

    /// The kinds of an entry's keys, and what is looked up of them.
    fn looked_up(&self, entry: &Entry) -> Option<(Vec<Discriminant<SameKey>>, Vec<SameKey>)> {
        let keys = entry.keys.iter().map(|key| SortKey::new(key.clone(), self.case).same_key());
        let keys = keys.collect::<Option<Vec<SameKey>>>()?;
        Some((keys.iter().map(std::mem::discriminant).collect(), keys))
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
            members.set(spec.name().into(), key.clone());
        }
        let side = Member { name: "SideIndicator".into(), value: side.into() };
        members.set(side.name, side.value);
        Value::Object(Object::custom(members))
    }

    async fn run(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        let reference = self.entries(interpreter, &self.reference).await?;
        let mut difference: Vec<Option<Entry>> =
            self.entries(interpreter, &self.difference).await?.into_iter().map(Some).collect();
        let (mut equal, mut left) = (Vec::new(), Vec::new());
        let mut places = self.places(&reference, &difference);
        for entry in reference {
            let mut found = None;
            if let Some(places) = &mut places {
                interpreter.breathe().await?;
                let key = self.looked_up(&entry).map(|(_, key)| key).unwrap_or_default();
                found = places.get_mut(&key).and_then(VecDeque::pop_front);
            } else {
                for (at, other) in difference.iter().enumerate() {
                    interpreter.breathe().await?;
                    if let Some(other) = other
                        && self.same(&entry, other)?
                    {
                        found = Some(at);
                        break;
                    }
                }
            }
            match found.and_then(|at| difference.get_mut(at)) {
                Some(slot) => {
                    *slot = None;
                    equal.push(entry);
                }
                None => left.push(entry),
            }
        }
        if self.shown.equal {
            for entry in &equal {
                interpreter.emit(self.result(entry, "==")).await?;
            }
        }
        if self.shown.different {
            for entry in difference.into_iter().flatten() {
                interpreter.emit(self.result(&entry, "=>")).await?;
            }
            for entry in &left {
                interpreter.emit(self.result(entry, "<=")).await?;
            }
        }
        Ok(())
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
