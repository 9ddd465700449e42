use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::{Dialect, Error, Namespace, reference};

/// A start tag.
#[derive(Debug, Clone)]
pub struct Element<'i> {
    pub(super) namespace: Namespace,
    pub(super) tag: BytesStart<'i>,
    pub(super) attributes: AttributeNames,
    pub(super) dialect: Dialect,
}

/// The namespaces of an element's attributes.
#[derive(Debug, Clone)]
pub(super) enum AttributeNames {
    /// No name has a prefix, so that none has a namespace.
    Bare,
    /// That of each attribute that is not a namespace declaration, in document order.
    Resolved(Vec<Namespace>),
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
        let mut attributes = self.tag.attributes();
        let mut walk = attributes
            .with_checks(false)
            .flatten()
            .filter(|attribute| attribute.key.as_namespace_binding().is_none());
        let found = match &self.attributes {
            AttributeNames::Bare if namespace == Namespace::None => {
                walk.find(|attribute| attribute.key.into_inner() == local)
            }
            AttributeNames::Bare => None,
            AttributeNames::Resolved(namespaces) => walk
                .zip(namespaces)
                .find(|(attribute, own)| {
                    **own == namespace && attribute.key.local_name().into_inner() == local
                })
                .map(|(attribute, _)| attribute),
        };
        found.map(|attribute| reference::attribute_value(attribute.value, self.dialect)).transpose()
    }
}
