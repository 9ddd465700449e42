//! Why a document is not read.

use crate::xml;
use crate::xml::Element;

/// Why a CLIXML document was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// The document is not well-formed XML, or not the XML we accept.
    #[error(transparent)]
    Xml(#[from] xml::Error),
    /// An element that CLIXML does not have in this place, or not in this namespace or case.
    #[error("the element <{0}> does not belong here")]
    UnexpectedElement(String),
    /// Text between elements.
    #[error("there is text where only elements belong")]
    UnexpectedText,
    /// The content of an element is not a value of its type.
    #[error("the text in <{element}> is not a value of that type")]
    Primitive {
        /// The element.
        element: &'static str,
    },
    /// An element lacks an attribute.
    #[error("an element lacks the attribute {0}")]
    MissingAttribute(&'static str),
    /// A dictionary entry lacks its key or its value, or has them in the other order.
    #[error("a dictionary entry lacks its {0}")]
    MissingEntryPart(&'static str),
    /// A dictionary entry has a null key.
    #[error("a dictionary entry has no key")]
    NullKey,
    /// Two entries of a dictionary have the same object as their key.
    #[error("two dictionary entries have the same object as their key")]
    DuplicateKey,
    /// An element lacks a child that it must have in this place.
    #[error("the element <{0}> is missing")]
    MissingElement(&'static str),
    /// A `<Ref>` or `<TNRef>` names nothing that came before it.
    #[error("the reference {0:?} leads nowhere")]
    UnknownReference(String),
    /// The document is of a version of CLIXML that does not exist.
    #[error("CLIXML of version {0:?} is not known")]
    Version(String),
    /// Objects are nested too deep, those behind references included.
    #[error("objects are nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// There are too many values.
    #[error("there are more than {limit} values")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// There are too many values when those behind references are counted each time.
    #[error("references bring in more than {limit} values")]
    TooManyReferences {
        /// The limit.
        limit: usize,
    },
}

/// The refusal of an element; its name is shortened, for it is a peer's.
pub(super) fn unexpected(element: &Element<'_>) -> DecodeError {
    DecodeError::UnexpectedElement(element.local().chars().take(40).collect())
}
