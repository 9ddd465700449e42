//! The state of a running script.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use super::block::Block;
use super::coroutine::Link;
use super::failure::Failure;
use super::limits::{Limit, Limits};
use super::output::{Pipe, Target};
use super::place;
use super::unwind::{Flow, Unwind};
use super::variable::Scope;
use super::{Ending, Facts, PushDown, Refusal, Session, Setup, Step, Stream};
use crate::plan;
use crate::position::Position;
use crate::tree::{ScriptBlock, Span};
use crate::value::Value;
use crate::value::cycle::Ties;
use crate::value::text::text_size;

/// Work that may wait for the caller.
pub(super) type Turn<'a, T> = Pin<Box<dyn Future<Output = Flow<T>> + Send + 'a>>;

/// The state of a running script.
pub(super) struct Interpreter {
    pub(super) link: Link,
    pub(super) facts: Facts,
    pub(super) push_down: PushDown,
    /// Whether anything here asks for `$Matches`.
    pub(super) uses_matches: bool,
    limits: Limits,
    steps: u64,
    /// Steps at the last pause.
    paused: u64,
    depth: usize,
    made: usize,
    pub(super) outputs: usize,
    /// The texts that blocks and functions come from; the script itself is the last.
    pub(super) text: Arc<str>,
    pub(super) blocks: HashMap<Span, Arc<Block>>,
    /// `InvocationInfo` of the errors so far, by where they arose in that text.
    pub(super) invocations: HashMap<Span, Value>,
    /// The command that works at present.
    pub(super) at: Option<Span>,
    pub(super) scopes: Vec<Scope>,
    pub(super) collectors: Vec<Vec<Value>>,
    pub(super) pipes: Vec<Pipe>,
    pub(super) target: Target,
    /// Where errors go that end no statement.
    pub(super) errors_to: ErrorsTo,
    /// Streams that are thrown away at the present place, besides that of errors.
    pub(super) silenced: Vec<Stream>,
    /// `try` blocks and the like around the present place: errors that end a statement leave it.
    pub(super) guarded: usize,
    /// `$?`.
    pub(super) succeeded: bool,
    /// `$LASTEXITCODE`.
    pub(super) exit_code: Option<i32>,
    /// `$Error`, the newest last.
    pub(super) errors: Vec<Value>,
    /// Loops around the present place, within the present function or block.
    pub(super) loops: usize,
    /// Containers that may be in a circle. INVARIANT: the last field, so that it is dropped after all that holds values.
    pub(super) ties: Ties,
}

/// Where errors go that end no statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ErrorsTo {
    /// The error stream.
    Stream,
    /// Nowhere: `2>$null`.
    Nowhere,
    /// The output: `2>&1`.
    Output,
}

impl Interpreter {
    pub(super) fn new(link: Link, text: Arc<str>, setup: Setup) -> Self {
        let Setup { facts, limits, mut session, push_down, arguments: _ } = setup;
        let uses_matches = plan::mentions_matches(&text)
            || session.functions.values().any(|function| plan::mentions_matches(function.text()));
        let ties = std::mem::take(&mut session.ties);
        Self {
            link,
            facts,
            push_down,
            uses_matches,
            limits,
            steps: 0,
            paused: 0,
            depth: 0,
            made: 0,
            outputs: 0,
            text,
            blocks: HashMap::new(),
            invocations: HashMap::new(),
            at: None,
            scopes: vec![Scope::of_session(session)],
            collectors: Vec::new(),
            pipes: Vec::new(),
            target: Target::Caller,
            errors_to: ErrorsTo::Stream,
            silenced: Vec::new(),
            guarded: 0,
            succeeded: true,
            exit_code: None,
            errors: Vec::new(),
            loops: 0,
            ties,
        }
    }

    /// Runs the script to its end, with what its parameters are given.
    pub(super) async fn run(mut self, tree: Arc<ScriptBlock>, arguments: Vec<(String, Value)>) -> Step {
        let end = self.script(&tree, arguments).await;
        let ending = match end {
            Ok(()) | Err(Unwind::Return | Unwind::Break(_) | Unwind::Continue(_) | Unwind::Enough(_)) => {
                Ending::Complete
            }
            Err(Unwind::Exit(code)) => Ending::Exit(code),
            Err(Unwind::Statement(mut failure) | Unwind::Script(mut failure)) => {
                self.locate(&mut failure);
                self.record_error(&failure).await;
                Ending::Failed
            }
            Err(Unwind::Refused(reason, span)) => {
                return Step::Refused(self.refusal(reason.into_owned(), span, None));
            }
            Err(Unwind::Later) => {
                return Step::Refused(self.refusal("this expression".to_owned(), None, None));
            }
            Err(Unwind::Limit(limit)) => {
                return Step::Refused(self.refusal(limit.reason().to_owned(), None, Some(limit)));
            }
        };
        let mut session = self.scopes.drain(..).next().map_or_else(Session::default, Scope::into_session);
        session.ties = std::mem::take(&mut self.ties);
        self.link.leave(session, self.succeeded);
        Step::Done(ending)
    }

    /// Counts a step.
    pub(super) fn tick(&mut self) -> Flow<()> {
        self.steps += 1;
        if self.steps > self.limits.steps { Err(Unwind::Limit(Limit::Steps)) } else { Ok(()) }
    }

    /// Counts many steps at once.
    pub(super) fn tick_many(&mut self, steps: usize) -> Flow<()> {
        self.steps = self.steps.saturating_add(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.steps > self.limits.steps { Err(Unwind::Limit(Limit::Steps)) } else { Ok(()) }
    }

    /// Counts an operation on so many items, each of which takes little.
    pub(super) fn tick_items(&mut self, items: usize) -> Flow<()> {
        self.tick_many(items / ITEMS_PER_STEP)
    }

    /// Whether more was done since the last pause than is done without one.
    pub(super) fn is_long(&self) -> bool {
        self.steps - self.paused > STEPS_WITHOUT_WAITING
    }

    /// Asks for room before something is made: more than is left is refused at once.
    pub(super) fn room(&self, bytes: usize) -> Flow<()> {
        if self.made.saturating_add(bytes) > self.limits.memory {
            Err(Unwind::Limit(Limit::Memory))
        } else {
            Ok(())
        }
    }

    /// Refuses a value whose text would be more than all that a script may make: an array may hold one long string many
    /// times over, and everything that takes a value may ask for its text.
    pub(super) fn fits(&self, value: &Value) -> Flow<()> {
        match value {
            Value::Array(_) | Value::Object(_) if text_size(value) > self.limits.memory => {
                Err(Unwind::Limit(Limit::Memory))
            }
            _ => Ok(()),
        }
    }

    /// Counts what is made.
    pub(super) fn make(&mut self, bytes: usize) -> Flow<()> {
        self.made = self.made.saturating_add(bytes);
        if self.made > self.limits.memory { Err(Unwind::Limit(Limit::Memory)) } else { Ok(()) }
    }

    /// Counts a value by what it holds itself.
    pub(super) fn make_value(&mut self, value: &Value) -> Flow<()> {
        let bytes = match value {
            Value::String(text) => text.as_str().len(),
            Value::Array(array) => array.len() * size_of::<Value>(),
            _ => 0,
        };
        self.make(bytes)
    }

    /// Counts a value of output.
    pub(super) fn count_output(&mut self) -> Flow<()> {
        self.outputs += 1;
        if self.outputs > self.limits.output { Err(Unwind::Limit(Limit::Output)) } else { Ok(()) }
    }

    /// Goes one level deeper; [`leave`](Self::leave) goes back.
    pub(super) fn enter(&mut self) -> Flow<()> {
        self.depth += 1;
        if self.depth > self.limits.depth { Err(Unwind::Limit(Limit::Depth)) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Lets the caller have its turn when much was done since the last one.
    pub(super) async fn breathe(&mut self) -> Flow<()> {
        self.tick()?;
        self.pause().await
    }

    /// The same without counting a step.
    pub(super) async fn pause(&mut self) -> Flow<()> {
        if self.steps - self.paused < STEPS_PER_TURN {
            return Ok(());
        }
        self.paused = self.steps;
        if self.link.elapsed() > self.limits.time {
            return Err(Unwind::Limit(Limit::Time));
        }
        self.link.hand(Step::Working).await;
        Ok(())
    }

    fn refusal(&self, reason: String, span: Option<Span>, limit: Option<Limit>) -> Refusal {
        let position = Position::in_text(&self.text, span.map_or(0, |span| span.start));
        Refusal { position, reason, limit }
    }

    /// Says in an error where it arose, unless that is said. To be called while the text is the one that it arose in.
    pub(super) fn locate(&mut self, failure: &mut Failure) {
        let Some(span) = failure.span.or(self.at).filter(|_| failure.invocation.is_null()) else { return };
        let known = self.invocations.entry(span);
        failure.invocation =
            known.or_insert_with(|| place::invocation(&self.text, span, &failure.activity)).clone();
    }

    /// Writes an error to the stream, whatever the preferences say.
    pub(super) async fn record_error(&mut self, failure: &Failure) {
        let value = failure.to_value();
        self.errors.push(value.clone());
        if self.errors.len() > MAX_ERRORS {
            self.errors.remove(0);
        }
        self.link.hand(Step::Record(Stream::Error, value)).await;
    }
}

/// How much is done between two pauses: about a millisecond of it.
const STEPS_PER_TURN: u64 = 1_000;

/// Items that are copied or compared in the time of a step.
pub(super) const ITEMS_PER_STEP: usize = 16;

/// How many steps an expression takes that does not pause, or items that an operator looks at in one go.
pub(super) const STEPS_WITHOUT_WAITING: u64 = 20_000;

/// PowerShell keeps as many.
pub(super) const MAX_ERRORS: usize = 256;
