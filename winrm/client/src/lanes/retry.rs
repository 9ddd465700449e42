//! How long to wait before a connection is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use winrm_proto::connection;

use crate::{
    error::{Cause, Operation},
    transport::{ConnectError, HttpError, ProxyError, TlsError},
};

/// The attempts that are left, and the pause before the next one.
#[derive(Debug)]
pub(crate) struct Retries {
    left: u32,
    pause: Duration,
}

/// Whether there is another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Another {
    Attempt,
    NotAllowed,
}

impl Retries {
    pub(crate) fn new(left: u32) -> Self {
        Self { left, pause: FIRST_PAUSE }
    }

    /// Waits, longer each time and by a random part, so that many clients do not come back at once.
    pub(crate) async fn pause(&mut self) -> Another {
        self.wait(None).await
    }

    /// As [`Self::pause`], if the wait ends before the deadline.
    pub(super) async fn pause_until(&mut self, deadline: Instant) -> Another {
        self.wait(Some(deadline)).await
    }

    /// Takes one of the attempts that are left, and says how long to wait before it.
    pub(crate) fn take(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.pause.mul_f64(jitter());
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        Some(pause)
    }

    async fn wait(&mut self, deadline: Option<Instant>) -> Another {
        match self.take() {
            Some(pause) if deadline.is_none_or(|deadline| Instant::now() + pause < deadline) => {
                sleep(pause).await;
                Another::Attempt
            }
            _ => Another::NotAllowed,
        }
    }
}

/// Whether a failure may be gone a moment later.
pub(super) fn may_pass(cause: &Cause) -> bool {
    match cause {
        Cause::Connect(error) | Cause::Proxy(ProxyError::Connect(error)) => {
            matches!(error, ConnectError::Refused { .. } | ConnectError::Unreachable { .. })
        }
        Cause::Proxy(ProxyError::Refused { status, .. }) => matches!(status, 429 | 502..=504),
        Cause::Proxy(error) => matches!(error, ProxyError::Closed { .. }),
        Cause::Tls(error) => matches!(error, TlsError::Closed | TlsError::Io(_)),
        // A host that is silent is not asked four times over.
        Cause::Http(error) => matches!(error, HttpError::Closed | HttpError::Io(_)),
        Cause::Connection(error) => match error {
            connection::Error::UnexpectedStatus(status) | connection::Error::NotWinRm { status, .. } => {
                matches!(status, 429 | 503)
            }
            // Closed in the middle of the authentication is not among these: a proof may have been judged.
            connection::Error::AuthenticationLost => true,
            _ => false,
        },
        _ => false,
    }
}

/// Whether output that was being waited for is worth asking for again. Silence is, too: a router in between may have
/// forgotten the connection while the command ran.
pub(crate) fn may_ask_again(cause: &Cause) -> bool {
    may_pass(cause) || *cause == Cause::Http(HttpError::TimedOut)
}

/// Whether doing it twice is the same as doing it once. A command that is started twice is not, nor is input
/// that is sent twice, nor a shell that is opened twice. A Receive is not asked for again here but by its execution, which
/// has to know that an answer was lost. Identify is what a client may begin with: repeated, it could prove a wrong password
/// again to something that closes the connection instead of refusing.
pub(super) fn may_repeat(operation: Operation) -> bool {
    match operation {
        Operation::Signal | Operation::Delete | Operation::Enumerate => true,
        Operation::Identify
        | Operation::Create
        | Operation::Command
        | Operation::Receive
        | Operation::Connect
        | Operation::Disconnect
        | Operation::Reconnect
        | Operation::Send => false,
    }
}

/// A number from 0.5 to 1.5.
fn jitter() -> f64 {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    0.5 + f64::from(random) / f64::from(u32::MAX)
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Another, Retries};

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_the_count_ends() {
        let mut retries = Retries::new(3);
        let mut pauses = Vec::new();
        loop {
            let before = Instant::now();
            if retries.pause().await == Another::NotAllowed {
                break;
            }
            pauses.push(before.elapsed().as_millis());
        }
        let bounds = [(100, 302), (200, 602), (400, 1202)];
        assert_eq!(pauses.len(), bounds.len());
        for (pause, (low, high)) in pauses.iter().zip(bounds) {
            assert!((low..=high).contains(pause), "{pauses:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_after_the_deadline() {
        let mut retries = Retries::new(10);
        let near = Instant::now() + Duration::from_millis(50);
        assert_eq!(retries.pause_until(near).await, Another::NotAllowed);
    }
}
