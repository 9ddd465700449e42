//! The task that owns one connection.

use std::{sync::Weak, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use winrm_proto::connection::{self, Reply};

use super::{
    Assignment, Job, Lane, Shared, Wanted,
    retry::{Another, Retries, may_pass, may_repeat},
};
use crate::{
    error::{Cause, Error, Reached},
    transport::{Dialer, Link, Setback},
};

/// Owns one connection, opens it when there is something to send, and does one request at a time.
pub(super) struct Worker {
    pub(super) id: u64,
    pub(super) lane: Lane,
    pub(super) lanes: Weak<Shared>,
    pub(super) dialer: Dialer,
    pub(super) assignments: mpsc::Receiver<Assignment>,
    pub(super) link: Option<Link>,
}

impl Worker {
    /// Works until the connection is lost, has been idle for long, or the client is gone.
    pub(super) async fn run(mut self) {
        while let Some(Assignment { job, handle }) = self.next().await {
            let outcome = self.perform(&job).await;
            // Offered before the answer is heard, so that whoever hears it finds this connection idle.
            let wanted = match (&self.link, self.lanes.upgrade()) {
                (Some(_), Some(shared)) => shared.offer(self.lane, handle),
                _ => Wanted::No,
            };
            let _unheard = job.answer.send(outcome);
            if wanted == Wanted::No {
                return;
            }
        }
    }

    /// The next job, while the connection is watched: closure by the host is noticed when it happens and not
    /// when the next request is on its way.
    async fn next(&mut self) -> Option<Assignment> {
        if let Some(link) = &mut self.link {
            tokio::select! {
                biased;
                assignment = self.assignments.recv() => return assignment,
                () = link.closed() => {}
                () = sleep(LONGEST_IDLE) => {}
            }
            self.link = None;
            if self.lanes.upgrade()?.forget(self.id).is_some() {
                return None;
            }
            // No longer in a list means that a job is on its way; it gets a new connection.
        }
        self.assignments.recv().await
    }

    async fn perform(&mut self, job: &Job) -> Result<Reply, Error> {
        let mut retries = Retries::new(self.dialer.retries());
        let mut reconnects = MAX_RECONNECTS;
        loop {
            let reused = self.link.is_some();
            let mut link = match self.link.take() {
                Some(link) => link,
                None => self.connect(&mut retries).await.map_err(|cause| job.fail(cause, Reached::Nobody))?,
            };
            let setback = match link.request(job.envelope.clone(), self.dialer.request_timeout()).await {
                Ok(reply) => {
                    self.link = Some(link).filter(Link::is_usable);
                    return Ok(reply);
                }
                Err(setback) => setback,
            };
            let (cause, reached) = match setback {
                Setback::Failed { cause, reached } => (cause, reached),
                Setback::Reconnect if reconnects > 0 => {
                    reconnects -= 1;
                    continue;
                }
                Setback::Reconnect => {
                    let cause = Cause::Connection(connection::Error::ClosedDuringAuthentication);
                    return Err(job.fail(cause, Reached::Refused));
                }
            };
            if reused && reached == Reached::Nobody && may_pass(&cause) {
                // The host had closed the idle connection, which is its right.
                continue;
            }
            let repeatable = reached != Reached::Perhaps || may_repeat(job.operation);
            if !repeatable || !may_pass(&cause) || job.answer.is_closed() {
                return Err(job.fail(cause, reached));
            }
            tracing::debug!(operation = %job.operation, %cause, "trying again");
            if retries.pause().await == Another::NotAllowed {
                return Err(job.fail(cause, reached));
            }
        }
    }

    /// Opens a connection, trying again until the connect timeout passes.
    async fn connect(&self, retries: &mut Retries) -> Result<Link, Cause> {
        let deadline = Instant::now() + self.dialer.connect_timeout();
        loop {
            let cause = match self.dialer.open(deadline).await {
                Ok(link) => return Ok(link),
                Err(cause) => cause,
            };
            if !may_pass(&cause) || retries.pause_until(deadline).await == Another::NotAllowed {
                return Err(cause);
            }
        }
    }
}

impl Job {
    fn fail(&self, cause: Cause, reached: Reached) -> Error {
        Error::new(self.operation, cause, reached)
    }
}

/// Windows closes a connection after 120 s; one that is about to be closed is not worth the risk that a Command is
/// lost on it.
const LONGEST_IDLE: Duration = Duration::from_secs(90);
/// One for each scheme that is given up, and one for an envelope that may not ride on the proof.
const MAX_RECONNECTS: u32 = 4;
