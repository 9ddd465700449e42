//! Commands: output, input, exit codes, and their end.

use std::time::{Duration, Instant};

use winrm::{Command, Event, Shutdown, Stopped};
use winrm_host::{Ended, Event as Recorded, Host, Mark, Operation, Quotas, Record};

use crate::support::{Outcome, PATIENCE, config, finish, run, shell, simulate, start};

fn count(record: &Record, from: Mark, wanted: impl Fn(&Recorded) -> bool) -> usize {
    record.since(from).iter().filter(|entry| wanted(&entry.event)).count()
}

#[tokio::test]
async fn output_and_exit_code_are_exact() {
    let (host, client) = start(Host::builder().hostname("WEB-01")).await;
    let shell = shell(&client).await;
    let outcome = |stdout: &str, stderr: &str, code| Outcome {
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        exit_code: Some(code),
    };
    let cases = [
        (Command::program("hostname"), outcome("WEB-01\r\n", "", 0)),
        (simulate("exit 3010"), outcome("", "", 3010)),
        (simulate("exit -1073741510"), outcome("", "", -1_073_741_510)),
        (simulate("stderr oops"), outcome("", "oops\r\n", 0)),
        (simulate("split é日😀"), outcome("é日😀", "", 0)),
        (Command::cmd_line("echo a& echo b"), outcome("a\r\nb\r\n", "", 0)),
        (Command::program("C:\\Windows\\System32\\hostname.exe"), outcome("WEB-01\r\n", "", 0)),
    ];
    for (command, expected) in cases {
        let shown = format!("{command:?}");
        let outcome = run(&shell, command).await.unwrap();
        assert_eq!(outcome.stdout.trim_end(), expected.stdout.trim_end(), "{shown}");
        assert_eq!((outcome.stderr, outcome.exit_code), (expected.stderr, expected.exit_code), "{shown}");
    }
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_large_output_arrives_whole() {
    let (host, client) = start(Host::builder()).await;
    let shell = shell(&client).await;
    let outcome = run(&shell, simulate("flood 3000000")).await.unwrap();
    assert_eq!(outcome.stdout.len(), 3_000_000);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn input_comes_back_byte_by_byte_the_same() {
    let (host, client) = start(Host::builder()).await;
    let shell = shell(&client).await;
    let text: String = (0..40_000).map(|n| format!("{n}é\n")).collect();

    let mut execution = shell.start(simulate("cat")).await.unwrap();
    execution.write_stdin(text.clone());
    execution.close_stdin();
    let outcome = finish(&mut execution).await.unwrap();
    assert!(outcome.stdout == text, "{} bytes of {}", outcome.stdout.len(), text.len());

    // The same from a task of its own, piece by piece.
    let mut execution = shell.start(simulate("cat")).await.unwrap();
    let mut stdin = execution.stdin();
    let pieces: Vec<String> =
        text.as_bytes().chunks(10_007).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    let whole = pieces.concat();
    let writing = tokio::spawn(async move {
        for piece in pieces {
            stdin.write(piece).await.unwrap();
        }
    });
    let outcome = finish(&mut execution).await.unwrap();
    writing.await.unwrap();
    assert!(outcome.stdout == whole, "{} bytes of {}", outcome.stdout.len(), whole.len());
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_end_of_no_input_costs_nothing_unless_somebody_waits_for_it() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let shell = shell(&client).await;
    let mark = record.mark();
    let mut execution = shell.start(simulate("exit 0")).await.unwrap();
    execution.close_stdin();
    assert_eq!(finish(&mut execution).await.unwrap().exit_code, Some(0));
    assert_eq!(count(&record, mark, |event| matches!(event, Recorded::Input { .. })), 0);

    let mut execution = shell.start(simulate("cat")).await.unwrap();
    execution.close_stdin();
    assert_eq!(finish(&mut execution).await.unwrap().exit_code, Some(0));
    assert_eq!(count(&record, mark, |event| matches!(event, Recorded::Input { end: true, .. })), 1);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn stop_ends_the_command_while_a_receive_hangs() {
    let (host, client) = start(Host::builder()).await;
    let shell = shell(&client).await;
    let mark = host.record().mark();
    let mut execution = shell.start(simulate("hang")).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(300), execution.next()).await;
    assert!(waited.is_err(), "the command hangs");

    let asked = Instant::now();
    assert_eq!(execution.stop(PATIENCE).await, Stopped::Confirmed);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let record = host.record();
    let signals =
        count(&record, mark, |event| matches!(event, Recorded::Signal { code, .. } if code == "terminate"));
    let ended =
        count(&record, mark, |event| matches!(event, Recorded::CommandEnded { how: Ended::Terminated, .. }));
    assert_eq!((signals, ended), (1, 1));
    assert_eq!(execution.next().await, Ok(None));
    assert_eq!(execution.exit_code(), None);

    // The shell is good for another one.
    assert_eq!(run(&shell, simulate("exit 4")).await.unwrap().exit_code, Some(4));
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_dropped_future_loses_no_output() {
    let (host, client) = start(Host::builder()).await;
    let shell = shell(&client).await;
    let mut execution = shell.start(simulate("tick 5 50")).await.unwrap();
    let mut stdout = Vec::new();
    loop {
        match tokio::time::timeout(Duration::from_millis(7), execution.next()).await {
            Err(_) => {}
            Ok(Ok(Some(Event::Stdout(bytes) | Event::Stderr(bytes)))) => stdout.extend_from_slice(&bytes),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => panic!("{error}"),
        }
    }
    assert_eq!(String::from_utf8(stdout).unwrap().lines().count(), 5);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_dropped_is_cleaned_up() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let mark = record.mark();
    let shell = shell(&client).await;
    let execution = shell.start(simulate("hang")).await.unwrap();
    drop(execution);
    let ended = record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::CommandEnded { .. })).await;
    assert!(matches!(ended.unwrap().event, Recorded::CommandEnded { how: Ended::Terminated, .. }));
    drop(shell);
    let deleted =
        record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::ShellDeleted { .. })).await;
    assert!(deleted.is_some());
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    host.shutdown().await;
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_leaves_nothing_behind() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let mark = record.mark();
    tokio::select! {
        biased;
        _opened = shell(&client) => panic!("it cannot be open yet"),
        () = tokio::task::yield_now() => {}
    }
    let created =
        record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::ShellCreated { .. })).await;
    assert!(created.is_some());
    let deleted =
        record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::ShellDeleted { .. })).await;
    assert!(deleted.is_some());

    let shell = shell(&client).await;
    tokio::select! {
        biased;
        _started = shell.start(simulate("hang")) => panic!("it cannot run yet"),
        () = tokio::task::yield_now() => {}
    }
    let ended = record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::CommandEnded { .. })).await;
    assert!(ended.is_some());
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    host.shutdown().await;
}

#[tokio::test]
async fn a_shell_outlives_its_client() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let mark = record.mark();
    let shell = shell(&client).await;
    drop(client);
    assert!(run(&shell, simulate("exit 0")).await.is_ok());
    let mut execution = shell.start(simulate("sleep 0.2")).await.unwrap();
    drop(shell);
    assert_eq!(finish(&mut execution).await.unwrap().exit_code, Some(0));
    assert_eq!(count(&record, mark, |event| matches!(event, Recorded::ShellDeleted { .. })), 0);
    drop(execution);
    let deleted =
        record.wait_for(mark, PATIENCE, |event| matches!(event, Recorded::ShellDeleted { .. })).await;
    assert!(deleted.is_some());
    host.shutdown().await;
}

#[tokio::test]
async fn shutdown_closes_what_is_open_and_refuses_what_is_new() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let mark = record.mark();
    let shells = [shell(&client).await, shell(&client).await, shell(&client).await];
    let _running = shells[0].start(simulate("hang")).await.unwrap();
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(count(&record, mark, |event| matches!(event, Recorded::ShellDeleted { .. })), 3);
    let refused = client.open_shell(winrm::ShellOptions::default()).await.unwrap_err();
    assert_eq!((refused.cause(), refused.ran()), (&winrm::Cause::ShutDown, winrm::Ran::No));
    host.shutdown().await;
}

#[tokio::test]
async fn commands_run_side_by_side_and_no_more_than_allowed() {
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.concurrency = 2;
    let client = winrm::Client::new(&config).unwrap();
    let shell = std::sync::Arc::new(shell(&client).await);
    let began = Instant::now();
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let shell = shell.clone();
            tokio::spawn(async move {
                let outcome = run(&shell, simulate("sleep 0.3")).await.unwrap();
                assert_eq!(outcome.exit_code, Some(0), "{n}");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let elapsed = began.elapsed();
    assert!((600..1100).contains(&elapsed.as_millis()), "two at a time: {elapsed:?}");
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_shell_whose_quota_is_used_up_is_replaced_silently() {
    let quotas = Quotas { max_operations_per_shell: 3, ..Quotas::default() };
    let (host, client) = start(Host::builder().quotas(quotas)).await;
    let record = host.record();
    let mark = record.mark();
    let shell = shell(&client).await;
    let first = shell.id();
    for _ in 0..8 {
        assert_eq!(run(&shell, simulate("exit 0")).await.unwrap().exit_code, Some(0));
    }
    assert_ne!(shell.id(), first);
    assert_eq!(count(&record, mark, |event| matches!(event, Recorded::Command { .. })), 8);
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    let created = count(&record, mark, |event| matches!(event, Recorded::ShellCreated { .. }));
    let deleted = count(&record, mark, |event| matches!(event, Recorded::ShellDeleted { .. }));
    assert_eq!(created, deleted);
    host.shutdown().await;
}

#[tokio::test]
async fn no_output_is_asked_for_while_nobody_reads() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let shell = shell(&client).await;
    let mut execution = shell.start(simulate("flood 5000000")).await.unwrap();
    assert!(matches!(execution.next().await, Ok(Some(Event::Stdout(_)))));
    let mark = record.mark();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let receives = record.requests_since(mark).iter().filter(|r| r.operation == Operation::Receive).count();
    assert_eq!(receives, 0);
    drop(execution);
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    host.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_without_the_host_says_what_it_leaves() {
    let (host, client) = start(Host::builder()).await;
    let shell = shell(&client).await;
    host.shutdown().await;
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Left { shells: 1 });
    drop(shell);
}
