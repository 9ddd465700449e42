use std::fmt;

use super::{
    objects::{Step, StepOutcome},
    report::{Ending, Report},
};
use crate::{
    call::{CallId, Outcome, Ran, StopReason},
    remedy::{Code, Remedy},
};

/// The execution block of `winrm-mcp-server`: headline, status, time, and a section for each stream.
pub(super) struct Block<'r> {
    pub(super) report: &'r Report,
    pub(super) ending: &'r Ending,
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { hostname, execution_time_seconds, .. } = self.report;
        let headline = match self.ending {
            Ending::Denied(_) | Ending::Failed { .. } if self.report.ran == Ran::No => {
                "Command not executed on"
            }
            Ending::Denied(_) | Ending::Failed { .. } => "Script not completed on",
            Ending::Sent(_) if self.is_rehearsal() => "Dry run, not executed on",
            Ending::Sent(_) | Ending::Running { .. } => "Command executed on",
        };
        writeln!(f, "{headline} {hostname}")?;
        writeln!(f, "Status: {}", self.status())?;
        writeln!(f, "Execution Time: {execution_time_seconds:.2}s")?;
        if self.report.data.via == Some(AS_TEXT) {
            writeln!(f, "Via: powershell.exe, as text: the host has no PowerShell endpoint")?;
        }
        if let Some(error) = &self.report.error {
            writeln!(f, "Reason: {}", error.message)?;
            if let Some(fix) = &error.fix {
                writeln!(f, "Instead: {fix}")?;
            }
        }
        section(f, "STDOUT", &self.report.stdout)?;
        section(f, "STDERR", &self.report.stderr)?;
        section(f, "STEPS", &self.steps())
    }
}

impl Block<'_> {
    fn status(&self) -> String {
        match self.ending {
            Ending::Sent(_) if self.is_rehearsal() => "ALLOWED (nothing was sent)".to_owned(),
            Ending::Sent(Outcome::Completed { exit_code }) => {
                let word = if self.report.success { "SUCCESS" } else { "FAILED" };
                match exit_code {
                    Some(code) => format!("{word} (Exit Code: {code})"),
                    None => format!("{word} (Exit Code: n/a)"),
                }
            }
            Ending::Sent(Outcome::Stopped(reason)) => {
                let what = match self.report.ran {
                    Ran::No => "nothing ran on the host",
                    Ran::Yes | Ran::Unknown => "the remote command was stopped",
                };
                format!("{} ({what})", self.stopped(*reason))
            }
            Ending::Sent(Outcome::StillRunning(reason)) => {
                format!("{} (it may still run)", self.stopped(*reason))
            }
            Ending::Sent(Outcome::Unknown) => "UNKNOWN (the connection was lost; it may have run)".to_owned(),
            Ending::Running { job } => format!("RUNNING (job {job})"),
            Ending::Denied(denial) => format!("DENIED ({})", denial.rule),
            Ending::Failed { error, .. } if error.code == Code::ApprovalMissing.name() => {
                "APPROVAL REQUIRED".to_owned()
            }
            Ending::Failed { error, .. } => format!("ERROR ({})", error.code),
        }
    }

    /// Whether the call came to its end and sent nothing of what it would have sent.
    fn is_rehearsal(&self) -> bool {
        let mut steps = self.report.data.steps.iter();
        self.report.success && steps.any(|step| step.outcome == StepOutcome::NotSent)
    }

    /// What ran and what did not, of a script that did not come to its end.
    fn steps(&self) -> String {
        let steps = &self.report.data.steps;
        let rehearsed = self.is_rehearsal();
        if !rehearsed && (self.report.success || steps.len() < 2) {
            return String::new();
        }
        let line = |step: &Step| format!("{}. {}: {}\n", step.number, step.command, step.outcome.words());
        steps.iter().map(line).collect()
    }

    fn stopped(&self, reason: StopReason) -> String {
        match reason {
            StopReason::Deadline => format!("TIMED OUT after {:.0}s", self.report.execution_time_seconds),
            StopReason::Cancelled => "CANCELLED".to_owned(),
        }
    }
}

/// A section stands only where its stream is not empty, trimmed.
fn section(f: &mut fmt::Formatter<'_>, title: &str, text: &str) -> fmt::Result {
    let text = text.trim();
    if text.is_empty() { Ok(()) } else { write!(f, "\n=== {title} ===\n{text}\n") }
}

/// Puts text from a host between markers that it cannot forge: `nonce` is random for each call.
#[must_use]
pub fn fence(block: &str, host: &str, nonce: u128) -> String {
    let marker = CallId::from_random(nonce);
    let newline = if block.ends_with('\n') { "" } else { "\n" };
    format!(
        "[untrusted output of {host} begins {marker}]\n{block}{newline}\
         [untrusted output of {host} ends {marker}]\n"
    )
}

/// An error in the words of `winrm-mcp-server`, then the true cause and the fix. One line, no newline.
#[must_use]
pub fn error_text(host: &str, user: &str, error: &dyn Remedy) -> String {
    let prefix = match error.code() {
        Code::Unreachable | Code::Tls | Code::TryLater => format!("Error: Connection error to {host}"),
        Code::Authentication => format!("Error: Authentication failed for {user}@{host}"),
        Code::TimedOut => format!("Error: Command execution timed out on {host}"),
        _ => format!("Error: Failed to execute command on {host}"),
    };
    match error.fix() {
        Some(fix) => format!("{prefix}: {} ({fix})", error.sentence()),
        None => format!("{prefix}: {}", error.sentence()),
    }
}

/// [`Via::WinRs`](crate::session::Via::WinRs), as results name it.
const AS_TEXT: &str = "winrs";
