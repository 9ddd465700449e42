//! The runspaces of a pool: a pipeline takes one that is idle, or a new one while there may be more.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::machine::console::Environment;
use crate::machine::powershell::{Runspace, Scope};

/// The runspaces of a pool.
#[derive(Debug)]
pub(super) struct Runspaces {
    user: String,
    /// What a new one sees.
    scope: Arc<Scope>,
    environment: Arc<Mutex<Environment>>,
    /// Pipelines that may run at the same time; the others wait.
    permits: Semaphore,
    /// Those that no pipeline uses, the last used at the end.
    idle: Mutex<Vec<Arc<Runspace>>>,
    /// The one that a pipeline took last.
    taken: Mutex<Weak<Runspace>>,
}

impl Runspaces {
    pub(super) fn new(user: &str, scope: Arc<Scope>, environment: Environment) -> Self {
        Self {
            user: user.to_owned(),
            scope,
            environment: Arc::new(Mutex::new(environment)),
            permits: Semaphore::new(0),
            idle: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    /// What a runspace sees that no pipeline has changed.
    pub(super) fn scope(&self) -> Arc<Scope> {
        self.idle().last().map_or_else(|| Arc::clone(&self.scope), |runspace| runspace.scope())
    }

    /// Opens the pool for so many pipelines at a time.
    pub(super) fn allow(&self, most: i32) {
        self.permits.add_permits(usize::try_from(most).unwrap_or(1).clamp(1, MOST));
    }

    /// Takes a runspace for a pipeline, as soon as one may be had.
    pub(super) async fn take(&self) -> Taken<'_> {
        // The pool is never closed as long as a pipeline of it runs, and a semaphore that is not closed has permits.
        self.taken_with(self.permits.acquire().await.ok())
    }

    /// Takes a runspace for a pipeline that does not wait for the one that runs: where the pool has no other runspace, it
    /// runs in the same.
    pub(super) async fn take_nested(&self) -> Taken<'_> {
        if let Ok(permit) = self.permits.try_acquire() {
            return self.taken_with(Some(permit));
        }
        let shared = self.taken.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        match shared {
            Some(runspace) => Taken { pool: None, runspace, _permit: None },
            None => self.take().await,
        }
    }

    fn taken_with<'p>(&'p self, permit: Option<SemaphorePermit<'p>>) -> Taken<'p> {
        let idle = self.idle().pop();
        let runspace = idle.unwrap_or_else(|| {
            let scope = Arc::clone(&self.scope);
            Arc::new(Runspace::new(&self.user, scope, Arc::clone(&self.environment)))
        });
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&runspace);
        Taken { pool: Some(self), runspace, _permit: permit }
    }

    /// Makes the runspaces forget what their pipelines left.
    pub(super) fn reset(&self) {
        for runspace in self.idle().iter() {
            runspace.reset();
        }
    }

    /// Changes how many pipelines run at the same time. Those that run go on.
    pub(super) fn resize(&self, now: i32, count: i32) -> bool {
        match (usize::try_from(count), usize::try_from(now)) {
            (Ok(count @ 1..=MOST), Ok(now)) if count >= now => {
                self.permits.add_permits(count - now);
                true
            }
            (Ok(count @ 1..=MOST), Ok(now)) => {
                self.permits.forget_permits(now - count);
                true
            }
            _ => false,
        }
    }

    /// How many more pipelines could run now.
    pub(super) fn free(&self) -> i64 {
        i64::try_from(self.permits.available_permits()).unwrap_or(i64::MAX)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Runspace>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A runspace that a pipeline uses; it goes back when this is dropped.
#[derive(Debug)]
pub(super) struct Taken<'p> {
    /// Where it goes back to, unless another pipeline has it as well.
    pool: Option<&'p Runspaces>,
    runspace: Arc<Runspace>,
    _permit: Option<SemaphorePermit<'p>>,
}

impl Deref for Taken<'_> {
    type Target = Runspace;

    fn deref(&self) -> &Runspace {
        &self.runspace
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            pool.idle().push(Arc::clone(&self.runspace));
        }
    }
}

/// Windows' quota.
const MOST: usize = 5_000;
