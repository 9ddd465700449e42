//! Halves that break the rules.

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::clixml::{Encoder, Stream};
use winrm_proto::psrp::client;
use winrm_proto::psrp::{
    Availability, Body, CallId, Command, Destination, Error, FragmentError, Message, MessageError,
    MessageType, PoolLimits, PowerShell, PublicKeyMessage, RunspacePoolState, server,
};

use super::{FIRST, POOL, Pair, SECOND, default_channel, record};

/// A message from a server, in one fragment.
fn from_server(pool: Uuid, pipeline: Option<Uuid>, body: Body) -> Vec<u8> {
    let message = Message { destination: Destination::Client, runspace_pool: pool, pipeline, body };
    fragment(&message.encode(&Encoder::new()).unwrap())
}

fn fragment(message: &Bytes) -> Vec<u8> {
    let mut bytes = [[0; 7].as_slice(), &[9], &[0; 8], &[3]].concat();
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(message);
    bytes
}

#[test]
fn a_server_that_breaks_the_rules_breaks_the_pool_for_good() {
    let output = |pipeline| from_server(POOL, Some(pipeline), Body::PipelineOutput(1.into()));
    let call = CallId(77);
    let answer = winrm_proto::psrp::RunspaceAvailability { answer: Availability::Count(1), call };
    let key = PublicKeyMessage(winrm_proto::psrp::PublicKey { modulus: vec![1; 256], exponent: 3 });
    let key_unasked = winrm_proto::psrp::EncryptedSessionKey(vec![1; 256]);
    let cases: Vec<(Option<Uuid>, Vec<u8>, Error)> = vec![
        (None, output(SECOND), Error::UnknownPipeline(SECOND)),
        (Some(SECOND), output(SECOND), Error::UnknownPipeline(SECOND)),
        (
            None,
            from_server(POOL, None, Body::PipelineOutput(1.into())),
            Error::NoPipeline(MessageType::PipelineOutput),
        ),
        (None, from_server(SECOND, None, Body::PublicKeyRequest), Error::WrongPool(SECOND)),
        (None, from_server(POOL, None, Body::PublicKey(key)), Error::WrongWay(MessageType::PublicKey)),
        (None, from_server(POOL, None, Body::RunspaceAvailability(answer)), Error::UnknownCall(call)),
        (None, from_server(POOL, None, Body::EncryptedSessionKey(key_unasked)), Error::SessionKey),
        (None, vec![0; 30], Error::Fragment(FragmentError::StartFlag { object_id: 0, fragment_id: 0 })),
        (None, fragment(&Bytes::from_static(b"short")), Error::Message(MessageError::Truncated)),
    ];
    for (channel, bytes, error) in cases {
        let mut pair = Pair::opened();
        pair.start(FIRST, Command::new("x"));
        let refused = match pair.client.receive(default_channel(channel), &bytes) {
            Ok(()) => pair.client.next_event().unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(refused, error);
        assert_eq!(pair.client.state(), RunspacePoolState::Broken);
        assert_eq!(pair.client.next_event(), Err(Error::Broken));
        assert_eq!(pair.client.receive(default_channel(None), b""), Err(Error::Broken));
        assert_eq!(pair.client.available_runspaces(), Err(Error::Broken));
    }
}

#[test]
fn what_came_whole_is_told_before_what_is_wrong() {
    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("x"));
    let mut bytes = from_server(POOL, Some(FIRST), Body::PipelineOutput(1.into()));
    bytes.extend([0xFF; 40]);
    pair.client.receive(default_channel(Some(FIRST)), &bytes).unwrap();
    assert_eq!(pair.client.next_event(), Ok(Some(record(FIRST, Stream::Output, 1))));
    assert!(matches!(pair.client.next_event(), Err(Error::Fragment(_))));
}

#[test]
fn a_message_beyond_the_limit_is_refused_before_it_is_there() {
    let limits = PoolLimits { message: 10_000, ..PoolLimits::default() };
    let mut pair = Pair::open(client::Settings { limits, ..client::Settings::default() });
    pair.start(FIRST, Command::new("x"));
    pair.server.write(FIRST, Stream::Output, "x".repeat(20_000).into()).unwrap();
    let mut received = 0;
    let error = loop {
        let payload = pair.server.next_payload(1000).unwrap();
        received += payload.bytes.len();
        pair.client.receive(payload.channel, &payload.bytes).unwrap();
        if let Err(error) = pair.client.next_event() {
            break error;
        }
    };
    assert_eq!(error, Error::Fragment(FragmentError::TooLong { limit: 10_000 }));
    assert!(received < 12_000);
}

#[test]
fn a_client_that_breaks_the_rules_is_refused() {
    let new = || server::RunspacePool::new(server::Settings::default());
    let send = |server: &mut server::RunspacePool, pool, pipeline, body| {
        let message = Message { destination: Destination::Server, runspace_pool: pool, pipeline, body };
        let bytes = fragment(&message.encode(&Encoder::new()).unwrap());
        server.receive(default_channel(pipeline), &bytes).unwrap();
        server.next_event()
    };
    let start = || Body::CreatePipeline(Box::new(PowerShell::new(vec![Command::new("x")])));
    let mut early = new();
    let refused = send(&mut early, Uuid::nil(), Some(FIRST), start()).unwrap_err();
    let message = MessageType::CreatePipeline;
    assert_eq!(refused, Error::Unexpected { message, state: RunspacePoolState::BeforeOpen });

    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("x"));
    let twice = send(&mut pair.server, POOL, Some(FIRST), start()).unwrap_err();
    assert_eq!(twice, Error::DuplicatePipeline(FIRST));

    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("x"));
    let input = send(&mut pair.server, POOL, Some(FIRST), Body::PipelineInput(1.into())).unwrap_err();
    assert_eq!(input, Error::NoInput);

    let mut pair = Pair::opened();
    let way = send(&mut pair.server, POOL, Some(FIRST), Body::PipelineOutput(1.into())).unwrap_err();
    assert_eq!(way, Error::WrongWay(MessageType::PipelineOutput));
    assert_eq!(pair.server.next_event(), Err(Error::Broken));
}
