//! How fast envelopes are read and written: `cargo bench -p winrm-proto --bench envelope`.

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use winrm_proto::winrs::{
    CommandId, CommandState, ExecutionState, ReceiveResponse, Send, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::{Fault, Header, Incoming, MessageId, write_fault, write_request, write_response};
use winrm_proto::xml::{Limits, WriteError};

fn main() {
    divan::main();
}

/// A Receive response of about 1 MB, its output in pieces of this many bytes.
#[divan::bench(args = [512, 16 * 1024, 768 * 1024])]
fn read_receive_response(bencher: Bencher<'_, '_>, piece: usize) {
    let Ok(envelope) = receive_response(piece) else { return };
    bencher
        .counter(BytesCount::of_slice(&envelope))
        .bench(|| Incoming::answer::<ReceiveResponse>(black_box(&envelope), &Limits::default()));
}

/// The same with a line break after every 76 characters of Base64, as MIME encoders write it.
#[divan::bench]
fn read_receive_response_with_line_breaks(bencher: Bencher<'_, '_>) {
    let Ok(envelope) = receive_response(16 * 1024).map(broken_into_lines) else { return };
    bencher
        .counter(BytesCount::of_slice(&envelope))
        .bench(|| Incoming::answer::<ReceiveResponse>(black_box(&envelope), &Limits::default()));
}

#[divan::bench]
fn write_receive_response(bencher: Bencher<'_, '_>) {
    let response = response(16 * 1024);
    bencher
        .counter(BytesCount::new(PAYLOAD))
        .bench(|| write_response(&Header::default(), message_id(), black_box(&response)));
}

#[divan::bench]
fn write_send_of_100_kb(bencher: Bencher<'_, '_>) {
    let request = Send { streams: vec![stream(100 * 1024)] };
    bencher
        .counter(BytesCount::new(100_usize * 1024))
        .bench(|| write_request(&Header::default(), black_box(&request)));
}

#[divan::bench]
fn read_timed_out_fault(bencher: Bencher<'_, '_>) {
    let fault = Fault::operation_timed_out("HOST");
    let Ok(envelope) = write_fault(&Header::default(), message_id(), &fault) else { return };
    bencher
        .counter(BytesCount::of_slice(&envelope))
        .bench(|| Incoming::answer::<ReceiveResponse>(black_box(&envelope), &Limits::default()));
}

const PAYLOAD: usize = 768 * 1024;

fn receive_response(piece: usize) -> Result<Bytes, WriteError> {
    write_response(&Header::default(), message_id(), &response(piece))
}

fn response(piece: usize) -> ReceiveResponse {
    ReceiveResponse {
        streams: (0..PAYLOAD / piece).map(|_| stream(piece)).collect(),
        state: Some(CommandState {
            command_id: Some(command_id()),
            state: ExecutionState::Running,
            exit_code: None,
        }),
    }
}

fn stream(size: usize) -> Stream {
    let data: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
    Stream {
        name: StreamName::Stdout,
        command_id: Some(command_id()),
        data: Bytes::from(data),
        end: StreamEnd::Open,
    }
}

fn broken_into_lines(envelope: Bytes) -> Bytes {
    let mut broken = Vec::with_capacity(envelope.len() * 2);
    let mut column = 0;
    for byte in envelope {
        broken.push(byte);
        // A line of markup is shorter than this, so only Base64 is broken.
        column = if byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) { column + 1 } else { 0 };
        if column == 76 {
            broken.extend_from_slice(b"\r\n");
            column = 0;
        }
    }
    Bytes::from(broken)
}

fn command_id() -> CommandId {
    CommandId::from_uuid(uuid::Uuid::from_u128(0xC0))
}

fn message_id() -> MessageId {
    MessageId::from_uuid(uuid::Uuid::nil())
}
