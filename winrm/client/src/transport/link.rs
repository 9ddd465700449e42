//! One connection on which an account is, or is about to be, authenticated.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use winrm_proto::connection::{self, Connection, Reply, Request, Response, Step};

use super::{Dialer, HttpError, http::Http};
use crate::{
    error::{Cause, Reached},
    refusals::Admission,
};

/// One HTTP connection and its authentication, which belong together: neither outlives the other.
#[derive(Debug)]
pub(crate) struct Link {
    http: Http,
    connection: Connection,
    dialer: Dialer,
    standing: Standing,
}

/// Why a request has no answer. The link is of no further use.
#[derive(Debug)]
pub(crate) enum Setback {
    /// The request failed.
    Failed {
        /// Why.
        cause: Cause,
        /// How far it got.
        reached: Reached,
    },
    /// The host has not looked at the request and wants it on a new connection.
    Reconnect,
}

/// What the host thinks of the account on this connection.
#[derive(Debug)]
enum Standing {
    Unknown,
    /// A token is on its way that proves nothing yet.
    Opening(Admission),
    /// The host has answered it, so that what follows is the proof.
    Proving(Admission),
    Accepted,
}

impl Link {
    pub(super) fn new(http: Http, connection: Connection, dialer: Dialer) -> Self {
        Self { http, connection, dialer, standing: Standing::Unknown }
    }

    /// Sends an envelope, proving the account first where that is due, and waits for the answer.
    pub(crate) async fn request(&mut self, envelope: Bytes, timeout: Duration) -> Result<Reply, Setback> {
        let deadline = Instant::now() + timeout;
        if matches!(self.standing, Standing::Unknown) {
            self.standing = Standing::Opening(self.admission(deadline).await?);
        }
        let mut request = match self.connection.send(envelope) {
            Ok(request) => request,
            Err(error) => return Err(self.setback(error, Reached::Nobody)),
        };
        loop {
            let (response, reached) = self.post(request, deadline).await?;
            match self.connection.receive(response) {
                Ok(Step::Send(next)) => {
                    self.answered();
                    request = next;
                }
                Ok(Step::Reply(reply)) => {
                    self.accepted();
                    return Ok(reply);
                }
                Ok(Step::Reconnect(learned)) => {
                    self.dialer.learn(&learned);
                    return Err(Setback::Reconnect);
                }
                Err(error) => return Err(self.setback(error, reached)),
            }
        }
    }

    /// Whether another request can be sent; not after a reply that announced the end of the connection.
    pub(crate) fn is_usable(&self) -> bool {
        self.connection.is_idle()
    }

    /// Ends when the host closes the idle connection.
    pub(crate) async fn closed(&mut self) {
        self.http.closed().await;
    }

    /// Leave to send the credential: not if anybody refused it.
    async fn admission(&self, deadline: Instant) -> Result<Admission, Setback> {
        let (refused, id) = self.dialer.refused();
        let cause = match timeout_at(deadline, refused.admit(id)).await {
            Ok(Ok(admission)) => return Ok(admission),
            Ok(Err(_)) => Cause::RememberedRefusal { user: self.dialer.user() },
            Err(_) => Cause::Http(HttpError::TimedOut),
        };
        Err(Setback::Failed { cause, reached: Reached::Nobody })
    }

    async fn post(&mut self, request: Request, deadline: Instant) -> Result<(Response, Reached), Setback> {
        let carries_envelope = !request.body.is_empty();
        let sent_before = self.http.bytes_sent();
        let answer = self.http.post(request, deadline).await;
        let reached = if carries_envelope && self.http.bytes_sent() > sent_before {
            Reached::Perhaps
        } else {
            Reached::Nobody
        };
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok((Response::new(head.status.as_u16(), head.headers.iter(), body), reached))
            }
            Err(HttpError::Closed) if self.is_unjudged() => {
                let cause = Cause::Connection(connection::Error::ClosedDuringAuthentication);
                Err(Setback::Failed { cause, reached })
            }
            Err(cause) => Err(Setback::Failed { cause: Cause::Http(cause), reached }),
        }
    }

    /// Whether the account's first proof ever is on its way, which something may have judged without saying so.
    fn is_unjudged(&self) -> bool {
        matches!(&self.standing, Standing::Proving(admission) if !admission.was_accepted_before())
    }

    /// The host has answered, though not yet said what it thinks of the account.
    fn answered(&mut self) {
        self.standing = match std::mem::replace(&mut self.standing, Standing::Unknown) {
            Standing::Opening(admission) => Standing::Proving(admission),
            other => other,
        };
    }

    fn accepted(&mut self) {
        match std::mem::replace(&mut self.standing, Standing::Accepted) {
            Standing::Opening(admission) | Standing::Proving(admission) => admission.accepted(),
            Standing::Unknown | Standing::Accepted => return,
        }
        self.dialer.learn(self.connection.learned());
    }

    fn setback(&self, error: connection::Error, reached: Reached) -> Setback {
        let reached = if was_refused(&error) { Reached::Refused } else { reached };
        let cause = match error {
            connection::Error::CredentialRefused(scheme) => {
                let (refused, id) = self.dialer.refused();
                refused.refuse(id);
                Cause::RefusedCredential { user: self.dialer.user(), scheme }
            }
            other => Cause::Connection(other),
        };
        Setback::Failed { cause, reached }
    }
}

/// Whether the answer says that the envelope was not looked at. A 500 without a fault says nothing, nor does a
/// page that comes with success.
fn was_refused(error: &connection::Error) -> bool {
    use connection::Error as E;
    match error {
        E::CredentialRefused(_) | E::AuthenticationLost | E::Redirect { .. } => true,
        E::NotWinRm { status, .. } | E::UnexpectedStatus(status) => {
            (400..=499).contains(status) || *status == SERVICE_UNAVAILABLE
        }
        _ => false,
    }
}

const SERVICE_UNAVAILABLE: u16 = 503;
