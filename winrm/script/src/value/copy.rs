//! Values made anew with all that they hold, so that changing the copy leaves the original as it is.

use std::collections::HashMap;

use super::{Array, Object, Table, Value};

impl Value {
    /// The value as it is now: what a script changes in it later does not change the snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        match self {
            Self::Array(_) | Self::Table(_) | Self::Object(_) => Copies::default().of(self),
            plain => plain.clone(),
        }
    }
}

/// What was copied so far. What several values share, their copies share.
#[derive(Default)]
pub(crate) struct Copies {
    arrays: HashMap<usize, Array>,
    tables: HashMap<usize, Table>,
    objects: HashMap<usize, Object>,
}

impl Copies {
    /// The copy of a value. What lies deeper than [`DEEPEST`] levels stays shared with the original.
    pub(crate) fn of(&mut self, value: &Value) -> Value {
        self.value(value, DEEPEST)
    }

    fn value(&mut self, value: &Value, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return value.clone() };
        match value {
            Value::Array(array) => Value::Array(self.array(array, depth)),
            Value::Table(table) => Value::Table(self.table(table, depth)),
            Value::Object(object) => Value::Object(self.object(object, depth)),
            plain => plain.clone(),
        }
    }

    /// A copy is known before what it holds is copied, for that may hold it again.
    fn array(&mut self, array: &Array, depth: usize) -> Array {
        if let Some(copy) = self.arrays.get(&array.identity()) {
            return copy.clone();
        }
        let copy = array.emptied();
        self.arrays.insert(array.identity(), copy.clone());
        let items = array.to_vec().iter().map(|item| self.value(item, depth)).collect();
        copy.change(|own| *own = items);
        copy
    }

    fn table(&mut self, table: &Table, depth: usize) -> Table {
        if let Some(copy) = self.tables.get(&table.identity()) {
            return copy.clone();
        }
        let copy = Table::new(table.shape());
        self.tables.insert(table.identity(), copy.clone());
        for (key, value) in table.entries() {
            // The key was one before.
            drop(copy.set(key, self.value(&value, depth)));
        }
        copy
    }

    fn object(&mut self, object: &Object, depth: usize) -> Object {
        if let Some(copy) = self.objects.get(&object.identity()) {
            return copy.clone();
        }
        let wrapped = object.wrapped().map(|value| self.value(&value, depth));
        let copy = object.duplicate_around(wrapped);
        self.objects.insert(object.identity(), copy.clone());
        copy.change_own(|value| self.value(value, depth));
        copy
    }
}

/// Arrays and objects inside one another.
const DEEPEST: usize = 128;
