//! The text that a value turns into: `"$value"`, `[string]`.

use std::fmt::Write as _;

use winrm_proto::clixml::{self, PsString};

use super::format_operator::to_format;
use super::{Array, Member, Object, Value};

impl Value {
    /// The string that PowerShell makes of the value, in the invariant culture.
    #[must_use]
    pub fn to_text(&self) -> PsString {
        match self {
            Self::String(text) | Self::Uri(text) => text.clone(),
            Self::Array(array) => join(array, " ").into(),
            Self::Object(object) => match object.wrapped() {
                Some(value) => value.to_text(),
                None => object_text(object),
            },
            other => other.to_element_text(),
        }
    }

    /// The string of an item inside an array or a property of an object: a sequence in it is not followed.
    #[must_use]
    pub fn to_element_text(&self) -> PsString {
        match self {
            Self::Null => PsString::default(),
            Self::String(text) | Self::Uri(text) => text.clone(),
            Self::Boolean(true) => "True".into(),
            Self::Boolean(false) => "False".into(),
            Self::Char(unit) => PsString::from_utf16(&[*unit]),
            Self::SByte(number) => number.to_string().into(),
            Self::Byte(number) => number.to_string().into(),
            Self::Int16(number) => number.to_string().into(),
            Self::UInt16(number) => number.to_string().into(),
            Self::Int32(number) => number.to_string().into(),
            Self::UInt32(number) => number.to_string().into(),
            Self::Int64(number) => number.to_string().into(),
            Self::UInt64(number) => number.to_string().into(),
            Self::Single(_) => to_format(self, "G7").unwrap_or_default().into(),
            Self::Double(_) => to_format(self, "G15").unwrap_or_default().into(),
            Self::Decimal(number) => number.to_string().into(),
            Self::DateTime(time) => time.to_string().into(),
            Self::TimeSpan(span) => span.to_string().into(),
            Self::Guid(guid) => guid.to_string().into(),
            Self::Version(version) => version.to_string().into(),
            Self::Enum(value) => value.name.clone(),
            Self::Array(array) => array.type_name(),
            Self::Table(table) => table.shape().type_name().into(),
            Self::Object(object) => match object.wrapped() {
                Some(value) => value.to_element_text(),
                None if object.is_custom() && object.text().is_none() => PsString::default(),
                None => object_text(object),
            },
            Self::Block(block) => block.text().into(),
            Self::Type(name) => name.shown().into(),
            Self::Document(_) => "Microsoft.PowerShell.Commands.Internal.Format.FormatStartData".into(),
            Self::Opaque(value) => value.to_string().into(),
        }
    }
}

/// The items' strings with a separator between them, as `-join` and `"$array"` write them.
#[must_use]
pub fn join(array: &Array, separator: &str) -> String {
    join_items(&array.to_vec(), separator)
}

/// The items' strings with a separator between them.
#[must_use]
pub fn join_items(items: &[Value], separator: &str) -> String {
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Object(object) if !object.is_wrapper() => out.push_str(object_text(object).as_str()),
            other => out.push_str(other.to_element_text().as_str()),
        }
    }
    out
}

/// How many bytes the text of the value takes, or a few more, found without making it.
#[must_use]
pub(crate) fn text_size(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.look(|items| joined_size(items, " ")),
        other => element_size(other),
    }
}

/// How many bytes [`join_items`] makes, or a few more.
#[must_use]
pub(crate) fn joined_size(items: &[Value], separator: &str) -> usize {
    let own = items.iter().map(element_size).fold(0, usize::saturating_add);
    own.saturating_add(items.len().saturating_mul(separator.len()))
}

fn element_size(value: &Value) -> usize {
    match value {
        Value::String(text) | Value::Uri(text) => text.as_str().len(),
        Value::Object(object) => object_size(object),
        Value::Block(block) => block.text().len(),
        Value::Null => 0,
        other if other.as_integer().is_some() => 11,
        // The longest of the others are names of types.
        _ => 64,
    }
}

fn object_size(object: &Object) -> usize {
    if let Some(text) = object.text() {
        return text.as_str().len();
    }
    if !object.is_custom() {
        return object.wrapped().map_or(64, |inner| match inner {
            Value::String(text) => text.as_str().len(),
            _ => 64,
        });
    }
    let own = |members: &[Member]| {
        let sizes = members.iter().map(|member| {
            let value = match &member.value {
                Value::String(text) => text.as_str().len(),
                Value::Object(inner) => inner.text().map_or(64, |text| text.as_str().len()),
                _ => 64,
            };
            member.name.as_str().len() + value
        });
        sizes.fold(0, usize::saturating_add)
    };
    let sent = object.host().map_or(0, |host| {
        let sizes = host.properties().map(|property| {
            let value = match &property.value {
                clixml::Value::String(text) => text.as_str().len(),
                clixml::Value::Object(inner) => {
                    inner.to_string.as_ref().map_or(64, |text| text.as_str().len())
                }
                _ => 64,
            };
            property.name.as_str().len() + value
        });
        sizes.fold(0, usize::saturating_add)
    });
    object.look_at_own(own).saturating_add(sent)
}

/// `@{Name=value; Other=value}`, or what the type's own conversion says.
fn object_text(object: &Object) -> PsString {
    if let Some(text) = object.text() {
        return text.clone();
    }
    if !object.is_custom() {
        return object.type_name();
    }
    let members = object.members();
    if members.is_empty() {
        return PsString::default();
    }
    let mut out = String::from("@{");
    for (at, member) in members.iter().enumerate() {
        let separator = if at == 0 { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{separator}{}={}", member.name, member.value.to_element_text());
    }
    out.push('}');
    out.into()
}

/// The form under which strings that differ only in case are the same.
#[must_use]
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().map(upper).collect()
}

/// .NET's simple mapping: a character whose upper case is several characters stays itself.
#[must_use]
pub(crate) fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

/// .NET's simple mapping to lower case.
#[must_use]
pub(crate) fn lower(character: char) -> char {
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}
