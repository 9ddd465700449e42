//! A filter or formatter apart from any script: fed value by value, as a command of a pipeline is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::{Argument, Arguments, Bound, Element};
use super::coroutine::Link;
use super::failure::Failure;
use super::filter;
use super::interpreter::Interpreter;
use super::limits::Limits;
use super::unwind::{Flow, Unwind};
use super::{Setup, Step, Stream};
use crate::value::Value;

/// One of the commands that run here, such as `Where-Object`, with typed arguments and nothing of a script around it.
///
/// What it computes is what the same command computes in a script. [`step`](Self::step) goes on until something leaves
/// it or it wants the next value; [`feed`](Self::feed) gives that.
pub struct Filter {
    running: Option<Pin<Box<dyn Future<Output = Flow<()>> + Send>>>,
    link: Link,
}

/// Where a filter gets its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A command stands before it.
    Pipeline,
    /// It stands alone, and has only its arguments.
    Arguments,
}

/// What leaves a filter.
#[derive(Debug)]
pub enum Filtered {
    /// It wants the next value.
    Wanted,
    /// A value of its output.
    Output(Value),
    /// An error that does not end it.
    Error(Box<Failure>),
    /// A record of another stream.
    Record(Stream, Value),
    /// A bounded amount of work is done and more is left.
    Working,
    /// It ended.
    Done,
    /// An error ended it.
    Failed(Box<Failure>),
    /// It cannot be computed here as PowerShell would: why, as a clause.
    Refused(String),
}

impl Filter {
    /// Whether a command of this full name can run as a filter.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        filter::runs(name)
    }

    /// Prepares a command with its parameters, each under its full name. Nothing runs before the first step; what
    /// cannot be bound is refused there.
    #[must_use]
    pub fn new(name: &str, parameters: Vec<(String, Value)>, source: Source, limits: Limits) -> Self {
        let link = Link::default();
        let setup = Setup { limits, ..Setup::default() };
        let interpreter = Interpreter::new(link.clone(), Arc::from(""), setup);
        let elements = parameters
            .into_iter()
            .map(|(name, value)| Element::Parameter { name, value: Some(Argument::plain(value)) });
        let running = interpreter.filter(name.to_owned(), Arguments { elements: elements.collect() }, source);
        Self { running: Some(Box::pin(running)), link }
    }

    /// Goes on until something leaves the filter. `elapsed` is the time since the first step.
    pub fn step(&mut self, elapsed: Duration) -> Filtered {
        let Some(running) = &mut self.running else { return Filtered::Done };
        let Some(ended) = self.link.resume(running.as_mut(), elapsed) else {
            return self.link.left().map_or(Filtered::Wanted, Filtered::of);
        };
        self.running = None;
        match ended {
            Ok(()) | Err(Unwind::Enough(_) | Unwind::Return | Unwind::Break(_) | Unwind::Continue(_)) => {
                Filtered::Done
            }
            Err(Unwind::Exit(_)) => Filtered::Done,
            Err(Unwind::Statement(failure) | Unwind::Script(failure)) => Filtered::Failed(failure),
            Err(Unwind::Refused(reason, _)) => Filtered::Refused(reason.into_owned()),
            Err(Unwind::Later) => Filtered::Refused("this expression".to_owned()),
            Err(Unwind::Limit(limit)) => Filtered::Refused(limit.reason().to_owned()),
        }
    }

    /// Gives the value that is [`Wanted`](Filtered::Wanted); without one the input has ended.
    pub fn feed(&mut self, value: Option<Value>) {
        self.link.feed(value);
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

impl Filtered {
    fn of(step: Step) -> Self {
        match step {
            Step::Output(value) => Self::Output(value),
            Step::Record(Stream::Error, value) => match Failure::of_value(&value) {
                Some(failure) => Self::Error(Box::new(Failure { thrown: None, ..failure })),
                None => Self::Record(Stream::Error, value),
            },
            Step::Record(stream, value) => Self::Record(stream, value),
            Step::Refused(refusal) => Self::Refused(refusal.reason),
            Step::Done(_) => Self::Done,
            Step::Working | Step::Call(_) | Step::Sleep(_) => Self::Working,
        }
    }
}

impl Interpreter {
    /// Runs one filter; its values come from the link.
    async fn filter(mut self, name: String, arguments: Arguments, source: Source) -> Flow<()> {
        let Some(constructor) = filter::find(&name) else {
            return Err(Unwind::refused(format!("`{name}` is no filter")));
        };
        let bound = Bound::of(&name, &arguments)?;
        let mut stage = constructor(&mut self, bound)?;
        stage.begin(&mut self).await?;
        let fed = match source {
            Source::Arguments => stage.alone(&mut self).await,
            Source::Pipeline => loop {
                let Some(value) = self.link.wanted().await else { break Ok(()) };
                self.breathe().await?;
                if let Err(unwind) = stage.process(&mut self, value).await {
                    break Err(unwind);
                }
            },
        };
        match fed {
            Ok(()) | Err(Unwind::Enough(_)) => stage.end(&mut self).await,
            Err(unwind) => Err(unwind),
        }
    }
}
