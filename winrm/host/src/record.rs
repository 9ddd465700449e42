//! What reached the host and what became of it, for tests and demos to assert on.
//!
//! A password never stands in it, nor a token.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use winrm_proto::psrp::CommandKind;

use crate::settings::Scheme;

/// The host's record. Clones look at the same entries.
#[derive(Clone, Debug)]
pub struct Record {
    shared: Arc<Shared>,
}

impl Record {
    pub(crate) fn new() -> Self {
        let entries = Entries { kept: VecDeque::new(), forgotten: 0 };
        let (length, _) = watch::channel(0);
        Self { shared: Arc::new(Shared { started: Instant::now(), entries: Mutex::new(entries), length }) }
    }

    pub(crate) fn write(&self, event: Event) {
        let mut entries = self.shared.lock();
        if entries.kept.len() == CAPACITY {
            entries.kept.pop_front();
            entries.forgotten += 1;
        }
        let number = entries.length();
        entries.kept.push_back(Entry { number, at: self.shared.started.elapsed(), event });
        let length = entries.length();
        drop(entries);
        self.shared.length.send_replace(length);
    }

    /// The place behind the last entry, to ask later for what came [`since`](Self::since).
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.shared.lock().length())
    }

    /// All entries, oldest first. A host that ran very long has forgotten its oldest ones.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.since(Mark(0))
    }

    /// The entries behind a mark.
    #[must_use]
    pub fn since(&self, mark: Mark) -> Vec<Entry> {
        self.shared.lock().since(mark).cloned().collect()
    }

    /// The HTTP requests behind a mark.
    #[must_use]
    pub fn requests_since(&self, mark: Mark) -> Vec<Request> {
        self.requests_between(mark, self.mark())
    }

    /// The HTTP requests between two marks.
    #[must_use]
    pub fn requests_between(&self, from: Mark, to: Mark) -> Vec<Request> {
        let entries = self.shared.lock();
        let between = entries.since(from).take_while(|entry| entry.number < to.0);
        between
            .filter_map(|entry| match &entry.event {
                Event::Request(request) => Some(request.clone()),
                _ => None,
            })
            .collect()
    }

    /// Waits until an entry behind the mark satisfies the predicate, at most for the given time.
    pub async fn wait_for(
        &self,
        mark: Mark,
        patience: Duration,
        mut wanted: impl FnMut(&Event) -> bool,
    ) -> Option<Entry> {
        let mut length = self.shared.length.subscribe();
        let search = async {
            let mut next = mark;
            loop {
                length.mark_unchanged();
                let fresh = self.since(next);
                if let Some(found) = fresh.iter().find(|entry| wanted(&entry.event)) {
                    return Some(found.clone());
                }
                if let Some(last) = fresh.last() {
                    next = Mark(last.number + 1);
                }
                length.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, search).await.ok().flatten()
    }
}

/// A place in the record; the default is its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position in the record, from 0, without gaps.
    pub number: u64,
    /// Time since the host started.
    pub at: Duration,
    /// What happened.
    pub event: Event,
}

/// Which TCP connection, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Something that reached the host or happened on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A TCP connection was accepted and, over HTTPS, its handshake is done.
    Connected {
        /// The connection.
        connection: ConnectionId,
        /// The TLS version's name, such as `TLSv1.3`; nothing over plain HTTP.
        tls: Option<String>,
    },
    /// The TLS handshake failed; a client that does not trust the certificate looks so.
    HandshakeFailed {
        /// The connection.
        connection: ConnectionId,
        /// What rustls says about it.
        reason: String,
    },
    /// The connection is gone, whoever closed it.
    Disconnected {
        /// The connection.
        connection: ConnectionId,
    },
    /// An HTTP request arrived, body and all.
    Request(Request),
    /// The answer to the connection's last request was handed to HTTP.
    Answered {
        /// The connection.
        connection: ConnectionId,
        /// HTTP's status.
        status: u16,
        /// Bytes of the body.
        size: usize,
    },
    /// A credential was verified.
    Authenticated {
        /// The connection that is authenticated from now on.
        connection: ConnectionId,
        /// The scheme the client used.
        scheme: Scheme,
        /// The account, as the builder spelled it.
        user: String,
    },
    /// A credential was refused.
    Refused {
        /// The connection.
        connection: ConnectionId,
        /// The scheme the client used, where it can be read.
        scheme: Option<Scheme>,
        /// Why, in words that a 401 does not tell the client.
        reason: String,
    },
    /// A shell was opened.
    ShellCreated {
        /// The shell's identifier.
        shell: String,
        /// Its resource URI.
        resource: String,
        /// Who opened it.
        user: String,
        /// The friendly name the client gave it.
        name: Option<String>,
        /// The options of the Create request (`WINRS_CODEPAGE` and the like), in order.
        options: Vec<(String, String)>,
    },
    /// A shell is gone: the client deleted it.
    ShellDeleted {
        /// The shell's identifier.
        shell: String,
    },
    /// A command was started.
    Command {
        /// The shell it runs in.
        shell: String,
        /// The command's identifier.
        command: String,
        /// The executable or the command line, as it came.
        line: String,
        /// The arguments, as they came.
        arguments: Vec<String>,
    },
    /// A pipeline was started in a runspace pool.
    Pipeline {
        /// The shell of the pool.
        shell: String,
        /// The pipeline's identifier, which is its command's.
        pipeline: String,
        /// The commands of all its statements, in order.
        commands: Vec<PipelineCommand>,
    },
    /// A program of the simulated machine was handed a script, on its command line or on stdin.
    Script {
        /// The text, decoded.
        text: String,
    },
    /// Input for a command arrived.
    Input {
        /// The command's identifier.
        command: String,
        /// Bytes, decoded.
        size: usize,
        /// Whether the client closed the stream with it.
        end: bool,
    },
    /// A signal arrived.
    Signal {
        /// The command's identifier; nothing when the shell itself is meant.
        command: Option<String>,
        /// The last part of the signal's code: `terminate`, `ctrl_c`, `crtl_c`.
        code: String,
    },
    /// A command ended.
    CommandEnded {
        /// The command's identifier.
        command: String,
        /// How.
        how: Ended,
    },
    /// The request was answered with a fault.
    Fault {
        /// Which operation it answers.
        operation: Operation,
        /// WS-Management's or Windows' error code.
        code: u32,
    },
    /// A scripted [`Misbehaviour`](crate::Misbehaviour) took hold of a request.
    Misbehaved {
        /// The connection.
        connection: ConnectionId,
    },
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The connection it came on.
    pub connection: ConnectionId,
    /// HTTP's method.
    pub method: String,
    /// The path, query included.
    pub path: String,
    /// The scheme of its `Authorization` header; nothing on a connection that is authenticated already.
    pub scheme: Option<Scheme>,
    /// What it asks for.
    pub operation: Operation,
    /// The whole action URI, where there is an envelope.
    pub action: Option<String>,
    /// Bytes of the body as it travelled.
    pub size: usize,
    /// The cookies it carries, as they came.
    pub cookie: Option<String>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// No body: a token alone.
    Empty,
    /// A body that is no envelope.
    Unreadable,
    /// Identify.
    Identify,
    /// Create a shell.
    Create,
    /// Run a command.
    Command,
    /// Collect output.
    Receive,
    /// Deliver input.
    Send,
    /// Signal a command.
    Signal,
    /// Delete a shell.
    Delete,
    /// Read a shell's state.
    Get,
    /// List shells.
    List,
    /// Leave a shell.
    Disconnect,
    /// Take up a shell that the same client left.
    Reconnect,
    /// Take over a shell that another client left.
    Connect,
    /// Any other action.
    Other,
}

/// A command of a pipeline, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineCommand {
    /// The command's name, or the text of a script.
    pub text: String,
    /// Which of the two.
    pub kind: CommandKind,
    /// Parameters and arguments in their order; a positional one has no name. Values are as text.
    pub parameters: Vec<(Option<String>, String)>,
}

/// How a command or a pipeline ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code. A pipeline has 0, or 1 where an error ended it.
    Exited(i32),
    /// A terminate signal stopped it.
    Terminated,
    /// A Ctrl-C or Ctrl-Break signal stopped it.
    Interrupted,
    /// Its shell was deleted.
    ShellDeleted,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    entries: Mutex<Entries>,
    length: watch::Sender<u64>,
}

impl Shared {
    /// No panic can leave the entries half-written, so a poisoned lock holds good entries.
    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Entries {
    kept: VecDeque<Entry>,
    forgotten: u64,
}

impl Entries {
    fn length(&self) -> u64 {
        self.forgotten + u64::try_from(self.kept.len()).unwrap_or(u64::MAX)
    }

    fn since(&self, mark: Mark) -> impl Iterator<Item = &Entry> {
        let skip = mark.0.saturating_sub(self.forgotten);
        self.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX))
    }
}

/// A demo host may run for weeks: its record stays bounded.
const CAPACITY: usize = 1 << 17;

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(code: &str) -> Event {
        Event::Signal { command: None, code: code.to_owned() }
    }

    #[test]
    fn a_mark_separates_what_came_before_from_what_came_after() {
        let record = Record::new();
        record.write(signal("before"));
        let mark = record.mark();
        record.write(signal("after"));
        let since: Vec<Event> = record.since(mark).into_iter().map(|entry| entry.event).collect();
        assert_eq!(since, [signal("after")]);
        assert_eq!(record.entries().len(), 2);
    }

    #[test]
    fn a_full_record_forgets_its_oldest_entries_and_keeps_marks_true() {
        let record = Record::new();
        for _ in 0..CAPACITY {
            record.write(signal("old"));
        }
        let mark = record.mark();
        record.write(signal("new"));
        assert_eq!(record.entries().len(), CAPACITY);
        assert_eq!(record.since(mark).len(), 1);
        assert_eq!(record.since(mark)[0].number, u64::try_from(CAPACITY).unwrap());
    }

    #[tokio::test]
    async fn waiting_finds_what_is_there_and_what_comes_later() {
        let record = Record::new();
        record.write(signal("there"));
        let wanted = |code: &'static str| move |event: &Event| *event == signal(code);
        let patience = Duration::from_secs(5);
        assert!(record.wait_for(Mark(0), patience, wanted("there")).await.is_some());

        let writer = record.clone();
        let later = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            writer.write(signal("later"));
        });
        assert!(record.wait_for(Mark(0), patience, wanted("later")).await.is_some());
        later.await.unwrap();
        assert!(record.wait_for(Mark(0), Duration::from_millis(10), wanted("never")).await.is_none());
    }
}
