use super::{CommandId, stream};
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.12: interrupts or ends a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The command.
    pub command_id: Option<CommandId>,
    /// What to do to it.
    pub code: SignalCode,
}

/// The codes of MS-WSMV 3.1.4.12 and MS-PSRP 3.1.5.3.8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalCode {
    /// Ends the command and frees what the host keeps for it; needed after each command, too.
    Terminate,
    /// Control-C for a command of the command shell.
    CtrlC,
    /// Control-break for a command of the command shell.
    CtrlBreak,
    /// Stops a PowerShell pipeline. Windows knows it only misspelt as `crtl_c`; any other code closes the pipeline.
    PowerShellCtrlC,
    /// Any other code.
    Other(Box<str>),
}

/// The answer to [`Signal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalResponse;

impl SignalCode {
    /// The code with this URI. Those of the command shell are compared without regard to case, as Windows does.
    #[must_use]
    pub fn from_uri(uri: &str) -> Self {
        let uri = uri.trim();
        let known = [Self::Terminate, Self::CtrlC, Self::CtrlBreak];
        if uri == POWERSHELL_CTRL_C {
            return Self::PowerShellCtrlC;
        }
        known
            .into_iter()
            .find(|code| code.uri().eq_ignore_ascii_case(uri))
            .unwrap_or_else(|| Self::Other(uri.into()))
    }

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Terminate => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate",
            Self::CtrlC => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_c",
            Self::CtrlBreak => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_break",
            Self::PowerShellCtrlC => POWERSHELL_CTRL_C,
            Self::Other(uri) => uri,
        }
    }
}

impl Request for Signal {
    const ACTION: Action = Action::Signal;
    type Response = SignalResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Signal");
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        writer.element("rsp:Code", self.code.uri()).end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        let signal = open_child(body, Namespace::Shell, "Signal")?;
        let command_id = stream::command_id(&signal)?;
        let mut code = None;
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::Shell, "Code") {
                code = Some(SignalCode::from_uri(&body.text_content()?));
            } else {
                body.skip()?;
            }
        }
        Ok(Self { command_id, code: code.ok_or(Error::Missing { name: "Code" })? })
    }
}

impl Response for SignalResponse {
    const ACTION: Action = Action::SignalResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:SignalResponse").end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "SignalResponse")?;
        body.skip()?;
        Ok(Self)
    }
}

const POWERSHELL_CTRL_C: &str = "powershell/signal/crtl_c";
