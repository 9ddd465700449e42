//! What calls need: one house for the whole process.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{approval::Approvals, memory::Memory, named::NamedSessions};
use crate::{
    audit::Audit,
    call::Call,
    inventory::{Inventory, Target},
    output::{SpoolLimits, SuccessCodes},
    policy::{Authorized, Denial, Meter, Offered, Policy, Unapproved},
    redact::Scrubber,
    secret::Secrets,
    session::{SessionError, Sessions},
};

/// Everything that a call meets on its way.
#[derive(Debug)]
pub struct House {
    worlds: Box<dyn Worlds>,
    pub(super) audit: Audit,
    pub(super) approvals: Approvals,
    pub(super) sessions: Sessions,
    pub(super) named: NamedSessions,
    pub(super) secrets: Secrets,
    pub(super) settings: Settings,
    /// What scripts have for their values.
    pub(super) memory: Memory,
    /// What was allowed only so often.
    meter: Mutex<Meter>,
}

/// What a call is judged by: one snapshot, so that no call sees half of a change.
#[derive(Debug)]
pub struct World {
    /// Which hosts there are.
    pub inventory: Inventory,
    /// What may run.
    pub policy: Policy,
}

/// Where the snapshot in force comes from.
pub trait Worlds: fmt::Debug + Send + Sync {
    /// The snapshot that a call which begins now is judged by, from its start to its end.
    fn in_force(&self) -> Arc<World>;
}

/// One snapshot, which stays.
impl Worlds for Arc<World> {
    fn in_force(&self) -> Arc<World> {
        Self::clone(self)
    }
}

/// Limits of what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is kept of each stream of a program.
    pub spool: SpoolLimits,
    /// What is kept of the text that commands and scripts write.
    pub written: SpoolLimits,
    /// How many bytes of output a result holds.
    pub max_output: usize,
    /// Which exit codes are success.
    pub success_codes: SuccessCodes,
}

impl House {
    /// Puts a house together.
    #[must_use]
    pub fn new(
        worlds: Box<dyn Worlds>,
        audit: Audit,
        approvals: Approvals,
        sessions: Sessions,
        secrets: Secrets,
        settings: Settings,
    ) -> Self {
        let named = NamedSessions::default();
        let (memory, meter) = (Memory::default(), Mutex::default());
        Self { worlds, audit, approvals, sessions, named, secrets, settings, memory, meter }
    }

    /// The snapshot in force.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.worlds.in_force()
    }

    /// Counts one use of what is allowed only so often.
    ///
    /// # Errors
    /// The denial, where it was that often already.
    pub(super) fn admit(&self, authorized: &Authorized, now: OffsetDateTime) -> Result<(), Denial> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).admit(authorized, now)
    }

    /// Whether all of these could be counted one after the other. Nothing is counted.
    ///
    /// # Errors
    /// The denial of the first that could not.
    pub(super) fn would_admit(&self, wanted: &[Unapproved], now: OffsetDateTime) -> Result<(), Denial> {
        let mut trial = self.meter.lock().unwrap_or_else(PoisonError::into_inner).clone();
        wanted.iter().try_for_each(|unapproved| trial.admit(unapproved.wanted(), now))
    }

    /// What the endpoint of a call's host offers, where the policy goes by that: as it was learnt. Contacts nobody.
    #[must_use]
    pub fn known_offered(&self, world: &World, call: &Call) -> Option<Arc<Offered>> {
        let known = || self.sessions.known_offered(&call.host, &call.principal);
        world.policy.goes_by_endpoint().then(known).flatten()
    }

    /// The same, asking the host where it is not known.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn offered(
        &self,
        world: &World,
        target: &Target,
        call: &Call,
        cancel: &CancellationToken,
    ) -> Result<Option<Arc<Offered>>, SessionError> {
        if !world.policy.goes_by_endpoint() {
            return Ok(None);
        }
        self.sessions.offered(target, &call.principal, &call.id, cancel).await.map(Some)
    }

    /// What humans have approved, and what waits for them.
    #[must_use]
    pub fn approvals(&self) -> &Approvals {
        &self.approvals
    }

    /// The sessions in which scripts keep variables and functions.
    #[must_use]
    pub fn named_sessions(&self) -> &NamedSessions {
        &self.named
    }

    /// What scrubs the secrets that are known by now.
    #[must_use]
    pub fn scrubber(&self) -> Scrubber {
        self.secrets.known().scrubber()
    }

    /// Closes every shell on every host, for at most `deadline`.
    pub async fn shutdown(&self, deadline: Duration) {
        tokio::join!(self.sessions.shutdown(deadline), self.approvals.settle(deadline));
    }
}
