//! Files, environment and arguments → the settings of every module above.
//!
//! [`load`] takes the environment and the arguments as values, reads `winrm-mcp.toml`, and gives a whole
//! [`Config`] or every problem there is. Arguments win over the environment, the environment over the file; the
//! exclude lists of all three add up, since to leave one out would allow more. A secret is never read here, and
//! never shown: a configuration knows where it lies.

mod approval;
mod environment;
mod file;
mod files;
mod places;
mod problem;
mod raw;
mod resolve;
mod rules;
mod scripts;
mod show;
mod toml_reader;

use std::path::PathBuf;

pub use self::{
    files::Files,
    problem::{ConfigError, Expected, Problem, ProblemKind},
    raw::Source,
    show::{Checked, CheckedHost, CheckedScript, Setting, Shown},
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
    files: Files,
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
    /// Of each reviewed script.
    pub scripts: Vec<Source>,
    /// The same of the machine's policy.
    pub machine: Option<Box<PolicySources>>,
}

/// What holds from the start of a process to its end, whatever its files say later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    approval: approvals::Settings,
    audit_file: PathBuf,
    state_dir: PathBuf,
    log: Option<String>,
    max_output: usize,
    handover_seconds: u32,
}

/// Reads everything.
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load(environment: &Environment, arguments: &Arguments) -> Result<Config, ConfigError> {
    Files::read(environment, arguments).load(environment, arguments)
}

/// The same for what concerns no host: a configuration without any is whole.
///
/// # Errors
/// As [`load`].
pub fn load_without_hosts(environment: &Environment, arguments: &Arguments) -> Result<Config, ConfigError> {
    load_from(&Files::read(environment, arguments), environment, arguments, Hosts::Optional)
}

/// The file that is read, or would be if it were there.
#[must_use]
pub fn file_in_use(environment: &Environment, arguments: &Arguments) -> Option<PathBuf> {
    let variables = environment::read(environment, &mut Vec::new());
    files::own_path(environment, arguments, variables.config.as_ref()).map(|(path, _)| path)
}

/// Whether a configuration has to name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hosts {
    Required,
    Optional,
}

/// Makes a configuration of what was read.
fn load_from(
    files: &Files,
    environment: &Environment,
    arguments: &Arguments,
    hosts: Hosts,
) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let variables = environment::read(environment, &mut problems);
    let file = files.own.as_ref().and_then(|own| {
        let text = own.text(&mut problems)?;
        Some(file::parse(&own.path, text, &mut problems))
    });
    let ceiling = files.machine.as_ref().and_then(|machine| {
        let text = machine.text(&mut problems)?;
        file::parse_machine_policy(&machine.path, text, &mut problems)
    });
    let layers = resolve::Layers { files, file, variables, arguments, environment, ceiling, hosts };
    resolve::resolve(layers, problems)
}

impl Config {
    /// Each setting with its value and where it came from; never a secret.
    #[must_use]
    pub fn show(&self) -> &Shown {
        &self.shown
    }

    /// What it was made of.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What of it lasts as long as the process.
    #[must_use]
    pub fn lasting(&self) -> Lasting {
        Lasting {
            approval: self.approval.clone(),
            audit_file: self.audit_file.clone(),
            state_dir: self.state_dir.clone(),
            log: self.log.clone(),
            max_output: self.max_output,
            handover_seconds: self.handover_seconds,
        }
    }

    /// Tries what can be tried without contacting anybody: reads each secret and each certificate file.
    #[must_use]
    pub fn check(&self, secrets: &crate::secret::Secrets) -> Checked {
        show::check(self, secrets)
    }
}

impl Lasting {
    /// The names of the settings in which another configuration differs.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self { approval, audit_file, state_dir, log, max_output, handover_seconds } = self;
        let differs = [
            ("approval", *approval != other.approval),
            ("audit_file", *audit_file != other.audit_file),
            ("state_dir", *state_dir != other.state_dir),
            ("log", *log != other.log),
            ("max_output", *max_output != other.max_output),
            ("handover_seconds", *handover_seconds != other.handover_seconds),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests;
