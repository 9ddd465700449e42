use std::time::Duration;

use super::list::Listed;
use super::{Environment, ShellId, StreamSet};
use crate::wsman::{Error, ResourceUri, format_duration, parse_duration};
use crate::xml::{Namespace, Reader, Writer};

/// MS-WSMV 2.2.4.37, `rsp:Shell` as a host describes it; old hosts leave most of it out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shell {
    /// The shell's identifier.
    pub shell_id: Option<ShellId>,
    /// The name that its client gave it.
    pub name: Option<String>,
    /// The resource it was created as.
    pub resource_uri: Option<ResourceUri>,
    /// The account that it runs as.
    pub owner: Option<String>,
    /// The address its client came from.
    pub client_ip: Option<String>,
    /// Its process on the host.
    pub process_id: Option<u32>,
    /// The directory that commands start in.
    pub working_directory: Option<String>,
    /// Environment variables, in document order.
    pub environment: Environment,
    /// How long it lives without a request.
    pub idle_timeout: Option<Duration>,
    /// The largest idle timeout that the host grants.
    pub max_idle_timeout: Option<Duration>,
    /// What may be sent to it.
    pub input_streams: StreamSet,
    /// What may be received from it.
    pub output_streams: StreamSet,
    /// `Connected` or `Disconnected`.
    pub state: Option<String>,
    /// How long it has run.
    pub run_time: Option<Duration>,
    /// How long since its last request.
    pub inactivity: Option<Duration>,
}

impl Listed for Shell {
    const NAME: &'static str = "Shell";

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Shell");
        text(writer, "rsp:ShellId", self.shell_id.as_ref().map(ShellId::as_str));
        text(writer, "rsp:Name", self.name.as_deref());
        text(writer, "rsp:ResourceUri", self.resource_uri.as_ref().map(ResourceUri::as_str));
        text(writer, "rsp:Owner", self.owner.as_deref());
        text(writer, "rsp:ClientIP", self.client_ip.as_deref());
        text(writer, "rsp:ProcessId", self.process_id.map(|id| id.to_string()).as_deref());
        self.environment.write(writer);
        text(writer, "rsp:WorkingDirectory", self.working_directory.as_deref());
        text(writer, "rsp:IdleTimeOut", self.idle_timeout.map(format_duration).as_deref());
        writer.element("rsp:InputStreams", &self.input_streams.names());
        writer.element("rsp:OutputStreams", &self.output_streams.names());
        text(writer, "rsp:MaxIdleTimeOut", self.max_idle_timeout.map(format_duration).as_deref());
        text(writer, "rsp:State", self.state.as_deref());
        text(writer, "rsp:ShellRunTime", self.run_time.map(format_duration).as_deref());
        text(writer, "rsp:ShellInactivity", self.inactivity.map(format_duration).as_deref());
        writer.end();
    }

    /// Reads the children of the `rsp:Shell` that was just opened. What a host says about a shell is a report, so a
    /// value that makes no sense is left out rather than refused.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut shell = Self::default();
        while let Some(element) = reader.child()? {
            match element.name() {
                (Namespace::Shell, "Environment") => shell.environment = Environment::read(reader)?,
                (Namespace::Shell, name) => shell.set(name, reader.text_content()?.trim()),
                _ => reader.skip()?,
            }
        }
        Ok(shell)
    }
}

impl Shell {
    fn set(&mut self, name: &str, value: &str) {
        match name {
            "ShellId" => self.shell_id = ShellId::parse(value).ok(),
            "Name" => self.name = Some(value.to_owned()),
            "ResourceUri" => self.resource_uri = ResourceUri::parse(value).ok(),
            "Owner" => self.owner = Some(value.to_owned()),
            "ClientIP" => self.client_ip = Some(value.to_owned()),
            "ProcessId" => self.process_id = value.parse().ok(),
            "WorkingDirectory" => self.working_directory = Some(value.to_owned()),
            "IdleTimeOut" => self.idle_timeout = parse_duration(value),
            "MaxIdleTimeOut" => self.max_idle_timeout = parse_duration(value),
            "InputStreams" => self.input_streams = StreamSet::parse(value),
            "OutputStreams" => self.output_streams = StreamSet::parse(value),
            "State" => self.state = Some(value.to_owned()),
            "ShellRunTime" => self.run_time = parse_duration(value),
            "ShellInactivity" => self.inactivity = parse_duration(value),
            _ => {}
        }
    }
}

pub(super) fn text(writer: &mut Writer, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        writer.element(name, value);
    }
}
