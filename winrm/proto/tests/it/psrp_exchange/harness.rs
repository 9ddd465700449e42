//! Both halves of a pool, joined without a network.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::clixml::{Stream as Records, Value};
use winrm_proto::exchange::{PoolEvent, PoolOutput, PoolRequest, Route};
use winrm_proto::psrp::client::Event as Message;
use winrm_proto::psrp::{
    Availability, Channel, Command, Input, PipelineState, PowerShell, Priority, RunspacePoolState, client,
    server,
};
use winrm_proto::winrs::{
    Call, CommandId, CommandResponse, ConnectResponse, CreateShell, CreateShellResponse, DeleteResponse,
    DisconnectResponse, Receive, ReceiveResponse, ReconnectResponse, SendResponse, ShellId, ShellReference,
    SignalCode, SignalResponse, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::{
    Header, Incoming, MessageId, Preamble, ResourceUri, Response, SessionId, write_response,
};
use winrm_proto::xml::Limits;

use super::{POOL, Pool};

/// Client and host, and every request so far.
pub(super) struct Test {
    pub(super) pool: Pool,
    pub(super) host: Host,
    pub(super) now: Instant,
    /// What each request was, and where it went.
    pub(super) requests: Vec<(Route, String)>,
    /// Requests that hang on the host.
    pub(super) hanging: HashMap<Route, (PoolRequest, Header, Receive)>,
}

pub(super) struct Host {
    pub(super) psrp: server::RunspacePool,
    pub(super) next: u128,
}

pub(super) fn ids() -> Box<dyn FnMut() -> Uuid> {
    let mut next = 0_u128;
    Box::new(move || {
        next += 1;
        Uuid::from_u128(next << 64)
    })
}

pub(super) fn preamble() -> Preamble {
    Preamble::new("https://host:5986/wsman".to_owned(), SessionId::from_uuid(Uuid::from_u128(7)))
}

pub(super) fn shell() -> ShellReference {
    ShellReference { resource_uri: ResourceUri::POWERSHELL, shell_id: ShellId::from_uuid(POOL) }
}

impl Test {
    pub(super) fn new() -> Self {
        let settings = client::Settings { max_runspaces: 4, ..client::Settings::default() };
        let template = CreateShell { name: Some("test".to_owned()), ..CreateShell::default() };
        let pool = Pool::open(
            preamble(),
            Limits::default(),
            ids(),
            ResourceUri::POWERSHELL,
            template,
            POOL,
            settings,
        );
        let psrp = server::RunspacePool::new(server::Settings::default());
        Self {
            pool: pool.unwrap(),
            host: Host { psrp, next: 1 << 32 },
            now: Instant::now(),
            requests: Vec::new(),
            hanging: HashMap::new(),
        }
    }

    pub(super) fn opened() -> Self {
        let mut test = Self::new();
        let events = test.run();
        assert!(
            events.iter().any(|event| matches!(event, PoolEvent::Message(Message::Pool { .. }))),
            "{events:?}"
        );
        assert_eq!(test.pool.psrp().state(), RunspacePoolState::Opened);
        test.requests.clear();
        test
    }

    pub(super) fn start(&mut self, pipeline: Uuid, input: Input) {
        let shell =
            PowerShell { input, ..PowerShell::new(vec![Command::new("Get-Item").parameter("Path", "x")]) };
        self.pool.start(pipeline, shell).unwrap();
    }

    /// Drives both halves until neither has anything to do, and returns what happened.
    pub(super) fn run(&mut self) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        loop {
            match self.pool.poll(self.now) {
                PoolOutput::Event(event) => events.push(event),
                PoolOutput::Send(request) => self.serve(request),
                PoolOutput::WaitUntil(time) => self.now = time,
                PoolOutput::Pending | PoolOutput::Done if self.release_hanging() => {}
                PoolOutput::Pending | PoolOutput::Done => return events,
            }
        }
    }

    /// What the conversation asks for next.
    pub(super) fn expect_send(&mut self) -> PoolRequest {
        match self.pool.poll(self.now) {
            PoolOutput::Send(request) => request,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn expect_event(&mut self) -> PoolEvent {
        match self.pool.poll(self.now) {
            PoolOutput::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn serve(&mut self, request: PoolRequest) {
        let (header, call) = read(&request.envelope);
        let kind = match &call {
            Call::Signal(signal) => format!("Signal {}", signal.code.uri().rsplit('/').next().unwrap()),
            call => format!("{call:?}").split(['(', ' ', '{']).next().unwrap().to_owned(),
        };
        self.requests.push((request.route, kind));
        match call {
            Call::Receive(receive) => {
                let hung = self.hanging.insert(request.route, (request, header, receive));
                assert!(hung.is_none(), "two Receives on one connection");
            }
            call => {
                let answer = self.host.answer(&header, call);
                self.pool.reply(self.now, request.id, &answer);
            }
        }
    }

    /// Answers Receives for which there is something.
    pub(super) fn release_hanging(&mut self) -> bool {
        let mut released = false;
        let routes: Vec<Route> = self.hanging.keys().copied().collect();
        for route in routes {
            let (_, header, receive) = &self.hanging[&route];
            if let Some(answer) = self.host.output(header, receive) {
                let (request, ..) = self.hanging.remove(&route).unwrap();
                self.pool.reply(self.now, request.id, &answer);
                released = true;
            }
        }
        released
    }

    pub(super) fn finish(&mut self, pipeline: Uuid) {
        self.host.psrp.set_pipeline_state(pipeline, PipelineState::Completed, None).unwrap();
    }

    pub(super) fn kinds(&self) -> Vec<&str> {
        self.requests.iter().map(|(_, kind)| kind.as_str()).collect()
    }
}

pub(super) fn read(envelope: &[u8]) -> (Header, Call) {
    Call::read(Incoming::open(envelope, &Limits::default()).unwrap()).unwrap()
}

impl Host {
    pub(super) fn respond<R: Response>(&mut self, header: &Header, response: &R) -> Bytes {
        self.next += 1;
        write_response(header, MessageId::from_uuid(Uuid::from_u128(self.next)), response).unwrap()
    }

    pub(super) fn answer(&mut self, header: &Header, call: Call) -> Bytes {
        match call {
            Call::Create(create) => {
                assert_eq!(
                    (create.name.as_deref(), create.protocol_version.as_deref()),
                    (Some("test"), Some("2.3"))
                );
                self.take(None, &create.creation_xml.unwrap());
                self.respond(header, &CreateShellResponse { shell: shell(), description: None })
            }
            Call::Connect(connect) => match connect.command_id {
                None => {
                    self.take(None, &connect.connect_xml.unwrap());
                    let pool = Channel { pipeline: None, priority: Priority::Default };
                    let xml = self.psrp.next_payload_of(pool, 100_000).unwrap().bytes;
                    let response =
                        ConnectResponse { connect_response_xml: Some(xml), ..ConnectResponse::default() };
                    self.respond(header, &response)
                }
                Some(_) => self.respond(header, &ConnectResponse::default()),
            },
            Call::Command(command) => {
                let fragment = command.fragment().unwrap();
                let command_id = command.command_id.unwrap();
                self.take(command_id.to_uuid(), &fragment);
                self.respond(header, &CommandResponse { command_id })
            }
            Call::Send(send) => {
                for stream in send.streams {
                    let pipeline = stream.command_id.as_ref().and_then(CommandId::to_uuid);
                    self.take(pipeline, &stream.data);
                }
                self.respond(header, &SendResponse)
            }
            Call::Signal(signal) => {
                let pipeline = signal.command_id.unwrap().to_uuid().unwrap();
                if signal.code == SignalCode::PowerShellCtrlC {
                    self.psrp.set_pipeline_state(pipeline, PipelineState::Stopped, None).unwrap();
                }
                self.respond(header, &SignalResponse)
            }
            Call::Disconnect(_) => {
                self.psrp.disconnected().unwrap();
                self.respond(header, &DisconnectResponse)
            }
            Call::Reconnect(_) => {
                self.psrp.reconnected().unwrap();
                self.respond(header, &ReconnectResponse)
            }
            Call::Delete(_) => self.respond(header, &DeleteResponse),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn take(&mut self, pipeline: Option<Uuid>, bytes: &[u8]) {
        self.psrp.receive(Channel { pipeline, priority: Priority::Default }, bytes).unwrap();
        while let Some(event) = self.psrp.next_event().unwrap() {
            if let server::Event::AvailableRunspaces { call } = event {
                self.psrp.answer(call, Availability::Count(4)).unwrap();
            }
        }
    }

    pub(super) fn output(&mut self, header: &Header, receive: &Receive) -> Option<Bytes> {
        let pipeline = receive.command_id.as_ref().and_then(CommandId::to_uuid);
        let channel = Channel { pipeline, priority: Priority::Default };
        let payload = self.psrp.next_payload_of(channel, 400)?;
        let stream = Stream {
            name: StreamName::Stdout,
            command_id: receive.command_id.clone(),
            data: payload.bytes,
            end: StreamEnd::Open,
        };
        Some(self.respond(header, &ReceiveResponse { streams: vec![stream], state: None }))
    }
}

pub(super) fn message(event: &PoolEvent) -> &Message {
    match event {
        PoolEvent::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

pub(super) fn output(pipeline: Uuid, value: impl Into<Value>) -> PoolEvent {
    PoolEvent::Message(Message::Record { pipeline, stream: Records::Output, value: value.into() })
}

pub(super) fn ended(pipeline: Uuid, state: PipelineState) -> PoolEvent {
    PoolEvent::Message(Message::Pipeline { pipeline, state, error: None })
}
