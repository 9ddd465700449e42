//! A runspace pool on a peer's connection: proto's client half, one request at a time.

use bytes::Bytes;
use uuid::Uuid;
use winrm_host::Host;
use winrm_proto::clixml::{Stream, Value};
use winrm_proto::psrp::client::{Event, RunspacePool, Settings};
use winrm_proto::psrp::{
    Carrier, Channel, Command, HostInfo, Payload, PipelineState, PoolLimits, PowerShell, Priority,
    RunspacePoolState,
};
use winrm_proto::winrs::{
    Command as StartCommand, CommandId, Connect, CreateShell, Receive, Send, ShellId, ShellReference, Signal,
    SignalCode, Stream as Piece, StreamEnd, StreamName, StreamSet,
};
use winrm_proto::wsman::{Fault, ResourceUri};

use crate::peer::Peer;

/// An open pool.
pub(crate) struct Pool {
    pub(crate) peer: Peer,
    pub(crate) shell: ShellReference,
    pub(crate) protocol: RunspacePool,
    pub(crate) events: Vec<Event>,
    /// Bytes of messages that came.
    pub(crate) received: usize,
}

/// What a pipeline did.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) output: Vec<Value>,
    /// Stream and text of everything else.
    pub(crate) records: Vec<(Stream, String)>,
    pub(crate) host_lines: Vec<String>,
    pub(crate) state: Option<PipelineState>,
    /// The error that ended it.
    pub(crate) error: Option<String>,
}

impl Pool {
    pub(crate) async fn of(host: &Host) -> Self {
        Self::open(host, ResourceUri::POWERSHELL, 1).await.unwrap()
    }

    pub(crate) async fn open(host: &Host, resource: ResourceUri, runspaces: i32) -> Result<Self, Box<Fault>> {
        let settings = Settings { max_runspaces: runspaces, host: HostInfo::writes(), ..Settings::default() };
        Self::with(host, resource, settings).await
    }

    async fn with(host: &Host, resource: ResourceUri, settings: Settings) -> Result<Self, Box<Fault>> {
        Self::forged(host, resource, settings, |first| first).await
    }

    /// Opens a pool with first messages that proto's client half would not write.
    pub(crate) async fn forged(
        host: &Host,
        resource: ResourceUri,
        settings: Settings,
        forge: impl FnOnce(Bytes) -> Bytes,
    ) -> Result<Self, Box<Fault>> {
        let mut peer = Peer::of(host).await;
        let id = Uuid::new_v4();
        let mut protocol = RunspacePool::open(id, settings).unwrap();
        let first = protocol.next_payload(100_000).unwrap();
        assert_eq!(first.carrier, Carrier::Create);
        let create = CreateShell::powershell(ShellId::from_uuid(id), "2.3", forge(first.bytes));
        let shell = peer.call(&resource.into(), &create).await?.shell;
        let mut pool = Self { peer, shell, protocol, events: Vec::new(), received: 0 };
        while pool.protocol.state() != RunspacePoolState::Opened {
            pool.receive(None).await?;
        }
        Ok(pool)
    }

    /// Takes over a pool that another client left.
    pub(crate) async fn connect(host: &Host, shell: ShellReference, id: Uuid) -> Result<Self, Box<Fault>> {
        let mut peer = Peer::of(host).await;
        let mut protocol = RunspacePool::connect(id, "test".into(), PoolLimits::default()).unwrap();
        let first = protocol.next_payload(100_000).unwrap();
        assert_eq!(first.carrier, Carrier::Connect);
        let connect = Connect {
            protocol_version: Some("2.3".to_owned()),
            connect_xml: Some(first.bytes),
            ..Connect::default()
        };
        let answer = peer.call(&shell.target(), &connect).await?.connect_response_xml.unwrap();
        protocol.receive(Channel { pipeline: None, priority: Priority::Default }, &answer).unwrap();
        let mut pool = Self { peer, shell, protocol, events: Vec::new(), received: 0 };
        while pool.protocol.next_event().unwrap().is_some() {}
        while pool.protocol.state() != RunspacePoolState::Opened {
            pool.receive(None).await?;
        }
        Ok(pool)
    }

    /// One Receive; whether the pipeline is done.
    pub(crate) async fn receive(&mut self, pipeline: Option<Uuid>) -> Result<bool, Box<Fault>> {
        let command_id = pipeline.map(CommandId::from_uuid);
        let receive = Receive { command_id, desired: StreamSet::parse("stdout") };
        let response = self.peer.call(&self.shell.target(), &receive).await?;
        let channel = Channel { pipeline, priority: Priority::Default };
        for stream in &response.streams {
            self.received += stream.data.len();
            self.protocol.receive(channel, &stream.data).unwrap();
            while let Some(event) = self.protocol.next_event().unwrap() {
                self.events.push(event);
            }
        }
        Ok(response.done().is_some())
    }

    /// Sends what the protocol has to send.
    pub(crate) async fn flush(&mut self) -> Result<(), Box<Fault>> {
        while let Some(payload) = self.protocol.next_payload(100_000) {
            self.carry(payload).await?;
        }
        Ok(())
    }

    async fn carry(&mut self, payload: Payload) -> Result<(), Box<Fault>> {
        let command_id = payload.channel.pipeline.map(CommandId::from_uuid);
        match payload.carrier {
            Carrier::Command => {
                let command = StartCommand::pipeline(command_id.unwrap(), &payload.bytes);
                self.peer.call(&self.shell.target(), &command).await.map(drop)
            }
            Carrier::Data => {
                let name = match payload.channel.priority {
                    Priority::Default => StreamName::Stdin,
                    Priority::PromptResponse => StreamName::PromptResponse,
                };
                self.send(name, command_id, payload.bytes).await
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn send(
        &mut self,
        name: StreamName,
        command_id: Option<CommandId>,
        data: Bytes,
    ) -> Result<(), Box<Fault>> {
        let stream = Piece { name, command_id, data, end: StreamEnd::Open };
        self.peer.call(&self.shell.target(), &Send { streams: vec![stream] }).await.map(drop)
    }

    pub(crate) async fn start(&mut self, shell: PowerShell) -> Uuid {
        let pipeline = Uuid::new_v4();
        self.protocol.start(pipeline, shell).unwrap();
        self.flush().await.unwrap();
        pipeline
    }

    pub(crate) async fn signal(&mut self, pipeline: Uuid, code: SignalCode) -> Result<(), Box<Fault>> {
        let signal = Signal { command_id: Some(CommandId::from_uuid(pipeline)), code };
        self.peer.call(&self.shell.target(), &signal).await.map(drop)
    }

    /// Receives up to the end.
    pub(crate) async fn collect(&mut self, pipeline: Uuid) -> Outcome {
        while !self.receive(Some(pipeline)).await.unwrap() {
            // Refusals of questions, which proto's client half makes by itself.
            self.flush().await.unwrap();
        }
        let mut outcome = Outcome::default();
        for event in self.events.drain(..) {
            match event {
                Event::Record { stream: Stream::Output, value, .. } => outcome.output.push(value),
                Event::Record { stream, value, .. } => outcome.records.push((stream, value.to_string())),
                Event::HostCall { call, .. } => {
                    outcome.host_lines.extend(call.parameters.iter().map(ToString::to_string));
                }
                Event::Pipeline { state, error, .. } => {
                    outcome.state = Some(state);
                    outcome.error = error.map(|error| error.to_string());
                }
                _ => {}
            }
        }
        outcome
    }

    pub(crate) async fn run(&mut self, commands: Vec<Command>) -> Outcome {
        let pipeline = self.start(PowerShell::new(commands)).await;
        let outcome = self.collect(pipeline).await;
        self.signal(pipeline, SignalCode::Terminate).await.unwrap();
        outcome
    }
}
