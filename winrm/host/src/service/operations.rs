//! How many operations each user has under way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::WindowsFault;
use crate::settings::Quotas;

/// The counts of all users.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    under_way: Mutex<HashMap<String, usize>>,
}

impl Operations {
    /// Counts an operation until the guard is dropped.
    pub(super) fn begin(&self, user: &str, quotas: &Quotas) -> Result<Counted<'_>, WindowsFault> {
        let key = user.to_lowercase();
        let mut under_way = self.lock();
        let count = under_way.entry(key.clone()).or_default();
        if *count >= quotas.max_concurrent_operations_per_user {
            return Err(WindowsFault::TOO_MANY_OPERATIONS);
        }
        *count += 1;
        Ok(Counted { operations: self, key })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation under way.
#[derive(Debug)]
pub(super) struct Counted<'o> {
    operations: &'o Operations,
    key: String,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut under_way = self.operations.lock();
        if let Some(count) = under_way.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.key);
            }
        }
    }
}
