use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::reference::is_allowed;

/// Writes one document. The first mistake is kept and comes out of [`finish`](Writer::finish), so that calls read as
/// the document does.
#[derive(Debug, Default)]
pub struct Writer {
    document: String,
    open: Vec<&'static str>,
    /// The start tag of the innermost element lacks its `>`.
    in_tag: bool,
    error: Option<WriteError>,
}

/// Why a document could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// XML 1.0 cannot carry this character, not even as a reference.
    #[error("the character U+{:04X} cannot be sent in the element {element}", u32::from(*character))]
    ForbiddenCharacter {
        /// The character.
        character: char,
        /// The element it was meant for, with its prefix.
        element: &'static str,
    },
    /// Elements were opened and not closed, or closed and not opened: a mistake in the caller.
    #[error("start and end tags do not balance")]
    Unbalanced,
}

impl Writer {
    /// A writer with an empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { document: String::with_capacity(bytes), ..Self::default() }
    }

    /// Opens an element; `name` has its prefix.
    pub fn start(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.document.push('<');
        self.document.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Adds an attribute to the element that was just opened.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        if !self.in_tag {
            self.fail(WriteError::Unbalanced);
        }
        self.document.push(' ');
        self.document.push_str(name);
        self.document.push_str("=\"");
        self.escape(value, Place::Attribute);
        self.document.push('"');
        self
    }

    /// Adds text to the innermost open element.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        self.close_tag();
        self.escape(text, Place::Text);
        self
    }

    /// Adds bytes, as Base64, to the innermost open element.
    pub fn base64(&mut self, bytes: &[u8]) -> &mut Self {
        self.close_tag();
        STANDARD.encode_string(bytes, &mut self.document);
        self
    }

    /// Closes the innermost open element.
    pub fn end(&mut self) -> &mut Self {
        match self.open.pop() {
            None => self.fail(WriteError::Unbalanced),
            Some(_) if self.in_tag => {
                self.in_tag = false;
                self.document.push_str("/>");
            }
            Some(name) => {
                self.document.push_str("</");
                self.document.push_str(name);
                self.document.push('>');
            }
        }
        self
    }

    /// An element with nothing but text.
    pub fn element(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.start(name).text(text).end()
    }

    /// The document.
    ///
    /// # Errors
    /// The first [`WriteError`] that any call met.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        match self.error {
            Some(error) => Err(error),
            None if !self.open.is_empty() => Err(WriteError::Unbalanced),
            None => Ok(self.document.into_bytes()),
        }
    }

    fn close_tag(&mut self) {
        if self.in_tag {
            self.document.push('>');
            self.in_tag = false;
        }
    }

    fn escape(&mut self, text: &str, place: Place) {
        let mut rest = text;
        // Such a byte never lies inside a character, so that the text can be split before it.
        while let Some(at) = position(rest.as_bytes()) {
            let (plain, from) = rest.split_at(at);
            self.document.push_str(plain);
            let mut characters = from.chars();
            if let Some(character) = characters.next() {
                match place.replacement(character) {
                    Some(replacement) => self.document.push_str(replacement),
                    None if is_allowed(character) => self.document.push(character),
                    None => self.forbidden(character),
                }
            }
            rest = characters.as_str();
        }
        self.document.push_str(rest);
    }

    fn forbidden(&mut self, character: char) {
        let element = self.open.last().copied().unwrap_or_default();
        self.fail(WriteError::ForbiddenCharacter { character, element });
    }

    fn fail(&mut self, error: WriteError) {
        self.error.get_or_insert(error);
    }
}

/// Where the first byte is that may begin a character which has to be looked at.
fn position(bytes: &[u8]) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    // Without a way out in the middle this is a few instructions for a whole chunk.
    let has_any = |chunk: &[u8; CHUNK]| chunk.iter().fold(false, |found, byte| found | is_suspicious(*byte));
    match chunks.iter().position(has_any) {
        Some(at) => {
            bytes.iter().skip(at * CHUNK).position(|byte| is_suspicious(*byte)).map(|more| at * CHUNK + more)
        }
        None => rest.iter().position(|byte| is_suspicious(*byte)).map(|at| bytes.len() - rest.len() + at),
    }
}

/// Markup, control characters, and the lead byte of U+FFFE and U+FFFF.
fn is_suspicious(byte: u8) -> bool {
    (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'"') | (byte == 0xEF)
}

const CHUNK: usize = 16;

#[derive(Debug, Clone, Copy)]
enum Place {
    Text,
    Attribute,
}

impl Place {
    /// What stands for a character that a reader would not give back as it is.
    fn replacement(self, character: char) -> Option<&'static str> {
        match (character, self) {
            ('&', _) => Some("&amp;"),
            ('<', _) => Some("&lt;"),
            ('>', _) => Some("&gt;"),
            ('\r', _) => Some("&#xD;"),
            ('"', Self::Attribute) => Some("&quot;"),
            ('\n', Self::Attribute) => Some("&#xA;"),
            ('\t', Self::Attribute) => Some("&#x9;"),
            _ => None,
        }
    }
}
