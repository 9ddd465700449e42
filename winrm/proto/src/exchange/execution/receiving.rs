//! Receive: asks for output, one request at a time, until the state that ends the command.

use super::{Event, Execution};
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, Lane, Outgoing, SendId, Sent, Step};
use crate::winrs::{CommandId, Receive, ReceiveResponse, Stream, StreamName, StreamSet};

/// Where the loop of requests for output is.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    state: State,
    empty_polls: u32,
    lost_answers: u32,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing is asked for; the next poll does it.
    #[default]
    Idle,
    Waiting(InFlight),
    /// An answer is still to come, and nothing will be asked for after it.
    Draining(InFlight),
    Over,
}

impl Receiving {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        matches!(&self.state, State::Waiting(in_flight) | State::Draining(in_flight) if in_flight.id == id)
    }

    /// Whether the command has ended, as far as output is concerned.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(super) const fn empty_polls(&self) -> u32 {
        self.empty_polls
    }

    pub(super) const fn lost_answers(&self) -> u32 {
        self.lost_answers
    }

    /// Nothing more is expected.
    pub(super) fn end(&mut self) {
        self.state = State::Over;
    }

    /// Nothing more is asked for, but an answer on its way is still taken.
    pub(super) fn drain(&mut self) {
        self.state = match std::mem::take(&mut self.state) {
            State::Waiting(in_flight) | State::Draining(in_flight) => State::Draining(in_flight),
            State::Idle | State::Over => State::Over,
        };
    }
}

impl<I: IdSource> Execution<I> {
    pub(super) fn next_receive(&mut self) -> Option<Outgoing> {
        if !matches!(self.receiving.state, State::Idle) || self.signalling.stop_asked() {
            return None;
        }
        let command_id = self.starting.command_id()?.clone();
        let request = Receive {
            command_id: Some(command_id),
            desired: StreamSet::from_iter([StreamName::Stdout, StreamName::Stderr]),
        };
        match self.requester.request(Lane::Poll, &self.shell.target(), &request) {
            Ok((in_flight, outgoing)) => {
                self.receiving.state = State::Waiting(in_flight);
                Some(outgoing)
            }
            Err(error) => {
                self.fail(Failure::new(Step::Receive, error));
                None
            }
        }
    }

    pub(super) fn receive_answered(&mut self, envelope: &[u8]) {
        let (in_flight, draining) = match std::mem::take(&mut self.receiving.state) {
            State::Waiting(in_flight) => (in_flight, false),
            State::Draining(in_flight) => (in_flight, true),
            other => {
                self.receiving.state = other;
                return;
            }
        };
        let answer = self.requester.answer::<ReceiveResponse>(&in_flight, envelope);
        if draining {
            self.receiving.end();
        }
        match answer {
            // What a failure left hanging has nobody to go to; what a stop did is still output.
            Ok(_) if draining && !self.signalling.stop_asked() => {}
            Ok(response) => self.received(response),
            Err(FailureKind::Fault(fault)) if fault.is_operation_timeout() => {
                self.receiving.empty_polls = self.receiving.empty_polls.saturating_add(1);
            }
            Err(kind) if draining => self.note(&kind),
            Err(kind) => self.fail(Failure::new(Step::Receive, kind)),
        }
    }

    pub(super) fn receive_lost(&mut self, sent: Sent) {
        if sent == Sent::Something {
            self.receiving.lost_answers = self.receiving.lost_answers.saturating_add(1);
        }
        self.receiving.state = match self.receiving.state {
            State::Draining(_) | State::Over => State::Over,
            State::Idle | State::Waiting(_) => State::Idle,
        };
    }

    fn received(&mut self, response: ReceiveResponse) {
        self.receiving.empty_polls = 0;
        let done = response.done().filter(|state| self.is_ours(state.command_id.as_ref())).cloned();
        for stream in response.streams {
            self.receive_stream(stream);
        }
        if let Some(state) = done {
            self.events.push_back(Event::Exited(state.exit_code));
            self.release();
        }
    }

    fn receive_stream(&mut self, stream: Stream) {
        if stream.data.is_empty() || !self.is_ours(stream.command_id.as_ref()) {
            return;
        }
        match stream.name {
            StreamName::Stdout => self.events.push_back(Event::Stdout(stream.data)),
            StreamName::Stderr => self.events.push_back(Event::Stderr(stream.data)),
            StreamName::Stdin | StreamName::PromptResponse | StreamName::Other(_) => {}
        }
    }

    /// Some hosts leave the identifier out, and some change its case.
    fn is_ours(&self, command_id: Option<&CommandId>) -> bool {
        match (command_id, self.starting.command_id()) {
            (Some(theirs), Some(ours)) => theirs.as_str().eq_ignore_ascii_case(ours.as_str()),
            _ => true,
        }
    }
}
