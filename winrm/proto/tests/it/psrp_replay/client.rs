//! Our client in the place of the recorded one.

use std::collections::VecDeque;

use uuid::Uuid;
use winrm_proto::clixml::PsString;
use winrm_proto::psrp::aws_lc::ClientKeyPair;
use winrm_proto::psrp::client::{Event, HostAnswer, RunspacePool, Settings};
use winrm_proto::psrp::{
    Body, CallId, Channel, ClientKey, Message, PoolLimits, PublicKey, SetRunspaces, SharedCipher,
};

use super::{Half, Messages, Packet, Session, compare};

/// Replays a session and returns how many messages the server sent in it.
pub(super) fn replay(name: &str, session: &Session) -> usize {
    let mut replay = Replay {
        name,
        session,
        pool: None,
        theirs: Messages::default(),
        ours: Messages::default(),
        events: 0,
        counted: false,
    };
    for (half, packet) in &session.packets {
        match (half, packet) {
            (Half::Client, packet) => replay.client(packet),
            (Half::Server, Packet::Data { channel, bytes }) => replay.server(*channel, bytes),
            (Half::Server, _) => {}
        }
    }
    replay.events
}

struct Replay<'s> {
    name: &'s str,
    session: &'s Session,
    pool: Option<RunspacePool>,
    theirs: Messages,
    ours: Messages,
    events: usize,
    counted: bool,
}

impl Replay<'_> {
    fn client(&mut self, packet: &Packet) {
        match packet {
            Packet::Data { channel, bytes } => {
                let messages = self.theirs.push(*channel, bytes);
                self.act(messages.into());
            }
            Packet::Stop(pipeline) => {
                // Clients also signal when a pipeline is over, to say that they have seen it.
                drop(self.pool().stopping(*pipeline));
            }
            Packet::Attach(pipeline) => self.pool().attach(*pipeline).unwrap(),
            Packet::Disconnect => self.pool().disconnected().unwrap(),
            Packet::Reconnect if self.pool().state() == winrm_proto::psrp::RunspacePoolState::Opened => {}
            Packet::Reconnect => self.pool().reconnected().unwrap(),
            Packet::Close => {}
        }
    }

    /// Has our client do what the recorded one did, and compares what it writes.
    fn act(&mut self, mut theirs: VecDeque<Message>) {
        while let Some(message) = theirs.pop_front() {
            let mut expected = vec![message.clone()];
            self.count_up_to(&message.body);
            match message.body.clone() {
                Body::SessionCapability(_) => {
                    let second = theirs.pop_front().unwrap();
                    self.open(message.runspace_pool, &second.body);
                    expected.push(second);
                }
                body => self.perform(message.pipeline, body),
            }
            let ours = self.written();
            compare(self.name, &ours, &expected);
        }
    }

    /// Clients number their calls from zero or from one: ours wastes a number where the recorded one left it out.
    fn count_up_to(&mut self, body: &Body) {
        let (Body::SetMinRunspaces(SetRunspaces { call, .. })
        | Body::SetMaxRunspaces(SetRunspaces { call, .. })
        | Body::GetAvailableRunspaces(call)
        | Body::ResetRunspaceState(call)) = body
        else {
            return;
        };
        if !std::mem::replace(&mut self.counted, true) && *call == CallId(1) {
            self.pool().available_runspaces().unwrap();
            assert_eq!(self.written().len(), 1);
        }
    }

    fn open(&mut self, id: Uuid, second: &Body) {
        self.ours = Messages::default();
        self.pool = Some(match second {
            Body::InitRunspacePool(init) => {
                let entries = init.application_arguments.own_object().and_then(|object| object.entries());
                let arguments = entries.unwrap_or_default().iter();
                let settings = Settings {
                    min_runspaces: init.min_runspaces,
                    max_runspaces: init.max_runspaces,
                    host: init.host.clone(),
                    application_arguments: arguments
                        .map(|(name, value)| (name.as_string().unwrap().clone(), value.clone()))
                        .collect(),
                    ..Settings::default()
                };
                RunspacePool::open(id, settings).unwrap()
            }
            Body::ConnectRunspacePool(_) => {
                RunspacePool::connect(id, PsString::from("test"), PoolLimits::default()).unwrap()
            }
            other => panic!("{}: {other:?}", self.name),
        });
    }

    fn perform(&mut self, pipeline: Option<Uuid>, body: Body) {
        let key = self.session.key.clone();
        let pool = self.pool();
        match body {
            Body::CreatePipeline(shell) => pool.start(pipeline.unwrap(), *shell).unwrap(),
            Body::GetCommandMetadata(request) => pool.command_metadata(pipeline.unwrap(), request).unwrap(),
            Body::PipelineInput(value) => pool.input(pipeline.unwrap(), value).unwrap(),
            Body::EndOfPipelineInput => pool.end_input(pipeline.unwrap()).unwrap(),
            Body::PublicKey(public) => {
                let key: Box<dyn ClientKey> = match key {
                    Some(key) => Box::new(ClientKeyPair::from_pkcs8(&key).unwrap()),
                    None => Box::new(RecordedKey(public.0)),
                };
                pool.exchange_key(key).unwrap();
            }
            Body::SetMinRunspaces(set) => drop(pool.set_min_runspaces(set.count).unwrap()),
            Body::SetMaxRunspaces(set) => drop(pool.set_max_runspaces(set.count).unwrap()),
            Body::GetAvailableRunspaces(_) => drop(pool.available_runspaces().unwrap()),
            Body::ResetRunspaceState(_) => drop(pool.reset_state().unwrap()),
            Body::PipelineHostResponse(response) | Body::RunspacePoolHostResponse(response) => {
                pool.respond(pipeline, response).unwrap();
            }
            other => panic!("{}: a client does not send {other:?}", self.name),
        }
    }

    fn written(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(payload) = self.pool.as_mut().unwrap().next_payload(30_000) {
            assert!(payload.bytes.len() <= 30_000);
            messages.extend(self.ours.push(payload.channel, &payload.bytes));
        }
        messages
    }

    fn server(&mut self, channel: Channel, bytes: &[u8]) {
        let name = self.name;
        self.pool().receive(channel, bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        while let Some(event) = self.pool().next_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
            self.events += 1;
            // The recorded client asked somebody; ours answers for itself, which is left out of the comparison.
            if matches!(event, Event::HostCall { answer: HostAnswer::Given | HostAnswer::Refused, .. }) {
                assert_eq!(self.written().len(), 1);
            }
        }
    }

    fn pool(&mut self) -> &mut RunspacePool {
        self.pool.as_mut().unwrap()
    }
}

/// A key pair of which the recording has the public half only: what was encrypted for it stays unreadable.
pub(super) struct RecordedKey(pub(super) PublicKey);

impl ClientKey for RecordedKey {
    fn public_key(&self) -> PublicKey {
        self.0.clone()
    }

    fn accept(&self, _encrypted: &[u8]) -> Option<SharedCipher> {
        Some(std::sync::Arc::new(winrm_proto::clixml::NoCipher))
    }
}
