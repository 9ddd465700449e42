use super::Shell;
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.7, WS-Enumeration Enumerate: asks for the shells of a host in one request. Its target is
/// [`ResourceUri::SHELL`](crate::wsman::ResourceUri::SHELL). An administrator sees everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListShells;

/// WS-Enumeration Pull: asks for those shells that did not fit into the answer to [`ListShells`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullShells {
    /// What the answer before gave.
    pub context: String,
}

/// The answer to [`ListShells`] or [`PullShells`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellList {
    /// The shells.
    pub shells: Vec<Shell>,
    /// What to ask for more with; `None` when these are all.
    pub context: Option<String>,
}

/// The answer to [`ListShells`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListShellsResponse(pub ShellList);

/// The answer to [`PullShells`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullShellsResponse(pub ShellList);

impl Request for ListShells {
    const ACTION: Action = Action::Enumerate;
    type Response = ListShellsResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:Enumerate").attribute("xmlns:n", Namespace::Enumeration.uri());
        writer.start("w:OptimizeEnumeration").end();
        writer.element("w:MaxElements", MAX_ELEMENTS).end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "Enumerate")?;
        body.skip()?;
        Ok(Self)
    }
}

impl Request for PullShells {
    const ACTION: Action = Action::Pull;
    type Response = PullShellsResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:Pull").attribute("xmlns:n", Namespace::Enumeration.uri());
        writer.element("n:EnumerationContext", &self.context);
        writer.element("n:MaxElements", MAX_ELEMENTS).end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "Pull")?;
        let mut context = None;
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::Enumeration, "EnumerationContext") {
                context = Some(body.trimmed_content()?);
            } else {
                body.skip()?;
            }
        }
        Ok(Self { context: context.ok_or(Error::Missing { name: "EnumerationContext" })? })
    }
}

impl Response for ListShellsResponse {
    const ACTION: Action = Action::EnumerateResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:EnumerateResponse").attribute("xmlns:n", Namespace::Enumeration.uri());
        self.0.write(writer, "w:Items", "w:EndOfSequence");
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "EnumerateResponse")?;
        ShellList::read(body).map(Self)
    }
}

impl Response for PullShellsResponse {
    const ACTION: Action = Action::PullResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:PullResponse").attribute("xmlns:n", Namespace::Enumeration.uri());
        self.0.write(writer, "n:Items", "n:EndOfSequence");
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "PullResponse")?;
        ShellList::read(body).map(Self)
    }
}

impl ShellList {
    fn write(&self, writer: &mut Writer, items: &'static str, end: &'static str) {
        writer.element("n:EnumerationContext", self.context.as_deref().unwrap_or_default());
        writer.start(items);
        for shell in &self.shells {
            shell.write(writer);
        }
        writer.end();
        if self.context.is_none() {
            writer.start(end).end();
        }
    }

    /// Reads the children of the answer; the same elements are DMTF's in one answer and WS-Enumeration's in the other.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut list = Self::default();
        while let Some(element) = reader.child()? {
            match element.name() {
                (Namespace::Enumeration, "EnumerationContext") => {
                    list.context = Some(reader.trimmed_content()?).filter(|context| !context.is_empty());
                }
                (Namespace::Enumeration | Namespace::WsMan, "Items") => list.read_items(reader)?,
                (Namespace::Enumeration | Namespace::WsMan, "EndOfSequence") => {
                    reader.skip()?;
                    list.context = None;
                }
                _ => reader.skip()?,
            }
        }
        Ok(list)
    }

    fn read_items(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        while let Some(item) = reader.child()? {
            if item.name() == (Namespace::Shell, "Shell") {
                self.shells.push(Shell::read(reader)?);
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }
}

/// The most that Windows takes, `MaxBatchItems`.
const MAX_ELEMENTS: &str = "32000";
