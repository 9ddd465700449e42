//! Where values go: to the caller, into a collection, or to the next stage of a pipeline.

use super::arguments::Common;
use super::failure::Failure;
use super::filter::Stage;
use super::interpreter::{ErrorsTo, Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use super::{Returns, Step, Stream};
use crate::tree::Span;
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Array, Type, Value};

/// Where values go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// To the caller, as output of the script.
    Caller,
    /// Into the collection of this number.
    Collection(usize),
    /// To a stage of a pipeline.
    Stage(usize, usize),
    /// Nowhere.
    Nowhere,
}

/// A pipeline under way.
pub(super) struct Pipe {
    /// A stage is taken out while it works.
    pub(super) stages: Vec<Option<Box<dyn Stage>>>,
    /// Where the script names the command of each stage.
    pub(super) spans: Vec<Span>,
    /// Where the last stage's output goes.
    pub(super) end: Target,
}

/// What an error does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ErrorAction {
    Continue,
    SilentlyContinue,
    Ignore,
    Stop,
}

impl ErrorAction {
    pub(super) fn of(value: &Value) -> Flow<Self> {
        Self::named_by(value).ok_or_else(|| Unwind::refused(format!("`-ErrorAction {}`", value.to_text())))
    }

    /// By name, by what only one name begins with, or by number.
    pub(crate) fn named_by(value: &Value) -> Option<Self> {
        let preference = convert(value, Type::Plain(Plain::ActionPreference)).ok()?;
        match preference.to_text().as_str() {
            "Continue" => Some(Self::Continue),
            "SilentlyContinue" => Some(Self::SilentlyContinue),
            "Ignore" => Some(Self::Ignore),
            "Stop" => Some(Self::Stop),
            _ => None,
        }
    }

    /// Whether errors are not shown.
    pub(crate) fn hides(self) -> bool {
        matches!(self, Self::SilentlyContinue | Self::Ignore)
    }
}

impl Interpreter {
    /// Sends a value where output goes at present.
    pub(super) fn emit(&mut self, value: Value) -> Turn<'_, ()> {
        Box::pin(async move {
            self.tick()?;
            match self.target {
                Target::Nowhere => {}
                Target::Collection(at) => {
                    self.make(size_of::<Value>())?;
                    if let Some(collector) = self.collectors.get_mut(at) {
                        collector.push(value);
                    }
                }
                Target::Stage(pipe, stage) => self.feed(pipe, stage, value).await?,
                Target::Caller => {
                    self.count_output()?;
                    self.link.hand(Step::Output(value)).await;
                }
            }
            Ok(())
        })
    }

    /// Sends what the value is in a pipeline: the items of a sequence, one by one.
    pub(super) async fn emit_items(&mut self, value: Value) -> Flow<()> {
        // The two cheap targets need no waiting.
        if let Target::Collection(at) = self.target {
            let items = value.into_items();
            self.make(items.len() * size_of::<Value>())?;
            if let Some(collector) = self.collectors.get_mut(at) {
                collector.extend(items);
            }
            return self.tick();
        }
        for item in value.into_items() {
            self.emit(item).await?;
        }
        Ok(())
    }

    /// Where what a host returns at the present place goes.
    pub(super) fn returns(&self) -> Returns {
        let as_it_is = self.errors_to == ErrorsTo::Stream && self.silenced.is_empty();
        if self.target == Target::Caller && as_it_is { Returns::ToOutput } else { Returns::ToScript }
    }

    /// Runs something and collects its output.
    pub(super) fn begin_collection(&mut self) -> (usize, Target) {
        self.collectors.push(Vec::new());
        let at = self.collectors.len() - 1;
        (at, std::mem::replace(&mut self.target, Target::Collection(at)))
    }

    /// Ends what [`begin_collection`](Self::begin_collection) began.
    pub(super) fn end_collection(&mut self, (at, before): (usize, Target)) -> Vec<Value> {
        self.target = before;
        let items = self.collectors.get_mut(at).map(std::mem::take).unwrap_or_default();
        self.collectors.truncate(at);
        items
    }

    /// Gives a value to a stage.
    pub(super) async fn feed(&mut self, pipe: usize, at: usize, value: Value) -> Flow<()> {
        self.breathe().await?;
        self.fits(&value)?;
        let Some(mut stage) = self.take_stage(pipe, at) else { return Ok(()) };
        let next = self.after(pipe, at);
        let before = self.go_to(pipe, at, next);
        let result = stage.process(self, value).await;
        self.put_stage(pipe, at, stage);
        self.come_back(before, result)
    }

    /// Lets a stage work, whose output goes to `next`; [`come_back`](Self::come_back) ends it.
    pub(super) fn go_to(&mut self, pipe: usize, stage: usize, next: Target) -> (Target, Option<Span>) {
        let span = self.pipes.get(pipe).and_then(|pipe| pipe.spans.get(stage)).copied();
        (std::mem::replace(&mut self.target, next), std::mem::replace(&mut self.at, span))
    }

    /// Ends what [`go_to`](Self::go_to) began; an error that says no place arose in the stage's command.
    pub(super) fn come_back(&mut self, before: (Target, Option<Span>), result: Flow<()>) -> Flow<()> {
        let span = std::mem::replace(&mut self.at, before.1);
        self.target = before.0;
        result.map_err(|unwind| match span {
            Some(span) => unwind.at(span),
            None => unwind,
        })
    }

    /// Where a stage's output goes.
    pub(super) fn after(&self, pipe: usize, at: usize) -> Target {
        match self.pipes.get(pipe) {
            Some(own) if at + 1 < own.stages.len() => Target::Stage(pipe, at + 1),
            Some(own) => own.end,
            None => Target::Nowhere,
        }
    }

    pub(super) fn take_stage(&mut self, pipe: usize, at: usize) -> Option<Box<dyn Stage>> {
        self.pipes.get_mut(pipe)?.stages.get_mut(at)?.take()
    }

    pub(super) fn put_stage(&mut self, pipe: usize, at: usize, stage: Box<dyn Stage>) {
        if let Some(slot) = self.pipes.get_mut(pipe).and_then(|pipe| pipe.stages.get_mut(at)) {
            *slot = Some(stage);
        }
    }

    /// What errors do where a command does not say it.
    pub(super) fn preference(&self) -> Flow<ErrorAction> {
        match self.own_variable("ErrorActionPreference") {
            Some(value) => ErrorAction::of(&value),
            None => Ok(ErrorAction::Continue),
        }
    }

    /// An error that ends nothing, unless it is to stop the script.
    pub(super) async fn report(&mut self, mut failure: Failure, action: Option<ErrorAction>) -> Flow<()> {
        self.locate(&mut failure);
        let action = match action {
            Some(action) => action,
            None => self.preference()?,
        };
        self.succeeded = false;
        match action {
            ErrorAction::Stop => return Err(Unwind::Script(Box::new(failure))),
            ErrorAction::Ignore => {}
            ErrorAction::SilentlyContinue => self.remember(failure.to_value()),
            ErrorAction::Continue => match self.errors_to {
                ErrorsTo::Nowhere => self.remember(failure.to_value()),
                ErrorsTo::Output => {
                    let value = failure.to_value();
                    self.remember(value.clone());
                    self.emit(value).await?;
                }
                ErrorsTo::Stream => {
                    self.count_output()?;
                    self.record_error(&failure).await;
                }
            },
        }
        Ok(())
    }

    /// The same of a command, which may say itself what errors do and which variable keeps them.
    pub(super) async fn report_of(&mut self, common: &Common, mut failure: Failure) -> Flow<()> {
        self.locate(&mut failure);
        self.gather_error(common, &failure)?;
        self.report(failure, common.error_action).await
    }

    /// Empties the variable for a command's errors, unless it is to be added to.
    pub(super) fn begin_errors(&mut self, common: &Common) -> Flow<()> {
        match &common.error_variable {
            Some(name) if !name.starts_with('+') => {
                self.set_variable(name, Value::Array(Array::list(Vec::new())), None)
            }
            _ => Ok(()),
        }
    }

    /// Adds to the variable for a command's errors. Nothing is kept of one that is ignored.
    pub(super) fn gather_error(&mut self, common: &Common, failure: &Failure) -> Flow<()> {
        let Some(name) = &common.error_variable else { return Ok(()) };
        let action = match common.error_action {
            Some(action) => action,
            None => self.preference()?,
        };
        if action == ErrorAction::Ignore {
            return Ok(());
        }
        let name = name.strip_prefix('+').unwrap_or(name);
        let mut items = self.own_variable(name).map(Value::into_items).unwrap_or_default();
        items.push(failure.to_value());
        self.set_variable(name, Value::Array(Array::list(items)), None)
    }

    /// Adds to `$Error`.
    pub(super) fn remember(&mut self, error: Value) {
        self.errors.push(error);
        if self.errors.len() > super::interpreter::MAX_ERRORS {
            self.errors.remove(0);
        }
    }

    /// Writes a record to a stream other than that of errors.
    pub(super) async fn record(&mut self, stream: Stream, value: Value) -> Flow<()> {
        if self.silenced.contains(&stream) {
            return Ok(());
        }
        self.count_output()?;
        self.link.hand(Step::Record(stream, value)).await;
        Ok(())
    }
}
