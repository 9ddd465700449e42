//! WS-Management: what a request asks for, and the answer.

mod command;
mod create;
mod disconnection;
mod execution;
mod fault;
mod input;
mod listing;
mod operations;
mod output;
mod pool;
mod shells;
mod signal;

use bytes::Bytes;
use http::StatusCode;
use winrm_proto::winrs::{Call, DeleteResponse};
use winrm_proto::wsman::{
    Action, Error, Fault, Header, IdentifyResponse, Incoming, MessageId, Response, write_fault,
    write_response,
};
use winrm_proto::xml::Limits;

pub(crate) use operations::Operations;
pub(crate) use shells::Shells;

use crate::record::{Event, Operation};
use crate::world::World;
use fault::WindowsFault;

/// What a request's body asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// No body.
    Nothing,
    /// A body that is no envelope, or none that a host may read.
    Unreadable(Error),
    /// An envelope, with what its body asks for.
    Envelope { header: Box<Header>, call: Result<Box<Call>, Error> },
}

/// How a host and a client say what a user is: the account's name.
pub(crate) type User<'u> = &'u str;

impl Asked {
    /// Reads a body.
    pub(crate) fn read(body: &Bytes) -> Self {
        if body.is_empty() {
            return Self::Nothing;
        }
        let incoming = match Incoming::open(body, &Limits::default().with_size(body.len())) {
            Ok(incoming) => incoming,
            Err(error) => return Self::Unreadable(error),
        };
        let header = Box::new(incoming.header().clone());
        let call = Call::read(incoming).map(|(_, call)| Box::new(call));
        Self::Envelope { header, call }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Nothing => Operation::Empty,
            Self::Unreadable(_) => Operation::Unreadable,
            Self::Envelope { header, call } => match &header.action {
                Some(Action::Create) => Operation::Create,
                Some(Action::Command) => Operation::Command,
                Some(Action::Receive) => Operation::Receive,
                Some(Action::Send) => Operation::Send,
                Some(Action::Signal) => Operation::Signal,
                Some(Action::Delete) => Operation::Delete,
                Some(Action::Get) => Operation::Get,
                Some(Action::Enumerate | Action::Pull) => Operation::List,
                Some(Action::Disconnect) => Operation::Disconnect,
                Some(Action::Reconnect) => Operation::Reconnect,
                Some(Action::Connect) => Operation::Connect,
                None if call.is_ok() => Operation::Identify,
                _ => Operation::Other,
            },
        }
    }

    /// The whole action URI.
    pub(crate) fn action(&self) -> Option<String> {
        match self {
            Self::Envelope { header, .. } => header.action.as_ref().map(|action| action.uri().to_owned()),
            Self::Nothing | Self::Unreadable(_) => None,
        }
    }
}

impl World {
    /// Performs what an authenticated user asks for. `stray` is what a misbehaviour wants of a Receive.
    pub(crate) async fn perform(
        &self,
        user: User<'_>,
        asked: Asked,
        stray: Option<i32>,
    ) -> (StatusCode, Bytes) {
        let operation = asked.operation();
        let (header, call) = match asked {
            Asked::Nothing => return (StatusCode::OK, Bytes::new()),
            Asked::Unreadable(error) => {
                return self.faulted(operation, &Header::default(), &fault::of_unreadable(&error));
            }
            Asked::Envelope { header, call } => (header, call),
        };
        let answer = match call {
            Ok(call) => self.call(user, &header, *call, stray).await,
            Err(error) => Err(fault::of_unreadable(&error)),
        };
        match answer {
            Ok(envelope) => (StatusCode::OK, envelope),
            Err(fault) => self.faulted(operation, &header, &fault),
        }
    }

    /// A fault for a request that is not performed.
    pub(crate) fn fault(&self, asked: &Asked, code: u32) -> (StatusCode, Bytes) {
        let empty = Header::default();
        let header = match asked {
            Asked::Envelope { header, .. } => header,
            Asked::Nothing | Asked::Unreadable(_) => &empty,
        };
        self.faulted(asked.operation(), header, &WindowsFault::of_code(code))
    }

    /// A Receive's answer with output that no program wrote.
    pub(crate) fn made_up_output(&self, asked: &Asked, pieces: Vec<Bytes>) -> (StatusCode, Bytes) {
        let (header, command_id) = match asked {
            Asked::Envelope { header, call: Ok(call) } => match &**call {
                Call::Receive(receive) => (header, receive.command_id.clone()),
                _ => return self.fault(asked, WindowsFault::INTERNAL.code()),
            },
            _ => return self.fault(asked, WindowsFault::INTERNAL.code()),
        };
        match self.answer(header, &output::made_up(command_id, pieces)) {
            Ok(envelope) => (StatusCode::OK, envelope),
            Err(fault) => self.faulted(Operation::Receive, header, &fault),
        }
    }

    async fn call(
        &self,
        user: User<'_>,
        header: &Header,
        call: Call,
        stray: Option<i32>,
    ) -> Result<Bytes, WindowsFault> {
        let _counted = self.operations.begin(user, &self.choices.quotas)?;
        match call {
            Call::Identify(_) => identify(user).envelope().map_err(|_| WindowsFault::INTERNAL),
            Call::Create(request) => self.answer(header, &create::create(self, user, header, request)?),
            Call::Command(request) => {
                self.answer(header, &command::command(self, user, header, request).await?)
            }
            Call::Receive(request) => {
                self.answer(header, &output::receive(self, user, header, request, stray).await?)
            }
            Call::Send(request) => self.answer(header, &input::send(self, user, header, request).await?),
            Call::Signal(request) => self.answer(header, &signal::signal(self, user, header, request).await?),
            Call::Delete(_) => {
                let shell = self.shells.named(user, header)?;
                self.shells.delete(&shell).await;
                self.record.write(Event::ShellDeleted { shell: shell.id().to_string() });
                self.answer(header, &DeleteResponse)
            }
            Call::Get(_) => self.answer(header, &listing::get(self, user, header)?),
            Call::List(_) => self.answer(header, &listing::list(self, user, header)?),
            Call::ListCommands(request) => {
                self.answer(header, &listing::list_commands(self, user, &request)?)
            }
            // A list comes in one answer, so there is never more to pull.
            Call::Pull(_) => Err(WindowsFault::ENUMERATION_ENDED),
            Call::Disconnect(request) => {
                self.answer(header, &disconnection::disconnect(self, user, header, request)?)
            }
            Call::Reconnect(_) => self.answer(header, &disconnection::reconnect(self, user, header)?),
            Call::Connect(request) => {
                self.answer(header, &disconnection::connect(self, user, header, &request)?)
            }
            _ => Err(WindowsFault::INVALID_ACTION),
        }
    }

    fn answer<R: Response>(&self, request: &Header, response: &R) -> Result<Bytes, WindowsFault> {
        write_response(request, self.message_id(), response).map_err(|_| WindowsFault::INTERNAL)
    }

    fn faulted(&self, operation: Operation, request: &Header, fault: &WindowsFault) -> (StatusCode, Bytes) {
        self.record.write(Event::Fault { operation, code: fault.code() });
        let fault: Fault = fault.on(self.machine.hostname());
        let envelope = write_fault(request, self.message_id(), &fault).unwrap_or_default();
        (StatusCode::INTERNAL_SERVER_ERROR, envelope)
    }

    fn message_id(&self) -> MessageId {
        MessageId::from_uuid(self.ids.next())
    }
}

/// Windows tells its version to those it knows only.
fn identify(user: User<'_>) -> IdentifyResponse {
    let version =
        if user.is_empty() { "OS: 0.0.0 SP: 0.0 Stack: 3.0" } else { "OS: 10.0.20348 SP: 0.0 Stack: 3.0" };
    IdentifyResponse {
        protocol_version: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd".to_owned()),
        product_vendor: Some("Microsoft Corporation".to_owned()),
        product_version: Some(version.to_owned()),
        security_profiles: Vec::new(),
    }
}
