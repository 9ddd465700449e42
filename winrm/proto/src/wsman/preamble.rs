use std::time::Duration;

use bytes::Bytes;

use super::{Action, Header, Locale, MessageId, Request, ResourceUri, SelectorSet, SessionId, write_request};
use crate::xml::WriteError;

/// What every request of a client to one endpoint says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preamble {
    /// The URL of the service.
    pub to: String,
    /// The largest answer that we take, in bytes. Windows before protocol 2.2 refuses more than 153,600.
    pub max_envelope_size: u32,
    /// How long the host may work on one request, and how long a Receive hangs.
    pub operation_timeout: Duration,
    /// The language of messages.
    pub locale: Locale,
    /// The format of numbers and times.
    pub data_locale: Locale,
    /// Names this client across its connections.
    pub session_id: SessionId,
}

/// The resource, and the instance of it, that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind of resource.
    pub resource_uri: ResourceUri,
    /// The instance; empty for a request about the kind itself.
    pub selectors: SelectorSet,
}

impl Preamble {
    /// A preamble with en-US, envelopes of 153,600 bytes and an operation timeout of 20 seconds.
    #[must_use]
    pub fn new(to: String, session_id: SessionId) -> Self {
        Self {
            to,
            max_envelope_size: 153_600,
            operation_timeout: Duration::from_secs(20),
            locale: Locale::en_us(),
            data_locale: Locale::en_us(),
            session_id,
        }
    }

    /// The header of a request.
    #[must_use]
    pub fn header(&self, action: Action, target: &Target, message_id: MessageId) -> Header {
        Header {
            action: Some(action),
            message_id: Some(message_id),
            relates_to: None,
            to: Some(self.to.clone()),
            resource_uri: Some(target.resource_uri.clone()),
            selectors: target.selectors.clone(),
            options: super::OptionSet::new(),
            operation_timeout: Some(self.operation_timeout),
            max_envelope_size: Some(self.max_envelope_size),
            locale: Some(self.locale.clone()),
            data_locale: Some(self.data_locale.clone()),
            session_id: Some(self.session_id.clone()),
        }
    }

    /// The envelope of a request.
    ///
    /// # Errors
    /// [`WriteError::ForbiddenCharacter`] where a value holds a character that XML cannot carry.
    pub fn request<R: Request>(
        &self,
        target: &Target,
        request: &R,
        message_id: MessageId,
    ) -> Result<Bytes, WriteError> {
        write_request(&self.header(R::ACTION, target, message_id), request)
    }
}

impl From<ResourceUri> for Target {
    fn from(resource_uri: ResourceUri) -> Self {
        Self { resource_uri, selectors: SelectorSet::new() }
    }
}
