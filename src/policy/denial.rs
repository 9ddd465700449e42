use std::{fmt, sync::Arc};

use winrm_proto::winrs::command_line::Unquotable;
use winrm_script::{
    commands,
    position::Position,
    static_command::{CommandName, Location, ParameterName, Reason as NotStatic, Refusal},
    typed::{self, Argument, TypedCommand, TypedPipeline},
};

use super::{
    authorized::{Judged, Risk},
    path::PathFault,
    regex::RegexFault,
    reviewed::ScriptFault,
    rule::{Rate, Terms},
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

/// What a rule objects to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text is not one command with literal arguments.
    #[error("{0}")]
    NotStatic(NotStatic),
    /// What a script does is not taken here.
    #[error("{what}{}", also(.more))]
    NotTaken {
        /// What stands at the first place.
        what: String,
        /// The same of other places, each with what to write instead.
        more: Vec<String>,
    },
    /// A value or an object of a call that cannot travel as data.
    #[error("{0}")]
    NotTyped(Box<typed::Reason>),
    /// It could change something, and was asked for as a query.
    #[error("a query changes nothing, and this could: {form}")]
    MayChange {
        /// What would be sent.
        form: String,
    },
    /// A person has to approve of it first.
    #[error("a person has to approve of it first")]
    NotApproved,
    /// The profile goes by what the endpoint offers, and nobody has asked it yet.
    #[error("{name} is not judged: nobody knows yet what the endpoint offers")]
    EndpointNotKnown {
        /// The command.
        name: String,
    },
    /// It was asked for as a dry run.
    #[error("this is a dry run: nothing is sent")]
    OnlyRehearsed,
    /// What needs approval is not written out in the script.
    #[error("{name} needs a person's approval, so what it is given must be written out in the script")]
    NotWrittenOut {
        /// The command.
        name: String,
    },
    /// What needs approval may run more than once in a script.
    #[error("{name} needs a person's approval, which is for one run, and here it may run more than once")]
    MoreThanOnce {
        /// The command.
        name: String,
    },
    /// It was allowed too often already.
    #[error("this is allowed {rate} on a host, and it was that often")]
    TooOften {
        /// How often.
        rate: Rate,
    },
    /// Nothing allows this command.
    #[error("{name} is not allowed here")]
    CommandNotListed {
        /// The command.
        name: String,
    },
    /// The name is no full command name.
    #[error("{name} is neither a full command name such as Get-Service nor an allowed program")]
    NotACommandName {
        /// What stands in its place.
        name: String,
    },
    /// A module, or a path to one, before the name.
    #[error("a module before a command's name can load code")]
    ModuleQualified,
    /// The exclude list names it.
    #[error("{name} is excluded by {pattern:?}")]
    Excluded {
        /// The command or program.
        name: String,
        /// The entry.
        pattern: String,
    },
    /// It runs whatever it is given, so only its exact name in a list allows it.
    #[error("{name} can run anything, so no wildcard and no profile allows it")]
    Interpreter {
        /// The command or program.
        name: String,
    },
    /// A parameter that reaches further than the command's name says.
    #[error("the parameter -{parameter} is not allowed here")]
    Parameter {
        /// As it was written.
        parameter: String,
    },
    /// A parameter that a closed rule does not name.
    #[error("{command} is allowed with -{} only", .known.join(", -"))]
    ParameterNotListed {
        /// The command.
        command: String,
        /// The parameters that the rule names.
        known: Vec<String>,
    },
    /// A closed rule wants it.
    #[error("{command} needs the parameter -{parameter} here")]
    ParameterMissing {
        /// The command.
        command: String,
        /// The parameter.
        parameter: String,
    },
    /// An abbreviation that can mean a parameter that is denied.
    #[error("-{parameter} can be short for -{full}, which is not allowed here")]
    Abbreviation {
        /// As it was written.
        parameter: String,
        /// What it can mean.
        full: String,
    },
    /// A value that the rule does not list.
    #[error("-{parameter} takes {expected} here")]
    Value {
        /// The parameter.
        parameter: String,
        /// What it takes.
        expected: String,
    },
    /// A path that is none, or can mean several.
    #[error("-{parameter} is not a path that can be judged: {fault}")]
    Path {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// A path elsewhere.
    #[error("-{parameter} must lie under {}", .roots.join(" or "))]
    PathOutside {
        /// The parameter.
        parameter: String,
        /// Where it may lie.
        roots: Vec<String>,
    },
    /// A path to what no rule opens.
    #[error("-{parameter} points to where secrets are kept")]
    PathHoldsSecrets {
        /// The parameter.
        parameter: String,
    },
    /// A regular expression that can burn a core of the host.
    #[error("-{parameter} is an expression that is not sent: {fault}")]
    Regex {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        fault: RegexFault,
    },
    /// A command behind another that is no filter.
    #[error("{name} is no filter that runs behind a command on the host")]
    NotAFilter {
        /// The command.
        name: String,
    },
    /// No rule says which paths a parameter may have.
    #[error("-{parameter} is a path, and no rule says which")]
    PathNotRuled {
        /// The parameter.
        parameter: String,
    },
    /// PowerShell would not take these arguments, or only the host could know.
    #[error("{0}")]
    Unbound(commands::Refusal),
    /// It would change what later calls find in the runspace.
    #[error(
        "{name} would change the runspace for later calls: where it is, its drives, or what names stand for"
    )]
    ChangesRunspace {
        /// The command.
        name: String,
    },
    /// The table lacks the command, so only its exact name in a list or an open rule allows it.
    #[error("{name} is not in the table of commands, so no pattern and no rule on parameters allows it")]
    NotInTable {
        /// The command.
        name: String,
    },
    /// A rule denies it.
    #[error("{name} is denied by this rule")]
    DeniedByRule {
        /// The command or program.
        name: String,
    },
    /// A string that names another host or a type.
    #[error("a value here begins with two slashes, or holds '::' or '://': it can reach beyond the host")]
    ReachesOut,
    /// A string that names a drive.
    #[error("a value here names a drive, and no rule for paths covers this parameter")]
    NamesDrive,
    /// Nothing allows this program.
    #[error("the program {name} is not allowed here")]
    ProgramNotListed {
        /// As it was written.
        name: String,
    },
    /// The program is allowed with other arguments.
    #[error("{name} is allowed here only as: {}", .forms.join(" | "))]
    ProgramForm {
        /// The program.
        name: String,
        /// The command lines that are.
        forms: Vec<String>,
    },
    /// The form that allows the program says nothing about standard input.
    #[error("{name} is allowed here without standard input only")]
    ProgramInput {
        /// The program.
        name: String,
    },
    /// The program's name or path is none.
    #[error("the program's path is not usable: {0}")]
    ProgramPath(PathFault),
    /// A script, or something without an extension in a folder.
    #[error("only .exe and .com files are run, not scripts")]
    ProgramExtension,
    /// A built-in command of cmd.exe.
    #[error("{name} is part of cmd.exe, which can run anything")]
    ShellBuiltin {
        /// The command.
        name: String,
    },
    /// What cmd.exe would interpret or cut.
    #[error(transparent)]
    Unquotable(#[from] Unquotable),
    /// The program is named without its folder, and the caller chooses the folder where it starts.
    #[error("a program without its full path would be looked for in the working directory first")]
    WorkingDirectory,
    /// A script that is not what was reviewed, or cannot be.
    #[error("{0}")]
    Script(Box<ScriptFault>),
    /// A reviewed script that is for other hosts.
    #[error("it is for {} only", .hosts.join(", "))]
    ScriptElsewhere {
        /// The hosts that it is for.
        hosts: Vec<String>,
    },
    /// A reviewed script, for a host whose runspaces are locked.
    #[error("the runspaces of this host are locked, so that no script runs there")]
    ScriptWhereLocked,
    /// A reviewed script that became what was reviewed only after its arguments were to be read.
    #[error("the script was another one when its arguments were read; call it again")]
    ScriptArgumentsUnread,
    /// A value that a program cannot get.
    #[error("a program takes strings and numbers, not arrays and constants")]
    ProgramArgument,
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
        nearest(name, names.iter().copied())
            .map(|near| format!("did you mean {near}?"))
            .or_else(|| summary(&names))
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

fn also(more: &[String]) -> String {
    more.iter().map(|more| format!("; also {more}")).collect()
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
