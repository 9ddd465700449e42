//! The form of recordings over WS-Management: fragments in the bodies of requests and responses.

use std::collections::HashMap;
use std::path::Path;

use uuid::Uuid;
use winrm_proto::psrp::{Channel, Priority};
use winrm_proto::xml::{Event, Limits, Namespace, Reader};

use super::{Half, Packet, Session};

/// The sessions in a recording, one for each shell that carries fragments.
pub(super) fn read(path: &Path) -> Vec<Session> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut shells: Vec<(String, Session)> = Vec::new();
    let mut names = HashMap::new();
    let (mut shell, mut powershell) = (String::new(), false);
    for envelope in envelopes(&text) {
        let found = Found::read(&envelope);
        if let Some(of_request) = found.shell.clone() {
            shell = of_request;
        }
        powershell = found.powershell.unwrap_or(powershell);
        if !powershell {
            continue;
        }
        let packets = found.packets(&mut names);
        if packets.is_empty() {
            continue;
        }
        if shells.last().is_none_or(|(last, _)| *last != shell)
            && !shells.iter().any(|(known, _)| *known == shell)
        {
            shells.push((shell.clone(), Session { packets: Vec::new(), key: None }));
        }
        let (_, session) = shells.iter_mut().find(|(known, _)| *known == shell).unwrap();
        session.packets.extend(packets);
    }
    let has_data =
        |session: &Session| session.packets.iter().any(|(_, packet)| matches!(packet, Packet::Data { .. }));
    shells.into_iter().map(|(_, session)| session).filter(has_data).collect()
}

/// What matters to us in an envelope.
#[derive(Default)]
pub(super) struct Found {
    pub(super) action: String,
    pub(super) shell: Option<String>,
    pub(super) resource_uri: String,
    /// Whether the resource is a PowerShell endpoint; only requests say so.
    pub(super) powershell: Option<bool>,
    /// The command that the whole request is about.
    pub(super) command: Option<String>,
    /// Fragments, with the command and the name of the stream.
    streams: Vec<(Option<String>, String, Vec<u8>)>,
}

impl Found {
    pub(super) fn read(envelope: &str) -> Self {
        let mut found = Self::default();
        let mut reader =
            Reader::new(envelope.as_bytes(), &Limits { size: 1 << 30, ..Limits::default() }).unwrap();
        loop {
            let element = match reader.read().unwrap() {
                Event::Start(element) => element,
                Event::Eof => return found,
                Event::Text(_) | Event::End => continue,
            };
            let attribute =
                |name| element.attribute(Namespace::None, name).unwrap().map(|value| value.to_uppercase());
            match element.local() {
                "Action" => {
                    found.action = reader.text_content().unwrap().rsplit('/').next().unwrap().to_owned();
                }
                "ResourceURI" => {
                    found.resource_uri = reader.text_content().unwrap().into_owned();
                    found.powershell = Some(found.resource_uri.contains("/powershell/"));
                }
                "Selector" if attribute("Name").as_deref() == Some("SHELLID") => {
                    found.shell = Some(reader.text_content().unwrap().to_uppercase());
                }
                "Shell" => found.shell = attribute("ShellId").or(found.shell),
                "CommandLine" | "Signal" | "Connect" | "DesiredStream" => {
                    found.command = attribute("CommandId").or(found.command);
                }
                "Stream" => {
                    let (command, name) = (attribute("CommandId"), attribute("Name").unwrap_or_default());
                    found.streams.push((command, name, reader.base64_content().unwrap()));
                }
                "Arguments" | "creationXml" | "connectXml" | "connectResponseXml" => {
                    let command = found.command.clone().filter(|_| element.local() == "Arguments");
                    // A cmd shell has arguments too, which are not Base64.
                    let text = reader.text_content().unwrap();
                    if let Some(bytes) = fragments(&text) {
                        found.streams.push((command, "STDIN".to_owned(), bytes));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn packets(self, names: &mut HashMap<String, Uuid>) -> Vec<(Half, Packet)> {
        let half = if self.action.ends_with("Response") { Half::Server } else { Half::Client };
        let mut packets: Vec<_> = Vec::new();
        let stopped = |names: &HashMap<String, Uuid>| {
            self.command.as_ref().and_then(|command| names.get(command)).copied()
        };
        match self.action.as_str() {
            "Disconnect" => packets.push((half, Packet::Disconnect)),
            "Reconnect" => packets.push((half, Packet::Reconnect)),
            "Delete" => packets.push((half, Packet::Close)),
            "Signal" => packets.extend(stopped(names).map(|pipeline| (half, Packet::Stop(pipeline)))),
            "Connect" => packets.extend(stopped(names).map(|pipeline| (half, Packet::Attach(pipeline)))),
            _ => {}
        }
        for (command, name, bytes) in self.streams {
            let priority = if name == "PR" { Priority::PromptResponse } else { Priority::Default };
            let pipeline =
                command.map(|command| *names.entry(command).or_insert_with(|| pipeline_of(&bytes)));
            packets.push((half, Packet::Data { channel: Channel { pipeline, priority }, bytes }));
        }
        packets
    }
}

/// The pipeline that the first message is about: pypsrp writes its name into messages with another order of bytes than
/// into the request, so only the message says it.
fn pipeline_of(fragment: &[u8]) -> Uuid {
    Uuid::from_bytes_le(fragment[21 + 24..21 + 40].try_into().unwrap())
}

fn fragments(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    (bytes.len() > 21 + 40).then_some(bytes)
}

pub(super) fn envelopes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(":Envelope") {
        let (_, prefix) = before.rsplit_once('<').unwrap();
        let end_tag = format!("</{prefix}:Envelope>");
        let Some((envelope, after)) = after.split_once(&end_tag) else { break };
        found.push(format!("<{prefix}:Envelope{envelope}{end_tag}"));
        rest = after;
    }
    found
}
