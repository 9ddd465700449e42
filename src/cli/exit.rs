//! Exit codes, and the one way in which a failure is told on standard error.

use std::process::ExitCode;

use super::{output::Console, signals::Signal};
use crate::remedy::{Code, Remedy};

/// What the process answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) struct Exit(u8);

impl Exit {
    /// All went well.
    pub(super) const SUCCESS: Self = Self(0);

    /// The reader of standard output left: what a shell shows for a program that SIGPIPE ended.
    pub(super) const BROKEN_PIPE: Self = Self(141);

    /// What was compared is not as expected.
    pub(super) const DIFFERENT: Self = Self(1);

    /// Asked to end twice: what a shell shows for a program that the signal ended.
    pub(super) fn by(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self(130),
            Signal::Terminate => Self(143),
        }
    }

    /// A failure of ours.
    pub(super) fn of(code: Code) -> Self {
        Self(code.exit())
    }

    /// Tells what failed and what to do about it.
    pub(super) fn failed(console: &Console, error: &dyn Remedy) -> Self {
        console.error_line(format_args!("winrm-mcp: {}", error.sentence()));
        if let Some(fix) = error.fix() {
            console.error_line(format_args!("  fix: {fix}"));
        }
        Self(error.code().exit())
    }

    /// A remote exit code: 0 where it counts as success, else itself, its low byte, or 1 where that is 0.
    pub(super) fn remote(code: i32, success: &[i32]) -> Self {
        if success.contains(&code) {
            return Self::SUCCESS;
        }
        let [low, ..] = code.to_le_bytes();
        Self(low.max(1))
    }

    /// The code as a number.
    pub(super) fn number(self) -> u8 {
        self.0
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_code_passes_through_or_keeps_its_low_byte() {
        let cases = [(0, 0), (1, 1), (255, 255), (256, 1), (3010, 194), (-1, 255), (-256, 1), (i32::MIN, 1)];
        for (code, expected) in cases {
            assert_eq!(Exit::remote(code, &[0]).number(), expected, "{code}");
        }
        assert_eq!(Exit::remote(3010, &[0, 3010]), Exit::SUCCESS);
        assert_eq!(Exit::remote(0, &[3010]).number(), 1);
    }
}
