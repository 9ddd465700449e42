use super::Shell;
use super::list::{List, MAX_ELEMENTS, read_list, write_list};
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.8.2, WS-Enumeration Enumerate: asks for the shells of a host in one request. Its target is
/// [`ResourceUri::SHELL`](crate::wsman::ResourceUri::SHELL). An administrator sees everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListShells;

/// WS-Enumeration Pull: asks for those shells that did not fit into the answer to [`ListShells`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullShells {
    /// What the answer before gave.
    pub context: String,
}

/// The answer to [`ListShells`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListShellsResponse(pub List<Shell>);

/// The answer to [`PullShells`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullShellsResponse(pub List<Shell>);

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
        write_list(writer, &self.0, "w:Items", "w:EndOfSequence");
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "EnumerateResponse")?;
        read_list(body).map(Self)
    }
}

impl Response for PullShellsResponse {
    const ACTION: Action = Action::PullResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:PullResponse").attribute("xmlns:n", Namespace::Enumeration.uri());
        write_list(writer, &self.0, "n:Items", "n:EndOfSequence");
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "PullResponse")?;
        read_list(body).map(Self)
    }
}
