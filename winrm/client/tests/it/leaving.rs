//! Pools that are left to themselves and taken up again, here or by another client; and how many runspaces a pool has.

use std::time::Duration;

use winrm::{
    Cause, Client, Operation, Shutdown, Stopped,
    powershell::{Command, Event, Outcome, Pipeline, PoolState, PowerShell, ProtocolError, RunspacePool},
};
use winrm_host::{Act, Ended, Event as Recorded, Host, Mark, Misbehaviour, Operation as On, Trigger};

use crate::{
    pipelines::{finish, pool, run},
    support::{PATIENCE, config, shell, start},
};

/// A pipeline that writes something after a while.
async fn slow(pool: &RunspacePool, text: &str) -> Pipeline {
    let mut shell = PowerShell::new(vec![Command::new("Start-Sleep").parameter("Milliseconds", 400)]);
    shell.statements.push(vec![Command::new("Write-Output").argument(text)]);
    pool.start(shell).await.unwrap()
}

async fn text(pipeline: &mut Pipeline) -> String {
    let (events, outcome) = finish(pipeline).await.unwrap();
    let [Event::Output(value)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(outcome, Outcome::Completed);
    value.to_string()
}

async fn another(host: &Host) -> Client {
    Client::new(&config(host)).unwrap()
}

fn code(cause: &Cause) -> Option<u32> {
    let Cause::Fault(fault) = cause else { panic!("{cause:?}") };
    fault.wsman_code()
}

#[tokio::test]
async fn a_pipeline_runs_on_while_its_pool_is_left() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = slow(&pool, "kept").await;
    pool.disconnect(Some(Duration::from_secs(60))).await.unwrap();

    let left = host.record().mark();
    let ended = |event: &Recorded| matches!(event, Recorded::CommandEnded { .. });
    assert!(host.record().wait_for(left, PATIENCE, ended).await.is_some());
    assert!(tokio::time::timeout(Duration::from_millis(50), pipeline.next()).await.is_err());
    assert_eq!(host.record().requests_since(left), [], "nothing is asked of a pool that was left");

    pool.reconnect().await.unwrap();
    assert_eq!(text(&mut pipeline).await, "kept");
    run(&pool, vec![Command::new("Get-Date")]).await.unwrap();
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 0);
}

#[tokio::test]
async fn another_client_takes_over_what_the_first_has_left() {
    let (host, first) = start(Host::builder()).await;
    let (id, running) = {
        let pool = pool(&first).await;
        let pipeline = slow(&pool, "inherited").await;
        pool.disconnect(None).await.unwrap();
        (pool.id(), pipeline.id())
    };
    assert_eq!(first.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 1, "what is left is not deleted");

    let second = another(&host).await;
    let shells = second.list_shells().await.unwrap();
    let [left] = shells.as_slice() else { panic!("{shells:?}") };
    assert!(left.is_disconnected() && left.resource_uri().ends_with("Microsoft.PowerShell"), "{left:?}");
    assert_eq!(left.id(), id);
    let pool = second.connect_runspace_pool(left).await.unwrap();
    assert_eq!(pool.id(), id);
    assert_eq!(pool.list_pipelines().await.unwrap(), [running]);
    assert_eq!(text(&mut pool.attach(running).await.unwrap()).await, "inherited");
    // From now on it is like a pool that was opened here.
    run(&pool, vec![Command::new("Get-Date")]).await.unwrap();
    assert!(pool.list_pipelines().await.unwrap().is_empty());
    drop(pool);
    assert_eq!(second.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 0);
}

#[tokio::test]
async fn what_cannot_be_taken_over() {
    let (host, first) = start(Host::builder()).await;
    let held = pool(&first).await;
    let native = shell(&first).await;
    let second = another(&host).await;
    let shells = second.list_shells().await.unwrap();
    for (id, expected) in [(held.id(), 0x8033_81D0), (native.id(), 0x8033_81C5)] {
        let shell = shells.iter().find(|shell| shell.id() == id).unwrap();
        assert!(!shell.is_disconnected());
        let error = second.connect_runspace_pool(shell).await.unwrap_err();
        assert_eq!((error.during(), code(error.cause())), (Operation::Connect, Some(expected)), "{error}");
    }
    held.disconnect(None).await.unwrap();
    let shells = second.list_shells().await.unwrap();
    let left = shells.iter().find(|shell| shell.id() == held.id()).unwrap();
    let taken = second.connect_runspace_pool(left).await.unwrap();
    let error = taken.attach(uuid::Uuid::from_u128(7)).await.unwrap_err();
    assert_eq!((error.during(), code(error.cause())), (Operation::Connect, Some(0x8033_805B)), "{error}");
    // Who had left it comes too late, and does not take it away.
    let error = held.reconnect().await.unwrap_err();
    assert_eq!((error.during(), code(error.cause())), (Operation::Reconnect, Some(0x8033_81D0)), "{error}");
    drop(held);
    run(&taken, vec![Command::new("Get-Date")]).await.unwrap();
    let _left = (first.shutdown(PATIENCE).await, second.shutdown(PATIENCE).await);
}

#[tokio::test]
async fn nothing_is_started_in_a_pool_that_was_left() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let state = |state| Cause::PowerShell(ProtocolError::PoolState(state));
    assert_eq!(*pool.reconnect().await.unwrap_err().cause(), state(PoolState::Opened));
    pool.disconnect(None).await.unwrap();
    let before = host.record().mark();
    let error = run(&pool, vec![Command::new("Get-Date")]).await.unwrap_err();
    assert_eq!(*error.cause(), state(PoolState::Disconnected));
    assert_eq!(*pool.disconnect(None).await.unwrap_err().cause(), state(PoolState::Disconnected));
    assert_eq!(*pool.available_runspaces().await.unwrap_err().cause(), state(PoolState::Disconnected));
    assert_eq!(host.record().requests_since(before), []);
    pool.reconnect().await.unwrap();
    run(&pool, vec![Command::new("Get-Date")]).await.unwrap();
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_pipeline_that_is_dropped_in_the_meantime_is_stopped_on_return() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let long = || PowerShell::new(vec![Command::new("Start-Sleep").parameter("Seconds", 60)]);
    let (dropped, mut stopped) = (pool.start(long()).await.unwrap(), pool.start(long()).await.unwrap());
    pool.disconnect(None).await.unwrap();
    let left = host.record().mark();
    drop(dropped);
    assert_eq!(stopped.stop(Duration::from_millis(100)).await, Stopped::Unconfirmed);
    assert_eq!(host.record().requests_since(left), []);
    pool.reconnect().await.unwrap();
    for _ in 0..2 {
        let interrupted =
            |event: &Recorded| matches!(event, Recorded::CommandEnded { how: Ended::Interrupted, .. });
        assert!(host.record().wait_for(left, PATIENCE, interrupted).await.is_some());
    }
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_pool_of_which_nobody_knows_whether_it_was_left_is_not_deleted() {
    for act in [Act::Close, Act::PerformAndClose] {
        let (host, client) = start(Host::builder()).await;
        let pool = pool(&client).await;
        host.misbehave(Misbehaviour::once(Trigger::On(On::Disconnect), act.clone()));
        let error = pool.disconnect(None).await.unwrap_err();
        assert_eq!(error.during(), Operation::Disconnect, "{act:?}: {error}");
        drop(pool);
        assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
        assert_eq!(host.open_shells(), 1, "{act:?}");
        let deleted = |event: &Recorded| matches!(event, Recorded::ShellDeleted { .. });
        assert!(!host.record().entries().iter().any(|entry| deleted(&entry.event)), "{act:?}");
    }
}

#[tokio::test]
async fn a_refused_leave_changes_nothing() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = slow(&pool, "still ours").await;
    host.misbehave(Misbehaviour::once(Trigger::On(On::Disconnect), Act::Fault(0x8033_81CF)));
    let error = pool.disconnect(None).await.unwrap_err();
    assert_eq!((error.during(), code(error.cause())), (Operation::Disconnect, Some(0x8033_81CF)), "{error}");
    assert_eq!(text(&mut pipeline).await, "still ours");
    drop((pipeline, pool));
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 0);
}

#[tokio::test]
async fn runspaces_are_counted_and_changed() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    assert_eq!(pool.available_runspaces().await.unwrap(), 1);
    pool.set_max_runspaces(3).await.unwrap();
    pool.set_min_runspaces(2).await.unwrap();
    assert_eq!(pool.available_runspaces().await.unwrap(), 3);
    let running = [slow(&pool, "a").await, slow(&pool, "b").await];
    assert_eq!(pool.available_runspaces().await.unwrap(), 1);
    for refused in [0, -1, 1] {
        let error = pool.set_max_runspaces(refused).await.unwrap_err();
        assert_eq!(*error.cause(), Cause::RunspacesRefused { count: refused });
    }
    let error = pool.set_min_runspaces(4).await.unwrap_err();
    assert_eq!(*error.cause(), Cause::RunspacesRefused { count: 4 });
    for mut pipeline in running {
        finish(&mut pipeline).await.unwrap();
    }
    // A pool that takes its place is as wide.
    for shell in client.list_shells().await.unwrap() {
        client.close_shell(&shell).await.unwrap();
    }
    run(&pool, vec![Command::new("Get-Date")]).await.unwrap();
    assert_eq!(pool.available_runspaces().await.unwrap(), 3);
    assert!(host.record().requests_since(Mark::default()).len() > 10);
    let _left = client.shutdown(PATIENCE).await;
}
