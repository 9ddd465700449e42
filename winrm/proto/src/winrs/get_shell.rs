use super::Shell;
use super::list::Listed;
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.2: asks how a shell is. Its target is [`ResourceUri::SHELL`](crate::wsman::ResourceUri::SHELL) with
/// the shell's selector, whatever the shell was created as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShell;

/// The answer to [`GetShell`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetShellResponse {
    /// The shell as it is now.
    pub shell: Shell,
}

impl Request for GetShell {
    const ACTION: Action = Action::Get;
    type Response = GetShellResponse;

    fn write(&self, _writer: &mut Writer) {}

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}

impl Response for GetShellResponse {
    const ACTION: Action = Action::GetResponse;

    fn write(&self, writer: &mut Writer) {
        self.shell.write(writer);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "Shell")?;
        Ok(Self { shell: Shell::read(body)? })
    }
}
