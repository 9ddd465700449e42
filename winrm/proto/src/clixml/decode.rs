//! Reading.

mod error;
mod leaf;
mod progress;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use self::error::unexpected;
use super::escape;
use super::object::{Content, Object, Properties, TypeNames};
use super::primitive::Version;
use super::references::References;
use super::stream::Stream;
use super::string::PsString;
use super::value::{Enclosing, Value};
use crate::xml;
use crate::xml::{Element, Event, Namespace};

pub use self::error::DecodeError;

/// What one document may cost its reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the document.
    pub size: usize,
    /// Objects inside one another, those behind references included.
    pub depth: usize,
    /// Values of any kind, which bounds the memory that they take.
    pub values: usize,
    /// Values where a reference counts as all those that it brings in again. Whoever walks what was read walks no
    /// further than this. Serialised types and assemblies of .NET really refer a lot: one of 14,000 values to 2.5 million.
    pub expanded: usize,
}

/// A reader of CLIXML; reading many documents with one shares the names of properties and types among them.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    names: HashSet<Arc<str>>,
}

/// A value at the top of a document, and the stream it was written to.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// The attribute `S`, which only the output of a process has.
    pub stream: Option<Stream>,
    /// The value.
    pub value: Value,
}

impl Decoder {
    /// A reader with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, names: HashSet::new() }
    }

    /// Reads a single value without an `<Objs>` around it, as protocol messages carry it.
    ///
    /// # Errors
    /// The document is not XML, not CLIXML, or goes beyond a limit.
    pub fn value(&mut self, document: &[u8]) -> Result<Value, DecodeError> {
        let mut reading = Reading::new(self, document)?;
        let root = reading.root()?;
        let value = reading.value(&root)?;
        reading.xml.finish()?;
        Ok(value)
    }

    /// Reads a document: an `<Objs>` with any number of values, or a single value without it.
    ///
    /// # Errors
    /// The document is not XML, not CLIXML, or goes beyond a limit.
    pub fn document(&mut self, document: &[u8]) -> Result<Vec<Item>, DecodeError> {
        let mut reading = Reading::new(self, document)?;
        let root = reading.root()?;
        let items = if root.local() == "Objs" { reading.items(&root)? } else { vec![reading.item(&root)?] };
        reading.xml.finish()?;
        Ok(items)
    }

    /// One copy of every name that comes again and again.
    fn name(&mut self, name: &str) -> PsString {
        if let Some(known) = self.names.get(name) {
            return PsString::from(Arc::clone(known));
        }
        let decoded = escape::decode(name);
        // A name with an escape is rare, and one that is not well-formed cannot be shared as text.
        if self.names.len() < SHARED_NAMES && name.len() <= SHARED_NAME_LENGTH && decoded == name {
            let shared: Arc<str> = name.into();
            self.names.insert(Arc::clone(&shared));
            return PsString::from(shared);
        }
        decoded
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Default for Limits {
    /// Room for what hosts send, and little enough that the worst document costs some hundred megabytes.
    fn default() -> Self {
        Self { size: 64 << 20, depth: 100, values: 2_000_000, expanded: 16_000_000 }
    }
}

impl Limits {
    fn xml(&self) -> xml::Limits {
        xml::Limits {
            size: self.size,
            // A dictionary takes three elements for one level.
            depth: self.depth.saturating_mul(3).saturating_add(4),
            // Each node has at least one byte.
            nodes: self.size.saturating_add(1),
            attributes: 16,
            ..xml::Limits::default()
        }
    }
}

/// A document that is being read.
struct Reading<'d, 'i> {
    xml: xml::Reader<'i>,
    decoder: &'d mut Decoder,
    objects: References<Target>,
    types: References<TypeNames>,
    values: usize,
    /// Values so far, with those that references brought in again.
    expanded: usize,
    depth: usize,
    /// The deepest level reached since the innermost open object began.
    deepest: usize,
    /// Values inside one another as they stand in the document, references not followed.
    nesting: usize,
    /// The namespace of the root, which is that of all elements.
    namespace: Namespace,
    unknown: Unknown,
}

/// What becomes of an element in an object that CLIXML does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unknown {
    Refused,
    /// The document is of a later minor version, which may have more of them.
    PassedOver,
}

/// What a `<Ref>` can lead to.
#[derive(Clone)]
enum Target {
    /// An object that is still being read: the reference is inside it.
    Open(Enclosing),
    Complete {
        object: Arc<Object>,
        expanded: usize,
        height: usize,
    },
}

impl<'d, 'i> Reading<'d, 'i> {
    fn new(decoder: &'d mut Decoder, document: &'i [u8]) -> Result<Self, DecodeError> {
        let xml = xml::Reader::with_dialect(document, &decoder.limits.xml(), xml::Dialect::Clixml)?;
        Ok(Self {
            xml,
            decoder,
            objects: References::default(),
            types: References::default(),
            values: 0,
            expanded: 0,
            depth: 0,
            deepest: 0,
            nesting: 0,
            namespace: Namespace::None,
            unknown: Unknown::Refused,
        })
    }

    fn root(&mut self) -> Result<Element<'i>, DecodeError> {
        match self.next()? {
            Some(element) => match element.name() {
                (namespace @ (Namespace::Clixml | Namespace::None), _) => {
                    self.namespace = namespace;
                    Ok(element)
                }
                _ => Err(unexpected(&element)),
            },
            None => Err(DecodeError::Xml(xml::Error::NoRoot)),
        }
    }

    fn items(&mut self, root: &Element<'i>) -> Result<Vec<Item>, DecodeError> {
        if let Some(text) = root.attribute(Namespace::None, "Version")? {
            let version = text.parse().ok().filter(|version: &Version| version.major() == 1);
            let version = version.ok_or_else(|| DecodeError::Version(text.chars().take(40).collect()))?;
            if version.minor() > 1 {
                self.unknown = Unknown::PassedOver;
            }
        }
        let mut items = Vec::new();
        while let Some(element) = self.child()? {
            items.push(self.item(&element)?);
        }
        Ok(items)
    }

    fn item(&mut self, element: &Element<'i>) -> Result<Item, DecodeError> {
        let stream = element.attribute(Namespace::None, "S")?.map(|name| Stream::named(&name));
        Ok(Item { stream, value: self.value(element)? })
    }

    /// The next child of the open element. PowerShell looks at the namespace of most elements only.
    fn child(&mut self) -> Result<Option<Element<'i>>, DecodeError> {
        match self.next()? {
            Some(element) if element.name().0 != self.namespace && !leaf::is_of_any_namespace(&element) => {
                Err(unexpected(&element))
            }
            next => Ok(next),
        }
    }

    /// The next child of any namespace. Unlike the XML reader's, it refuses text between elements, as PowerShell does.
    fn next(&mut self) -> Result<Option<Element<'i>>, DecodeError> {
        loop {
            match self.xml.read()? {
                Event::Start(element) => return Ok(Some(element)),
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Text(_) => return Err(DecodeError::UnexpectedText),
                Event::End | Event::Eof => return Ok(None),
            }
        }
    }

    fn value(&mut self, element: &Element<'i>) -> Result<Value, DecodeError> {
        self.nesting += 1;
        if self.nesting > NESTING {
            return Err(DecodeError::TooDeep { limit: NESTING });
        }
        let value = match element.local() {
            "Ref" => {
                self.count()?;
                self.reference(element)?
            }
            "Nil" => {
                self.count()?;
                self.xml.skip()?;
                Value::Null
            }
            "Obj" => {
                self.count()?;
                self.object(element).map(Value::Object)?
            }
            _ => self.primitive(element)?,
        };
        self.nesting -= 1;
        Ok(value)
    }

    fn primitive(&mut self, element: &Element<'i>) -> Result<Value, DecodeError> {
        self.count()?;
        if element.local() == "PR" { self.progress() } else { leaf::read(&mut self.xml, element) }
    }

    fn count(&mut self) -> Result<(), DecodeError> {
        self.values += 1;
        let limit = self.decoder.limits.values;
        if self.values > limit { Err(DecodeError::TooManyValues { limit }) } else { self.expand(1) }
    }

    fn expand(&mut self, values: usize) -> Result<(), DecodeError> {
        self.expanded = self.expanded.saturating_add(values);
        let limit = self.decoder.limits.expanded;
        if self.expanded > limit { Err(DecodeError::TooManyReferences { limit }) } else { Ok(()) }
    }

    fn reach(&mut self, depth: usize) -> Result<(), DecodeError> {
        self.deepest = self.deepest.max(depth);
        let limit = self.decoder.limits.depth;
        if depth > limit { Err(DecodeError::TooDeep { limit }) } else { Ok(()) }
    }

    fn object(&mut self, element: &Element<'i>) -> Result<Arc<Object>, DecodeError> {
        let id = element.attribute(Namespace::None, "RefId")?.map(Cow::into_owned);
        let enclosing = Enclosing::default();
        if let Some(id) = &id {
            self.objects.set(id, Target::Open(enclosing.clone()));
        }
        let (before, outside) = (self.expanded, self.deepest);
        self.depth += 1;
        self.deepest = self.depth;
        self.reach(self.depth)?;
        let object = Arc::new(self.object_parts()?);
        self.depth -= 1;
        let height = self.deepest - self.depth;
        self.deepest = self.deepest.max(outside);
        enclosing.tie(&object);
        if let Some(id) = &id {
            self.complete(id, &enclosing, &object, self.expanded - before, height);
        }
        Ok(object)
    }

    /// Remembers a complete object, unless one inside it has taken the identifier over.
    fn complete(&mut self, id: &str, own: &Enclosing, object: &Arc<Object>, expanded: usize, height: usize) {
        if matches!(self.objects.find(id), Some(Target::Open(open)) if open.is(own)) {
            self.objects.set(id, Target::Complete { object: Arc::clone(object), expanded, height });
        }
    }

    fn reference(&mut self, element: &Element<'i>) -> Result<Value, DecodeError> {
        let id = required(element, "RefId")?;
        let target = self.objects.find(&id).cloned().ok_or(DecodeError::UnknownReference(id))?;
        self.xml.skip()?;
        match target {
            Target::Open(enclosing) => Ok(Value::Enclosing(enclosing)),
            Target::Complete { object, expanded, height } => {
                self.expand(expanded)?;
                self.reach(self.depth + height)?;
                Ok(Value::Object(object))
            }
        }
    }

    fn object_parts(&mut self) -> Result<Object, DecodeError> {
        let mut object = Object::default();
        while let Some(element) = self.child()? {
            match element.local() {
                "TN" => object.type_names = self.type_names(&element)?,
                "TNRef" => object.type_names = self.type_names_reference(&element)?,
                "ToString" => object.to_string = Some(escape::decode(&self.xml.text_content()?)),
                // A second set of the object's own properties takes the place of the first.
                "Props" => object.adapted = self.properties()?,
                "MS" => self.members(&mut object.extended)?,
                "LST" => object.content = Content::List(self.sequence()?),
                "STK" => object.content = Content::Stack(self.sequence()?),
                "QUE" => object.content = Content::Queue(self.sequence()?),
                "IE" => object.content = Content::Enumerable(self.sequence()?),
                "DCT" => object.content = Content::Dictionary(self.dictionary()?),
                // An object's base is neither null nor a reference.
                "Obj" => object.content = Content::Primitive(self.value(&element)?),
                name if name == "PR" || leaf::is_one(name) => {
                    object.content = Content::Primitive(self.primitive(&element)?);
                }
                _ if self.unknown == Unknown::PassedOver => self.xml.skip()?,
                _ => return Err(unexpected(&element)),
            }
        }
        Ok(object)
    }

    fn type_names(&mut self, element: &Element<'i>) -> Result<TypeNames, DecodeError> {
        let mut names = Vec::new();
        while let Some(child) = self.child()? {
            if child.local() != "T" {
                return Err(unexpected(&child));
            }
            self.count()?;
            let name = self.xml.text_content()?;
            if !name.is_empty() {
                names.push(self.decoder.name(&name));
            }
        }
        let names: TypeNames = names.into_iter().collect();
        if let Some(id) = element.attribute(Namespace::None, "RefId")? {
            self.types.set(&id, names.clone());
        }
        Ok(names)
    }

    fn type_names_reference(&mut self, element: &Element<'i>) -> Result<TypeNames, DecodeError> {
        let id = required(element, "RefId")?;
        self.xml.skip()?;
        self.types.find(&id).cloned().ok_or(DecodeError::UnknownReference(id))
    }

    fn sequence(&mut self) -> Result<Vec<Value>, DecodeError> {
        let mut items = Vec::new();
        while let Some(element) = self.child()? {
            items.push(self.value(&element)?);
        }
        Ok(items)
    }

    fn dictionary(&mut self) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut entries = Vec::new();
        let mut objects = HashSet::new();
        while let Some(element) = self.child()? {
            if element.local() != "En" {
                return Err(unexpected(&element));
            }
            let key = self.entry_part("Key")?;
            if key.is_null() {
                return Err(DecodeError::NullKey);
            }
            // Keys may be equal, but not the same object.
            if let Value::Object(object) = &key
                && !objects.insert(Arc::as_ptr(object))
            {
                return Err(DecodeError::DuplicateKey);
            }
            let value = self.entry_part("Value")?;
            if let Some(extra) = self.child()? {
                return Err(unexpected(&extra));
            }
            entries.push((key, value));
        }
        Ok(entries)
    }

    fn entry_part(&mut self, name: &'static str) -> Result<Value, DecodeError> {
        let element = self.child()?.ok_or(DecodeError::MissingEntryPart(name))?;
        let own = element.attribute(Namespace::None, "N")?;
        if !own.is_some_and(|own| own.eq_ignore_ascii_case(name)) {
            return Err(DecodeError::MissingEntryPart(name));
        }
        self.value(&element)
    }

    /// An object's own properties.
    fn properties(&mut self) -> Result<Properties, DecodeError> {
        let mut properties = Properties::new();
        while let Some(element) = self.child()? {
            let name = self.member_name(&element)?;
            let value = self.value(&element)?;
            properties.set(name, value);
        }
        Ok(properties)
    }

    /// What was added to an object, sets of members included.
    fn members(&mut self, properties: &mut Properties) -> Result<(), DecodeError> {
        while let Some(element) = self.child()? {
            let name = self.member_name(&element)?;
            if name.as_str().is_empty() {
                return Err(DecodeError::MissingAttribute("N"));
            }
            let value = if element.local() == "MS" { self.member_set()? } else { self.value(&element)? };
            properties.set(name, value);
        }
        Ok(())
    }

    fn member_name(&mut self, element: &Element<'i>) -> Result<PsString, DecodeError> {
        let name = element.attribute(Namespace::None, "N")?;
        Ok(self.decoder.name(&name.ok_or(DecodeError::MissingAttribute("N"))?))
    }

    /// A member set inside a member set.
    fn member_set(&mut self) -> Result<Value, DecodeError> {
        self.count()?;
        self.depth += 1;
        self.reach(self.depth)?;
        let mut extended = Properties::new();
        self.members(&mut extended)?;
        self.depth -= 1;
        Ok(Value::object(Object { content: Content::MemberSet, extended, ..Object::default() }))
    }
}

fn required(element: &Element<'_>, name: &'static str) -> Result<String, DecodeError> {
    let value = element.attribute(Namespace::None, name)?;
    value.map(Cow::into_owned).ok_or(DecodeError::MissingAttribute(name))
}

/// How many values PowerShell's own reader takes inside one another.
const NESTING: usize = 49;
/// How many names one reader shares, and how long they may be: hosts have a few hundred.
const SHARED_NAMES: usize = 4096;
const SHARED_NAME_LENGTH: usize = 256;
