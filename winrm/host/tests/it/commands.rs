//! What the machine's programs print, from a table.

use std::time::{Duration, SystemTime};

use winrm_host::{Clock, Host};

use crate::peer::Peer;

/// Noon of the day on which the table was written.
const NOON: u64 = 1_795_262_400;

#[tokio::test]
async fn commands_of_the_table() {
    let clock = Clock::Fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON));
    let mut failures = Vec::new();
    for case in include_str!("commands.txt").split("\n$ ").skip(1) {
        let (line, rest) = case.split_once('\n').unwrap();
        let (exit_code, expected) = rest.split_once('\n').unwrap();
        let host = Host::builder().clock(clock).start().await.unwrap();
        let mut peer = Peer::of(&host).await;
        let shell = peer.shell().await;
        let outcome = peer.run(&shell, line).await;
        let stderr: String = outcome.stderr.lines().map(|line| format!("2> {line}\n")).collect();
        let stdout: String = outcome.stdout.lines().map(|line| format!("{line}\n")).collect();
        let shown = format!("{stdout}{stderr}");
        if shown.trim_end() != expected.trim_end() || outcome.exit_code.to_string() != exit_code {
            failures.push(format!("$ {line}\n{}\n{shown}", outcome.exit_code));
        }
        host.shutdown().await;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
