//! Group-Object.

use std::collections::HashMap;
use std::mem::Discriminant;

use winrm_proto::clixml::{PsString, TypeNames};

use super::Stage;
use super::property::{Spec, is_pattern};
use super::sort::sorted;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::format::text::sequence_text;
use crate::tree::Case;
use crate::value::compare::{KeyRows, equals, is_bag, uncomparable};
use crate::value::{Array, Members, Object, Shape, Table, Value};

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
    if properties.iter().any(is_pattern) {
        return Err(Unwind::refused("Group-Object by a wildcard; name the properties"));
    }
    let shape = match (as_table, no_element) {
        (true, _) => Shown::Table { as_string },
        (false, true) => Shown::Counts,
        (false, false) => Shown::Groups,
    };
    Ok(Box::new(Group {
        keys: KeyRows::new(case, std::iter::repeat_n(false, properties.len().max(1))),
        properties,
        shape,
        case,
        input,
        items: Vec::new(),
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
    items: Vec<Value>,
    /// What each item is grouped by: itself, or its properties.
    keys: KeyRows,
    /// The type of each property's keys so far, and whether there were several.
    types: Vec<Option<(Discriminant<Value>, PsString)>>,
    mixed: bool,
    groups: Vec<Found>,
    /// Groups by the types and texts of their keys.
    index: HashMap<String, usize>,
}

/// The values that an item is grouped by; `None` where it lacks the property.
type Keys = Vec<Option<Value>>;

struct Found {
    /// The item that began it.
    row: usize,
    keys: Keys,
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
        if self.mixed { self.form_mixed(interpreter).await } else { self.form_sorted(interpreter).await }
    }

    /// An item joins the group that was begun with the same keys, or the first one that compares equal.
    async fn form_mixed(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        for (row, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            let keys = self.keys.values(row);
            let mut found = self.begun_with(&keys)?;
            for (at, own) in self.groups.iter().enumerate() {
                if found.is_some() {
                    break;
                }
                interpreter.breathe().await?;
                if self.keys.order(own.row, row)?.is_eq() {
                    found = Some(at);
                }
            }
            match found.and_then(|at| self.groups.get_mut(at)) {
                Some(group) => group.items.push(item),
                None => self.begin(row, keys, item),
            }
        }
        Ok(())
    }

    /// Where all keys are of one type the groups are in order, and an item joins the last one or begins the next.
    async fn form_sorted(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        let mut items = std::mem::take(&mut self.items);
        let keys = &self.keys;
        let rows = (0..items.len()).collect();
        let rows = sorted(interpreter, rows, |left: &usize, right| keys.order(*left, *right)).await?;
        let plain = keys.are_plain();
        let mut last = None;
        for row in rows {
            interpreter.breathe().await?;
            let item = items.get_mut(row).map(std::mem::take).unwrap_or_default();
            let begun = if plain { None } else { self.begun_with_unordered(row)? };
            let found = match (begun, last) {
                (Some(at), _) => Some(at),
                (None, Some(last)) if self.keys.order(last, row)?.is_eq() => self.groups.len().checked_sub(1),
                _ => None,
            };
            match found.and_then(|at| self.groups.get_mut(at)) {
                Some(group) => group.items.push(item),
                None => {
                    self.begin(row, self.keys.values(row), item);
                    last = Some(row);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, row: usize, keys: Keys, item: Value) {
        self.index.entry(text_of(&keys)).or_insert(self.groups.len());
        self.groups.push(Found { row, keys, items: vec![item] });
    }

    /// The group that was begun with the same keys, where it must be looked for because one of them has no order.
    fn begun_with_unordered(&self, row: usize) -> Flow<Option<usize>> {
        let keys = self.keys.values(row);
        if keys.iter().all(|key| key.as_ref().is_some_and(has_order)) {
            return Ok(None);
        }
        self.begun_with(&keys)
    }

    /// The group that was begun with the same keys. PowerShell finds it by hash codes, which all property bags share, and
    /// then cannot compare two of them.
    fn begun_with(&self, keys: &Keys) -> Flow<Option<usize>> {
        let Some(at) = self.index.get(&text_of(keys)) else { return Ok(None) };
        let own = self.groups.get(*at).map(|group| group.keys.as_slice()).unwrap_or_default();
        for (left, right) in own.iter().flatten().zip(keys.iter().flatten()) {
            if is_bag(left) && !equals(left, right, self.case)? {
                return Err(Unwind::of_command(uncomparable(left, right), COMMAND));
            }
        }
        Ok(Some(*at))
    }
}

/// Whether keys like this one are the same exactly where they compare equal.
fn has_order(key: &Value) -> bool {
    !matches!(key, Value::Null | Value::Array(_) | Value::Table(_) | Value::Object(_))
}

/// Types and texts: the same for what PowerShell takes for the same key. Sequences are their types' names there, all
/// property bags the same, and what is missing is nothing.
fn text_of(keys: &[Option<Value>]) -> String {
    let text = |key: &Option<Value>| match key {
        None | Some(Value::Null) => String::new(),
        Some(bag) if is_bag(bag) => "\u{1}bag".to_owned(),
        Some(key) => format!("{}\u{1}{}", key.type_name(), key.to_element_text()),
    };
    keys.iter().map(text).collect::<Vec<String>>().join("\u{2}")
}

impl Stage for Group {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            let mut keys = Vec::with_capacity(self.properties.len().max(1));
            if self.properties.is_empty() {
                keys.push(Some(item.clone()));
            }
            for spec in &self.properties {
                let value = match spec.plain(&item) {
                    Some(value) => value,
                    None => spec.value(interpreter, &item).await?,
                };
                keys.push(value);
            }
            for (at, key) in keys.iter().enumerate() {
                if let Some(key) = key {
                    interpreter.fits(key)?;
                    self.note_type(at, key);
                }
            }
            interpreter.make(size_of::<Value>() + self.keys.row_size())?;
            self.keys.push(keys);
            self.items.push(item);
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
                    let keys: Vec<Value> = group.keys.into_iter().map(Option::unwrap_or_default).collect();
                    let name = name_of(&keys);
                    let single = keys.first().filter(|_| keys.len() == 1).cloned();
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
    let keys: Vec<Value> = group.keys.into_iter().map(Option::unwrap_or_default).collect();
    let name = name_of(&keys);
    let items = if counts { Vec::new() } else { group.items };
    let members = Members::new()
        .with("Values", Array::list(keys))
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

const COMMAND: &str = "Microsoft.PowerShell.Commands.GroupObjectCommand";
