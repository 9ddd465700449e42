//! Whole sessions of real PowerShell, and of other clients with real hosts: once with our client in the client's place and
//! once with our server in the server's. What ours writes must be what the other wrote, message for message.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

mod client;
mod conversation;
mod out_of_process;
mod server;
mod wsman;

use std::collections::HashMap;
use std::path::Path;

use uuid::Uuid;
use winrm_proto::clixml::Decoder;
use winrm_proto::psrp::{Body, Channel, Defragmenter, InitRunspacePool, Message};

use crate::measured;

/// A session: what each half sent, in its order.
struct Session {
    packets: Vec<(Half, Packet)>,
    /// The client's private key, PKCS #8 in DER.
    key: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Half {
    Client,
    Server,
}

/// What the transport carried.
#[derive(Clone, Debug)]
enum Packet {
    Data {
        channel: Channel,
        bytes: Vec<u8>,
    },
    Stop(Uuid),
    /// A client takes over a pipeline of a pool that it connected to.
    Attach(Uuid),
    Disconnect,
    Reconnect,
    Close,
}

/// Sessions that do not replay, with the reason.
const NOT_REPLAYED: &[(&str, &str)] = &[];

#[test]
fn sessions_of_powershell_replay() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/psrp/sessions");
    for folder in [Some(own), measured::powershell("psrp")].into_iter().flatten() {
        let sessions = measured::files(&folder, "jsonl").into_iter();
        replay_all(&folder, sessions.map(|path| (name(&path), out_of_process::read(&path))));
    }
}

#[test]
fn recordings_of_windows_hosts_replay() {
    if let Some(folder) = measured::recorded("pypsrp/responses") {
        let files = measured::files(&folder, "yml").into_iter();
        replay_all(
            &folder,
            files.flat_map(|path| {
                let sessions = wsman::read(&path).into_iter().enumerate();
                sessions.map(move |(at, session)| (format!("{}#{at}", name(&path)), session))
            }),
        );
    }
}

#[test]
fn recorded_hosts_answer_our_conversations() {
    if let Some(folder) = measured::recorded("pypsrp/responses") {
        conversation::replay_all(&folder);
    }
}

fn replay_all(folder: &Path, sessions: impl Iterator<Item = (String, Session)>) {
    let (mut count, mut messages) = (0, 0);
    for (name, session) in sessions {
        if NOT_REPLAYED.iter().any(|(skipped, _)| *skipped == name) {
            continue;
        }
        eprintln!("{name}");
        messages += client::replay(&name, &session);
        messages += server::replay(&name, &session);
        count += 1;
    }
    eprintln!("{}: {count} sessions with {messages} messages", folder.display());
    assert!(count > 0);
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Puts messages together, channel by channel.
#[derive(Default)]
struct Messages {
    channels: HashMap<Channel, Defragmenter>,
    decoder: Decoder,
}

impl Messages {
    fn push(&mut self, channel: Channel, bytes: &[u8]) -> Vec<Message> {
        let defragmenter = self.channels.entry(channel).or_insert_with(|| Defragmenter::new(1 << 30));
        defragmenter.push(bytes);
        let mut messages = Vec::new();
        while let Some(message) = defragmenter.next_message().unwrap() {
            messages.push(Message::decode(&message, &mut self.decoder).unwrap());
        }
        messages
    }
}

/// Compares what we wrote with what the other wrote.
fn compare(name: &str, ours: &[Message], theirs: &[Message]) {
    let kinds = |messages: &[Message]| -> Vec<_> {
        messages.iter().map(|message| message.body.message_type()).collect()
    };
    assert_eq!(kinds(ours), kinds(theirs), "{name}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(normal(ours), normal(theirs), "{name}");
    }
}

/// A message without what may differ: an empty set of application arguments is null to us, and each client says what it
/// likes about threads. A key is encrypted with random padding.
fn normal(message: &Message) -> Message {
    let mut message = message.clone();
    match &mut message.body {
        Body::InitRunspacePool(InitRunspacePool {
            application_arguments,
            thread_options,
            apartment_state,
            ..
        }) => {
            if application_arguments
                .own_object()
                .and_then(|object| object.entries())
                .is_some_and(<[_]>::is_empty)
            {
                *application_arguments = winrm_proto::clixml::Value::Null;
            }
            (*thread_options, *apartment_state) = (0, 2);
        }
        Body::EncryptedSessionKey(key) => {
            // Windows leaves the pool's name out of this one.
            message.runspace_pool = Uuid::nil();
            key.0.clear();
        }
        _ => {}
    }
    message
}
