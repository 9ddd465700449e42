//! Our server in the place of the recorded one.

use std::collections::VecDeque;

use winrm_proto::clixml::{PsString, Stream, Value};
use winrm_proto::psrp::aws_lc::SessionKey;
use winrm_proto::psrp::server::{Event, RunspacePool, Settings};
use winrm_proto::psrp::{Body, Channel, Message, MessageType, SessionCapability};

use super::{Half, Messages, Packet, Session, compare};

/// Replays a session and returns how many messages the client sent in it.
pub(super) fn replay(name: &str, session: &Session) -> usize {
    let key = SessionKey::generate().unwrap();
    let (capability, private_data) = told(session);
    let settings = Settings { capability, private_data, key: Some(Box::new(key)), ..Settings::default() };
    let mut replay = Replay {
        name,
        pool: RunspacePool::new(settings),
        theirs: Messages::default(),
        ours: Messages::default(),
        waiting: VecDeque::new(),
        events: 0,
    };
    for (half, packet) in &session.packets {
        match (half, packet) {
            (Half::Client, Packet::Data { channel, bytes }) => replay.client(*channel, bytes),
            (Half::Client, Packet::Disconnect) => replay.pool.disconnected().unwrap(),
            (Half::Client, Packet::Reconnect) => drop(replay.pool.reconnected()),
            (Half::Server, Packet::Data { channel, bytes }) => {
                for message in replay.theirs.push(*channel, bytes) {
                    replay.server(&message);
                }
            }
            _ => {}
        }
    }
    assert!(replay.waiting.is_empty(), "{name}: {:?}", replay.waiting);
    replay.events
}

struct Replay<'s> {
    name: &'s str,
    pool: RunspacePool,
    theirs: Messages,
    ours: Messages,
    /// What ours wrote and the recorded server has not written yet.
    waiting: VecDeque<Message>,
    events: usize,
}

impl Replay<'_> {
    fn client(&mut self, channel: Channel, bytes: &[u8]) {
        let name = self.name;
        self.pool.receive(channel, bytes).unwrap();
        while let Some(event) = self.pool.next_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
            assert!(self.pool.id() != uuid::Uuid::nil() || !matches!(event, Event::Opened(_)));
            self.events += 1;
        }
    }

    /// Has our server do what the recorded one did, and compares what it writes.
    fn server(&mut self, message: &Message) {
        if !self.automatic(message.body.message_type()) {
            self.perform(message);
        }
        while let Some(payload) = self.pool.next_payload(30_000) {
            self.waiting.extend(self.ours.push(payload.channel, &payload.bytes));
        }
        // A server is free to answer one channel before another.
        let kind = message.body.message_type();
        let due = |ours: &Message| ours.pipeline == message.pipeline && ours.body.message_type() == kind;
        let at = self.waiting.iter().position(due).unwrap_or_else(|| panic!("{}: {kind:?}", self.name));
        compare(self.name, &[self.waiting.remove(at).unwrap()], std::slice::from_ref(message));
    }

    /// Whether our server writes such a message by itself.
    fn automatic(&self, kind: MessageType) -> bool {
        let opening = matches!(
            kind,
            MessageType::SessionCapability
                | MessageType::ApplicationPrivateData
                | MessageType::RunspacePoolInitData
                | MessageType::EncryptedSessionKey
        );
        opening || (kind == MessageType::RunspacePoolState && self.waiting_state())
    }

    fn waiting_state(&self) -> bool {
        self.waiting.iter().any(|message| message.body.message_type() == MessageType::RunspacePoolState)
    }

    fn perform(&mut self, message: &Message) {
        let pool = &mut self.pool;
        let id = message.pipeline.unwrap_or_default();
        match message.body.clone() {
            Body::PipelineOutput(value) => pool.write(id, Stream::Output, value).unwrap(),
            Body::ErrorRecord(value) => pool.write(id, Stream::Error, value).unwrap(),
            Body::DebugRecord(value) => pool.write(id, Stream::Debug, value).unwrap(),
            Body::VerboseRecord(value) => pool.write(id, Stream::Verbose, value).unwrap(),
            Body::WarningRecord(value) => pool.write(id, Stream::Warning, value).unwrap(),
            Body::ProgressRecord(value) => pool.write(id, Stream::Progress, value).unwrap(),
            Body::InformationRecord(value) => pool.write(id, Stream::Information, value).unwrap(),
            Body::PipelineState(body) => pool.set_pipeline_state(id, body.state, body.error).unwrap(),
            Body::RunspacePoolState(body) => pool.set_state(body.state, body.error).unwrap(),
            Body::RunspaceAvailability(body) => pool.answer(body.call, body.answer).unwrap(),
            Body::UserEvent(value) => pool.send_user_event(value).unwrap(),
            Body::PublicKeyRequest => pool.request_key().unwrap(),
            Body::PipelineHostCall(call) | Body::RunspacePoolHostCall(call) => {
                let number = pool.call_host(message.pipeline, call.method, call.parameters).unwrap();
                assert_eq!(number, call.call, "{}", self.name);
            }
            other => panic!("{}: a server does not send {other:?}", self.name),
        }
    }
}

/// What the recorded server told about itself.
fn told(session: &Session) -> (SessionCapability, Vec<(PsString, Value)>) {
    let (mut messages, mut capability) = (Messages::default(), SessionCapability::ours());
    for (half, packet) in &session.packets {
        let (Half::Server, Packet::Data { channel, bytes }) = (half, packet) else { continue };
        for message in messages.push(*channel, bytes) {
            match message.body {
                Body::SessionCapability(told) => capability = told,
                Body::ApplicationPrivateData(data) => {
                    let object = data.as_object().unwrap();
                    let entries = object.entries().unwrap().iter();
                    let named =
                        entries.map(|(name, value)| (name.as_string().unwrap().clone(), value.clone()));
                    return (capability, named.collect());
                }
                _ => {}
            }
        }
    }
    (capability, Vec::new())
}
