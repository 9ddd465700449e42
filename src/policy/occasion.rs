//! For whom and when something is judged.

use time::OffsetDateTime;

use super::endpoint::Offered;
use crate::{call::Purpose, inventory::Target};

/// What rules are told apart by, besides the work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub(super) target: &'a Target,
    pub(super) purpose: Purpose,
    /// The time; `None` for a script that will run later.
    pub(super) now: Option<OffsetDateTime>,
    /// What the host's endpoint offers, where that is known.
    pub(super) offered: Option<&'a Offered>,
}
