use super::{Command, CreateShell, Delete, Receive, Send, Signal};
use crate::wsman::{Action, Error, Header, Identify, Incoming};

/// Any request that a host of shells answers.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Asks what the service is.
    Identify(Identify),
}

impl Call {
    /// Reads the body of a request by its action. A message without an action can only be Identify.
    ///
    /// # Errors
    /// [`Error::UnknownAction`] for any other request; else as [`Incoming::request`]. Keep a copy of the header to
    /// answer with a fault.
    pub fn read(incoming: Incoming<'_>) -> Result<(Header, Self), Error> {
        match incoming.header().action {
            Some(Action::Create) => {
                incoming.request().map(|(header, request)| (header, Self::Create(request)))
            }
            Some(Action::Command) => {
                incoming.request().map(|(header, request)| (header, Self::Command(request)))
            }
            Some(Action::Receive) => {
                incoming.request().map(|(header, request)| (header, Self::Receive(request)))
            }
            Some(Action::Send) => incoming.request().map(|(header, request)| (header, Self::Send(request))),
            Some(Action::Signal) => {
                incoming.request().map(|(header, request)| (header, Self::Signal(request)))
            }
            Some(Action::Delete) => {
                incoming.request().map(|(header, request)| (header, Self::Delete(request)))
            }
            None => incoming.request().map(|(header, request)| (header, Self::Identify(request))),
            Some(_) => Err(Error::UnknownAction),
        }
    }
}
