use std::borrow::Cow;

use super::super::Error;
use crate::xml::{Element, Event, Namespace, Reader, Writer};

/// MS-WSMV 2.2.4.43, `f:WSManFault`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsManFault {
    /// The code, a WS-Management code, an `HRESULT` or a Windows error.
    pub code: Option<u32>,
    /// The host that reports it, as it calls itself.
    pub machine: Option<String>,
    /// The text of `f:Message`, where it has text of its own.
    pub message: Option<String>,
    /// The account of the plugin that failed.
    pub provider: Option<Box<ProviderFault>>,
}

/// `f:ProviderFault`: what a plugin of the host reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderFault {
    /// The plugin's name.
    pub provider: Option<String>,
    /// Its library on the host.
    pub path: Option<String>,
    /// Its text, where it has text of its own.
    pub message: Option<String>,
    /// The fault that it passes on.
    pub fault: Option<WsManFault>,
}

/// `p:MSFT_WmiError` in a fault detail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WmiError {
    /// `p:CIMStatusCode`.
    pub cim_status_code: Option<u32>,
    /// `p:Message`.
    pub message: Option<String>,
    /// `p:MessageID`, such as `HRESULT 0x803381a6`.
    pub message_id: Option<String>,
    /// `p:error_Code`.
    pub error_code: Option<u32>,
    /// `p:error_Type`, such as `HRESULT`.
    pub error_type: Option<String>,
    /// `p:error_WindowsErrorMessage`.
    pub windows_message: Option<String>,
}

impl WsManFault {
    /// A fault with a code and a text, as a host reports its own.
    #[must_use]
    pub fn new(code: u32, machine: &str, message: &str) -> Self {
        Self {
            code: Some(code),
            machine: Some(machine.to_owned()),
            message: Some(message.to_owned()),
            provider: None,
        }
    }

    /// The code of the innermost fault that has one, other than this.
    pub(super) fn nested_code(&self) -> Option<u32> {
        let nested = self.provider.as_ref()?.fault.as_ref()?;
        nested.nested_code().or(nested.code)
    }

    pub(super) fn innermost_message(&self) -> Option<&str> {
        let provider = self.provider.as_ref();
        let nested = provider.and_then(|provider| provider.fault.as_ref()).and_then(Self::innermost_message);
        nested.or_else(|| provider?.message.as_deref()).or(self.message.as_deref())
    }

    /// Reads the children of the element that was just opened; the depth limit of the reader bounds the recursion.
    pub(super) fn read(element: &Element<'_>, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fault = Self {
            code: attribute(element, "Code")?.and_then(|code| code.trim().parse().ok()),
            machine: owned(attribute(element, "Machine")?),
            ..Self::default()
        };
        while let Some(part) = reader.child()? {
            if part.name() == (Namespace::WsManFault, "Message") {
                fault.read_message(reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(fault)
    }

    /// `f:Message` holds text, or a provider's fault among white space.
    fn read_message(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let mut text = String::new();
        loop {
            match reader.read()? {
                Event::Text(piece) => text.push_str(&piece),
                Event::Start(part) if part.name() == (Namespace::WsManFault, "ProviderFault") => {
                    self.provider = Some(Box::new(ProviderFault::read(&part, reader)?));
                }
                Event::Start(_) => reader.skip()?,
                Event::End | Event::Eof => break,
            }
        }
        self.message = tidy(&text);
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.start("f:WSManFault").attribute("xmlns:f", Namespace::WsManFault.uri());
        if let Some(code) = self.code {
            writer.attribute("Code", &code.to_string());
        }
        if let Some(machine) = &self.machine {
            writer.attribute("Machine", machine);
        }
        writer.start("f:Message").text(self.message.as_deref().unwrap_or_default());
        if let Some(provider) = &self.provider {
            provider.write(writer);
        }
        writer.end().end();
    }
}

impl ProviderFault {
    fn read(element: &Element<'_>, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fault = Self {
            provider: owned(attribute(element, "provider")?),
            path: owned(attribute(element, "path")?),
            ..Self::default()
        };
        let mut text = String::new();
        loop {
            match reader.read()? {
                Event::Text(piece) => text.push_str(&piece),
                Event::Start(part) if part.name() == (Namespace::WsManFault, "WSManFault") => {
                    fault.fault = Some(WsManFault::read(&part, reader)?);
                }
                Event::Start(_) => reader.skip()?,
                Event::End | Event::Eof => break,
            }
        }
        fault.message = tidy(&text);
        Ok(fault)
    }

    fn write(&self, writer: &mut Writer) {
        writer.start("f:ProviderFault");
        if let Some(provider) = &self.provider {
            writer.attribute("provider", provider);
        }
        if let Some(path) = &self.path {
            writer.attribute("path", path);
        }
        writer.text(self.message.as_deref().unwrap_or_default());
        if let Some(fault) = &self.fault {
            fault.write(writer);
        }
        writer.end();
    }
}

impl WmiError {
    /// The code: `p:error_Code`, else the one in `p:MessageID`.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        let named = || {
            let (_, hexadecimal) = self.message_id.as_deref()?.split_once("0x")?;
            u32::from_str_radix(hexadecimal.trim(), 16).ok()
        };
        self.error_code.or_else(named)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut error = Self::default();
        while let Some(part) = reader.child()? {
            match part.name() {
                (Namespace::WmiError, "CIMStatusCode") => error.cim_status_code = number(reader)?,
                (Namespace::WmiError, "Message") => error.message = content(reader)?,
                (Namespace::WmiError, "MessageID") => error.message_id = content(reader)?,
                (Namespace::WmiError, "error_Code") => error.error_code = number(reader)?,
                (Namespace::WmiError, "error_Type") => error.error_type = content(reader)?,
                (Namespace::WmiError, "error_WindowsErrorMessage") => {
                    error.windows_message = content(reader)?;
                }
                _ => reader.skip()?,
            }
        }
        Ok(error)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.start("wmi:MSFT_WmiError").attribute("xmlns:wmi", Namespace::WmiError.uri());
        let numbers = [("wmi:CIMStatusCode", self.cim_status_code), ("wmi:error_Code", self.error_code)];
        for (name, number) in numbers {
            if let Some(number) = number {
                writer.element(name, &number.to_string());
            }
        }
        let texts = [
            ("wmi:Message", &self.message),
            ("wmi:MessageID", &self.message_id),
            ("wmi:error_Type", &self.error_type),
            ("wmi:error_WindowsErrorMessage", &self.windows_message),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                writer.element(name, text);
            }
        }
        writer.end();
    }
}

/// All text of the element that was just opened, that of its children left out; `None` where there is none.
pub(super) fn content(reader: &mut Reader<'_>) -> Result<Option<String>, Error> {
    let mut text = String::new();
    loop {
        match reader.read()? {
            Event::Text(piece) => text.push_str(&piece),
            Event::Start(_) => reader.skip()?,
            Event::End | Event::Eof => return Ok(tidy(&text)),
        }
    }
}

fn number(reader: &mut Reader<'_>) -> Result<Option<u32>, Error> {
    Ok(content(reader)?.and_then(|text| text.parse().ok()))
}

fn attribute<'e>(element: &'e Element<'_>, name: &str) -> Result<Option<Cow<'e, str>>, Error> {
    Ok(element.attribute(Namespace::None, name)?)
}

fn owned(value: Option<Cow<'_, str>>) -> Option<String> {
    value.and_then(|value| tidy(&value))
}

fn tidy(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
