//! Counts what rules allow only so often.

use std::collections::{HashMap, VecDeque};

use time::OffsetDateTime;

use super::{
    authorized::Authorized,
    denial::{Denial, Reason},
};
use crate::call::HostName;

/// How often each rule with a rate was used on each host. It belongs to whoever sends; the policy itself remembers
/// nothing.
#[derive(Debug, Default)]
pub struct Meter {
    uses: HashMap<(String, HostName), VecDeque<OffsetDateTime>>,
}

impl Meter {
    /// Counts one use of each rule, unless one of them was used too often: then nothing is counted.
    ///
    /// # Errors
    /// The denial by the first rule that was used up.
    pub fn admit(&mut self, authorized: &Authorized, now: OffsetDateTime) -> Result<(), Denial> {
        for (rule, rate) in authorized.rates() {
            let key = (rule.to_owned(), authorized.host().clone());
            let uses = self.uses.entry(key).or_default();
            while uses.front().is_some_and(|&first| now - first >= rate.span()) {
                uses.pop_front();
            }
            if usize::try_from(rate.most()).is_ok_and(|most| uses.len() >= most) {
                return Err(Denial::new(rule, Reason::TooOften { rate }).instead("wait before you ask again"));
            }
        }
        for (rule, _) in authorized.rates() {
            let key = (rule.to_owned(), authorized.host().clone());
            self.uses.entry(key).or_default().push_back(now);
        }
        Ok(())
    }
}
