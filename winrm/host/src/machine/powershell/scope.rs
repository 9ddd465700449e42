//! Which commands a session sees.

use winrm_script::commands;

use super::super::programs::{Program, Resolved};
use super::cmdlet::Cmdlet;
use super::{lock, restricted};

/// What a session configuration lets its sessions see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything, and the language.
    Everything,
    /// A role capability: these commands, those that every restricted session has, and no language.
    Role(Vec<String>),
    /// What a lock left.
    Locked(Locked),
}

/// What a lock left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Locked {
    /// The commands that are still seen.
    pub(super) shown: Vec<String>,
    /// Whether text is still taken, as it never should be.
    pub(super) language: Language,
}

/// `$ExecutionContext.SessionState.LanguageMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    FullLanguage,
    NoLanguage,
}

/// What a command's name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callable {
    Cmdlet(&'static Cmdlet),
    Program(Program),
}

impl Scope {
    pub(crate) fn everything() -> Self {
        Self::Everything
    }

    /// What a role capability with these commands lets a session see.
    pub(crate) fn role(commands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Role(commands.into_iter().map(Into::into).collect())
    }

    pub(crate) fn has_language(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Role(_) => false,
            Self::Locked(locked) => locked.language == Language::FullLanguage,
        }
    }

    /// Looks a name up as PowerShell does: a cmdlet or its alias, a program, and then a cmdlet with `Get-` before it.
    pub(super) fn find(&self, name: &str) -> Option<Callable> {
        if let Self::Locked(locked) = self {
            return lock::find(&locked.shown, name);
        }
        if let Some(cmdlet) = self.cmdlet(name) {
            return Some(Callable::Cmdlet(cmdlet));
        }
        match Program::resolve(name) {
            Resolved::Program(program) => self.shows(program.image()).then_some(Callable::Program(program)),
            Resolved::NoSuchPath | Resolved::Unknown => {
                self.cmdlet(&format!("Get-{name}")).map(Callable::Cmdlet)
            }
        }
    }

    /// The cmdlets that a session sees, in alphabetical order.
    pub(super) fn cmdlets(&self) -> Vec<&'static Cmdlet> {
        match self {
            Self::Everything => Cmdlet::all(),
            Self::Locked(_) => Cmdlet::all().into_iter().filter(|cmdlet| self.shows(cmdlet.name)).collect(),
            Self::Role(_) => {
                let mut seen = restricted::FUNCTIONS.iter().collect::<Vec<_>>();
                seen.retain(|function| !self.shows(function.name));
                seen.extend(Cmdlet::all().into_iter().filter(|cmdlet| self.shows(cmdlet.name)));
                seen.sort_by_key(|cmdlet| cmdlet.name);
                seen
            }
        }
    }

    fn cmdlet(&self, name: &str) -> Option<&'static Cmdlet> {
        match self {
            Self::Everything | Self::Locked(_) => Cmdlet::find(name),
            // What a role shows are the plain names: its session has the modules' other names no more.
            Self::Role(_) if name.contains('\\') => None,
            Self::Role(_) => {
                let name = restricted::alias(name).or_else(|| commands::alias(name)).unwrap_or(name);
                self.cmdlets().into_iter().find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Whether a role names the command. Functions that every restricted session has are not among them.
    fn shows(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Role(names) | Self::Locked(Locked { shown: names, .. }) => names
                .iter()
                .any(|known| known.strip_suffix(".exe").unwrap_or(known).eq_ignore_ascii_case(name)),
        }
    }
}
