//! What is chosen of one command's objects: on the host where it can be, so that the others need not travel, else here.
//! Both give the same.

use std::{borrow::Cow, time::Duration};

use winrm_script::{
    evaluate::{Filter, Filtered, Limits, Source},
    typed::{Argument, TypedCommand, TypedPipeline},
    value::Value,
};

use crate::{
    call::{Call, Work},
    inventory::Target,
    output::Objects,
    policy::{Judgement, Risk},
};

/// What of a call is sent, and the filters that are left for here.
///
/// A filter travels where every endpoint has it and the policy lets it. Behind a command that changes something it never
/// does: one that has enough objects would end the command before all is done.
pub(super) fn divide<'c>(
    call: &'c Call,
    target: &Target,
    judge: impl FnOnce(&Call) -> Judgement,
) -> (Cow<'c, Call>, &'c [TypedCommand]) {
    let Work::Command(pipeline) = &call.work else { return (Cow::Borrowed(call), &[]) };
    if pipeline.filters().is_empty() {
        return (Cow::Borrowed(call), &[]);
    }
    let travels = target.remoting.is_full()
        && match judge(call) {
            Judgement::Allowed(authorized) => authorized.risk() == Risk::Read,
            Judgement::Rehearsed(rehearsed) => rehearsed.wanted().risk() == Risk::Read,
            Judgement::NeedsApproval(_) | Judgement::Denied(_) => false,
        };
    if travels {
        return (Cow::Borrowed(call), &[]);
    }
    let alone = TypedPipeline::one(pipeline.first().clone());
    (Cow::Owned(Call { work: Work::Command(alone), ..call.clone() }), pipeline.filters())
}

/// Sends values through a filter here; what it says besides goes to `objects`.
pub(super) fn filtered(filter: &TypedCommand, values: Vec<Value>, objects: &mut Objects) -> Vec<Value> {
    let parameters = filter.arguments().iter().filter_map(|argument| match argument {
        Argument::Parameter { name, value } => {
            Some((name.as_str().to_owned(), value.clone().unwrap_or(Value::Boolean(true))))
        }
        Argument::Value(_) => None,
    });
    let mut filter = Filter::new(filter.name(), parameters.collect(), Source::Pipeline, Limits::default());
    let (mut values, mut chosen) = (values.into_iter(), Vec::new());
    loop {
        match filter.step(Duration::ZERO) {
            Filtered::Wanted => filter.feed(values.next()),
            Filtered::Output(value) => chosen.push(value),
            Filtered::Error(failure) => objects.error(&failure.to_value()),
            Filtered::Failed(failure) => {
                objects.error(&failure.to_value());
                return chosen;
            }
            Filtered::Record(stream, record) => objects.record(stream, &record),
            Filtered::Working => {}
            Filtered::Refused(reason) => {
                let failure = winrm_script::evaluate::Failure {
                    message: format!("not chosen here: {reason}"),
                    category: "NotImplemented".to_owned(),
                    ..Default::default()
                };
                objects.error(&failure.to_value());
                return chosen;
            }
            Filtered::Done => return chosen,
        }
    }
}
