//! A running walk: its own task, so that hand-over, cancellation and progress are one mechanism.

use std::{fmt, sync::Arc, time::Instant};

use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

use super::{
    failure::Failure,
    house::House,
    named::SessionName,
    walk::{Walk, Watcher, asked},
};
use crate::{
    call::{Call, CallId},
    output::{Parts, Report, View},
};

/// A call that was started.
#[derive(Debug)]
#[must_use = "dropping a job cancels its call"]
pub struct Job {
    id: CallId,
    cancel: CancellationToken,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Done>,
}

/// What goes with a call and is not judged.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tool or subcommand that made the call.
    pub tool: String,
    /// What the call may do, whatever the policy allows.
    pub access: Access,
    /// Whose variables and functions a script finds and leaves.
    pub session: Option<SessionName>,
    /// How objects are shown.
    pub view: View,
    /// Where what the call writes goes as it comes in.
    pub watcher: Option<Watcher>,
}

/// What a call may do, whatever the policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// What the policy allows.
    #[default]
    Full,
    /// Look, and change nothing.
    ReadOnly,
}

/// What a call is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Progress {
    /// Nothing that could be named.
    #[default]
    UnderWay,
    /// A step of a script.
    Step {
        /// Counted from 1.
        number: u32,
        /// The command's name.
        command: String,
        /// How far the host says that it is.
        percent: Option<u8>,
    },
}

/// A call that has ended.
#[derive(Debug)]
pub struct Done {
    /// What to show.
    pub report: Report,
    /// Why the work did not end by itself on the host, where it did not.
    pub failure: Option<Failure>,
}

/// Starts a call.
pub fn start(house: Arc<House>, call: Call, options: Options) -> Job {
    let cancel = CancellationToken::new();
    let id = call.id.clone();
    let (tell, progress) = watch::channel(Progress::default());
    let task = tokio::spawn(run(house, call, options, tell, cancel.clone()));
    Job { id, cancel, progress, task }
}

impl Job {
    /// Names the call.
    #[must_use]
    pub fn id(&self) -> &CallId {
        &self.id
    }

    /// What the call is at; changes as it goes on.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
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

impl Options {
    /// Those of a call that nobody watches and that uses no session.
    #[must_use]
    pub fn of(tool: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            access: Access::Full,
            session: None,
            view: View::default(),
            watcher: None,
        }
    }
}

impl Progress {
    /// The host says how far the present step is; a number below 0 means that nobody knows.
    pub(super) fn tell_percent(progress: &watch::Sender<Self>, complete: i32) {
        progress.send_if_modified(|progress| match progress {
            Self::Step { percent, .. } => {
                let before = *percent;
                *percent = u8::try_from(complete).ok().map(|complete| complete.min(100));
                *percent != before
            }
            Self::UnderWay => false,
        });
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay => f.write_str("running"),
            Self::Step { number, command, percent: None } => write!(f, "step {number}: {command}"),
            Self::Step { number, command, percent: Some(percent) } => {
                write!(f, "step {number}: {command}, {percent} %")
            }
        }
    }
}

async fn run(
    house: Arc<House>,
    call: Call,
    options: Options,
    progress: watch::Sender<Progress>,
    cancel: CancellationToken,
) -> Done {
    let began = Instant::now();
    let walk = Walk { house: &house, call: &call, options: &options, cancel: &cancel, progress: &progress };
    // A walk takes much room, which would be copied wherever the task is moved before it begins.
    let walked = Box::pin(walk.invoke()).await;
    let mut report = Report::new(Parts {
        call: &call.id,
        host: &call.host,
        command: walked
            .judged
            .unwrap_or_else(|| house.scrubber().scrub(&asked(&call.work)).text.into_owned()),
        ending: Failure::ending(walked.ending.as_ref().map(|outcome| *outcome)),
        captured: &walked.captured,
        elapsed: began.elapsed(),
        success_codes: &house.settings.success_codes,
        limit: house.settings.max_output,
    });
    // A script that was denied, or failed, half-way has run all the same; one that sent nothing has not.
    report.ran = walked.ran;
    Done { report, failure: walked.ending.err() }
}
