//! Shells that were left behind are found, and closed where the caller's rule says so.

use winrm::{Client, OrphanRule, ShellOptions};
use winrm_host::{Act, Event, Host, Misbehaviour, Operation, Quotas, Trigger};
use winrm_proto::{
    winrs::{List, ListShellsResponse, Shell, ShellId},
    wsman::{Header, MessageId, ResourceUri, write_response},
};

use crate::support::{PATIENCE, config};

/// What a host answers that is asked for its shells.
fn listing(shells: &[(String, &str)]) -> Act {
    let describe = |(id, name): &(String, &str)| Shell {
        shell_id: Some(ShellId::parse(id).unwrap()),
        name: Some((*name).to_owned()),
        resource_uri: Some(ResourceUri::CMD),
        ..Shell::default()
    };
    let list = List::from(shells.iter().map(describe).collect::<Vec<_>>());
    let id = MessageId::parse("uuid:1").unwrap();
    Act::Envelope(write_response(&Header::default(), id, &ListShellsResponse(list)).unwrap())
}

fn named(name: &str) -> ShellOptions {
    let mut options = ShellOptions::default();
    options.name = Some(name.to_owned());
    options
}

fn deleted(host: &Host) -> Vec<String> {
    let shell = |event| match event {
        Event::ShellDeleted { shell } => Some(shell),
        _ => None,
    };
    host.record().entries().into_iter().filter_map(|entry| shell(entry.event)).collect()
}

#[tokio::test]
async fn room_is_made_by_closing_what_the_rule_names_and_nothing_else() {
    let quotas = Quotas { max_shells_per_user: 2, ..Quotas::default() };
    let host = Host::builder().quotas(quotas).start().await.unwrap();
    let mut config = config(&host);
    config.retries = 0;

    let crashed = Client::new(&config).unwrap();
    let left_behind = crashed.open_shell(named("it/dead")).await.unwrap();
    let in_use = crashed.open_shell(named("it/alive")).await.unwrap();
    let shells = [(left_behind.id(), "it/dead"), (in_use.id(), "it/alive")];
    host.misbehave(Misbehaviour::always(Trigger::On(Operation::Other), listing(&shells)));

    let without_a_rule = Client::new(&config).unwrap();
    let error = without_a_rule.open_shell(named("it/new")).await.unwrap_err();
    assert!(error.fault().is_some() && deleted(&host).is_empty(), "{error}");

    config.orphans = Some(OrphanRule::new(|name| name == "it/dead"));
    let client = Client::new(&config).unwrap();
    let _new = client.open_shell(named("it/new")).await.unwrap();
    assert_eq!(deleted(&host), [left_behind.id()]);

    // There is no more room, and the rule finds nothing.
    config.orphans = Some(OrphanRule::new(|_| false));
    let client = Client::new(&config).unwrap();
    assert!(client.open_shell(named("it/newer")).await.is_err());
    assert_eq!(deleted(&host).len(), 1);
}

#[tokio::test]
async fn shells_are_listed_and_closed_by_hand() {
    let host = Host::builder().start().await.unwrap();
    let client = Client::new(&config(&host)).unwrap();
    let shell = client.open_shell(named("it/1")).await.unwrap();
    host.misbehave(Misbehaviour::always(Trigger::On(Operation::Other), listing(&[(shell.id(), "it/1")])));
    let listed = client.list_shells().await.unwrap();
    assert_eq!(listed.iter().map(|shell| shell.name.as_deref()).collect::<Vec<_>>(), [Some("it/1")]);
    client.close_shell(&listed[0]).await.unwrap();
    assert_eq!(deleted(&host), [shell.id()]);
    let _left = client.shutdown(PATIENCE).await;
}
