//! What a script may cost.

use std::time::Duration;

/// What a script may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Steps of evaluation: operators, statements, objects in a pipeline.
    pub steps: u64,
    /// Blocks, functions and expressions inside one another.
    pub depth: usize,
    /// Bytes of strings, arrays and objects that are made, those that are gone again included.
    pub memory: usize,
    /// Values of output and records.
    pub output: usize,
    /// Time spent evaluating.
    pub time: Duration,
}

/// A limit that was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Too many steps.
    Steps,
    /// Nested too deeply.
    Depth,
    /// Too much memory.
    Memory,
    /// Too much output.
    Output,
    /// Too much time.
    Time,
}

impl Default for Limits {
    /// Room for any script that somebody waits for.
    fn default() -> Self {
        Self {
            steps: 50_000_000,
            depth: DEPTH,
            memory: 2 << 30,
            output: 1_000_000,
            time: Duration::from_secs(60),
        }
    }
}

impl Limit {
    /// What to say of it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Steps => "the script takes too many steps; is there a loop without end?",
            Self::Depth => "the script nests blocks and functions too deeply",
            Self::Memory => "the script makes too much data",
            Self::Output => "the script writes too much output",
            Self::Time => "the script takes too long to evaluate",
        }
    }
}

/// What fits on the stack of 2 MiB that threads have; without optimisation a level takes several times as much.
const DEPTH: usize = if cfg!(debug_assertions) { 80 } else { 320 };
