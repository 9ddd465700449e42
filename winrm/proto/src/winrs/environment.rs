use std::fmt;

use crate::wsman::Error;
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 2.2.4.11, `rsp:Environment`: variables of a shell, in order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        if self.0.is_empty() {
            return;
        }
        writer.start("rsp:Environment");
        for (name, value) in self.iter() {
            writer.start("rsp:Variable").attribute("Name", name).text(value).end();
        }
        writer.end();
    }

    /// Reads the children of the `rsp:Environment` that was just opened.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut variables = Vec::new();
        while let Some(element) = reader.child()? {
            if element.name() == (Namespace::Shell, "Variable") {
                let name = element.attribute(Namespace::None, "Name")?;
                let name = name.ok_or(Error::Missing { name: "Variable/@Name" })?.into_owned();
                variables.push((name, reader.text_content()?.into_owned()));
            } else {
                reader.skip()?;
            }
        }
        Ok(Self(variables))
    }
}

impl From<Vec<(String, String)>> for Environment {
    fn from(variables: Vec<(String, String)>) -> Self {
        Self(variables)
    }
}

/// Shows the names alone: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
