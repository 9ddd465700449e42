use std::time::Duration;

use super::{
    Action, Error, Locale, MessageId, OptionSet, ResourceUri, SelectorSet, SessionId, envelope::is_true,
    format_duration, parse_duration,
};
use crate::xml::{Element, Namespace, Reader, Writer};

/// The SOAP header of a message (MS-WSMV 2.2.4, DSP0226 section 5.4).
///
/// Whatever a peer left out is `None`. A header that names a resource is a request's; it is written with a `ReplyTo`
/// that asks for the answer on the same connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// `wsa:Action`.
    pub action: Option<Action>,
    /// `wsa:MessageID`.
    pub message_id: Option<MessageId>,
    /// `wsa:RelatesTo`: the request that this message answers.
    pub relates_to: Option<MessageId>,
    /// `wsa:To`: the URL of the service, or [`ANONYMOUS`] in an answer.
    pub to: Option<String>,
    /// `w:ResourceURI`.
    pub resource_uri: Option<ResourceUri>,
    /// `w:SelectorSet`.
    pub selectors: SelectorSet,
    /// `w:OptionSet`.
    pub options: OptionSet,
    /// `w:OperationTimeout`.
    pub operation_timeout: Option<Duration>,
    /// `w:MaxEnvelopeSize`: the largest answer, in bytes.
    pub max_envelope_size: Option<u32>,
    /// `w:Locale`: the language of messages.
    pub locale: Option<Locale>,
    /// `p:DataLocale`: the format of numbers and times.
    pub data_locale: Option<Locale>,
    /// `p:SessionId`.
    pub session_id: Option<SessionId>,
}

impl Header {
    /// The header of an answer to this request.
    #[must_use]
    pub fn response(&self, action: Action, message_id: MessageId) -> Self {
        Self {
            action: Some(action),
            message_id: Some(message_id),
            relates_to: self.message_id.clone(),
            to: Some(ANONYMOUS.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.start("s:Header");
        self.write_addressing(writer);
        self.write_management(writer);
        self.options.write(writer);
        self.selectors.write(writer);
        writer.end();
    }

    fn write_addressing(&self, writer: &mut Writer) {
        if let Some(action) = &self.action {
            understood(writer.start("a:Action")).text(action.uri()).end();
        }
        if let Some(message_id) = &self.message_id {
            writer.element("a:MessageID", message_id.as_str());
        }
        if let Some(to) = &self.to {
            writer.element("a:To", to);
        }
        if let Some(relates_to) = &self.relates_to {
            writer.element("a:RelatesTo", relates_to.as_str());
        }
        if self.resource_uri.is_some() {
            understood(writer.start("a:ReplyTo").start("a:Address")).text(ANONYMOUS).end().end();
        }
    }

    fn write_management(&self, writer: &mut Writer) {
        if let Some(resource_uri) = &self.resource_uri {
            understood(writer.start("w:ResourceURI")).text(resource_uri.as_str()).end();
        }
        if let Some(size) = self.max_envelope_size {
            understood(writer.start("w:MaxEnvelopeSize")).text(&size.to_string()).end();
        }
        if let Some(timeout) = self.operation_timeout {
            writer.element("w:OperationTimeout", &format_duration(timeout));
        }
        if let Some(locale) = &self.locale {
            not_understood(writer.start("w:Locale")).attribute("xml:lang", locale.as_str()).end();
        }
        if let Some(locale) = &self.data_locale {
            not_understood(writer.start("p:DataLocale")).attribute("xml:lang", locale.as_str()).end();
        }
        if let Some(session_id) = &self.session_id {
            not_understood(writer.start("p:SessionId")).text(session_id.as_str()).end();
        }
    }

    /// Reads the children of the `s:Header` that was just opened; headers we do not know are passed over. What is odd is
    /// named beside the result, so that a host can still answer with a fault.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<(Self, Oddities), Error> {
        let mut header = Self::default();
        let mut oddities = Oddities::default();
        while let Some(element) = reader.child()? {
            if oddities.not_understood.is_none() && !is_known(&element) && must_be_understood(&element)? {
                oddities.not_understood = Some(element.local().chars().take(MAX_NAME).collect());
            }
            match header.read_block(&element, reader) {
                Err(Error::Invalid { name }) => oddities.invalid = oddities.invalid.or(Some(name)),
                outcome => outcome?,
            }
        }
        Ok((header, oddities))
    }

    fn read_block(&mut self, element: &Element<'_>, reader: &mut Reader<'_>) -> Result<(), Error> {
        match element.name() {
            (Namespace::Addressing, "Action") => {
                self.action = Some(Action::from_uri(&reader.text_content()?));
            }
            (Namespace::Addressing, "MessageID") => self.message_id = message_id(reader, "MessageID")?,
            (Namespace::Addressing, "RelatesTo") => self.relates_to = message_id(reader, "RelatesTo")?,
            (Namespace::Addressing, "To") => self.to = Some(reader.trimmed_content()?),
            (Namespace::WsMan, "ResourceURI") => {
                let uri = ResourceUri::parse(&reader.text_content()?).ok();
                self.resource_uri = Some(uri.ok_or(Error::Invalid { name: "ResourceURI" })?);
            }
            (Namespace::WsMan, "SelectorSet") => self.selectors = SelectorSet::read(reader)?,
            (Namespace::WsMan, "OptionSet") => self.options = OptionSet::read(reader)?,
            (Namespace::WsMan, "OperationTimeout") => {
                let timeout = parse_duration(&reader.text_content()?);
                self.operation_timeout = Some(timeout.ok_or(Error::Invalid { name: "OperationTimeout" })?);
            }
            (Namespace::WsMan, "MaxEnvelopeSize") => {
                let size = reader.text_content()?.trim().parse().ok();
                self.max_envelope_size = Some(size.ok_or(Error::Invalid { name: "MaxEnvelopeSize" })?);
            }
            (Namespace::WsMan, "Locale") => self.locale = language(element, reader)?,
            (Namespace::WsManMicrosoft, "DataLocale") => self.data_locale = language(element, reader)?,
            (Namespace::WsManMicrosoft, "SessionId") => {
                let id = SessionId::parse(&reader.text_content()?).ok();
                self.session_id = Some(id.ok_or(Error::Invalid { name: "SessionId" })?);
            }
            _ => reader.skip()?,
        }
        Ok(())
    }
}

/// What is wrong in a header that can be read all the same.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    /// A block whose value cannot be; it was left out.
    pub(super) invalid: Option<&'static str>,
    /// A block that nobody here knows and that has to be understood.
    pub(super) not_understood: Option<String>,
}

impl Oddities {
    pub(super) fn understood(&self) -> Result<(), Error> {
        let Some(name) = self.not_understood.clone() else { return Ok(()) };
        Err(Error::NotUnderstood { name })
    }
}

/// Whether a block is one that is read, or whose meaning is that of every message here: `ReplyTo` and its like name the
/// other end of the connection.
fn is_known(block: &Element<'_>) -> bool {
    match block.name() {
        (Namespace::Addressing, name) => {
            matches!(name, "Action" | "MessageID" | "RelatesTo" | "To" | "From" | "ReplyTo" | "FaultTo")
        }
        (Namespace::WsMan, name) => matches!(
            name,
            "ResourceURI" | "SelectorSet" | "OptionSet" | "OperationTimeout" | "MaxEnvelopeSize" | "Locale"
        ),
        (Namespace::WsManMicrosoft, name) => matches!(name, "DataLocale" | "SessionId"),
        _ => false,
    }
}

/// SOAP 1.2 part 1 section 5.2: whether a block is mandatory, and meant for who reads it rather than for a node on the way.
fn must_be_understood(block: &Element<'_>) -> Result<bool, Error> {
    let is_mandatory =
        block.attribute(Namespace::Soap, "mustUnderstand")?.is_some_and(|value| is_true(&value));
    let is_ours =
        block.attribute(Namespace::Soap, "role")?.is_none_or(|role| OUR_ROLES.contains(&role.trim()));
    Ok(is_mandatory && is_ours)
}

/// WS-Addressing: the peer at the other end of this connection.
pub const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

/// An empty identifier is none: some stacks write `<a:RelatesTo/>` in answer to a message without one.
fn message_id(reader: &mut Reader<'_>, name: &'static str) -> Result<Option<MessageId>, Error> {
    let text = reader.text_content()?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    MessageId::parse(&text).map(Some).map_err(|_| Error::Invalid { name })
}

fn language(element: &Element<'_>, reader: &mut Reader<'_>) -> Result<Option<Locale>, Error> {
    let locale = element.attribute(Namespace::Xml, "lang")?.and_then(|tag| Locale::parse(&tag).ok());
    reader.skip()?;
    Ok(locale)
}

fn understood(writer: &mut Writer) -> &mut Writer {
    writer.attribute("s:mustUnderstand", "true")
}

fn not_understood(writer: &mut Writer) -> &mut Writer {
    writer.attribute("s:mustUnderstand", "false")
}

/// SOAP 1.2 part 1 section 2.2: who receives a message in the end, and every node; an empty role is the first.
const OUR_ROLES: [&str; 3] = [
    "",
    "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
    "http://www.w3.org/2003/05/soap-envelope/role/next",
];
const MAX_NAME: usize = 60;
