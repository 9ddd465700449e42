//! Messages as real hosts and other clients sent them: some copied into `fixtures`, all of them where they lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use winrm_proto::winrs::{
    Call, CommandResponse, ConnectResponse, CreateShellResponse, DeleteResponse, DisconnectResponse,
    ExecutionState, GetShellResponse, ListCommandsResponse, ListShellsResponse, ReceiveResponse,
    ReconnectResponse, SendResponse, SignalResponse, StreamName,
};
use winrm_proto::wsman::fault::FaultCode;
use winrm_proto::wsman::{
    Action, Answer, Error, Fault, Header, IdentifyResponse, Incoming, MessageId, Request, ResourceUri,
    Response, write_fault, write_request, write_response,
};
use winrm_proto::xml::Limits;

use crate::measured;

/// File, subcode, code, and how the message begins.
const FAULTS: [(&str, FaultCode, &str, Option<u32>, &str); 7] = [
    (
        "stack-1",
        FaultCode::Sender,
        "CannotProcessFilter",
        Some(2_150_858_778),
        "The specified class does not exist",
    ),
    (
        "stack-2",
        FaultCode::Sender,
        "CannotProcessFilter",
        Some(2_150_858_778),
        "The specified class does not exist",
    ),
    ("omi", FaultCode::Receiver, "InternalError", None, "get-instance: instance name parameter is missing"),
    (
        "omi-spaced",
        FaultCode::Receiver,
        "InternalError",
        None,
        "get-instance: instance name parameter is missing",
    ),
    (
        "wmi",
        FaultCode::Sender,
        "QuotaLimit",
        Some(0x8033_81A5),
        "The WS-Management service cannot process the request. This user",
    ),
    (
        "provider",
        FaultCode::Receiver,
        "InternalError",
        Some(0x8007_00CE),
        "The filename or extension is too long.",
    ),
    (
        "shell-gone",
        FaultCode::Sender,
        "InvalidSelectors",
        Some(0x8033_805B),
        "The WS-Management service cannot process the request because",
    ),
];

#[test]
fn faults() {
    for (name, code, subcode, wsman_code, message) in FAULTS {
        let fault = fault(&fixture(&format!("fault-{name}.xml")));
        assert_eq!(fault.code, Some(code), "{name}");
        assert_eq!(fault.subcode.as_deref(), Some(subcode), "{name}");
        assert_eq!(fault.wsman_code(), wsman_code, "{name}");
        assert!(fault.message().unwrap().starts_with(message), "{name}: {:?}", fault.message());
        assert!(!fault.is_operation_timeout(), "{name}");
    }
}

#[test]
fn a_fault_says_which_plugin_failed() {
    let fault = fault(&fixture("fault-stack-2.xml"));
    let outer = fault.wsman.unwrap();
    assert_eq!(outer.machine.as_deref(), Some("localhost"));
    assert_eq!(outer.message, None);
    let provider = outer.provider.unwrap();
    assert_eq!(provider.provider.as_deref(), Some("WMI Provider"));
    assert_eq!(provider.path.as_deref(), Some(r"%systemroot%\system32\WsmWmiPl.dll"));
    assert_eq!(provider.fault.unwrap().machine.as_deref(), Some("vagrant-2008R2"));
}

#[test]
fn a_fault_of_wmi_has_its_own_detail() {
    let wmi = fault(&fixture("fault-wmi.xml")).wmi.unwrap();
    assert_eq!(wmi.cim_status_code, Some(27));
    assert_eq!(wmi.message_id.as_deref(), Some("HRESULT 0x803381a5"));
    assert_eq!(wmi.error_code, Some(2_150_859_173));
    assert_eq!(wmi.error_type.as_deref(), Some("HRESULT"));
}

#[test]
fn a_timed_out_receive_is_told_apart() {
    let fault = fault(&fixture("fault-timed-out.xml"));
    assert!(fault.is_operation_timeout());
    assert_eq!(fault.wsman.unwrap().machine.as_deref(), Some("127.0.0.1"));
}

#[test]
fn shells_are_created_by_every_generation() {
    for (name, shell_id, resource_uri) in [
        ("stack-1", "uuid:739990FF-1492-4CDD-80BB-6E07ADB06D85", ResourceUri::CMD),
        ("stack-2", "67A74734-DD32-4F10-89DE-49A060483810", ResourceUri::CMD),
        ("omi", "74142DC5-E14D-4FCC-86ED-63DA3EE8407E", ResourceUri::POWERSHELL),
    ] {
        let envelope = fixture(&format!("create-response-{name}.xml"));
        let created = read::<CreateShellResponse>(&envelope).unwrap().body.unwrap();
        assert_eq!(created.shell.shell_id.as_str(), shell_id, "{name}");
        assert_eq!(created.shell.resource_uri, resource_uri, "{name}");
        assert!(created.shell.shell_id.to_uuid().is_some(), "{name}");
        assert_eq!(created.description.is_some(), name == "stack-2", "{name}");
    }
}

#[test]
fn a_shell_is_described() {
    let envelope = fixture("create-response-stack-2.xml");
    let shell = read::<CreateShellResponse>(&envelope).unwrap().body.unwrap().description.unwrap();
    assert_eq!(shell.owner.as_deref(), Some("Administrator"));
    assert_eq!(shell.client_ip.as_deref(), Some("213.41.177.193"));
    assert_eq!(shell.idle_timeout.unwrap().as_secs(), 7200);
    assert_eq!(shell.output_streams.names(), "stdout stderr");
    assert_eq!(shell.run_time.unwrap().as_secs(), 1);
}

#[test]
fn output_and_exit_code() {
    let response = read::<ReceiveResponse>(&fixture("receive-response-done.xml")).unwrap().body.unwrap();
    let done = response.done().unwrap();
    assert_eq!((&done.state, done.exit_code), (&ExecutionState::Done, Some(0)));
    let stdout = response.streams.iter().filter(|stream| stream.name == StreamName::Stdout);
    let text: Vec<u8> = stdout.flat_map(|stream| stream.data.to_vec()).collect();
    assert!(String::from_utf8(text).unwrap().starts_with("\r\nWindows IP Configuration\r\n"));
}

#[test]
fn another_client_creates_a_shell() {
    let envelope = fixture("create-request-pywinrm.xml");
    let (header, call) = Call::read(Incoming::open(&envelope, &Limits::default()).unwrap()).unwrap();
    assert_eq!(header.operation_timeout.unwrap().as_secs(), 20);
    assert_eq!(header.max_envelope_size, Some(153_600));
    assert_eq!(header.locale.unwrap().as_str(), "en-US");
    let Call::Create(create) = call else { panic!("{call:?}") };
    assert_eq!((create.codepage, create.output_streams.names()), (Some(437), "stdout stderr".to_owned()));
}

/// Every envelope of every recording is read, written and read again, with the same outcome.
#[test]
fn every_recording_replays() {
    let Some(root) = measured::recorded("") else { return };
    let mut counts = BTreeMap::new();
    for file in files(&root) {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for envelope in envelopes(&text) {
            let kind = replay(envelope.as_bytes())
                .unwrap_or_else(|error| panic!("{}: {error}: {envelope}", file.display()));
            *counts.entry(kind).or_insert(0_u32) += 1;
        }
    }
    eprintln!("replayed {counts:?}");
    for kind in [
        "Create",
        "Disconnect",
        "Reconnect",
        "Connect",
        "Get",
        "Enumerate",
        "DisconnectResponse",
        "ReconnectResponse",
        "ConnectResponse",
        "GetResponse",
        "EnumerateResponse",
        "Command",
        "Receive",
        "Send",
        "Signal",
        "Delete",
        "CreateResponse",
        "CommandResponse",
        "ReceiveResponse",
        "SendResponse",
        "SignalResponse",
        "DeleteResponse",
        "Fault",
        "Fault timed out",
        "Fault without code",
    ] {
        assert!(counts.contains_key(kind), "no {kind} among {counts:?}");
    }
}

fn replay(envelope: &[u8]) -> Result<&'static str, Error> {
    let incoming = Incoming::open(envelope, &Limits::default())?;
    let action = incoming.header().action.clone().or_else(|| action_of_body(envelope));
    match action {
        Some(Action::Create) => request(envelope, "Create"),
        Some(Action::Command) => request(envelope, "Command"),
        Some(Action::Receive) => request(envelope, "Receive"),
        Some(Action::Send) => request(envelope, "Send"),
        Some(Action::Signal) => request(envelope, "Signal"),
        Some(Action::Delete) => request(envelope, "Delete"),
        Some(Action::Disconnect) => request(envelope, "Disconnect"),
        Some(Action::Reconnect) => request(envelope, "Reconnect"),
        Some(Action::Connect) => request(envelope, "Connect"),
        Some(Action::Get) if is_about(&incoming, &ResourceUri::SHELL) => request(envelope, "Get"),
        Some(Action::Enumerate) if is_about(&incoming, &ResourceUri::SHELL) => request(envelope, "Enumerate"),
        Some(Action::Enumerate) if is_about(&incoming, &ResourceUri::COMMAND) => {
            request(envelope, "Enumerate")
        }
        Some(Action::DisconnectResponse) => response::<DisconnectResponse>(envelope, "DisconnectResponse"),
        Some(Action::ReconnectResponse) => response::<ReconnectResponse>(envelope, "ReconnectResponse"),
        Some(Action::ConnectResponse) => response::<ConnectResponse>(envelope, "ConnectResponse"),
        Some(Action::EnumerateResponse) => {
            response::<ListCommandsResponse>(envelope, "EnumerateResponse")?;
            response::<ListShellsResponse>(envelope, "EnumerateResponse")
        }
        Some(Action::GetResponse) if read::<GetShellResponse>(envelope).is_ok() => {
            response::<GetShellResponse>(envelope, "GetResponse")
        }
        Some(Action::CreateResponse) => response::<CreateShellResponse>(envelope, "CreateResponse"),
        Some(Action::CommandResponse) => response::<CommandResponse>(envelope, "CommandResponse"),
        Some(Action::ReceiveResponse) => response::<ReceiveResponse>(envelope, "ReceiveResponse"),
        Some(Action::SendResponse) => response::<SendResponse>(envelope, "SendResponse"),
        Some(Action::SignalResponse) => response::<SignalResponse>(envelope, "SignalResponse"),
        Some(Action::DeleteResponse) => response::<DeleteResponse>(envelope, "DeleteResponse"),
        Some(action) if action.is_fault() => recorded_fault(envelope),
        _ => {
            // Not of the remote shell, but an envelope all the same.
            let answer = read::<IdentifyResponse>(envelope);
            assert!(matches!(answer, Err(Error::Missing { .. }) | Ok(_)), "{answer:?}");
            Ok("other")
        }
    }
}

fn is_about(incoming: &Incoming<'_>, resource: &ResourceUri) -> bool {
    incoming.header().resource_uri.as_ref() == Some(resource)
}

/// What a template without a header is.
fn action_of_body(envelope: &[u8]) -> Option<Action> {
    let text = String::from_utf8_lossy(envelope);
    text.contains(":ReceiveResponse>").then_some(Action::ReceiveResponse)
}

fn request(envelope: &[u8], kind: &'static str) -> Result<&'static str, Error> {
    let (header, call) = match Call::read(Incoming::open(envelope, &Limits::default())?) {
        // One client asked for minus one second, and the recorded host refused it too.
        Err(Error::Invalid { name: "OperationTimeout" }) => return Ok("refused"),
        outcome => outcome?,
    };
    let written = match &call {
        Call::Create(request) => rewrite(&header, request),
        Call::Command(request) => rewrite(&header, request),
        Call::Receive(request) => rewrite(&header, request),
        Call::Send(request) => rewrite(&header, request),
        Call::Signal(request) => rewrite(&header, request),
        Call::Delete(request) => rewrite(&header, request),
        Call::Disconnect(request) => rewrite(&header, request),
        Call::Reconnect(request) => rewrite(&header, request),
        Call::Connect(request) => rewrite(&header, request),
        Call::Get(request) => rewrite(&header, request),
        Call::List(request) => rewrite(&header, request),
        Call::Pull(request) => rewrite(&header, request),
        Call::ListCommands(request) => rewrite(&header, request),
        Call::Identify(request) => rewrite(&header, request),
        other => panic!("{other:?} has no writer here"),
    };
    let (_, again) = Call::read(Incoming::open(&written, &Limits::default())?)?;
    assert_eq!(again, call);
    Ok(kind)
}

fn rewrite<R: Request>(header: &Header, request: &R) -> bytes::Bytes {
    write_request(header, request).unwrap()
}

fn response<R: Response + PartialEq + std::fmt::Debug>(
    envelope: &[u8],
    kind: &'static str,
) -> Result<&'static str, Error> {
    let answer = read::<R>(envelope)?;
    let Ok(body) = answer.body else { panic!("a fault as {kind}") };
    let written = write_response(&Header::default(), message_id(), &body).unwrap();
    assert_eq!(read::<R>(&written)?.body, Ok(body));
    Ok(kind)
}

fn recorded_fault(envelope: &[u8]) -> Result<&'static str, Error> {
    let read_fault = fault(envelope);
    assert!(read_fault.message().is_some(), "a fault that says nothing");
    let written = write_fault(&Header::default(), message_id(), &read_fault).unwrap();
    assert_eq!(fault(&written), read_fault);
    Ok(match (read_fault.is_operation_timeout(), read_fault.wsman_code()) {
        (true, _) => "Fault timed out",
        (false, Some(_)) => "Fault",
        (false, None) => "Fault without code",
    })
}

fn read<R: Response>(envelope: &[u8]) -> Result<Answer<R>, Error> {
    Incoming::answer::<R>(envelope, &Limits::default())
}

fn fault(envelope: &[u8]) -> Fault {
    *read::<DeleteResponse>(envelope).unwrap().body.unwrap_err()
}

/// The envelopes in a file of whatever format, with the placeholders of templates filled.
fn envelopes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(":Envelope") {
        let (_, prefix) = before.rsplit_once('<').unwrap();
        let end_tag = format!("</{prefix}:Envelope>");
        let Some((envelope, after)) = after.split_once(&end_tag) else { break };
        found.push(fill(&format!("<{prefix}:Envelope{envelope}{end_tag}")));
        rest = after;
    }
    found
}

fn fill(envelope: &str) -> String {
    let mut filled = String::new();
    let mut rest = envelope;
    while let Some((before, after)) = rest.split_once("<%=") {
        let (name, after) = after.split_once("%>").unwrap();
        filled.push_str(before);
        filled.push_str(if name.contains("data") {
            "ZGF0YQ=="
        } else {
            "11111111-1111-1111-1111-111111111111"
        });
        rest = after;
    }
    filled.push_str(rest);
    filled.replace("${messageId}", "uuid:1").replace("${serviceUrl}", "https://host:5986/wsman")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wsman");
    std::fs::read(folder.join(name)).unwrap()
}

fn message_id() -> MessageId {
    MessageId::from_uuid(Uuid::nil())
}
