//! Shells that a process of ours left behind.

use std::{fmt, sync::Arc, time::Duration};

use winrm_proto::{
    winrs::{Delete, ListShells, PullShells, Shell as Description, ShellId, ShellReference},
    wsman::{ResourceUri, Target},
};

use super::Host;
use crate::{
    error::{Error, Operation},
    lanes::Lane,
};

/// A shell that exists on a host, whoever opened it. All of it is the host's word, and much of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteShell {
    reference: ShellReference,
    /// The name that its client gave it.
    pub name: Option<String>,
    /// The account that it runs as.
    pub owner: Option<String>,
    /// The address that its client came from.
    pub client_address: Option<String>,
    /// How long the host keeps it without a request.
    pub idle_timeout: Option<Duration>,
    /// `Connected`, or `Disconnected` where its client has left it.
    pub state: Option<String>,
}

/// Tells by its name whether a shell on the host was left behind by a process that is gone.
///
/// Where the host refuses a new shell because there are too many, those that the rule names are closed, and the shell is
/// asked for once more. Give shells a name that holds an identifier of your process
/// ([`super::ShellOptions::name`]), and let the rule know only names of that kind: what it names is closed.
#[derive(Clone)]
pub struct OrphanRule(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl RemoteShell {
    /// The host's identifier of the shell.
    #[must_use]
    pub fn id(&self) -> String {
        self.reference.shell_id.to_string()
    }

    /// Whether its client has left it, so that [`crate::Client::connect_runspace_pool`] may take it over.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        self.state.as_deref() == Some("Disconnected")
    }

    /// What it was opened as: the cmd shell, or a session configuration such as
    /// `http://schemas.microsoft.com/powershell/Microsoft.PowerShell`.
    #[must_use]
    pub fn resource_uri(&self) -> &str {
        self.reference.resource_uri.as_str()
    }

    pub(crate) fn reference(&self) -> &ShellReference {
        &self.reference
    }

    fn read(description: Description) -> Option<Self> {
        let shell_id: ShellId = description.shell_id?;
        let resource_uri = description.resource_uri.unwrap_or(ResourceUri::CMD);
        Some(Self {
            reference: ShellReference { resource_uri, shell_id },
            name: description.name,
            owner: description.owner,
            client_address: description.client_ip,
            idle_timeout: description.idle_timeout,
            state: description.state,
        })
    }
}

impl OrphanRule {
    /// A rule; it gets a shell's name and answers whether its process is gone.
    #[must_use]
    pub fn new(is_orphan: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_orphan))
    }

    fn names(&self, shell: &RemoteShell) -> bool {
        shell.name.as_deref().is_some_and(|name| (self.0)(name))
    }
}

impl fmt::Debug for OrphanRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrphanRule").finish_non_exhaustive()
    }
}

/// The shells of the host that the account may see.
pub(crate) async fn list(host: &Host) -> Result<Vec<RemoteShell>, Error> {
    let target = Target::from(ResourceUri::SHELL);
    let mut list = host.ask(Lane::Control, Operation::Enumerate, target.clone(), ListShells).await?.0;
    let mut found = Vec::new();
    for _ in 0..MAX_PULLS {
        found.extend(list.items.into_iter().filter_map(RemoteShell::read));
        let Some(context) = list.context else { break };
        let pull = PullShells { context };
        list = host.ask(Lane::Control, Operation::Enumerate, target.clone(), pull).await?.0;
    }
    Ok(found)
}

pub(crate) async fn close(host: &Host, shell: &RemoteShell) -> Result<(), Error> {
    host.ask(Lane::Control, Operation::Delete, shell.reference.target(), Delete).await.map(|_| ())
}

/// Closes what the rule names, and says how many that were.
pub(super) async fn close_all(host: &Host, rule: &OrphanRule) -> Result<usize, Error> {
    let mut closed = 0_usize;
    for shell in list(host).await?.into_iter().filter(|shell| rule.names(shell)) {
        match close(host, &shell).await {
            Ok(()) => closed = closed.saturating_add(1),
            Err(error) => tracing::debug!(cause = %error.cause(), "an orphan was not closed"),
        }
    }
    tracing::info!(closed, "closed shells that were left behind");
    Ok(closed)
}

/// A host has at most some thousands of shells, and they come by the thousand.
const MAX_PULLS: usize = 16;
