use std::time::Duration;

use sha2::{Digest as _, Sha256};
use winrm_script::typed::TypedPipeline;

use super::{
    denial::{Denial, Pass, Reason},
    profile::ProfileName,
    reviewed::JudgedScript,
    rule::{Metered, Terms},
};
use crate::{
    call::{Call, CallId, HostName},
    inventory::Target,
};

/// Work that the policy allowed, in the form in which it was judged.
///
/// Only [`Policy::judge`](super::Policy::judge) makes one, and a session takes it by value: what was not judged
/// cannot be sent. The fields are out of reach:
///
/// ```compile_fail,E0451
/// use winrm_mcp::policy::{Authorized, Judged};
///
/// fn forge(honest: Authorized) -> Authorized {
///     Authorized { judged: Judged::RawPowerShell("Stop-Computer".to_owned()), ..honest }
/// }
/// ```
///
/// and so is the constructor:
///
/// ```compile_fail,E0624
/// use winrm_mcp::policy::Authorized;
///
/// let forged = Authorized::new();
/// ```
///
/// It is not `Clone`: one judgement is one execution.
///
/// ```compile_fail,E0599
/// use winrm_mcp::policy::Authorized;
///
/// fn twice(one: Authorized) -> [Authorized; 2] {
///     [one.clone(), one]
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Authorized {
    call: CallId,
    host: HostName,
    timeout: Duration,
    profile: ProfileName,
    rule: String,
    risk: Risk,
    terms: Terms,
    /// INVARIANT: holds what the rules saw, never text that they did not take apart, unless a rule says raw or a human has
    /// reviewed text of this digest.
    judged: Judged,
}

/// Work that the policy allows once a person has approved of it, in the form in which it was judged.
///
/// Only the store of approvals turns it into an [`Authorized`].
#[derive(Debug, PartialEq, Eq)]
pub struct Unapproved(Authorized);

/// Work that the policy would allow, asked for as a dry run. Nothing turns it into an [`Authorized`].
#[derive(Debug, PartialEq, Eq)]
pub struct Rehearsed {
    wanted: Authorized,
    needs_approval: bool,
}

/// What may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// A PowerShell command as data, perhaps with filters behind it.
    Commands(TypedPipeline),
    /// PowerShell that was not taken apart, because the policy says so.
    RawPowerShell(String),
    /// A script that was not taken apart either, because a human has reviewed just this one.
    Reviewed(JudgedScript),
    /// A native program.
    Program(JudgedProgram),
    /// Reach the host and authenticate; nothing runs.
    Check,
}

/// A native program as its shell gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedProgram {
    /// The Command element: quoted where it must be.
    pub command: String,
    /// The Arguments elements, each quoted by the rules of `CommandLineToArgvW`. Nothing is to be quoted again.
    pub arguments: Vec<String>,
    /// What its standard input reads.
    pub stdin: Option<Vec<u8>>,
    /// Where it starts.
    pub working_directory: Option<String>,
}

/// What work can do to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It looks and changes nothing.
    Read,
    /// It changes something, or nobody knows.
    Change,
}

impl Authorized {
    /// Made in one place: at the end of a judgement.
    pub(super) fn new(call: &Call, target: &Target, profile: ProfileName, pass: Pass) -> Self {
        Self {
            call: call.id.clone(),
            host: target.name.clone(),
            timeout: call.timeout.unwrap_or(target.timeouts.command),
            profile,
            rule: pass.rule,
            risk: pass.risk,
            terms: pass.terms,
            judged: pass.judged,
        }
    }

    /// The call that was judged.
    #[must_use]
    pub fn call(&self) -> &CallId {
        &self.call
    }

    /// The host that it was judged for, by its configured name.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The profile that was in force.
    #[must_use]
    pub fn profile(&self) -> ProfileName {
        self.profile
    }

    /// The rule that allowed it.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What it can do.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.risk
    }

    /// How often it may come, by the rules that say so.
    pub(super) fn rates(&self) -> &[Metered] {
        &self.terms.rates
    }

    /// What may be sent.
    #[must_use]
    pub fn judged(&self) -> &Judged {
        &self.judged
    }

    /// What may be sent, for the session that sends it once.
    #[must_use]
    pub fn into_judged(self) -> Judged {
        self.judged
    }
}

impl Unapproved {
    pub(super) fn new(authorized: Authorized) -> Self {
        Self(authorized)
    }

    /// What would be authorized: to be shown, and to be bound to an approval.
    #[must_use]
    pub fn wanted(&self) -> &Authorized {
        &self.0
    }

    /// The authorization, now that somebody has approved of exactly this work. For the store of approvals alone.
    #[must_use]
    pub fn approved(self) -> Authorized {
        self.0
    }

    /// The denial for where nobody can approve.
    #[must_use]
    pub fn denial(&self) -> Denial {
        Denial::new(self.0.rule.clone(), Reason::NotApproved)
    }
}

impl Rehearsed {
    pub(super) fn new(wanted: Authorized, needs_approval: bool) -> Self {
        Self { wanted, needs_approval }
    }

    /// What would be authorized.
    #[must_use]
    pub fn wanted(&self) -> &Authorized {
        &self.wanted
    }

    /// Whether a person would have to approve of it first.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.needs_approval
    }

    /// The denial for who would send it all the same.
    #[must_use]
    pub fn denial(&self) -> Denial {
        Denial::new(self.wanted.rule.clone(), Reason::OnlyRehearsed)
    }
}

impl Judged {
    /// One line for people and the audit. It can hold secrets: scrub it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Commands(pipeline) => pipeline.render(),
            Self::RawPowerShell(text) => text.clone(),
            Self::Reviewed(script) => script.line(),
            Self::Program(program) => program.line() + &program.input(),
            Self::Check => "check".to_owned(),
        }
    }

    /// What kind of work it is, as JSON names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Commands(_) => "powershell",
            Self::RawPowerShell(_) => "raw_powershell",
            Self::Reviewed(_) => "reviewed_script",
            Self::Program(_) => "program",
            Self::Check => "check",
        }
    }
}

impl JudgedProgram {
    /// Command and arguments with a space between, as the host's cmd.exe reads them.
    #[must_use]
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.command).chain(&self.arguments);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl JudgedProgram {
    /// What its standard input reads, by its length and the start of its SHA-256; empty where it reads nothing.
    #[must_use]
    pub fn input(&self) -> String {
        let Some(stdin) = self.stdin.as_deref().filter(|stdin| !stdin.is_empty()) else {
            return String::new();
        };
        let digest: String =
            Sha256::digest(stdin).iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!(" (with {} bytes of input, SHA-256 {digest})", stdin.len())
    }
}

impl Risk {
    /// The name that JSON shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
        }
    }
}

/// Bytes of a digest that people compare.
const SHOWN: usize = 16;
