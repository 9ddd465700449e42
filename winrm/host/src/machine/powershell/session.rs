//! What the pipelines of one session share.

use std::sync::{Arc, Mutex, PoisonError};

use super::Scope;

/// A session: whose it is, what it sees, and what it remembers.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    scope: Mutex<Arc<Scope>>,
    /// `$LASTEXITCODE`, once a program ran.
    last_exit_code: Mutex<Option<i32>>,
}

impl Session {
    pub(crate) fn new(user: &str, scope: Arc<Scope>) -> Self {
        Self { user: user.to_owned(), scope: Mutex::new(scope), last_exit_code: Mutex::new(None) }
    }

    /// What it sees at present.
    pub(crate) fn scope(&self) -> Arc<Scope> {
        Arc::clone(&self.scope.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn last_exit_code(&self) -> Option<i32> {
        *self.last_exit_code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_last_exit_code(&self, code: i32) {
        *self.last_exit_code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
    }

    /// Forgets what its pipelines left behind.
    pub(crate) fn reset(&self) {
        *self.last_exit_code.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
