//! Command: starts the program, once.

use super::{Event, Execution};
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, Lane, Outgoing, SendId, Sent, Step};
use crate::winrs::{Command, CommandId, CommandResponse};

/// How far the start has come.
#[derive(Debug)]
pub(super) enum Starting {
    ToSend(Command),
    Waiting(Command, InFlight),
    Started(CommandId),
    /// It did not start, or whether it did is unknown.
    Over,
}

impl Starting {
    pub(super) const fn new(command: Command) -> Self {
        Self::ToSend(command)
    }

    pub(super) fn waits_for(&self, id: SendId) -> bool {
        matches!(self, Self::Waiting(_, in_flight) if in_flight.id == id)
    }

    pub(super) const fn command_id(&self) -> Option<&CommandId> {
        match self {
            Self::Started(command_id) => Some(command_id),
            _ => None,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// Gives up a start that has not been asked for, and says whether it could.
    pub(super) fn cancel(&mut self) -> bool {
        let unsent = matches!(self, Self::ToSend(_));
        if unsent {
            *self = Self::Over;
        }
        unsent
    }
}

impl<I: IdSource> Execution<I> {
    pub(super) fn next_command(&mut self) -> Option<Outgoing> {
        let Starting::ToSend(command) = &self.starting else { return None };
        match self.requester.request(Lane::Control, &self.shell.target(), command) {
            Ok((in_flight, outgoing)) => {
                self.starting = Starting::Waiting(command.clone(), in_flight);
                Some(outgoing)
            }
            Err(error) => {
                self.start_failed(error);
                None
            }
        }
    }

    pub(super) fn command_answered(&mut self, envelope: &[u8]) {
        let Starting::Waiting(_, in_flight) = &self.starting else { return };
        match self.requester.answer::<CommandResponse>(in_flight, envelope) {
            Ok(response) => {
                self.events.push_back(Event::Started(response.command_id.clone()));
                self.starting = Starting::Started(response.command_id);
            }
            Err(kind) => self.start_failed(kind),
        }
    }

    pub(super) fn command_lost(&mut self, sent: Sent) {
        match (std::mem::replace(&mut self.starting, Starting::Over), sent) {
            (Starting::Waiting(command, _), Sent::Nothing) => self.starting = Starting::ToSend(command),
            _ => self.start_failed(FailureKind::Lost),
        }
    }

    /// Whoever asked for a stop learns whether there may be anything left to stop.
    fn start_failed(&mut self, kind: impl Into<FailureKind>) {
        let failure = Failure::new(Step::Command, kind);
        let nothing_runs = failure.nothing_was_done();
        self.starting = Starting::Over;
        self.fail(failure);
        self.start_stopped(nothing_runs);
    }
}
