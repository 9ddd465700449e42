//! Arrays and hashtables, which are shared and can change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use uuid::Uuid;
use winrm_proto::clixml::PsString;

use super::text::fold;
use super::type_name::{Plain, Type};
use super::{Fault, Outcome, Value};

/// A place that several values share. Nobody holds its lock while calling anything that could want it too.
#[derive(Debug, Default)]
pub(super) struct Shared<T: Holds>(RwLock<T>);

/// What holds values, and can give them away when it is let go of.
pub(super) trait Holds {
    /// Takes out the values that hold others, if there are any.
    fn release(&mut self, into: &mut Vec<Value>);
}

impl<T: Holds> Drop for Shared<T> {
    fn drop(&mut self) {
        let mut held = Vec::new();
        self.release(&mut held);
        let_go(held);
    }
}

/// Drops values one by one: an array in an array, a hundred thousand times over, would else take as many levels of the
/// stack.
pub(super) fn let_go(mut held: Vec<Value>) {
    while let Some(value) = held.pop() {
        match value {
            Value::Array(array) => {
                if let Some(mut items) = Arc::into_inner(array.items) {
                    items.release(&mut held);
                }
            }
            Value::Table(table) => {
                if let Some(mut entries) = Arc::into_inner(table.entries) {
                    entries.release(&mut held);
                }
            }
            Value::Object(object) => object.release(&mut held),
            plain => drop(plain),
        }
    }
}

/// Whether dropping the value may drop others.
pub(super) fn holds(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Table(_) | Value::Object(_))
}

impl Holds for Vec<Value> {
    fn release(&mut self, into: &mut Vec<Value>) {
        if self.iter().any(holds) {
            into.append(self);
        }
    }
}

impl Holds for Entries {
    fn release(&mut self, into: &mut Vec<Value>) {
        if self.slots.iter().flatten().any(|(_, value)| holds(value)) {
            // A key holds nothing but a wrapped plain value.
            into.extend(self.slots.drain(..).flatten().map(|(_, value)| value));
        }
    }
}

impl<T: Holds> Shared<T> {
    pub(super) fn new(inner: T) -> Self {
        Self(RwLock::new(inner))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn release(&mut self, into: &mut Vec<Value>) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).release(into);
    }
}

/// An array of any element type, or a list.
#[derive(Clone, Debug)]
pub struct Array {
    items: Arc<Shared<Vec<Value>>>,
    element: Option<Type>,
    growable: bool,
}

/// An array that may be gone. It comes back without its type.
#[derive(Clone, Debug)]
pub(super) struct WeakArray(Weak<Shared<Vec<Value>>>);

impl WeakArray {
    pub(super) fn upgrade(&self) -> Option<Array> {
        self.0.upgrade().map(|items| Array { items, element: None, growable: false })
    }
}

impl Array {
    /// `Object[]` with these items.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self { items: Arc::new(Shared::new(items)), element: None, growable: false }
    }

    /// An array of this element type; the items must be of it.
    #[must_use]
    pub fn of(element: Type, items: Vec<Value>) -> Self {
        Self { items: Arc::new(Shared::new(items)), element: Some(element), growable: false }
    }

    /// `System.Collections.ArrayList` with these items.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self { items: Arc::new(Shared::new(items)), element: None, growable: true }
    }

    /// `System.Collections.Generic.List` of this element type with these items, which must be of it.
    #[must_use]
    pub fn list_of(element: Plain, items: Vec<Value>) -> Self {
        Self { items: Arc::new(Shared::new(items)), element: Some(Type::Plain(element)), growable: true }
    }

    /// The type of the elements; `None` is `System.Object`.
    #[must_use]
    pub fn element(&self) -> Option<Type> {
        self.element
    }

    /// Whether it is a list and not an array.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.growable
    }

    /// Whether both are the same array.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items)
    }

    /// The same array, without holding it.
    pub(super) fn downgrade(&self) -> WeakArray {
        WeakArray(Arc::downgrade(&self.items))
    }

    /// How many hold it.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.items)
    }

    /// Takes out all items.
    pub(super) fn take_all(&self) -> Vec<Value> {
        std::mem::take(&mut *self.items.write())
    }

    /// What tells it from other arrays, while it is there.
    pub(super) fn identity(&self) -> usize {
        Arc::as_ptr(&self.items).addr()
    }

    /// An array of the same type without items.
    pub(super) fn emptied(&self) -> Self {
        Self { items: Arc::new(Shared::new(Vec::new())), ..*self }
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.read().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.read().is_empty()
    }

    /// The items as they are now.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Value> {
        self.items.read().clone()
    }

    /// Looks at the items as they are now; the array must not be asked for anything meanwhile.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Value]) -> T) -> T {
        look(&self.items.read())
    }

    /// An item by its number from 0.
    #[must_use]
    pub fn item(&self, at: usize) -> Option<Value> {
        self.items.read().get(at).cloned()
    }

    /// Replaces an item; says whether there was one.
    pub fn set(&self, at: usize, value: Value) -> bool {
        match self.items.write().get_mut(at) {
            Some(slot) => {
                *slot = value;
                true
            }
            None => false,
        }
    }

    /// Changes the items of a list.
    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        change(&mut self.items.write())
    }

    /// The full name of the array's type.
    #[must_use]
    pub fn type_name(&self) -> PsString {
        match self.element {
            None if self.growable => "System.Collections.ArrayList".into(),
            Some(Type::Plain(element)) if self.growable => Type::ListOf(element).full_name().into(),
            None => "System.Object[]".into(),
            Some(element) => format!("{}[]", element.full_name()).into(),
        }
    }
}

/// What kind of dictionary a table is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `@{ … }`.
    Hashtable,
    /// `[ordered]@{ … }`.
    Ordered,
}

impl Shape {
    /// The full name of the type.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Hashtable => "System.Collections.Hashtable",
            Self::Ordered => "System.Collections.Specialized.OrderedDictionary",
        }
    }
}

/// A hashtable. Entries keep the order in which they were added: .NET's own order differs from run to run.
#[derive(Clone, Debug)]
pub struct Table {
    entries: Arc<Shared<Entries>>,
    shape: Shape,
}

/// A key as it is compared: strings without regard to case.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// A string in folded form.
    Text(String),
    /// A number and its type.
    Integer(&'static str, i128),
    /// The bits of a double.
    Double(u64),
    /// `$true` or `$false`.
    Boolean(bool),
    /// A character.
    Char(u16),
    /// A GUID.
    Guid(Uuid),
    /// A date's ticks.
    DateTime(u64),
    /// A span's ticks.
    TimeSpan(i64),
    /// An enum's type and number.
    Enum(PsString, i64),
    /// A version's text.
    Version(String),
    /// A decimal without trailing zeros.
    Decimal(String),
}

#[derive(Debug, Default)]
struct Entries {
    slots: Vec<Option<(Value, Value)>>,
    index: HashMap<Key, usize>,
}

impl Key {
    /// The key that this value is.
    ///
    /// # Errors
    /// `$null` is no key; arrays, hashtables and objects are keys by identity, which this crate does not follow.
    pub fn of(value: &Value) -> Outcome<Self> {
        Ok(match value {
            Value::String(text) => Self::Text(fold(text.as_str())),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Char(unit) => Self::Char(*unit),
            Value::Double(number) => Self::Double(number.to_bits()),
            Value::Guid(guid) => Self::Guid(*guid),
            Value::DateTime(time) => Self::DateTime(time.ticks()),
            Value::TimeSpan(span) => Self::TimeSpan(span.ticks()),
            Value::Enum(value) => Self::Enum(value.type_name.clone(), value.number),
            Value::Version(version) => Self::Version(version.to_string()),
            Value::Decimal(number) => {
                let text = number.to_string();
                let trimmed =
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                Self::Decimal(trimmed.to_owned())
            }
            Value::Object(object) if object.is_wrapper() => return Self::of(&value.base()),
            Value::Null => {
                return Err(Fault::thrown(
                    "RuntimeException",
                    "System.Management.Automation.RuntimeException",
                    "A null key is not allowed in a hash literal.",
                ));
            }
            other => match (other.as_integer(), integer_type(other)) {
                (Some(number), Some(name)) => Self::Integer(name, number),
                _ => return Err(Fault::unsupported("this value as a key of a hashtable")),
            },
        })
    }
}

/// A table that may be gone. It comes back without its shape.
#[derive(Clone, Debug)]
pub(super) struct WeakTable(Weak<Shared<Entries>>);

impl WeakTable {
    pub(super) fn upgrade(&self) -> Option<Table> {
        self.0.upgrade().map(|entries| Table { entries, shape: Shape::Hashtable })
    }
}

impl Table {
    /// A table without entries.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { entries: Arc::default(), shape }
    }

    /// Which kind it is.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether both are the same table.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    /// The same table, without holding it.
    pub(super) fn downgrade(&self) -> WeakTable {
        WeakTable(Arc::downgrade(&self.entries))
    }

    /// How many hold it.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.entries)
    }

    /// Takes out all values.
    pub(super) fn take_all(&self) -> Vec<Value> {
        let entries = std::mem::take(&mut *self.entries.write());
        entries.slots.into_iter().flatten().map(|(_, value)| value).collect()
    }

    /// What tells it from other tables, while it is there.
    pub(super) fn identity(&self) -> usize {
        Arc::as_ptr(&self.entries).addr()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.read().index.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in their order.
    #[must_use]
    pub fn entries(&self) -> Vec<(Value, Value)> {
        self.entries.read().slots.iter().flatten().cloned().collect()
    }

    /// The value under a key.
    ///
    /// # Errors
    /// As [`Key::of`], but `$null` finds nothing.
    pub fn value(&self, key: &Value) -> Outcome<Option<Value>> {
        if key.is_null() {
            return Ok(None);
        }
        let key = Key::of(key)?;
        Ok(self.find(&key))
    }

    /// The value under a string.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Value> {
        self.find(&Key::Text(fold(name)))
    }

    /// Sets an entry; one that is there keeps its place and its key's spelling.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn set(&self, key: Value, value: Value) -> Outcome<()> {
        let hashed = Key::of(&key)?;
        let mut entries = self.entries.write();
        match entries.index.get(&hashed).copied() {
            Some(at) => {
                if let Some(Some((_, slot))) = entries.slots.get_mut(at) {
                    *slot = value;
                }
            }
            None => {
                let at = entries.slots.len();
                entries.slots.push(Some((key, value)));
                entries.index.insert(hashed, at);
            }
        }
        Ok(())
    }

    /// Removes an entry, if it is there.
    ///
    /// # Errors
    /// As [`Key::of`].
    pub fn remove(&self, key: &Value) -> Outcome<()> {
        let key = Key::of(key)?;
        let mut entries = self.entries.write();
        if let Some(slot) = entries.index.remove(&key).and_then(|at| entries.slots.get_mut(at)) {
            *slot = None;
        }
        Ok(())
    }

    /// Removes all entries.
    pub fn clear(&self) {
        *self.entries.write() = Entries::default();
    }

    /// A table with the same entries.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let copy = Self::new(self.shape);
        for (key, value) in self.entries() {
            // The key was one before.
            drop(copy.set(key, value));
        }
        copy
    }

    fn find(&self, key: &Key) -> Option<Value> {
        let entries = self.entries.read();
        let at = *entries.index.get(key)?;
        entries.slots.get(at)?.as_ref().map(|(_, value)| value.clone())
    }
}

fn integer_type(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::SByte(_) => "SByte",
        Value::Byte(_) => "Byte",
        Value::Int16(_) => "Int16",
        Value::UInt16(_) => "UInt16",
        Value::Int32(_) => "Int32",
        Value::UInt32(_) => "UInt32",
        Value::Int64(_) => "Int64",
        Value::UInt64(_) => "UInt64",
        _ => return None,
    })
}
