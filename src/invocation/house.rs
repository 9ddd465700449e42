//! What calls need: one house for the whole process.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;

use super::{approval::Approvals, memory::Memory, named::NamedSessions};
use crate::{
    audit::Audit,
    inventory::Inventory,
    output::{SpoolLimits, SuccessCodes},
    policy::{Authorized, Denial, Meter, Policy},
    redact::Scrubber,
    secret::Secrets,
    session::Sessions,
};

/// Everything that a call meets on its way.
#[derive(Debug)]
pub struct House {
    pub(super) world: Arc<World>,
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
        world: World,
        audit: Audit,
        approvals: Approvals,
        sessions: Sessions,
        secrets: Secrets,
        settings: Settings,
    ) -> Self {
        let named = NamedSessions::default();
        let (memory, meter) = (Memory::default(), Mutex::default());
        Self { world: Arc::new(world), audit, approvals, sessions, named, secrets, settings, memory, meter }
    }

    /// The snapshot in force.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    /// Counts one use of what is allowed only so often.
    ///
    /// # Errors
    /// The denial, where it was that often already.
    pub(super) fn admit(&self, authorized: &Authorized, now: OffsetDateTime) -> Result<(), Denial> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).admit(authorized, now)
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
