//! Who speaks on a connection. Authentication belongs to the connection, as Windows has it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::record::{ConnectionId, Event};
use crate::settings::{Scheme, Transport};
use crate::world::World;

/// The state of one connection's authentication.
#[derive(Debug, Default)]
pub(super) struct Authentication {
    /// Set once a token proved who speaks; every later request without a header is theirs.
    user: Option<String>,
}

/// What a request's `Authorization` header came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request is this user's.
    Known(String),
    /// No credential and none known: offer the schemes and close, as Windows does.
    Unknown,
    /// The credential was refused: offer the schemes.
    Refused,
}

impl Authentication {
    /// Judges a request, and says what belongs on the record.
    pub(super) fn judge(
        &mut self,
        world: &World,
        connection: ConnectionId,
        headers: &HeaderMap,
    ) -> (Verdict, Option<Event>) {
        let Some((scheme, token)) = credential(headers) else {
            return match &self.user {
                Some(user) => (Verdict::Known(user.clone()), None),
                None => (Verdict::Unknown, None),
            };
        };
        let judged = if world.choices.offered.contains(&scheme) {
            match scheme {
                Scheme::Basic => basic(world, token),
                _ => Err(Refusal { user: None, reason: "the host does not accept this scheme".to_owned() }),
            }
        } else {
            Err(Refusal { user: None, reason: "the scheme was not offered".to_owned() })
        };
        match judged {
            Ok(user) => {
                let event = Event::Authenticated { connection, scheme, user: user.clone() };
                (Verdict::Known(user), Some(event))
            }
            Err(Refusal { user, reason }) => {
                self.user = None;
                (Verdict::Refused, Some(Event::Refused { connection, scheme, user, reason }))
            }
        }
    }
}

/// The scheme that a request's header names, whether or not its token is any good.
pub(super) fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    credential(headers).map(|(scheme, _)| scheme)
}

struct Refusal {
    user: Option<String>,
    reason: String,
}

fn credential(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (name, token) = value.split_once(' ').unwrap_or((value, ""));
    Some((Scheme::from_name(name)?, token.trim()))
}

/// RFC 7617. Windows takes local accounts only, and never where the password could be read on the way.
fn basic(world: &World, token: &str) -> Result<String, Refusal> {
    let refuse = |user: Option<&str>, reason: &str| Refusal {
        user: user.map(str::to_owned),
        reason: reason.to_owned(),
    };
    if world.choices.transport == Transport::Http {
        return Err(refuse(None, "Basic over plain HTTP"));
    }
    let decoded = STANDARD.decode(token).map_err(|_| refuse(None, "the token is not base64"))?;
    let text = String::from_utf8(decoded).map_err(|_| refuse(None, "the token is not UTF-8"))?;
    let (user, password) = text.split_once(':').ok_or_else(|| refuse(None, "the token has no colon"))?;
    let account = world.account(user).ok_or_else(|| refuse(Some(user), "no such user"))?;
    let expected = account.password.expose_secret().as_bytes();
    if bool::from(expected.ct_eq(password.as_bytes())) {
        Ok(user.to_owned())
    } else {
        Err(refuse(Some(user), "wrong password"))
    }
}

/// What every request of a connection needs to see the channel binding.
pub(super) type Leaf = Option<Arc<[u8]>>;
