use super::{
    Command, Connect, CreateShell, Delete, Disconnect, GetShell, ListCommands, ListShells, PullShells,
    Receive, Reconnect, Send, Signal,
};
use crate::wsman::{Action, Error, Header, Identify, Incoming, ResourceUri};

/// Any request that a host of shells answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// Creates a shell.
    Create(CreateShell),
    /// Starts a command.
    Command(Command),
    /// Asks for output.
    Receive(Receive),
    /// Gives input.
    Send(Send),
    /// Interrupts or ends a command.
    Signal(Signal),
    /// Deletes a shell.
    Delete(Delete),
    /// Leaves a shell.
    Disconnect(Disconnect),
    /// Takes up a shell that this client left.
    Reconnect(Reconnect),
    /// Takes over a shell that another client left.
    Connect(Connect),
    /// Asks how a shell is.
    Get(GetShell),
    /// Asks for the shells there are.
    List(ListShells),
    /// Asks for more of them.
    Pull(PullShells),
    /// Asks for the commands of a shell.
    ListCommands(ListCommands),
    /// Asks what the service is.
    Identify(Identify),
}

impl Call {
    /// Reads the body of a request by its action and resource. A message without an action can only be Identify.
    ///
    /// # Errors
    /// [`Error::UnknownAction`] for any other request; else as [`Incoming::request`]. Keep a copy of the header to
    /// answer with a fault.
    pub fn read(incoming: Incoming<'_>) -> Result<(Header, Self), Error> {
        let header = incoming.header();
        match header.action {
            Some(Action::Create) => read(incoming, Self::Create),
            Some(Action::Command) => read(incoming, Self::Command),
            Some(Action::Receive) => read(incoming, Self::Receive),
            Some(Action::Send) => read(incoming, Self::Send),
            Some(Action::Signal) => read(incoming, Self::Signal),
            Some(Action::Delete) => read(incoming, Self::Delete),
            Some(Action::Disconnect) => read(incoming, Self::Disconnect),
            Some(Action::Reconnect) => read(incoming, Self::Reconnect),
            Some(Action::Connect) => read(incoming, Self::Connect),
            Some(Action::Get) if is_about_shells(header) => read(incoming, Self::Get),
            Some(Action::Enumerate) if is_about_shells(header) => read(incoming, Self::List),
            Some(Action::Enumerate) if header.resource_uri == Some(ResourceUri::COMMAND) => {
                read(incoming, Self::ListCommands)
            }
            Some(Action::Pull) if is_about_shells(header) => read(incoming, Self::Pull),
            None => read(incoming, Self::Identify),
            Some(_) => Err(Error::UnknownAction),
        }
    }
}

fn read<R: crate::wsman::Request>(
    incoming: Incoming<'_>,
    call: impl FnOnce(R) -> Call,
) -> Result<(Header, Call), Error> {
    let (header, request) = incoming.request()?;
    Ok((header, call(request)))
}

/// Get, Enumerate and Pull are asked of many kinds of resource.
fn is_about_shells(header: &Header) -> bool {
    header.resource_uri == Some(ResourceUri::SHELL)
}
