//! Pools that are locked to some commands before they are used.

use winrm::{
    Cause, Error, Operation, Shutdown,
    powershell::{Lock, LockError, PoolOptions},
};
use winrm_host::{Event as Recorded, Host};

use crate::support::{PATIENCE, start};

fn locked_to(commands: &[&str]) -> PoolOptions {
    let mut options = PoolOptions::default();
    options.lock = Some(Lock::to(commands.iter().copied()).unwrap());
    options
}

fn lock_error(error: &Error) -> &LockError {
    let Cause::Lock(lock) = error.cause() else { panic!("{error:?}") };
    lock
}

#[tokio::test]
async fn a_host_that_does_not_run_the_lock_gets_nothing_else() {
    // An endpoint without a language takes no script, and so no lock.
    let (host, client) = start(Host::builder().restricted_endpoint("Maintenance", ["Get-Service"])).await;
    let mut options = locked_to(&["Get-Service"]);
    options.configuration_name = "Maintenance".to_owned();
    let error = client.open_runspace_pool(options).await.unwrap_err();
    assert_eq!(error.during(), Operation::Create);
    assert!(
        matches!(lock_error(&error), LockError::Failed { id, .. } if id == "ScriptsNotAllowed"),
        "{error}"
    );
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(host.open_shells(), 0);
    let pipelines =
        host.record().entries().into_iter().filter(|entry| matches!(entry.event, Recorded::Pipeline { .. }));
    assert_eq!(pipelines.count(), 1, "the lock, and nothing behind it");
}

#[tokio::test]
async fn a_pool_with_more_than_one_runspace_is_not_even_opened() {
    let (host, client) = start(Host::builder()).await;
    let mut options = locked_to(&["Get-Service"]);
    options.max_runspaces = 2;
    let error = client.open_runspace_pool(options).await.unwrap_err();
    assert_eq!(*lock_error(&error), LockError::Runspaces(2));
    assert_eq!(host.record().entries(), []);
}
