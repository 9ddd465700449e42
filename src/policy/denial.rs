mod reason;

use std::{fmt, sync::Arc};

use winrm_script::{
    commands,
    position::Position,
    static_command::{CommandName, Location, ParameterName, Refusal},
    typed::{self, Argument, TypedCommand, TypedPipeline},
};

pub use self::reason::Reason;
use super::{
    authorized::{Judged, Risk},
    rule::Terms,
};
use crate::{
    inventory::nearest::nearest,
    remedy::{Code, Remedy},
};

/// Why something may not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Denial {
    /// The rule that denies: a profile's, a list's, or one that holds everywhere.
    pub rule: String,
    /// What it objects to.
    pub reason: Reason,
    /// Where in what was sent, if one place is to blame.
    pub position: Option<Place>,
    /// What the caller can do instead within the policy.
    pub alternative: Option<String>,
    /// What the operator could set to allow it: for the log and `winrm-mcp denials`, never for the model.
    pub operator_hint: Option<String>,
    /// What is offered here, for a name that is not: the nearest is looked for when somebody wants to know.
    pub(super) offered: Option<Arc<[String]>>,
}

/// Where the trouble stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the text, or in a word of several.
    Command(Location),
    /// The executable of a native program.
    Executable,
    /// An argument, counted from 1.
    Argument(usize),
    /// The working directory of a native program.
    WorkingDirectory,
}

/// What the rules let through.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) rule: String,
    pub(super) risk: Risk,
    pub(super) terms: Terms,
    pub(super) judged: Judged,
}

pub(super) type Verdict = Result<Pass, Denial>;

impl Pass {
    pub(super) fn new(rule: impl Into<String>, risk: Risk, judged: Judged) -> Self {
        Self { rule: rule.into(), risk, terms: Terms::default(), judged }
    }

    /// The same on the terms of a rule.
    pub(super) fn on(self, terms: &Terms) -> Self {
        Self { terms: terms.clone(), ..self }
    }

    pub(super) fn command(rule: impl Into<String>, risk: Risk, command: TypedCommand) -> Self {
        Self::new(rule, risk, Judged::Commands(command.into()))
    }

    /// The command with `-WhatIf`, where it is one that has this; else as it was.
    pub(super) fn with_what_if(self) -> Result<Self, Self> {
        let Judged::Commands(pipeline) = &self.judged else { return Err(self) };
        match what_if(pipeline.first()) {
            Some(first) => {
                let judged = Judged::Commands(TypedPipeline::new(first, pipeline.filters().to_vec()));
                Ok(Self { judged, ..self })
            }
            None => Err(self),
        }
    }

    /// This pass, and behind it that of a filter. The rule is the command's; the risk is the greater one.
    pub(super) fn then(self, filter: Self) -> Self {
        let judged = match (self.judged, filter.judged) {
            (Judged::Commands(first), Judged::Commands(filter)) => Judged::Commands(first.then(filter)),
            (judged, _) => judged,
        };
        Self { judged, risk: self.risk.max(filter.risk), ..self }
    }
}

impl Denial {
    /// A denial by a rule.
    pub fn new(rule: impl Into<String>, reason: impl Into<Reason>) -> Self {
        Self {
            rule: rule.into(),
            reason: reason.into(),
            position: None,
            alternative: None,
            operator_hint: None,
            offered: None,
        }
    }

    /// Of a command in a script that would need more approvals than can be asked for before it runs.
    #[must_use]
    pub fn more_than_once(rule: impl Into<String>, name: &str) -> Self {
        Self::new(rule, Reason::MoreThanOnce { name: name.to_owned() })
            .instead("write it once, outside of loops, functions and script blocks")
    }

    /// Of a script that would have a human asked about more commands than these.
    #[must_use]
    pub fn too_many_approvals(rule: impl Into<String>, limit: usize) -> Self {
        Self::new(rule, Reason::TooManyApprovals { limit }).instead("split the script")
    }

    /// At a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.position = Some(place);
        self
    }

    /// With something that the caller can do.
    #[must_use]
    pub fn instead(mut self, alternative: impl Into<String>) -> Self {
        self.alternative = Some(alternative.into());
        self
    }

    /// With the names of which the nearest to the one that is not allowed is an alternative.
    pub(super) fn offering(mut self, offered: &Arc<[String]>) -> Self {
        self.offered = Some(Arc::clone(offered));
        self
    }

    /// What the caller can do instead, by the names that are offered.
    fn nearest_offer(&self) -> Option<String> {
        let Reason::CommandNotListed { name } = &self.reason else { return None };
        let names: Vec<&str> = self.offered.as_ref()?.iter().map(String::as_str).collect();
        // A name that there is was meant: what else may be done with the same thing is nearer than what is spelled alike.
        let near = match commands::find(name) {
            Some(known) => of_the_noun(known.name(), &names),
            None => nearest(name, names.iter().copied()).map(|near| format!("did you mean {near}?")),
        };
        near.or_else(|| summary(&names))
    }

    pub(super) fn for_operator(mut self, hint: impl Into<String>) -> Self {
        self.operator_hint = Some(hint.into());
        self
    }

    /// A denial of the machine's policy, which its users cannot change.
    pub(super) fn by_the_machine(self) -> Self {
        Self { rule: format!("machine policy, {}", self.rule), operator_hint: None, ..self }
    }

    pub(super) fn unbound(refusal: &commands::Refusal) -> Self {
        Self::new("binding", Reason::Unbound(refusal.clone()))
    }

    /// A script that is not evaluated here, and that no rule lets through as text: the first place with what to write
    /// instead, and the others as they describe themselves.
    #[must_use]
    pub fn not_taken(position: Position, what: String, instead: String, more: Vec<String>) -> Self {
        Self::new("language", Reason::NotTaken { what, more })
            .at(Place::Command(Location::Text(position)))
            .instead(instead)
    }

    pub(super) fn not_static(refusal: &Refusal) -> Self {
        Self::new("one-static-command", Reason::NotStatic(refusal.reason()))
            .at(Place::Command(refusal.location()))
            .instead(refusal.suggestion())
    }
}

impl From<typed::Reason> for Denial {
    /// What cannot travel as data is denied, whatever the rules say.
    fn from(reason: typed::Reason) -> Self {
        let suggestion = reason.suggestion();
        Self::new("typed-commands", Reason::NotTyped(Box::new(reason))).instead(suggestion)
    }
}

/// That those of the names are allowed which have a command's noun.
fn of_the_noun(command: &str, names: &[&str]) -> Option<String> {
    let noun = |name: &str| name.split_once('-').map(|(_, noun)| noun.to_ascii_lowercase());
    let own = noun(command)?;
    let near: Vec<&str> = names.iter().copied().filter(|name| noun(name).as_ref() == Some(&own)).collect();
    match near.as_slice() {
        [] => None,
        [only] => Some(format!("{only} is allowed here")),
        several => Some(format!("{} are allowed here", several.join(", "))),
    }
}

/// A few of the names that are offered.
fn summary(names: &[&str]) -> Option<String> {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => Some(format!("allowed are {shown} and {more} more")),
        _ if names.is_empty() => None,
        _ => Some(format!("allowed are {shown}")),
    }
}

/// A command with `-WhatIf`, once.
fn what_if(command: &TypedCommand) -> Option<TypedCommand> {
    let parameter = commands::find(command.name())?.parameter(WHAT_IF)?;
    let is_what_if = |argument: &Argument| matches!(argument, Argument::Parameter { name, .. } if parameter.is_called(name.as_str()));
    let mut arguments = command.arguments().to_vec();
    arguments.retain(|argument| !is_what_if(argument));
    arguments.push(Argument::Parameter { name: ParameterName::new(parameter.name()).ok()?, value: None });
    TypedCommand::new(CommandName::new(command.qualified_name()).ok()?, arguments).ok()
}

const WHAT_IF: &str = "WhatIf";

impl Remedy for Denial {
    fn code(&self) -> Code {
        Code::Denied
    }

    fn sentence(&self) -> String {
        match &self.position {
            Some(place) => format!("denied by {} at {place}: {}", self.rule, self.reason),
            None => format!("denied by {}: {}", self.rule, self.reason),
        }
    }

    fn fix(&self) -> Option<String> {
        self.alternative.clone().or_else(|| self.nearest_offer())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(location) => location.fmt(f),
            Self::Executable => f.write_str("the executable"),
            Self::Argument(number) => write!(f, "argument {number}"),
            Self::WorkingDirectory => f.write_str("the working directory"),
        }
    }
}
