//! From the wire's values to the evaluator's and back.

use std::sync::Arc;

use winrm_proto::clixml::{self, Content, Properties, PsString, TypeNames};

use super::number::{integer_as, plain_of};
use super::type_name::Plain;
use super::{Array, Enumeration, Key, Object, Shape, Table, Type, Value};

impl Value {
    /// The value that was read. Objects keep sharing what was read; their properties are turned when they are asked for.
    #[must_use]
    pub fn from_clixml(value: &clixml::Value) -> Self {
        use clixml::Value as Wire;
        match value {
            Wire::Null => Self::Null,
            Wire::String(text) => Self::String(text.clone()),
            Wire::Char(unit) => Self::Char(*unit),
            Wire::Boolean(value) => Self::Boolean(*value),
            Wire::SByte(number) => Self::SByte(*number),
            Wire::Byte(number) => Self::Byte(*number),
            Wire::Int16(number) => Self::Int16(*number),
            Wire::UInt16(number) => Self::UInt16(*number),
            Wire::Int32(number) => Self::Int32(*number),
            Wire::UInt32(number) => Self::UInt32(*number),
            Wire::Int64(number) => Self::Int64(*number),
            Wire::UInt64(number) => Self::UInt64(*number),
            Wire::Single(number) => Self::Single(*number),
            Wire::Double(number) => Self::Double(*number),
            Wire::Decimal(number) => Self::Decimal(*number),
            Wire::DateTime(time) => Self::DateTime(*time),
            Wire::Duration(span) => Self::TimeSpan(*span),
            Wire::Guid(guid) => Self::Guid(*guid),
            Wire::Version(version) => Self::Version(*version),
            Wire::Uri(text) => Self::Uri(text.clone()),
            // A receiver sees a script block as a string.
            Wire::ScriptBlock(text) => Self::String(text.clone()),
            Wire::Bytes(bytes) => {
                let items = bytes.iter().map(|byte| Self::Byte(*byte)).collect();
                Self::Array(Array::of(Type::Plain(Plain::Byte), items))
            }
            Wire::Object(object) => from_object(object),
            Wire::Enclosing(enclosing) => {
                enclosing.upgrade().map_or(Self::Null, |object| from_object(&object))
            }
            Wire::Xml(_) | Wire::SecureString(_) | Wire::Progress(_) => Self::Opaque(value.clone()),
        }
    }

    /// The value as it is written. What lies deeper than [`DEPTH`] is left out.
    #[must_use]
    pub fn to_clixml(&self) -> clixml::Value {
        to_wire(self, DEPTH, &mut { VALUES })
    }
}

fn from_object(object: &Arc<clixml::Object>) -> Value {
    let bare = object.adapted.is_empty() && object.extended.is_empty();
    match &object.content {
        Content::Primitive(number) if object.type_names.is("System.Enum") => {
            let underlying = plain_of(&Value::from_clixml(number)).unwrap_or(Plain::Int32);
            let number = clixml::Value::as_integer(number).and_then(|number| i64::try_from(number).ok());
            let name = object.to_string.clone();
            match (number, object.type_names.first()) {
                (Some(number), Some(type_name)) => Value::Enum(Arc::new(Enumeration {
                    type_name: type_name.into(),
                    type_names: object.type_names.clone(),
                    name: name.unwrap_or_else(|| number.to_string().into()),
                    number,
                    underlying,
                })),
                _ => Value::Object(Object::of_host(Arc::clone(object))),
            }
        }
        Content::Primitive(value) if bare => Value::from_clixml(value),
        Content::Primitive(value) => {
            let members = object
                .properties()
                .map(|property| (property.name.clone(), Value::from_clixml(&property.value)))
                .collect();
            Value::Object(Object::wrapping(Value::from_clixml(value), members))
        }
        Content::List(items) | Content::Stack(items) | Content::Queue(items) | Content::Enumerable(items) => {
            let items = items.iter().map(Value::from_clixml).collect();
            let array = match object.type_names.first() {
                Some("System.Collections.ArrayList") => Array::list(items),
                name => match name.and_then(Type::named) {
                    Some(Type::ArrayOf(Plain::Object)) | None | Some(Type::Plain(_)) => Array::new(items),
                    Some(Type::ArrayOf(element)) => Array::of(Type::Plain(element), items),
                    Some(Type::ListOf(element)) => Array::list_of(element, items),
                },
            };
            Value::Array(array)
        }
        Content::Dictionary(entries) => {
            let shape = match object.type_names.first() {
                Some("System.Collections.Specialized.OrderedDictionary") => Shape::Ordered,
                _ => Shape::Hashtable,
            };
            let table = Table::new(shape);
            for (key, value) in entries {
                let (key, value) = (Value::from_clixml(key), Value::from_clixml(value));
                // A key that no hashtable of a script can have is found by nobody.
                let key = if Key::of(&key).is_ok() { key } else { Value::string(key.to_text()) };
                drop(table.set(key, value));
            }
            Value::Table(table)
        }
        Content::None | Content::MemberSet => Value::Object(Object::of_host(Arc::clone(object))),
    }
}

fn to_wire(value: &Value, depth: usize, left: &mut usize) -> clixml::Value {
    use clixml::Value as Wire;
    // What holds itself several times over would else grow without end.
    *left = left.saturating_sub(1);
    if *left == 0 {
        return Wire::String(value.to_element_text());
    }
    match value {
        Value::Null => Wire::Null,
        Value::String(text) => Wire::String(text.clone()),
        Value::Char(unit) => Wire::Char(*unit),
        Value::Boolean(value) => Wire::Boolean(*value),
        Value::SByte(number) => Wire::SByte(*number),
        Value::Byte(number) => Wire::Byte(*number),
        Value::Int16(number) => Wire::Int16(*number),
        Value::UInt16(number) => Wire::UInt16(*number),
        Value::Int32(number) => Wire::Int32(*number),
        Value::UInt32(number) => Wire::UInt32(*number),
        Value::Int64(number) => Wire::Int64(*number),
        Value::UInt64(number) => Wire::UInt64(*number),
        Value::Single(number) => Wire::Single(*number),
        Value::Double(number) => Wire::Double(*number),
        Value::Decimal(number) => Wire::Decimal(*number),
        Value::DateTime(time) => Wire::DateTime(*time),
        Value::TimeSpan(span) => Wire::Duration(*span),
        Value::Guid(guid) => Wire::Guid(*guid),
        Value::Version(version) => Wire::Version(*version),
        Value::Uri(text) => Wire::Uri(text.clone()),
        Value::Block(block) => Wire::ScriptBlock(block.text().into()),
        Value::Opaque(value) => value.clone(),
        Value::Enum(value) => Wire::object(clixml::Object {
            type_names: value.type_names.clone(),
            to_string: Some(value.name.clone()),
            content: Content::Primitive(to_wire(&enum_number(value), depth, left)),
            ..clixml::Object::default()
        }),
        Value::Type(_) | Value::Document(_) => Wire::String(value.to_text()),
        Value::Array(_) | Value::Table(_) | Value::Object(_) if depth == 0 => Wire::String(value.to_text()),
        Value::Array(array) => array_to_wire(array, depth - 1, left),
        Value::Table(table) => Wire::object(clixml::Object {
            type_names: names(&[table.shape().type_name(), "System.Object"]),
            content: Content::Dictionary(
                table
                    .entries()
                    .iter()
                    .map(|(key, value)| (to_wire(key, depth - 1, left), to_wire(value, depth - 1, left)))
                    .collect(),
            ),
            ..clixml::Object::default()
        }),
        Value::Object(object) => object_to_wire(object, depth - 1, left),
    }
}

/// The number in its own type.
fn enum_number(value: &Enumeration) -> Value {
    integer_as(value.number.into(), value.underlying).unwrap_or(Value::Int64(value.number))
}

fn array_to_wire(array: &Array, depth: usize, left: &mut usize) -> clixml::Value {
    let items = array.to_vec();
    if array.element() == Some(Type::Plain(Plain::Byte)) {
        let byte = |item: &Value| if let Value::Byte(byte) = item { Some(*byte) } else { None };
        if let Some(bytes) = items.iter().map(byte).collect::<Option<Vec<u8>>>() {
            return clixml::Value::Bytes(bytes.into());
        }
    }
    let items = items.iter().map(|item| to_wire(item, depth, left)).collect();
    let type_names = if array.is_list() {
        [array.type_name(), "System.Object".into()].into_iter().collect()
    } else {
        [array.type_name(), "System.Array".into(), "System.Object".into()].into_iter().collect()
    };
    clixml::Value::object(clixml::Object {
        type_names,
        content: Content::List(items),
        ..clixml::Object::default()
    })
}

fn object_to_wire(object: &Object, depth: usize, left: &mut usize) -> clixml::Value {
    if let Some(host) = object.unchanged_host() {
        return clixml::Value::Object(Arc::clone(host));
    }
    let extended: Properties = object
        .members()
        .into_iter()
        .map(|member| (member.name, to_wire(&member.value, depth, left)))
        .collect();
    let (content, type_names) = match object.wrapped() {
        None => (Content::None, object.type_names()),
        Some(value) => match to_wire(&value, depth, left) {
            clixml::Value::Object(inner) => (inner.content.clone(), inner.type_names.clone()),
            inner => (Content::Primitive(inner), TypeNames::default()),
        },
    };
    clixml::Value::object(clixml::Object {
        type_names,
        to_string: object.text().cloned(),
        content,
        extended,
        ..clixml::Object::default()
    })
}

fn names(names: &[&str]) -> TypeNames {
    names.iter().map(|name| PsString::from(*name)).collect()
}

/// How deep values are written: below the depth that every reader of CLIXML takes.
pub const DEPTH: usize = 48;

/// How many values are written at most.
const VALUES: usize = 1_000_000;
