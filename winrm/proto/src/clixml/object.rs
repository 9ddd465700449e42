//! Complex objects: type names, contents and properties (MS-PSRP 2.2.5.2).

use std::collections::HashMap;
use std::sync::Arc;

use super::string::{PsString, eq_ignore_case, fold};
use super::value::Value;

/// A complex object, as it stands in an `<Obj>` element.
///
/// Type names are those of the host, without the `Deserialized.` that PowerShell puts before them when it reads.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Object {
    /// The type and its base types, most derived first (`<TN>`).
    pub type_names: TypeNames,
    /// What the object's `ToString` said on the host (`<ToString>`).
    pub to_string: Option<PsString>,
    /// The value, list or dictionary that the object wraps.
    pub content: Content,
    /// Properties of the type itself (`<Props>`).
    pub adapted: Properties,
    /// Properties that PowerShell added to it, all of those of a `PSCustomObject` among them (`<MS>`).
    pub extended: Properties,
}

/// What an object holds besides its properties.
#[derive(Clone, Default, PartialEq, Debug)]
pub enum Content {
    /// Nothing: the object is its properties.
    #[default]
    None,
    /// A primitive value: an enum's number, or a value that was given properties.
    Primitive(Value),
    /// `<LST>`: an array or list.
    List(Vec<Value>),
    /// `<STK>`: a stack, its top first.
    Stack(Vec<Value>),
    /// `<QUE>`: a queue, its head first.
    Queue(Vec<Value>),
    /// `<IE>`: what could only be enumerated.
    Enumerable(Vec<Value>),
    /// `<DCT>`: a dictionary in the order of its entries; keys may be of any type, and occur twice.
    Dictionary(Vec<(Value, Value)>),
    /// A named group of members inside a member set, such as `PSStandardMembers`.
    MemberSet,
}

/// The names of a type and its base types, most derived first; cloning shares them.
#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
pub struct TypeNames(Option<Arc<[PsString]>>);

/// Ordered properties, found by name without regard to case.
#[derive(Clone, Default, Debug)]
pub struct Properties {
    entries: Vec<Property>,
    /// INVARIANT: once there are more than [`SCANNED`] entries, maps every folded name to its entry.
    index: HashMap<String, usize>,
}

/// A property's name and value.
#[derive(Clone, PartialEq, Debug)]
pub struct Property {
    /// The name, spelled as the host spells it.
    pub name: PsString,
    /// The value.
    pub value: Value,
}

impl Object {
    /// An object with these type names and nothing else.
    #[must_use]
    pub fn typed(names: &[&str]) -> Self {
        Self { type_names: names.iter().copied().collect(), ..Self::default() }
    }

    /// A `PSCustomObject` with these properties.
    #[must_use]
    pub fn custom(properties: Properties) -> Self {
        Self {
            extended: properties,
            ..Self::typed(&["System.Management.Automation.PSCustomObject", "System.Object"])
        }
    }

    /// A property by name: PowerShell's own before the type's.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.extended.value(name).or_else(|| self.adapted.value(name))
    }

    /// All properties: those of the type, then those that PowerShell added and that do not hide one of them.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        let hidden = |property: &&Property| self.extended.value(property.name.as_str()).is_none();
        self.adapted.iter().filter(hidden).chain(self.extended.iter())
    }

    /// The number of an enum.
    #[must_use]
    pub fn enum_value(&self) -> Option<&Value> {
        match &self.content {
            Content::Primitive(value) if self.type_names.is("System.Enum") => Some(value),
            _ => None,
        }
    }

    /// The items of an array, list, stack, queue or other sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Value]> {
        match &self.content {
            Content::List(items)
            | Content::Stack(items)
            | Content::Queue(items)
            | Content::Enumerable(items) => Some(items),
            Content::None | Content::Primitive(_) | Content::Dictionary(_) | Content::MemberSet => None,
        }
    }

    /// The entries of a dictionary.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Value, Value)]> {
        match &self.content {
            Content::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a dictionary's entry with this string as its key, without regard to case.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Value> {
        let is_key =
            |(name, _): &&(Value, Value)| matches!(name, Value::String(name) if name.eq_ignore_case(key));
        self.entries()?.iter().find(is_key).map(|(_, value)| value)
    }
}

impl TypeNames {
    /// Those of an enum.
    pub(crate) fn of_enum(name: &str) -> Self {
        [name, "System.Enum", "System.ValueType", "System.Object"].into_iter().collect()
    }

    /// The most derived type's name.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.as_slice().first().map(PsString::as_str)
    }

    /// Whether the type is, or derives from, the type of this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.as_slice().iter().any(|own| own.eq_ignore_case(name))
    }

    /// The names, most derived first.
    #[must_use]
    pub fn as_slice(&self) -> &[PsString] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether no type was named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl FromIterator<PsString> for TypeNames {
    fn from_iter<I: IntoIterator<Item = PsString>>(names: I) -> Self {
        let names: Arc<[PsString]> = names.into_iter().collect();
        Self((!names.is_empty()).then_some(names))
    }
}

impl<'a> FromIterator<&'a str> for TypeNames {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        names.into_iter().map(PsString::from).collect()
    }
}

impl Properties {
    /// No properties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a property, for building a set in one expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(PsString::from(name), value.into());
        self
    }

    /// Sets a property. One whose name differs at most in case is replaced where it stands, spelling included.
    pub fn set(&mut self, name: PsString, value: Value) {
        match self.position(name.as_str()).and_then(|at| self.entries.get_mut(at)) {
            Some(property) => *property = Property { name, value },
            None => self.push(Property { name, value }),
        }
    }

    /// A property's value by name, without regard to case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.position(name).and_then(|at| self.entries.get(at)).map(|property| &property.value)
    }

    /// The properties in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn push(&mut self, property: Property) {
        self.entries.push(property);
        match self.entries.len() {
            // Few names are compared faster than hashed; many would be quadratic to read.
            count if count <= SCANNED => {}
            count if count == SCANNED + 1 => {
                let folded = |(at, property): (usize, &Property)| (fold(property.name.as_str()), at);
                self.index = self.entries.iter().enumerate().map(folded).collect();
            }
            count => {
                if let Some(property) = self.entries.last() {
                    self.index.insert(fold(property.name.as_str()), count - 1);
                }
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.entries.iter().position(|property| eq_ignore_case(property.name.as_str(), name))
        } else {
            self.index.get(&fold(name)).copied()
        }
    }
}

impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<'a> IntoIterator for &'a Properties {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(PsString, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (PsString, Value)>>(entries: I) -> Self {
        let mut properties = Self::new();
        for (name, value) in entries {
            properties.set(name, value);
        }
        properties
    }
}

/// How many properties are looked through one by one.
const SCANNED: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_found_and_replaced_without_regard_to_case() {
        for count in [3, 200] {
            let mut properties: Properties =
                (0..count).map(|at| (format!("Name{at}").into(), Value::Int32(at))).collect();
            properties.set("nAME1".into(), Value::Null);
            assert_eq!(properties.len(), usize::try_from(count).unwrap());
            assert_eq!(properties.value("NAME1"), Some(&Value::Null));
            assert_eq!(properties.iter().nth(1).unwrap().name, "nAME1");
            assert_eq!(properties.value("name2"), Some(&Value::Int32(2)));
            assert_eq!(properties.value("name"), None);
        }
    }

    #[test]
    fn an_added_property_hides_the_types_own() {
        let object = Object {
            adapted: Properties::new().with("Name", "own").with("Size", 1),
            extended: Properties::new().with("name", "added"),
            ..Object::default()
        };
        assert_eq!(object.property("NAME"), Some(&Value::from("added")));
        assert_eq!(object.properties().count(), 2);
    }
}
