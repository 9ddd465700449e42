use crate::xml;

/// Why bytes are not the message that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not acceptable XML.
    #[error(transparent)]
    Xml(#[from] xml::Error),
    /// The root element is not a SOAP 1.2 envelope: a proxy's page, or another protocol.
    #[error("the document is not a SOAP 1.2 envelope")]
    NotSoap,
    /// The envelope has no body.
    #[error("the envelope has no body")]
    NoBody,
    /// An element or attribute that the message cannot do without is absent.
    #[error("the message lacks {name}")]
    Missing {
        /// The element or attribute.
        name: &'static str,
    },
    /// An element or attribute holds a value that it cannot have.
    #[error("the message has an invalid {name}")]
    Invalid {
        /// The element or attribute.
        name: &'static str,
    },
    /// A header block that this reader does not know has to be understood (SOAP 1.2 part 1 section 2.4), so that the message
    /// must not be acted on.
    #[error("the message asks that its header {name:?} be understood, which it is not")]
    NotUnderstood {
        /// The block's local name, shortened.
        name: String,
    },
    /// The action is not one that this reader knows.
    #[error("the action is not supported")]
    UnknownAction,
}
