//! Values while a script runs, and what PowerShell 7 does to them with culture en-US.
//!
//! [`Value`] is the counterpart of [`clixml::Value`](winrm_proto::clixml::Value) inside the evaluator: arrays,
//! hashtables and objects are shared and can change, as .NET's can. [`Value::from_clixml`] and
//! [`Value::to_clixml`] lead from one to the other.
//!
//! Every operation is exact or it is refused: a [`Fault::Thrown`] is the error that PowerShell would raise, and a
//! [`Fault::Unsupported`] says that this crate cannot tell what PowerShell would do.

pub mod arithmetic;
pub mod compare;
pub mod convert;
pub mod format_operator;
pub mod pattern;
pub mod text;

mod clixml;
mod collection;
pub(crate) mod copy;
pub(crate) mod cycle;
pub(crate) mod date;
pub(crate) mod decimal;
mod enumeration;
mod fault;
pub(crate) mod number;
mod number_format;
pub(crate) mod object;
mod truth;
pub(crate) mod type_name;

use std::sync::Arc;

use uuid::Uuid;
use winrm_proto::clixml::{DateTime, Decimal, Duration, PsString, Version};

pub use clixml::DEPTH;
pub use collection::{Array, Key, Shape, Table};
pub use enumeration::Enumeration;
pub use fault::{Fault, Outcome, Thrown};
pub use object::{Member, Members, Object};
pub use type_name::{Plain, Type};

use crate::evaluate::Block;
use crate::format::Document;

/// A value; cloning is cheap, and a clone of an array, hashtable or object is the same array, hashtable or object.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `$null`.
    #[default]
    Null,
    /// `System.Boolean`.
    Boolean(bool),
    /// `System.Char`: one UTF-16 code unit.
    Char(u16),
    /// `System.SByte`.
    SByte(i8),
    /// `System.Byte`.
    Byte(u8),
    /// `System.Int16`.
    Int16(i16),
    /// `System.UInt16`.
    UInt16(u16),
    /// `System.Int32`.
    Int32(i32),
    /// `System.UInt32`.
    UInt32(u32),
    /// `System.Int64`.
    Int64(i64),
    /// `System.UInt64`.
    UInt64(u64),
    /// `System.Single`.
    Single(f32),
    /// `System.Double`.
    Double(f64),
    /// `System.Decimal`.
    Decimal(Decimal),
    /// `System.String`.
    String(PsString),
    /// `System.DateTime`.
    DateTime(DateTime),
    /// `System.TimeSpan`.
    TimeSpan(Duration),
    /// `System.Guid`.
    Guid(Uuid),
    /// `System.Version`.
    Version(Version),
    /// `System.Uri`, not looked into.
    Uri(PsString),
    /// A value of an enum.
    Enum(Arc<Enumeration>),
    /// An array or list.
    Array(Array),
    /// A hashtable, ordered or not.
    Table(Table),
    /// Anything with properties: `[pscustomobject]`, and objects of a host.
    Object(Object),
    /// `{ … }`.
    Block(Arc<Block>),
    /// `[int]`.
    Type(Type),
    /// What Format-Table and its kin write.
    Document(Arc<Document>),
    /// A value that is only handed on: a secure string, XML, a progress record.
    Opaque(winrm_proto::clixml::Value),
}

impl Value {
    /// A string.
    #[must_use]
    pub fn string(text: impl Into<PsString>) -> Self {
        Self::String(text.into())
    }

    /// `Object[]` with these items.
    #[must_use]
    pub fn array(items: Vec<Self>) -> Self {
        Self::Array(Array::new(items))
    }

    /// What a pipeline with this output is as a value: nothing, the one item, or an array.
    #[must_use]
    pub fn of_output(mut items: Vec<Self>) -> Self {
        match items.len() {
            0 => Self::Null,
            1 => items.pop().unwrap_or_default(),
            _ => Self::array(items),
        }
    }

    /// Whether the value is `$null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value inside, for one that was given properties; else the value itself.
    #[must_use]
    pub fn base(&self) -> Self {
        match self {
            Self::Object(object) => object.wrapped().unwrap_or_else(|| self.clone()),
            _ => self.clone(),
        }
    }

    /// Whether the value is one that was given properties.
    #[must_use]
    pub fn is_wrapped(&self) -> bool {
        matches!(self, Self::Object(object) if object.is_wrapper())
    }

    /// What enumerating the value yields, in a pipeline or `foreach`; `None` where it is one item.
    #[must_use]
    pub fn enumerate(&self) -> Option<Vec<Self>> {
        match self {
            Self::Array(array) => Some(array.to_vec()),
            Self::Object(object) => match object.wrapped() {
                Some(Self::Array(array)) => Some(array.to_vec()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The items that the value is in a pipeline: `$null` is one item.
    #[must_use]
    pub fn into_items(self) -> Vec<Self> {
        match self.enumerate() {
            Some(items) => items,
            None => vec![self],
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Any integer type as one, an enum's number not included.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        Some(match *self {
            Self::SByte(number) => number.into(),
            Self::Byte(number) => number.into(),
            Self::Int16(number) => number.into(),
            Self::UInt16(number) => number.into(),
            Self::Int32(number) => number.into(),
            Self::UInt32(number) => number.into(),
            Self::Int64(number) => number.into(),
            Self::UInt64(number) => number.into(),
            _ => return None,
        })
    }

    /// The full name of the type.
    #[must_use]
    pub fn type_name(&self) -> PsString {
        match self {
            Self::Null => PsString::default(),
            Self::Boolean(_) => "System.Boolean".into(),
            Self::Char(_) => "System.Char".into(),
            Self::SByte(_) => "System.SByte".into(),
            Self::Byte(_) => "System.Byte".into(),
            Self::Int16(_) => "System.Int16".into(),
            Self::UInt16(_) => "System.UInt16".into(),
            Self::Int32(_) => "System.Int32".into(),
            Self::UInt32(_) => "System.UInt32".into(),
            Self::Int64(_) => "System.Int64".into(),
            Self::UInt64(_) => "System.UInt64".into(),
            Self::Single(_) => "System.Single".into(),
            Self::Double(_) => "System.Double".into(),
            Self::Decimal(_) => "System.Decimal".into(),
            Self::String(_) => "System.String".into(),
            Self::DateTime(_) => "System.DateTime".into(),
            Self::TimeSpan(_) => "System.TimeSpan".into(),
            Self::Guid(_) => "System.Guid".into(),
            Self::Version(_) => "System.Version".into(),
            Self::Uri(_) => "System.Uri".into(),
            Self::Enum(value) => value.type_name.clone(),
            Self::Array(array) => array.type_name(),
            Self::Table(table) => table.shape().type_name().into(),
            Self::Object(object) => object.type_name(),
            Self::Block(_) => "System.Management.Automation.ScriptBlock".into(),
            Self::Type(_) => "System.RuntimeType".into(),
            Self::Document(_) => "Microsoft.PowerShell.Commands.Internal.Format.FormatStartData".into(),
            Self::Opaque(value) => value.type_name().into(),
        }
    }

    /// The type's name without its namespace, as messages say it.
    #[must_use]
    pub fn short_type_name(&self) -> String {
        let name = self.type_name();
        name.as_str().rsplit('.').next().unwrap_or_default().to_owned()
    }
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

value_from! {
    bool => Boolean,
    u8 => Byte,
    i32 => Int32,
    u32 => UInt32,
    i64 => Int64,
    u64 => UInt64,
    f64 => Double,
    Decimal => Decimal,
    &str => String,
    String => String,
    PsString => String,
    DateTime => DateTime,
    Duration => TimeSpan,
    Uuid => Guid,
    Version => Version,
    Array => Array,
    Table => Table,
    Object => Object,
    Type => Type,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 48, "{}", size_of::<Value>());
    }
}
