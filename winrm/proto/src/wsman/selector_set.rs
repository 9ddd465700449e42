use super::Error;
use crate::xml::{Namespace, Reader, Writer};

/// DSP0226 section 5.4.2.2, `w:SelectorSet`: which instance of a resource a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectorSet(Vec<(String, String)>);

impl SelectorSet {
    /// Names every instance of the resource, or its only one.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// This set with one selector more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a selector; names are compared as Windows does, without regard to case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names and values in document order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no selector.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        if self.is_empty() {
            return;
        }
        writer.start("w:SelectorSet");
        for (name, value) in self.iter() {
            writer.start("w:Selector").attribute("Name", name).text(value).end();
        }
        writer.end();
    }

    /// Reads the children of the `w:SelectorSet` that was just opened.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut set = Self::new();
        while let Some(element) = reader.child()? {
            if element.name() == (Namespace::WsMan, "Selector") {
                let name = element.attribute(Namespace::None, "Name")?;
                let name = name.ok_or(Error::Missing { name: "Selector/@Name" })?.into_owned();
                set.0.push((name, reader.trimmed_content()?));
            } else {
                reader.skip()?;
            }
        }
        Ok(set)
    }
}
