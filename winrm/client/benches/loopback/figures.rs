//! What measurements have in common.

use std::{fs, time::Duration};

use winrm::{Client, Shutdown};

use crate::Failure;

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

/// The most memory that this process has had, in bytes, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let kilobytes: u64 = line("VmHWM:").strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Shuts a client down, which must leave nothing.
pub(crate) async fn ended(client: &Client) -> Result<(), Failure> {
    match client.shutdown(SETTLED).await {
        Shutdown::Complete => Ok(()),
        Shutdown::Left { shells } => Err(format!("{shells} shells were left").into()),
    }
}

pub(crate) const ROUNDS: usize = 5;
pub(crate) const LONG_CALLS: usize = 25;
pub(crate) const WAY: Duration = Duration::from_millis(20);
pub(crate) const SETTLED: Duration = Duration::from_secs(5);

fn line(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map_or("unknown", str::trim).to_owned()
}
