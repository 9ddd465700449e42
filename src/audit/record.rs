use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Asked, Finish};
use crate::{
    call::{CallId, Ran, Work},
    output::Status,
    policy::{Authorized, Judged, Judgement},
    redact::KnownSecrets,
    remedy::Remedy as _,
};

/// One line of the record.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Line {
    Approved(Approved),
    Decided(Box<Decided>),
    Finished(Finished),
    Ended(Ended),
    Reloaded(Reloaded),
}

/// An approval that a script used up.
#[derive(Debug, Serialize)]
pub(super) struct Approved {
    call: String,
    principal: String,
    host: String,
    rule: String,
    approval: String,
    approved_by: String,
    kind: String,
    judged: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_bytes: Option<usize>,
}

/// What was decided. The order of the fields is the order in the file.
#[derive(Debug, Serialize)]
pub(super) struct Decided {
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    principal: String,
    host: String,
    tool: String,
    profile: &'static str,
    /// The version of the policy that judged.
    policy: String,
    decision: &'static str,
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// What kind of work was asked for.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<String>,
    /// Bytes of the whole judged form, where only its beginning is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The narrowest rule that would allow what is denied, for the operator to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_allow: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Finished {
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    #[serde(flatten)]
    end: End,
}

/// The end of a script, whose steps have lines of their own.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    call: String,
    steps: u32,
    #[serde(flatten)]
    end: End,
}

/// What became of a changed configuration.
#[derive(Debug, Serialize)]
pub(super) struct Reloaded {
    /// The version of the policy in force from now on.
    policy: String,
    /// Why it is the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

#[derive(Debug, Serialize)]
struct End {
    status: Status,
    ran: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    duration_seconds: f64,
}

/// A line with what stands before its own fields. A hash of the line before gets its place here with the chain.
#[derive(Serialize)]
struct Stamped<'l> {
    version: u32,
    time: String,
    #[serde(flatten)]
    line: &'l Line,
}

impl Line {
    /// One JSON object and a newline.
    pub(super) fn render(&self, now: OffsetDateTime) -> Result<String, serde_json::Error> {
        let time = now.format(&Rfc3339).unwrap_or_else(|_| now.unix_timestamp().to_string());
        let mut text = serde_json::to_string(&Stamped { version: VERSION, time, line: self })?;
        text.push('\n');
        Ok(text)
    }
}

impl Approved {
    pub(super) fn new(approved: super::Approved<'_>, known: &KnownSecrets) -> Self {
        let super::Approved { call, id, by, rule, kind, form } = approved;
        let (judged, judged_bytes) = bounded(&known.scrub(form));
        Self {
            call: call.id.as_str().to_owned(),
            principal: call.principal.as_str().to_owned(),
            host: known.scrub(call.host.as_str()),
            rule: rule.to_owned(),
            approval: id.to_owned(),
            approved_by: known.scrub(by),
            kind: kind.to_owned(),
            judged,
            judged_bytes,
        }
    }
}

impl Decided {
    pub(super) fn new(asked: Asked<'_>, judgement: &Judgement, known: &KnownSecrets) -> Self {
        let clean = |text: &str| known.scrub(text);
        let mut decided = Self {
            call: asked.call.id.as_str().to_owned(),
            step: asked.step,
            principal: asked.call.principal.as_str().to_owned(),
            host: clean(asked.call.host.as_str()),
            tool: asked.tool.to_owned(),
            profile: asked.profile.as_str(),
            policy: asked.policy.to_owned(),
            decision: "denied",
            rule: String::new(),
            approved_by: asked.approved_by.map(clean),
            kind: kind(&asked.call.work),
            risk: None,
            judged: None,
            judged_bytes: None,
            reason: None,
            would_allow: None,
        };
        match judgement {
            Judgement::Allowed(authorized) => {
                decided.decision = "allowed";
                decided.form(authorized, known);
            }
            Judgement::NeedsApproval(unapproved) => {
                decided.decision = "needs_approval";
                decided.form(unapproved.wanted(), known);
            }
            Judgement::Rehearsed(rehearsed) => {
                decided.decision = "rehearsed";
                decided.form(rehearsed.wanted(), known);
            }
            Judgement::Denied(denial) => {
                denial.rule.clone_into(&mut decided.rule);
                decided.reason = Some(bounded(&clean(&denial.sentence())).0);
                // What is cut, or holds a secret, would not allow it.
                let whole = |rule: &&str| rule.len() <= LONGEST && clean(rule) == **rule;
                decided.would_allow = asked.would_allow.filter(whole).map(str::to_owned);
            }
        }
        decided
    }
}

impl Decided {
    /// What was judged, and by which rule.
    fn form(&mut self, authorized: &Authorized, known: &KnownSecrets) {
        let (judged, bytes) = bounded(&known.scrub(&form(authorized.judged())));
        authorized.rule().clone_into(&mut self.rule);
        self.kind = authorized.judged().kind();
        self.risk = Some(authorized.risk().name());
        self.judged = Some(judged);
        self.judged_bytes = bytes;
    }
}

impl Finished {
    pub(super) fn new(call: &CallId, step: Option<u32>, finish: Finish<'_>) -> Self {
        Self { call: call.as_str().to_owned(), step, end: End::new(finish) }
    }
}

impl Ended {
    pub(super) fn new(call: &CallId, steps: u32, finish: Finish<'_>) -> Self {
        Self { call: call.as_str().to_owned(), steps, end: End::new(finish) }
    }
}

impl Reloaded {
    pub(super) fn new(policy: &str, refused: Option<&str>, known: &KnownSecrets) -> Self {
        Self { policy: policy.to_owned(), refused: refused.map(|reason| bounded(&known.scrub(reason)).0) }
    }
}

impl End {
    fn new(finish: Finish<'_>) -> Self {
        Self {
            status: finish.status,
            ran: match finish.ran {
                Ran::No => "no",
                Ran::Yes => "yes",
                Ran::Unknown => "unknown",
            },
            exit_code: finish.exit_code,
            error: finish.error.map(str::to_owned),
            duration_seconds: (finish.duration.as_secs_f64() * 1000.0).round() / 1000.0,
        }
    }
}

/// The judged form with what else a program gets.
fn form(judged: &Judged) -> String {
    match judged {
        Judged::Program(program) => {
            let mut text = program.line();
            if let Some(folder) = &program.working_directory {
                text.push_str(&format!(" (in {folder})"));
            }
            text.push_str(&program.input());
            text
        }
        other => other.text(),
    }
}

fn kind(work: &Work) -> &'static str {
    match work {
        Work::PowerShell { .. } | Work::Words { .. } | Work::Command(_) => "powershell",
        Work::Reviewed { .. } => "reviewed_script",
        Work::Program { .. } => "program",
        Work::Check => "check",
    }
}

/// The beginning of a long text, and the length of the whole where it was cut.
fn bounded(text: &str) -> (String, Option<usize>) {
    if text.len() <= LONGEST {
        return (text.to_owned(), None);
    }
    let cut = (0..=LONGEST).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (text.split_at(cut).0.to_owned(), Some(text.len()))
}

/// The version of this form of lines.
const VERSION: u32 = 1;
/// Bytes of a judged form that one line holds.
const LONGEST: usize = 64 * 1024;
