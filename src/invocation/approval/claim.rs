//! Approvals on their way to be used up.

use super::{
    Approval, Occasion,
    error::ApprovalError,
    request::{ApprovalId, Request},
    store::Held,
};
use crate::policy::Unapproved;

/// An approval that this process alone holds, until it uses it up or gives it back.
#[derive(Debug)]
#[must_use = "it is lost unless it is used up or given back"]
pub struct Claim {
    approval: Approval,
    held: Held,
}

/// The approvals of a whole script, used up before its first command is sent. Each serves the one command that it was
/// given for.
#[derive(Debug, Default)]
pub struct Taken(Vec<Used>);

/// An approval that is used up, and what it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// What was approved.
    pub request: Request,
    /// The rule that wanted a human.
    pub rule: String,
    /// Whose word it is.
    pub approval: Approval,
}

impl Claim {
    pub(super) fn new(id: ApprovalId, held: Held) -> Self {
        let by = held.granted().by.clone();
        Self { approval: Approval { id, by }, held }
    }

    /// Uses the approval up, for good.
    ///
    /// # Errors
    /// [`ApprovalError::File`]; it does not count then.
    pub fn use_up(self) -> Result<Approval, ApprovalError> {
        self.held.remove()?;
        Ok(self.approval)
    }

    /// Puts the approval back, so that it counts another time. Where it cannot be put back it is gone, which is safe.
    pub fn give_back(self) {
        let id = self.approval.id;
        if let Err(error) = self.held.put_back() {
            tracing::warn!(request = %id, %error, "an approval that was not used is lost");
        }
    }
}

impl Taken {
    pub(super) fn push(&mut self, used: Used) {
        self.0.push(used);
    }

    /// The approval for a command, if it is among these and has not served yet.
    pub fn take(&mut self, unapproved: &Unapproved, occasion: Occasion<'_>) -> Option<Approval> {
        let request = occasion.request(unapproved.wanted()).ok()?;
        let at = self.0.iter().position(|used| used.request == request)?;
        Some(self.0.swap_remove(at).approval)
    }

    /// Those that have not served yet.
    pub fn iter(&self) -> impl Iterator<Item = &Used> {
        self.0.iter()
    }
}
