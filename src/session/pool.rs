//! What is kept for one host between calls: a client with its connections, one warm shell, and a warm runspace pool for
//! each principal.

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::time::Duration;
use winrm::{
    Client, ClientConfig, Credential, RefusedCredentials, Scheme, Shell, ShellOptions, Trust, UserName,
    powershell::RunspacePool,
};
use winrm_script::typed::TypedPipeline;

use super::{
    SessionError,
    instance::Instance,
    runspaces::{MAX_RUNSPACES, Runspaces, Wanted},
};
use crate::{
    call::{CallId, HostName, Principal},
    inventory::{self, AuthScheme, Target},
};

/// One host's sessions.
#[derive(Debug, Default)]
pub(super) struct Pool {
    connected: Mutex<Option<Connected>>,
}

/// A client and what it was made of: when that changes, so does the client.
#[derive(Debug)]
struct Connected {
    target: Target,
    secret: SecretString,
    warm: Warm,
}

/// A client, its warm shell and its runspace pools. Commands of several calls can run in them side by side.
#[derive(Debug, Clone)]
pub(super) struct Warm {
    pub(super) host: HostName,
    pub(super) client: Client,
    pub(super) runspaces: Arc<Runspaces>,
    shell_name: String,
    /// Locked while it is opened, so that calls that come together open one shell and not several.
    shell: Arc<tokio::sync::Mutex<Option<Arc<Shell>>>>,
}

impl Pool {
    /// The client for this target and secret; a new one where either has changed.
    pub(super) fn client(
        &self,
        target: &Target,
        secret: SecretString,
        refused: &RefusedCredentials,
        instance: &Instance,
    ) -> Result<Warm, SessionError> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = connected.as_ref().filter(|there| there.fits(target, &secret)) {
            return Ok(there.warm.clone());
        }
        let client = Client::new(&configuration(target, secret.clone(), refused, instance)?)?;
        let warm = Warm {
            host: target.name.clone(),
            client,
            runspaces: Arc::new(Runspaces::new(target.remoting.clone())),
            shell_name: instance.shell_name(),
            shell: Arc::default(),
        };
        *connected = Some(Connected { target: target.clone(), secret, warm: warm.clone() });
        Ok(warm)
    }

    /// What is kept for the host, if there is a client for it.
    pub(super) fn connected(&self) -> Option<Warm> {
        let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        connected.as_ref().map(|connected| connected.warm.clone())
    }

    /// Closes the host's shells, and says how many could not be.
    pub(super) async fn shutdown(&self, deadline: Duration) -> usize {
        let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Connected { target, warm, .. }) = connected else { return 0 };
        match warm.client.shutdown(deadline).await {
            winrm::Shutdown::Complete => 0,
            winrm::Shutdown::Left { shells } => {
                tracing::warn!(host = %target.name, shells, "left on the host, which closes them when they are idle");
                shells
            }
        }
    }
}

impl Connected {
    fn fits(&self, target: &Target, secret: &SecretString) -> bool {
        let same = self.secret.expose_secret().as_bytes().ct_eq(secret.expose_secret().as_bytes());
        self.target == *target && bool::from(same)
    }
}

impl Warm {
    /// The shell for a working directory: the warm one, or where a directory is asked for one of its own.
    pub(super) async fn shell(&self, working_directory: Option<String>) -> Result<Arc<Shell>, winrm::Error> {
        let mut options = ShellOptions::default();
        options.name = Some(self.shell_name.clone());
        if working_directory.is_some() {
            options.working_directory = working_directory;
            return Ok(Arc::new(self.client.open_shell(options).await?));
        }
        let mut slot = self.shell.lock().await;
        if let Some(shell) = slot.as_ref() {
            return Ok(Arc::clone(shell));
        }
        let shell = Arc::new(self.client.open_shell(options).await?);
        *slot = Some(Arc::clone(&shell));
        Ok(shell)
    }

    /// A runspace of its own, for one call. Dropped, it is closed on the host.
    pub(super) async fn runspace_for_one(
        &self,
        principal: &Principal,
        call: &CallId,
    ) -> Result<RunspacePool, SessionError> {
        let Self { client, shell_name, .. } = self;
        self.runspaces.for_one(Wanted { client, shell_name, principal, call, commands: None }).await
    }

    /// A principal's runspace pool: the warm one, or a new one.
    pub(super) async fn runspace_pool(
        &self,
        principal: &Principal,
        call: &CallId,
        commands: Option<&TypedPipeline>,
    ) -> Result<Arc<RunspacePool>, SessionError> {
        let Self { client, shell_name, .. } = self;
        self.runspaces.pool(Wanted { client, shell_name, principal, call, commands }).await
    }
}

fn configuration(
    target: &Target,
    secret: SecretString,
    refused: &RefusedCredentials,
    instance: &Instance,
) -> Result<ClientConfig, SessionError> {
    let credential = Credential::new(UserName::parse(&target.login.user)?, secret);
    let mut config = ClientConfig::new(target.endpoint.clone(), trust(&target.trust)?, credential)?;
    config.schemes = match target.login.scheme {
        AuthScheme::Negotiate => vec![Scheme::Negotiate, Scheme::Spnego, Scheme::Ntlm],
        // Windows offers NTLM under the name of Negotiate; asking for it by its own first would cost a round trip.
        AuthScheme::Ntlm => vec![Scheme::Negotiate, Scheme::Ntlm],
        AuthScheme::Basic => vec![Scheme::Basic],
    };
    config.proxy = target.proxy.clone();
    config.connect_timeout = target.timeouts.connect;
    config.retries = target.max_retries;
    config.refused = refused.clone();
    config.concurrency = usize::try_from(MAX_RUNSPACES).unwrap_or(1);
    config.orphans = Some(instance.orphans());
    Ok(config)
}

fn trust(trust: &inventory::Trust) -> Result<Trust, SessionError> {
    match trust {
        inventory::Trust::SystemRoots => Ok(Trust::system_roots()),
        inventory::Trust::Pin(pin) => Ok(Trust::pin(*pin)),
        inventory::Trust::Danger(inventory::danger::SkipVerification) => {
            Ok(winrm::danger::accept_any_certificate())
        }
        inventory::Trust::CaFile(path) => {
            let unreadable =
                |error: std::io::Error| SessionError::CaFile { path: path.clone(), kind: error.kind() };
            let pem = std::fs::read(path).map_err(unreadable)?;
            Trust::ca_pem(&pem).map_err(|source| SessionError::CaContent { path: path.clone(), source })
        }
    }
}
