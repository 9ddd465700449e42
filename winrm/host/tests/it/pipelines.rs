//! Pipelines in runspace pools.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use winrm_host::{Clock, Ended, Event, Host, Operation};
use winrm_proto::clixml::{ErrorRecord, Stream, Value};
use winrm_proto::psrp::client::{RunspacePool, Settings};
use winrm_proto::psrp::{Command, GetCommandMetadata, Input, PipelineState, PowerShell};
use winrm_proto::winrs::{
    CommandId, Connect, CreateShell, Disconnect, GetShell, ListShells, Reconnect, ShellId, SignalCode,
    StreamName,
};
use winrm_proto::wsman::{ResourceUri, SelectorSet, Target};
use winrm_script::static_command::{Argument, Literal, StaticCommand};

use crate::peer::{Peer, code};
use crate::pool::Pool;

/// Noon of the day on which the table was written.
const NOON: u64 = 1_795_262_400;

/// A pipeline from text, for tables; each command with literal arguments.
fn commands(line: &str) -> Vec<Command> {
    line.split(" | ").map(|text| command(&StaticCommand::parse(text).unwrap())).collect()
}

/// Switches and values as PSRP carries them. Whether a value belongs to the parameter before it is for this table to
/// decide: it does, unless the parameter is one of the switches below.
fn command(parsed: &StaticCommand) -> Command {
    const SWITCHES: [&str; 22] = [
        "EQ",
        "NE",
        "GT",
        "GE",
        "LT",
        "LE",
        "Like",
        "Match",
        "In",
        "Descending",
        "Unique",
        "Force",
        "WhatIf",
        "Sum",
        "Average",
        "Maximum",
        "Minimum",
        "Compress",
        "Recurse",
        "File",
        "ValueOnly",
        "NoTypeInformation",
    ];
    let mut command = Command::new(parsed.name());
    let mut arguments = parsed.arguments().iter().peekable();
    while let Some(argument) = arguments.next() {
        command = match argument {
            Argument::Value(literal) => command.argument(value(literal)),
            Argument::Parameter { name, value: Some(given) } => {
                command.parameter(name.as_str(), value(given))
            }
            Argument::Parameter { name, value: None } => match arguments.peek() {
                Some(Argument::Value(literal)) if !SWITCHES.contains(&name.as_str()) => {
                    arguments.next();
                    command.parameter(name.as_str(), value(literal))
                }
                _ => command.parameter(name.as_str(), true),
            },
        };
    }
    command
}

fn value(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => Value::from(text.as_str()),
        Literal::Number(number) => Value::Int32(number.as_str().parse().unwrap()),
        Literal::Boolean(value) => Value::from(*value),
        Literal::Null => Value::Null,
        Literal::Array(items) => Value::array(items.iter().map(value).collect()),
    }
}

#[tokio::test]
async fn pipelines_of_the_table() {
    let clock = Clock::Fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON));
    let host = Host::builder().clock(clock).start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let mut failures = Vec::new();
    for case in include_str!("pipelines.txt").split("\n> ").skip(1) {
        let (line, expected) = case.split_once('\n').unwrap();
        let mut pipeline = commands(line);
        pipeline.push(Command::new("Out-String"));
        let outcome = pool.run(pipeline).await;
        let output: String = outcome.output.iter().map(ToString::to_string).collect();
        let records = outcome.records.iter().map(|(stream, text)| format!("{stream}: {text}\n"));
        let lines = outcome.host_lines.iter().map(|line| format!("Host: {line}\n"));
        let end = outcome.error.iter().map(|error| format!("Failed: {error}\n"));
        let output = output.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
        let shown: String = std::iter::once(output).chain(records).chain(lines).chain(end).collect();
        if shown.trim() != expected.trim() {
            failures.push(format!("> {line}\n{}\n", shown.trim()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn a_pool_and_a_pipeline_take_no_more_requests_than_promised() {
    let host = Host::builder().start().await.unwrap();
    let mark = host.record().mark();
    let mut pool = Pool::of(&host).await;
    let pipeline = pool.start(PowerShell::new(commands("Get-Service W32Time"))).await;
    let outcome = pool.collect(pipeline).await;
    assert_eq!(outcome.state, Some(PipelineState::Completed));
    assert_eq!(outcome.output.len(), 1);
    let cold = host.record().requests_since(mark);
    assert!(cold.len() <= 6, "{cold:?}");
    let warm = host.record().mark();
    let pipeline = pool.start(PowerShell::new(commands("Get-Service W32Time"))).await;
    pool.collect(pipeline).await;
    let operations: Vec<Operation> =
        host.record().requests_since(warm).into_iter().map(|request| request.operation).collect();
    assert_eq!(operations, [Operation::Command, Operation::Receive]);
}

#[tokio::test]
async fn the_record_holds_the_commands_as_data() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    pool.run(commands("Get-Service -Name W32Time | Select-Object Name")).await;
    let pipelines = host.record().entries().into_iter().filter_map(|entry| match entry.event {
        Event::Pipeline { commands, .. } => Some(commands),
        _ => None,
    });
    let commands: Vec<_> = pipelines.flatten().map(|command| (command.text, command.parameters)).collect();
    let named = (Some("Name".to_owned()), "W32Time".to_owned());
    assert_eq!(
        commands,
        [
            ("Get-Service".to_owned(), vec![named]),
            ("Select-Object".to_owned(), vec![(None, "Name".to_owned())])
        ]
    );
}

#[tokio::test]
async fn a_stop_ends_the_pipeline_before_it_is_answered() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline = pool.start(PowerShell::new(commands("Start-Sleep 60"))).await;
    let began = Instant::now();
    pool.signal(pipeline, SignalCode::PowerShellCtrlC).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    let stopped = Event::CommandEnded {
        command: pipeline.hyphenated().encode_upper(&mut uuid::Uuid::encode_buffer()).to_owned(),
        how: Ended::Interrupted,
    };
    assert!(host.record().entries().iter().any(|entry| entry.event == stopped));
    assert_eq!(pool.collect(pipeline).await.state, Some(PipelineState::Stopped));
}

#[tokio::test]
async fn any_other_signal_closes_the_pipeline() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline = pool.start(PowerShell::new(commands("Start-Sleep 60"))).await;
    pool.signal(pipeline, SignalCode::CtrlC).await.unwrap();
    assert_eq!(code(pool.receive(Some(pipeline)).await), 0x8033_805B);
}

#[tokio::test]
async fn input_flows_through_a_pipeline() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let shell = PowerShell { input: Input::Open, ..PowerShell::new(commands("Sort-Object -Descending")) };
    let pipeline = pool.start(shell).await;
    for number in [2, 10, 1] {
        pool.protocol.input(pipeline, Value::from(number)).unwrap();
    }
    pool.protocol.end_input(pipeline).unwrap();
    pool.flush().await.unwrap();
    let outcome = pool.collect(pipeline).await;
    assert_eq!(outcome.output, [10, 2, 1].map(Value::from));
}

#[tokio::test]
async fn pipelines_of_one_pool_run_at_the_same_time() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::open(&host, ResourceUri::POWERSHELL, 4).await.unwrap();
    let began = Instant::now();
    let mut running = Vec::new();
    for _ in 0..4 {
        running.push(pool.start(PowerShell::new(commands("Start-Sleep -Milliseconds 1000"))).await);
    }
    for pipeline in running {
        assert_eq!(pool.collect(pipeline).await.state, Some(PipelineState::Completed));
    }
    // One after the other they would take four seconds.
    assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn errors_keep_their_identity() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline = pool.start(PowerShell::new(commands("Get-Item C:\\nope"))).await;
    while !pool.receive(Some(pipeline)).await.unwrap() {}
    let records = pool.events.iter().filter_map(|event| match event {
        winrm_proto::psrp::client::Event::Record { stream: Stream::Error, value, .. } => {
            Some(ErrorRecord::from_value(value))
        }
        _ => None,
    });
    let records: Vec<ErrorRecord> = records.collect();
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0].fully_qualified_error_id.as_str(),
        "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"
    );
    assert_eq!(
        records[0].category.message(),
        "ObjectNotFound: (C:\\nope:String) [Get-Item], ItemNotFoundException"
    );
}

#[tokio::test]
async fn command_metadata_says_how_many_and_which() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline = uuid::Uuid::new_v4();
    pool.protocol.command_metadata(pipeline, GetCommandMetadata::named(&["*-Service"])).unwrap();
    pool.flush().await.unwrap();
    let output = pool.collect(pipeline).await.output;
    assert_eq!(output[0].property("Count"), Some(&Value::from(4)));
    assert_eq!(output[1].property("Name"), Some(&Value::from("Get-Service")));
    assert_eq!(output.len(), 5);
}

#[tokio::test]
async fn a_flood_of_objects_waits_for_its_client() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let items = (0..20_000).map(Value::from).collect();
    let outcome =
        pool.run(vec![Command::new("Write-Output").parameter("InputObject", Value::array(items))]).await;
    assert_eq!(outcome.output.len(), 20_000);
    assert_eq!(outcome.output[19_999], Value::from(19_999));
}

#[tokio::test]
async fn nonsense_breaks_the_pool_and_nothing_else() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let nonsense = Bytes::from_static(&[0xFF; 100]);
    assert_eq!(code(pool.send(StreamName::Stdin, None, nonsense).await), 0x8033_8003);
    let mut other = Pool::of(&host).await;
    assert_eq!(other.run(commands("hostname")).await.output, [Value::from("WEB-01")]);
}

#[tokio::test]
async fn a_pool_that_was_left_goes_on_and_is_taken_up_again() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline =
        pool.start(PowerShell::new(commands("Start-Sleep -Milliseconds 200 | Write-Output done"))).await;
    pool.peer.call(&pool.shell.target(), &Disconnect::default()).await.unwrap();
    assert_eq!(code(pool.receive(Some(pipeline)).await), 0x8033_81C4);
    assert_eq!(code(pool.peer.call(&pool.shell.target(), &Disconnect::default()).await), 0x8033_81CF);
    tokio::time::sleep(Duration::from_millis(300)).await;
    pool.peer.call(&pool.shell.target(), &Reconnect).await.unwrap();
    let outcome = pool.collect(pipeline).await;
    assert_eq!((outcome.output, outcome.state), (vec![Value::from("done")], Some(PipelineState::Completed)));
}

#[tokio::test]
async fn another_client_takes_over_a_pool_with_its_pipelines() {
    let host = Host::builder().start().await.unwrap();
    let mut first = Pool::of(&host).await;
    let pipeline = first.start(PowerShell::new(commands("Write-Output kept"))).await;
    first.peer.call(&first.shell.target(), &Disconnect::default()).await.unwrap();
    let (shell, id) = (first.shell.clone(), first.protocol.id());
    drop(first);

    let mut second = Pool::connect(&host, shell, id).await.unwrap();
    second.protocol.attach(pipeline).unwrap();
    let command_id = Some(CommandId::from_uuid(pipeline));
    let connect = Connect { command_id, ..Connect::default() };
    second.peer.call(&second.shell.target(), &connect).await.unwrap();
    assert_eq!(second.collect(pipeline).await.output, [Value::from("kept")]);
    assert_eq!(second.run(commands("hostname")).await.output, [Value::from("WEB-01")]);
}

#[tokio::test]
async fn shells_are_listed_for_their_owner() {
    let host = Host::builder().account("first", "one").account("second", "two").start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let mut peer = Peer::of(&host).await;
    let named = CreateShell { name: Some("ours".into()), ..CreateShell::cmd() };
    let cmd = peer.call(&ResourceUri::CMD.into(), &named).await.unwrap().shell;
    let all: Target = ResourceUri::SHELL.into();
    let listed = peer.call(&all, &ListShells).await.unwrap().0.items;
    let resources: Vec<_> = listed.iter().filter_map(|shell| shell.resource_uri.clone()).collect();
    assert_eq!(resources, [ResourceUri::POWERSHELL, ResourceUri::CMD]);
    assert_eq!(listed[1].name.as_deref(), Some("ours"));

    pool.peer.call(&pool.shell.target(), &Disconnect::default()).await.unwrap();
    let selectors = SelectorSet::new().with("ShellId", pool.shell.shell_id.as_str());
    let one = Target { resource_uri: ResourceUri::SHELL, selectors };
    assert_eq!(peer.call(&one, &GetShell).await.unwrap().shell.state.as_deref(), Some("Disconnected"));

    let mut stranger = Peer::as_user(&host, "second", "two").await;
    assert_eq!(stranger.call(&all, &ListShells).await.unwrap().0.items, []);
    assert_eq!(code(peer.call(&cmd.target(), &Disconnect::default()).await), 0x8033_81C5);
}

#[tokio::test]
async fn a_command_that_asks_waits_for_the_answer_and_fails_on_a_refusal() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let pipeline = pool.start(PowerShell::new(commands("Read-Host Name"))).await;
    assert!(!pool.receive(Some(pipeline)).await.unwrap(), "the question comes before the end");
    // proto's client half has refused by now; the refusal is still to be sent.
    pool.flush().await.unwrap();
    let outcome = pool.collect(pipeline).await;
    assert_eq!(outcome.host_lines, ["Name: "]);
    assert!(outcome.error.unwrap().contains("prompts the user failed"));
}

#[tokio::test]
async fn a_pipeline_before_the_first_receive_breaks_the_pool() {
    let host = Host::builder().start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let id = uuid::Uuid::new_v4();
    let mut protocol = RunspacePool::open(id, Settings::default()).unwrap();
    let first = protocol.next_payload(100_000).unwrap();
    let create = CreateShell::powershell(ShellId::from_uuid(id), "2.3", first.bytes);
    let shell = peer.call(&ResourceUri::POWERSHELL.into(), &create).await.unwrap().shell;
    let command = winrm_proto::winrs::Command::pipeline(CommandId::from_uuid(uuid::Uuid::new_v4()), &[0; 30]);
    assert_eq!(code(peer.call(&shell.target(), &command).await), 0x8033_8003);
}

#[tokio::test]
async fn a_pipeline_that_never_came_whole_can_be_closed_and_its_shell_deleted() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let target = pool.shell.target();
    for closing in [true, false] {
        let long = Value::from("x".repeat(10_000).as_str());
        let pipeline = uuid::Uuid::new_v4();
        let shell = PowerShell::new(vec![Command::new("Write-Output").argument(long)]);
        pool.protocol.start(pipeline, shell).unwrap();
        let first = pool.protocol.next_payload(2_000).unwrap();
        let id = CommandId::from_uuid(pipeline);
        let command = winrm_proto::winrs::Command::pipeline(id, &first.bytes);
        pool.peer.call(&target, &command).await.unwrap();
        let closed = async {
            if closing {
                pool.signal(pipeline, SignalCode::Terminate).await.unwrap();
            } else {
                let shell = pool.shell.clone();
                pool.peer.delete(&shell).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
        while pool.protocol.next_payload(100_000).is_some() {}
    }
}

#[tokio::test]
async fn filters_that_travel_save_99_bytes_of_100() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let files = || Command::new("Get-ChildItem").parameter("LiteralPath", "D:\\Archive");
    let large = Command::new("Where-Object")
        .parameter("Property", "Length")
        .parameter("GT", true)
        .parameter("Value", 1_073_741_824);
    let names = Value::array(vec![Value::from("Name"), Value::from("Length")]);
    let selected = Command::new("Select-Object").parameter("Property", names);
    let before = pool.received;
    let found = pool.run(vec![files(), large, selected]).await;
    let travelled = pool.received - before;
    assert_eq!(found.output.len(), 100);
    // One file in a hundred is enough to know what all of them would cost.
    let some = pool.run(vec![files().parameter("Filter", "report-001*")]).await;
    assert_eq!(some.output.len(), 1_000);
    let moved = (pool.received - before - travelled) * 100;
    assert!(travelled * 100 <= moved, "{travelled} of {moved}");
}
