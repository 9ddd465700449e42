use super::{Error, is_true};
use crate::xml::{Namespace, Reader, Writer};

/// DSP0226 section 6.4, `w:OptionSet`: switches for the provider that serves a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptionSet(Vec<WsManOption>);

/// One `w:Option`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsManOption {
    /// The name; options are compared without regard to case.
    pub name: String,
    /// The value.
    pub value: String,
    /// What a provider does that does not know the option.
    pub must_comply: MustComply,
}

/// Whether a provider that does not know an option refuses the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MustComply {
    /// The option may be passed over.
    #[default]
    No,
    /// The request fails.
    Yes,
}

impl OptionSet {
    /// No options.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an option that may be passed over.
    pub fn add(&mut self, name: &str, value: &str) {
        self.insert(name, value, MustComply::No);
    }

    /// Adds an option.
    pub fn insert(&mut self, name: &str, value: &str, must_comply: MustComply) {
        self.0.push(WsManOption { name: name.to_owned(), value: value.to_owned(), must_comply });
    }

    /// The value of an option.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|option| option.name.eq_ignore_ascii_case(name))
            .map(|option| option.value.as_str())
    }

    /// The value of an option that is a truth: `TRUE` in any case, or `1`.
    #[must_use]
    pub fn is_true(&self, name: &str) -> Option<bool> {
        self.value(name).map(is_true)
    }

    /// The options in document order.
    pub fn iter(&self) -> impl Iterator<Item = &WsManOption> {
        self.0.iter()
    }

    /// Whether there is no option.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        if self.is_empty() {
            return;
        }
        writer.start("w:OptionSet").attribute("s:mustUnderstand", "true");
        for option in &self.0 {
            writer.start("w:Option").attribute("Name", &option.name);
            if option.must_comply == MustComply::Yes {
                writer.attribute("MustComply", "true");
            }
            writer.text(&option.value).end();
        }
        writer.end();
    }

    /// Reads the children of the `w:OptionSet` that was just opened.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut set = Self::new();
        while let Some(element) = reader.child()? {
            if element.name() == (Namespace::WsMan, "Option") {
                let name = element.attribute(Namespace::None, "Name")?;
                let name = name.ok_or(Error::Missing { name: "Option/@Name" })?.into_owned();
                let must_comply = match element.attribute(Namespace::None, "MustComply")? {
                    Some(value) if is_true(&value) => MustComply::Yes,
                    _ => MustComply::No,
                };
                set.0.push(WsManOption { name, value: reader.trimmed_content()?, must_comply });
            } else {
                reader.skip()?;
            }
        }
        Ok(set)
    }
}
