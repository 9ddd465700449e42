//! The way of one piece of work to its host: judged, on record, sent, answered, on record. Each command of a script goes
//! it, and whatever else a call asks for goes it once.

use std::{slice, sync::Arc};

use time::OffsetDateTime;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant},
};
use winrm_proto::clixml::{ProgressRecord, Value};
use winrm_script::{evaluate::Returns, typed::TypedPipeline};

mod answer;

pub(super) use self::answer::Answer;
use super::{
    approval::{Approval, NotApproved, Occasion, Taken, Used},
    failure::Failure,
    house::World,
    job::{Access, Progress},
    passing::{pass_on, passing_on},
    shaping,
    walk::{Walk, Walked, asked},
};
use crate::{
    audit::{Approved, Asked, AuditError, Entry, Finish},
    call::{Call, Mode, Outcome, Ran, StopReason, Work},
    explain::Case,
    inventory::Target,
    output::{Captured, Objects, Output, Piece, SpoolLimits, Step, StepOutcome},
    policy::{Authorized, Denial, Judged, Judgement, Offered, Reason, Risk, Unapproved},
    remedy::Remedy as _,
    session::{Lease, SessionError},
};

/// The way from one call to its host.
#[derive(Debug)]
pub(super) struct Way<'w> {
    pub(super) walk: &'w Walk<'w>,
    pub(super) world: &'w World,
    pub(super) target: &'w Target,
    deadline: Instant,
    /// Opened by the first thing that is sent, and the same for all of them.
    lease: Option<Lease>,
    /// How many commands of a script went this way.
    steps: u32,
    ran: Ran,
    judged: Option<String>,
    /// What humans have approved of a script.
    approved: Taken,
    /// What a dry run would have to ask a human for.
    waits: Option<NotApproved>,
    /// What commands wrote, here and there.
    pub(super) objects: Objects,
    /// What to say of a script that is not evaluated here, unless a rule lets it through as text.
    pub(super) not_taken: Option<Box<Denial>>,
    /// What a program wrote that was the whole call.
    captured: Option<Captured>,
}

impl<'w> Way<'w> {
    pub(super) fn new(walk: &'w Walk<'w>, world: &'w World, target: &'w Target) -> Self {
        let timeout = walk.call.timeout.unwrap_or(target.timeouts.command);
        let objects = Objects::new(walk.house.settings.written, &walk.house.scrubber());
        Self {
            walk,
            world,
            target,
            deadline: Instant::now() + timeout.min(LONGEST),
            lease: None,
            steps: 0,
            ran: Ran::No,
            judged: None,
            approved: Taken::default(),
            waits: None,
            objects: match walk.options.watcher {
                Some(_) => objects.watched(),
                None => objects,
            },
            not_taken: None,
            captured: None,
        }
    }

    /// The whole call as one piece of work.
    pub(super) async fn whole(&mut self) -> Result<Outcome, Failure> {
        let (call, filters) = shaping::divide(self.walk.call, self.target, |call| self.judge(call, None));
        let returns = if filters.is_empty() { Returns::ToOutput } else { Returns::ToScript };
        match self.take(&call, None, returns).await? {
            Answer::Called(called) => {
                let outcome = called.outcome;
                self.objects.via(called.via.name());
                let mut reply = called.into_reply();
                for filter in filters {
                    reply.output = shaping::filtered(filter, reply.output, &mut self.objects);
                }
                reply.output.iter().for_each(|value| self.objects.output(value));
                for failure in reply.errors.iter().chain(&reply.terminating) {
                    self.objects.error(&failure.to_value());
                }
                reply.records.iter().for_each(|(stream, record)| self.objects.record(*stream, record));
                Ok(outcome)
            }
            Answer::Ran(outcome, captured) | Answer::Shown(outcome, captured) => {
                self.captured = Some(captured);
                Ok(outcome)
            }
            Answer::Rehearsed => {
                let command = self.judged.clone().unwrap_or_default();
                let (outcome, ran) = (StepOutcome::NotSent, Ran::No);
                self.objects.step(Step { number: 1, command, outcome, ran, objects: 0, errors: 0 });
                self.rehearsed(Answer::Rehearsed.outcome())
            }
        }
    }

    /// A step of a script.
    pub(super) async fn step(&mut self, work: Work, returns: Returns) -> Result<Answer, Failure> {
        self.steps = self.steps.saturating_add(1);
        let text = asked(&work);
        let name = text.split_whitespace().next().unwrap_or_default();
        self.walk.progress.send_replace(Progress::Step {
            number: self.steps,
            command: name.to_owned(),
            percent: None,
        });
        let Call { id, principal, host, purpose, mode, timeout, .. } = self.walk.call;
        let (id, principal, host) = (id.clone(), principal.clone(), host.clone());
        let call = Call { id, principal, host, work, purpose: *purpose, mode: *mode, timeout: *timeout };
        let answer = self.take(&call, Some(self.steps), returns).await;
        let (outcome, ran) = match &answer {
            Ok(answer) => (answer.as_step(), answer.ran()),
            Err(Failure::Denied(_) | Failure::NotApproved(_)) => (StepOutcome::Denied, Ran::No),
            Err(failure) if failure.ran() == Ran::No => (StepOutcome::NotSent, Ran::No),
            Err(failure) => (StepOutcome::Unknown, failure.ran()),
        };
        let (objects, errors) = answer.as_ref().map_or((0, 0), Answer::counts);
        let command = self.judged.take().unwrap_or(text);
        self.objects.step(Step { number: self.steps, command, outcome, ran, objects, errors });
        answer
    }

    /// Uses up the approvals that a script needs, before any of it runs, and puts each on record: not every step is
    /// reached. Where one is missing all that are missing are asked for, and none is used up.
    pub(super) fn prepare(&mut self, needed: Vec<Unapproved>) -> Result<(), Failure> {
        let Walk { house, call, options, .. } = *self.walk;
        let (target, policy) = (self.target, &self.world.policy);
        let occasion = Occasion { call, target, policy, tool: &options.tool };
        // Nobody is asked for what would be refused all the same.
        if let Some(denial) = needed.iter().find_map(|unapproved| self.changes(unapproved.wanted())) {
            return Err(self.denied(denial));
        }
        house.would_admit(&needed, OffsetDateTime::now_utc()).map_err(|denial| self.denied(denial))?;
        let missing = match house.approvals.take_all(needed, occasion) {
            Ok(approved) => {
                for Used { request, rule, approval: Approval { id, by } } in approved.iter() {
                    let (id, kind, form) = (id.as_str(), &request.kind, &request.form);
                    house.audit.approved(Approved { call, id, by, rule, kind, form })?;
                }
                self.approved = approved;
                return Ok(());
            }
            Err(missing) => missing,
        };
        let mut first = None;
        for (unapproved, asked) in missing {
            let failure = Failure::from(asked);
            let entry = self.decided(call, None, &Judgement::NeedsApproval(unapproved), None)?;
            self.finished(entry, Err(&failure));
            first.get_or_insert(failure);
        }
        first.map_or(Ok(()), Err)
    }

    /// The end of work that went its whole way. A dry run of what needs a human says so, and asks nobody.
    pub(super) fn rehearsed(&mut self, outcome: Outcome) -> Result<Outcome, Failure> {
        self.waits.take().map_or(Ok(outcome), |waits| Err(waits.into()))
    }

    /// Whether nothing of a script waited for a human.
    pub(super) fn needed_nobody(&self) -> bool {
        self.approved.iter().next().is_none()
    }

    /// Puts a denial of the whole script on record, before anything of it is sent.
    pub(super) fn denied(&mut self, denial: Denial) -> Failure {
        match self.decided(self.walk.call, None, &Judgement::Denied(denial.clone()), None) {
            Ok(entry) => {
                let failure = Failure::from(denial);
                self.finished(entry, Err(&failure));
                failure
            }
            Err(error) => error.into(),
        }
    }

    /// Puts the end of a script on record.
    pub(super) fn ended(&self, ending: Result<Outcome, &Failure>, began: Instant) {
        let finish = Finish { ran: self.ran, ..self.finish(ending, began.elapsed()) };
        let call = &self.walk.call.id;
        if let Err(error) = self.walk.house.audit.ended(call, self.steps, finish) {
            tracing::error!(%call, %error, "the end of a script is not on record");
        }
    }

    /// The end of the walk: what was written is put into words and shown.
    pub(super) async fn end(mut self, ending: Result<Outcome, Failure>) -> Walked {
        self.show().await;
        let Self { walk, ran, judged, objects, captured, .. } = self;
        let captured = match captured {
            Some(captured) => captured,
            None => objects.finish(&walk.options.view),
        };
        Walked { ending, ran, captured, judged }
    }

    /// Passes on what was written since the last time, where somebody watches.
    pub(super) async fn show(&mut self) {
        if let Some(watcher) = &self.walk.options.watcher {
            pass_on(&mut self.objects, watcher).await;
        }
    }

    /// Whether the call has to end now.
    pub(super) fn over(&self) -> Option<StopReason> {
        if self.walk.cancel.is_cancelled() {
            Some(StopReason::Cancelled)
        } else if Instant::now() >= self.deadline {
            Some(StopReason::Deadline)
        } else {
            None
        }
    }

    /// How long the call has.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Lets time pass, until the call has to end at most.
    pub(super) async fn sleep(&self, time: Duration) {
        let until = self.deadline.min(Instant::now() + time.min(LONGEST));
        tokio::select! {
            () = self.walk.cancel.cancelled() => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }

    /// The story.
    async fn take(&mut self, call: &Call, step: Option<u32>, returns: Returns) -> Result<Answer, Failure> {
        let Walk { house, options, .. } = *self.walk;
        let (target, policy) = (self.target, &self.world.policy);
        let occasion = Occasion { call, target, policy, tool: &options.tool };
        let offered = self.offered(call).await?;
        let judgement = self.judge(call, offered.as_deref());
        let (judgement, approval) = self.settle(judgement, occasion);
        let entry = self.decided(call, step, &judgement, approval.as_ref())?;
        let answer = match judgement {
            Judgement::Allowed(authorized) => {
                self.send(authorized, step, returns).await.map_err(Failure::from)
            }
            Judgement::NeedsApproval(unapproved) => Err(house.approvals.ask(&unapproved, occasion).into()),
            Judgement::Rehearsed(rehearsed) => {
                let wanted = rehearsed.wanted();
                let form = self.clean(&wanted.judged().text());
                if rehearsed.needs_approval() {
                    let rule = wanted.rule().to_owned();
                    self.waits.get_or_insert_with(|| NotApproved::Rehearsed { rule, form: form.clone() });
                }
                self.judged = Some(form);
                Ok(Answer::Rehearsed)
            }
            Judgement::Denied(denial) => Err(Failure::from(denial)),
        };
        self.finished(entry, answer.as_ref().map(Answer::outcome));
        answer
    }

    /// What a human has approved is allowed, once, and what is allowed only so often is counted.
    fn settle(&mut self, judgement: Judgement, on: Occasion<'_>) -> (Judgement, Option<Approval>) {
        let house = self.walk.house;
        let admit = |wanted: &Authorized| house.admit(wanted, OffsetDateTime::now_utc());
        let (unapproved, approval) = match judgement {
            Judgement::Allowed(authorized) => {
                let admitted = admit(&authorized);
                return (admitted.map_or_else(Judgement::Denied, |()| Judgement::Allowed(authorized)), None);
            }
            Judgement::NeedsApproval(unapproved) => {
                let approval = self.approved.take(&unapproved, on);
                (unapproved, approval)
            }
            other => return (other, None),
        };
        if approval.is_some() {
            let admitted = admit(unapproved.wanted());
            let allowed = |()| Judgement::Allowed(unapproved.approved());
            return (admitted.map_or_else(Judgement::Denied, allowed), approval);
        }
        // Asked for now, it would run what ran already once more when the call is repeated.
        if self.ran != Ran::No {
            let name = asked(&on.call.work);
            let name = name.split_whitespace().next().unwrap_or_default();
            let denial = Denial::more_than_once(unapproved.wanted().rule(), name);
            return (Judgement::Denied(denial), None);
        }
        match house.would_admit(slice::from_ref(&unapproved), OffsetDateTime::now_utc()) {
            // Nobody is asked for what would be refused all the same.
            Err(denial) => (Judgement::Denied(denial), None),
            Ok(()) => house.approvals.redeem(unapproved, on, admit),
        }
    }

    /// The host's `$PSVersionTable`; a dry run does not ask for it.
    pub(super) async fn version_table(&mut self) -> Result<Option<Value>, SessionError> {
        if self.walk.call.mode == Mode::DryRun {
            return Ok(None);
        }
        let lease = open(&mut self.lease, self.walk, self.target, self.deadline)?;
        lease.version_table(&self.walk.call.id).await
    }

    /// What the host's endpoint offers, where the policy goes by that.
    async fn offered(&mut self, call: &Call) -> Result<Option<Arc<Offered>>, SessionError> {
        if !self.world.policy.goes_by_endpoint() {
            return Ok(None);
        }
        let lease = open(&mut self.lease, self.walk, self.target, self.deadline)?;
        lease.offered(&call.id).await.map(Some)
    }

    fn judge(&self, call: &Call, offered: Option<&Offered>) -> Judgement {
        let judgement = self.world.policy.judge_at(call, self.target, OffsetDateTime::now_utc(), offered);
        let wanted = match &judgement {
            Judgement::Allowed(authorized) => authorized,
            Judgement::NeedsApproval(unapproved) => unapproved.wanted(),
            Judgement::Denied(denial) if matches!(denial.reason, Reason::NotStatic(_)) => {
                return Judgement::Denied(self.not_taken.as_deref().unwrap_or(denial).clone());
            }
            Judgement::Rehearsed(rehearsed) => rehearsed.wanted(),
            Judgement::Denied(_) => return judgement,
        };
        match self.changes(wanted) {
            Some(denial) => Judgement::Denied(denial),
            None => judgement,
        }
    }

    /// The denial of what may change something where only reading is asked for.
    fn changes(&self, wanted: &Authorized) -> Option<Denial> {
        let options = self.walk.options;
        (options.access == Access::ReadOnly && wanted.risk() == Risk::Change).then(|| {
            let reason = Reason::MayChange { form: wanted.judged().text() };
            Denial::new(options.tool.as_str(), reason)
                .instead("execute_command runs what the policy allows to change")
        })
    }

    /// Whether a command may run and the filters behind it may not: then they are done here.
    pub(super) fn keeps_filters_here(&self, work: &Work) -> bool {
        let Work::Command(pipeline) = work else { return false };
        let denied = |pipeline: TypedPipeline| {
            let call = Call { work: Work::Command(pipeline), ..self.walk.call.clone() };
            matches!(self.judge(&call, None), Judgement::Denied(_))
        };
        let alone = || TypedPipeline::one(pipeline.first().clone());
        !pipeline.filters().is_empty() && denied(pipeline.clone()) && !denied(alone())
    }

    async fn send(
        &mut self,
        authorized: Authorized,
        step: Option<u32>,
        returns: Returns,
    ) -> Result<Answer, SessionError> {
        let Walk { house, options, progress, .. } = *self.walk;
        self.judged = Some(self.clean(&authorized.judged().text()));
        let lease = open(&mut self.lease, self.walk, self.target, self.deadline)?;
        let objects = &mut self.objects;
        let watcher = options.watcher.as_ref().filter(|_| returns == Returns::ToOutput);
        let sent = match authorized.judged() {
            Judged::Commands(_) | Judged::Reviewed(_) => {
                let told =
                    |record: &ProgressRecord| Progress::tell_percent(progress, record.percent_complete);
                match watcher {
                    None => lease.call(authorized, told, None).await,
                    Some(watcher) => {
                        let (taker, taken) = mpsc::channel(WRITTEN);
                        let call = lease.call(authorized, told, Some(&taker));
                        passing_on(call, taken, objects, watcher).await
                    }
                }
                .map(Answer::Called)
            }
            Judged::RawPowerShell(_) | Judged::Program(_) | Judged::Check => {
                // A script that computes with a program's output takes it whole.
                let limits = match (step, watcher) {
                    (Some(_), None) => PROGRAM,
                    _ => house.settings.spool,
                };
                // Made now, because the lease has read the password that is to be scrubbed.
                let mut output = Output::new(limits, &house.scrubber());
                let outcome = lease.run(authorized, &mut output, watcher).await;
                if let Some(watcher) = watcher {
                    for (channel, text) in output.finish() {
                        // A watcher that left needs nothing more.
                        drop(watcher.send(Piece::Text(channel, text)).await);
                    }
                }
                let captured = output.into_captured();
                match outcome {
                    Ok(outcome) if watcher.is_some() => Ok(Answer::Shown(outcome, captured)),
                    Ok(outcome) => Ok(Answer::Ran(outcome, captured)),
                    Err(error) => {
                        // What came before the connection was lost is worth seeing.
                        self.captured = step.is_none().then_some(captured);
                        Err(error)
                    }
                }
            }
        };
        let ran = sent.as_ref().map_or_else(SessionError::ran, |_| Ran::Yes);
        self.ran = match (self.ran, ran) {
            (Ran::Yes, _) | (_, Ran::Yes) => Ran::Yes,
            (Ran::Unknown, _) | (_, Ran::Unknown) => Ran::Unknown,
            (Ran::No, Ran::No) => Ran::No,
        };
        sent
    }

    /// Without known secrets.
    fn clean(&self, text: &str) -> String {
        self.walk.house.scrubber().scrub(text).text.into_owned()
    }

    /// Puts the decision on record, on the disk, before anything is sent.
    fn decided(
        &self,
        call: &Call,
        step: Option<u32>,
        judgement: &Judgement,
        approval: Option<&Approval>,
    ) -> Result<Entry, AuditError> {
        let approved_by = approval.map(|approval| approval.by.as_str());
        let profile = self.world.policy.profile();
        let would_allow = match judgement {
            Judgement::Denied(_) => Case::new(&self.world.policy, call, self.target).would_allow(),
            Judgement::Allowed(_) | Judgement::NeedsApproval(_) | Judgement::Rehearsed(_) => None,
        };
        let would_allow = would_allow.as_deref();
        let (tool, policy) = (self.walk.options.tool.as_str(), self.world.policy.version());
        let asked = Asked { call, step, tool, profile, policy, would_allow, approved_by };
        // The disk is waited for on this thread; others take over the runtime's work meanwhile.
        let entry = tokio::task::block_in_place(|| self.walk.house.audit.decided(asked, judgement))?;
        if let Some(error) = entry.lost() {
            tracing::error!(call = %call.id, %error, "a decision is not on record");
        }
        Ok(entry)
    }

    fn finish(&self, ending: Result<Outcome, &Failure>, duration: Duration) -> Finish<'static> {
        let ended = Failure::ending(ending);
        Finish {
            status: ended.status(&self.walk.house.settings.success_codes),
            ran: ended.ran(),
            exit_code: ended.exit_code(),
            error: ending.err().map(|failure| failure.code().name()),
            duration,
        }
    }

    fn finished(&self, entry: Entry, answer: Result<Outcome, &Failure>) {
        let finish = self.finish(answer, entry.began().elapsed());
        if let Err(error) = entry.finished(finish) {
            tracing::error!(call = %self.walk.call.id, %error, "the end of a call is not on record");
        }
    }
}

/// The lease of a whole call, made when it is first needed.
fn open<'l>(
    lease: &'l mut Option<Lease>,
    walk: &Walk<'_>,
    target: &Target,
    deadline: Instant,
) -> Result<&'l Lease, SessionError> {
    let Walk { house, call, cancel, .. } = *walk;
    Ok(match lease {
        Some(lease) => lease,
        none => none.insert(house.sessions.lease(target, &call.principal, deadline, cancel)?),
    })
}

/// What a script holds of one program's output.
pub(super) const PROGRAM: SpoolLimits = SpoolLimits { head: 32 << 20, tail: 0 };

/// Objects and messages that wait to be passed on.
const WRITTEN: usize = 64;

/// A day: no deadline is further off, so that adding one cannot overflow.
const LONGEST: Duration = Duration::from_hours(24);
