//! The form of PowerShell's out-of-process sessions: a line for each packet.

use std::borrow::Cow;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use uuid::Uuid;
use winrm_proto::psrp::{Channel, Priority};
use winrm_proto::xml::{Event, Limits, Namespace, Reader};

use super::{Half, Packet, Session};

pub(super) fn read(path: &Path) -> Session {
    let mut session = Session { packets: Vec::new(), key: None };
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let entry: Json = serde_json::from_str(line).unwrap();
        let text = entry["line"].as_str().unwrap();
        match entry["from"].as_str().unwrap() {
            "key" => session.key = Some(hexadecimal(text)),
            "client" => session.packets.extend(packet(text).map(|packet| (Half::Client, packet))),
            "server" => session.packets.extend(packet(text).map(|packet| (Half::Server, packet))),
            other => panic!("{other}"),
        }
    }
    session
}

fn packet(line: &str) -> Option<Packet> {
    let mut reader = Reader::new(line.as_bytes(), &Limits::default()).unwrap();
    let Event::Start(element) = reader.read().unwrap() else { panic!("{line}") };
    let attribute = |name| element.attribute(Namespace::None, name).unwrap().map(Cow::into_owned);
    let id: Uuid = attribute("PSGuid").unwrap().parse().unwrap();
    let pipeline = (!id.is_nil()).then_some(id);
    Some(match (element.local(), pipeline) {
        ("Data", pipeline) => {
            let priority = match attribute("Stream").unwrap().as_str() {
                "PromptResponse" => Priority::PromptResponse,
                _ => Priority::Default,
            };
            let bytes = STANDARD.decode(reader.text_content().unwrap().as_bytes()).unwrap();
            Packet::Data { channel: Channel { pipeline, priority }, bytes }
        }
        ("Signal", Some(pipeline)) => Packet::Stop(pipeline),
        ("Close", None) => Packet::Close,
        // The rest is the transport's own: acknowledgements, and the announcement and the end of a pipeline.
        _ => return None,
    })
}

fn hexadecimal(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}
