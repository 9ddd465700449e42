//! PSRP messages as real hosts and other clients wrote them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail as tests do")]

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use winrm_proto::clixml::{Decoder, Encoder, ErrorRecord, InformationRecord, Object, ProgressRecord, Value};
use winrm_proto::psrp::{Availability, Body, Destination, HostMethod, Message, MessageError, MessageType};

use crate::measured;

/// The messages that were recorded, or the few that are part of the project.
fn messages(mut test: impl FnMut(&Path, Bytes)) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/psrp/messages");
    for folder in [Some(own), measured::recorded("pypsrp/psrp_messages")].into_iter().flatten() {
        for path in measured::files(&folder, "bin") {
            test(&path, std::fs::read(&path).unwrap().into());
        }
    }
}

fn decode(bytes: &Bytes) -> Result<Message, MessageError> {
    Message::decode(bytes, &mut Decoder::default())
}

/// The body as a value, whatever the message makes of it.
fn raw_body(bytes: &Bytes) -> Value {
    let body = &bytes[40..];
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if body.is_empty() { Value::Null } else { Decoder::default().value(body).unwrap() }
}

#[test]
fn recorded_messages_are_written_again_with_equal_values() {
    let mut kinds = BTreeMap::new();
    messages(|path, bytes| {
        let message = decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let again = message.encode(&Encoder::new()).unwrap();
        assert_eq!(decode(&again).unwrap(), message, "{}", path.display());
        assert_eq!(again[..40], bytes[..40], "{}", path.display());
        compare_bodies(path, &message, &raw_body(&bytes), &raw_body(&again));
        *kinds.entry(format!("{:?}", message.body.message_type())).or_insert(0) += 1;
    });
    eprintln!("messages: {} of {} types: {kinds:?}", kinds.values().sum::<i32>(), kinds.len());
    assert!(kinds.len() >= 15);
}

/// The body written again is the very value that was read, but for what clients spell differently in the two messages
/// that they write themselves: names of enum values and of list types, and properties that older clients leave out.
fn compare_bodies(path: &Path, message: &Message, recorded: &Value, again: &Value) {
    let ours_to_spell = matches!(
        message.body.message_type(),
        MessageType::CreatePipeline | MessageType::GetCommandMetadata | MessageType::ConnectRunspacePool
    );
    if ours_to_spell {
        for property in recorded.own_object().into_iter().flat_map(Object::properties) {
            assert!(
                again.property(property.name.as_str()).is_some(),
                "{}: {}",
                path.display(),
                property.name
            );
        }
    } else {
        assert_eq!(sorted(again), sorted(recorded), "{}", path.display());
    }
}

/// The properties of a message in the order of their names: each host writes them in its own.
fn sorted(value: &Value) -> Vec<(String, Value)> {
    let Some(object) = value.own_object() else {
        return vec![(String::new(), value.clone())];
    };
    let mut properties: Vec<_> = object
        .properties()
        .map(|property| (property.name.as_str().to_lowercase(), property.value.clone()))
        .collect();
    properties.sort_by(|(left, _), (right, _)| left.cmp(right));
    properties
}

#[test]
fn records_are_read_out_of_recorded_messages() {
    let mut seen = BTreeMap::new();
    messages(|path, bytes| {
        let message = decode(&bytes).unwrap();
        let kind = match &message.body {
            Body::ErrorRecord(value) => {
                let record = ErrorRecord::from_value(value);
                assert!(!record.message.as_str().is_empty(), "{}", path.display());
                assert!(!record.fully_qualified_error_id.as_str().is_empty());
                assert!(!record.exception_type.as_str().is_empty());
                let again = ErrorRecord::from_value(&record.to_value());
                assert_eq!(again.message, record.message);
                assert_eq!(again.category, record.category);
                "error"
            }
            Body::InformationRecord(value) => {
                let record = InformationRecord::from_value(value).unwrap();
                assert!(!record.message().as_str().is_empty());
                assert_eq!(InformationRecord::from_value(&record.to_value()), Some(record));
                "information"
            }
            Body::ProgressRecord(value) => {
                let record = ProgressRecord::from_value(value).unwrap();
                assert!(!record.activity.as_str().is_empty());
                assert_eq!(ProgressRecord::from_value(&record.to_value()), Some(record));
                "progress"
            }
            Body::PipelineHostCall(call) => {
                assert!(!matches!(call.method, HostMethod::Unknown(_)), "{}", path.display());
                assert_eq!(call.wants_reply(), call.method.returns(), "{}", path.display());
                "host call"
            }
            Body::RunspaceAvailability(body) => match body.answer {
                Availability::Count(_) => "count",
                Availability::Done(_) => "done",
            },
            _ => return,
        };
        *seen.entry(kind).or_insert(0) += 1;
    });
    assert!(
        ["error", "information", "progress", "host call"].iter().all(|kind| seen.contains_key(kind)),
        "{seen:?}"
    );
}

#[test]
fn what_is_no_message_is_refused() {
    let header = |destination: u8, message_type: u32| {
        let mut header = vec![destination, 0, 0, 0];
        header.extend(message_type.to_le_bytes());
        header.extend([7; 32]);
        header
    };
    let refused = |bytes: Vec<u8>| decode(&bytes.into()).unwrap_err();
    assert_eq!(refused(vec![1; 39]), MessageError::Truncated);
    assert_eq!(refused(header(3, 0x0004_1004)), MessageError::Destination(3));
    assert!(matches!(refused(header(1, 0x0002_1005)), MessageError::Decode(_)));
    let with = |message_type, body: &str| [header(1, message_type), body.as_bytes().to_vec()].concat();
    for (message_type, body, property) in [
        (0x0002_1005, "<Nil/>", "RunspaceState"),
        (0x0002_1005, "<Obj><MS><I32 N=\"RunspaceState\">99</I32></MS></Obj>", "RunspaceState"),
        (0x0001_0002, "<Obj><MS><S N=\"protocolversion\">2.3</S></MS></Obj>", "protocolversion"),
        (0x0001_0006, "<Obj><MS><S N=\"EncryptedSessionKey\">AAAA</S></MS></Obj>", "EncryptedSessionKey"),
        (0x0001_0005, "<Obj><MS><S N=\"PublicKey\">*</S></MS></Obj>", "PublicKey"),
        (0x0002_1006, "<Obj><MS><I32 N=\"PowerShell\">1</I32></MS></Obj>", "Cmd"),
    ] {
        let error = refused(with(message_type, body));
        assert!(matches!(error, MessageError::Property { .. }), "{property}: {error}");
    }
    // A type that nobody has seen yet is carried, not refused.
    let unknown = decode(&with(0x0009_9999, "anything").into()).unwrap();
    assert_eq!((unknown.destination, unknown.body), (Destination::Client, Body::Unknown(0x0009_9999)));
}
