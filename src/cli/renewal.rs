//! Takes up what changes in the configuration's files while a server runs: the hosts, and what may run on them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    audit::Audit,
    config::{self, Config, ConfigError, Files, Lasting},
    invocation::{World, Worlds},
    secret::{Environment, Secrets},
};

/// Looks at the files whenever a call begins, so that what is denied now is denied from the next call on. They are
/// small, and a call waits for the network and the disk anyway; no clock, watcher or signal can be missed.
#[derive(Debug)]
pub(super) struct Renewal {
    environment: Environment,
    arguments: config::Arguments,
    secrets: Secrets,
    audit: Audit,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: Arc<World>,
    /// What the files said when they were last looked at, whether it could be used or not.
    files: Files,
    /// What a change does not reach.
    lasting: Lasting,
}

impl Renewal {
    /// Begins with a configuration that was loaded from this environment and these arguments.
    pub(super) fn new(
        config: Config,
        environment: Environment,
        arguments: config::Arguments,
        secrets: Secrets,
        audit: Audit,
    ) -> Self {
        let (files, lasting) = (config.files().clone(), config.lasting());
        let state = Mutex::new(State { world: Arc::new(world(config)), files, lasting });
        Self { environment, arguments, secrets, audit, state }
    }

    /// Whoever comes meanwhile waits: no call begins under a policy that is known to be an old one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_up(&self, state: &mut State, config: Config) {
        super::setup::warn(&config);
        super::setup::learn(&config, &self.secrets);
        let waiting = state.lasting.differences(&config.lasting());
        if !waiting.is_empty() {
            tracing::warn!("changed, and taken up at the next start only: {}", waiting.join(", "));
        }
        state.world = Arc::new(world(config));
        let version = state.world.policy.version();
        tracing::info!(policy = version, "the configuration changed: its hosts and its policy are in force");
        self.record(version, None);
    }

    fn refuse(&self, state: &State, error: &ConfigError) {
        let problems = error.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let version = state.world.policy.version();
        tracing::error!(
            policy = version,
            "the changed configuration is not taken up, and what was in force before it stays: {problems}"
        );
        self.record(version, Some(&problems));
    }

    fn record(&self, policy: &str, refused: Option<&str>) {
        if let Err(error) = self.audit.reloaded(policy, refused) {
            tracing::error!(%error, "a change of the configuration is not on record");
        }
    }
}

impl Worlds for Renewal {
    fn in_force(&self) -> Arc<World> {
        let mut state = self.lock();
        let files = state.files.read_again();
        if files != state.files {
            // Others take over this thread's work meanwhile: many rules take a while.
            let loaded = tokio::task::block_in_place(|| files.load(&self.environment, &self.arguments));
            state.files = files;
            match loaded {
                Ok(config) => self.take_up(&mut state, config),
                Err(error) => self.refuse(&state, &error),
            }
        }
        Arc::clone(&state.world)
    }
}

/// What of a configuration calls are judged by.
pub(super) fn world(config: Config) -> World {
    World { inventory: config.inventory, policy: config.policy_in_force }
}
