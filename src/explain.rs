//! What would become of a piece of work: its judgement, in words, without a host.
//!
//! A script is read and checked as it is before it runs; each of its commands is judged by what the text gives away, and
//! in full where every value is written out. What is computed is judged when it runs, and stands here as it is written.

mod find;
mod literal;
mod once;
mod question;
mod shown;
pub mod taken;

use std::collections::BTreeSet;

use time::OffsetDateTime;
use winrm_script::{
    check::HostCommand,
    evaluate::{Known, Needs},
    plan::{PipelinePlan, Plan, StagePlan},
    position::{Position, Positions},
    static_command::Location,
    tree::{ScriptBlock, Span},
};

pub use self::{
    find::{Found, FoundCommand, FoundParameter, FoundProgram, FoundScript, Reach, Wanted},
    question::Question,
    shown::{CommandShown, Decision, Explanation, Given, Spot},
    taken::NotTaken,
};
use crate::{
    call::{Call, HostName, Work},
    inventory::{
        AuthScheme, Endpoint, EndpointError, Inventory, InventoryError, Login, Remoting, Target, Timeouts,
        Trust,
    },
    policy::{Denial, Judged, Judgement, Offered, Place, Policy, Reason, Unapproved},
    remedy::{Code, Remedy},
    secret::Reference,
};

/// What is judged, and by what.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What may run.
    pub policy: &'a Policy,
    /// What is asked for.
    pub call: &'a Call,
    /// Where.
    pub target: &'a Target,
    /// When.
    pub now: OffsetDateTime,
    /// What the host's endpoint offers, where that is known.
    pub offered: Option<&'a Offered>,
}

/// Why there is no host to explain for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// None of that name, or several and none is named.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The one that stands for any cannot be made, which does not happen.
    #[error(transparent)]
    AnyHost(#[from] EndpointError),
}

/// The host that is named, or meant; where there is none at all, one that stands for any.
///
/// # Errors
/// [`NoTarget`].
pub fn target(inventory: &Inventory, host: Option<&str>) -> Result<Target, NoTarget> {
    match host.map_or_else(|| inventory.only(), |name| inventory.find(&HostName::new(name))) {
        Ok(target) => Ok(target.clone()),
        Err(InventoryError::Empty) if host.is_none() => any_host(),
        Err(error) => Err(error.into()),
    }
}

/// A host that stands for any: it has no tags, and no rule names it.
///
/// # Errors
/// None that can happen: its address is written here.
pub fn any_host() -> Result<Target, NoTarget> {
    Ok(Target {
        name: HostName::new("any-host"),
        endpoint: Endpoint::parse("any-host")?,
        login: Login {
            user: String::new(),
            password: Reference::Environment(String::new()),
            scheme: AuthScheme::default(),
        },
        tags: BTreeSet::new(),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 0,
        remoting: Remoting::default(),
    })
}

impl<'a> Case<'a> {
    /// A call for a host now, of whose endpoint nothing is known.
    #[must_use]
    pub fn new(policy: &'a Policy, call: &'a Call, target: &'a Target) -> Self {
        Self { policy, call, target, now: OffsetDateTime::now_utc(), offered: None }
    }

    /// What would become of the call.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self.call.work.script() {
            Some(text) => self.script(&text),
            None => self.whole(),
        }
    }

    /// The narrowest rule that would allow denied work, as `winrm-mcp.toml` has it. Of a script, what its first denied
    /// command needs. Nothing where no rule would do, or the values are not written out.
    #[must_use]
    pub fn would_allow(&self) -> Option<String> {
        let work = match self.call.work.script() {
            Some(text) => self.first_denied(&text)?,
            None => self.call.work.clone(),
        };
        let denied = Call { work, ..self.call.clone() };
        self.policy.narrowest_rule(&denied, self.target, self.now).ok().map(|rule| rule.to_toml())
    }

    /// What a human has to approve of a script before it runs; nothing of one that is only rehearsed. Such commands are
    /// written out in it, which [`Policy::foresee`] sees to.
    ///
    /// # Errors
    /// An approval is for one run, so a denial where such a command may run more often.
    pub fn needs_approval(
        &self,
        text: &str,
        tree: &ScriptBlock,
        commands: &[HostCommand<'_>],
    ) -> Result<Vec<Unapproved>, Denial> {
        let uncounted = once::uncounted(tree);
        let mut needed = Vec::new();
        let mut forms: Vec<Judged> = Vec::new();
        for command in commands {
            let Some(work) = literal::work(command) else { continue };
            let judgement = self.judge(work);
            let wanted = match &judgement {
                Judgement::NeedsApproval(unapproved) => unapproved.wanted(),
                Judgement::Rehearsed(rehearsed) if rehearsed.needs_approval() => rehearsed.wanted(),
                _ => continue,
            };
            if forms.contains(wanted.judged()) || once::lies_in(&uncounted, command.span) {
                let position = Position::in_text(text, command.span.start);
                return Err(Denial::more_than_once(wanted.rule(), name_of(command))
                    .at(Place::Command(Location::Text(position))));
            }
            if forms.len() >= MOST_APPROVALS {
                let position = Position::in_text(text, command.span.start);
                return Err(Denial::too_many_approvals(wanted.rule(), MOST_APPROVALS)
                    .at(Place::Command(Location::Text(position))));
            }
            forms.push(wanted.judged().clone());
            if let Judgement::NeedsApproval(unapproved) = judgement {
                needed.push(unapproved);
            }
        }
        Ok(needed)
    }

    /// A script that is evaluated here.
    fn script(&self, text: &str) -> Explanation {
        let tree = match taken::tree(text) {
            Ok(tree) => tree,
            Err(why) => return self.not_taken(why),
        };
        let commands = match taken::commands(text, &tree, &Known) {
            Ok(commands) => commands,
            Err(why) => return self.not_taken(why),
        };
        let uncounted = once::uncounted(&tree);
        let mut positions = Positions::new(text);
        let judged = commands
            .iter()
            .map(|command| self.command(text, command, positions.at(command.span.start), &uncounted));
        let shown: Vec<CommandJudged> = judged.collect();
        let plan = Plan::of(text, &tree);
        let mut explanation = Explanation {
            plan: worth_telling(&plan).then(|| plan.to_string()),
            ..Explanation::of_script(shown)
        };
        for question in Question::of(&Needs::of(&tree)) {
            let Some(pipeline) = question.pipeline() else { continue };
            let command = pipeline.render();
            explanation.asks(question, command, Verdict::new(self.judge(Work::Command(pipeline))));
        }
        explanation
    }

    /// Text that cannot be evaluated here. Unless a rule lets it through whole, that is why it is denied.
    fn not_taken(&self, why: NotTaken) -> Explanation {
        let verdict = match (Verdict::new(self.judge(self.call.work.clone())), why) {
            (Verdict::Denied(_), Some(why)) => Verdict::Denied(why),
            (verdict, _) => verdict,
        };
        Explanation::of_whole(verdict)
    }

    /// What is judged at once: a program, a typed command, text that cannot be evaluated.
    fn whole(&self) -> Explanation {
        let judgement = self.judge(self.call.work.clone());
        Explanation::of_whole(Verdict::new(judgement))
    }

    /// The first command of a script that is denied with every value written out.
    fn first_denied(&self, text: &str) -> Option<Work> {
        let tree = taken::tree(text).ok()?;
        let commands = taken::commands(text, &tree, &Known).ok()?;
        let mut works = commands.iter().filter_map(literal::work);
        works.find(|work| matches!(self.judge(work.clone()), Judgement::Denied(_)))
    }

    fn command(
        &self,
        text: &str,
        command: &HostCommand<'_>,
        position: Position,
        uncounted: &[Span],
    ) -> CommandJudged {
        let foreseen = self.policy.foresee(self.call, text, std::slice::from_ref(command), self.target);
        let verdict = match (foreseen, literal::work(command)) {
            (Err(denial), _) => Verdict::Denied(Box::new(denial)),
            (Ok(()), Some(work)) => Verdict::new(self.judge(work)).near(position),
            (Ok(()), None) => Verdict::AtRun,
        };
        let name = name_of(command).to_owned();
        let verdict = match verdict {
            Verdict::NeedsApproval { rule, .. } if once::lies_in(uncounted, command.span) => {
                Verdict::Denied(Box::new(Denial::more_than_once(rule, &name))).near(position)
            }
            other => other,
        };
        CommandJudged { name, position, given: literal::given(text, command), verdict }
    }

    fn judge(&self, work: Work) -> Judgement {
        let call = Call { work, ..self.call.clone() };
        self.policy.judge_at(&call, self.target, self.now, self.offered)
    }
}

impl Remedy for NoTarget {
    fn code(&self) -> Code {
        match self {
            Self::Inventory(error) => error.code(),
            Self::AnyHost(_) => Code::Internal,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Inventory(error) => error.fix(),
            Self::AnyHost(_) => None,
        }
    }
}

/// A command and what was said of it.
struct CommandJudged {
    name: String,
    position: Position,
    given: Vec<Given>,
    verdict: Verdict,
}

/// What was said.
enum Verdict {
    Allowed {
        rule: String,
        risk: &'static str,
        form: String,
    },
    NeedsApproval {
        rule: String,
        risk: &'static str,
        form: String,
    },
    Denied(Box<Denial>),
    /// What is certain is allowed; the values are judged when they are there.
    AtRun,
}

impl Verdict {
    fn new(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Allowed(authorized) => Self::Allowed {
                rule: authorized.rule().to_owned(),
                risk: authorized.risk().name(),
                form: authorized.judged().text(),
            },
            Judgement::NeedsApproval(unapproved) => Self::NeedsApproval {
                rule: unapproved.wanted().rule().to_owned(),
                risk: unapproved.wanted().risk().name(),
                form: unapproved.wanted().judged().text(),
            },
            Judgement::Rehearsed(rehearsed) => {
                let wanted = rehearsed.wanted();
                let (rule, risk) = (wanted.rule().to_owned(), wanted.risk().name());
                let form = wanted.judged().text();
                if rehearsed.needs_approval() {
                    Self::NeedsApproval { rule, risk, form }
                } else {
                    Self::Allowed { rule, risk, form }
                }
            }
            // What the endpoint offers is known when the command is sent.
            Judgement::Denied(Denial { reason: Reason::EndpointNotKnown { .. }, .. }) => Self::AtRun,
            Judgement::Denied(denial) => Self::Denied(Box::new(denial)),
        }
    }

    /// The same, with a place for a denial: that of the command in its script.
    fn near(self, position: Position) -> Self {
        match self {
            Self::Denied(denial) => {
                Self::Denied(Box::new(denial.at(Place::Command(Location::Text(position)))))
            }
            other => other,
        }
    }

    fn decision(&self) -> Decision {
        match self {
            Self::Allowed { .. } => Decision::Allowed,
            Self::NeedsApproval { .. } => Decision::NeedsApproval,
            Self::Denied(_) => Decision::Denied,
            Self::AtRun => Decision::AtRun,
        }
    }
}

impl Explanation {
    fn of_whole(verdict: Verdict) -> Self {
        let decision = verdict.decision();
        match verdict {
            Verdict::Allowed { rule, risk, form } | Verdict::NeedsApproval { rule, risk, form } => {
                Self { rule, risk: Some(risk), judged_form: Some(form), ..Self::empty(decision) }
            }
            Verdict::Denied(denial) => Self::of_denial(*denial),
            Verdict::AtRun => {
                Self { rule: AT_RUN.to_owned(), judged_at_run: true, ..Self::empty(Decision::Allowed) }
            }
        }
    }

    fn of_denial(denial: Denial) -> Self {
        Self {
            reason: Some(denial.reason.to_string()),
            position: denial.position.as_ref().map(Spot::from),
            alternative: denial.fix(),
            rule: denial.rule,
            operator_hint: denial.operator_hint,
            ..Self::empty(Decision::Denied)
        }
    }

    /// The worst that is said of a command is said of the script.
    fn of_script(commands: Vec<CommandJudged>) -> Self {
        let mut rules: Vec<&str> = Vec::new();
        let mut forms = Some(Vec::new());
        let mut risk = Some("read");
        let mut decision = Decision::Allowed;
        for command in &commands {
            match &command.verdict {
                Verdict::Allowed { rule, risk: own, form }
                | Verdict::NeedsApproval { rule, risk: own, form } => {
                    if !rules.contains(&rule.as_str()) {
                        rules.push(rule);
                    }
                    if let Some(forms) = &mut forms {
                        forms.push(form.as_str());
                    }
                    risk = risk.map(|risk| if *own == "change" { own } else { risk });
                }
                Verdict::Denied(_) => {}
                Verdict::AtRun => (forms, risk) = (None, None),
            }
            if command.verdict.decision() == Decision::NeedsApproval {
                decision = Decision::NeedsApproval;
            }
        }
        let denied = commands.iter().find_map(|command| match &command.verdict {
            Verdict::Denied(denial) => Some(Self::of_denial(Denial::clone(denial))),
            _ => None,
        });
        let mut explanation = denied.unwrap_or_else(|| Self {
            rule: match (commands.is_empty(), rules.is_empty()) {
                (true, _) => NOTHING_SENT.to_owned(),
                (false, true) => AT_RUN.to_owned(),
                (false, false) => rules.join(", "),
            },
            risk,
            judged_form: forms.map(|forms| forms.join("\n")).filter(|form| !form.is_empty()),
            ..Self::empty(decision)
        });
        explanation.judged_at_run =
            commands.iter().any(|command| command.verdict.decision() == Decision::AtRun);
        explanation.commands = commands.into_iter().map(CommandShown::from).collect();
        explanation
    }
}

impl Explanation {
    /// The script has the host asked for something before it runs.
    fn asks(&mut self, question: Question, command: String, verdict: Verdict) {
        let decision = verdict.decision();
        match verdict {
            Verdict::Denied(denial) if self.decision != Decision::Denied => {
                let of_denial = Self::of_denial(*denial);
                let reason = of_denial.reason.unwrap_or_default();
                *self = Self {
                    reason: Some(format!("it asks for {} ({command}): {reason}", question.what())),
                    commands: std::mem::take(&mut self.commands),
                    asked_first: std::mem::take(&mut self.asked_first),
                    plan: self.plan.take(),
                    ..of_denial
                };
            }
            Verdict::Allowed { rule, .. } | Verdict::NeedsApproval { rule, .. } => {
                if self.rule == NOTHING_SENT {
                    self.rule = rule;
                }
                if decision == Decision::NeedsApproval && self.decision == Decision::Allowed {
                    self.decision = decision;
                }
            }
            Verdict::Denied(_) | Verdict::AtRun => {}
        }
        self.asked_first.push(command);
    }
}

/// A command's full name where the table has it, else as it is written.
fn name_of<'t>(command: &HostCommand<'t>) -> &'t str {
    command.known.map_or(command.name, |known| known.name())
}

/// Whether a plan says more than that the commands go to the host as they are.
fn worth_telling(plan: &Plan) -> bool {
    let as_it_is = |pipeline: &PipelinePlan| matches!(pipeline.stages.as_slice(), [StagePlan::Host { commands }] if commands.len() == 1);
    !plan.pipelines.iter().all(as_it_is)
}

/// How many commands of one script a human is asked about.
const MOST_APPROVALS: usize = 100;
/// What a script is allowed by that has no host do anything.
const NOTHING_SENT: &str = "nothing is sent";
/// Where no value is known yet.
const AT_RUN: &str = "judged when it runs";

#[cfg(test)]
mod tests;
