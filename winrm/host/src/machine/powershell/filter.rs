//! Filters, formatters and converters: `winrm-script` computes them.

use std::time::Instant;

use winrm_proto::clixml::{ErrorCategory, ErrorRecord, Value};
use winrm_script::evaluate::{self, Filter, Filtered, Limits, Source, Stream};
use winrm_script::value::Value as Item;

use super::Emission;
use super::binding::Bound;
use super::cmdlet::{Cmdlet, Running, Takes};
use super::failure::{Failure, not_simulated};
use super::stage::Stage;

/// A cmdlet that is one of the filters.
pub(super) const fn filter(name: &'static str, class: &'static str) -> Cmdlet {
    Cmdlet { name, class, takes: Takes::All, run }
}

/// Runs the filter of the stage's name.
pub(super) fn run<'a>(stage: &'a mut Stage<'_>, bound: &'a Bound) -> Running<'a> {
    Box::pin(filtered(stage, bound, Lines::AsWritten))
}

/// The same for what writes text of several lines, which end as Windows' lines do.
pub(super) fn run_text<'a>(stage: &'a mut Stage<'_>, bound: &'a Bound) -> Running<'a> {
    Box::pin(filtered(stage, bound, Lines::OfWindows))
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    AsWritten,
    OfWindows,
}

async fn filtered(stage: &mut Stage<'_>, bound: &Bound, lines: Lines) -> Result<(), Failure> {
    let Some(command) = stage.cmdlet().and_then(Cmdlet::command) else { return Ok(()) };
    let parameters = bound.own(command).map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let source = if stage.has_input() { Source::Pipeline } else { Source::Arguments };
    let mut filter = Filter::new(command.name(), parameters, source, LIMITS);
    let began = Instant::now();
    loop {
        match filter.step(began.elapsed()) {
            Filtered::Wanted => filter.feed(stage.take_item().await),
            Filtered::Output(Item::String(text)) if lines == Lines::OfWindows => {
                let text = text.as_str().replace("\r\n", "\n").replace('\n', "\r\n");
                stage.put_item(Item::string(text)).await?;
            }
            Filtered::Output(value) => stage.put_item(value).await?,
            Filtered::Error(failure) => stage.complain_of(record(&failure)).await?,
            Filtered::Record(stream, value) => said(stage, stream, &value).await?,
            Filtered::Working => tokio::task::yield_now().await,
            Filtered::Done => return Ok(()),
            Filtered::Failed(failure) => return Err(Failure::Error(Box::new(record(&failure)))),
            Filtered::Refused(reason) => return Err(stage.fail(not_simulated(&reason))),
        }
    }
}

async fn said(stage: &Stage<'_>, stream: Stream, value: &Item) -> Result<(), Failure> {
    let text = value.to_text().to_string();
    match stream {
        Stream::Warning => stage.warn(text).await,
        Stream::Verbose => stage.say_verbosely(text).await,
        Stream::Information => stage.emit(Emission::Host(text)).await,
        Stream::Debug => stage.say_in_detail(text).await,
        Stream::Error => Ok(()),
    }
}

/// An error that `winrm-script` raised, as a record.
pub(super) fn record(failure: &evaluate::Failure) -> ErrorRecord {
    let target_object = failure.target.to_clixml();
    let (target_name, target_type) = match &target_object {
        Value::Null => (String::new(), String::new()),
        _ => (failure.target.to_text().to_string(), failure.target.short_type_name()),
    };
    let exception = if failure.exception.is_empty() { "System.Exception" } else { &failure.exception };
    ErrorRecord {
        message: failure.message.as_str().into(),
        exception_type: exception.into(),
        exception_message: failure.message.as_str().into(),
        target_object,
        fully_qualified_error_id: failure.id.as_str().into(),
        category: ErrorCategory {
            code: ErrorCategory::code_of(&failure.category).unwrap_or_default(),
            activity: failure.activity.as_str().into(),
            reason: exception.rsplit('.').next().unwrap_or_default().into(),
            target_name: target_name.into(),
            target_type: target_type.into(),
        },
        recommended_action: None,
        position_message: None,
        script_stack_trace: None,
    }
}

/// What flows through a host's pipeline is bounded by its client's patience, not by its filters.
const LIMITS: Limits = Limits {
    steps: u64::MAX,
    depth: 80,
    memory: usize::MAX,
    output: usize::MAX,
    time: std::time::Duration::MAX,
};
