//! An explanation as JSON has it.

use serde::Serialize;
use serde_json::Value as Json;
use winrm_script::{position::Position, static_command::Location};

use super::{AT_RUN, CommandJudged, NOTHING_SENT, Verdict};
use crate::policy::Place;

/// What would become of a piece of work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether it would run.
    pub decision: Decision,
    /// The rule that denies, or the rules that allow.
    pub rule: String,
    /// `read` or `change`; nothing where it is known when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<&'static str>,
    /// Why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the trouble stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Spot>,
    /// What would be allowed instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
    /// What would be sent, a command a line, where every value is written out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_form: Option<String>,
    /// Whether values are judged when they are there.
    pub judged_at_run: bool,
    /// What the host would be asked before a script runs: its time or name, where the script uses them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked_first: Vec<String>,
    /// The commands of a script that a host would be sent.
    pub commands: Vec<CommandShown>,
    /// What goes to the host and what is computed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What would allow it: for the operator, never for the model.
    #[serde(skip)]
    pub operator_hint: Option<String>,
}

/// Whether something would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It would.
    Allowed,
    /// Once a human has approved it.
    NeedsApproval,
    /// It would not.
    Denied,
    /// It would, if its values are allowed when they are there: said of one command only.
    AtRun,
}

/// A place in text, or in words and arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The same in words.
    pub text: String,
}

/// A command of a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandShown {
    /// Its full name, or a program's.
    pub name: String,
    /// What it is given, by full names where they are known.
    pub arguments: Vec<Given>,
    /// Where it begins.
    pub position: Spot,
    /// What is said of it.
    pub decision: Decision,
    /// The rule that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_form: Option<String>,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Given {
    /// The parameter's full name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Its value, where that is written out; true for a switch that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// What computes its value, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
}

impl Explanation {
    /// What allows it, as the end of a sentence: by a rule, or because there is nothing to allow.
    #[must_use]
    pub fn ground(&self) -> String {
        match self.rule.as_str() {
            rule @ (NOTHING_SENT | AT_RUN) => format!(": {rule}"),
            rule => format!(" by {rule}"),
        }
    }

    pub(super) fn empty(decision: Decision) -> Self {
        Self {
            decision,
            rule: String::new(),
            risk: None,
            reason: None,
            position: None,
            alternative: None,
            judged_form: None,
            judged_at_run: false,
            asked_first: Vec::new(),
            commands: Vec::new(),
            plan: None,
            operator_hint: None,
        }
    }
}

impl Decision {
    /// The name that JSON shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NeedsApproval => "needs_approval",
            Self::Denied => "denied",
            Self::AtRun => "at_run",
        }
    }
}

impl From<Position> for Spot {
    fn from(position: Position) -> Self {
        let text = position.to_string();
        Self { line: Some(position.line), column: Some(position.column), text }
    }
}

impl From<&Place> for Spot {
    fn from(place: &Place) -> Self {
        match place {
            Place::Command(Location::Text(position)) => Self::from(*position),
            other => Self { line: None, column: None, text: other.to_string() },
        }
    }
}

impl From<CommandJudged> for CommandShown {
    fn from(judged: CommandJudged) -> Self {
        let CommandJudged { name, position, given, verdict } = judged;
        let decision = verdict.decision();
        let (rule, reason, judged_form) = match verdict {
            Verdict::Allowed { rule, form, .. } | Verdict::NeedsApproval { rule, form, .. } => {
                (Some(rule), None, Some(form))
            }
            Verdict::Denied(denial) => (Some(denial.rule), Some(denial.reason.to_string()), None),
            Verdict::AtRun => (None, None, None),
        };
        Self { name, arguments: given, position: position.into(), decision, rule, reason, judged_form }
    }
}
