//! Puts the house together from its settings.

use std::sync::Arc;

use super::{
    exit::Exit,
    output::Console,
    renewal::{Renewal, world},
};
use crate::{
    audit::{Audit, private},
    call::CallId,
    config::{self, Config},
    invocation::{House, Settings, Worlds, approval::Approvals},
    output::{SpoolLimits, SuccessCodes},
    redact::KnownSecrets,
    remedy::Remedy,
    secret::{Environment, Secrets},
    session::{SessionError, Sessions},
    telemetry,
};

/// How much of what comes back is kept: a server's results are small, a command line's are whole.
#[derive(Debug, Clone)]
pub(super) struct Keep {
    pub(super) spool: SpoolLimits,
    pub(super) written: SpoolLimits,
    /// `None` takes the configuration's.
    pub(super) max_output: Option<usize>,
    pub(super) success_codes: SuccessCodes,
}

/// How long the configuration that was read holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// For all that this process does.
    Whole,
    /// Until its files change: then each call that begins takes what they say.
    UntilChanged,
}

/// Reads the settings, telling every problem with them.
pub(super) fn load(
    environment: &Environment,
    arguments: &config::Arguments,
    console: &Console,
) -> Result<Config, Exit> {
    config::load(environment, arguments).map_err(|error| Exit::failed(console, &error))
}

/// Reads the settings and builds the house, telling what is wrong with either.
pub(super) fn house(
    environment: &Environment,
    arguments: &config::Arguments,
    keep: Keep,
    validity: Validity,
    console: &Console,
) -> Result<Arc<House>, Exit> {
    let config = load(environment, arguments, console)?;
    let secrets = Secrets::new(environment.clone(), KnownSecrets::default());
    console.protect(secrets.known());
    let worlds = |config, secrets: &Secrets, audit: &Audit| -> Box<dyn Worlds> {
        match validity {
            Validity::Whole => Box::new(Arc::new(world(config))),
            Validity::UntilChanged => {
                let (environment, arguments) = (environment.clone(), arguments.clone());
                Box::new(Renewal::new(config, environment, arguments, secrets.clone(), audit.clone()))
            }
        }
    };
    build(config, secrets, keep, worlds).map(Arc::new).map_err(|error| Exit::failed(console, &*error))
}

fn build(
    config: Config,
    secrets: Secrets,
    keep: Keep,
    worlds: impl FnOnce(Config, &Secrets, &Audit) -> Box<dyn Worlds>,
) -> Result<House, Box<dyn Remedy>> {
    telemetry::start(config.log.as_deref(), secrets.known()).map_err(boxed)?;
    let audit = Audit::open(&config.audit_file, secrets.known().clone()).map_err(boxed)?;
    warn(&config);
    learn(&config, &secrets);
    // The audit may lie elsewhere, so the directory is made here too.
    let instances = config.state_dir.join("instances");
    private::create_folder(&instances).map_err(|error| {
        boxed(SessionError::StateDirectory { path: instances.clone(), kind: error.kind() })
    })?;
    let id = CallId::random().map_err(boxed)?;
    let sessions = Sessions::new(secrets.clone(), &instances, id).map_err(boxed)?;
    let approvals = Approvals::new(config.approval.clone(), secrets.clone());
    let settings = Settings {
        spool: keep.spool,
        written: keep.written,
        max_output: keep.max_output.unwrap_or(config.max_output),
        success_codes: keep.success_codes,
    };
    Ok(House::new(worlds(config, &secrets, &audit), audit, approvals, sessions, secrets, settings))
}

/// Says what weakens security and what should be better.
pub(super) fn warn(config: &Config) {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}

/// Reads each secret once, so that the first call is scrubbed of it already. One that cannot be read is told of when
/// it is needed: other hosts may do without it.
pub(super) fn learn(config: &Config, secrets: &Secrets) {
    for target in config.inventory.targets() {
        let warnings = secrets.read(&target.login.password).map(|secret| secret.warnings).unwrap_or_default();
        for warning in warnings {
            tracing::warn!(host = %target.name, "{warning}");
        }
    }
}

fn boxed(error: impl Remedy + 'static) -> Box<dyn Remedy> {
    Box::new(error)
}
