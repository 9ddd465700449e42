use bytes::Bytes;

use super::{CommandId, StreamSet, create_shell, stream};
use crate::wsman::{Action, Error, Header, MustComply, Request, Response, open_child};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.15: takes over a shell, or a command in it, that another client left disconnected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connect {
    /// The command; absent for the shell itself.
    pub command_id: Option<CommandId>,
    /// PSRP's `protocolversion`, which the host must comply with.
    pub protocol_version: Option<String>,
    /// PSRP's first fragments, `connectXml`.
    pub connect_xml: Option<Bytes>,
}

/// The answer to [`Connect`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectResponse {
    /// What may be sent.
    pub input_streams: StreamSet,
    /// What may be received.
    pub output_streams: StreamSet,
    /// PSRP's first fragments of the host, `connectResponseXml`.
    pub connect_response_xml: Option<Bytes>,
}

impl Request for Connect {
    const ACTION: Action = Action::Connect;
    type Response = ConnectResponse;

    fn describe(&self, header: &mut Header) {
        if let Some(version) = &self.protocol_version {
            header.options.insert(create_shell::PROTOCOL_VERSION, version, MustComply::Yes);
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Connect");
        if let Some(command_id) = &self.command_id {
            writer.attribute("CommandId", command_id.as_str());
        }
        if let Some(connect_xml) = &self.connect_xml {
            writer
                .start("connectXml")
                .attribute("xmlns", Namespace::PowerShell.uri())
                .base64(connect_xml)
                .end();
        }
        writer.end();
    }

    fn read(header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        let connect = open_child(body, Namespace::Shell, "Connect")?;
        let mut request = Self {
            command_id: stream::command_id(&connect)?,
            protocol_version: header.options.value(create_shell::PROTOCOL_VERSION).map(str::to_owned),
            connect_xml: None,
        };
        while let Some(element) = body.child()? {
            if element.name() == (Namespace::PowerShell, "connectXml") {
                request.connect_xml = Some(Bytes::from(body.base64_content()?));
            } else {
                body.skip()?;
            }
        }
        Ok(request)
    }
}

impl Response for ConnectResponse {
    const ACTION: Action = Action::ConnectResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:ConnectResponse");
        for (name, streams) in
            [("rsp:InputStreams", &self.input_streams), ("rsp:OutputStreams", &self.output_streams)]
        {
            if streams.iter().next().is_some() {
                writer.element(name, &streams.names());
            }
        }
        if let Some(xml) = &self.connect_response_xml {
            writer
                .start("connectResponseXml")
                .attribute("xmlns", Namespace::PowerShell.uri())
                .base64(xml)
                .end();
        }
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Shell, "ConnectResponse")?;
        let mut response = Self::default();
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Shell, "InputStreams") => {
                    response.input_streams = StreamSet::parse(&body.text_content()?);
                }
                (Namespace::Shell, "OutputStreams") => {
                    response.output_streams = StreamSet::parse(&body.text_content()?);
                }
                (Namespace::PowerShell, "connectResponseXml") => {
                    response.connect_response_xml = Some(Bytes::from(body.base64_content()?));
                }
                _ => body.skip()?,
            }
        }
        Ok(response)
    }
}
