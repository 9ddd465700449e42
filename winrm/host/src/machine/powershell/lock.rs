//! The one script that this machine knows as a whole: the lock that clients put on a fresh runspace.
//!
//! It is recognised by its text, comments and spaces aside, and does what it was measured to do on real PowerShell: the
//! named commands stay, everything else is hidden, and the language is gone.

use winrm_proto::clixml::ErrorRecord;
use winrm_proto::psrp::{Command, CommandKind};
use winrm_script::value::Value as Item;

use super::cmdlet::Cmdlet;
use super::failure::{Problem, Target, unknown_command};
use super::scope::{Callable, Language, Locked, Scope};
use super::{Given, Runspace};
use crate::settings::LockOutcome;

/// The lock with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lock {
    allowed: Vec<String>,
    environment: Vec<String>,
}

impl Lock {
    /// The lock, if that is what a command's text is.
    pub(crate) fn asked(command: &Command) -> Option<Self> {
        if command.kind != CommandKind::Script || dense(command.text.as_str()) != dense(SCRIPT) {
            return None;
        }
        let mut lock = Self {
            allowed: Vec::new(),
            environment: ENVIRONMENT.iter().map(|name| (*name).to_owned()).collect(),
        };
        for (place, parameter) in command.parameters.iter().enumerate() {
            let value = Item::from_clixml(&parameter.value);
            let values = value.into_items().into_iter().map(|item| Given::of(item).text()).collect();
            match parameter.name.as_ref().map(|name| name.as_str().to_lowercase()).as_deref() {
                Some("allowed" | "-allowed") => lock.allowed = values,
                Some("environment" | "-environment") => lock.environment = values,
                None if place == 0 => lock.allowed = values,
                None => lock.environment = values,
                Some(_) => return None,
            }
        }
        Some(lock)
    }

    /// Locks the runspace. An error leaves it open, wherever it comes from.
    pub(crate) fn put_on(self, runspace: &Runspace, outcome: LockOutcome) -> Result<(), Box<ErrorRecord>> {
        for name in &self.allowed {
            let is_name = name.split_once('-').is_some_and(|(verb, noun)| {
                let letters = !verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphabetic());
                letters && !noun.is_empty() && noun.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
            if !is_name || name.eq_ignore_ascii_case("ForEach-Object") {
                return Err(Box::new(not_lockable(name).record("", None, "")));
            }
            if Cmdlet::named(name).is_none() {
                let record = unknown_command(name);
                return Err(Box::new(record.record(
                    "Get-Command",
                    Some("Microsoft.PowerShell.Commands.GetCommandCommand"),
                    "",
                )));
            }
        }
        let shown = || self.allowed.iter().cloned().chain(ALWAYS.map(str::to_owned)).collect();
        let locked = match outcome {
            LockOutcome::Holds => Locked { shown: shown(), language: Language::NoLanguage },
            LockOutcome::Fails => return Err(Box::new(half_way().record("", None, ""))),
            LockOutcome::LeavesCommands => {
                let all = Cmdlet::all().into_iter().map(|cmdlet| cmdlet.name.to_owned());
                Locked { shown: all.collect(), language: Language::NoLanguage }
            }
            LockOutcome::LeavesLanguage => Locked { shown: shown(), language: Language::FullLanguage },
        };
        runspace.set_scope(Scope::Locked(locked));
        runspace
            .environment()
            .retain(|name| self.environment.iter().any(|kept| kept.eq_ignore_ascii_case(name)));
        runspace.hide_variables();
        Ok(())
    }
}

/// What of a locked runspace a name stands for.
pub(super) fn find(shown: &[String], name: &str) -> Option<Callable> {
    // An allowed command keeps its module's name; aliases and programs are gone.
    let plain = match name.rsplit_once('\\') {
        Some((module, plain)) => {
            Cmdlet::named(plain).filter(|cmdlet| cmdlet.module().eq_ignore_ascii_case(module))?.name
        }
        None => name,
    };
    let is_shown = |name: &str| shown.iter().any(|own| own.eq_ignore_ascii_case(name));
    let with_get = format!("Get-{plain}");
    let name = [plain, &with_get].into_iter().find(|name| is_shown(name))?;
    Cmdlet::named(name).map(Callable::Cmdlet)
}

/// A text without comments, spaces and the case of its letters.
fn dense(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    code.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn not_lockable(name: &str) -> Problem {
    Problem {
        message: format!("not lockable: {name}"),
        category: "OperationStopped",
        exception: "System.Management.Automation.RuntimeException",
        id: "not lockable",
        target: Target::Text(format!("not lockable: {name}")),
    }
}

fn half_way() -> Problem {
    Problem {
        message: "Exception setting \"Visibility\": \"The command cannot be changed.\"".to_owned(),
        category: "NotSpecified",
        exception: "System.Management.Automation.SetValueInvocationException",
        id: "ExceptionWhenSetting",
        target: Target::Nothing,
    }
}

/// The script as clients send it.
const SCRIPT: &str = include_str!("lock.ps1");
/// What it shows besides what is allowed.
const ALWAYS: [&str; 3] = ["Out-Default", "Out-String", "Out-Null"];
/// The environment that it leaves where nobody says otherwise.
const ENVIRONMENT: [&str; 11] = [
    "COMPUTERNAME",
    "OS",
    "PROCESSOR_ARCHITECTURE",
    "SystemDrive",
    "SystemRoot",
    "windir",
    "TEMP",
    "TMP",
    "PSModulePath",
    "Path",
    "HOME",
];
