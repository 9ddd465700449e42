//! Bytes as one message, and as what both halves of an open pool receive.

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::clixml::{Decoder, Encoder, Limits};
use winrm_proto::psrp::{
    Body, Channel, Command, Input, Message, MessageError, PoolLimits, PowerShell, Priority, client, server,
};

/// The names that the seeds use.
const POOL: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
const PIPELINE: Uuid = Uuid::from_u128(1);

/// A message that is read can be written, unless it must not be, and reads the same again. A pool that refuses something
/// refuses everything after.
pub(crate) fn run(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let limits = Limits { size: 1 << 20, depth: 20, values: 2_000, expanded: 5_000 };
    if let Ok(message) = Message::decode(&bytes, &mut Decoder::new(limits)) {
        check_again(&message);
    }
    // Opening a pool takes long, so only what begins like a fragment is worth one.
    if matches!(data.get(..17), Some([0, .., 0..=3])) {
        receive(data, PoolLimits { message: 1 << 16, pipelines: 4, values: limits });
    }
}

fn check_again(message: &Message) {
    let written = match message.encode(&Encoder::new()) {
        Ok(written) => written,
        Err(error) => {
            assert!(matches!(error, MessageError::ParameterName(_) | MessageError::NoCommand), "{error}");
            return;
        }
    };
    let again = Message::decode(&written, &mut Decoder::default()).unwrap();
    // The body of an unknown message is not kept, and so not written.
    assert!(again == *message || matches!(message.body, Body::Unknown(_)));
}

fn receive(data: &[u8], limits: PoolLimits) {
    let settings = client::Settings { limits, ..client::Settings::default() };
    let mut client = client::RunspacePool::open(POOL, settings).unwrap();
    let mut server = server::RunspacePool::new(server::Settings { limits, ..server::Settings::default() });
    carry(&mut client, &mut server);
    let shell = PowerShell { input: Input::Open, ..PowerShell::new(vec![Command::new("x")]) };
    client.start(PIPELINE, shell).unwrap();
    carry(&mut client, &mut server);
    for pipeline in [None, Some(PIPELINE)] {
        let channel = Channel { pipeline, priority: Priority::Default };
        // What is wrong is an error, now or with the next event.
        drop(client.receive(channel, data));
        while let Ok(Some(event)) = client.next_event() {
            drop(format!("{event:?}"));
        }
        drop(server.receive(channel, data));
        while let Ok(Some(event)) = server.next_event() {
            drop(format!("{event:?}"));
        }
    }
    while let Some(payload) = client.next_payload(1000) {
        assert!(payload.bytes.len() <= 1000);
    }
}

fn carry(client: &mut client::RunspacePool, server: &mut server::RunspacePool) {
    while let Some(payload) = client.next_payload(10_000) {
        server.receive(payload.channel, &payload.bytes).unwrap();
    }
    while server.next_event().unwrap().is_some() {}
    while let Some(payload) = server.next_payload(10_000) {
        client.receive(payload.channel, &payload.bytes).unwrap();
    }
    while client.next_event().unwrap().is_some() {}
}
