//! Our whole conversation in the place of the recorded client's: each request gets the recorded answer that is next for its
//! action and command, however many requests the other needed.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::exchange::{PoolEvent, PoolOutput, PoolRequest, RunspacePool};
use winrm_proto::psrp::{Body, ClientKey, InitRunspacePool, Message, RunspacePoolState, client};
use winrm_proto::winrs::{
    Call, CommandId, CreateShell, DeleteResponse, SendResponse, SignalCode, SignalResponse,
};
use winrm_proto::wsman::{
    Header, Incoming, MessageId, Preamble, ResourceUri, Response, SessionId, write_response,
};
use winrm_proto::xml::Limits;

use super::Messages;
use super::client::RecordedKey;
use super::wsman::{Found, envelopes};

type Pool = RunspacePool<Box<dyn FnMut() -> Uuid>>;

/// What was recorded of one shell.
#[derive(Default)]
struct Recording {
    /// What the client wanted, in its order.
    intents: VecDeque<Message>,
    resource_uri: String,
    /// The answers to each kind of request, by action and command.
    answers: HashMap<(String, Option<String>), VecDeque<String>>,
    /// How many messages the server sent in answers to Receive.
    messages: usize,
}

pub(super) fn replay_all(folder: &Path) {
    let (mut count, mut messages) = (0, 0);
    for path in crate::measured::files(folder, "yml") {
        let name = super::name(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("windows/shell/ConnectResponse") {
            // Two clients take turns, and the answers to each are told apart by nothing but time.
            eprintln!("{name}: only its messages replay");
            continue;
        }
        for (at, recording) in read(&text).into_iter().enumerate() {
            messages += Replay::new(format!("{name}#{at}"), recording).run();
            count += 1;
        }
    }
    eprintln!("{}: {count} conversations with {messages} messages", folder.display());
    assert!(count > 0);
}

fn read(text: &str) -> Vec<Recording> {
    let mut shells: Vec<(String, Recording, Messages, Messages)> = Vec::new();
    let mut asked: Option<(String, Found)> = None;
    let mut names = HashMap::new();
    for envelope in envelopes(text) {
        let found = Found::read(&envelope);
        let is_answer = found.action.ends_with("Response") || found.action == "fault";
        if !is_answer {
            if let Some(shell) = found.shell.clone().filter(|_| found.powershell == Some(true)) {
                asked = Some((shell, found));
            }
            continue;
        }
        let Some((shell, request)) = asked.take() else { continue };
        if !shells.iter().any(|(known, ..)| *known == shell) {
            shells.push((shell.clone(), Recording::default(), Messages::default(), Messages::default()));
        }
        let (_, recording, client, server) = shells.iter_mut().find(|(known, ..)| *known == shell).unwrap();
        recording.resource_uri.clone_from(&request.resource_uri);
        let key = (request.action.clone(), request.command.clone());
        for (_, packet) in request.packets(&mut names) {
            if let super::Packet::Data { channel, bytes } = packet {
                recording.intents.extend(client.push(channel, &bytes));
            }
        }
        recording.answers.entry(key.clone()).or_default().push_back(envelope);
        for (_, packet) in found.packets(&mut names) {
            if let (super::Packet::Data { channel, bytes }, "Receive") = (packet, key.0.as_str()) {
                recording.messages += server.push(channel, &bytes).len();
            }
        }
    }
    shells
        .into_iter()
        .map(|(_, recording, ..)| recording)
        .filter(|recording| recording.messages > 0)
        .collect()
}

struct Replay {
    name: String,
    recording: Recording,
    pool: Pool,
    messages: usize,
    next: u128,
}

impl Replay {
    fn new(name: String, mut recording: Recording) -> Self {
        let first = recording.intents.pop_front().unwrap();
        let Body::InitRunspacePool(init) = recording.intents.pop_front().unwrap().body else {
            panic!("{name}")
        };
        let resource_uri = ResourceUri::parse(&recording.resource_uri).unwrap();
        let preamble =
            Preamble::new("https://host/wsman".to_owned(), SessionId::from_uuid(Uuid::from_u128(7)));
        let mut next = 0_u128;
        let ids: Box<dyn FnMut() -> Uuid> = Box::new(move || {
            next += 1;
            Uuid::from_u128(next << 64)
        });
        let limits = Limits { size: 64 << 20, ..Limits::default() };
        let (template, id, settings) = (CreateShell::default(), first.runspace_pool, settings(&init));
        let pool = Pool::open(preamble, limits, ids, resource_uri, template, id, settings).unwrap();
        Self { name, recording, pool, messages: 0, next: 0 }
    }

    fn run(mut self) -> usize {
        let now = Instant::now();
        loop {
            match self.pool.poll(now) {
                PoolOutput::Event(PoolEvent::Message(_)) => self.messages += 1,
                PoolOutput::Event(PoolEvent::Broken(error)) => panic!("{}: {error}", self.name),
                PoolOutput::Event(_) => {}
                PoolOutput::Send(request) => self.answer(now, &request),
                PoolOutput::WaitUntil(_) => panic!("{}: nobody is busy", self.name),
                PoolOutput::Pending | PoolOutput::Done => {
                    if !self.go_on() {
                        break;
                    }
                }
            }
        }
        assert_eq!(self.messages, self.recording.messages, "{}", self.name);
        self.messages
    }

    /// Has our client want what the recorded one wanted next; `false` when that is all.
    fn go_on(&mut self) -> bool {
        if self.pool.psrp().state() != RunspacePoolState::Opened {
            return false;
        }
        let Some(intent) = self.recording.intents.pop_front() else { return false };
        self.want(intent);
        // The recorded client gave the input before it asked for output.
        let is_input =
            |intent: &&mut Message| matches!(intent.body, Body::PipelineInput(_) | Body::EndOfPipelineInput);
        while self.recording.intents.front_mut().filter(is_input).is_some() {
            let input = self.recording.intents.pop_front().unwrap();
            self.want(input);
        }
        true
    }

    fn want(&mut self, intent: Message) {
        let pool = &mut self.pool;
        let id = intent.pipeline.unwrap_or_default();
        match intent.body {
            Body::CreatePipeline(shell) => pool.start(id, *shell).unwrap(),
            Body::GetCommandMetadata(request) => pool.command_metadata(id, request).unwrap(),
            Body::PipelineInput(value) => pool.input(id, value).unwrap(),
            Body::EndOfPipelineInput => pool.end_input(id).unwrap(),
            Body::PublicKey(public) => {
                let key: Box<dyn ClientKey> = Box::new(RecordedKey(public.0));
                pool.exchange_key(key).unwrap();
            }
            Body::SetMinRunspaces(set) => drop(pool.set_min_runspaces(set.count).unwrap()),
            Body::SetMaxRunspaces(set) => drop(pool.set_max_runspaces(set.count).unwrap()),
            Body::GetAvailableRunspaces(_) => drop(pool.available_runspaces().unwrap()),
            Body::ResetRunspaceState(_) => drop(pool.reset_state().unwrap()),
            // Our client answers its host calls by itself.
            Body::PipelineHostResponse(_) | Body::RunspacePoolHostResponse(_) => {}
            other => panic!("{}: {other:?}", self.name),
        }
    }

    fn answer(&mut self, now: Instant, request: &PoolRequest) {
        let incoming = Incoming::open(&request.envelope, &Limits::default()).unwrap();
        let (header, call) = Call::read(incoming).unwrap();
        let answer = match call {
            Call::Send(_) => Some(self.respond(&header, &SendResponse)),
            Call::Signal(signal) => {
                assert_eq!(signal.code, SignalCode::Terminate, "{}", self.name);
                Some(self.respond(&header, &SignalResponse))
            }
            Call::Delete(_) => Some(self.respond(&header, &DeleteResponse)),
            Call::Create(_) => self.recorded(&header, "Create", None),
            Call::Command(command) => {
                let id = command.command_id.unwrap();
                let named = [id.as_str().to_uppercase(), swapped(&id)];
                named.into_iter().find_map(|name| self.recorded(&header, "Command", Some(name)))
            }
            // The answer to the Command has told the recorded name.
            Call::Receive(receive) => {
                let named = receive.command_id.map(|command| command.as_str().to_uppercase());
                self.recorded(&header, "Receive", named)
            }
            other => panic!("{}: {other:?}", self.name),
        };
        if let Some(answer) = answer {
            self.pool.reply(now, request.id, &answer);
        }
    }

    fn respond<R: Response>(&mut self, header: &Header, response: &R) -> Bytes {
        self.next += 1;
        write_response(header, MessageId::from_uuid(Uuid::from_u128(self.next)), response).unwrap()
    }

    /// The next recorded answer to such a request, as if it were to ours; none where the recorded client asked no more.
    fn recorded(&mut self, header: &Header, action: &str, command: Option<String>) -> Option<Bytes> {
        let answers = self.recording.answers.get_mut(&(action.to_owned(), command))?;
        let answer = answers.pop_front()?;
        let (before, rest) = answer.split_once("RelatesTo>").unwrap();
        let (_, after) = rest.split_once("</").unwrap();
        let id = header.message_id.as_ref().unwrap();
        Some(format!("{before}RelatesTo>{id}</{after}").into())
    }
}

/// The name that older versions of pypsrp give a pipeline in requests: the bytes of the GUID in another order.
fn swapped(command: &CommandId) -> String {
    let id = Uuid::from_bytes_le(command.to_uuid().unwrap().into_bytes());
    id.hyphenated().to_string().to_uppercase()
}

fn settings(init: &InitRunspacePool) -> client::Settings {
    let entries = init.application_arguments.own_object().and_then(|object| object.entries());
    let arguments = entries.unwrap_or_default().iter();
    client::Settings {
        min_runspaces: init.min_runspaces,
        max_runspaces: init.max_runspaces,
        host: init.host.clone(),
        application_arguments: arguments
            .map(|(name, value)| (name.as_string().unwrap().clone(), value.clone()))
            .collect(),
        ..client::Settings::default()
    }
}
