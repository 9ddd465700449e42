use std::{collections::BTreeSet, time::Duration};

use serde::{Serialize, Serializer};

use super::{
    Captured,
    block::{self, Block},
    data::{Data, DataCut, share},
};
use crate::{
    call::{CallId, HostName, Outcome, Ran, StopReason},
    policy::Denial,
    remedy::{Code, Remedy, Retry},
};

/// The result of one call, in the shape of `winrm-mcp-server` and with more beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The configured name; `winrm-mcp-server` calls it so.
    pub hostname: String,
    /// What was asked for, without known secrets.
    pub command: String,
    /// The exit code; absent where nothing ended or the host did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<i32>,
    /// Standard output, possibly cut.
    pub stdout: String,
    /// Standard error, possibly cut.
    pub stderr: String,
    /// From the call's start to its end.
    pub execution_time_seconds: f64,
    /// Whether it ended with an exit code that counts as success.
    pub success: bool,
    /// The configured name.
    pub host: String,
    /// How it stands.
    pub status: Status,
    /// Whether anything ran on the host.
    #[serde(serialize_with = "ran_name")]
    pub ran: Ran,
    /// The exit code and who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// What was written as objects and records, of which the two streams are the text.
    #[serde(flatten)]
    pub data: Data,
    /// Names this call in the audit.
    pub call_id: String,
    /// How many secrets were replaced.
    pub redactions: u64,
    /// How many invisible or controlling characters were removed.
    pub removed_characters: u64,
    /// What was left out; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<Truncation>,
    /// The job that still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// What went wrong, where something of ours did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    #[serde(skip)]
    ending: Ending,
}

/// How a call stands, as JSON names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It ended with an exit code that counts as success.
    Success,
    /// It ended with another exit code, or the host did not say.
    Failed,
    /// The policy denied it.
    Denied,
    /// A human has to approve it first.
    ApprovalRequired,
    /// Its time was over.
    TimedOut,
    /// The caller cancelled it.
    Cancelled,
    /// It still runs as a job.
    Running,
    /// The connection was lost, and nobody knows.
    Unknown,
    /// It could not be done.
    Error,
}

/// How a call ended, or that it has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was sent.
    Sent(Outcome),
    /// It goes on as this job.
    Running {
        /// The handle to ask for it.
        job: String,
    },
    /// The policy denied it.
    Denied(Denial),
    /// It could not be done.
    Failed {
        /// What went wrong.
        error: ErrorReport,
        /// Whether anything ran.
        ran: Ran,
    },
}

/// An exit code and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exit {
    /// The code; absent where nobody knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Whose it is.
    pub source: ExitSource,
}

/// Whose an exit code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitSource {
    /// The remote command's.
    Remote,
    /// This program's.
    Local,
}

/// An error as JSON shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorReport {
    /// The class, by [`Code::name`](crate::remedy::Code::name).
    pub code: &'static str,
    /// One sentence with the cause.
    pub message: String,
    /// One thing to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Whether the same call can succeed later.
    pub retry: bool,
}

/// What was left out of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truncation {
    /// Of standard output.
    pub stdout: Size,
    /// Of standard error.
    pub stderr: Size,
    /// Of the objects and records; absent where all are here.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataCut>,
}

/// How much there was and how much of it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Bytes of the whole.
    pub total_bytes: u64,
    /// Bytes that are not here.
    pub omitted_bytes: u64,
}

/// The exit codes that count as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessCodes(BTreeSet<i32>);

/// What a report is made of.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    /// The call.
    pub call: &'a CallId,
    /// The host by its configured name.
    pub host: &'a HostName,
    /// What was asked for, scrubbed.
    pub command: String,
    /// How it ended.
    pub ending: Ending,
    /// What came back.
    pub captured: &'a Captured,
    /// From start to end.
    pub elapsed: Duration,
    /// Which exit codes are success.
    pub success_codes: &'a SuccessCodes,
    /// How many bytes of output the result may hold, objects included.
    pub limit: usize,
}

impl Report {
    /// Puts the result together.
    #[must_use]
    pub fn new(parts: Parts<'_>) -> Self {
        let Parts { call, host, command, ending, captured, elapsed, success_codes, limit } = parts;
        let shares = Shares::new(captured, limit);
        let stdout = captured.stdout.excerpt(shares.stdout);
        let stderr = captured.stderr.excerpt(shares.stderr);
        let (data, data_cut) = match &captured.written {
            Some(written) => Data::of(written, shares.data),
            None => (Data::default(), None),
        };
        let size = |excerpt: &super::Excerpt| Size {
            total_bytes: excerpt.total_bytes,
            omitted_bytes: excerpt.omitted_bytes,
        };
        let cut = stdout.omitted_bytes + stderr.omitted_bytes > 0 || data_cut.is_some();
        let truncated =
            cut.then(|| Truncation { stdout: size(&stdout), stderr: size(&stderr), data: data_cut });
        let status = ending.status(success_codes);
        let code = ending.exit_code();
        let completed = matches!(ending, Ending::Sent(Outcome::Completed { .. }));
        Self {
            hostname: host.as_str().to_owned(),
            command,
            status_code: code,
            stdout: stdout.text,
            stderr: stderr.text,
            execution_time_seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            success: status == Status::Success,
            host: host.as_str().to_owned(),
            status,
            ran: ending.ran(),
            data,
            exit: completed.then_some(Exit { code, source: ExitSource::Remote }),
            call_id: call.as_str().to_owned(),
            redactions: captured.redactions,
            removed_characters: captured.removed,
            truncated,
            job: match &ending {
                Ending::Running { job } => Some(job.clone()),
                _ => None,
            },
            error: match &ending {
                Ending::Denied(denial) => Some(ErrorReport::new(denial)),
                Ending::Failed { error, .. } => Some(error.clone()),
                _ => None,
            },
            ending,
        }
    }

    /// The text that `winrm-mcp-server` answers with, ending in a newline. The fence is not part of it.
    #[must_use]
    pub fn text(&self) -> String {
        Block { report: self, ending: &self.ending }.to_string()
    }

    /// The text between the markers of [`fence`](super::fence).
    #[must_use]
    pub fn fenced_text(&self, nonce: u128) -> String {
        block::fence(&self.text(), &self.host, nonce)
    }

    /// How it ended.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl Ending {
    /// How a call stands.
    #[must_use]
    pub fn status(&self, success: &SuccessCodes) -> Status {
        match self {
            Self::Sent(Outcome::Completed { exit_code: Some(code) }) if success.contains(*code) => {
                Status::Success
            }
            Self::Sent(Outcome::Completed { .. }) => Status::Failed,
            Self::Sent(Outcome::Stopped(reason) | Outcome::StillRunning(reason)) => match reason {
                StopReason::Deadline => Status::TimedOut,
                StopReason::Cancelled => Status::Cancelled,
            },
            Self::Sent(Outcome::Unknown) => Status::Unknown,
            Self::Running { .. } => Status::Running,
            Self::Denied(_) => Status::Denied,
            Self::Failed { error, .. } if error.code == Code::ApprovalMissing.name() => {
                Status::ApprovalRequired
            }
            Self::Failed { .. } => Status::Error,
        }
    }

    /// Whether anything ran.
    #[must_use]
    pub fn ran(&self) -> Ran {
        match self {
            Self::Sent(Outcome::Completed { .. } | Outcome::Stopped(_) | Outcome::StillRunning(_))
            | Self::Running { .. } => Ran::Yes,
            Self::Sent(Outcome::Unknown) => Ran::Unknown,
            Self::Denied(_) => Ran::No,
            Self::Failed { ran, .. } => *ran,
        }
    }

    /// The remote exit code, if it ended with one.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Sent(Outcome::Completed { exit_code }) => *exit_code,
            _ => None,
        }
    }
}

impl ErrorReport {
    /// What an error says of itself.
    #[must_use]
    pub fn new(error: &dyn Remedy) -> Self {
        Self {
            code: error.code().name(),
            message: error.sentence(),
            fix: error.fix(),
            retry: error.retry() == Retry::Later,
        }
    }
}

impl SuccessCodes {
    /// These codes.
    #[must_use]
    pub fn new(codes: impl IntoIterator<Item = i32>) -> Self {
        Self(codes.into_iter().collect())
    }

    /// Reads `0,3010`.
    ///
    /// Gives `None` where a part is no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<BTreeSet<i32>>>().map(Self)
    }

    /// Whether this code is success.
    #[must_use]
    pub fn contains(&self, code: i32) -> bool {
        self.0.contains(&code)
    }
}

impl Default for SuccessCodes {
    /// Zero alone.
    fn default() -> Self {
        Self(BTreeSet::from([0]))
    }
}

/// How many bytes each part of a result gets.
struct Shares {
    stdout: usize,
    stderr: usize,
    data: usize,
}

impl Shares {
    /// Text and data get half each and what the other leaves; so do the two streams of the text.
    fn new(captured: &Captured, limit: usize) -> Self {
        let size = |spool: &super::Spool| usize::try_from(spool.total_bytes()).unwrap_or(usize::MAX);
        let (stdout, stderr) = (size(&captured.stdout), size(&captured.stderr));
        let data = captured.written.as_ref().map_or(0, Data::size);
        let data = share(data, stdout.saturating_add(stderr), limit);
        let text = limit - data;
        let stderr = share(stderr, stdout, text);
        Self { stdout: text - stderr, stderr, data }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn ran_name<S: Serializer>(ran: &Ran, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match ran {
        Ran::No => "no",
        Ran::Yes => "yes",
        Ran::Unknown => "unknown",
    })
}
