use std::time::Duration;

use super::shell::text;
use crate::wsman::{Action, Error, Header, Request, Response, format_duration, open_child, parse_duration};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.16: leaves a shell running on its host, to be taken up again later. The host refuses it to a client
/// whose `SessionId` is not the one that the shell was created with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disconnect {
    /// How long the shell lives disconnected; the host's choice where absent.
    pub idle_timeout: Option<Duration>,
    /// What the host does with output while nobody takes it; its choice where absent.
    pub buffer_mode: Option<BufferMode>,
}

/// What happens to output of a disconnected shell that does not fit the host's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferMode {
    /// The command waits.
    Block,
    /// The oldest output is lost.
    Drop,
}

/// The answer to [`Disconnect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DisconnectResponse;

/// MS-WSMV 3.1.4.17: takes up a shell again that this client disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconnect;

/// The answer to [`Reconnect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconnectResponse;

impl Request for Disconnect {
    const ACTION: Action = Action::Disconnect;
    type Response = DisconnectResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Disconnect");
        text(writer, "rsp:IdleTimeOut", self.idle_timeout.map(format_duration).as_deref());
        text(writer, "rsp:BufferMode", self.buffer_mode.map(BufferMode::name));
        writer.end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "Disconnect")?;
        let mut request = Self::default();
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Shell, "IdleTimeOut") => {
                    let timeout = parse_duration(&body.text_content()?);
                    request.idle_timeout = Some(timeout.ok_or(Error::Invalid { name: "IdleTimeOut" })?);
                }
                (Namespace::Shell, "BufferMode") => {
                    let mode = BufferMode::parse(body.text_content()?.trim());
                    request.buffer_mode = Some(mode.ok_or(Error::Invalid { name: "BufferMode" })?);
                }
                _ => body.skip()?,
            }
        }
        Ok(request)
    }
}

impl Response for DisconnectResponse {
    const ACTION: Action = Action::DisconnectResponse;

    fn write(&self, _writer: &mut Writer) {}

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}

impl Request for Reconnect {
    const ACTION: Action = Action::Reconnect;
    type Response = ReconnectResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Reconnect").end();
    }

    /// Some clients leave the body empty, and Windows takes it.
    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}

impl Response for ReconnectResponse {
    const ACTION: Action = Action::ReconnectResponse;

    fn write(&self, _writer: &mut Writer) {}

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}

impl BufferMode {
    fn parse(name: &str) -> Option<Self> {
        [Self::Block, Self::Drop].into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }
}
