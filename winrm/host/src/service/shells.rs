//! The open shells, and who may use which.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winrm_proto::winrs::{CommandId, ShellId, ShellReference, StreamSet};
use winrm_proto::wsman::{Header, SessionId};

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
    pub(super) origin: Origin,
    owner: String,
    created: Instant,
    started: AtomicUsize,
    state: Mutex<State>,
}

/// What its client said of it when it was created.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) name: Option<String>,
    pub(super) working_directory: Option<String>,
    pub(super) input_streams: StreamSet,
    pub(super) output_streams: StreamSet,
    pub(super) idle_timeout: Duration,
}

/// What changes while it lives.
#[derive(Debug)]
struct State {
    touched: Instant,
    connection: Connection,
    session: Option<SessionId>,
}

/// Whether a client is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    Connected,
    Disconnected,
}

impl Connection {
    /// As a description of a shell names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
        }
    }
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
        session: Option<SessionId>,
        origin: Origin,
        content: Content,
    ) -> Self {
        let now = Instant::now();
        Self {
            reference,
            content,
            origin,
            owner: owner.to_owned(),
            created: now,
            started: AtomicUsize::new(0),
            state: Mutex::new(State { touched: now, connection: Connection::Connected, session }),
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

    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    pub(super) fn age(&self) -> Duration {
        self.created.elapsed()
    }

    pub(super) fn inactivity(&self) -> Duration {
        self.state().touched.elapsed()
    }

    pub(super) fn connection(&self) -> Connection {
        self.state().connection
    }

    pub(super) fn set_connection(&self, connection: Connection) {
        self.state().connection = connection;
    }

    /// Whether a request comes from the session that the shell belongs to.
    pub(super) fn is_of_session(&self, header: &Header) -> bool {
        self.state().session == header.session_id
    }

    /// Gives the shell to the session of a request.
    pub(super) fn take_over(&self, header: &Header) {
        self.state().session.clone_from(&header.session_id);
    }

    fn idle_too_long(&self) -> bool {
        self.inactivity() > self.origin.idle_timeout
    }

    fn touch(&self) {
        self.state().touched = Instant::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The commands whose end nobody was told of.
    pub(super) fn running(&self) -> Vec<Arc<Execution>> {
        self.lock().values().filter(|execution| !execution.is_told()).cloned().collect()
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
        for (_, idle) in open.extract_if(|_, shell| shell.idle_too_long()) {
            tokio::spawn(async move { idle.end().await });
        }
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

    /// The shell that a request for work names; nobody works in one that was left.
    pub(super) fn in_use(&self, user: &str, header: &Header) -> Result<Arc<Shell>, WindowsFault> {
        let shell = self.named(user, header)?;
        match shell.connection() {
            Connection::Connected => Ok(shell),
            Connection::Disconnected => Err(WindowsFault::SHELL_DISCONNECTED),
        }
    }

    /// The user's shells, the oldest first.
    pub(super) fn of(&self, user: &str) -> Vec<Arc<Shell>> {
        let open = self.lock();
        let mut shells: Vec<Arc<Shell>> =
            open.values().filter(|shell| shell.owner.eq_ignore_ascii_case(user)).cloned().collect();
        drop(open);
        shells.sort_by_key(|shell| shell.created);
        shells
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
