//! Who speaks on a connection. Authentication belongs to the connection, as Windows has it; the proofs are
//! judged by [`winrm_proto::connection::Acceptor`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use winrm_proto::auth::ntlm::{AcceptPolicy, ChannelBindingPolicy, FileTime, MachineNames, ServerNonces};
use winrm_proto::auth::{self, ChannelBinding, Protection};
use winrm_proto::connection::{self, Acceptor, BodyError};

use crate::record::{ConnectionId, Event};
use crate::settings::{HardeningLevel, Scheme};
use crate::world::World;

/// The state of one connection's authentication.
#[derive(Debug)]
pub(super) struct Authentication {
    acceptor: Acceptor,
    /// Its proof is on the record; the requests behind it need no other.
    recorded: bool,
}

/// What a request's `Authorization` header came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request is this user's; the header goes with the answer.
    Known(String, Option<HeaderValue>),
    /// The next token of an exchange.
    Challenge(HeaderValue),
    /// No credential and none known: offer the schemes and close, as Windows does.
    Unknown,
    /// The credential was refused: offer the schemes.
    Refused,
}

impl Authentication {
    /// Nobody has authenticated yet. `leaf` is the certificate that the connection's client saw.
    pub(super) fn new(world: &World, leaf: Option<&[u8]>) -> Self {
        let binding = |leaf| ChannelBinding::from_certificate(leaf).ok().flatten();
        let protection = match leaf {
            Some(leaf) => Protection::Tls { channel_binding: binding(leaf) },
            None => Protection::Seal,
        };
        let name = world.machine.hostname();
        let policy = AcceptPolicy {
            accounts: world.accounts.clone(),
            machine: MachineNames {
                computer: name.to_owned(),
                domain: name.to_owned(),
                dns_computer: name.to_lowercase(),
                dns_domain: name.to_lowercase(),
            },
            protection,
            channel_binding: match world.choices.hardening {
                HardeningLevel::None => ChannelBindingPolicy::None,
                HardeningLevel::Relaxed => ChannelBindingPolicy::WhenPresent,
                HardeningLevel::Strict => ChannelBindingPolicy::Required,
            },
        };
        let schemes = world.choices.offered.iter().filter_map(|scheme| match scheme {
            Scheme::Negotiate => Some(auth::Scheme::Negotiate),
            Scheme::Ntlm => Some(auth::Scheme::Ntlm),
            Scheme::Basic => Some(auth::Scheme::Basic),
            Scheme::Kerberos | Scheme::CredSsp => None,
        });
        Self { acceptor: Acceptor::new(Arc::new(policy), schemes.collect()), recorded: false }
    }

    /// Judges a request, and says what belongs on the record.
    pub(super) fn judge(
        &mut self,
        connection: ConnectionId,
        headers: &HeaderMap,
    ) -> (Verdict, Option<Event>) {
        let Some(nonces) = nonces() else { return (Verdict::Refused, None) };
        let authorization: Vec<Cow<'_, [u8]>> =
            headers.get_all(AUTHORIZATION).iter().map(|value| as_utf8(value.as_bytes())).collect();
        match self.acceptor.judge(&authorization, nonces) {
            connection::Verdict::Accepted { principal, scheme, headers } => {
                let header =
                    headers.into_iter().next().and_then(|(_, token)| HeaderValue::try_from(token).ok());
                let user = principal.name().to_owned();
                let scheme = own(scheme);
                let fresh = !authorization.is_empty() && !std::mem::replace(&mut self.recorded, true);
                let event = Event::Authenticated { connection, scheme, user: principal.to_string() };
                (Verdict::Known(user, header), fresh.then_some(event))
            }
            connection::Verdict::Challenge { headers } => match headers.into_iter().next() {
                Some((_, token)) if !authorization.is_empty() => {
                    (HeaderValue::try_from(token).map_or(Verdict::Refused, Verdict::Challenge), None)
                }
                _ => (Verdict::Unknown, None),
            },
            connection::Verdict::Refused { refusal, .. } => {
                self.recorded = false;
                let scheme = scheme(headers);
                let reason = refusal.to_string();
                (Verdict::Refused, Some(Event::Refused { connection, scheme, reason }))
            }
        }
    }

    /// The envelope in the body of a request whose sender is known.
    pub(super) fn open(&mut self, headers: &HeaderMap, body: Bytes) -> Result<Bytes, BodyError> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        self.acceptor.open(content_type.unwrap_or_default(), body)
    }

    /// The body and the content type of an answer: sealed where the request was.
    pub(super) fn seal(&mut self, envelope: Bytes) -> (Bytes, &'static str) {
        self.acceptor.answer(envelope)
    }
}

/// The scheme that a request's header names, whether or not its token is any good.
pub(super) fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Scheme::from_name(value.split_once(' ').map_or(value, |(name, _)| name))
}

fn own(scheme: auth::Scheme) -> Scheme {
    match scheme {
        auth::Scheme::Negotiate | auth::Scheme::Spnego => Scheme::Negotiate,
        auth::Scheme::Ntlm => Scheme::Ntlm,
        auth::Scheme::Basic => Scheme::Basic,
    }
}

/// Python's clients send Basic in Latin-1, and Windows takes it; [`Acceptor`] reads UTF-8.
fn as_utf8(header: &[u8]) -> Cow<'_, [u8]> {
    let latin = || {
        let (name, token) = header.split_at_checked(6)?;
        let decoded =
            STANDARD.decode(token.trim_ascii()).ok().filter(|_| name.eq_ignore_ascii_case(b"Basic "))?;
        std::str::from_utf8(&decoded).err()?;
        let text: String = decoded.iter().map(|byte| char::from(*byte)).collect();
        Some(format!("Basic {}", STANDARD.encode(text)).into_bytes())
    };
    latin().map_or(Cow::Borrowed(header), Cow::Owned)
}

fn nonces() -> Option<ServerNonces> {
    let mut challenge = [0; 8];
    getrandom::fill(&mut challenge).ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(ServerNonces { challenge, now: FileTime::from_unix(now) })
}
