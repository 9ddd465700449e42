//! Shells, commands, output, input, signals and quotas as Windows has them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use winrm_host::{Ended, Event, Host, Operation, Quotas};
use winrm_proto::winrs::{
    Command, CommandId, CreateShell, Delete, ExecutionState, Interpreter, Send, ShellReference, SignalCode,
    Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::ResourceUri;

use crate::peer::{Outcome, Peer, code};

const SHELL_NOT_FOUND: u32 = 0x8033_805B;
const TIMED_OUT: u32 = 0x8033_8029;
const ABORTED: u32 = 995;

async fn start() -> (Host, Peer, ShellReference) {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    (host, peer, shell)
}

fn ended(host: &Host, command: &CommandId) -> Option<Ended> {
    host.record().entries().into_iter().find_map(|entry| match entry.event {
        Event::CommandEnded { command: ended, how } if ended == command.as_str() => Some(how),
        _ => None,
    })
}

#[tokio::test]
async fn a_quick_command_takes_four_requests_from_nothing_to_its_exit_code() {
    let host = Host::builder().start().await.unwrap();
    let mark = host.record().mark();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    let command = peer.start(&shell, "hostname").await;
    let outcome = peer.collect(&shell, &command).await;
    assert_eq!(outcome, Outcome { stdout: "WEB-01\r\n".into(), stderr: String::new(), exit_code: 0 });
    let operations: Vec<Operation> =
        host.record().requests_since(mark).into_iter().map(|request| request.operation).collect();
    // The negotiate token, the proof with the Create on it, and the two that a warm call takes.
    assert_eq!(operations, [Operation::Empty, Operation::Create, Operation::Command, Operation::Receive]);
}

#[tokio::test]
async fn a_receive_waits_for_output_and_times_out_without_it() {
    let (host, mut peer, shell) = start().await;
    peer.preamble.operation_timeout = Duration::from_millis(150);
    let command = peer.start(&shell, "simulate hang").await;
    let began = Instant::now();
    assert_eq!(code(peer.receive(&shell, &command).await), TIMED_OUT);
    assert!(began.elapsed() >= Duration::from_millis(150));

    peer.preamble.operation_timeout = Duration::from_secs(20);
    let command = peer.start(&shell, "simulate tick 2 200").await;
    let first = peer.receive(&shell, &command).await.unwrap();
    assert_eq!(first.streams[0].data, "tick 1\r\n");
    assert_eq!(first.state.unwrap().state, ExecutionState::Running);
    host.shutdown().await;
}

#[tokio::test]
async fn terminate_ends_a_command_under_a_waiting_receive() {
    let (host, mut peer, shell) = start().await;
    let command = peer.start(&shell, "simulate hang").await;
    let mut control = Peer::of(&host).await;
    let (received, ()) = tokio::join!(peer.receive(&shell, &command), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        control.signal(&shell, &command, SignalCode::Terminate).await.unwrap();
        assert_eq!(ended(&host, &command), Some(Ended::Terminated), "ended before the Signal is answered");
    });
    assert_eq!(code(received), ABORTED);
    assert_eq!(code(peer.receive(&shell, &command).await), SHELL_NOT_FOUND);
}

#[tokio::test]
async fn control_c_gives_the_exit_code_of_windows() {
    let (host, mut peer, shell) = start().await;
    let command = peer.start(&shell, "ping -t 127.0.0.1").await;
    peer.receive(&shell, &command).await.unwrap();
    peer.signal(&shell, &command, SignalCode::CtrlC).await.unwrap();
    assert_eq!(peer.collect(&shell, &command).await.exit_code, -1_073_741_510);
    assert_eq!(ended(&host, &command), Some(Ended::Interrupted));
}

#[tokio::test]
async fn deleting_a_shell_ends_its_commands_and_makes_it_unknown() {
    let (host, mut peer, shell) = start().await;
    let command = peer.start(&shell, "simulate hang").await;
    assert_eq!(host.open_shells(), 1);
    peer.delete(&shell).await;
    assert_eq!(ended(&host, &command), Some(Ended::ShellDeleted));
    assert_eq!(host.open_shells(), 0);
    assert_eq!(code(peer.call(&shell.target(), &Delete).await), SHELL_NOT_FOUND);
}

#[tokio::test]
async fn a_shell_goes_by_the_resource_it_was_created_as() {
    let (_host, mut peer, shell) = start().await;
    let foreign = ShellReference { resource_uri: ResourceUri::POWERSHELL, shell_id: shell.shell_id.clone() };
    assert_eq!(code(peer.call(&foreign.target(), &Delete).await), SHELL_NOT_FOUND);
}

#[tokio::test]
async fn input_reaches_the_program_byte_by_byte_and_ends() {
    let (_host, mut peer, shell) = start().await;
    let command = peer.start(&shell, "simulate cat").await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for (data, end) in [(&bytes[..60_000], StreamEnd::Open), (&bytes[60_000..], StreamEnd::Closed)] {
        let command_id = Some(command.clone());
        let stream = Stream { name: StreamName::Stdin, command_id, data: Bytes::copy_from_slice(data), end };
        peer.call(&shell.target(), &Send { streams: vec![stream] }).await.unwrap();
    }
    let mut output = Vec::new();
    loop {
        let response = peer.receive(&shell, &command).await.unwrap();
        response.streams.iter().for_each(|stream| output.extend_from_slice(&stream.data));
        if response.done().is_some() {
            break;
        }
    }
    assert_eq!(output, bytes);
}

#[tokio::test]
async fn a_flood_arrives_whole_in_envelopes_that_the_client_takes() {
    let (_host, mut peer, shell) = start().await;
    let command = peer.start(&shell, "simulate flood 3000000").await;
    let mut size = 0;
    loop {
        let response = peer.receive(&shell, &command).await.unwrap();
        let piece: usize = response.streams.iter().map(|stream| stream.data.len()).sum();
        assert!(piece / 3 * 4 < 153_600);
        size += piece;
        if response.done().is_some() {
            break;
        }
    }
    assert_eq!(size, 3_000_000);
}

#[tokio::test]
async fn quotas_are_kept_and_given_back() {
    let quotas = Quotas { max_shells_per_user: 2, max_operations_per_shell: 3, ..Quotas::default() };
    let host = Host::builder().quotas(quotas).start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shells = [peer.shell().await, peer.shell().await];
    assert_eq!(code(peer.call(&ResourceUri::CMD.into(), &CreateShell::cmd()).await), 0x8033_81A5);
    peer.delete(&shells[0]).await;
    let shell = peer.shell().await;
    for _ in 0..3 {
        peer.run(&shell, "hostname").await;
    }
    let command = Command { command: "hostname".into(), ..Command::default() };
    assert_eq!(code(peer.call(&shell.target(), &command).await), 0x8033_81A6);
}

#[tokio::test]
async fn without_cmd_a_missing_program_is_a_fault() {
    let (_host, mut peer, shell) = start().await;
    for (line, expected) in
        [("echo hi", 0x8007_0002), ("nosuch.exe", 0x8007_0002), (&*"x".repeat(40_000), 0x8007_00CE)]
    {
        let interpreter = Some(Interpreter::None);
        let command = Command { command: line.to_owned(), interpreter, ..Command::default() };
        assert_eq!(code(peer.call(&shell.target(), &command).await), expected);
    }
    let interpreter = Some(Interpreter::None);
    let command = "C:\\Windows\\System32\\hostname.exe".to_owned();
    let command = Command { command, interpreter, ..Command::default() };
    let id = peer.call(&shell.target(), &command).await.unwrap().command_id;
    assert_eq!(peer.collect(&shell, &id).await.stdout, "WEB-01\r\n");
}

#[tokio::test]
async fn options_that_must_be_complied_with_have_to_be_known() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let create = CreateShell { protocol_version: Some("2.3".into()), ..CreateShell::cmd() };
    assert_eq!(code(peer.call(&ResourceUri::CMD.into(), &create).await), 0x8033_8039);
    let unknown = ResourceUri::parse("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/none").unwrap();
    assert_eq!(code(peer.call(&unknown.into(), &CreateShell::cmd()).await), 0x8033_8000);
}

#[tokio::test]
async fn the_shells_environment_and_directory_are_its_commands() {
    let host = Host::builder().environment("DEPLOY_TOKEN", "s3cr3t").start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let create = CreateShell {
        environment: vec![("STAGE".into(), "test".into())].into(),
        working_directory: Some("C:\\inetpub".into()),
        ..CreateShell::cmd()
    };
    let shell = peer.call(&ResourceUri::CMD.into(), &create).await.unwrap().shell;
    assert_eq!(
        peer.run(&shell, "echo %STAGE% %deploy_token%& cd").await.stdout,
        "test s3cr3t\r\nC:\\inetpub\r\n"
    );
}

#[tokio::test]
async fn a_shell_that_was_idle_too_long_is_gone_with_its_commands() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let create = CreateShell { idle_timeout: Some(Duration::from_millis(100)), ..CreateShell::cmd() };
    let idle = peer.call(&ResourceUri::CMD.into(), &create).await.unwrap().shell;
    let command = peer.start(&idle, "simulate hang").await;
    let mark = host.record().mark();
    tokio::time::sleep(Duration::from_millis(200)).await;
    peer.shell().await;
    assert_eq!(host.open_shells(), 1);
    let gone = |event: &Event| matches!(event, Event::CommandEnded { command: ended, .. } if ended == command.as_str());
    assert!(host.record().wait_for(mark, Duration::from_secs(5), gone).await.is_some());
    assert_eq!(code(peer.receive(&idle, &command).await), SHELL_NOT_FOUND);
}
