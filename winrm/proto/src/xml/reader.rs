use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::NsReader;
use quick_xml::errors::{Error as Quick, IllFormedError};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event as Raw};
use quick_xml::name::{NamespaceError, QName, ResolveResult};

use super::element::AttributeNames;
use super::{Dialect, Element, Error, Limits, Namespace, reference};

/// What the reader finds next.
#[derive(Debug, Clone)]
pub enum Event<'i> {
    /// An element begins; an empty element is a `Start` and an `End`.
    Start(Element<'i>),
    /// Character data, one piece of possibly several in a row: references resolved, line ends made `\n`.
    Text(Cow<'i, str>),
    /// The innermost open element ends.
    End,
    /// The document is over.
    Eof,
}

/// A pull reader over one document that lies in memory.
#[derive(Debug)]
pub struct Reader<'i> {
    inner: NsReader<&'i [u8]>,
    limits: Limits,
    dialect: Dialect,
    depth: usize,
    nodes: usize,
    stage: Stage,
    /// An event that was parsed and not yet handed out; it does not count for `depth` and `stage`.
    peeked: Option<Event<'i>>,
}

impl<'i> Reader<'i> {
    /// A reader of `document`, which may begin with a byte order mark and an XML declaration.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn new(document: &'i [u8], limits: &Limits) -> Result<Self, Error> {
        Self::with_dialect(document, limits, Dialect::Xml)
    }

    /// As [`new`](Self::new), for a document in this dialect.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn with_dialect(document: &'i [u8], limits: &Limits, dialect: Dialect) -> Result<Self, Error> {
        if document.len() > limits.size {
            return Err(Error::TooLarge { limit: limits.size });
        }
        let mut inner = NsReader::from_reader(document);
        inner.config_mut().expand_empty_elements = true;
        inner.config_mut().check_comments = true;
        inner.resolver_mut().set_max_namespace_bindings(limits.namespaces);
        Ok(Self { inner, limits: *limits, dialect, depth: 0, nodes: 0, stage: Stage::Prolog, peeked: None })
    }

    /// The next event.
    ///
    /// # Errors
    /// Any [`Error`] but those about Base64 and misplaced elements. The reader is of no further use then.
    pub fn read(&mut self) -> Result<Event<'i>, Error> {
        let event = match self.peeked.take() {
            Some(event) => event,
            None => self.parse()?,
        };
        match event {
            Event::Start(_) => self.enter()?,
            Event::End => self.leave()?,
            Event::Text(_) | Event::Eof => {}
        }
        Ok(event)
    }

    /// The name of the next child of the innermost open element, which [`child`](Self::child) will return.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek_child(&mut self) -> Result<Option<(Namespace, &str)>, Error> {
        while matches!(self.peeked, None | Some(Event::Text(_))) {
            self.peeked = Some(self.parse()?);
        }
        match &self.peeked {
            Some(Event::Start(element)) => Ok(Some(element.name())),
            _ => Ok(None),
        }
    }

    /// The next child of the innermost open element, or `None` once that element has ended. Text is passed over.
    ///
    /// Whoever takes a child consumes it whole, with [`text_content`](Self::text_content), [`skip`](Self::skip) or by
    /// asking for its children until there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn child(&mut self) -> Result<Option<Element<'i>>, Error> {
        loop {
            match self.read()? {
                Event::Start(element) => return Ok(Some(element)),
                Event::Text(_) => {}
                Event::End | Event::Eof => return Ok(None),
            }
        }
    }

    /// The text of the innermost open element, up to and including its end tag.
    ///
    /// # Errors
    /// [`Error::UnexpectedElement`] where it has a child; else as [`read`](Self::read).
    pub fn text_content(&mut self) -> Result<Cow<'i, str>, Error> {
        let mut content = Cow::Borrowed("");
        loop {
            match self.read()? {
                Event::Text(piece) if content.is_empty() => content = piece,
                Event::Text(piece) => content.to_mut().push_str(&piece),
                Event::Start(_) => return Err(Error::UnexpectedElement),
                Event::End | Event::Eof => return Ok(content),
            }
        }
    }

    /// As [`text_content`](Self::text_content), without the white space around it.
    ///
    /// # Errors
    /// As [`text_content`](Self::text_content).
    pub fn trimmed_content(&mut self) -> Result<String, Error> {
        Ok(self.text_content()?.trim().to_owned())
    }

    /// The Base64 text of the innermost open element as bytes; white space inside is passed over.
    ///
    /// # Errors
    /// [`Error::NotBase64`]; else as [`text_content`](Self::text_content).
    pub fn base64_content(&mut self) -> Result<Vec<u8>, Error> {
        let text = self.text_content()?;
        if let Ok(bytes) = STANDARD.decode(text.as_bytes()) {
            return Ok(bytes);
        }
        let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        STANDARD.decode(dense).map_err(|_| Error::NotBase64)
    }

    /// Passes over the innermost open element, up to and including its end tag.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.read()?;
        }
        Ok(())
    }

    /// Reads what is left, so that a document which is broken further down is refused.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn finish(mut self) -> Result<(), Error> {
        while !matches!(self.read()?, Event::Eof) {}
        Ok(())
    }

    /// How many elements are open.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    fn parse(&mut self) -> Result<Event<'i>, Error> {
        loop {
            self.count_node()?;
            let event = self.inner.read_event().map_err(|error| self.refusal(&error))?;
            match event {
                Raw::Start(tag) | Raw::Empty(tag) => return self.start(tag).map(Event::Start),
                Raw::End(_) => return Ok(Event::End),
                Raw::Text(text) => {
                    if let Some(text) = self.text(text.xml10_content())? {
                        return Ok(Event::Text(text));
                    }
                }
                Raw::CData(text) => return self.section(text.xml10_content()).map(Event::Text),
                Raw::GeneralRef(name) => return self.reference(&name).map(Event::Text),
                Raw::Comment(_) => {}
                Raw::Decl(declaration) => self.declaration(&declaration)?,
                Raw::PI(_) if self.dialect == Dialect::Clixml => {}
                Raw::PI(_) => return Err(Error::ProcessingInstruction),
                Raw::DocType(_) => return Err(Error::DocumentType),
                Raw::Eof => return self.eof(),
            }
        }
    }

    fn count_node(&mut self) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(Error::TooManyNodes { limit: self.limits.nodes });
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.stage = Stage::Root;
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(Error::TooDeep { limit: self.limits.depth });
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.depth = self.depth.checked_sub(1).ok_or(Error::MismatchedTag)?;
        if self.depth == 0 {
            self.stage = Stage::Epilog;
        }
        Ok(())
    }

    fn start(&self, tag: BytesStart<'i>) -> Result<Element<'i>, Error> {
        if self.stage == Stage::Epilog {
            return Err(Error::ContentOutsideRoot);
        }
        if tag.attributes_raw().len() > self.limits.attribute_bytes {
            return Err(Error::AttributesTooLarge { limit: self.limits.attribute_bytes });
        }
        let attributes = self.attribute_names(&tag)?;
        let namespace = known(&self.inner.resolver().resolve_element(tag.name()).0)?;
        Ok(Element { namespace, tag, attributes, dialect: self.dialect })
    }

    fn attribute_names(&self, tag: &BytesStart<'_>) -> Result<AttributeNames, Error> {
        let mut names = [""; FEW];
        let plain = plain_names(tag.attributes_raw(), self.limits.attributes, &mut names);
        let plain = plain.and_then(|count| names.get(..count));
        if plain.is_some_and(|names| names.iter().all(|name| !name.contains(':'))) {
            return Ok(AttributeNames::Bare);
        }
        let mut namespaces = Vec::new();
        if let Some(names) = plain {
            for name in names.iter().copied().map(QName).filter(|name| name.as_namespace_binding().is_none())
            {
                namespaces.push(known(&self.inner.resolver().resolve_attribute(name).0)?);
            }
            return Ok(AttributeNames::Resolved(namespaces));
        }
        for (index, attribute) in tag.attributes().enumerate() {
            if index >= self.limits.attributes {
                return Err(Error::TooManyAttributes { limit: self.limits.attributes });
            }
            let key = attribute.map_err(|error| self.attribute_refusal(&error))?.key;
            if key.as_namespace_binding().is_none() {
                namespaces.push(known(&self.inner.resolver().resolve_attribute(key).0)?);
            }
        }
        Ok(AttributeNames::Resolved(namespaces))
    }

    fn text(&self, text: Cow<'i, str>) -> Result<Option<Cow<'i, str>>, Error> {
        reference::check(&text)?;
        if self.stage == Stage::Root {
            // XML 1.0 section 2.4: the end of a section stands at the end of sections only.
            return if text.contains("]]>") {
                Err(Error::Malformed { offset: self.inner.buffer_position() })
            } else {
                Ok(Some(text))
            };
        }
        if text.trim().is_empty() { Ok(None) } else { Err(Error::ContentOutsideRoot) }
    }

    fn section(&self, text: Cow<'i, str>) -> Result<Cow<'i, str>, Error> {
        if self.stage != Stage::Root {
            return Err(Error::ContentOutsideRoot);
        }
        reference::check(&text)?;
        Ok(text)
    }

    fn reference(&self, name: &BytesRef<'_>) -> Result<Cow<'i, str>, Error> {
        if self.stage != Stage::Root {
            return Err(Error::ContentOutsideRoot);
        }
        let mut text = String::new();
        reference::resolve(name, self.dialect, &mut text)?;
        Ok(Cow::Owned(text))
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Error> {
        if self.nodes != 1 {
            return Err(Error::ProcessingInstruction);
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") => {
                Ok(())
            }
            Some(_) => Err(Error::Encoding),
        }
    }

    fn eof(&self) -> Result<Event<'i>, Error> {
        match self.stage {
            Stage::Prolog => Err(Error::NoRoot),
            Stage::Root => Err(Error::Truncated),
            Stage::Epilog => Ok(Event::Eof),
        }
    }

    fn refusal(&self, error: &Quick) -> Error {
        match error {
            Quick::Syntax(_) => Error::Truncated,
            Quick::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => Error::MismatchedTag,
            Quick::InvalidAttr(error) => self.attribute_refusal(error),
            Quick::Encoding(_) => Error::NotUtf8,
            Quick::Namespace(NamespaceError::TooManyBindings(limit)) => {
                Error::TooManyNamespaces { limit: *limit }
            }
            Quick::Namespace(NamespaceError::TooDeeplyNested(_)) => {
                Error::TooDeep { limit: self.limits.depth }
            }
            Quick::Io(_) | Quick::IllFormed(_) | Quick::Escape(_) | Quick::Namespace(_) => {
                Error::Malformed { offset: self.inner.error_position() }
            }
        }
    }

    fn attribute_refusal(&self, error: &AttrError) -> Error {
        match error {
            AttrError::Duplicated(..) => Error::DuplicateAttribute,
            _ => Error::Malformed { offset: self.inner.buffer_position() },
        }
    }
}

/// Where in the document the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Prolog,
    Root,
    Epilog,
}

/// Puts the names of attributes that stand there as nearly all do into `names`, and says how many they are: `name="value"`,
/// in ASCII, no name twice, no more than `most`. Where one does not, the walk that says what is wrong with it has the last
/// word.
fn plain_names<'t>(attributes: &'t str, most: usize, names: &mut [&'t str; FEW]) -> Option<usize> {
    let mut count = 0;
    let mut rest = attributes;
    loop {
        let next = rest.trim_ascii_start();
        if next.is_empty() {
            return Some(count);
        }
        let (name, quoted) = next.split_once('=')?;
        let (value, behind) = quoted.strip_prefix('"')?.split_once('"')?;
        let is_plain = next.len() < rest.len()
            && count < most
            && !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.'))
            && !value.contains('<')
            && !names.iter().take(count).any(|known| *known == name);
        if !is_plain {
            return None;
        }
        *names.get_mut(count)? = name;
        count += 1;
        rest = behind;
    }
}

fn known(result: &ResolveResult<'_>) -> Result<Namespace, Error> {
    match result {
        ResolveResult::Unbound => Ok(Namespace::None),
        ResolveResult::Bound(namespace) => Ok(Namespace::from_uri(namespace.into_inner())),
        ResolveResult::Unknown(_) => Err(Error::UnboundPrefix),
    }
}

/// As many attributes as an element of our protocols has.
const FEW: usize = 16;
