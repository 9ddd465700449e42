//! What to do where a host refuses a new shell.

use winrm_proto::wsman::Fault;

use super::{Host, OrphanRule, orphans};
use crate::{
    error::Error,
    lanes::retry::{Another, Retries},
};

/// The attempts at opening one shell: again where the host is overloaded, or where closing what was left behind makes
/// room.
#[derive(Debug)]
pub(crate) struct Admission {
    host: Host,
    retries: Retries,
    orphans: Option<OrphanRule>,
}

impl Admission {
    pub(crate) fn new(host: &Host) -> Self {
        Self { host: host.clone(), retries: host.retries(), orphans: host.orphans().cloned() }
    }

    /// Returns when another attempt makes sense.
    ///
    /// # Errors
    ///
    /// The error itself, where none does.
    pub(crate) async fn after(&mut self, error: Error) -> Result<(), Error> {
        if is_crowded(&error)
            && let Some(rule) = self.orphans.take()
            && orphans::close_all(&self.host, &rule).await.is_ok_and(|closed| closed > 0)
        {
            return Ok(());
        }
        if !is_overload(&error) || self.retries.pause().await == Another::NotAllowed {
            return Err(error);
        }
        Ok(())
    }
}

/// Whether the host asks for slower requests: the quotas of load and of users, not those of this user's shells.
pub(crate) fn is_overload(error: &Error) -> bool {
    has_code(error, [ERROR_WSMAN_QUOTA_SYSTEM, ERROR_WSMAN_QUOTA_MAX_SHELLUSERS])
}

/// Whether this user has too many shells.
fn is_crowded(error: &Error) -> bool {
    has_code(error, [ERROR_WSMAN_QUOTA_MAX_SHELLS, ERROR_WSMAN_QUOTA_MAX_SHELLS_PPQ])
}

fn has_code(error: &Error, codes: [u32; 2]) -> bool {
    error.fault().and_then(Fault::wsman_code).is_some_and(|code| codes.contains(&code))
}

const ERROR_WSMAN_QUOTA_MAX_SHELLS: u32 = 0x8033_81A5;
const ERROR_WSMAN_QUOTA_MAX_SHELLS_PPQ: u32 = 0x8033_81E4;
const ERROR_WSMAN_QUOTA_SYSTEM: u32 = 0x8033_81A8;
const ERROR_WSMAN_QUOTA_MAX_SHELLUSERS: u32 = 0x8033_81AB;
