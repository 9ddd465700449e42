use super::list::{List, Listed, MAX_ELEMENTS, read_list, write_list};
use super::shell::text;
use super::{CommandId, ShellId};
use crate::wsman::{Action, Error, Header, Request, Response, SelectorSet, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.8.2, WS-Enumeration Enumerate: asks for the commands of a shell, which are pipelines where it is a
/// runspace pool. Its target is [`ResourceUri::COMMAND`](crate::wsman::ResourceUri::COMMAND). A shell has fewer commands
/// than fit into one answer, so there is nothing to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCommands {
    /// The shell.
    pub shell_id: ShellId,
}

/// The answer to [`ListCommands`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListCommandsResponse(pub List<ListedCommand>);

/// `rsp:Command`, a command as a host lists it. All of it is the host's word, and any of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedCommand {
    /// The command's identifier.
    pub command_id: Option<CommandId>,
    /// What was started; empty for a pipeline.
    pub command_line: Option<String>,
    /// For example `Running`.
    pub state: Option<String>,
}

impl Request for ListCommands {
    const ACTION: Action = Action::Enumerate;
    type Response = ListCommandsResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("n:Enumerate").attribute("xmlns:n", Namespace::Enumeration.uri());
        writer.start("w:OptimizeEnumeration").end();
        writer.element("w:MaxElements", MAX_ELEMENTS);
        writer.start("w:Filter").attribute("Dialect", SELECTOR_FILTER);
        SelectorSet::new().with(SHELL_ID, self.shell_id.as_str()).write(writer);
        writer.end().end();
    }

    /// The shell is named by the filter or, as MS-WSMV describes it, by the message's own selectors.
    fn read(header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Enumeration, "Enumerate")?;
        let mut selectors = header.selectors.clone();
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::WsMan, "Filter") {
                if element.attribute(Namespace::None, "Dialect")?.as_deref() != Some(SELECTOR_FILTER) {
                    return Err(Error::Invalid { name: "Filter/@Dialect" });
                }
                selectors = read_filter(body)?;
            } else {
                body.skip()?;
            }
        }
        let id = selectors.value(SHELL_ID).ok_or(Error::Missing { name: SHELL_ID })?;
        Ok(Self { shell_id: ShellId::parse(id).map_err(|_| Error::Invalid { name: SHELL_ID })? })
    }
}

impl Response for ListCommandsResponse {
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

impl Listed for ListedCommand {
    const NAME: &'static str = "Command";

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Command");
        text(writer, "rsp:CommandId", self.command_id.as_ref().map(CommandId::as_str));
        text(writer, "rsp:CommandLine", self.command_line.as_deref());
        text(writer, "rsp:CommandState", self.state.as_deref());
        writer.end();
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut command = Self::default();
        while let Some(element) = reader.child()? {
            match element.name() {
                (Namespace::Shell, "CommandId") => {
                    command.command_id = CommandId::parse(&reader.text_content()?).ok();
                }
                (Namespace::Shell, "CommandLine") => command.command_line = Some(reader.trimmed_content()?),
                (Namespace::Shell, "CommandState") => command.state = Some(reader.trimmed_content()?),
                _ => reader.skip()?,
            }
        }
        Ok(command)
    }
}

fn read_filter(body: &mut Reader<'_>) -> Result<SelectorSet, Error> {
    let mut selectors = SelectorSet::new();
    while let Some(element) = body.child()? {
        if element.name() == (Namespace::WsMan, "SelectorSet") {
            selectors = SelectorSet::read(body)?;
        } else {
            body.skip()?;
        }
    }
    Ok(selectors)
}

/// DSP0226 section 8.3, the filter that is a set of selectors.
const SELECTOR_FILTER: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
const SHELL_ID: &str = "ShellId";
