use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{CommandId, stream};
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{self, Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.11: starts a command in a shell.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// An identifier that the client chooses; PowerShell pipelines need one, and hosts before protocol 2.2 refuse it.
    pub command_id: Option<CommandId>,
    /// The program, or with [`Interpreter::Cmd`] a line for `cmd.exe`. The host joins it and the arguments with spaces;
    /// quoting is the caller's.
    pub command: String,
    /// The arguments.
    pub arguments: Vec<String>,
    /// `WINRS_CONSOLEMODE_STDIN`.
    pub console_mode: Option<ConsoleMode>,
    /// `WINRS_SKIP_CMD_SHELL`.
    pub interpreter: Option<Interpreter>,
}

/// What the command's standard input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleMode {
    /// A console: line ends are changed, and end of input is control-Z.
    Console,
    /// A pipe: bytes arrive as they were sent, and the end of the stream is the end of input.
    Pipe,
}

/// What runs the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpreter {
    /// `cmd.exe`: built-in commands work, and its metacharacters have their meaning.
    Cmd,
    /// Nothing: the first word is the program's full path. A wish that 2008 R2 was recorded to honour; hosts since 2012 R2
    /// are said to take `cmd.exe` all the same, so quote for both.
    None,
}

/// The answer to [`Command`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResponse {
    /// The command; a host that lets the client choose repeats its choice.
    pub command_id: CommandId,
}

impl Command {
    /// A PSRP pipeline, which begins with the first fragment of `CREATE_PIPELINE`.
    #[must_use]
    pub fn pipeline(command_id: CommandId, fragment: &[u8]) -> Self {
        Self { command_id: Some(command_id), arguments: vec![STANDARD.encode(fragment)], ..Self::default() }
    }

    /// The first fragment of a PSRP pipeline.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none, [`xml::Error::NotBase64`] where it is not Base64.
    pub fn fragment(&self) -> Result<Bytes, Error> {
        let argument = self.arguments.first().ok_or(Error::Missing { name: "Arguments" })?;
        let dense: String = argument.split_ascii_whitespace().collect();
        Ok(Bytes::from(STANDARD.decode(dense).map_err(|_| xml::Error::NotBase64)?))
    }
}

/// Shows how long the line is, not what it says: it may hold secrets.
impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Command")
            .field("command_id", &self.command_id)
            .field("command", &format_args!("{} bytes", self.command.len()))
            .field("arguments", &format_args!("{} of them", self.arguments.len()))
            .field("console_mode", &self.console_mode)
            .field("interpreter", &self.interpreter)
            .finish()
    }
}

impl Request for Command {
    const ACTION: Action = Action::Command;
    type Response = CommandResponse;

    fn describe(&self, header: &mut Header) {
        match self.console_mode {
            Some(ConsoleMode::Console) => header.options.add(CONSOLE_MODE, "TRUE"),
            Some(ConsoleMode::Pipe) => header.options.add(CONSOLE_MODE, "FALSE"),
            None => {}
        }
        match self.interpreter {
            Some(Interpreter::None) => header.options.add(SKIP_CMD, "TRUE"),
            Some(Interpreter::Cmd) => header.options.add(SKIP_CMD, "FALSE"),
            None => {}
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:CommandLine");
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        writer.element("rsp:Command", &self.command);
        for argument in &self.arguments {
            writer.element("rsp:Arguments", argument);
        }
        writer.end();
    }

    fn read(header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        let line = open_child(body, Namespace::Shell, "CommandLine")?;
        let mut request = Self {
            command_id: stream::command_id(&line)?,
            console_mode: header.options.is_true(CONSOLE_MODE).map(|console| match console {
                true => ConsoleMode::Console,
                false => ConsoleMode::Pipe,
            }),
            interpreter: header.options.is_true(SKIP_CMD).map(|skip| match skip {
                true => Interpreter::None,
                false => Interpreter::Cmd,
            }),
            ..Self::default()
        };
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Shell, "Command") => request.command = body.text_content()?.into_owned(),
                (Namespace::Shell, "Arguments") => request.arguments.push(body.text_content()?.into_owned()),
                _ => body.skip()?,
            }
        }
        Ok(request)
    }
}

impl Response for CommandResponse {
    const ACTION: Action = Action::CommandResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:CommandResponse").element("rsp:CommandId", self.command_id.as_str()).end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "CommandResponse")?;
        let mut command_id = None;
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::Shell, "CommandId") {
                let id = CommandId::parse(&body.text_content()?);
                command_id = Some(id.map_err(|_| Error::Invalid { name: "CommandId" })?);
            } else {
                body.skip()?;
            }
        }
        Ok(Self { command_id: command_id.ok_or(Error::Missing { name: "CommandId" })? })
    }
}

const CONSOLE_MODE: &str = "WINRS_CONSOLEMODE_STDIN";
const SKIP_CMD: &str = "WINRS_SKIP_CMD_SHELL";
