use super::{CommandId, Stream, StreamSet, stream};
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Element, Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.14: asks for output, and waits on the host until there is some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// The command; absent for the streams of a PowerShell shell itself.
    pub command_id: Option<CommandId>,
    /// Which streams.
    pub desired: StreamSet,
}

/// MS-WSMV 2.2.4.31: the answer to [`Receive`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiveResponse {
    /// Pieces of streams, in order.
    pub streams: Vec<Stream>,
    /// How the command stands; absent where the host has nothing to say about it.
    pub state: Option<CommandState>,
}

/// MS-WSMV 2.2.4.7, `rsp:CommandState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandState {
    /// The command.
    pub command_id: Option<CommandId>,
    /// How it stands.
    pub state: ExecutionState,
    /// Its exit code, which means something only together with [`ExecutionState::Done`]. Windows writes the 32 bits
    /// signed or unsigned; here they are signed, as `$LASTEXITCODE` shows them.
    pub exit_code: Option<i32>,
}

/// How a command stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionState {
    /// It has ended, and there is no more output.
    Done,
    /// It has not begun.
    Pending,
    /// It runs.
    Running,
    /// A state that no specification names.
    Other(Box<str>),
}

impl ReceiveResponse {
    /// The state, where it is the end of the command.
    #[must_use]
    pub fn done(&self) -> Option<&CommandState> {
        self.state.as_ref().filter(|state| state.state == ExecutionState::Done)
    }
}

impl Request for Receive {
    const ACTION: Action = Action::Receive;
    type Response = ReceiveResponse;

    fn describe(&self, header: &mut Header) {
        header.options.add("WSMAN_CMDSHELL_OPTION_KEEPALIVE", "TRUE");
    }

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Receive").start("rsp:DesiredStream");
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        writer.text(&self.desired.names()).end().end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "Receive")?;
        let mut request = None;
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::Shell, "DesiredStream") {
                let command_id = stream::command_id(&element)?;
                request = Some(Self { command_id, desired: StreamSet::parse(&body.text_content()?) });
            } else {
                body.skip()?;
            }
        }
        request.ok_or(Error::Missing { name: "DesiredStream" })
    }
}

impl Response for ReceiveResponse {
    const ACTION: Action = Action::ReceiveResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:ReceiveResponse");
        for stream in &self.streams {
            stream.write(writer);
        }
        if let Some(state) = &self.state {
            state.write(writer);
        }
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "ReceiveResponse")?;
        let mut response = Self::default();
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Shell, "Stream") => response.streams.push(Stream::read(&element, body)?),
                (Namespace::Shell, "CommandState") => {
                    response.state = Some(CommandState::read(&element, body)?);
                }
                _ => body.skip()?,
            }
        }
        Ok(response)
    }
}

impl CommandState {
    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:CommandState");
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        writer.attribute("State", &self.state.uri());
        if let Some(exit_code) = self.exit_code {
            writer.element("rsp:ExitCode", &exit_code.cast_unsigned().to_string());
        }
        writer.end();
    }

    fn read(element: &Element<'_>, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let state = element.attribute(Namespace::None, "State")?;
        let state = ExecutionState::from_uri(&state.ok_or(Error::Missing { name: "CommandState/@State" })?);
        let command_id = stream::command_id(element)?;
        let mut exit_code = None;
        while let Some(child) = reader.child()? {
            if child.name() == (Namespace::Shell, "ExitCode") {
                exit_code = Some(parse_exit_code(reader.text_content()?.trim())?);
            } else {
                reader.skip()?;
            }
        }
        Ok(Self { command_id, state, exit_code })
    }
}

impl ExecutionState {
    fn from_uri(uri: &str) -> Self {
        match uri.trim().strip_prefix(STATE_PREFIX) {
            Some("Done") => Self::Done,
            Some("Pending") => Self::Pending,
            Some("Running") => Self::Running,
            _ => Self::Other(uri.trim().into()),
        }
    }

    fn uri(&self) -> String {
        let name = match self {
            Self::Done => "Done",
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Other(uri) => return uri.to_string(),
        };
        format!("{STATE_PREFIX}{name}")
    }
}

const STATE_PREFIX: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/";

fn parse_exit_code(text: &str) -> Result<i32, Error> {
    let signed = text.parse::<i32>().ok();
    let unsigned = || text.parse::<u32>().ok().map(u32::cast_signed);
    signed.or_else(unsigned).ok_or(Error::Invalid { name: "ExitCode" })
}
