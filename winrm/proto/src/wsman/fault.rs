//! SOAP faults with the detail that Windows and OMI add (MS-WSMV 2.2.4.43, DSP0226 section 14).

mod advice;
mod cause;
mod code;
mod detail;

use crate::xml::{Namespace, Reader, Writer};

pub use advice::{Advice, Retry};
pub use cause::Cause;
pub use code::{symbolic_name, symbolic_names};
pub use detail::{ProviderFault, WmiError, WsManFault};

use super::Error;

/// SOAP 1.2 section 5.4, `s:Fault`. Any part may be absent: proxies, OMI and old stacks leave out most of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// Who is at fault.
    pub code: Option<FaultCode>,
    /// The local name of `s:Subcode`, such as `TimedOut` or `AccessDenied`.
    pub subcode: Option<String>,
    /// `s:Reason`, in the first language given.
    pub reason: Option<String>,
    /// `w:FaultDetail`: a URI that says more than the subcode.
    pub fault_detail: Option<String>,
    /// Windows's own account.
    pub wsman: Option<WsManFault>,
    /// The account of WMI, which comes in place of `wsman` on newer hosts.
    pub wmi: Option<WmiError>,
}

/// SOAP 1.2 section 5.4.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The request is wrong.
    Sender,
    /// The host could not serve it.
    Receiver,
    /// The host does not know a header that it must understand.
    MustUnderstand,
    /// The envelope is not SOAP 1.2.
    VersionMismatch,
    /// The host does not know an encoding.
    DataEncodingUnknown,
}

impl Fault {
    /// A fault as a Windows host reports its own.
    #[must_use]
    pub fn new(code: FaultCode, subcode: &str, wsman_code: u32, machine: &str, message: &str) -> Self {
        Self {
            code: Some(code),
            subcode: Some(subcode.to_owned()),
            reason: Some(message.to_owned()),
            fault_detail: None,
            wsman: Some(WsManFault::new(wsman_code, machine, message)),
            wmi: None,
        }
    }

    /// The fault that ends a Receive which had nothing to report.
    #[must_use]
    pub fn operation_timed_out(machine: &str) -> Self {
        let message = "The operation did not complete within the OperationTimeout of the request.";
        Self::new(FaultCode::Receiver, "TimedOut", OPERATION_TIMED_OUT, machine, message)
    }

    /// The number that says what went wrong: a WS-Management code, an `HRESULT` or a Windows error.
    ///
    /// The code of the nested fault is the more exact one where the outer is the generic `0x80338003`
    /// (`ERROR_WSMAN_PROVIDER_FAILURE`).
    #[must_use]
    pub fn wsman_code(&self) -> Option<u32> {
        let outer = self.wsman.as_ref().and_then(|fault| fault.code);
        let nested = self.wsman.as_ref().and_then(WsManFault::nested_code);
        match (outer, nested) {
            (Some(PROVIDER_FAILURE) | None, Some(nested)) => Some(nested),
            (Some(outer), _) => Some(outer),
            (None, None) => self.wmi.as_ref().and_then(WmiError::code),
        }
    }

    /// The most exact text: the innermost message, else WMI's, else the reason. It is the peer's, so not to be trusted.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let wsman = self.wsman.as_ref().and_then(WsManFault::innermost_message);
        let wmi = || self.wmi.as_ref().and_then(|error| error.message.as_deref());
        wsman.or_else(wmi).or(self.reason.as_deref())
    }

    /// Why the host refused.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::from_fault(self)
    }

    /// Whether the host only ran out of `OperationTimeout`: a Receive that had nothing to report.
    #[must_use]
    pub fn is_operation_timeout(&self) -> bool {
        match self.wsman_code() {
            Some(code) => code == OPERATION_TIMED_OUT,
            None => self.cause() == Cause::OperationTimedOut,
        }
    }

    /// Reads `s:Fault`, the first child of the body.
    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        body.child()?.ok_or(Error::Missing { name: "Fault" })?;
        let mut fault = Self::default();
        while let Some(part) = body.child()? {
            match part.name() {
                (Namespace::Soap, "Code") => fault.read_code(body)?,
                (Namespace::Soap, "Reason") => fault.read_reason(body)?,
                (Namespace::Soap, "Detail") => fault.read_detail(body)?,
                _ => body.skip()?,
            }
        }
        Ok(fault)
    }

    fn read_code(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        while let Some(part) = reader.child()? {
            match part.name() {
                (Namespace::Soap, "Value") => {
                    self.code = FaultCode::from_local(local(&reader.text_content()?));
                }
                (Namespace::Soap, "Subcode") => self.read_subcode(reader)?,
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    fn read_subcode(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        while let Some(part) = reader.child()? {
            if part.name() == (Namespace::Soap, "Value") {
                self.subcode =
                    Some(local(&reader.text_content()?).to_owned()).filter(|name| !name.is_empty());
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }

    fn read_reason(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        while let Some(part) = reader.child()? {
            if part.name() == (Namespace::Soap, "Text") && self.reason.is_none() {
                self.reason = detail::content(reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(())
    }

    fn read_detail(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        while let Some(part) = reader.child()? {
            match part.name() {
                (Namespace::WsMan, "FaultDetail") => self.fault_detail = detail::content(reader)?,
                (Namespace::WsManFault, "WSManFault") => self.wsman = Some(WsManFault::read(&part, reader)?),
                (Namespace::WmiError, "MSFT_WmiError") => self.wmi = Some(WmiError::read(reader)?),
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.start("s:Fault").start("s:Code");
        writer.element("s:Value", self.code.unwrap_or(FaultCode::Receiver).qualified());
        if let Some(subcode) = &self.subcode {
            writer.start("s:Subcode").element("s:Value", &qualified_subcode(subcode)).end();
        }
        writer.end();
        writer.start("s:Reason").start("s:Text").attribute("xml:lang", "en-US");
        writer.text(self.reason.as_deref().unwrap_or_default()).end().end();
        writer.start("s:Detail");
        if let Some(fault_detail) = &self.fault_detail {
            writer.element("w:FaultDetail", fault_detail);
        }
        if let Some(wsman) = &self.wsman {
            wsman.write(writer);
        }
        if let Some(wmi) = &self.wmi {
            wmi.write(writer);
        }
        writer.end().end();
    }
}

impl FaultCode {
    fn from_local(name: &str) -> Option<Self> {
        match name {
            "Sender" => Some(Self::Sender),
            "Receiver" => Some(Self::Receiver),
            "MustUnderstand" => Some(Self::MustUnderstand),
            "VersionMismatch" => Some(Self::VersionMismatch),
            "DataEncodingUnknown" => Some(Self::DataEncodingUnknown),
            _ => None,
        }
    }

    const fn qualified(self) -> &'static str {
        match self {
            Self::Sender => "s:Sender",
            Self::Receiver => "s:Receiver",
            Self::MustUnderstand => "s:MustUnderstand",
            Self::VersionMismatch => "s:VersionMismatch",
            Self::DataEncodingUnknown => "s:DataEncodingUnknown",
        }
    }
}

/// `ERROR_WSMAN_OPERATION_TIMEDOUT`, 0x80338029.
pub const OPERATION_TIMED_OUT: u32 = 2_150_858_793;
const PROVIDER_FAILURE: u32 = 0x8033_8003;

/// The part of a qualified name behind its prefix.
fn local(name: &str) -> &str {
    let name = name.trim();
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Subcodes of WS-Addressing have its prefix, all others WS-Management's.
fn qualified_subcode(local: &str) -> String {
    let prefix = match local {
        "InvalidMessageInformationHeader"
        | "MessageInformationHeaderRequired"
        | "DestinationUnreachable"
        | "ActionNotSupported"
        | "EndpointUnavailable" => "a",
        _ => "w",
    };
    format!("{prefix}:{local}")
}
