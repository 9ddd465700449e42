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
    /// The action is not one that this reader knows.
    #[error("the action is not supported")]
    UnknownAction,
}
