//! What is shown for debugging tells nothing of what is sent and received.

use std::fmt::Debug;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::exchange::{Event, Execution};
use winrm_proto::winrs::{
    Call, Command, CommandId, CreateShell, ReceiveResponse, Send, Shell, ShellId, ShellReference, Stream,
    StreamEnd, StreamName,
};
use winrm_proto::wsman::{Preamble, ResourceUri, SessionId};
use winrm_proto::xml::Limits;

const SECRET: &str = "hunter2-canary";

#[test]
fn messages() {
    let stream = Stream {
        name: StreamName::Stdin,
        command_id: None,
        data: Bytes::from_static(SECRET.as_bytes()),
        end: StreamEnd::Closed,
    };
    let environment = vec![("PASSWORD".to_owned(), SECRET.to_owned())];
    let create = CreateShell { environment: environment.clone().into(), ..CreateShell::cmd() };
    assert!(silent(&create).contains("PASSWORD"));
    silent(&Shell { environment: environment.into(), ..Shell::default() });
    silent(&command());
    silent(&Call::Command(command()));
    silent(&Send { streams: vec![stream.clone()] });
    silent(&ReceiveResponse { streams: vec![stream], state: None });
    let shell_id = ShellId::from_uuid(Uuid::nil());
    silent(&CreateShell::powershell(shell_id, "2.3", Bytes::from_static(SECRET.as_bytes())));
}

#[test]
fn conversations() {
    let preamble = Preamble::new("https://host:5986/wsman".to_owned(), SessionId::from_uuid(Uuid::nil()));
    let shell = ShellReference { resource_uri: ResourceUri::CMD, shell_id: ShellId::from_uuid(Uuid::nil()) };
    let ids: fn() -> Uuid = Uuid::nil;
    let mut execution = Execution::new(preamble, Limits::default(), ids, shell, command());
    execution.write_stdin(Bytes::from_static(SECRET.as_bytes()));
    silent(&execution);
    silent(&execution.poll(std::time::Instant::now()));
    silent(&execution);
    silent(&Event::Stdout(Bytes::from_static(SECRET.as_bytes())));
    silent(&Event::Stderr(Bytes::from_static(SECRET.as_bytes())));
}

fn command() -> Command {
    Command {
        command_id: Some(CommandId::from_uuid(Uuid::nil())),
        command: format!("login {SECRET}"),
        arguments: vec![SECRET.to_owned()],
        ..Command::default()
    }
}

/// The text for debugging, which must not hold the secret as text, as bytes or as Base64.
fn silent(value: &impl Debug) -> String {
    let shown = format!("{value:?}\n{value:#?}");
    for form in [SECRET.to_owned(), format!("{:?}", SECRET.as_bytes()), "aHVudGVyMi1jYW5hcnk".to_owned()] {
        assert!(!shown.contains(&form), "{shown}");
    }
    shown
}
