use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::CommandId;
use crate::wsman::{Error, is_true};
use crate::xml::{Element, Namespace, Reader, Writer};

/// The name of a stream of a shell or command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StreamName {
    /// Input.
    Stdin,
    /// Output.
    Stdout,
    /// Output of errors.
    Stderr,
    /// Answers to host calls of a PowerShell shell.
    PromptResponse,
    /// Any other stream.
    Other(Box<str>),
}

/// Streams, in order; in messages their names are separated by white space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamSet(Vec<StreamName>);

/// MS-WSMV 2.2.4.38, `rsp:Stream`: a piece of a stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Stream {
    /// Which stream.
    pub name: StreamName,
    /// The command it belongs to; absent for a stream of the shell, and from some hosts always.
    pub command_id: Option<CommandId>,
    /// The bytes.
    pub data: Bytes,
    /// Whether more may follow.
    pub end: StreamEnd,
}

/// Whether a piece of a stream is its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamEnd {
    /// More may follow.
    #[default]
    Open,
    /// Nothing follows.
    Closed,
}

impl StreamName {
    /// The stream with this name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name.trim() {
            "stdin" => Self::Stdin,
            "stdout" => Self::Stdout,
            "stderr" => Self::Stderr,
            "pr" => Self::PromptResponse,
            other => Self::Other(other.into()),
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stdin => "stdin",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::PromptResponse => "pr",
            Self::Other(name) => name,
        }
    }
}

impl StreamSet {
    /// The streams with these names, separated by white space.
    #[must_use]
    pub fn parse(names: &str) -> Self {
        Self(names.split_whitespace().map(StreamName::parse).collect())
    }

    /// The streams in order.
    pub fn iter(&self) -> impl Iterator<Item = &StreamName> {
        self.0.iter()
    }

    /// Whether the stream is among them.
    #[must_use]
    pub fn contains(&self, name: &StreamName) -> bool {
        self.0.contains(name)
    }

    /// The names, separated by spaces.
    #[must_use]
    pub fn names(&self) -> String {
        self.0.iter().map(StreamName::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<StreamName> for StreamSet {
    fn from_iter<I: IntoIterator<Item = StreamName>>(streams: I) -> Self {
        Self(streams.into_iter().collect())
    }
}

/// Shows how much data there is, not what it says: input and output may hold secrets.
impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stream")
            .field("name", &self.name)
            .field("command_id", &self.command_id)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("end", &self.end)
            .finish()
    }
}

impl Stream {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Stream").attribute("Name", self.name.as_str());
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        if self.end == StreamEnd::Closed {
            writer.attribute("End", "true");
        }
        writer.base64(&self.data).end();
    }

    /// Reads the content of the `rsp:Stream` that was just opened.
    pub(super) fn read(element: &Element<'_>, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let name =
            element.attribute(Namespace::None, "Name")?.ok_or(Error::Missing { name: "Stream/@Name" })?;
        let end = match element.attribute(Namespace::None, "End")? {
            Some(end) if is_true(&end) => StreamEnd::Closed,
            _ => StreamEnd::Open,
        };
        Ok(Self {
            name: StreamName::parse(&name),
            command_id: command_id(element)?,
            data: Bytes::from(reader.base64_content()?),
            end,
        })
    }
}

/// The `CommandId` attribute; an empty one is none.
pub(super) fn command_id(element: &Element<'_>) -> Result<Option<CommandId>, Error> {
    let id = element.attribute(Namespace::None, "CommandId")?.unwrap_or(Cow::Borrowed(""));
    if id.trim().is_empty() {
        return Ok(None);
    }
    CommandId::parse(&id).map(Some).map_err(|_| Error::Invalid { name: "CommandId" })
}
