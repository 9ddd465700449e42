use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, advance};
use winrm_proto::{
    winrs::{CommandId, ShellId, ShellReference},
    wsman::ResourceUri,
};

use super::{Chore, Done, Next, Registry, ShellKey};

fn reference(name: &str) -> ShellReference {
    ShellReference {
        resource_uri: ResourceUri::parse("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd")
            .unwrap(),
        shell_id: ShellId::parse(name).unwrap(),
    }
}

fn command(name: &str) -> CommandId {
    CommandId::parse(name).unwrap()
}

fn open(registry: &Arc<Registry>, name: &str) -> ShellKey {
    registry.open().unwrap().opened(reference(name))
}

#[tokio::test(start_paused = true)]
async fn a_finished_command_waits_a_moment_for_the_next_one() {
    let registry = Arc::new(Registry::default());
    let shell = open(&registry, "S1");
    registry.started(shell, command("C1"));
    assert_eq!(registry.next(Instant::now()), Next::Wait);

    registry.finished(shell, &command("C1"));
    assert!(matches!(registry.next(Instant::now()), Next::At(_)));
    advance(Duration::from_millis(30)).await;
    let chore = Chore::Signal(shell, reference("S1"), command("C1"));
    assert_eq!(registry.next(Instant::now()), Next::Chore(chore.clone()));
    assert_eq!(registry.next(Instant::now()), Next::Wait, "it is under way");
    registry.done(&chore, Done::Gone);
    assert_eq!(registry.next(Instant::now()), Next::Wait);
}

#[tokio::test(start_paused = true)]
async fn what_may_still_run_goes_first() {
    let registry = Arc::new(Registry::default());
    let shell = open(&registry, "S1");
    registry.started(shell, command("over"));
    registry.started(shell, command("running"));
    registry.finished(shell, &command("over"));
    registry.abandoned(shell, &command("running"));
    let expected = Chore::Signal(shell, reference("S1"), command("running"));
    assert_eq!(registry.next(Instant::now() + Duration::from_secs(1)), Next::Chore(expected));
}

#[tokio::test(start_paused = true)]
async fn a_shell_that_goes_takes_its_commands_along() {
    let registry = Arc::new(Registry::default());
    let shell = open(&registry, "S1");
    registry.started(shell, command("C1"));
    registry.abandoned(shell, &command("C1"));
    registry.released(shell);
    let chore = Chore::Delete(shell, reference("S1"));
    let later = Instant::now() + Duration::from_secs(1);
    assert_eq!(registry.next(later), Next::Chore(chore.clone()));
    registry.done(&chore, Done::Gone);
    assert_eq!(registry.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_takes_everything_and_lets_nothing_in() {
    let registry = Arc::new(Registry::default());
    let shell = open(&registry, "S1");
    let late = registry.open().unwrap();
    registry.close();
    assert!(registry.open().is_none());
    assert_eq!(registry.next(Instant::now()), Next::Chore(Chore::Delete(shell, reference("S1"))));
    registry.done(&Chore::Delete(shell, reference("S1")), Done::Gone);
    assert_eq!(registry.next(Instant::now()), Next::Wait, "a shell is still being opened");
    let late = late.opened(reference("S2"));
    let chore = Chore::Delete(late, reference("S2"));
    assert_eq!(registry.next(Instant::now()), Next::Chore(chore.clone()));
    registry.done(&chore, Done::Gone);
    assert_eq!(registry.next(Instant::now()), Next::End);
    registry.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_shell_that_failed_to_open_is_not_waited_for() {
    let registry = Arc::new(Registry::default());
    let opening = registry.open().unwrap();
    registry.close();
    drop(opening);
    registry.settled().await;
    assert_eq!(registry.next(Instant::now()), Next::End);
}

#[tokio::test(start_paused = true)]
async fn a_shell_that_would_not_go_is_left_and_tried_once_more_at_the_end() {
    let registry = Arc::new(Registry::default());
    let shell = open(&registry, "S1");
    let chore = Chore::Delete(shell, reference("S1"));
    registry.released(shell);
    let later = Instant::now() + Duration::from_secs(1);
    assert_eq!(registry.next(later), Next::Chore(chore.clone()));
    registry.done(&chore, Done::Unconfirmed);
    assert_eq!((registry.next(later), registry.left()), (Next::Wait, 1));

    registry.close();
    assert_eq!(registry.next(later), Next::Chore(chore.clone()));
    registry.done(&chore, Done::Unconfirmed);
    registry.settled().await;
    assert_eq!((registry.next(later), registry.left()), (Next::End, 1));
}
