//! Files, environment and arguments → the settings of every module above.
//!
//! [`load`] takes the environment and the arguments as values, reads `winrm-mcp.toml`, and gives a whole
//! [`Config`] or every problem there is. Arguments win over the environment, the environment over the file; the
//! exclude lists of all three add up, since to leave one out would allow more. A secret is never read here, and
//! never shown: a configuration knows where it lies.

mod approval;
mod environment;
mod file;
mod places;
mod problem;
mod raw;
mod resolve;
mod rules;
mod show;
mod toml_reader;

use std::path::{Path, PathBuf};

pub use self::{
    problem::{ConfigError, Expected, Problem, ProblemKind},
    raw::Source,
    show::{Checked, CheckedHost, Setting, Shown},
};
use crate::{
    inventory::Inventory,
    invocation::approval as approvals,
    policy::{self, Policy},
    secret::Environment,
};

/// What the command line says beside the subcommand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `--config`: read this file, which must exist.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--allow`, each entry by itself.
    pub allow: Option<Vec<String>>,
    /// `--include`.
    pub include: Option<Vec<String>>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--audit-file`.
    pub audit_file: Option<PathBuf>,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
    /// `--log`.
    pub log: Option<String>,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The hosts.
    pub inventory: Inventory,
    /// Profile and lists.
    pub policy: policy::Settings,
    /// The policy that they make: built once, when they are checked.
    pub policy_in_force: Policy,
    /// Where what the policy says stands.
    pub policy_sources: PolicySources,
    /// How a human approves what the policy wants one for.
    pub approval: approvals::Settings,
    /// Where the audit is written.
    pub audit_file: PathBuf,
    /// Where state lies between runs; not created yet.
    pub state_dir: PathBuf,
    /// The filter of the log, if one is set.
    pub log: Option<String>,
    /// How many bytes of output a result holds.
    pub max_output: usize,
    /// How many seconds a tool call waits before it hands its job over.
    pub handover_seconds: u32,
    /// What works and should be better, for the log at start.
    pub warnings: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    shown: Shown,
}

/// Where what a policy says stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySources {
    /// Of the profile's name.
    pub profile: Source,
    /// Of the allow list.
    pub allow: Option<Source>,
    /// Of the include list.
    pub include: Option<Source>,
    /// Of each exclude list, with what it holds.
    pub exclude: Vec<(Vec<String>, Source)>,
    /// Of each rule.
    pub rules: Vec<Source>,
    /// The same of the machine's policy.
    pub machine: Option<Box<PolicySources>>,
}

/// Reads everything.
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load(environment: &Environment, arguments: &Arguments) -> Result<Config, ConfigError> {
    let machine_policy = places::machine_policy(environment);
    load_below(environment, arguments, machine_policy.as_deref(), Hosts::Required)
}

/// The same for what concerns no host: a configuration without any is whole.
///
/// # Errors
/// As [`load`].
pub fn load_without_hosts(environment: &Environment, arguments: &Arguments) -> Result<Config, ConfigError> {
    let machine_policy = places::machine_policy(environment);
    load_below(environment, arguments, machine_policy.as_deref(), Hosts::Optional)
}

/// The file that is read, or would be if it were there.
#[must_use]
pub fn file_in_use(environment: &Environment, arguments: &Arguments) -> Option<PathBuf> {
    let variables = environment::read(environment, &mut Vec::new());
    file_path(environment, arguments, variables.config.as_ref()).map(|(path, _)| path)
}

/// Whether a configuration has to name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hosts {
    Required,
    Optional,
}

/// The same below the policy that lies here.
fn load_below(
    environment: &Environment,
    arguments: &Arguments,
    machine_policy: Option<&Path>,
    hosts: Hosts,
) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let variables = environment::read(environment, &mut problems);
    let path = file_path(environment, arguments, variables.config.as_ref());
    let file = match &path {
        Some((path, required)) => file::read(path, *required, &mut problems),
        None => None,
    };
    let ceiling = machine_policy.and_then(|path| file::read_machine_policy(path, &mut problems));
    resolve::resolve(resolve::Layers { file, variables, arguments, environment, ceiling, hosts }, problems)
}

impl Config {
    /// Each setting with its value and where it came from; never a secret.
    #[must_use]
    pub fn show(&self) -> &Shown {
        &self.shown
    }

    /// Tries what can be tried without contacting anybody: reads each secret and each certificate file.
    #[must_use]
    pub fn check(&self, secrets: &crate::secret::Secrets) -> Checked {
        show::check(self, secrets)
    }
}

/// The file to read, and whether it must be there.
fn file_path(
    environment: &Environment,
    arguments: &Arguments,
    variable: Option<&raw::Sourced<String>>,
) -> Option<(PathBuf, bool)> {
    if let Some(path) = &arguments.config {
        return Some((path.clone(), true));
    }
    if let Some(path) = variable {
        return Some((Path::new(&path.value).to_owned(), true));
    }
    places::config_file(environment).map(|path| (path, false))
}

#[cfg(test)]
mod tests;
