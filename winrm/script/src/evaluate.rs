//! Running a script: a stepper that asks its caller for what a host must do, and computes everything else.
//!
//! [`Evaluator::step`] goes on until something leaves the script: a [`Call`] for a host, an output, a record, or a pause
//! after a bounded amount of work. The caller answers a call with [`Evaluator::answer`] and steps on; dropping the
//! evaluator cancels the script.
//!
//! Inside, the script is straight-line asynchronous code whose only waiting is for the caller. Nothing here knows a
//! runtime, a socket or a clock: time is an argument of `step`.

mod arguments;
mod assignment;
mod block;
mod call;
mod command;
mod coroutine;
pub(crate) mod display;
mod expression;
mod failure;
mod filter;
mod function;
mod host;
mod index;
mod interpreter;
mod limits;
mod matched;
mod member;
mod method;
mod needs;
pub(crate) mod operator;
mod output;
mod parameter;
mod pipeline;
mod place;
mod push_down;
mod redirection;
pub(crate) mod simple;
mod standalone;
mod statement;
mod statics;
mod switch;
mod unwind;
mod variable;
mod vocabulary;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use winrm_proto::clixml::DateTime;

pub use block::Block;
pub use call::{Call, CallKind, FilterCall, Reply, Returns};
pub(crate) use command::kind_of_unknown;
pub use failure::Failure;
pub(crate) use filter::{is_of_files, runs as runs_here};
pub use limits::{Limit, Limits};
pub use needs::Needs;
pub(crate) use output::ErrorAction;
pub use standalone::{Filter, Filtered, Source};
pub use unwind::Refusal;
pub use vocabulary::Known;

use crate::tree::ScriptBlock;
use crate::value::copy::Copies;
use crate::value::cycle::Ties;
use crate::value::{Table, Value};
use coroutine::Coroutine;
use interpreter::Interpreter;

/// A script that runs.
pub struct Evaluator {
    coroutine: Coroutine,
}

/// What leaves a script.
#[derive(Debug)]
pub enum Step {
    /// A host must do this; [`Evaluator::answer`] says what came of it.
    Call(Box<Call>),
    /// A value of the script's output.
    Output(Value),
    /// A record of another stream.
    Record(Stream, Value),
    /// A bounded amount of work is done and more is left.
    Working,
    /// `Start-Sleep`: the caller lets so much time pass, unless the script is cancelled, and steps on.
    Sleep(Duration),
    /// The script is refused while it runs; nothing more comes.
    Refused(Refusal),
    /// The script ended; with the error that ended it, which was also a record, or its exit code.
    Done(Ending),
}

/// How a script ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// All statements ran.
    Complete,
    /// An error ended it before its last statement.
    Failed,
    /// `exit` with this code.
    Exit(i32),
}

/// A stream besides the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Errors: error records.
    Error,
    /// Warnings: strings.
    Warning,
    /// Verbose messages: strings.
    Verbose,
    /// Debug messages: strings.
    Debug,
    /// `Write-Host` and `Write-Information`.
    Information,
}

/// What a script may know of the host.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The values of `$env:`, by name.
    pub environment: BTreeMap<String, String>,
    /// The host's local time.
    pub now: Option<DateTime>,
    /// The host's version of PowerShell, `7.6.5`.
    pub version: Option<String>,
    /// The host's `$PSVersionTable`, where more of it is known than the version.
    pub version_table: Option<Table>,
}

/// Variables and functions that outlive a script.
#[derive(Clone, Debug, Default)]
pub struct Session {
    pub(crate) variables: BTreeMap<String, Value>,
    pub(crate) functions: BTreeMap<String, Arc<function::Definition>>,
    /// Containers that may be in a circle. INVARIANT: the last field, so that it is dropped after the variables.
    pub(crate) ties: Ties,
}

/// Whether filters of a pipeline are sent along with the host's command; [`plan`](crate::plan) says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PushDown {
    /// A host is sent one command at a time.
    #[default]
    Off,
    /// A host is sent a command with the filters behind it that say the same there. It must have `Where-Object`,
    /// `Sort-Object`, `Select-Object` and `Measure-Object`, which a JEA endpoint often has not.
    On,
}

/// What a script starts with, besides its text.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// What is known of the host.
    pub facts: Facts,
    /// How far the script may go.
    pub limits: Limits,
    /// Variables and functions that it finds.
    pub session: Session,
    /// Whether filters travel.
    pub push_down: PushDown,
    /// What the script's own parameters are given, by name.
    pub arguments: Vec<(String, Value)>,
}

impl Session {
    /// The same session with arrays, hashtables and objects of its own: what a script changes in them does not change
    /// here. Cloning keeps them shared.
    #[must_use]
    pub fn deep_clone(&self) -> Self {
        let mut copies = Copies::default();
        let variables: BTreeMap<String, Value> =
            self.variables.iter().map(|(name, value)| (name.clone(), copies.of(value))).collect();
        let mut ties = Ties::default();
        variables.values().for_each(|value| ties.note_container(value));
        Self { variables, functions: self.functions.clone(), ties }
    }

    /// The variables by name, folded as PowerShell compares names.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names of the functions, folded in the same way.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

impl Evaluator {
    /// Prepares a script; nothing runs before the first step.
    #[must_use]
    pub fn new(text: &str, tree: ScriptBlock, facts: Facts, limits: Limits) -> Self {
        Self::with_setup(text, tree, Setup { facts, limits, ..Setup::default() })
    }

    /// Prepares a script with all that it starts with.
    #[must_use]
    pub fn with_setup(text: &str, tree: ScriptBlock, mut setup: Setup) -> Self {
        let text: Arc<str> = text.into();
        let arguments = std::mem::take(&mut setup.arguments);
        let run = move |link| Interpreter::new(link, text, setup).run(Arc::new(tree), arguments);
        Self { coroutine: Coroutine::new(run) }
    }

    /// Goes on until something leaves the script. `elapsed` is the time since the first step, not counting what the
    /// host took and what the script slept.
    ///
    /// After a [`Step::Call`] an answer must be given first; without it the call is as if it had returned nothing.
    pub fn step(&mut self, elapsed: Duration) -> Step {
        self.coroutine.step(elapsed)
    }

    /// Says what came of the call.
    pub fn answer(&mut self, reply: Reply) {
        self.coroutine.answer(reply);
    }

    /// Whether the last statement that ran succeeded, once the script is done: `$?`.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.coroutine.succeeded()
    }

    /// The variables and functions of the script, once it is done.
    #[must_use]
    pub fn into_session(self) -> Session {
        self.coroutine.into_session()
    }
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").finish_non_exhaustive()
    }
}
