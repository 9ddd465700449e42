//! What keeps the messages of a connection private.

use super::ChannelBinding;

/// What keeps the messages of a connection private. There is no third way: plain HTTP without sealing does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// TLS carries the messages.
    Tls {
        /// The binding to the server's certificate, absent only where [`ChannelBinding::from_certificate`] says that
        /// none is defined.
        channel_binding: Option<ChannelBinding>,
    },
    /// Plain HTTP: each message is sealed with the keys of the authentication (MS-WSMV 2.2.9.1).
    Seal,
}

impl Protection {
    /// The binding to the TLS channel, where there is one.
    #[must_use]
    pub fn channel_binding(&self) -> Option<&ChannelBinding> {
        match self {
            Self::Tls { channel_binding } => channel_binding.as_ref(),
            Self::Seal => None,
        }
    }
}
