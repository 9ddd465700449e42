use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::{Dialect, Error, Namespace, reference};

/// A start tag.
#[derive(Debug, Clone)]
pub struct Element<'i> {
    pub(super) namespace: Namespace,
    pub(super) tag: BytesStart<'i>,
    /// The namespace of each attribute that is not a namespace declaration, in document order.
    pub(super) attribute_namespaces: Vec<Namespace>,
    pub(super) dialect: Dialect,
}

impl Element<'_> {
    /// Namespace and local name, to match on.
    #[must_use]
    pub fn name(&self) -> (Namespace, &str) {
        (self.namespace, self.local())
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local(&self) -> &str {
        self.tag.local_name().into_inner()
    }

    /// The value of an attribute, with references resolved and white space made spaces.
    ///
    /// # Errors
    /// [`Error::UnknownEntity`] or [`Error::ForbiddenCharacter`] where the value holds such.
    pub fn attribute(&self, namespace: Namespace, local: &str) -> Result<Option<Cow<'_, str>>, Error> {
        // The reader has walked these attributes already and refused a tag where one is malformed.
        self.tag
            .attributes()
            .with_checks(false)
            .flatten()
            .filter(|attribute| attribute.key.as_namespace_binding().is_none())
            .zip(&self.attribute_namespaces)
            .find(|(attribute, own)| **own == namespace && attribute.key.local_name().into_inner() == local)
            .map(|(attribute, _)| reference::attribute_value(attribute.value, self.dialect))
            .transpose()
    }
}
