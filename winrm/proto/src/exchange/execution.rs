mod input;
mod receiving;
mod signalling;
mod starting;

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;

use self::input::Input;
use self::receiving::Receiving;
use self::signalling::Signalling;
use self::starting::Starting;
use super::requester::Requester;
use super::{Failure, FailureKind, IdSource, Outgoing, Output, SendId, Sent, ShellFate};
use crate::winrs::{Command, CommandId, ShellReference, SignalCode};
use crate::wsman::Preamble;
use crate::xml::Limits;

/// One command in a shell, from its start to the release of what the host keeps for it.
///
/// The exit code comes only with the state that ends the command. After the end, and on [`stop`](Self::stop), the
/// command is signalled `terminate`; [`Output::Done`] comes after the answer to that, so whoever waits for the exit
/// code need not wait for `Done`.
#[derive(Debug)]
pub struct Execution<I> {
    requester: Requester<I>,
    shell: ShellReference,
    events: VecDeque<Event>,
    starting: Starting,
    receiving: Receiving,
    input: Input,
    signalling: Signalling,
    fate: ShellFate,
}

/// What happens to a command.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// It runs.
    Started(CommandId),
    /// It wrote to its output.
    Stdout(Bytes),
    /// It wrote to its error output.
    Stderr(Bytes),
    /// It ended by itself; there is no more output. `None` where the host gave no exit code, which is not 0.
    Exited(Option<i32>),
    /// What became of [`Execution::stop`].
    Stopped(Confirmation),
    /// What became of [`Execution::interrupt`].
    Interrupted(Confirmation),
    /// It cannot be followed any more. It may still run, unless it failed to start.
    Failed(Failure),
}

/// Whether the host said that it did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirmation {
    /// It did, or there was nothing left to do.
    Confirmed,
    /// It refused, or its answer was lost.
    Unconfirmed,
}

/// Shows how much output there is, not what it says: it may hold secrets.
impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(command_id) => formatter.debug_tuple("Started").field(command_id).finish(),
            Self::Stdout(data) => write!(formatter, "Stdout({} bytes)", data.len()),
            Self::Stderr(data) => write!(formatter, "Stderr({} bytes)", data.len()),
            Self::Exited(exit_code) => formatter.debug_tuple("Exited").field(exit_code).finish(),
            Self::Stopped(confirmation) => formatter.debug_tuple("Stopped").field(confirmation).finish(),
            Self::Interrupted(confirmation) => {
                formatter.debug_tuple("Interrupted").field(confirmation).finish()
            }
            Self::Failed(failure) => formatter.debug_tuple("Failed").field(failure).finish(),
        }
    }
}

impl<I: IdSource> Execution<I> {
    /// A conversation that runs `command` in `shell`.
    pub fn new(preamble: Preamble, limits: Limits, ids: I, shell: ShellReference, command: Command) -> Self {
        let requester = Requester::new(preamble, limits, ids);
        let input = Input::new(requester.max_envelope_size());
        Self {
            requester,
            shell,
            events: VecDeque::new(),
            starting: Starting::new(command),
            receiving: Receiving::default(),
            input,
            signalling: Signalling::default(),
            fate: ShellFate::Usable,
        }
    }

    /// What the conversation wants next. Events come before requests: as long as there are some, no more is asked for.
    pub fn poll(&mut self, now: Instant) -> Output<Event> {
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        if let Some(outgoing) = self.next_request(now) {
            return Output::Send(outgoing);
        }
        // A request that cannot be written becomes an event.
        match self.events.pop_front() {
            Some(event) => Output::Event(event),
            None => self.idle(),
        }
    }

    /// The answer to a request came; a reply that nobody waits for is passed over.
    pub fn reply(&mut self, now: Instant, id: SendId, envelope: &[u8]) {
        if self.starting.waits_for(id) {
            self.command_answered(envelope);
        } else if self.receiving.waits_for(id) {
            self.receive_answered(envelope);
        } else if self.input.waits_for(id) {
            self.send_answered(now, envelope);
        } else if self.signalling.waits_for(id) {
            self.signal_answered(envelope);
        }
    }

    /// The connection was lost before the answer came. A Receive is asked for again; so is a Signal, once. A Command or
    /// input of which a byte had left is never sent again.
    pub fn lost(&mut self, id: SendId, sent: Sent) {
        if self.starting.waits_for(id) {
            self.command_lost(sent);
        } else if self.receiving.waits_for(id) {
            self.receive_lost(sent);
        } else if self.input.waits_for(id) {
            self.send_lost(sent);
        } else if self.signalling.waits_for(id) {
            self.signal_lost(sent);
        }
    }

    /// Gives the command input. It is kept until the host takes it: write on [`Output::WantInput`] to bound that.
    pub fn write_stdin(&mut self, data: Bytes) {
        self.input.push(data);
    }

    /// Ends the command's input after what was written.
    pub fn close_stdin(&mut self) {
        self.input.close();
    }

    /// Sends control-C: the command decides what to do about it.
    pub fn interrupt(&mut self) {
        if !self.receiving.is_over() {
            self.signalling.want(SignalCode::CtrlC);
        }
    }

    /// Ends the command at once, or as soon as it is known to have started.
    pub fn stop(&mut self) {
        if self.receiving.is_over() || self.signalling.stop_asked() {
            return;
        }
        self.input.discard();
        self.signalling.ask_stop();
        if self.starting.cancel() {
            self.receiving.end();
            self.events.push_back(Event::Stopped(Confirmation::Confirmed));
        }
    }

    /// The command, once it has started.
    #[must_use]
    pub const fn command_id(&self) -> Option<&CommandId> {
        self.starting.command_id()
    }

    /// What became of the shell, as far as the answers told.
    #[must_use]
    pub const fn shell_fate(&self) -> ShellFate {
        self.fate
    }

    /// How often in a row the host had nothing to report. A host that rebooted can look like a silent command.
    #[must_use]
    pub const fn empty_polls(&self) -> u32 {
        self.receiving.empty_polls()
    }

    /// How often a connection was lost while the host may have been answering a Receive. Each of these answers may have
    /// carried output, which the command shell does not send again (MS-WSMV 3.1.4.1.39 keeps answers for others only).
    #[must_use]
    pub const fn lost_answers(&self) -> u32 {
        self.receiving.lost_answers()
    }

    fn next_request(&mut self, now: Instant) -> Option<Outgoing> {
        self.next_signal()
            .or_else(|| self.next_command())
            .or_else(|| self.next_receive())
            .or_else(|| self.next_send(now))
    }

    fn idle(&self) -> Output<Event> {
        if self.starting.is_over() || self.is_finished() {
            return Output::Done;
        }
        match self.input.retry_at() {
            Some(time) => Output::WaitUntil(time),
            None if self.starting.command_id().is_some() && self.input.is_wanted() => Output::WantInput,
            None => Output::Pending,
        }
    }

    fn is_finished(&self) -> bool {
        self.receiving.is_over() && self.signalling.is_idle() && !self.input.is_waiting()
    }

    /// The command cannot be followed any more: says so, and has the host release it if there is anything to release.
    fn fail(&mut self, failure: Failure) {
        self.note(&failure.kind);
        // What is stopped fails on purpose; the Signal's answer is what counts then.
        if !self.signalling.stop_asked() {
            self.events.push_back(Event::Failed(failure));
        }
        self.release();
    }

    /// No output will be asked for again; the host may forget the command.
    fn release(&mut self) {
        self.receiving.drain();
        self.input.discard();
        if self.fate != ShellFate::Gone && self.starting.command_id().is_some() {
            self.signalling.want_release();
        }
    }

    fn note(&mut self, kind: &FailureKind) {
        if let FailureKind::Fault(fault) = kind {
            self.fate = self.fate.and(ShellFate::from_fault(fault));
        }
    }
}
