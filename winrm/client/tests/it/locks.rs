//! Pools that are locked to some commands before they are used.

use winrm::{
    Cause, Client, Error, Operation, Ran, Shutdown,
    powershell::{Command, Found, Lock, LockError, Outcome, PoolOptions, RunspacePool},
};
use winrm_host::{Act, Event as Recorded, Host, LockOutcome, Misbehaviour, Operation as On, Trigger};

use crate::{
    pipelines::run,
    support::{PATIENCE, start},
};

fn locked_to(commands: &[&str]) -> PoolOptions {
    let mut options = PoolOptions::default();
    options.lock = Some(Lock::to(commands.iter().copied()).unwrap());
    options
}

async fn locked(client: &Client) -> RunspacePool {
    client.open_runspace_pool(locked_to(&["Get-Service", "Write-Output"])).await.unwrap()
}

fn lock_error(error: &Error) -> &LockError {
    let Cause::Lock(lock) = error.cause() else { panic!("{error:?}") };
    lock
}

fn count(host: &Host, wanted: impl Fn(&Recorded) -> bool) -> usize {
    host.record().entries().iter().filter(|entry| wanted(&entry.event)).count()
}

fn is_pipeline(event: &Recorded) -> bool {
    matches!(event, Recorded::Pipeline { .. })
}

/// The identifier of the error that ended a pipeline.
async fn failure(pool: &RunspacePool, command: Command) -> String {
    match run(pool, vec![command]).await.unwrap() {
        (_, Outcome::Failed(Some(record))) => record.fully_qualified_error_id.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What a locked pool lets through, and what it does not.
async fn assert_locked(pool: &RunspacePool) {
    let (events, outcome) = run(pool, vec![Command::new("Get-Service")]).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    assert!(!events.is_empty());
    assert_eq!(failure(pool, Command::new("Get-Process")).await, "CommandNotFoundException");
    assert_eq!(failure(pool, Command::script("Get-Service")).await, "ScriptsNotAllowed");
}

#[tokio::test]
async fn a_locked_pool_shows_what_it_is_locked_to_and_nothing_else() {
    let (host, client) = start(Host::builder()).await;
    let pool = locked(&client).await;
    assert_eq!(count(&host, is_pipeline), 3, "the lock and two probes");
    assert_locked(&pool).await;
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
}

#[tokio::test]
async fn a_pool_on_which_the_lock_does_not_hold_is_deleted_and_never_used() {
    for (outcome, expected) in [
        (LockOutcome::LeavesCommands, LockError::Shown { command: "ForEach-Object", found: Found::Ran }),
        (LockOutcome::LeavesLanguage, LockError::Script(Found::Ran)),
    ] {
        let (host, client) = start(Host::builder().lock(outcome)).await;
        let error = client.open_runspace_pool(locked_to(&["Get-Service"])).await.unwrap_err();
        assert_eq!(*lock_error(&error), expected, "{outcome:?}");
        assert_eq!((error.during(), error.ran()), (Operation::Create, Ran::No), "{outcome:?}");
        assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete, "{outcome:?}");
        assert_eq!(host.open_shells(), 0, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_lock_that_fails_is_the_error_and_nothing_runs_behind_it() {
    for (builder, command) in [
        (Host::builder().lock(LockOutcome::Fails), "Get-Service"),
        // Nobody can be locked to what is not there.
        (Host::builder(), "Get-Nothing"),
    ] {
        let (host, client) = start(builder).await;
        let error = client.open_runspace_pool(locked_to(&[command])).await.unwrap_err();
        assert!(matches!(lock_error(&error), LockError::Failed { .. }), "{command}: {error}");
        assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
        assert_eq!((host.open_shells(), count(&host, is_pipeline)), (0, 1), "{command}");
    }
}

#[tokio::test]
async fn an_endpoint_without_a_language_takes_no_lock() {
    let (host, client) = start(Host::builder().restricted_endpoint("Maintenance", ["Get-Service"])).await;
    let mut options = locked_to(&["Get-Service"]);
    options.configuration_name = "Maintenance".to_owned();
    let error = client.open_runspace_pool(options).await.unwrap_err();
    assert!(
        matches!(lock_error(&error), LockError::Failed { id, .. } if id == "ScriptsNotAllowed"),
        "{error}"
    );
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!((host.open_shells(), count(&host, is_pipeline)), (0, 1));
}

#[tokio::test]
async fn a_lock_whose_answer_is_lost_is_no_lock() {
    let (host, client) = start(Host::builder()).await;
    host.misbehave(Misbehaviour::always(Trigger::On(On::Command), Act::PerformAndClose));
    let error = client.open_runspace_pool(locked_to(&["Get-Service"])).await.unwrap_err();
    assert_eq!(error.during(), Operation::Command, "{error}");
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!((host.open_shells(), count(&host, is_pipeline)), (0, 1));
}

#[tokio::test]
async fn a_pool_that_takes_the_place_of_a_locked_one_is_locked() {
    let (host, client) = start(Host::builder()).await;
    let pool = locked(&client).await;
    let first = pool.id();
    // A reset would show the variables again.
    pool.reset().await.unwrap();
    let second = pool.id();
    assert_ne!(first, second);
    assert_locked(&pool).await;
    for shell in client.list_shells().await.unwrap() {
        client.close_shell(&shell).await.unwrap();
    }
    assert_locked(&pool).await;
    assert_ne!(second, pool.id());
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 0);
}

#[tokio::test]
async fn a_locked_pool_has_one_runspace_and_is_not_left() {
    let (host, client) = start(Host::builder()).await;
    let mut options = locked_to(&["Get-Service"]);
    options.max_runspaces = 2;
    let error = client.open_runspace_pool(options).await.unwrap_err();
    assert_eq!(*lock_error(&error), LockError::Runspaces(2));
    assert_eq!(host.record().entries(), [], "it is not even opened");

    let pool = locked(&client).await;
    let before = host.record().mark();
    let error = pool.set_max_runspaces(2).await.unwrap_err();
    assert_eq!((lock_error(&error), error.during()), (&LockError::Runspaces(2), Operation::Send));
    let error = pool.disconnect(None).await.unwrap_err();
    assert_eq!((lock_error(&error), error.during()), (&LockError::Left, Operation::Disconnect));
    let others = host.record().requests_since(before).into_iter().filter(|sent| sent.operation != On::Signal);
    assert_eq!(others.count(), 0, "nothing was sent");
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
}

#[tokio::test]
async fn a_lock_does_not_wait_for_pipelines_that_wait_for_it() {
    let host = Host::builder().start().await.unwrap();
    let mut config = crate::support::config(&host);
    config.concurrency = 1;
    let client = Client::new(&config).unwrap();
    let pool = locked(&client).await;
    for shell in client.list_shells().await.unwrap() {
        client.close_shell(&shell).await.unwrap();
    }
    // The only permit is held by the pipeline for which the pool is opened and locked once more.
    let outcome = tokio::time::timeout(PATIENCE, run(&pool, vec![Command::new("Get-Service")])).await;
    assert_eq!(outcome.unwrap().unwrap().1, Outcome::Completed);
    let _left = client.shutdown(PATIENCE).await;
}
