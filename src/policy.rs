//! Decides what may run where. Pure: no clock, no file, no network.
//!
//! [`Policy::judge`] takes a [`Call`] and the [`Target`] that it names. What it allows comes back as an
//! [`Authorized`], which nobody else can make and which carries the *judged form* of the work: the command as
//! data, to be rendered anew, never the text that arrived. What is unknown is denied.
//!
//! A profile is a readable file in `profiles/`. The lists `allow`, `include` and `exclude` replace what a
//! profile allows, never what it denies.

mod authorized;
mod command;
mod denial;
mod endpoint;
mod filter;
mod foresee;
mod implied;
mod interpreters;
mod jea;
mod lists;
mod names;
mod meter;
mod occasion;
mod parameters;
mod path;
mod profile;
mod program;
mod pushed;
mod regex;
mod review;
mod reviewed;
mod rule;
mod subject;
mod values;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use winrm_script::{commands, static_command::StaticCommand};

pub use self::{
    authorized::{Authorized, Judged, JudgedProgram, Rehearsed, Risk, Unapproved},
    denial::{Denial, Place, Reason},
    endpoint::{Offered, OfferedCommand, OfferedParameter},
    interpreters::InterpreterSettings,
    jea::{Jea, LeftOut, Unsayable},
    lists::{ListError, Lists},
    meter::Meter,
    names::{CmdletName, NamePattern},
    path::{PathFault, WindowsPath, secret_places},
    profile::{DenySettings, ProfileError, ProfileName},
    regex::RegexFault,
    review::{Difference, Grant, Taken},
    reviewed::{HostChoice, JudgedScript, ScriptDigest, ScriptFault, ScriptName, ScriptSettings},
    rule::{Effect, NotARate, ParameterSettings, ProgramSettings, Rate, RuleError, RuleFault, RuleSettings},
};
use self::{
    denial::{Pass, Verdict},
    interpreters::Interpreters,
    occasion::Occasion,
    profile::Profile,
    rule::{Origin, Rule},
};
use crate::{
    call::{Call, Mode, Work},
    inventory::{Target, nearest::nearest},
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
    /// What is allowed beside profile and lists, and what is denied whatever they say.
    pub rules: Vec<RuleSettings>,
    /// The scripts that a human has reviewed.
    pub scripts: Vec<ScriptSettings>,
    /// What the machine's administrator lets anybody have: an upper bound.
    pub ceiling: Option<Box<Settings>>,
}

/// What may run.
#[derive(Debug, Clone)]
pub struct Policy {
    origin: Origin,
    profile: Profile,
    lists: Lists,
    rules: Vec<Rule>,
    scripts: Vec<ScriptSettings>,
    interpreters: Interpreters,
    ceiling: Option<Box<Policy>>,
    version: String,
    /// What a person may use here without knowing the rules.
    offered: Arc<[String]>,
}

/// What the policy says about one call.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Judgement {
    /// It may run, in this form.
    Allowed(Authorized),
    /// It may run in this form once a person has said so.
    NeedsApproval(Unapproved),
    /// It would be allowed, and was asked for as a dry run of which nothing is sent.
    Rehearsed(Rehearsed),
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
    /// A rule cannot be used.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The machine's policy cannot be used.
    #[error("the machine's policy: {0}")]
    Ceiling(Box<PolicyError>),
}

impl Policy {
    /// Reads the profile, the lists and the rules, and the machine's policy, if there is one.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let ceiling = match &settings.ceiling {
            None => None,
            Some(ceiling) => {
                // An upper bound that names no profile bounds by its lists and rules alone.
                let profile = ceiling.profile.clone().or_else(|| Some(ProfileName::Unrestricted.to_string()));
                let ceiling = Self::new(&Settings { profile, ..*ceiling.clone() }).and_then(Self::bounding);
                Some(Box::new(ceiling.map_err(|error| PolicyError::Ceiling(Box::new(error)))?))
            }
        };
        let name = ProfileName::parse(settings.profile.as_deref().unwrap_or(ProfileName::DEFAULT))?;
        let lists = Lists::new(settings.allow.as_deref(), settings.include.as_deref(), &settings.exclude)?;
        let mut rules = Vec::new();
        let hides = |rule: &RuleSettings| rule.effect == Effect::Deny;
        let hidden = !settings.exclude.is_empty() || settings.rules.iter().any(hides);
        for (index, rule) in settings.rules.iter().enumerate() {
            let error = |fault| RuleError { rule: rule.name.clone(), index, fault };
            if rule.raw && hidden {
                return Err(error(RuleFault::RawWithExclude).into());
            }
            rules.push(Rule::new(rule).map_err(error)?);
        }
        let (profile, interpreters) = (Profile::load(name)?, Interpreters::load()?);
        let offered = offered(&profile, &lists, &rules).into();
        let (origin, version, scripts) = (Origin::Own, version(settings), settings.scripts.clone());
        Ok(Self { origin, profile, lists, rules, scripts, interpreters, ceiling, version, offered })
    }

    /// The same as an upper bound, whose users name their scripts as they like.
    fn bounding(self) -> Result<Self, PolicyError> {
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(name) = rule.script_by_name() {
                let fault = RuleFault::ScriptByName(name.to_owned());
                return Err(RuleError { rule: rule.name.clone(), index, fault }.into());
            }
        }
        Ok(Self { origin: Origin::Machine, ..self })
    }

    /// The scripts that a human has reviewed.
    #[must_use]
    pub fn scripts(&self) -> &[ScriptSettings] {
        &self.scripts
    }

    /// The profile in force.
    #[must_use]
    pub fn profile(&self) -> ProfileName {
        self.profile.name()
    }

    /// A digest of all that judgements depend on: what was approved under one version says nothing under another.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names that a person may use here without knowing the rules, for lists and hints: the profile's, or
    /// those that the lists leave. Wildcards stay as they were written.
    #[must_use]
    pub fn offered(&self) -> &[String] {
        &self.offered
    }

    /// What to say at the start about a policy that lets much through.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.lists.warnings();
        if self.profile.is_unrestricted() {
            warnings.push(
                "profile unrestricted: every command of the table is allowed that the lists leave".to_owned(),
            );
        }
        for rule in self.rules.iter().filter(|rule| rule.raw) {
            warnings.push(format!("rule {:?} lets text through that nobody takes apart", rule.name));
        }
        let walked_past = self.rules.iter().flat_map(|rule| rule.walked_past(&self.rules));
        warnings.extend(walked_past.take(WARNED));
        let in_rules = self.rules.iter().flat_map(|rule| rule.unknown_commands().map(str::to_owned));
        let unknown: Vec<String> = self.lists.unknown_commands().into_iter().chain(in_rules).collect();
        for name in unknown.iter().take(WARNED) {
            let near = nearest(name, commands::names());
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            warnings.push(format!("{name} is not in the table of commands{near}"));
        }
        if let Some(more) = unknown.len().checked_sub(WARNED).filter(|&more| more > 0) {
            warnings.push(format!("{more} more commands in lists and rules are not in the table"));
        }
        warnings
    }

    /// Whether a judgement needs to know what the host's endpoint offers.
    #[must_use]
    pub fn goes_by_endpoint(&self) -> bool {
        self.profile.is_endpoint() || self.ceiling.as_ref().is_some_and(|ceiling| ceiling.goes_by_endpoint())
    }

    /// Judges one call for one host, at a time.
    pub fn judge(&self, call: &Call, target: &Target, now: OffsetDateTime) -> Judgement {
        self.judge_at(call, target, now, None)
    }

    /// The same where it is known what the host's endpoint offers, which the profile `endpoint` judges by.
    pub fn judge_at(
        &self,
        call: &Call,
        target: &Target,
        now: OffsetDateTime,
        offered: Option<&Offered>,
    ) -> Judgement {
        let on = Occasion { target, purpose: call.purpose, now: Some(now), offered };
        match self.verdict(&call.work, &on).and_then(|pass| self.bounded(pass, &call.work, &on)) {
            Ok(pass) => self.judgement(call, target, pass),
            Err(denial) => Judgement::Denied(denial),
        }
    }

    /// What the machine's policy leaves of a pass. It judges the form that would be sent, with all that rules filled in.
    fn bounded(&self, pass: Pass, asked: &Work, on: &Occasion<'_>) -> Verdict {
        let Some(ceiling) = &self.ceiling else { return Ok(pass) };
        let bound = match &pass.judged {
            Judged::Commands(pipeline) => ceiling.verdict(&Work::Command(pipeline.clone()), on),
            Judged::Reviewed(script) => ceiling.bound_reviewed(script, on),
            Judged::RawPowerShell(_) | Judged::Program(_) | Judged::Check => ceiling.verdict(asked, on),
        };
        let bound = bound.map_err(Denial::by_the_machine)?;
        let terms = pass.terms.and(bound.terms.by_the_machine());
        Ok(Pass { terms, judged: bound.judged, ..pass })
    }

    fn judgement(&self, call: &Call, target: &Target, pass: Pass) -> Judgement {
        let waits = pass.terms.approval;
        let rehearses = call.mode == Mode::DryRun;
        let pass = if rehearses && pass.terms.what_if && !waits { pass.with_what_if() } else { Err(pass) };
        let (pass, sends) = match pass {
            Ok(pass) => (pass, true),
            Err(pass) => (pass, !rehearses),
        };
        let authorized = Authorized::new(call, target, self.profile(), pass);
        match (sends, waits) {
            (true, false) => Judgement::Allowed(authorized),
            (true, true) => Judgement::NeedsApproval(Unapproved::new(authorized)),
            (false, waits) => Judgement::Rehearsed(Rehearsed::new(authorized, waits)),
        }
    }

    fn verdict(&self, work: &Work, on: &Occasion<'_>) -> Verdict {
        match work {
            Work::Check => Ok(Pass::new("check", Risk::Read, Judged::Check)),
            Work::PowerShell { text } => self.judge_text(text, on),
            Work::Words { words } => StaticCommand::from_words(words)
                .map_err(|refusal| Denial::not_static(&refusal))
                .and_then(|command| self.judge_static(command, on)),
            Work::Command(pipeline) => self.judge_pipeline(pipeline, on),
            Work::Reviewed { script, content, arguments } => {
                self.judge_reviewed(reviewed::Asked { script, content, arguments: arguments.as_deref() }, on)
            }
            Work::Program { executable, arguments, stdin, working_directory } => {
                let asked = program::Asked {
                    executable,
                    arguments,
                    open_ended: false,
                    stdin: stdin.as_deref(),
                    working_directory: working_directory.as_deref(),
                };
                self.judge_program(&asked, on)
            }
        }
    }

    /// One static command is judged as such; other text passes only whole, where a rule says so.
    fn judge_text(&self, text: &str, on: &Occasion<'_>) -> Verdict {
        let verdict = StaticCommand::parse(text)
            .map_err(|refusal| Denial::not_static(&refusal))
            .and_then(|command| self.judge_static(command, on));
        let Err(denial) = verdict else { return verdict };
        match self.rules.iter().find(|rule| rule.raw && rule.counts(on)) {
            Some(rule) => {
                let raw = Judged::RawPowerShell(text.to_owned());
                Ok(Pass::new(rule.name.clone(), Risk::Change, raw).on(&rule.terms))
            }
            None => Err(denial),
        }
    }
}

impl Judgement {
    /// The authorization, if there is one.
    ///
    /// # Errors
    /// The denial; where a person has to say so first, or nothing is to run, one that says this.
    pub fn into_result(self) -> Result<Authorized, Denial> {
        match self {
            Self::Allowed(authorized) => Ok(authorized),
            Self::NeedsApproval(unapproved) => Err(unapproved.denial()),
            Self::Rehearsed(rehearsed) => Err(rehearsed.denial()),
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
            Self::Rule(error) => error.fix(),
            Self::Ceiling(error) => error.fix(),
        }
    }
}

fn offered(profile: &Profile, lists: &Lists, rules: &[Rule]) -> Vec<String> {
    let allowing = |rules: &[Rule]| {
        let allow = rules.iter().filter(|rule| rule.effect == Effect::Allow);
        allow.flat_map(|rule| rule.offered().map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let mut names = lists.named().unwrap_or_else(|| allowing(profile.rules()));
    names.extend(allowing(rules));
    names.retain(|name| lists.excluded(name).is_none());
    names.dedup();
    names
}

/// SHA-256 of the settings, the profiles and the program's version, which stands for its table of commands.
fn version(settings: &Settings) -> String {
    let mut hash = Sha256::new_with_prefix(format!("{} {settings:?}", env!("CARGO_PKG_VERSION")));
    ProfileName::ALL.map(ProfileName::source).iter().for_each(|source| hash.update(source));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many unknown names are warned about one by one: to look for the nearest takes a while.
const WARNED: usize = 20;

#[cfg(test)]
mod tests;
