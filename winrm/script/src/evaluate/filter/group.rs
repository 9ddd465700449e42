//! Group-Object.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::mem::Discriminant;

use winrm_proto::clixml::{PsString, TypeNames};

use super::Stage;
use super::property::Spec;
use super::sort::sorted;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::format::text::sequence_text;
use crate::tree::Case;
use crate::value::compare::{SortKey, sort_order};
use crate::value::{Array, Fault, Members, Object, Shape, Table, Value};

pub(super) fn group(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &[])?,
        None => Vec::new(),
    };
    let no_element = bound.switch("NoElement");
    let as_table = bound.switch("AsHashTable");
    let as_string = bound.switch("AsString");
    let case = if bound.switch("CaseSensitive") { Case::Sensitive } else { Case::Insensitive };
    let input = bound.take("InputObject");
    bound.finish("Group-Object")?;
    let shape = match (as_table, no_element) {
        (true, _) => Shown::Table { as_string },
        (false, true) => Shown::Counts,
        (false, false) => Shown::Groups,
    };
    Ok(Box::new(Group {
        properties,
        shape,
        case,
        input,
        rows: Vec::new(),
        types: Vec::new(),
        mixed: false,
        groups: Vec::new(),
        index: HashMap::new(),
    }))
}

enum Shown {
    Groups,
    Counts,
    Table { as_string: bool },
}

struct Group {
    properties: Vec<Spec>,
    shape: Shown,
    case: Case,
    input: Option<Value>,
    rows: Vec<(Vec<Value>, Value)>,
    /// The type of each property's keys so far, and whether there were several.
    types: Vec<Option<(Discriminant<Value>, PsString)>>,
    mixed: bool,
    groups: Vec<Found>,
    /// Groups by the types and texts of their keys.
    index: HashMap<String, usize>,
}

struct Found {
    keys: Vec<Value>,
    items: Vec<Value>,
}

impl Group {
    /// Groups come in order where all keys of a property are of one type, else as they appear.
    fn note_type(&mut self, at: usize, key: &Value) {
        if key.is_null() {
            return;
        }
        let own = std::mem::discriminant(key);
        if self.types.get(at).is_some_and(|known| *known == Some((own, PsString::default()))) {
            return;
        }
        let named = matches!(key, Value::Object(_) | Value::Enum(_) | Value::Array(_));
        let own = (own, if named { key.base().type_name() } else { PsString::default() });
        if self.types.len() <= at {
            self.types.resize(at + 1, None);
        }
        match self.types.get_mut(at) {
            Some(Some(known)) => self.mixed |= *known != own,
            Some(unknown) => *unknown = Some(own),
            None => {}
        }
    }

    async fn form(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        let rows = std::mem::take(&mut self.rows);
        if self.mixed {
            for (keys, item) in rows {
                match self.find(interpreter, &keys).await? {
                    Some(at) => {
                        if let Some(group) = self.groups.get_mut(at) {
                            group.items.push(item);
                        }
                    }
                    None => self.begin(keys, item),
                }
            }
            return Ok(());
        }
        let prepare = |keys: Vec<Value>| keys.into_iter().map(|key| SortKey::new(key, self.case)).collect();
        let rows: Vec<(Vec<SortKey>, Value)> =
            rows.into_iter().map(|(keys, item)| (prepare(keys), item)).collect();
        let case = self.case;
        let rows = sorted(interpreter, rows, |(left, _), (right, _)| order_keys(left, right, case)).await?;
        let mut last: Option<Vec<SortKey>> = None;
        for (keys, item) in rows {
            interpreter.breathe().await?;
            let same = match &last {
                Some(last) => order_keys(last, &keys, self.case)?.is_eq(),
                None => false,
            };
            match self.groups.last_mut() {
                Some(group) if same => group.items.push(item),
                _ => {
                    self.begin(keys.iter().map(|key| key.value.clone()).collect(), item);
                    last = Some(keys);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, keys: Vec<Value>, item: Value) {
        let text = text_of(&keys);
        self.index.entry(text).or_insert(self.groups.len());
        self.groups.push(Found { keys, items: vec![item] });
    }

    /// The group of keys of several types: one with the same keys, or the first that compares equal.
    async fn find(&self, interpreter: &mut Interpreter, keys: &[Value]) -> Flow<Option<usize>> {
        if let Some(at) = self.index.get(&text_of(keys)) {
            return Ok(Some(*at));
        }
        for (at, own) in self.groups.iter().enumerate() {
            interpreter.breathe().await?;
            if own.keys.iter().any(|key| matches!(key, Value::Object(object) if object.is_custom())) {
                return Err(Unwind::refused("Group-Object by property bags, which have no order"));
            }
            if order(&own.keys, keys, self.case)?.is_eq() {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

fn order(left: &[Value], right: &[Value], case: Case) -> Result<Ordering, Fault> {
    for (left, right) in left.iter().zip(right) {
        let order = sort_order(left, right, case)?;
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

fn order_keys(left: &[SortKey], right: &[SortKey], case: Case) -> Result<Ordering, Fault> {
    for (left, right) in left.iter().zip(right) {
        let order = left.order(right, case)?;
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Types and texts: the same for the same keys.
fn text_of(keys: &[Value]) -> String {
    let texts: Vec<String> =
        keys.iter().map(|key| format!("{}\u{1}{}", key.type_name(), key.to_text())).collect();
    texts.join("\u{2}")
}

impl Stage for Group {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            for item in self.input.take().map(Value::into_items).unwrap_or_default() {
                self.process(interpreter, item).await?;
            }
            Ok(())
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            let mut keys = Vec::with_capacity(self.properties.len().max(1));
            if self.properties.is_empty() {
                keys.push(item.clone());
            }
            for spec in &self.properties {
                let value = match spec.plain(&item) {
                    Some(value) => value,
                    None => spec.value(interpreter, &item).await?,
                };
                keys.push(value.unwrap_or_default());
            }
            for (at, key) in keys.iter().enumerate() {
                interpreter.fits(key)?;
                self.note_type(at, key);
            }
            interpreter.make(size_of::<Found>())?;
            self.rows.push((keys, item));
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            self.form(interpreter).await?;
            let groups = std::mem::take(&mut self.groups);
            if let Shown::Table { as_string } = self.shape {
                let table = Table::new(Shape::Hashtable);
                for group in groups {
                    let name = name_of(&group.keys);
                    let single = group.keys.first().filter(|_| group.keys.len() == 1).cloned();
                    let key = match single {
                        Some(key) if !as_string => key,
                        _ => Value::string(name),
                    };
                    if key.is_null() {
                        return Err(Unwind::refused("a group without a name in a hashtable"));
                    }
                    let list = Array::list(group.items);
                    table.set(key, Value::Array(list))?;
                }
                return interpreter.emit(Value::Table(table)).await;
            }
            for group in groups {
                let counts = matches!(self.shape, Shown::Counts);
                interpreter.emit(group_info(group, counts)).await?;
            }
            Ok(())
        })
    }
}

fn group_info(group: Found, counts: bool) -> Value {
    let count = i32::try_from(group.items.len()).unwrap_or(i32::MAX);
    let name = name_of(&group.keys);
    let items = if counts { Vec::new() } else { group.items };
    let members = Members::new()
        .with("Values", Array::list(group.keys))
        .with("Count", count)
        .with("Group", Array::new(items))
        .with("Name", name);
    let names: TypeNames = if counts {
        [
            "Microsoft.PowerShell.Commands.GroupInfoNoElement",
            "Microsoft.PowerShell.Commands.GroupInfo",
            "System.Object",
        ]
        .into_iter()
        .collect()
    } else {
        ["Microsoft.PowerShell.Commands.GroupInfo", "System.Object"].into_iter().collect()
    };
    Value::Object(Object::with_text(
        names,
        members,
        if counts {
            "Microsoft.PowerShell.Commands.GroupInfoNoElement"
        } else {
            "Microsoft.PowerShell.Commands.GroupInfo"
        },
    ))
}

fn name_of(keys: &[Value]) -> String {
    let texts: Vec<String> = keys
        .iter()
        .map(|key| match key {
            Value::Array(array) => {
                let items: Vec<String> = array.to_vec().iter().map(sequence_text).collect();
                format!("{{{}}}", items.join(", "))
            }
            Value::Table(_) => sequence_text(key),
            other => crate::value::format_operator::to_display(other),
        })
        .collect();
    texts.join(", ")
}
