/// The namespaces that our protocols speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// No namespace.
    None,
    /// SOAP 1.2, usually `s` or `env`.
    Soap,
    /// WS-Addressing 2004/08, usually `a` or `wsa`.
    Addressing,
    /// DMTF WS-Management, usually `w` or `wsman`.
    WsMan,
    /// Microsoft's extensions of WS-Management, usually `p` or `wsmv`.
    WsManMicrosoft,
    /// Microsoft's fault detail, usually `f`.
    WsManFault,
    /// The WS-Management configuration resource, usually `cfg`.
    WsManConfig,
    /// WS-Management Identify, usually `wsmid`.
    Identity,
    /// WS-Transfer, usually `x`.
    Transfer,
    /// WS-Enumeration, usually `n` or `wsen`.
    Enumeration,
    /// WS-Eventing, usually `e`.
    Eventing,
    /// The remote shell, usually `rsp`.
    Shell,
    /// DMTF CIM binding, usually `b`.
    CimBinding,
    /// DMTF CIM common types, usually `cim`.
    Cim,
    /// The class `MSFT_WmiError` in a fault detail.
    WmiError,
    /// `creationXml` and `connectXml`.
    PowerShell,
    /// Serialised PowerShell objects.
    Clixml,
    /// The reserved prefix `xml`.
    Xml,
    /// XML Schema instance, usually `xsi`.
    SchemaInstance,
    /// XML Schema, usually `xsd`.
    Schema,
    /// Any other namespace.
    Other,
}

impl Namespace {
    /// The namespace with this URI.
    #[must_use]
    pub fn from_uri(uri: &str) -> Self {
        match KNOWN.iter().find(|(_, known)| *known == uri) {
            Some((namespace, _)) => *namespace,
            None if uri.is_empty() => Self::None,
            None => Self::Other,
        }
    }

    /// The URI; empty for [`Namespace::None`] and [`Namespace::Other`].
    #[must_use]
    pub fn uri(self) -> &'static str {
        KNOWN.iter().find(|(namespace, _)| *namespace == self).map_or("", |(_, uri)| uri)
    }
}

const KNOWN: [(Namespace, &str); 19] = [
    (Namespace::Shell, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"),
    (Namespace::Soap, "http://www.w3.org/2003/05/soap-envelope"),
    (Namespace::Addressing, "http://schemas.xmlsoap.org/ws/2004/08/addressing"),
    (Namespace::WsMan, "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"),
    (Namespace::WsManMicrosoft, "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"),
    (Namespace::WsManFault, "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"),
    (Namespace::WsManConfig, "http://schemas.microsoft.com/wbem/wsman/1/config"),
    (Namespace::Identity, "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"),
    (Namespace::Transfer, "http://schemas.xmlsoap.org/ws/2004/09/transfer"),
    (Namespace::Enumeration, "http://schemas.xmlsoap.org/ws/2004/09/enumeration"),
    (Namespace::Eventing, "http://schemas.xmlsoap.org/ws/2004/08/eventing"),
    (Namespace::CimBinding, "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"),
    (Namespace::Cim, "http://schemas.dmtf.org/wbem/wscim/1/common"),
    (Namespace::WmiError, "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"),
    (Namespace::PowerShell, "http://schemas.microsoft.com/powershell"),
    (Namespace::Clixml, "http://schemas.microsoft.com/powershell/2004/04"),
    (Namespace::Xml, "http://www.w3.org/XML/1998/namespace"),
    (Namespace::SchemaInstance, "http://www.w3.org/2001/XMLSchema-instance"),
    (Namespace::Schema, "http://www.w3.org/2001/XMLSchema"),
];
