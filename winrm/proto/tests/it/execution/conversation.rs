//! A conversation, and a host whose answers the test writes.

use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::exchange::{Event, Execution, Lane, Outgoing, Output, SendId};
use winrm_proto::winrs::{
    Call, Command, CommandId, CommandResponse, CommandState, ExecutionState, ReceiveResponse, ShellId,
    ShellReference, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::fault::FaultCode;
use winrm_proto::wsman::{
    Fault, Header, Incoming, MessageId, Preamble, ResourceUri, Response, SessionId, write_fault,
    write_response,
};
use winrm_proto::xml::Limits;

/// A request as the host sees it.
pub(super) struct Request {
    pub(super) outgoing: Outgoing,
    pub(super) header: Header,
    pub(super) call: Call,
}

impl Request {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        let incoming = Incoming::open(&outgoing.envelope, &Limits::default()).unwrap();
        let (header, call) = Call::read(incoming).unwrap();
        assert_eq!(header.selectors.value("ShellId"), Some("00000000-0000-0000-0000-000000000051"));
        assert_eq!(header.resource_uri, Some(ResourceUri::CMD));
        Self { outgoing, header, call }
    }
}

pub(super) struct Conversation {
    pub(super) execution: Execution<Box<dyn FnMut() -> Uuid>>,
    pub(super) now: Instant,
}

impl Conversation {
    /// A conversation that has sent nothing.
    pub(super) fn new() -> Self {
        Self::with(Command { command: "hostname".to_owned(), ..Command::default() })
    }

    pub(super) fn with(command: Command) -> Self {
        let mut last = 0_u128;
        let ids = move || {
            last += 1;
            Uuid::from_u128(last)
        };
        let preamble = Preamble::new("https://host:5986/wsman".to_owned(), SessionId::from_uuid(Uuid::nil()));
        let shell = ShellReference {
            resource_uri: ResourceUri::CMD,
            shell_id: ShellId::from_uuid(Uuid::from_u128(0x51)),
        };
        let ids: Box<dyn FnMut() -> Uuid> = Box::new(ids);
        Self {
            execution: Execution::new(preamble, Limits::default(), ids, shell, command),
            now: Instant::now(),
        }
    }

    /// A conversation whose command has started.
    pub(super) fn start() -> Self {
        let mut conversation = Self::new();
        let command = conversation.expect_send(Lane::Control);
        assert!(matches!(&command.call, Call::Command(command) if command.command == "hostname"));
        assert_eq!(conversation.poll(), Output::Pending);
        conversation.answer(&command, &CommandResponse { command_id: command_id() });
        conversation.expect_event(&Event::Started(command_id()));
        conversation
    }

    pub(super) fn poll(&mut self) -> Output<Event> {
        self.execution.poll(self.now)
    }

    pub(super) fn expect_send(&mut self, lane: Lane) -> Request {
        let output = self.poll();
        let Output::Send(outgoing) = output else { panic!("expected a request, got {output:?}") };
        assert_eq!(outgoing.lane, lane);
        Request::new(outgoing)
    }

    pub(super) fn expect_event(&mut self, expected: &Event) {
        assert_eq!(self.poll(), Output::Event(expected.clone()));
    }

    pub(super) fn expect_want_input(&mut self) {
        assert_eq!(self.poll(), Output::WantInput);
    }

    pub(super) fn answer<R: Response>(&mut self, request: &Request, response: &R) {
        let envelope = write_response(&request.header, message_id(0xFF), response).unwrap();
        self.deliver(request.outgoing.id, &envelope);
    }

    pub(super) fn fault(&mut self, request: &Request, fault: &Fault) {
        let envelope = write_fault(&request.header, message_id(0xFF), fault).unwrap();
        self.deliver(request.outgoing.id, &envelope);
    }

    pub(super) fn deliver(&mut self, id: SendId, envelope: &[u8]) {
        self.execution.reply(self.now, id, envelope);
    }
}

pub(super) fn sent(request: &Request) -> (Vec<u8>, StreamEnd) {
    let Call::Send(send) = &request.call else { panic!("not a Send") };
    let [stream] = send.streams.as_slice() else { panic!("not one stream") };
    assert_eq!((&stream.name, &stream.command_id), (&StreamName::Stdin, &Some(command_id())));
    (stream.data.to_vec(), stream.end)
}

pub(super) fn output(stdout: &[u8], stderr: &[u8]) -> ReceiveResponse {
    let stream = |name, data: &[u8]| Stream {
        name,
        command_id: Some(command_id()),
        data: Bytes::copy_from_slice(data),
        end: StreamEnd::Open,
    };
    ReceiveResponse {
        streams: vec![stream(StreamName::Stdout, stdout), stream(StreamName::Stderr, stderr)],
        state: None,
    }
}

pub(super) fn done(exit_code: Option<i32>) -> ReceiveResponse {
    let state = CommandState { command_id: Some(command_id()), state: ExecutionState::Done, exit_code };
    ReceiveResponse { streams: Vec::new(), state: Some(state) }
}

pub(super) fn fault(code: u32) -> Fault {
    Fault::new(FaultCode::Receiver, "InternalError", code, "HOST", "no")
}

pub(super) fn command_id() -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(0xC0))
}

pub(super) fn message_id(number: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(number))
}
