use std::borrow::Cow;

/// MS-WSMV 2.2.4 and DSP0226: the `wsa:Action` of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// WS-Transfer Get.
    Get,
    /// The answer to [`Action::Get`].
    GetResponse,
    /// WS-Transfer Put.
    Put,
    /// The answer to [`Action::Put`].
    PutResponse,
    /// WS-Transfer Create.
    Create,
    /// The answer to [`Action::Create`].
    CreateResponse,
    /// WS-Transfer Delete.
    Delete,
    /// The answer to [`Action::Delete`].
    DeleteResponse,
    /// WS-Enumeration Enumerate.
    Enumerate,
    /// The answer to [`Action::Enumerate`].
    EnumerateResponse,
    /// WS-Enumeration Pull.
    Pull,
    /// The answer to [`Action::Pull`].
    PullResponse,
    /// WS-Enumeration Release.
    Release,
    /// The answer to [`Action::Release`].
    ReleaseResponse,
    /// Remote shell Command.
    Command,
    /// The answer to [`Action::Command`].
    CommandResponse,
    /// Remote shell Receive.
    Receive,
    /// The answer to [`Action::Receive`].
    ReceiveResponse,
    /// Remote shell Send.
    Send,
    /// The answer to [`Action::Send`].
    SendResponse,
    /// Remote shell Signal.
    Signal,
    /// The answer to [`Action::Signal`].
    SignalResponse,
    /// Remote shell Connect.
    Connect,
    /// The answer to [`Action::Connect`].
    ConnectResponse,
    /// Remote shell Disconnect.
    Disconnect,
    /// The answer to [`Action::Disconnect`].
    DisconnectResponse,
    /// Remote shell Reconnect.
    Reconnect,
    /// The answer to [`Action::Reconnect`].
    ReconnectResponse,
    /// A fault of WS-Management.
    Fault,
    /// A fault of WS-Addressing.
    AddressingFault,
    /// A fault of WS-Transfer.
    TransferFault,
    /// A fault of WS-Enumeration.
    EnumerationFault,
    /// Any other action.
    Other(Cow<'static, str>),
}

impl Action {
    /// The action with this URI, white space around it removed.
    #[must_use]
    pub fn from_uri(uri: &str) -> Self {
        let uri = uri.trim();
        match KNOWN.iter().find(|(_, known)| *known == uri) {
            Some((action, _)) => action.clone(),
            None => Self::Other(Cow::Owned(uri.to_owned())),
        }
    }

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Other(uri) => uri,
            _ => KNOWN.iter().find(|(action, _)| action == self).map_or("", |(_, uri)| uri),
        }
    }

    /// Whether a message with this action carries a fault.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(self, Self::Fault | Self::AddressingFault | Self::TransferFault | Self::EnumerationFault)
    }
}

const KNOWN: [(Action, &str); 32] = [
    (Action::Get, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"),
    (Action::GetResponse, "http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse"),
    (Action::Put, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Put"),
    (Action::PutResponse, "http://schemas.xmlsoap.org/ws/2004/09/transfer/PutResponse"),
    (Action::Create, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"),
    (Action::CreateResponse, "http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse"),
    (Action::Delete, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"),
    (Action::DeleteResponse, "http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse"),
    (Action::Enumerate, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"),
    (Action::EnumerateResponse, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse"),
    (Action::Pull, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull"),
    (Action::PullResponse, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/PullResponse"),
    (Action::Release, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release"),
    (Action::ReleaseResponse, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/ReleaseResponse"),
    (Action::Command, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"),
    (Action::CommandResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandResponse"),
    (Action::Receive, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive"),
    (Action::ReceiveResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReceiveResponse"),
    (Action::Send, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send"),
    (Action::SendResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SendResponse"),
    (Action::Signal, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal"),
    (Action::SignalResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SignalResponse"),
    (Action::Connect, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect"),
    (Action::ConnectResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ConnectResponse"),
    (Action::Disconnect, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect"),
    (
        Action::DisconnectResponse,
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/DisconnectResponse",
    ),
    (Action::Reconnect, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect"),
    (Action::ReconnectResponse, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReconnectResponse"),
    (Action::Fault, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"),
    (Action::AddressingFault, "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"),
    (Action::TransferFault, "http://schemas.xmlsoap.org/ws/2004/09/transfer/fault"),
    (Action::EnumerationFault, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault"),
];
