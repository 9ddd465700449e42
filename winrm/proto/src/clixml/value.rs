//! A value that PowerShell can send.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use uuid::Uuid;

use super::object::{Content, Object, Properties, TypeNames};
use super::primitive::{DateTime, Decimal, Duration, Version, format_double, format_single};
use super::record::ProgressRecord;
use super::secure_string::SecureString;
use super::string::PsString;

/// A value of PowerShell's type system, as CLIXML carries it (MS-PSRP 2.2.5); cloning is cheap.
///
/// Two values are equal when they are the same data: a NaN equals itself, and `-0` differs from `0`.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `$null` (`<Nil>`).
    #[default]
    Null,
    /// `System.String` (`<S>`).
    String(PsString),
    /// `System.Char` (`<C>`): one UTF-16 code unit.
    Char(u16),
    /// `System.Boolean` (`<B>`).
    Boolean(bool),
    /// `System.SByte` (`<SB>`).
    SByte(i8),
    /// `System.Byte` (`<By>`).
    Byte(u8),
    /// `System.Int16` (`<I16>`).
    Int16(i16),
    /// `System.UInt16` (`<U16>`).
    UInt16(u16),
    /// `System.Int32` (`<I32>`).
    Int32(i32),
    /// `System.UInt32` (`<U32>`).
    UInt32(u32),
    /// `System.Int64` (`<I64>`).
    Int64(i64),
    /// `System.UInt64` (`<U64>`).
    UInt64(u64),
    /// `System.Single` (`<Sg>`).
    Single(f32),
    /// `System.Double` (`<Db>`).
    Double(f64),
    /// `System.Decimal` (`<D>`).
    Decimal(Decimal),
    /// `System.DateTime` (`<DT>`).
    DateTime(DateTime),
    /// `System.TimeSpan` (`<TS>`).
    Duration(Duration),
    /// `System.Guid` (`<G>`).
    Guid(Uuid),
    /// `System.Version` (`<Version>`).
    Version(Version),
    /// `System.Uri` (`<URI>`), not looked into.
    Uri(PsString),
    /// `System.Xml.XmlDocument` (`<XD>`), not looked into.
    Xml(PsString),
    /// `System.Management.Automation.ScriptBlock` (`<SBK>`): its text. A receiver sees a string.
    ScriptBlock(PsString),
    /// `System.Byte[]` (`<BA>`).
    Bytes(Bytes),
    /// `System.Security.SecureString` (`<SS>`).
    SecureString(SecureString),
    /// `System.Management.Automation.ProgressRecord` (`<PR>`).
    Progress(Arc<ProgressRecord>),
    /// Anything else (`<Obj>`).
    Object(Arc<Object>),
    /// An object that this value is itself a part of (`<Ref>`).
    Enclosing(Enclosing),
}

/// A way back from inside an object to that object.
///
/// It does not keep the object alive: whoever holds only the part has lost the whole.
#[derive(Clone, Default)]
pub struct Enclosing(Arc<OnceLock<Weak<Object>>>);

impl Value {
    /// Wraps an object.
    #[must_use]
    pub fn object(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }

    /// An enum's value, with its type's name, the name of the value and its number.
    #[must_use]
    pub fn enumeration(type_name: &str, name: &str, number: i32) -> Self {
        Self::enumeration_of(TypeNames::of_enum(type_name), name, number)
    }

    /// The same, where the type's names are at hand.
    pub(crate) fn enumeration_of(type_names: TypeNames, name: &str, number: i32) -> Self {
        Self::object(Object {
            type_names,
            to_string: Some(name.into()),
            content: Content::Primitive(Self::Int32(number)),
            ..Object::default()
        })
    }

    /// `Object[]` with these items.
    #[must_use]
    pub fn array(items: Vec<Self>) -> Self {
        Self::object(Object {
            content: Content::List(items),
            ..Object::typed(&["System.Object[]", "System.Array", "System.Object"])
        })
    }

    /// A hashtable with these entries.
    #[must_use]
    pub fn hashtable(entries: Vec<(Self, Self)>) -> Self {
        Self::object(Object {
            content: Content::Dictionary(entries),
            ..Object::typed(&["System.Collections.Hashtable", "System.Object"])
        })
    }

    /// An object without type names, the form in which protocol messages travel.
    #[must_use]
    pub fn bag(properties: Properties) -> Self {
        Self::object(Object { extended: properties, ..Object::default() })
    }

    /// The object behind this value, a way back included.
    #[must_use]
    pub fn as_object(&self) -> Option<Arc<Object>> {
        match self {
            Self::Object(object) => Some(Arc::clone(object)),
            Self::Enclosing(enclosing) => enclosing.upgrade(),
            _ => None,
        }
    }

    /// The object itself, when the value is one and not a way back to one.
    #[must_use]
    pub fn own_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A property of an object, by name without regard to case.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Self> {
        self.own_object()?.property(name)
    }

    /// The primitive inside, for a value that was given properties or is an enum; else the value itself.
    #[must_use]
    pub fn base(&self) -> &Self {
        match self.own_object().map(|object| &object.content) {
            Some(Content::Primitive(value)) => value,
            _ => self,
        }
    }

    /// The text of a string, a script block, a URI or an XML document, with properties or without.
    #[must_use]
    pub fn as_string(&self) -> Option<&PsString> {
        match self.base() {
            Self::String(text) | Self::ScriptBlock(text) | Self::Uri(text) | Self::Xml(text) => Some(text),
            _ => None,
        }
    }

    /// Any integer type as one, an enum's number included.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        Some(match *self.base() {
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

    /// An integer that fits in 32 bits.
    #[must_use]
    pub fn as_int32(&self) -> Option<i32> {
        self.as_integer()?.try_into().ok()
    }

    /// A Boolean.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        match *self.base() {
            Self::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the value is `$null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The items, when the value is a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        self.own_object()?.items()
    }

    /// The full name of the most derived type, as the host named it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => "",
            Self::String(_) => "System.String",
            Self::Char(_) => "System.Char",
            Self::Boolean(_) => "System.Boolean",
            Self::SByte(_) => "System.SByte",
            Self::Byte(_) => "System.Byte",
            Self::Int16(_) => "System.Int16",
            Self::UInt16(_) => "System.UInt16",
            Self::Int32(_) => "System.Int32",
            Self::UInt32(_) => "System.UInt32",
            Self::Int64(_) => "System.Int64",
            Self::UInt64(_) => "System.UInt64",
            Self::Single(_) => "System.Single",
            Self::Double(_) => "System.Double",
            Self::Decimal(_) => "System.Decimal",
            Self::DateTime(_) => "System.DateTime",
            Self::Duration(_) => "System.TimeSpan",
            Self::Guid(_) => "System.Guid",
            Self::Version(_) => "System.Version",
            Self::Uri(_) => "System.Uri",
            Self::Xml(_) => "System.Xml.XmlDocument",
            Self::ScriptBlock(_) => "System.Management.Automation.ScriptBlock",
            Self::Bytes(_) => "System.Byte[]",
            Self::SecureString(_) => "System.Security.SecureString",
            Self::Progress(_) => "System.Management.Automation.ProgressRecord",
            Self::Object(object) => match (object.type_names.first(), &object.content) {
                (Some(name), _) => name,
                (None, Content::Primitive(value)) => value.type_name(),
                (None, _) => "System.Management.Automation.PSCustomObject",
            },
            Self::Enclosing(_) => "System.Object",
        }
    }
}

impl Enclosing {
    /// The object, while somebody holds it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Arc<Object>> {
        self.0.get()?.upgrade()
    }

    /// Whether both lead to the same object.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Ties the way back to its object, once that is complete; only the first call counts.
    pub(super) fn tie(&self, object: &Arc<Object>) {
        self.0.get_or_init(|| Arc::downgrade(object));
    }
}

impl fmt::Debug for Enclosing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Following the way back would not end.
        f.write_str("Enclosing")
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::String(left), Self::String(right))
            | (Self::Uri(left), Self::Uri(right))
            | (Self::Xml(left), Self::Xml(right))
            | (Self::ScriptBlock(left), Self::ScriptBlock(right)) => left == right,
            (Self::Char(left), Self::Char(right)) | (Self::UInt16(left), Self::UInt16(right)) => {
                left == right
            }
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::SByte(left), Self::SByte(right)) => left == right,
            (Self::Byte(left), Self::Byte(right)) => left == right,
            (Self::Int16(left), Self::Int16(right)) => left == right,
            (Self::Int32(left), Self::Int32(right)) => left == right,
            (Self::UInt32(left), Self::UInt32(right)) => left == right,
            (Self::Int64(left), Self::Int64(right)) => left == right,
            (Self::UInt64(left), Self::UInt64(right)) => left == right,
            (Self::Single(left), Self::Single(right)) => left.to_bits() == right.to_bits(),
            (Self::Double(left), Self::Double(right)) => left.to_bits() == right.to_bits(),
            (Self::Decimal(left), Self::Decimal(right)) => left == right,
            (Self::DateTime(left), Self::DateTime(right)) => left == right,
            (Self::Duration(left), Self::Duration(right)) => left == right,
            (Self::Guid(left), Self::Guid(right)) => left == right,
            (Self::Version(left), Self::Version(right)) => left == right,
            (Self::Bytes(left), Self::Bytes(right)) => left == right,
            (Self::SecureString(left), Self::SecureString(right)) => left == right,
            (Self::Progress(left), Self::Progress(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => Arc::ptr_eq(left, right) || left == right,
            // Whether they lead to equal objects is being decided by whoever compares those.
            (Self::Enclosing(_), Self::Enclosing(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Value {
    /// The string that PowerShell makes of the value: `"$value"`, in the invariant culture.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null | Self::Enclosing(_) => Ok(()),
            Self::String(text) | Self::Uri(text) | Self::Xml(text) | Self::ScriptBlock(text) => text.fmt(f),
            Self::Char(unit) => char::from_u32((*unit).into()).unwrap_or(char::REPLACEMENT_CHARACTER).fmt(f),
            Self::Boolean(true) => f.write_str("True"),
            Self::Boolean(false) => f.write_str("False"),
            Self::SByte(number) => number.fmt(f),
            Self::Byte(number) => number.fmt(f),
            Self::Int16(number) => number.fmt(f),
            Self::UInt16(number) => number.fmt(f),
            Self::Int32(number) => number.fmt(f),
            Self::UInt32(number) => number.fmt(f),
            Self::Int64(number) => number.fmt(f),
            Self::UInt64(number) => number.fmt(f),
            Self::Single(number) => f.write_str(&format_single(*number)),
            Self::Double(number) => f.write_str(&format_double(*number)),
            Self::Decimal(number) => number.fmt(f),
            Self::DateTime(time) => time.fmt(f),
            Self::Duration(duration) => duration.fmt(f),
            Self::Guid(guid) => guid.fmt(f),
            Self::Version(version) => version.fmt(f),
            Self::Bytes(bytes) => join(f, bytes.iter()),
            Self::SecureString(_) => f.write_str("System.Security.SecureString"),
            Self::Progress(record) => record.fmt(f),
            Self::Object(object) => display_object(object, f),
        }
    }
}

fn display_object(object: &Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (&object.content, &object.to_string, object.type_names.first()) {
        (_, Some(text), _) => write!(f, "{text}"),
        (Content::Primitive(value), ..) => write!(f, "{value}"),
        (Content::List(items) | Content::Enumerable(items), ..) => join(f, items.iter()),
        (Content::None, None, None | Some("System.Management.Automation.PSCustomObject")) => {
            display_bag(object, f)
        }
        (_, None, Some(name)) => f.write_str(name),
        (_, None, None) => f.write_str("System.Object"),
    }
}

/// `@{Name=value; Other=value}`.
fn display_bag(object: &Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("@{")?;
    for (at, property) in object.properties().enumerate() {
        let separator = if at == 0 { "" } else { "; " };
        write!(f, "{separator}{}={}", property.name, property.value)?;
    }
    f.write_str("}")
}

fn join(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    for (at, item) in items.enumerate() {
        let separator = if at == 0 { "" } else { " " };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
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
    &str => String,
    String => String,
    PsString => String,
    bool => Boolean,
    u8 => Byte,
    i32 => Int32,
    u32 => UInt32,
    i64 => Int64,
    u64 => UInt64,
    f64 => Double,
    Decimal => Decimal,
    DateTime => DateTime,
    Duration => Duration,
    Uuid => Guid,
    Version => Version,
    Bytes => Bytes,
    SecureString => SecureString,
    Object => Object,
    Arc<Object> => Object,
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_of_a_value_is_powershells() {
        let bag = Value::object(Object::custom(Properties::new().with("A", 1).with("B", "x")));
        for (value, text) in [
            (Value::Null, ""),
            (true.into(), "True"),
            (Value::Double(1e15), "1E+15"),
            (Value::array(vec![1.into(), "b".into(), Value::Null]), "1 b "),
            (Value::enumeration("System.DayOfWeek", "Friday", 5), "Friday"),
            (Value::hashtable(vec![]), "System.Collections.Hashtable"),
            (bag, "@{A=1; B=x}"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 40, "{}", size_of::<Value>());
    }
}
