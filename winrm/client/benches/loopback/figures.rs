//! Numbers about times and about this process.

use std::{fs, time::Duration};

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many times `whole` is as long as `part`.
pub(crate) fn ratio(whole: Duration, part: Duration) -> f64 {
    whole.as_secs_f64() / part.as_secs_f64()
}

/// What the system says about this process's memory (Linux): resident now, and at most.
pub(crate) fn memory() -> String {
    format!("{} resident, {} at most", line("VmRSS:"), line("VmHWM:"))
}

fn line(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map_or("unknown", str::trim).to_owned()
}
