//! A script on its walk: read, checked and judged as far as it can be known, then evaluated here. What it has a host do
//! goes the way of every piece of work, command by command, with the values that it has by then.

mod answer;
mod facts;
mod vocabulary;

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;
use winrm_script::{
    evaluate::{self, Evaluator, Facts, Limit, Limits, Needs, PushDown, Reply, Returns, Session, Setup},
    position::Position,
    tree::ScriptBlock,
    value::Value,
};

use self::vocabulary::WithFunctions;
use super::{
    failure::{Failure, ScriptError},
    memory::Share,
    named::Borrowed,
    way::{Answer, Way},
};
use crate::{
    call::{Mode, Outcome, Work},
    explain::{Case, NotTaken, Question, taken},
    output::Objects,
    policy::{Denial, Unapproved},
};

/// Runs a script. Where it cannot be evaluated the policy judges the text as a whole, which is a denial with the
/// places and what to write instead, unless a rule lets text through.
pub(super) async fn run(text: &str, way: &mut Way<'_>) -> Result<Outcome, Failure> {
    let (house, call) = (way.walk.house, way.walk.call);
    let borrowed = match &way.walk.options.session {
        Some(name) => Some(house.named.borrow(&call.principal, &way.target.name, name)?),
        None => None,
    };
    let session = borrowed.as_ref().map(Borrowed::session).unwrap_or_default();
    let (tree, needed) = match read(text, &session, way) {
        Ok(read) => read,
        Err(Unread::Refused(denial)) => {
            way.not_taken = denial;
            return way.whole().await;
        }
        Err(Unread::Denied(denial)) => return Err(way.denied(*denial)),
    };
    way.prepare(needed)?;
    let began = Instant::now();
    let ending = evaluate(text, tree, session, way).await;
    way.ended(ending.as_ref().map(|(outcome, _)| *outcome), began);
    let (outcome, session) = ending?;
    if let (Some(borrowed), Some(session), Mode::Run) = (borrowed, session, call.mode) {
        borrowed.give_back(session)?;
    }
    way.rehearsed(outcome)
}

/// Why a script is not evaluated.
enum Unread {
    /// Something in it is not taken here: what to say unless a rule lets text through.
    Refused(NotTaken),
    /// Something in it is certainly denied.
    Denied(Box<Denial>),
}

/// The script, and what of it waits for a human.
fn read(text: &str, session: &Session, way: &Way<'_>) -> Result<(ScriptBlock, Vec<Unapproved>), Unread> {
    let tree = taken::tree(text).map_err(Unread::Refused)?;
    let vocabulary = WithFunctions::of(session);
    let commands = taken::commands(text, &tree, &vocabulary).map_err(Unread::Refused)?;
    let foreseen = way.world.policy.foresee(way.walk.call, text, &commands, way.target);
    foreseen.map_err(|denial| Unread::Denied(Box::new(denial)))?;
    let case = Case::new(&way.world.policy, way.walk.call, way.target);
    let needed = case.needs_approval(text, &tree, &commands);
    let needed = needed.map_err(|denial| Unread::Denied(Box::new(denial)))?;
    drop(commands);
    Ok((tree, needed))
}

/// Evaluates to the end. The session is what the script leaves, where it came to an end of its own.
async fn evaluate(
    text: &str,
    tree: ScriptBlock,
    session: Session,
    way: &mut Way<'_>,
) -> Result<(Outcome, Option<Session>), Failure> {
    let facts = match facts([Needs::of(&tree), session.needs()], way).await? {
        Ok(facts) => facts,
        Err(outcome) => return Ok((outcome, None)),
    };
    // Another endpoint than those that everybody has may lack the filters, or judge them by rules of its own. And what a
    // human has approved is the command as it stands in the script.
    let travel = way.target.remoting.is_full() && way.needed_nobody();
    let push_down = if travel { PushDown::On } else { PushDown::Off };
    let memory = way.walk.house.memory.share();
    let limits = limits(&memory, way.left());
    let setup = Setup { facts, limits, session, push_down, ..Setup::default() };
    let mut running = Running::new(Evaluator::with_setup(text, tree, setup));
    loop {
        // A turn computes without a pause; others take over the runtime's work meanwhile.
        let turn = tokio::task::block_in_place(|| running.turn(&mut way.objects));
        way.show().await;
        match turn {
            Turn::Call(call) => match answer(text, &call, way).await? {
                Ok(reply) => running.answer(reply),
                // It was stopped, or nobody knows: nothing after it may run.
                Err(outcome) => return Ok((outcome, None)),
            },
            Turn::Working => tokio::task::yield_now().await,
            Turn::Sleep(time) => way.sleep(time).await,
            Turn::Refused(refusal) => {
                let late = refusal.limit == Some(Limit::Time);
                return match way.over().filter(|_| late) {
                    Some(reason) => Ok((Outcome::Stopped(reason), None)),
                    None => Err(ScriptError::Refused(refusal).into()),
                };
            }
            Turn::Done(ending) => return Ok(running.end(ending)),
        }
        if let Some(reason) = way.over() {
            return Ok((Outcome::Stopped(reason), None));
        }
    }
}

/// What came of a call, or how the script ended with it.
type Answered = Result<Result<Reply, Outcome>, Failure>;

/// What the script uses of its host: its version says a runspace pool that is opened anyway, the rest has to be asked for.
async fn facts(needs: [Needs; 2], way: &mut Way<'_>) -> Result<Result<Facts, Outcome>, Failure> {
    let mut facts = facts::known(way.target);
    if needs.iter().any(|needs| needs.version)
        && let Some(table) = way.version_table().await?
        && let Value::Table(table) = Value::from_clixml(&table)
    {
        facts.version_table = Some(table);
    }
    let questions: BTreeSet<Question> = needs.iter().flat_map(Question::of).collect();
    for question in questions {
        let Some(pipeline) = question.pipeline() else { continue };
        let command = pipeline.render();
        let answer = way.step(Work::Command(pipeline), Returns::ToScript).await.map_err(|failure| {
            let failure = Box::new(failure);
            ScriptError::Fact { what: question.what(), command, failure }
        })?;
        match answer::reply(answer) {
            Ok(reply) => question.learn(&reply.output, &mut facts),
            Err(outcome) => return Ok(Err(outcome)),
        }
    }
    Ok(Ok(facts))
}

/// Has the host do what the script calls.
async fn answer(text: &str, call: &evaluate::Call, way: &mut Way<'_>) -> Answered {
    let work = Work::of_call(call).map_err(|reason| {
        let position = Position::in_text(text, call.span.start);
        ScriptError::CannotTravel { position, reason }
    })?;
    if way.keeps_filters_here(&work) {
        return Ok(Ok(Reply::without_filters(call)));
    }
    let answer = way.step(work, call.returns).await?;
    if let Answer::Called(called) = &answer {
        way.objects.via(called.via.name());
    }
    answer::check(&answer, &call.name)?;
    Ok(answer::reply(answer))
}

/// A script under way.
struct Running {
    evaluator: Evaluator,
    /// Time spent here, without what the host took.
    spent: Duration,
    /// `$LASTEXITCODE`.
    exit_code: Option<i32>,
}

/// Why the script paused.
enum Turn {
    Call(Box<evaluate::Call>),
    Working,
    Sleep(Duration),
    Refused(evaluate::Refusal),
    Done(evaluate::Ending),
}

impl Running {
    fn new(evaluator: Evaluator) -> Self {
        Self { evaluator, spent: Duration::ZERO, exit_code: None }
    }

    /// Evaluates until something else is to be done, or for a bounded amount of work.
    fn turn(&mut self, objects: &mut Objects) -> Turn {
        let began = Instant::now();
        let mut written = 0;
        let turn = loop {
            match self.evaluator.step(self.spent + began.elapsed()) {
                evaluate::Step::Output(value) => objects.output(&value),
                evaluate::Step::Record(stream, record) => objects.record(stream, &record),
                evaluate::Step::Call(call) => break Turn::Call(call),
                evaluate::Step::Working => break Turn::Working,
                evaluate::Step::Sleep(time) => break Turn::Sleep(time),
                evaluate::Step::Refused(refusal) => break Turn::Refused(refusal),
                evaluate::Step::Done(ending) => break Turn::Done(ending),
            }
            written += 1;
            if written >= WRITTEN_IN_A_TURN {
                break Turn::Working;
            }
        };
        self.spent += began.elapsed();
        turn
    }

    fn answer(&mut self, reply: Reply) {
        self.exit_code = reply.exit_code.or(self.exit_code);
        self.evaluator.answer(reply);
    }

    /// The exit code is that of `exit`, or of the last program where that failed; else 1 after an error that ended the
    /// script and where its last statement failed (`$?`), as `powershell -Command` has it, or 0.
    fn end(self, ending: evaluate::Ending) -> (Outcome, Option<Session>) {
        let exit_code = match (ending, self.exit_code) {
            (evaluate::Ending::Exit(code), _) => code,
            (_, Some(code)) if code != 0 => code,
            (evaluate::Ending::Complete, _) if self.evaluator.succeeded() => 0,
            (evaluate::Ending::Complete | evaluate::Ending::Failed, _) => 1,
        };
        // What a script left half done is not kept.
        let session = (ending != evaluate::Ending::Failed).then(|| self.evaluator.into_session());
        (Outcome::Completed { exit_code: Some(exit_code) }, session)
    }
}

/// What one script may cost here. What it makes is counted whether it keeps it or not, and `$list += $item` makes the
/// list anew. Nobody waits for what it computes after the call's time.
fn limits(memory: &Share<'_>, left: Duration) -> Limits {
    let standard = Limits::default();
    Limits { memory: memory.bytes(), time: standard.time.min(left), ..standard }
}

/// Values and records after which others have their turn.
const WRITTEN_IN_A_TURN: usize = 10_000;
