//! What a connection is told before it begins.

use super::{Error, Learned};
use crate::auth::{Credential, Protection, Scheme, ServiceName, basic};

/// What a connection is told before it begins.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account.
    pub credential: Credential,
    /// The schemes that may be used, the preferred one first. Basic is used only where it stands here.
    pub schemes: Vec<Scheme>,
    /// The service that a proof is meant for.
    pub target: ServiceName,
    /// TLS, or sealed messages.
    pub protection: Protection,
    /// The largest response body, in bytes, that is looked at.
    pub max_response: usize,
    /// What earlier connections to the same endpoint found out; empty for the first.
    pub learned: Learned,
}

impl Settings {
    /// The schemes that are left to try, in order.
    pub(super) fn usable_schemes(&self) -> Result<Vec<Scheme>, Error> {
        let mut usable = self.schemes.clone();
        // What was not offered before is tried last, in case that has changed.
        let learned = usable.iter().position(|scheme| Some(*scheme) == self.learned.scheme);
        usable.rotate_left(learned.unwrap_or_default());
        usable.retain(|scheme| *scheme != Scheme::Basic || self.basic_usable().is_ok());
        if usable.is_empty() {
            self.basic_usable()?;
            return Err(Error::NoScheme);
        }
        Ok(usable)
    }

    /// Why Basic is not used although it is configured.
    pub(super) fn basic_usable(&self) -> Result<(), Error> {
        if !self.schemes.contains(&Scheme::Basic) {
            return Ok(());
        }
        match self.protection {
            Protection::Tls { .. } => basic::usable(self.credential.user()).map_err(Error::Basic),
            Protection::Seal => Err(Error::BasicWithoutTls),
        }
    }
}
