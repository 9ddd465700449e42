use crate::{
    call::{Outcome, Ran},
    output::{Captured, StepOutcome},
    session::Called,
};

/// What came back.
#[derive(Debug)]
pub(in crate::invocation) enum Answer {
    /// Objects, of typed commands.
    Called(Called),
    /// Bytes, of a program, of text, or of a check.
    Ran(Outcome, Captured),
    /// Bytes that went to whoever watches as they came.
    Shown(Outcome, Captured),
    /// It was allowed, and this is a dry run.
    Rehearsed,
}

impl Answer {
    /// How the work ended.
    pub(in crate::invocation) fn outcome(&self) -> Outcome {
        match self {
            Self::Called(called) => called.outcome,
            Self::Ran(outcome, _) | Self::Shown(outcome, _) => *outcome,
            Self::Rehearsed => Outcome::Completed { exit_code: Some(0) },
        }
    }

    pub(super) fn ran(&self) -> Ran {
        if matches!(self, Self::Rehearsed) { Ran::No } else { Ran::Yes }
    }

    pub(super) fn as_step(&self) -> StepOutcome {
        let failed = match self {
            Self::Called(called) => called.terminating.is_some(),
            Self::Ran(outcome, _) | Self::Shown(outcome, _) => {
                !matches!(outcome, Outcome::Completed { exit_code: Some(0) })
            }
            Self::Rehearsed => return StepOutcome::NotSent,
        };
        match self.outcome() {
            Outcome::Completed { .. } if failed => StepOutcome::Failed,
            Outcome::Completed { .. } => StepOutcome::Completed,
            Outcome::Stopped(_) => StepOutcome::Stopped,
            Outcome::StillRunning(_) => StepOutcome::StillRunning,
            Outcome::Unknown => StepOutcome::Unknown,
        }
    }

    /// How many objects and errors came back; of a program, how many lines.
    pub(super) fn counts(&self) -> (u64, u64) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        match self {
            Self::Called(called) => {
                let errors = called.errors.len() + usize::from(called.terminating.is_some());
                (count(called.output.len()).saturating_add(called.passed_on), count(errors))
            }
            Self::Ran(_, captured) | Self::Shown(_, captured) => {
                (captured.stdout.total_lines(), captured.stderr.total_lines())
            }
            Self::Rehearsed => (0, 0),
        }
    }
}
