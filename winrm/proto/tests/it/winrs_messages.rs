//! Every message of the remote shell, written and read back, both ways.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::winrs::{
    BufferMode, Call, Command, CommandId, CommandResponse, CommandState, Connect, ConnectResponse,
    ConsoleMode, CreateShell, CreateShellResponse, Delete, DeleteResponse, Disconnect, DisconnectResponse,
    ExecutionState, GetShell, GetShellResponse, Interpreter, List, ListCommands, ListCommandsResponse,
    ListShells, ListShellsResponse, ListedCommand, Profile, PullShells, PullShellsResponse, Receive,
    ReceiveResponse, Reconnect, ReconnectResponse, Send, SendResponse, Shell, ShellId, ShellReference,
    Signal, SignalCode, SignalResponse, Stream, StreamEnd, StreamName, StreamSet,
};
use winrm_proto::wsman::{
    Answer, Error, Fault, Header, Identify, IdentifyResponse, Incoming, MessageId, Preamble, Request,
    ResourceUri, Response, SelectorSet, SessionId, Target, write_fault, write_response,
};
use winrm_proto::xml::Limits;

#[test]
fn create_command_shell() {
    let request = CreateShell {
        working_directory: Some(r"C:\Program Files".to_owned()),
        environment: vec![
            ("A&B".to_owned(), "<\"quoted\">\r\n\tvalue".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ]
        .into(),
        idle_timeout: Some(Duration::from_millis(60_500)),
        lifetime: Some(Duration::from_secs(3600)),
        name: Some("winrm-mcp 1".to_owned()),
        ..CreateShell::cmd()
    };
    let header = round_trip(&Target::from(ResourceUri::CMD), &request, &Call::Create(request.clone()));
    assert_eq!(header.options.value("winrs_noprofile"), Some("TRUE"));
    assert_eq!(header.options.value("WINRS_CODEPAGE"), Some("65001"));
    assert_eq!(header.resource_uri, Some(ResourceUri::CMD));
}

#[test]
fn create_command_shell_with_profile_and_nothing_else() {
    let request = CreateShell { profile: Some(Profile::Load), ..CreateShell::default() };
    round_trip(&Target::from(ResourceUri::CMD), &request, &Call::Create(request.clone()));
}

#[test]
fn create_powershell_shell() {
    let shell_id = ShellId::from_uuid(Uuid::from_u128(7));
    let request = CreateShell::powershell(shell_id, "2.3", Bytes::from_static(&[0, 1, 2, 0xFF]));
    let target = Target::from(ResourceUri::powershell("Restricted").unwrap());
    let header = round_trip(&target, &request, &Call::Create(request.clone()));
    assert_eq!(header.resource_uri.unwrap().configuration(), Some("Restricted"));
}

#[test]
fn command() {
    let request = Command {
        command: r#""C:\a b\c.exe""#.to_owned(),
        arguments: vec!["one two".to_owned(), " <&> ".to_owned(), String::new(), "äöü 漢字 😀".to_owned()],
        console_mode: Some(ConsoleMode::Pipe),
        interpreter: Some(Interpreter::None),
        command_id: None,
    };
    round_trip(&shell().target(), &request, &Call::Command(request.clone()));
    let other = Command {
        console_mode: Some(ConsoleMode::Console),
        interpreter: Some(Interpreter::Cmd),
        ..Command::default()
    };
    round_trip(&shell().target(), &other, &Call::Command(other.clone()));
}

#[test]
fn pipeline() {
    let request = Command::pipeline(command_id(), &[9; 100]);
    round_trip(&shell().target(), &request, &Call::Command(request.clone()));
    assert_eq!(request.fragment().unwrap(), vec![9; 100]);
}

#[test]
fn receive() {
    for command_id in [None, Some(command_id())] {
        let request = Receive { command_id, desired: StreamSet::parse("stdout stderr") };
        round_trip(&shell().target(), &request, &Call::Receive(request.clone()));
    }
}

#[test]
fn send() {
    for end in [StreamEnd::Open, StreamEnd::Closed] {
        let request = Send { streams: vec![stream(StreamName::Stdin, b"dir\r\n", end)] };
        round_trip(&shell().target(), &request, &Call::Send(request.clone()));
    }
}

#[test]
fn signal() {
    let other = SignalCode::Other("urn:other".into());
    for code in
        [SignalCode::Terminate, SignalCode::CtrlC, SignalCode::CtrlBreak, SignalCode::PowerShellCtrlC, other]
    {
        let request = Signal { command_id: Some(command_id()), code };
        round_trip(&shell().target(), &request, &Call::Signal(request.clone()));
    }
}

#[test]
fn only_the_misspelt_code_stops_a_pipeline() {
    assert_eq!(SignalCode::PowerShellCtrlC.uri(), "powershell/signal/crtl_c");
    assert!(matches!(SignalCode::from_uri("powershell/signal/ctrl_c"), SignalCode::Other(_)));
    assert!(matches!(SignalCode::from_uri("PowerShell/signal/crtl_c"), SignalCode::Other(_)));
}

#[test]
fn delete() {
    let header = round_trip(&shell().target(), &Delete, &Call::Delete(Delete));
    assert_eq!(ShellReference::from_header(&header), Some(shell()));
}

#[test]
fn disconnect_and_reconnect() {
    for (idle_timeout, buffer_mode) in [
        (None, None),
        (Some(Duration::from_secs(90)), Some(BufferMode::Block)),
        (None, Some(BufferMode::Drop)),
    ] {
        let request = Disconnect { idle_timeout, buffer_mode };
        round_trip(&shell().target(), &request, &Call::Disconnect(request));
    }
    round_trip(&shell().target(), &Reconnect, &Call::Reconnect(Reconnect));
    answer_round_trip(&DisconnectResponse);
    answer_round_trip(&ReconnectResponse);
}

#[test]
fn connect() {
    let pool = Connect {
        command_id: None,
        protocol_version: Some("2.3".to_owned()),
        connect_xml: Some(Bytes::from_static(b"\0\x01")),
    };
    let command = Connect { command_id: Some(command_id()), ..Connect::default() };
    for request in [pool, command] {
        round_trip(&shell().target(), &request, &Call::Connect(request.clone()));
    }
    answer_round_trip(&ConnectResponse::default());
    answer_round_trip(&ConnectResponse {
        input_streams: StreamSet::parse("stdin pr"),
        output_streams: StreamSet::parse("stdout"),
        connect_response_xml: Some(Bytes::from_static(b"\xEF\xBB\xBF")),
    });
}

#[test]
fn asking_for_shells() {
    let shells = Target::from(ResourceUri::SHELL);
    round_trip(&shells, &GetShell, &Call::Get(GetShell));
    round_trip(&shells, &ListShells, &Call::List(ListShells));
    let pull = PullShells { context: "uuid:1".to_owned() };
    round_trip(&shells, &pull, &Call::Pull(pull.clone()));
    let commands = ListCommands { shell_id: shell().shell_id };
    round_trip(&ResourceUri::COMMAND.into(), &commands, &Call::ListCommands(commands.clone()));
    let other = Target::from(ResourceUri::CONFIG);
    let envelope = preamble().request(&other, &GetShell, message_id(1)).unwrap();
    let outcome = Incoming::open(&envelope, &Limits::default()).and_then(Call::read);
    assert_eq!(outcome, Err(Error::UnknownAction));
}

#[test]
fn shells_that_a_host_tells_of() {
    let one = Shell { shell_id: Some(shell().shell_id), name: Some("a".to_owned()), ..Shell::default() };
    let two = Shell { state: Some("Disconnected".to_owned()), ..Shell::default() };
    answer_round_trip(&GetShellResponse { shell: one.clone() });
    for list in [
        List::default(),
        List { items: vec![one.clone(), two], context: None },
        List { items: vec![one], context: Some("uuid:2".to_owned()) },
    ] {
        answer_round_trip(&ListShellsResponse(list.clone()));
        answer_round_trip(&PullShellsResponse(list));
    }
}

#[test]
fn commands_of_a_shell_that_a_host_tells_of() {
    let one = ListedCommand {
        command_id: Some(command_id()),
        command_line: Some("hostname".to_owned()),
        state: Some("Running".to_owned()),
    };
    for items in [vec![], vec![one, ListedCommand::default()]] {
        answer_round_trip(&ListCommandsResponse(items.into()));
    }
}

#[test]
fn a_shell_whose_commands_are_asked_for_is_named_by_a_filter_or_by_the_header() {
    let commands = ListCommands { shell_id: shell().shell_id };
    let selectors = SelectorSet::new().with("ShellId", shell().shell_id.as_str());
    let by_header = Target { resource_uri: ResourceUri::COMMAND, selectors };
    let written = |target: &Target| {
        let envelope = preamble().request(target, &commands, message_id(1)).unwrap();
        String::from_utf8(envelope.to_vec()).unwrap()
    };
    let unfiltered = |target: &Target| {
        let envelope = written(target);
        let (before, rest) = envelope.split_once("<w:Filter").unwrap();
        let (_, after) = rest.split_once("</w:Filter>").unwrap();
        format!("{before}{after}")
    };
    let read = |envelope: &str| {
        let incoming = Incoming::open(envelope.as_bytes(), &Limits::default());
        incoming.and_then(Call::read).map(|(_, call)| call)
    };
    let nowhere = ResourceUri::COMMAND.into();
    assert_eq!(read(&unfiltered(&by_header)), Ok(Call::ListCommands(commands.clone())));
    assert_eq!(read(&unfiltered(&nowhere)), Err(Error::Missing { name: "ShellId" }));
    let another_dialect = written(&nowhere).replace("wsman/SelectorFilter", "wsman/AnotherFilter");
    assert_eq!(read(&another_dialect), Err(Error::Invalid { name: "Filter/@Dialect" }));
}

#[test]
fn identify() {
    let envelope = Identify::envelope().unwrap();
    let (header, call) = Call::read(Incoming::open(&envelope, &Limits::default()).unwrap()).unwrap();
    assert_eq!((header, call), (Header::default(), Call::Identify(Identify)));
    let response = IdentifyResponse {
        protocol_version: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd".to_owned()),
        product_vendor: Some("Microsoft Corporation".to_owned()),
        product_version: Some("OS: 0.0.0 SP: 0.0 Stack: 3.0".to_owned()),
        security_profiles: vec![
            "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/http/basic".to_owned(),
        ],
    };
    let answer =
        Incoming::answer::<IdentifyResponse>(&response.envelope().unwrap(), &Limits::default()).unwrap();
    assert_eq!(answer, Answer { header: Header::default(), body: Ok(response) });
}

#[test]
fn create_response() {
    let description = Shell {
        shell_id: Some(shell().shell_id),
        name: Some("winrm-mcp".to_owned()),
        resource_uri: Some(ResourceUri::CMD),
        owner: Some(r"HOST\user".to_owned()),
        client_ip: Some("10.0.0.1".to_owned()),
        process_id: Some(42),
        working_directory: Some(r"C:\".to_owned()),
        environment: vec![("PATH".to_owned(), r"C:\Windows".to_owned())].into(),
        idle_timeout: Some(Duration::from_secs(7200)),
        max_idle_timeout: Some(Duration::from_millis(2_147_483_647)),
        input_streams: StreamSet::parse("stdin"),
        output_streams: StreamSet::parse("stdout stderr"),
        state: Some("Connected".to_owned()),
        run_time: Some(Duration::ZERO),
        inactivity: Some(Duration::from_secs(1)),
    };
    answer_round_trip(&CreateShellResponse { shell: shell(), description: Some(description) });
    answer_round_trip(&CreateShellResponse { shell: shell(), description: None });
}

#[test]
fn small_responses() {
    answer_round_trip(&CommandResponse { command_id: command_id() });
    answer_round_trip(&SendResponse);
    answer_round_trip(&SignalResponse);
    answer_round_trip(&DeleteResponse);
}

#[test]
fn receive_response() {
    let every_byte: Vec<u8> = (0..=255).collect();
    for (state, exit_code) in [
        (ExecutionState::Running, None),
        (ExecutionState::Pending, None),
        (ExecutionState::Other("urn:paused".into()), None),
        (ExecutionState::Done, None),
        (ExecutionState::Done, Some(0)),
        (ExecutionState::Done, Some(-1)),
        (ExecutionState::Done, Some(i32::MIN)),
        (ExecutionState::Done, Some(i32::MAX)),
    ] {
        answer_round_trip(&ReceiveResponse {
            streams: vec![
                stream(StreamName::Stdout, &every_byte, StreamEnd::Open),
                stream(StreamName::Stderr, b"", StreamEnd::Closed),
                stream(StreamName::Other("trace".into()), b"x", StreamEnd::Open),
            ],
            state: Some(CommandState { command_id: Some(command_id()), state, exit_code }),
        });
    }
    answer_round_trip(&ReceiveResponse::default());
}

#[test]
fn fault() {
    let fault = Fault { reason: Some("no".to_owned()), ..Fault::operation_timed_out("HOST") };
    let envelope = write_fault(&request_header(), message_id(2), &fault).unwrap();
    let answer = Incoming::answer::<ReceiveResponse>(&envelope, &Limits::default()).unwrap();
    assert_eq!(answer.header.relates_to, Some(message_id(1)));
    let read = *answer.body.unwrap_err();
    assert!(read.is_operation_timeout());
    assert_eq!(read, fault);
}

/// Writes a request as a client, reads it as a host, and gives the header back.
fn round_trip<R: Request>(target: &Target, request: &R, expected: &Call) -> Header {
    let envelope = preamble().request(target, request, message_id(1)).unwrap();
    let (header, call) = Call::read(Incoming::open(&envelope, &Limits::default()).unwrap()).unwrap();
    assert_eq!(&call, expected);
    let mut sent = preamble().header(R::ACTION, target, message_id(1));
    request.describe(&mut sent);
    assert_eq!(header, sent);
    header
}

/// Writes a response as a host and reads it as a client.
fn answer_round_trip<R: Response + PartialEq + std::fmt::Debug + Clone>(response: &R) {
    let envelope = write_response(&request_header(), message_id(2), response).unwrap();
    let answer = Incoming::answer::<R>(&envelope, &Limits::default()).unwrap();
    assert_eq!(answer.body.as_ref(), Ok(response));
    assert_eq!(answer.header.action, Some(R::ACTION));
    assert_eq!(answer.header.message_id, Some(message_id(2)));
    assert_eq!(answer.header.relates_to, Some(message_id(1)));
}

fn preamble() -> Preamble {
    Preamble::new(
        "https://web-01.example:5986/wsman".to_owned(),
        SessionId::from_uuid(Uuid::from_u128(0xABCD)),
    )
}

fn request_header() -> Header {
    preamble().header(Delete::ACTION, &shell().target(), message_id(1))
}

fn message_id(number: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(number))
}

fn command_id() -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(0xC0))
}

fn shell() -> ShellReference {
    ShellReference { resource_uri: ResourceUri::CMD, shell_id: ShellId::from_uuid(Uuid::from_u128(0x51)) }
}

fn stream(name: StreamName, data: &[u8], end: StreamEnd) -> Stream {
    Stream { name, command_id: Some(command_id()), data: Bytes::copy_from_slice(data), end }
}
