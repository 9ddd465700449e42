//! What `config show` and `check-config` print.

use std::{fmt, path::Path};

use serde::Serialize;

use super::{
    Config,
    raw::{Source, Sourced},
};
use crate::{
    inventory::Trust, output::ErrorReport, policy::ScriptSettings, reviewed::Script, secret::Secrets,
};

/// Every setting in force, hosts first. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The settings.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name, such as `host.web-01.user`.
    pub key: String,
    /// Its value; of a password, where it lies.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}

/// What `check-config` found without contacting anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Whether every host can be tried.
    pub ok: bool,
    /// The file that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The profile in force.
    pub profile: String,
    /// Each host.
    pub hosts: Vec<CheckedHost>,
    /// Each reviewed script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<CheckedScript>,
    /// What works and should be better.
    pub warnings: Vec<String>,
}

/// What was found about one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedHost {
    /// Its name.
    pub host: String,
    /// Where it is.
    pub endpoint: String,
    /// What keeps it from being tried; empty where nothing does.
    pub problems: Vec<ErrorReport>,
}

/// What was found about one reviewed script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedScript {
    /// Its name.
    pub script: String,
    /// Its file.
    pub file: String,
    /// What keeps it from running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ErrorReport>,
}

/// Collects settings while they are resolved.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Setting>);

impl Shown {
    pub(super) fn new(rows: Rows) -> Self {
        let mut settings = rows.0;
        settings.sort_by(|a, b| a.key.cmp(&b.key));
        Self { settings }
    }
}

impl Rows {
    pub(super) fn add(&mut self, key: String, value: String, source: &Source) {
        self.add_text(key, value, source.to_string());
    }

    pub(super) fn add_text(&mut self, key: String, value: String, source: String) {
        self.0.push(Setting { key, value, source });
    }

    /// Adds what was written, or else the default, and gives it back.
    pub(super) fn keep<T>(
        &mut self,
        key: String,
        written: Option<Sourced<T>>,
        standard: T,
        text: impl FnOnce(&T) -> String,
    ) -> T {
        let Sourced { value, source } = written.unwrap_or(Sourced::new(standard, Source::Default));
        self.add(key, text(&value), &source);
        value
    }
}

impl fmt::Display for Shown {
    /// One setting a line: `key = value   (source)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Setting { key, value, source } in &self.settings {
            writeln!(f, "{key} = {value}   ({source})")?;
        }
        Ok(())
    }
}

/// Reads what every host needs.
pub(super) fn check(config: &Config, secrets: &Secrets) -> Checked {
    let mut warnings = config.warnings.clone();
    let mut hosts = Vec::new();
    for target in config.inventory.targets() {
        let mut problems = Vec::new();
        match secrets.read(&target.login.password) {
            Ok(secret) => warnings.extend(secret.warnings.iter().map(ToString::to_string)),
            Err(error) => problems.push(ErrorReport::new(&error)),
        }
        if let Trust::CaFile(path) = &target.trust
            && let Some(problem) = unreadable(path)
        {
            problems.push(problem);
        }
        hosts.push(CheckedHost {
            host: target.name.as_str().to_owned(),
            endpoint: target.endpoint.to_string(),
            problems,
        });
    }
    warnings.dedup();
    let scripts: Vec<CheckedScript> = config.policy.scripts.iter().map(checked_script).collect();
    Checked {
        ok: hosts.iter().all(|host| host.problems.is_empty())
            && scripts.iter().all(|script| script.problem.is_none()),
        file: config.file.as_ref().map(|path| path.display().to_string()),
        profile: config.policy.profile.clone().unwrap_or(crate::policy::ProfileName::DEFAULT.to_owned()),
        hosts,
        scripts,
        warnings,
    }
}

fn checked_script(settings: &ScriptSettings) -> CheckedScript {
    let fault = Script::read(settings).interface().err();
    CheckedScript {
        script: settings.name.to_string(),
        file: settings.file.display().to_string(),
        problem: fault.as_ref().map(|fault| ErrorReport::new(fault)),
    }
}

fn unreadable(path: &Path) -> Option<ErrorReport> {
    let message = match std::fs::read_to_string(path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return None,
        Ok(_) => format!("{} holds no PEM certificate", path.display()),
        Err(error) => format!("{} cannot be read: {}", path.display(), error.kind()),
    };
    Some(ErrorReport {
        code: crate::remedy::Code::Configuration.name(),
        message,
        fix: Some(
            "let ca_file name the PEM file of the authority that signed the host's certificate".to_owned(),
        ),
        retry: false,
    })
}
