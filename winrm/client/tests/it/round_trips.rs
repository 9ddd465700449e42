//! How many HTTP requests a command costs. A request more shows here before anybody feels it.

use std::time::{Duration, Instant};

use winrm::{Client, Command};
use winrm_host::{Event, Host, Operation, Record};

use crate::{
    forwarder::Forwarder,
    support::{PATIENCE, config, finish, median, round_trip, run, shell, simulate, start},
};

fn operations(record: &Record, from: winrm_host::Mark, to: winrm_host::Mark) -> Vec<Operation> {
    record.requests_between(from, to).iter().map(|request| request.operation).collect()
}

#[tokio::test]
async fn four_cold_and_two_warm() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();

    let cold = record.mark();
    let shell = shell(&client).await;
    run(&shell, Command::program("hostname")).await.unwrap();
    let warm = record.mark();
    assert_eq!(
        operations(&record, cold, warm),
        [Operation::Empty, Operation::Create, Operation::Command, Operation::Receive]
    );

    for _ in 0..3 {
        // The Signal for the command before goes out in the background, on a connection of its own.
        let signal = record.wait_for(warm, PATIENCE, |event| matches!(event, Event::Signal { .. })).await;
        assert!(signal.is_some());
        let before = record.mark();
        run(&shell, Command::program("hostname")).await.unwrap();
        assert_eq!(operations(&record, before, record.mark()), [Operation::Command, Operation::Receive]);
    }
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn one_command_and_out_takes_one_connection() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let begin = record.mark();
    let shell = shell(&client).await;
    run(&shell, Command::program("hostname")).await.unwrap();
    drop(shell);
    let _left = client.shutdown(PATIENCE).await;
    assert_eq!(
        operations(&record, begin, record.mark()),
        [Operation::Empty, Operation::Create, Operation::Command, Operation::Receive, Operation::Delete]
    );
    host.shutdown().await;
}

#[tokio::test]
async fn commands_one_after_the_other_share_a_connection() {
    let (host, client) = start(Host::builder()).await;
    let begin = host.record().mark();
    let shell = shell(&client).await;
    for _ in 0..20 {
        run(&shell, Command::program("hostname")).await.unwrap();
    }
    let on_path = host.record().requests_since(begin);
    let mut connections: Vec<_> = on_path
        .iter()
        .filter(|request| matches!(request.operation, Operation::Command | Operation::Receive))
        .map(|request| request.connection)
        .collect();
    connections.dedup();
    assert_eq!(connections.len(), 1, "{connections:?}");
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_warm_call_over_a_long_way_takes_two_round_trips() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::from_millis(50)).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    run(&shell, Command::program("hostname")).await.unwrap();

    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        run(&shell, Command::program("hostname")).await.unwrap();
        times.push(began.elapsed());
    }
    let (call, trip) = (median(times), round_trip(&client).await);
    assert!(call <= trip * 22 / 10, "2.2 round trips: {call:?} of {trip:?}");
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn connections_that_were_closed_while_idle_are_replaced_without_a_word() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::ZERO).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    config.retries = 0;
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    for _ in 0..5 {
        assert_eq!(run(&shell, simulate("exit 6")).await.unwrap().exit_code, Some(6));
        way.cut();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let commands = |entry: &winrm_host::Entry| matches!(entry.event, Event::Command { .. });
    assert_eq!(host.record().entries().iter().filter(|entry| commands(entry)).count(), 5);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_command_outlives_the_connection_that_waits_for_it() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::ZERO).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    let mut execution = shell.start(simulate("sleep 1.5")).await.unwrap();
    for _ in 0..2 {
        let waited = tokio::time::timeout(Duration::from_millis(300), execution.next()).await;
        assert!(waited.is_err());
        way.cut();
    }
    assert_eq!(finish(&mut execution).await.unwrap().exit_code, Some(0));
    assert_eq!(execution.lost_answers(), 2);
    let commands = |entry: &winrm_host::Entry| matches!(entry.event, Event::Command { .. });
    assert_eq!(host.record().entries().iter().filter(|entry| commands(entry)).count(), 1);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}
