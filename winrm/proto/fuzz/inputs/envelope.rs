//! Bytes as a message of either direction.

use std::fmt::Debug;

use winrm_proto::winrs::{
    Call, CommandResponse, ConnectResponse, CreateShellResponse, DeleteResponse, GetShellResponse,
    ListCommandsResponse, ListShellsResponse, PullShellsResponse, ReceiveResponse, SendResponse,
    SignalResponse,
};
use winrm_proto::wsman::{
    Fault, Header, IdentifyResponse, Incoming, MessageId, Request, Response, write_fault, write_request,
    write_response,
};
use winrm_proto::xml::Limits;

/// Reads the bytes as everything they could be, and what they are once more after it was written.
pub(crate) fn run(data: &[u8]) {
    request(data);
    response::<CreateShellResponse>(data);
    response::<CommandResponse>(data);
    response::<ReceiveResponse>(data);
    response::<SendResponse>(data);
    response::<SignalResponse>(data);
    response::<DeleteResponse>(data);
    response::<ConnectResponse>(data);
    response::<GetShellResponse>(data);
    response::<ListShellsResponse>(data);
    response::<PullShellsResponse>(data);
    response::<ListCommandsResponse>(data);
    response::<IdentifyResponse>(data);
}

fn request(data: &[u8]) {
    let Ok((header, call)) = Incoming::open(data, &Limits::default()).and_then(Call::read) else { return };
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
        other => unreachable!("{other:?} has no writer here"),
    };
    let again = Incoming::open(&written, &Limits::default()).and_then(Call::read);
    assert_eq!(again.map(|(_, call)| call), Ok(call));
}

/// The options that the request reads are in the header already, and the first of a name counts.
fn rewrite<R: Request>(header: &Header, request: &R) -> Vec<u8> {
    write_request(header, request).expect("what was read can be written").to_vec()
}

fn response<R: Response + PartialEq + Debug>(data: &[u8]) {
    let Ok(answer) = Incoming::answer::<R>(data, &Limits::default()) else { return };
    match answer.body {
        Ok(response) => {
            let written = write_response(&answer.header, message_id(), &response)
                .expect("what was read can be written");
            let again = Incoming::answer::<R>(&written, &Limits::default()).map(|answer| answer.body);
            assert_eq!(again, Ok(Ok(response)));
        }
        Err(fault) => self::fault::<R>(&answer.header, *fault),
    }
}

fn fault<R: Response + PartialEq + Debug>(header: &Header, mut fault: Fault) {
    let written = write_fault(header, message_id(), &fault).expect("what was read can be written");
    let again = Incoming::answer::<R>(&written, &Limits::default()).expect("what was written can be read");
    let again = *again.body.expect_err("a fault stays one");
    // A fault without a code is written as the host's.
    fault.code = fault.code.or(again.code);
    assert_eq!(again, fault);
    assert!(!again.cause().advice().sentence.is_empty());
}

fn message_id() -> MessageId {
    MessageId::parse("uuid:0").expect("an identifier")
}
