//! Requests on their way to connections, and what comes back.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;
use winrm_proto::{
    connection::Reply,
    exchange::{PoolRequest, Purpose, Route, SendId, Sent, Step},
};

use super::{Driver, Entry, Place};
use crate::{
    error::{Error, Operation, Reached},
    lanes::{Lane, retry::may_ask_again},
};

/// A request that is on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posted {
    id: SendId,
    purpose: Purpose,
    lane: Lane,
}

/// A request whose time has not come: output that nobody has room for is not asked for, and the release of what is over
/// leaves the next pipeline the first go.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) due: Instant,
    request: PoolRequest,
}

impl Held {
    /// What lets the host forget a pipeline that is over.
    fn is_release(&self) -> bool {
        self.request.purpose.step == Step::Signal && self.request.route == Route::Control
    }
}

impl Driver {
    pub(super) fn hold_or_post(&mut self, request: PoolRequest) {
        let now = Instant::now();
        let due = match (request.purpose, request.route) {
            (Purpose { step: Step::Receive, pipeline: Some(id) }, _) => {
                self.entries.get(&id).map_or(now, |entry| entry.not_before)
            }
            (Purpose { step: Step::Receive, pipeline: None }, _) => self.not_before,
            (Purpose { step: Step::Signal, .. }, Route::Control) => now + CONSIDERATION,
            _ => now,
        };
        let held = Held { due, request };
        if self.may_go(&held, now) { self.post(held.request) } else { self.held.push(held) }
    }

    pub(super) fn post_held(&mut self, now: Instant) {
        let releases = self.held.iter().filter(|held| held.is_release()).count();
        self.overdue = releases.saturating_sub(MOST_HELD);
        for held in std::mem::take(&mut self.held) {
            if self.may_go(&held, now) { self.post(held.request) } else { self.held.push(held) }
        }
    }

    fn may_go(&mut self, held: &Held, now: Instant) -> bool {
        if held.due > now {
            return false;
        }
        if held.is_release() {
            // While a pipeline runs, the connection that this would take is the one that a stop needs.
            let is_overdue = self.overdue > 0;
            let goes = self.releases < AT_A_TIME && (self.entries.is_empty() || is_overdue);
            self.overdue = self.overdue.saturating_sub(usize::from(goes));
            return goes;
        }
        match held.request.purpose {
            Purpose { step: Step::Receive, pipeline: Some(id) } => {
                self.entries.get(&id).is_none_or(Entry::wants_output)
            }
            _ => true,
        }
    }

    fn post(&mut self, request: PoolRequest) {
        let lane = match (request.purpose.step, request.route) {
            (Step::Signal, Route::Control | Route::Poll(_)) => Lane::Background,
            (Step::Request | Step::Create | Step::Connect | Step::Command | Step::Receive, _) => Lane::Poll,
            (Step::Send | Step::Signal | Step::Disconnect | Step::Reconnect | Step::Delete, _) => {
                Lane::Control
            }
        };
        if request.purpose.step == Step::Command && self.spare_due.is_none() {
            self.spare_due = Some(Instant::now() + SPARE_AFTER);
        }
        if lane == Lane::Background {
            self.releases = self.releases.saturating_add(1);
        }
        let answer = self.host.send(lane, Operation::from_step(request.purpose.step), request.envelope);
        self.in_flight.push(Posted { id: request.id, purpose: request.purpose, lane }, answer);
    }

    pub(super) fn answered(&mut self, posted: Posted, answer: Result<Reply, Error>) {
        if posted.lane == Lane::Background {
            self.releases = self.releases.saturating_sub(1);
        }
        match answer {
            Ok(reply) => {
                self.conversation.reply(Instant::now().into_std(), posted.id, &reply.body);
                match posted.purpose {
                    Purpose { step: Step::Create | Step::Connect, pipeline: None } => self.opened(),
                    Purpose { step: Step::Receive, pipeline: None } => self.retries = self.host.retries(),
                    Purpose { step: Step::Receive, pipeline: Some(id) } => {
                        if let Some(entry) = self.entries.get_mut(&id) {
                            entry.retries = self.host.retries();
                        }
                    }
                    _ => {}
                }
            }
            Err(error) => self.failed(posted, error),
        }
    }

    /// The host has made the shell, so that it must be deleted one day.
    fn opened(&mut self) {
        if self.conversation.has_shell() {
            self.register();
        }
    }

    pub(super) fn register(&mut self) {
        self.place = match std::mem::replace(&mut self.place, Place::Nowhere) {
            Place::Opening(opening) => Place::Open(opening.opened(self.conversation.shell().clone())),
            other => other,
        };
    }

    /// No answer came. Only output is asked for again; what a Signal does twice it does once.
    fn failed(&mut self, posted: Posted, error: Error) {
        let Posted { id, purpose, .. } = posted;
        match (purpose.step, purpose.pipeline) {
            (Step::Receive, pipeline) => self.receive_failed(id, pipeline, error),
            (Step::Signal, _) => self.conversation.lost(id, Sent::Something),
            (Step::Command | Step::Connect, Some(pipeline)) if error.reached() != Reached::Perhaps => {
                self.note(pipeline, error);
                // The host knows nothing of it: it is taken back.
                self.conversation.lost(id, Sent::Nothing);
                let _taken_back = self.conversation.stop(pipeline);
            }
            (Step::Command | Step::Connect | Step::Send, Some(pipeline)) => {
                self.note(pipeline, error);
                self.conversation.lost(id, Sent::Something);
            }
            (
                Step::Request
                | Step::Create
                | Step::Connect
                | Step::Command
                | Step::Send
                | Step::Disconnect
                | Step::Reconnect
                | Step::Delete,
                _,
            ) => {
                if error.during() == Operation::Create && error.reached() == Reached::Perhaps {
                    // It was named here, so that it can be deleted even where nobody knows whether it is there.
                    self.register();
                }
                self.error = Some(error);
                self.conversation.lost(id, Sent::Something);
            }
        }
    }

    fn receive_failed(&mut self, id: SendId, pipeline: Option<Uuid>, error: Error) {
        if !self.is_held() {
            // It hung when the pool was left; what it was for is asked for when the pool is taken up again.
            return self.conversation.lost(id, Sent::Something);
        }
        let entry = pipeline.and_then(|pipeline| self.entries.get_mut(&pipeline));
        let (retries, not_before) = match entry {
            Some(entry) => (&mut entry.retries, &mut entry.not_before),
            None => (&mut self.retries, &mut self.not_before),
        };
        let again = error.reached() == Reached::Perhaps && may_ask_again(error.cause());
        if let Some(pause) = if again { retries.take() } else { None } {
            tracing::debug!(cause = %error.cause(), "asking for output again");
            *not_before = Instant::now() + pause;
            self.conversation.lost(id, Sent::Something);
            return;
        }
        match pipeline {
            Some(pipeline) => self.cannot_follow(id, pipeline, error),
            None => self.over = Some(error),
        }
    }

    /// A pipeline's output cannot be asked for any more: it is stopped, and where that does not work out, the pool is
    /// closed.
    fn cannot_follow(&mut self, id: SendId, pipeline: Uuid, error: Error) {
        let Some(entry) = self.entries.get_mut(&pipeline) else { return };
        if entry.is_stopping() {
            self.over = Some(error);
            return;
        }
        entry.cannot_follow(error);
        entry.not_before = Instant::now() + PAUSE_WHILE_STOPPING;
        self.conversation.lost(id, Sent::Something);
        self.stop(pipeline, None);
    }

    fn note(&mut self, pipeline: Uuid, error: Error) {
        if let Some(entry) = self.entries.get_mut(&pipeline) {
            entry.error = Some(error);
        }
    }
}

/// How long the release of what is over waits, for the next pipeline to go first or the pool's end to come.
const CONSIDERATION: Duration = Duration::from_millis(25);
/// How many pipelines are released at a time; one that waits is no harm before there are a thousand.
const AT_A_TIME: usize = 4;
/// How many releases wait for a moment in which no pipeline runs.
const MOST_HELD: usize = 16;
/// A pipeline that runs this long may have to be stopped, and the stop should not wait for a handshake.
const SPARE_AFTER: Duration = Duration::from_millis(250);
/// Before the last state of a pipeline is asked for whose output could not be.
const PAUSE_WHILE_STOPPING: Duration = Duration::from_secs(1);
