//! Signal: control-C, the stop, and the release after the end.

use super::{Confirmation, Event, Execution};
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, Lane, Outgoing, SendId, Sent, ShellFate, Step};
use crate::winrs::{Signal, SignalCode, SignalResponse};

/// Which signal is to be sent, and which is on its way.
#[derive(Debug, Default)]
pub(super) struct Signalling {
    wanted: Option<SignalCode>,
    waiting: Option<(InFlight, SignalCode)>,
    stop: Stop,
    terminated: Terminated,
}

/// Whether somebody waits for the end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stop {
    #[default]
    NotAsked,
    Asked,
    Reported,
}

/// How far `terminate` has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Terminated {
    #[default]
    No,
    Wanted,
    /// Its answer was lost, and it was asked for again.
    Repeated,
    Answered,
}

impl Signalling {
    pub(super) fn waits_for(&self, id: SendId) -> bool {
        self.waiting.as_ref().is_some_and(|(in_flight, _)| in_flight.id == id)
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.wanted.is_none() && self.waiting.is_none()
    }

    pub(super) fn stop_asked(&self) -> bool {
        self.stop != Stop::NotAsked
    }

    /// Asks for a signal that does not end the command.
    pub(super) fn want(&mut self, code: SignalCode) {
        if self.terminated == Terminated::No {
            self.wanted = Some(code);
        }
    }

    pub(super) fn ask_stop(&mut self) {
        self.stop = Stop::Asked;
        self.want_release();
    }

    /// Asks for `terminate`, once.
    pub(super) fn want_release(&mut self) {
        if self.terminated == Terminated::No {
            self.terminated = Terminated::Wanted;
            self.wanted = Some(SignalCode::Terminate);
        }
    }
}

impl<I: IdSource> Execution<I> {
    pub(super) fn next_signal(&mut self) -> Option<Outgoing> {
        let command_id = self.starting.command_id()?.clone();
        // The stop does not wait for the answer to a control-C.
        let code = self.signalling.wanted.take()?;
        let request = Signal { command_id: Some(command_id), code };
        match self.requester.request(Lane::Control, &self.shell.target(), &request) {
            Ok((in_flight, outgoing)) => {
                let overtaken = self.signalling.waiting.replace((in_flight, request.code));
                if overtaken.is_some() {
                    self.events.push_back(Event::Interrupted(Confirmation::Unconfirmed));
                }
                Some(outgoing)
            }
            Err(error) => {
                self.signalled(&request.code, Confirmation::Unconfirmed);
                self.fail(Failure::new(Step::Signal, error));
                None
            }
        }
    }

    pub(super) fn signal_answered(&mut self, envelope: &[u8]) {
        let Some((in_flight, code)) = self.signalling.waiting.take() else { return };
        let confirmation = match self.requester.answer::<SignalResponse>(&in_flight, envelope) {
            Ok(SignalResponse) => Confirmation::Confirmed,
            Err(kind) => self.refused(&kind),
        };
        self.signalled(&code, confirmation);
    }

    pub(super) fn signal_lost(&mut self, sent: Sent) {
        let Some((_, code)) = self.signalling.waiting.take() else { return };
        match (&code, sent, self.signalling.terminated) {
            (SignalCode::Terminate, Sent::Something, Terminated::Wanted) => {
                self.signalling.terminated = Terminated::Repeated;
                self.signalling.wanted = Some(code);
            }
            (_, Sent::Nothing, _) => self.signalling.wanted = Some(code),
            (_, Sent::Something, _) => self.signalled(&code, Confirmation::Unconfirmed),
        }
    }

    /// A command that did not start needs no Signal; whoever asked for a stop is told so.
    pub(super) fn start_stopped(&mut self, nothing_runs: bool) {
        self.signalling.wanted = None;
        let confirmation = if nothing_runs { Confirmation::Confirmed } else { Confirmation::Unconfirmed };
        self.report_stop(confirmation);
    }

    fn signalled(&mut self, code: &SignalCode, confirmation: Confirmation) {
        if *code == SignalCode::Terminate {
            self.signalling.terminated = Terminated::Answered;
            self.report_stop(confirmation);
            self.receiving.drain();
        } else {
            self.events.push_back(Event::Interrupted(confirmation));
        }
    }

    fn report_stop(&mut self, confirmation: Confirmation) {
        if self.signalling.stop == Stop::Asked {
            self.signalling.stop = Stop::Reported;
            self.events.push_back(Event::Stopped(confirmation));
        }
    }

    /// A command that does not exist, or has reported its end, needs no end.
    fn refused(&mut self, kind: &FailureKind) -> Confirmation {
        self.note(kind);
        let gone =
            matches!(kind, FailureKind::Fault(fault) if ShellFate::from_fault(fault) == ShellFate::Gone);
        if gone || self.receiving.is_over() { Confirmation::Confirmed } else { Confirmation::Unconfirmed }
    }
}
