//! What every connection shares.

use winrm_proto::auth::Credential;

use crate::certificate::Identities;
use crate::clock::{Clock, IdSource, Ids};
use std::sync::Arc;

use crate::machine::Machine;
use crate::machine::powershell::Scope;
use crate::misbehaviour::Armed;
use crate::record::Record;
use crate::service::{Operations, Shells};
use crate::settings::{HardeningLevel, LockOutcome, Quotas, Scheme, Transport};

/// What the builder chose.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    pub(crate) transport: Transport,
    pub(crate) offered: Vec<Scheme>,
    pub(crate) hardening: HardeningLevel,
    pub(crate) quotas: Quotas,
    /// The value of the cookie `MS-WSMAN`.
    pub(crate) cookie: Option<String>,
    pub(crate) hostname: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    /// Session configurations, and what their sessions see.
    pub(crate) configurations: Vec<(String, Arc<Scope>)>,
    pub(crate) lock: LockOutcome,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            transport: Transport::Https,
            offered: vec![Scheme::Negotiate, Scheme::Ntlm],
            hardening: HardeningLevel::Relaxed,
            quotas: Quotas::default(),
            cookie: None,
            hostname: "WEB-01".to_owned(),
            environment: Vec::new(),
            clock: Clock::System,
            ids: Ids::Random,
            configurations: vec![
                ("Microsoft.PowerShell".to_owned(), Arc::new(Scope::everything())),
                (DEMO_ENDPOINT.to_owned(), Arc::new(Scope::role(DEMO_COMMANDS))),
            ],
            lock: LockOutcome::default(),
        }
    }
}

/// The name of the session configuration that every host has besides `Microsoft.PowerShell`: an endpoint as
/// administrators make them for operators with Just Enough Administration.
///
/// Its sessions have no language, see a few commands by their plain names, and the functions that every restricted
/// session has.
pub const DEMO_ENDPOINT: &str = "demo.jea";

/// What the role capability of [`DEMO_ENDPOINT`] shows.
const DEMO_COMMANDS: [&str; 11] = [
    "Get-CimInstance",
    "Get-Date",
    "Get-HotFix",
    "Get-NetTCPConnection",
    "Get-Process",
    "Get-ScheduledTask",
    "Get-Service",
    "Get-Volume",
    "Get-WinEvent",
    "Restart-Service",
    "whoami.exe",
];

/// The host's state.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) choices: Choices,
    /// The accounts of the machine.
    pub(crate) accounts: Vec<Credential>,
    pub(crate) identities: Identities,
    pub(crate) record: Record,
    pub(crate) armed: Armed,
    pub(crate) ids: IdSource,
    pub(crate) machine: Arc<Machine>,
    pub(crate) shells: Shells,
    pub(crate) operations: Operations,
}

impl World {
    pub(crate) fn new(choices: Choices, accounts: Vec<Credential>, identities: Identities) -> Self {
        let ids = IdSource::new(choices.ids);
        let record = Record::new();
        let machine =
            Machine::new(choices.hostname.clone(), &choices.environment, choices.clock, record.clone());
        Self {
            choices,
            accounts,
            identities,
            record,
            armed: Armed::default(),
            ids,
            machine: Arc::new(machine),
            shells: Shells::default(),
            operations: Operations::default(),
        }
    }

    /// What a session of that configuration sees, if there is one.
    pub(crate) fn scope_of(&self, configuration: &str) -> Option<Arc<Scope>> {
        let named = |(name, _): &&(String, _)| name.eq_ignore_ascii_case(configuration);
        self.choices.configurations.iter().find(named).map(|(_, scope)| Arc::clone(scope))
    }
}
