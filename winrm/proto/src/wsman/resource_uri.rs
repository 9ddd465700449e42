use std::borrow::Cow;
use std::fmt;

use super::InvalidIdentifier;

/// DSP0226 section 5.4.2.1, `w:ResourceURI`: what kind of thing a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceUri(Cow<'static, str>);

impl ResourceUri {
    /// The text-based command shell of Windows (MS-WSMV 3.1.4.1.1).
    pub const CMD: Self = Self(Cow::Borrowed("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"));
    /// All shells of a host, to enumerate them.
    pub const SHELL: Self = Self(Cow::Borrowed("http://schemas.microsoft.com/wbem/wsman/1/windows/shell"));
    /// All commands of a shell, to enumerate them.
    pub const COMMAND: Self =
        Self(Cow::Borrowed("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"));
    /// The configuration of the service.
    pub const CONFIG: Self = Self(Cow::Borrowed("http://schemas.microsoft.com/wbem/wsman/1/config"));
    /// The default PowerShell session configuration, `Microsoft.PowerShell`.
    pub const POWERSHELL: Self =
        Self(Cow::Borrowed("http://schemas.microsoft.com/powershell/Microsoft.PowerShell"));

    /// The URI in `text`, white space around it removed.
    ///
    /// # Errors
    /// [`InvalidIdentifier`] where it is empty, too long or has white space inside.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        super::identifier::check(text).map(|text| Self(Cow::Owned(text.to_owned())))
    }

    /// A PowerShell session configuration by its name, such as `Microsoft.PowerShell` or that of a JEA endpoint.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn powershell(configuration: &str) -> Result<Self, InvalidIdentifier> {
        let name = super::identifier::check(configuration)?;
        Self::parse(&format!("{POWERSHELL_PREFIX}{name}"))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the PowerShell session configuration, where this is one.
    #[must_use]
    pub fn configuration(&self) -> Option<&str> {
        self.0.strip_prefix(POWERSHELL_PREFIX)
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

const POWERSHELL_PREFIX: &str = "http://schemas.microsoft.com/powershell/";
