//! The walk of one call, from its words to its record. Nothing here calls back up.

use time::OffsetDateTime;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

use super::house::{House, World};
use crate::{
    audit::{Asked, AuditError, Entry, Finish},
    call::{Call, Outcome, Ran},
    inventory::{InventoryError, Target},
    output::{Captured, Channel, Ending, ErrorReport, Output},
    policy::{Authorized, Denial, Judgement},
    remedy::{Code, Remedy, Retry},
    session::SessionError,
};

/// Where safe text goes as it comes in. Bounded, so that a slow reader holds up the host and not our memory.
pub type Watcher = mpsc::Sender<(Channel, String)>;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) house: &'a House,
    pub(super) call: &'a Call,
    /// The tool or subcommand that made the call.
    pub(super) tool: &'a str,
    pub(super) watcher: Option<&'a Watcher>,
    pub(super) cancel: &'a CancellationToken,
}

/// How a walk ended, and what came back on the way.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) ending: Result<Outcome, Failure>,
    pub(super) captured: Captured,
    /// What ran, or would have run, in its judged form and without known secrets.
    pub(super) judged: Option<String>,
}

/// Why a call did not end by itself on a host.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has no such host.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The policy says no.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It could not be recorded.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The host, or the way there, failed.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Walk<'_> {
    /// Walks.
    pub(super) async fn invoke(&self) -> Walked {
        let world = self.house.world();
        let mut walked = Walked { ending: Ok(Outcome::Unknown), captured: Captured::empty(), judged: None };
        walked.ending = self.steps(&world, &mut walked).await;
        walked
    }

    async fn steps(&self, world: &World, walked: &mut Walked) -> Result<Outcome, Failure> {
        let target = world.inventory.find(&self.call.host)?;
        let judgement = world.policy.judge(self.call, target, OffsetDateTime::now_utc());
        let entry = self.decided(world, &judgement)?;
        let ending = match judgement {
            Judgement::Allowed(authorized) => {
                let judged = authorized.judged().text();
                walked.judged = Some(self.house.scrubber().scrub(&judged).text.into_owned());
                self.send(target, authorized, walked).await.map_err(Failure::from)
            }
            Judgement::NeedsApproval(unapproved) => Err(Failure::from(unapproved.denial())),
            Judgement::Denied(denial) => Err(Failure::from(denial)),
        };
        self.finished(entry, &ending);
        ending
    }

    /// Leases a session and runs the work there.
    async fn send(
        &self,
        target: &Target,
        authorized: Authorized,
        walked: &mut Walked,
    ) -> Result<Outcome, SessionError> {
        let deadline = Instant::now() + authorized.timeout().min(LONGEST);
        let lease = self.house.sessions.lease(target, &self.call.principal, deadline, self.cancel)?;
        // Made now, because the lease has read the password that is to be scrubbed.
        let mut output = Output::new(self.house.settings.spool, &self.house.scrubber());
        let outcome = lease.run(authorized, &mut output, self.watcher).await;
        if let Some(watcher) = self.watcher {
            for held in output.finish() {
                // A watcher that left needs nothing more.
                drop(watcher.send(held).await);
            }
        }
        walked.captured = output.into_captured();
        outcome
    }

    /// Puts the decision on record, on the disk, before anything is sent.
    fn decided(&self, world: &World, judgement: &Judgement) -> Result<Entry, AuditError> {
        let asked = Asked { call: self.call, tool: self.tool, profile: world.policy.profile() };
        // The disk is waited for on this thread; others take over the runtime's work meanwhile.
        let entry = tokio::task::block_in_place(|| self.house.audit.decided(asked, judgement))?;
        if let Some(error) = entry.lost() {
            tracing::error!(call = %self.call.id, %error, "a decision is not on record");
        }
        Ok(entry)
    }

    fn finished(&self, entry: Entry, ending: &Result<Outcome, Failure>) {
        let ended = Failure::ending(ending);
        let finish = Finish {
            status: ended.status(&self.house.settings.success_codes),
            ran: ended.ran(),
            exit_code: ended.exit_code(),
            error: ending.as_ref().err().map(|failure| failure.code().name()),
            duration: entry.began().elapsed(),
        };
        if let Err(error) = entry.finished(finish) {
            tracing::error!(call = %self.call.id, %error, "the end of a call is not on record");
        }
    }
}

impl Failure {
    /// How a walk with this result stands, for report and record.
    pub(super) fn ending(result: &Result<Outcome, Self>) -> Ending {
        match result {
            Ok(outcome) => Ending::Sent(*outcome),
            Err(Self::Denied(denial)) => Ending::Denied(denial.clone()),
            Err(failure) => Ending::Failed { error: ErrorReport::new(failure), ran: failure.ran() },
        }
    }

    /// Whether anything ran on the host.
    #[must_use]
    pub fn ran(&self) -> Ran {
        match self {
            Self::Inventory(_) | Self::Denied(_) | Self::Audit(_) => Ran::No,
            Self::Session(error) => error.ran(),
        }
    }

    /// What would allow a denied call: for the operator's log, never for the model.
    #[must_use]
    pub fn operator_hint(&self) -> Option<&str> {
        match self {
            Self::Denied(denial) => denial.operator_hint.as_deref(),
            _ => None,
        }
    }

    fn remedy(&self) -> &dyn Remedy {
        match self {
            Self::Inventory(error) => error,
            Self::Denied(denial) => denial,
            Self::Audit(error) => error,
            Self::Session(error) => error,
        }
    }
}

impl Remedy for Failure {
    fn code(&self) -> Code {
        self.remedy().code()
    }

    fn sentence(&self) -> String {
        self.remedy().sentence()
    }

    fn fix(&self) -> Option<String> {
        self.remedy().fix()
    }

    fn retry(&self) -> Retry {
        self.remedy().retry()
    }
}

/// A day: no deadline is further off, so that adding one cannot overflow.
const LONGEST: Duration = Duration::from_hours(24);
