use std::fmt;

use uuid::Uuid;

/// The text is empty, longer than 1,024 bytes, or has white space or control characters inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier must be 1 to {MAX_LENGTH} bytes without white space")]
pub struct InvalidIdentifier;

/// WS-Addressing `wsa:MessageID`: names one message, so that an answer can relate to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// `uuid:` and the UUID in upper case, as Windows writes it.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid_uri(uuid))
    }

    /// The identifier in `text`, white space around it removed.
    ///
    /// # Errors
    /// [`InvalidIdentifier`].
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        check(text).map(|text| Self(text.into()))
    }

    /// The identifier as it stands in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// MS-WSMV 2.2.4.37, `p:SessionId`: one client across its connections. Disconnect is refused where it changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// `uuid:` and the UUID in upper case.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid_uri(uuid))
    }

    /// The identifier in `text`, white space around it removed.
    ///
    /// # Errors
    /// [`InvalidIdentifier`].
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        check(text).map(|text| Self(text.into()))
    }

    /// The identifier as it stands in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The language tag of `w:Locale` and `p:DataLocale`, such as `en-US`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locale(Box<str>);

impl Locale {
    /// `en-US`, which every Windows host has.
    #[must_use]
    pub fn en_us() -> Self {
        Self("en-US".into())
    }

    /// The language tag in `text`.
    ///
    /// # Errors
    /// [`InvalidIdentifier`].
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        check(text).map(|text| Self(text.into()))
    }

    /// The language tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of an identifier without the white space around it.
pub(crate) fn check(text: &str) -> Result<&str, InvalidIdentifier> {
    let text = text.trim();
    let bad = text.is_empty() || text.len() > MAX_LENGTH;
    if bad || text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(InvalidIdentifier);
    }
    Ok(text)
}

fn uuid_uri(uuid: Uuid) -> Box<str> {
    let mut buffer = Uuid::encode_buffer();
    uuid.urn().encode_upper(&mut buffer).trim_start_matches("urn:").into()
}

const MAX_LENGTH: usize = 1024;
