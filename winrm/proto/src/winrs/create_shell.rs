use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::list::Listed;
use super::shell::text;
use super::{Environment, Shell, ShellId, ShellReference, StreamSet, identifier};
use crate::wsman::{
    Action, Error, Header, MustComply, Request, ResourceUri, Response, SelectorSet, format_duration,
    open_child, parse_duration,
};
use crate::xml::{Element, Namespace, Reader, Writer};

/// MS-WSMV 3.1.4.5.2: creates a shell.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CreateShell {
    /// An identifier that the client chooses; PowerShell shells need one, and hosts before protocol 2.2 refuse it.
    pub shell_id: Option<ShellId>,
    /// A name for people, seen when shells are listed.
    pub name: Option<String>,
    /// What the client will send.
    pub input_streams: StreamSet,
    /// What the client will receive.
    pub output_streams: StreamSet,
    /// The directory that commands start in.
    pub working_directory: Option<String>,
    /// Environment variables, in order.
    pub environment: Environment,
    /// How long the shell lives without a request.
    pub idle_timeout: Option<Duration>,
    /// How long the shell lives at all.
    pub lifetime: Option<Duration>,
    /// Whether the user's registry hive is loaded: `WINRS_NOPROFILE`.
    pub profile: Option<Profile>,
    /// The console's code page, `WINRS_CODEPAGE`: 65001 is UTF-8.
    pub codepage: Option<u32>,
    /// PSRP's `protocolversion`, which the host must comply with.
    pub protocol_version: Option<String>,
    /// PSRP's first fragments, `creationXml`.
    pub creation_xml: Option<Bytes>,
}

/// Whether the user's profile is loaded for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The profile is loaded.
    Load,
    /// The shell starts without it.
    Skip,
}

/// The answer to [`CreateShell`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateShellResponse {
    /// The new shell, as every request must name it.
    pub shell: ShellReference,
    /// What the host tells about it; OMI and the first stack tell nothing.
    pub description: Option<Shell>,
}

impl CreateShell {
    /// A command shell with streams of bytes, UTF-8 and no profile.
    #[must_use]
    pub fn cmd() -> Self {
        Self {
            input_streams: StreamSet::parse("stdin"),
            output_streams: StreamSet::parse("stdout stderr"),
            profile: Some(Profile::Skip),
            codepage: Some(65001),
            ..Self::default()
        }
    }

    /// A PowerShell shell, which begins with PSRP's `creation_xml` and speaks `protocol_version`.
    #[must_use]
    pub fn powershell(shell_id: ShellId, protocol_version: &str, creation_xml: Bytes) -> Self {
        Self {
            shell_id: Some(shell_id),
            input_streams: StreamSet::parse("stdin pr"),
            output_streams: StreamSet::parse("stdout"),
            protocol_version: Some(protocol_version.to_owned()),
            creation_xml: Some(creation_xml),
            ..Self::default()
        }
    }

    fn read_element(&mut self, element: &Element<'_>, reader: &mut Reader<'_>) -> Result<(), Error> {
        match element.name() {
            (Namespace::Shell, "InputStreams") => {
                self.input_streams = StreamSet::parse(&reader.text_content()?);
            }
            (Namespace::Shell, "OutputStreams") => {
                self.output_streams = StreamSet::parse(&reader.text_content()?);
            }
            (Namespace::Shell, "Name") => self.name = Some(reader.trimmed_content()?),
            (Namespace::Shell, "WorkingDirectory") => {
                self.working_directory = Some(reader.trimmed_content()?);
            }
            (Namespace::Shell, "Environment") => self.environment = Environment::read(reader)?,
            (Namespace::Shell, "IdleTimeOut") => self.idle_timeout = Some(duration(reader, "IdleTimeOut")?),
            (Namespace::Shell, "Lifetime") => self.lifetime = Some(duration(reader, "Lifetime")?),
            (Namespace::PowerShell, "creationXml") => {
                self.creation_xml = Some(Bytes::from(reader.base64_content()?));
            }
            _ => reader.skip()?,
        }
        Ok(())
    }

    fn read_options(&mut self, header: &Header) -> Result<(), Error> {
        self.profile = header.options.is_true(NO_PROFILE).map(|skip| match skip {
            true => Profile::Skip,
            false => Profile::Load,
        });
        self.codepage = match header.options.value(CODEPAGE) {
            Some(codepage) => Some(codepage.parse().map_err(|_| Error::Invalid { name: CODEPAGE })?),
            None => None,
        };
        self.protocol_version = header.options.value(PROTOCOL_VERSION).map(str::to_owned);
        Ok(())
    }
}

/// Shows how much `creation_xml` there is, not what it says: it holds what the caller gives to a PowerShell session.
impl fmt::Debug for CreateShell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateShell")
            .field("shell_id", &self.shell_id)
            .field("name", &self.name)
            .field("input_streams", &self.input_streams)
            .field("output_streams", &self.output_streams)
            .field("working_directory", &self.working_directory)
            .field("environment", &self.environment)
            .field("idle_timeout", &self.idle_timeout)
            .field("lifetime", &self.lifetime)
            .field("profile", &self.profile)
            .field("codepage", &self.codepage)
            .field("protocol_version", &self.protocol_version)
            .field("creation_xml", &self.creation_xml.as_ref().map(Bytes::len))
            .finish()
    }
}

impl Request for CreateShell {
    const ACTION: Action = Action::Create;
    type Response = CreateShellResponse;

    fn describe(&self, header: &mut Header) {
        if let Some(version) = &self.protocol_version {
            header.options.insert(PROTOCOL_VERSION, version, MustComply::Yes);
        }
        match self.profile {
            Some(Profile::Skip) => header.options.add(NO_PROFILE, "TRUE"),
            Some(Profile::Load) => header.options.add(NO_PROFILE, "FALSE"),
            None => {}
        }
        if let Some(codepage) = self.codepage {
            header.options.add(CODEPAGE, &codepage.to_string());
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.start("rsp:Shell");
        if let Some(shell_id) = &self.shell_id {
            writer.attribute("ShellId", shell_id.as_str());
        }
        writer.element("rsp:InputStreams", &self.input_streams.names());
        writer.element("rsp:OutputStreams", &self.output_streams.names());
        self.environment.write(writer);
        text(writer, "rsp:IdleTimeOut", self.idle_timeout.map(format_duration).as_deref());
        text(writer, "rsp:Lifetime", self.lifetime.map(format_duration).as_deref());
        text(writer, "rsp:Name", self.name.as_deref());
        text(writer, "rsp:WorkingDirectory", self.working_directory.as_deref());
        if let Some(creation_xml) = &self.creation_xml {
            writer
                .start("creationXml")
                .attribute("xmlns", Namespace::PowerShell.uri())
                .base64(creation_xml)
                .end();
        }
        writer.end();
    }

    fn read(header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        let mut request = Self::default();
        request.read_options(header)?;
        let shell = open_child(body, Namespace::Shell, "Shell")?;
        if let Some(id) = shell.attribute(Namespace::None, "ShellId")? {
            request.shell_id = Some(ShellId::parse(&id).map_err(|_| Error::Invalid { name: "ShellId" })?);
        }
        while let Some(element) = body.child()? {
            request.read_element(&element, body)?;
        }
        Ok(request)
    }
}

impl Response for CreateShellResponse {
    const ACTION: Action = Action::CreateResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("x:ResourceCreated");
        writer.element("a:Address", crate::wsman::ANONYMOUS);
        writer.start("a:ReferenceParameters");
        writer.element("w:ResourceURI", self.shell.resource_uri.as_str());
        self.shell.target().selectors.write(writer);
        writer.end().end();
        if let Some(description) = &self.description {
            description.write(writer);
        }
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        let mut created = None;
        let mut description = None;
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Transfer, "ResourceCreated") => created = Some(read_created(body)?),
                (Namespace::Shell, "Shell") => description = Some(Shell::read(body)?),
                _ => body.skip()?,
            }
        }
        let (resource_uri, selectors) = created.unwrap_or_default();
        let described = description.as_ref();
        let selected = selectors.value(identifier::SHELL_ID).and_then(|id| ShellId::parse(id).ok());
        let shell_id = selected.or_else(|| described?.shell_id.clone());
        let resource_uri = resource_uri.or_else(|| described?.resource_uri.clone());
        let shell = ShellReference {
            shell_id: shell_id.ok_or(Error::Missing { name: "ShellId" })?,
            resource_uri: resource_uri.ok_or(Error::Missing { name: "ResourceURI" })?,
        };
        Ok(Self { shell, description })
    }
}

const NO_PROFILE: &str = "WINRS_NOPROFILE";
const CODEPAGE: &str = "WINRS_CODEPAGE";
pub(super) const PROTOCOL_VERSION: &str = "protocolversion";

fn duration(reader: &mut Reader<'_>, name: &'static str) -> Result<Duration, Error> {
    parse_duration(&reader.text_content()?).ok_or(Error::Invalid { name })
}

/// The reference that `x:ResourceCreated` holds.
fn read_created(reader: &mut Reader<'_>) -> Result<(Option<ResourceUri>, SelectorSet), Error> {
    let mut reference = (None, SelectorSet::new());
    while let Some(element) = reader.child()? {
        if element.name() != (Namespace::Addressing, "ReferenceParameters") {
            reader.skip()?;
            continue;
        }
        while let Some(parameter) = reader.child()? {
            match parameter.name() {
                (Namespace::WsMan, "ResourceURI") => {
                    reference.0 = ResourceUri::parse(&reader.text_content()?).ok();
                }
                (Namespace::WsMan, "SelectorSet") => reference.1 = SelectorSet::read(reader)?,
                _ => reader.skip()?,
            }
        }
    }
    Ok(reference)
}
