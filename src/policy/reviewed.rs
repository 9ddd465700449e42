//! Scripts that a human has reviewed. Each is pinned by the digest of its file, and that is what allows it: nobody looks
//! into the text, and text with another digest is not the script any more.

use std::{fmt, io, path::PathBuf};

use sha2::{Digest as _, Sha256};
use winrm_script::{
    parse,
    static_command::CommandName,
    typed::{Argument, TypedCommand},
};

use super::{
    Policy,
    authorized::{Judged, Risk},
    denial::{Denial, Pass, Reason, Verdict},
    names::NamePattern,
    occasion::Occasion,
    review::Grant,
    rule::{Effect, Rule},
};
use crate::{
    inventory::{Lockdown, Tag, Target},
    remedy::{Code, Remedy},
};

/// What a configuration says about one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptSettings {
    /// What its tool is called.
    pub name: ScriptName,
    /// Where it lies.
    pub file: PathBuf,
    /// The digest of the file as it was reviewed.
    pub sha256: ScriptDigest,
    /// What it can do, by the judgement of who reviewed it.
    pub risk: Risk,
    /// The hosts on which it may run; all of them if empty.
    pub hosts: Vec<HostChoice>,
    /// What it is for, in the words that the tool has.
    pub description: String,
}

/// A tool's name: a letter, and up to 63 letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptName(String);

/// SHA-256 of a script's file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScriptDigest([u8; 32]);

/// Hosts by name or pattern of names, or by a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostChoice {
    /// `web-01`, `web-*`.
    Named(NamePattern),
    /// `@web`.
    Tagged(Tag),
}

/// A script as its host gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedScript {
    /// Of the bytes that `text` was read from.
    pub sha256: ScriptDigest,
    /// The text.
    pub text: String,
    /// Its name, and what its parameters are given.
    pub call: TypedCommand,
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) script: &'a str,
    pub(super) content: &'a Result<Vec<u8>, io::ErrorKind>,
    pub(super) arguments: Option<&'a [Argument]>,
}

/// Why a script is not what was reviewed, or cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFault {
    /// The file cannot be read.
    #[error("{} cannot be read: {kind}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The file is not the one that was reviewed.
    #[error("{} is not what was reviewed: its SHA-256 is {found}, and sha256 says {expected}", file.display())]
    Edited {
        /// The file.
        file: PathBuf,
        /// What the configuration says.
        expected: ScriptDigest,
        /// What the file has.
        found: ScriptDigest,
    },
    /// The file holds no text.
    #[error("{} is not UTF-8", file.display())]
    NotUtf8 {
        /// The file.
        file: PathBuf,
    },
    /// Its parameters cannot be read.
    #[error("the parameters of {} cannot be read: {refusal}", file.display())]
    Parameters {
        /// The file.
        file: PathBuf,
        /// Where and why.
        refusal: parse::Refusal,
    },
    /// A parameter that must be given, and that no tool can give.
    #[error("{} needs -{parameter}, which a tool cannot give: {why}", file.display())]
    Parameter {
        /// The file.
        file: PathBuf,
        /// The parameter.
        parameter: String,
        /// Why, as a clause.
        why: &'static str,
    },
}

impl ScriptSettings {
    /// The text of the script, if these bytes are what was reviewed. A byte order mark is not part of it.
    ///
    /// # Errors
    /// [`ScriptFault`].
    pub fn reviewed<'c>(&self, content: &'c Result<Vec<u8>, io::ErrorKind>) -> Result<&'c str, ScriptFault> {
        let file = || self.file.clone();
        let bytes = content.as_ref().map_err(|&kind| ScriptFault::Unreadable { file: file(), kind })?;
        let found = ScriptDigest::of(bytes);
        if found != self.sha256 {
            return Err(ScriptFault::Edited { file: file(), expected: self.sha256, found });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ScriptFault::NotUtf8 { file: file() })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Whether it may run on a host, by what it says itself.
    #[must_use]
    pub fn is_for(&self, target: &Target) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|choice| choice.takes(target))
    }
}

impl JudgedScript {
    /// Its name, what it is given, and which text that is.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} (reviewed script, SHA-256 {})", self.call.render(), self.sha256)
    }
}

impl ScriptName {
    /// Takes a name; `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        let valid = text.len() <= LONGEST_NAME
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(letters)
            && CommandName::new(text).is_ok();
        valid.then(|| Self(text.to_owned()))
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two names are the same tool.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl ScriptDigest {
    /// The digest of a file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in digest.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).filter(|digits| !digits.starts_with('+'))?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl HostChoice {
    /// Reads a name, a pattern or `@tag`; `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            Some(tag) => Tag::parse(tag).ok().map(Self::Tagged),
            None => (!text.is_empty()).then(|| Self::Named(NamePattern::new(text))),
        }
    }

    fn takes(&self, target: &Target) -> bool {
        match self {
            Self::Named(pattern) => pattern.matches(target.name.as_str()),
            Self::Tagged(tag) => target.tags.contains(tag),
        }
    }
}

impl Policy {
    /// Judges a reviewed script: what denies first, then whether it is what was reviewed and where it may run. A rule that
    /// names it can only narrow that, or say on what terms.
    pub(super) fn judge_reviewed(&self, asked: Asked<'_>, on: &Occasion<'_>) -> Verdict {
        let Some(script) = self.scripts.iter().find(|own| own.name.is(asked.script)) else {
            return Err(Denial::new("scripts", Reason::CommandNotListed { name: asked.script.to_owned() }));
        };
        let own = format!("script {}", script.name);
        let rule = self.rule_on(script.name.as_str(), script.sha256, on)?;
        if !script.is_for(on.target) {
            let hosts = script.hosts.iter().map(ToString::to_string).collect();
            return Err(Denial::new(own, Reason::ScriptElsewhere { hosts }));
        }
        if on.target.remoting.lockdown == Lockdown::On {
            return Err(Denial::new(own, Reason::ScriptWhereLocked));
        }
        let text = script.reviewed(asked.content).map_err(|fault| Denial::script(own.clone(), fault))?;
        let name = CommandName::new(script.name.as_str()).map_err(Reason::NotStatic);
        let name = name.map_err(|reason| Denial::new(own.clone(), reason))?;
        let unread = || Denial::new(own.clone(), Reason::ScriptArgumentsUnread);
        let call = TypedCommand::new(name, asked.arguments.ok_or_else(unread)?.to_vec())?;
        let judged = JudgedScript { sha256: script.sha256, text: text.to_owned(), call };
        let pass = Pass::new(own, script.risk, Judged::Reviewed(judged));
        Ok(match rule {
            Some(rule) => Pass { rule: rule.name.clone(), ..pass.on(&rule.terms) },
            None => pass,
        })
    }

    /// In which way a script is allowed, if it is. Whether its file is what was reviewed is known when it is called.
    pub(super) fn granted_script(&self, script: &ScriptSettings, on: &Occasion<'_>) -> Option<Grant> {
        if !script.is_for(on.target) || on.target.remoting.lockdown == Lockdown::On {
            return None;
        }
        let (name, sha256) = (script.name.as_str(), script.sha256);
        let own = self.rule_on(name, sha256, on).ok()?;
        let bound = match &self.ceiling {
            None => None,
            Some(ceiling) => Some(ceiling.rule_on(name, sha256, on).ok()??),
        };
        let terms = || own.into_iter().chain(bound).map(|rule| &rule.terms);
        Some(Grant {
            rule: own.map_or_else(|| format!("script {}", script.name), |rule| rule.name.clone()),
            parameters: None,
            forms: None,
            access: script.risk.name(),
            approval: terms().any(|terms| terms.approval),
            rates: terms().flat_map(|terms| &terms.rates).map(|metered| metered.rate.to_string()).collect(),
        })
    }

    /// What a machine's policy says of a script that its user's policy lets through. It knows no scripts of its own, so a
    /// rule has to name this one.
    pub(super) fn bound_reviewed(&self, script: &JudgedScript, on: &Occasion<'_>) -> Verdict {
        let name = script.call.name();
        match self.rule_on(name, script.sha256, on)? {
            Some(rule) => {
                Ok(Pass::new(rule.name.clone(), Risk::Change, Judged::Reviewed(script.clone()))
                    .on(&rule.terms))
            }
            None => Err(Denial::new("scripts", Reason::CommandNotListed { name: name.to_owned() })),
        }
    }

    /// The rule that allows a script, if there are any that name it.
    fn rule_on(&self, name: &str, sha256: ScriptDigest, on: &Occasion<'_>) -> Result<Option<&Rule>, Denial> {
        if let Some(pattern) = self.lists.excluded(name) {
            let reason = Reason::Excluded { name: name.to_owned(), pattern: pattern.to_owned() };
            return Err(Denial::new("exclude", reason));
        }
        let naming = |effect: Effect| {
            let named = move |rule: &&Rule| rule.effect == effect && rule.names_script(name, sha256);
            self.rules.iter().filter(named)
        };
        if let Some(rule) = naming(Effect::Deny).find(|rule| rule.counts(on)) {
            let reason = Reason::DeniedByRule { name: name.to_owned() };
            return Err(Denial::new(rule.name.clone(), reason));
        }
        let Some(first) = naming(Effect::Allow).next() else { return Ok(None) };
        match naming(Effect::Allow).find(|rule| rule.counts(on)) {
            Some(rule) => Ok(Some(rule)),
            None => Err(Denial::new(first.name.clone(), Reason::CommandNotListed { name: name.to_owned() })),
        }
    }
}

impl Denial {
    /// Of a script that is not what was reviewed. What to do is the operator's, whom the caller can ask.
    fn script(rule: String, fault: ScriptFault) -> Self {
        let alternative = fault.fix();
        Self { alternative, ..Self::new(rule, Reason::Script(Box::new(fault))) }
    }
}

impl Remedy for ScriptFault {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => {
                "the operator puts the file back, or removes its [[script]]".to_owned()
            }
            Self::Edited { found, .. } => format!(
                "the operator reviews the file again, and then sets sha256 = \"{found}\" in its [[script]]"
            ),
            Self::NotUtf8 { .. } => {
                "the operator saves it as UTF-8, and puts its new digest into [[script]]".to_owned()
            }
            Self::Parameters { .. } | Self::Parameter { .. } => {
                "the operator declares parameters that can be given, and puts the new digest into [[script]]"
                    .to_owned()
            }
        })
    }
}

impl fmt::Display for ScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ScriptDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ScriptDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for HostChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(pattern) => pattern.fmt(f),
            Self::Tagged(tag) => write!(f, "@{tag}"),
        }
    }
}

/// What every MCP client takes.
const LONGEST_NAME: usize = 64;
