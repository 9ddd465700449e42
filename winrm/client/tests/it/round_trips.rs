//! How many HTTP requests a command costs. A request more shows here before anybody feels it.

use winrm::Command;
use winrm_host::{Event, Host, Operation, Record};

use crate::support::{PATIENCE, run, shell, start};

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
