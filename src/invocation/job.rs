//! A running walk: its own task, so that hand-over, cancellation and progress are one mechanism.

use std::{sync::Arc, time::Instant};

use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    house::House,
    walk::{Failure, Walk, Watcher},
};
use crate::{
    call::{Call, CallId, Work},
    output::{Parts, Report},
};

/// A call that was started.
#[derive(Debug)]
#[must_use = "dropping a job cancels its call"]
pub struct Job {
    id: CallId,
    cancel: CancellationToken,
    task: JoinHandle<Done>,
}

/// A call that has ended.
#[derive(Debug)]
pub struct Done {
    /// What to show.
    pub report: Report,
    /// Why the work did not end by itself on the host, where it did not.
    pub failure: Option<Failure>,
}

/// Starts a call. Safe text goes to `watcher` as it comes in.
pub fn start(house: Arc<House>, call: Call, tool: &'static str, watcher: Option<Watcher>) -> Job {
    let cancel = CancellationToken::new();
    let id = call.id.clone();
    let task = tokio::spawn(run(house, call, tool, watcher, cancel.clone()));
    Job { id, cancel, task }
}

impl Job {
    /// Names the call.
    #[must_use]
    pub fn id(&self) -> &CallId {
        &self.id
    }

    /// Stops the remote work; [`Job::wait`] then says whether the host confirmed it.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits for the end. May be awaited again after it was dropped half-way.
    ///
    /// # Errors
    ///
    /// [`JoinError`] where the task panicked: a bug of ours.
    pub async fn wait(&mut self) -> Result<Done, JoinError> {
        (&mut self.task).await
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

async fn run(
    house: Arc<House>,
    call: Call,
    tool: &'static str,
    watcher: Option<Watcher>,
    cancel: CancellationToken,
) -> Done {
    let began = Instant::now();
    let walk = Walk { house: &house, call: &call, tool, watcher: watcher.as_ref(), cancel: &cancel };
    let walked = walk.invoke().await;
    let report = Report::new(Parts {
        call: &call.id,
        host: &call.host,
        command: walked
            .judged
            .unwrap_or_else(|| house.scrubber().scrub(&asked(&call.work)).text.into_owned()),
        ending: Failure::ending(&walked.ending),
        captured: &walked.captured,
        elapsed: began.elapsed(),
        success_codes: &house.settings.success_codes,
        limit: house.settings.max_output,
    });
    Done { report, failure: walked.ending.err() }
}

/// What was asked for, for a result that has no judged form.
fn asked(work: &Work) -> String {
    match work {
        Work::PowerShell { text } => text.clone(),
        Work::Words { words } => words.join(" "),
        Work::Command(pipeline) => pipeline.render(),
        Work::Program { executable, arguments, .. } => {
            std::iter::once(executable).chain(arguments).map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        Work::Check => "check".to_owned(),
    }
}
