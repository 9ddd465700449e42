/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The document has more bytes than [`Limits::size`](super::Limits::size).
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More elements are open than [`Limits::depth`](super::Limits::depth).
    #[error("elements are nested deeper than {limit}")]
    TooDeep {
        /// The limit in elements.
        limit: usize,
    },
    /// The document has more nodes than [`Limits::nodes`](super::Limits::nodes).
    #[error("the document has more than {limit} nodes")]
    TooManyNodes {
        /// The limit in nodes.
        limit: usize,
    },
    /// A start tag is longer than [`Limits::attribute_bytes`](super::Limits::attribute_bytes).
    #[error("the attributes of one element take more than {limit} bytes")]
    AttributesTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A start tag has more attributes than [`Limits::attributes`](super::Limits::attributes).
    #[error("one element has more than {limit} attributes")]
    TooManyAttributes {
        /// The limit in attributes.
        limit: usize,
    },
    /// More namespaces are declared than [`Limits::namespaces`](super::Limits::namespaces).
    #[error("more than {limit} namespaces are declared at once")]
    TooManyNamespaces {
        /// The limit in declarations.
        limit: usize,
    },
    /// The document has a document type declaration.
    #[error("a document type declaration is not accepted")]
    DocumentType,
    /// The document has a processing instruction.
    #[error("a processing instruction is not accepted")]
    ProcessingInstruction,
    /// The XML declaration names another encoding than UTF-8.
    #[error("the document declares an encoding other than UTF-8")]
    Encoding,
    /// The bytes are not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// A reference names an entity that is not predefined.
    #[error("the document refers to an entity that XML does not predefine")]
    UnknownEntity,
    /// A character, written plainly or as a reference, is not allowed in XML 1.0.
    #[error("the document holds a character that XML does not allow")]
    ForbiddenCharacter,
    /// A prefix is used that no `xmlns` declares.
    #[error("a namespace prefix is used that was not declared")]
    UnboundPrefix,
    /// An attribute is named twice in one tag.
    #[error("an element names an attribute twice")]
    DuplicateAttribute,
    /// An end tag closes another element than the one that is open.
    #[error("an end tag does not match its start tag")]
    MismatchedTag,
    /// The input ends before the root element does.
    #[error("the document ends before its root element is closed")]
    Truncated,
    /// There is no element at all.
    #[error("the document has no root element")]
    NoRoot,
    /// There is text or a second element outside the root.
    #[error("the document has content outside its root element")]
    ContentOutsideRoot,
    /// The markup breaks the grammar in some other way.
    #[error("the markup is malformed at byte {offset}")]
    Malformed {
        /// Where, in bytes from the start.
        offset: u64,
    },
    /// An element lies where only text may be.
    #[error("an element lies where only text may be")]
    UnexpectedElement,
    /// Text that should be Base64 is not.
    #[error("a Base64 value is malformed")]
    NotBase64,
}
