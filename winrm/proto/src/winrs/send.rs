use super::Stream;
use crate::wsman::{Action, Error, Header, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.13: gives input to a command or shell. One at a time: the host keeps no order between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The input, in order.
    pub streams: Vec<Stream>,
}

/// The answer to [`Send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendResponse;

impl Request for Send {
    const ACTION: Action = Action::Send;
    type Response = SendResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Send");
        for stream in &self.streams {
            stream.write(writer);
        }
        writer.end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "Send")?;
        let mut streams = Vec::new();
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::Shell, "Stream") {
                streams.push(Stream::read(&element, body)?);
            } else {
                body.skip()?;
            }
        }
        Ok(Self { streams })
    }
}

impl Response for SendResponse {
    const ACTION: Action = Action::SendResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:SendResponse").end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "SendResponse")?;
        body.skip()?;
        Ok(Self)
    }
}
