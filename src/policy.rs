//! Decides what may run where. Pure: no clock, no file, no network.
//!
//! [`Policy::judge`] takes a [`Call`] and the [`Target`] that it names. What it allows comes back as an
//! [`Authorized`], which nobody else can make and which carries the *judged form* of the work: the command as
//! data, to be rendered anew, never the text that arrived. What is unknown is denied.
//!
//! A profile is a readable file in `profiles/`. The lists `allow`, `include` and `exclude` replace what a
//! profile allows, never what it denies.

mod authorized;
mod cmdlet;
mod command_line;
mod denial;
mod interpreters;
mod lists;
mod names;
mod path;
mod profile;
mod program;
mod values;

use winrm_script::static_command::StaticCommand;

pub use self::{
    authorized::{Authorized, Judged, JudgedProgram, Risk},
    command_line::{LONGEST_COMMAND_LINE, Unquotable},
    denial::{Denial, Place, Reason},
    lists::{ListError, Lists},
    names::{CmdletName, NamePattern},
    path::{PathFault, WindowsPath},
    profile::{ProfileError, ProfileName},
};
use self::{denial::Verdict, interpreters::Interpreters, profile::Profile};
use crate::{
    call::{Call, Work},
    inventory::Target,
    remedy::{Code, Remedy},
};

/// What a configuration says about the policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The profile's name; `None` is `observe`.
    pub profile: Option<String>,
    /// If there, only what it names.
    pub allow: Option<Vec<String>>,
    /// If there, only what it names; with `allow`, only what both name.
    pub include: Option<Vec<String>>,
    /// Never what it names.
    pub exclude: Vec<String>,
}

/// What may run.
#[derive(Debug, Clone)]
pub struct Policy {
    profile: Profile,
    lists: Lists,
    interpreters: Interpreters,
}

/// What the policy says about one call.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Judgement {
    /// It may run, in this form.
    Allowed(Authorized),
    /// It may not.
    Denied(Denial),
}

/// Why there is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No profile has this name, or its file is broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A list holds what is no name.
    #[error(transparent)]
    List(#[from] ListError),
}

impl Policy {
    /// Reads the profile and the lists.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let name = ProfileName::parse(settings.profile.as_deref().unwrap_or(ProfileName::DEFAULT))?;
        let lists = Lists::new(settings.allow.as_deref(), settings.include.as_deref(), &settings.exclude)?;
        Ok(Self { profile: Profile::load(name)?, lists, interpreters: Interpreters::load()? })
    }

    /// The profile in force.
    #[must_use]
    pub fn profile(&self) -> ProfileName {
        self.profile.name()
    }

    /// The names that a person may use here without knowing the rules, for lists and hints: the profile's, or
    /// those that the lists leave. Wildcards stay as they were written.
    #[must_use]
    pub fn offered(&self) -> Vec<String> {
        let mut names = self.lists.named().unwrap_or_else(|| self.profile.named());
        names.retain(|name| self.lists.excluded(name).is_none());
        names
    }

    /// What to say at the start about a policy that lets much through.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.lists.warnings();
        if self.profile.is_unrestricted() {
            warnings.push("profile unrestricted: every command is allowed that the lists leave".to_owned());
        }
        warnings
    }

    /// Judges one call for one host.
    pub fn judge(&self, call: &Call, target: &Target) -> Judgement {
        let verdict = match &call.work {
            Work::Check => Ok(denial::Pass::new("check", Risk::Read, Judged::Check)),
            Work::PowerShell { text } => self.judge_text(text),
            Work::Words { words } => StaticCommand::from_words(words)
                .map_err(|refusal| Denial::not_static(&refusal))
                .and_then(|command| self.judge_command(command)),
            Work::Program { executable, arguments, stdin, working_directory } => {
                let asked = program::Asked {
                    executable,
                    arguments,
                    stdin: stdin.as_deref(),
                    working_directory: working_directory.as_deref(),
                };
                self.judge_program(&asked)
            }
        };
        match verdict {
            Ok(pass) => Judgement::Allowed(Authorized::new(call, target, self.profile(), pass)),
            Err(denial) => Judgement::Denied(denial),
        }
    }

    fn judge_text(&self, text: &str) -> Verdict {
        match StaticCommand::parse(text) {
            Ok(command) => self.judge_command(command),
            // Names inside raw text cannot be judged, so any list rules it out.
            Err(_) if self.profile.is_unrestricted() && self.lists.is_empty() => {
                Ok(denial::Pass::new("unrestricted", Risk::Change, Judged::RawPowerShell(text.to_owned())))
            }
            Err(refusal) => Err(Denial::not_static(&refusal)),
        }
    }
}

impl Judgement {
    /// The authorization, if there is one.
    ///
    /// # Errors
    /// The denial.
    pub fn into_result(self) -> Result<Authorized, Denial> {
        match self {
            Self::Allowed(authorized) => Ok(authorized),
            Self::Denied(denial) => Err(denial),
        }
    }
}

impl Remedy for PolicyError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Profile(error) => error.fix(),
            Self::List(error) => error.fix(),
        }
    }
}

#[cfg(test)]
mod tests;
