//! What a cmdlet is: a command of PowerShell's table, and what this machine does for it.
//!
//! Names, aliases, parameters, positions and sets come from the table of `winrm-script`; a cmdlet only says which of
//! the parameters mean something here.

use std::pin::Pin;

use winrm_script::commands::{self, Command, Variant};

use super::binding::Bound;
use super::cmdlets::ALL;
use super::failure::Failure;
use super::stage::Stage;

/// A cmdlet.
#[derive(Debug)]
pub(super) struct Cmdlet {
    /// The full name, which stands in the table of commands.
    pub(super) name: &'static str,
    /// The .NET class, which stands in error identifiers.
    pub(super) class: &'static str,
    pub(super) takes: Takes,
    pub(super) run: Run,
}

/// The parameters that mean something on this machine, besides the common ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// All that the command has.
    All,
    /// These. PowerShell's others are refused as not simulated.
    Only(&'static [&'static str]),
    /// These and no others: a restricted function has fewer parameters than the command that it stands for.
    Restricted(&'static [Restriction]),
}

/// A parameter of a restricted function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restriction {
    pub(super) parameter: &'static str,
    /// What it may be given; nothing means anything.
    pub(super) values: &'static [&'static str],
}

/// What a cmdlet does.
pub(super) type Run = for<'a> fn(&'a mut Stage<'_>, &'a Bound) -> Running<'a>;

/// A cmdlet that runs.
pub(super) type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

impl Cmdlet {
    /// The cmdlet of that full name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().flat_map(|family| family.iter()).find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(name))
    }

    /// Looks up a command's name: its own, an alias, or its module and its name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        Self::named(commands::find(name)?.name())
    }

    /// All cmdlets, in alphabetical order.
    pub(super) fn all() -> Vec<&'static Self> {
        let mut all: Vec<&Self> = ALL.iter().flat_map(|family| family.iter()).collect();
        all.sort_by_key(|cmdlet| cmdlet.name);
        all
    }

    /// What the table says of it.
    pub(super) fn command(&self) -> Option<Command> {
        commands::find(self.name)
    }

    /// The form of Windows PowerShell 5.1, or what is nearest to it.
    pub(super) fn variant(&self) -> Option<Variant> {
        self.command()?.variants().next()
    }

    pub(super) fn module(&self) -> &'static str {
        self.command().map_or("", Command::module)
    }
}

impl Takes {
    /// Whether the command, as it is here, has this parameter at all.
    pub(super) fn has(self, name: &str) -> bool {
        match self {
            Self::All | Self::Only(_) => true,
            Self::Restricted(own) => own.iter().any(|own| own.parameter.eq_ignore_ascii_case(name)),
        }
    }

    /// Whether the parameter does anything here.
    pub(super) fn simulates(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(own) => own.iter().any(|own| own.eq_ignore_ascii_case(name)),
            Self::Restricted(_) => self.has(name),
        }
    }
}
