//! The open shells, and who may use which.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winrm_proto::winrs::{CommandId, ShellId, ShellReference};
use winrm_proto::wsman::Header;

use super::execution::Execution;
use super::fault::WindowsFault;
use super::pool::Pool;
use crate::machine::console::Environment;
use crate::record::Ended;
use crate::settings::Quotas;

/// A shell.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(super) reference: ShellReference,
    pub(super) content: Content,
    owner: String,
    idle_timeout: Duration,
    started: AtomicUsize,
    touched: Mutex<Instant>,
}

/// What kind of shell it is.
#[derive(Debug)]
pub(super) enum Content {
    /// Command lines with streams of bytes.
    Cmd(Commands),
    /// A runspace pool.
    PowerShell(Arc<Pool>),
}

impl Shell {
    pub(super) fn new(
        reference: ShellReference,
        owner: &str,
        idle_timeout: Duration,
        content: Content,
    ) -> Self {
        Self {
            reference,
            content,
            owner: owner.to_owned(),
            idle_timeout,
            started: AtomicUsize::new(0),
            touched: Mutex::new(Instant::now()),
        }
    }

    pub(super) fn id(&self) -> &ShellId {
        &self.reference.shell_id
    }

    /// Counts a command against the quota, which gives none back.
    pub(super) fn count_command(&self, quotas: &Quotas) -> Result<(), WindowsFault> {
        if self.started.fetch_add(1, Ordering::Relaxed) < quotas.max_operations_per_shell {
            Ok(())
        } else {
            Err(WindowsFault::TOO_MANY_OPERATIONS)
        }
    }

    /// Ends everything that runs in it, and returns when all has ended.
    async fn end(&self) {
        match &self.content {
            Content::Cmd(commands) => commands.end_all(Ended::ShellDeleted).await,
            Content::PowerShell(pool) => pool.end_all(Ended::ShellDeleted).await,
        }
    }

    fn idle_too_long(&self) -> bool {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.idle_timeout
    }

    fn touch(&self) {
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// The commands of a cmd shell, and what they begin with.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) environment: Environment,
    pub(super) directory: String,
    kept: Mutex<HashMap<CommandId, Arc<Execution>>>,
}

impl Commands {
    pub(super) fn new(environment: Environment, directory: String) -> Self {
        Self { environment, directory, kept: Mutex::default() }
    }

    /// Keeps a command until a terminate signal or the shell's end.
    pub(super) fn keep(&self, execution: Arc<Execution>) {
        self.lock().insert(execution.id().clone(), execution);
    }

    pub(super) fn find(&self, id: Option<&CommandId>) -> Result<Arc<Execution>, WindowsFault> {
        let found = id.and_then(|id| self.lock().get(id).cloned());
        found.ok_or(WindowsFault::COMMAND_NOT_FOUND)
    }

    /// Takes a command out; later requests do not find it any more.
    pub(super) fn forget(&self, id: &CommandId) -> Option<Arc<Execution>> {
        self.lock().remove(id)
    }

    /// Ends every command, and returns when all have ended.
    pub(super) async fn end_all(&self, how: Ended) {
        let commands: Vec<Arc<Execution>> = self.lock().drain().map(|(_, execution)| execution).collect();
        for command in &commands {
            command.stop(how);
        }
        for command in commands {
            command.ended().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CommandId, Arc<Execution>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All open shells of the host.
#[derive(Debug, Default)]
pub(crate) struct Shells {
    open: Mutex<HashMap<ShellId, Arc<Shell>>>,
}

impl Shells {
    /// Opens a shell, unless its owner has too many or another one has its identifier.
    pub(super) fn open(&self, shell: Shell, quotas: &Quotas) -> Result<Arc<Shell>, WindowsFault> {
        let mut open = self.lock();
        open.retain(|_, shell| !shell.idle_too_long());
        let owned = open.values().filter(|other| other.owner.eq_ignore_ascii_case(&shell.owner)).count();
        if owned >= quotas.max_shells_per_user {
            return Err(WindowsFault::TOO_MANY_SHELLS);
        }
        if open.contains_key(shell.id()) {
            return Err(WindowsFault::INVALID_PARAMETER);
        }
        let shell = Arc::new(shell);
        open.insert(shell.id().clone(), Arc::clone(&shell));
        Ok(shell)
    }

    /// The shell that a request names. It must be the user's, and named as the resource that it is.
    pub(super) fn named(&self, user: &str, header: &Header) -> Result<Arc<Shell>, WindowsFault> {
        let reference = ShellReference::from_header(header).ok_or(WindowsFault::SHELL_NOT_FOUND)?;
        let found = self.lock().get(&reference.shell_id).cloned().ok_or(WindowsFault::SHELL_NOT_FOUND)?;
        if found.reference.resource_uri != reference.resource_uri {
            return Err(WindowsFault::SHELL_NOT_FOUND);
        }
        if !found.owner.eq_ignore_ascii_case(user) {
            return Err(WindowsFault::ACCESS_DENIED);
        }
        found.touch();
        Ok(found)
    }

    /// Closes a shell, and returns when its commands have ended.
    pub(super) async fn delete(&self, shell: &Shell) {
        self.lock().remove(shell.id());
        shell.end().await;
    }

    /// Closes all shells.
    pub(crate) async fn delete_all(&self) {
        let shells: Vec<Arc<Shell>> = self.lock().drain().map(|(_, shell)| shell).collect();
        for shell in shells {
            shell.end().await;
        }
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ShellId, Arc<Shell>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
