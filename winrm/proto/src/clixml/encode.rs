//! Writing.

use std::collections::HashMap;
use std::sync::Arc;

use super::escape;
use super::object::{Content, Object, Properties, TypeNames};
use super::primitive::{push_double, push_single};
use super::secure_string::{NoCipher, SecureStringCipher};
use super::stream::Stream;
use super::string::PsString;
use super::value::Value;
use crate::xml::{Namespace, WriteError, Writer};

/// Why a value cannot be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// A secure string was to be written and there is no session key.
    #[error("a secure string needs a session key to travel")]
    NoSessionKey,
    /// Objects are nested deeper than a reader would accept.
    #[error("objects are nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The XML could not be written.
    #[error(transparent)]
    Xml(#[from] WriteError),
}

/// Writes a single value without an `<Objs>` around it, as protocol messages carry it.
///
/// # Errors
/// A secure string without a key, or nesting without end.
pub fn encode(value: &Value) -> Result<Vec<u8>, EncodeError> {
    Encoder::new().value(value)
}

/// A writer of CLIXML.
#[derive(Clone, Copy)]
pub struct Encoder<'c> {
    cipher: &'c dyn SecureStringCipher,
}

impl Encoder<'static> {
    /// A writer that refuses secure strings.
    #[must_use]
    pub fn new() -> Self {
        Self { cipher: &NoCipher }
    }
}

impl<'c> Encoder<'c> {
    /// A writer that encrypts secure strings with this cipher.
    #[must_use]
    pub fn with_cipher(cipher: &'c dyn SecureStringCipher) -> Self {
        Self { cipher }
    }

    /// Writes a single value without an `<Objs>` around it.
    ///
    /// # Errors
    /// A secure string without a key, or nesting without end.
    pub fn value(&self, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut writing = Writing::new(self.cipher);
        writing.value(value, Attributes::default())?;
        Ok(writing.xml.finish()?)
    }

    /// Writes a document with any number of values, each with the stream it belongs to.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn document<'v, I>(&self, items: I) -> Result<Vec<u8>, EncodeError>
    where
        I: IntoIterator<Item = (Option<Stream>, &'v Value)>,
    {
        let mut writing = Writing::new(self.cipher);
        writing.xml.start("Objs").attribute("Version", "1.1.0.1").attribute("xmlns", Namespace::Clixml.uri());
        for (stream, value) in items {
            writing.value(value, Attributes { stream, ..Attributes::default() })?;
        }
        writing.xml.end();
        Ok(writing.xml.finish()?)
    }
}

impl Default for Encoder<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder")
    }
}

/// A document that is being written.
struct Writing<'c> {
    xml: Writer,
    cipher: &'c dyn SecureStringCipher,
    types: HashMap<TypeNames, usize>,
    /// The same by address, which is found faster where names are shared; the value that is written keeps them there.
    types_at: HashMap<*const PsString, usize>,
    /// The `RefId` of every object so far that something else refers to.
    shared: HashMap<*const Object, usize>,
    /// Objects reached by a way back only, kept so that no other comes to lie at their address.
    kept: Vec<Arc<Object>>,
    objects: usize,
    depth: usize,
}

/// What the place of a value adds to its element.
#[derive(Clone, Copy, Default)]
struct Attributes<'a> {
    name: Option<&'a str>,
    stream: Option<Stream>,
}

impl<'c> Writing<'c> {
    fn new(cipher: &'c dyn SecureStringCipher) -> Self {
        Self {
            xml: Writer::with_capacity(ROOM),
            cipher,
            types: HashMap::new(),
            types_at: HashMap::new(),
            shared: HashMap::new(),
            kept: Vec::new(),
            objects: 0,
            depth: 0,
        }
    }

    fn value(&mut self, value: &Value, attributes: Attributes<'_>) -> Result<(), EncodeError> {
        match value {
            Value::Object(object) => return self.object(object, attributes),
            Value::Enclosing(enclosing) => match enclosing.upgrade() {
                Some(object) => {
                    self.object(&object, attributes)?;
                    self.kept.push(object);
                    return Ok(());
                }
                None => self.leaf("Nil", "", attributes),
            },
            Value::Progress(record) => {
                self.start("PR", attributes);
                record.write(&mut self.xml);
                self.xml.end();
            }
            Value::Bytes(bytes) => {
                self.start("BA", attributes);
                self.xml.base64(bytes).end();
            }
            Value::SecureString(secret) => {
                let encrypted = secret.encrypted(self.cipher).ok_or(EncodeError::NoSessionKey)?;
                self.start("SS", attributes);
                self.xml.base64(&encrypted).end();
            }
            Value::Null => self.leaf("Nil", "", attributes),
            Value::String(text) => self.leaf("S", &escape::encode(text), attributes),
            Value::Uri(text) => self.leaf("URI", &escape::encode(text), attributes),
            Value::Xml(text) => self.leaf("XD", &escape::encode(text), attributes),
            Value::ScriptBlock(text) => self.leaf("SBK", &escape::encode(text), attributes),
            Value::Boolean(value) => self.leaf("B", if *value { "true" } else { "false" }, attributes),
            Value::Char(unit) => self.leaf("C", &unit.to_string(), attributes),
            Value::SByte(number) => self.leaf("SB", &number.to_string(), attributes),
            Value::Byte(number) => self.leaf("By", &number.to_string(), attributes),
            Value::Int16(number) => self.leaf("I16", &number.to_string(), attributes),
            Value::UInt16(number) => self.leaf("U16", &number.to_string(), attributes),
            Value::Int32(number) => self.leaf("I32", &number.to_string(), attributes),
            Value::UInt32(number) => self.leaf("U32", &number.to_string(), attributes),
            Value::Int64(number) => self.leaf("I64", &number.to_string(), attributes),
            Value::UInt64(number) => self.leaf("U64", &number.to_string(), attributes),
            Value::Single(number) => self.pushed("Sg", |out| push_single(*number, out), attributes),
            Value::Double(number) => self.pushed("Db", |out| push_double(*number, out), attributes),
            Value::Decimal(number) => self.leaf("D", &number.to_string(), attributes),
            Value::DateTime(time) => self.pushed("DT", |out| time.push_xml(out), attributes),
            Value::Duration(duration) => self.pushed("TS", |out| duration.push_xml(out), attributes),
            Value::Guid(guid) => self.leaf("G", &guid.to_string(), attributes),
            Value::Version(version) => self.leaf("Version", &version.to_string(), attributes),
        }
        Ok(())
    }

    fn start(&mut self, element: &'static str, attributes: Attributes<'_>) {
        self.xml.start(element);
        if let Some(stream) = attributes.stream {
            self.xml.attribute("S", stream.name());
        }
        if let Some(name) = attributes.name {
            self.xml.attribute("N", name);
        }
    }

    fn leaf(&mut self, element: &'static str, text: &str, attributes: Attributes<'_>) {
        self.start(element, attributes);
        self.xml.text(text).end();
    }

    fn pushed(&mut self, element: &'static str, push: impl FnOnce(&mut String), attributes: Attributes<'_>) {
        let mut text = String::new();
        push(&mut text);
        self.leaf(element, &text, attributes);
    }

    fn object(&mut self, object: &Arc<Object>, attributes: Attributes<'_>) -> Result<(), EncodeError> {
        if matches!(object.content, Content::MemberSet) {
            return self.members("MS", &object.extended, attributes);
        }
        let address = Arc::as_ptr(object);
        if let Some(id) = self.shared.get(&address) {
            let id = id.to_string();
            self.start("Ref", attributes);
            self.xml.attribute("RefId", &id).end();
            return Ok(());
        }
        if self.depth == MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        let id = self.objects;
        self.objects += 1;
        if Arc::strong_count(object) > 1 || Arc::weak_count(object) > 0 {
            self.shared.insert(address, id);
        }
        self.start("Obj", attributes);
        self.xml.attribute("RefId", &id.to_string());
        self.type_names(&object.type_names);
        if let Some(text) = &object.to_string {
            self.leaf("ToString", &escape::encode(text), Attributes::default());
        }
        self.content(&object.content)?;
        for (element, properties) in [("Props", &object.adapted), ("MS", &object.extended)] {
            if !properties.is_empty() {
                self.members(element, properties, Attributes::default())?;
            }
        }
        self.xml.end();
        self.depth -= 1;
        Ok(())
    }

    fn type_names(&mut self, names: &TypeNames) {
        if names.is_empty() {
            return;
        }
        let address = names.as_slice().as_ptr();
        if let Some(id) = self.types_at.get(&address).or_else(|| self.types.get(names)) {
            let id = id.to_string();
            self.xml.start("TNRef").attribute("RefId", &id).end();
            return;
        }
        let id = self.types.len();
        self.xml.start("TN").attribute("RefId", &id.to_string());
        for name in names.as_slice() {
            self.leaf("T", &escape::encode(name), Attributes::default());
        }
        self.xml.end();
        self.types.insert(names.clone(), id);
        self.types_at.insert(address, id);
    }

    fn content(&mut self, content: &Content) -> Result<(), EncodeError> {
        match content {
            Content::None | Content::MemberSet => Ok(()),
            Content::Primitive(value) => self.value(value, Attributes::default()),
            Content::List(items) => self.sequence("LST", items),
            Content::Stack(items) => self.sequence("STK", items),
            Content::Queue(items) => self.sequence("QUE", items),
            Content::Enumerable(items) => self.sequence("IE", items),
            Content::Dictionary(entries) => self.dictionary(entries),
        }
    }

    fn sequence(&mut self, element: &'static str, items: &[Value]) -> Result<(), EncodeError> {
        self.xml.start(element);
        for item in items {
            self.value(item, Attributes::default())?;
        }
        self.xml.end();
        Ok(())
    }

    fn dictionary(&mut self, entries: &[(Value, Value)]) -> Result<(), EncodeError> {
        self.xml.start("DCT");
        for (key, value) in entries {
            self.xml.start("En");
            self.value(key, Attributes { name: Some("Key"), ..Attributes::default() })?;
            self.value(value, Attributes { name: Some("Value"), ..Attributes::default() })?;
            self.xml.end();
        }
        self.xml.end();
        Ok(())
    }

    fn members(
        &mut self,
        element: &'static str,
        properties: &Properties,
        attributes: Attributes<'_>,
    ) -> Result<(), EncodeError> {
        self.start(element, attributes);
        for property in properties {
            let name = escape::encode(&property.name);
            self.value(&property.value, Attributes { name: Some(&name), ..Attributes::default() })?;
        }
        self.xml.end();
        Ok(())
    }
}

/// A pipeline of a few commands fits.
const ROOM: usize = 4096;
/// No PowerShell nests deeper, and a way back that the type system cannot see would otherwise not end.
const MAX_DEPTH: usize = 200;
