//! What a runspace pool is opened with.

use std::time::Duration;

use uuid::Uuid;
use winrm_proto::{
    clixml::{PsString, Value},
    exchange,
    psrp::{HostInfo, client::Settings},
    winrs::{CreateShell, Profile},
    wsman::ResourceUri,
    xml::Limits,
};

use super::{Lock, LockError};
use crate::{
    error::{Cause, Error, Operation, Reached},
    shell::{Host, IDS, Ids, UserProfile},
};

/// What a runspace pool is opened with. The default is one runspace of the configuration `Microsoft.PowerShell`, no user
/// profile, no host, and an end after 15 minutes without a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// The session configuration (endpoint), such as `PowerShell.7` or that of a JEA endpoint.
    pub configuration_name: String,
    /// The least number of runspaces, at least 1.
    pub min_runspaces: i32,
    /// The greatest number of runspaces: as many pipelines run at a time, and the next one waits on the host.
    pub max_runspaces: i32,
    /// `$PSSenderInfo.ApplicationArguments`: names and primitive values. `PSVersionTable` is refused.
    pub application_arguments: Vec<(String, Value)>,
    /// A name for people, seen where shells are listed.
    pub name: Option<String>,
    /// How long the host keeps the pool without a request. It cleans up behind a client that has crashed.
    pub idle_timeout: Option<Duration>,
    /// Whether the account's registry hive is loaded.
    pub profile: UserProfile,
    /// The host that commands see. [`HostInfo::none`] has the remote side refuse prompts; with [`HostInfo::writes`] what
    /// commands write to the host comes as [`super::Event::HostCall`], and prompts are refused here, at once.
    pub host: HostInfo,
    /// What the pool's only runspace is locked to before it is used; `None` leaves it as the configuration has it. A locked
    /// pool takes six requests more to open, is replaced and locked again by [`super::RunspacePool::reset`], and cannot be
    /// left. It is meant for endpoints whose language is not restricted already.
    pub lock: Option<Lock>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            configuration_name: "Microsoft.PowerShell".to_owned(),
            min_runspaces: 1,
            max_runspaces: 1,
            application_arguments: Vec::new(),
            name: None,
            idle_timeout: Some(Duration::from_secs(15 * 60)),
            profile: UserProfile::Skip,
            host: HostInfo::none(),
            lock: None,
        }
    }
}

impl PoolOptions {
    /// The conversation that opens such a pool, under a new name.
    pub(super) fn conversation(&self, host: &Host) -> Result<exchange::RunspacePool<Ids>, Error> {
        let fail = |cause| Error::new(Operation::Create, cause, Reached::Nobody);
        if self.lock.is_some() && self.max_runspaces > 1 {
            return Err(fail(Cause::Lock(LockError::Runspaces(self.max_runspaces))));
        }
        let resource_uri = ResourceUri::powershell(&self.configuration_name)
            .map_err(|_| fail(Cause::ConfigurationName(self.configuration_name.clone())))?;
        let template = CreateShell {
            name: self.name.clone(),
            idle_timeout: self.idle_timeout,
            profile: Some(match self.profile {
                UserProfile::Skip => Profile::Skip,
                UserProfile::Load => Profile::Load,
            }),
            ..CreateShell::default()
        };
        let arguments = self.application_arguments.iter();
        let settings = Settings {
            min_runspaces: self.min_runspaces,
            max_runspaces: self.max_runspaces,
            host: self.host.clone(),
            application_arguments: arguments
                .map(|(name, value)| (PsString::from(name.as_str()), value.clone()))
                .collect(),
            ..Settings::default()
        };
        let preamble = host.preamble().clone();
        let id = Uuid::new_v4();
        exchange::RunspacePool::open(preamble, Limits::default(), IDS, resource_uri, template, id, settings)
            .map_err(|error| fail(Cause::PowerShell(error)))
    }
}
