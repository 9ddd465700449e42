//! `PUBLIC_KEY` and `ENCRYPTED_SESSION_KEY`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::bag::Bag;
use super::{MessageError, MessageType};
use crate::clixml::{Properties, Value};
use crate::psrp::key::{PublicKey, encrypted_from_blob, encrypted_to_blob};

/// The client's public key (MS-PSRP 2.2.2.3 `PUBLIC_KEY`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKeyMessage(pub PublicKey);

/// The session key, encrypted for the client, as big-endian bytes (MS-PSRP 2.2.2.4 `ENCRYPTED_SESSION_KEY`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncryptedSessionKey(pub Vec<u8>);

impl PublicKeyMessage {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::PublicKey, value };
        let blob = blob(&bag, "PublicKey")?;
        PublicKey::from_blob(&blob).map(Self).map_err(|_| bag.improper("PublicKey"))
    }

    pub(super) fn to_value(&self) -> Value {
        Value::bag(Properties::new().with("PublicKey", STANDARD.encode(self.0.to_blob())))
    }
}

impl EncryptedSessionKey {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::EncryptedSessionKey, value };
        let blob = blob(&bag, "EncryptedSessionKey")?;
        encrypted_from_blob(&blob).map(Self).map_err(|_| bag.improper("EncryptedSessionKey"))
    }

    pub(super) fn to_value(&self) -> Value {
        let blob = encrypted_to_blob(&self.0);
        Value::bag(Properties::new().with("EncryptedSessionKey", STANDARD.encode(blob)))
    }
}

fn blob(bag: &Bag<'_>, property: &'static str) -> Result<Vec<u8>, MessageError> {
    STANDARD.decode(bag.string(property)?.as_str().trim()).map_err(|_| bag.improper(property))
}
