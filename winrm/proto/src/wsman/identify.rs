//! DSP0226 section 11: what a service is, asked without authentication where the host allows it.

use bytes::Bytes;

use super::{Action, Error, Header, Request, Response, envelope, open_child};
use crate::xml::{Namespace, Reader, WriteError, Writer};

/// DSP0226 section 11, `wsmid:Identify`. It travels without a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identify;

/// DSP0226 section 11, `wsmid:IdentifyResponse`. Windows hides version and vendor from anyone unauthenticated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentifyResponse {
    /// The protocol, `http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd`.
    pub protocol_version: Option<String>,
    /// For example `Microsoft Corporation`.
    pub product_vendor: Option<String>,
    /// For example `OS: 10.0.20348 SP: 0.0 Stack: 3.0`.
    pub product_version: Option<String>,
    /// URIs of the authentication schemes that the service names.
    pub security_profiles: Vec<String>,
}

impl Identify {
    /// The envelope.
    ///
    /// # Errors
    /// None in practice: the envelope holds no value of ours.
    pub fn envelope() -> Result<Bytes, WriteError> {
        envelope::write(&Header::default(), |writer| Self.write(writer))
    }
}

impl IdentifyResponse {
    /// The envelope of this answer, which has no header either.
    ///
    /// # Errors
    /// [`WriteError::ForbiddenCharacter`].
    pub fn envelope(&self) -> Result<Bytes, WriteError> {
        envelope::write(&Header::default(), |writer| Response::write(self, writer))
    }
}

impl Request for Identify {
    const ACTION: Action = Action::Other(std::borrow::Cow::Borrowed(
        "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity/Identify",
    ));
    type Response = IdentifyResponse;

    fn write(&self, writer: &mut Writer) {
        writer.start("wsmid:Identify").attribute("xmlns:wsmid", Namespace::Identity.uri()).end();
    }

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Identity, "Identify")?;
        body.skip()?;
        Ok(Self)
    }
}

impl Response for IdentifyResponse {
    const ACTION: Action = Action::Other(std::borrow::Cow::Borrowed(
        "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity/IdentifyResponse",
    ));

    fn write(&self, writer: &mut Writer) {
        writer.start("wsmid:IdentifyResponse").attribute("xmlns:wsmid", Namespace::Identity.uri());
        let texts = [
            ("wsmid:ProtocolVersion", &self.protocol_version),
            ("wsmid:ProductVendor", &self.product_vendor),
            ("wsmid:ProductVersion", &self.product_version),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                writer.element(name, text);
            }
        }
        if !self.security_profiles.is_empty() {
            writer.start("wsmid:SecurityProfiles");
            for profile in &self.security_profiles {
                writer.element("wsmid:SecurityProfileName", profile);
            }
            writer.end();
        }
        writer.end();
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        open_child(body, Namespace::Identity, "IdentifyResponse")?;
        let mut response = Self::default();
        while let Some(element) = body.child()? {
            match element.name() {
                (Namespace::Identity, "ProtocolVersion") => {
                    response.protocol_version = Some(body.trimmed_content()?);
                }
                (Namespace::Identity, "ProductVendor") => {
                    response.product_vendor = Some(body.trimmed_content()?);
                }
                (Namespace::Identity, "ProductVersion") => {
                    response.product_version = Some(body.trimmed_content()?);
                }
                (Namespace::Identity, "SecurityProfiles") => response.security_profiles = profiles(body)?,
                _ => body.skip()?,
            }
        }
        Ok(response)
    }
}

fn profiles(reader: &mut Reader<'_>) -> Result<Vec<String>, Error> {
    let mut profiles = Vec::new();
    while reader.child()?.is_some() {
        profiles.push(reader.trimmed_content()?);
    }
    Ok(profiles)
}
