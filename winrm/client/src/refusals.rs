//! The memory of refused credentials, so that no account is ever locked by trying a wrong password twice.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// Remembers which pairs of user and secret a host refused, and lets nobody send them again.
///
/// Clients that are given clones of one instance share its memory: a password that one host refused goes to no
/// other host until the secret that the caller reads is a different one. While nobody knows yet whether a
/// credential is right, one connection tries it and the others wait, so that fifty hosts asked at once do
/// not see fifty wrong passwords. It holds digests under a random key, no secret.
#[derive(Clone)]
pub struct RefusedCredentials(Arc<Memory>);

/// The source of random bytes failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomBytes;

struct Memory {
    key: hmac::Key,
    gates: Mutex<HashMap<CredentialId, Gate>>,
}

/// Which credential is meant, without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CredentialId([u8; 32]);

/// This credential was refused before and has not been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RememberedRefusal;

/// Leave to send a credential once. Dropped without a verdict, it lets the next one try.
#[must_use]
pub(crate) struct Admission {
    memory: RefusedCredentials,
    id: CredentialId,
    _turn: Option<OwnedSemaphorePermit>,
}

struct Gate {
    verdict: Verdict,
    turn: Arc<Semaphore>,
}

#[derive(Clone, Copy)]
enum Verdict {
    Unknown,
    Accepted(Instant),
    Refused,
}

impl RefusedCredentials {
    /// An empty memory.
    ///
    /// # Errors
    ///
    /// [`NoRandomBytes`], where the operating system has none for the key.
    pub fn new() -> Result<Self, NoRandomBytes> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| NoRandomBytes)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Ok(Self(Arc::new(Memory { key, gates: Mutex::default() })))
    }

    /// Whether this secret of this user was refused. User names are compared without regard to case.
    #[must_use]
    pub fn contains(&self, user: &str, secret: &str) -> bool {
        let id = self.identify(user, secret);
        matches!(self.gates().get(&id), Some(Gate { verdict: Verdict::Refused, .. }))
    }

    pub(crate) fn identify(&self, user: &str, secret: &str) -> CredentialId {
        let mut context = hmac::Context::with_key(&self.0.key);
        let user = user.to_lowercase();
        context.update(&u64::try_from(user.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(user.as_bytes());
        context.update(secret.as_bytes());
        let mut id = [0; 32];
        for (place, byte) in id.iter_mut().zip(context.sign().as_ref()) {
            *place = *byte;
        }
        CredentialId(id)
    }

    /// Waits until this credential may be sent.
    pub(crate) async fn admit(&self, id: CredentialId) -> Result<Admission, RememberedRefusal> {
        loop {
            let Some(turn) = self.ask(id)? else {
                return Ok(Admission { memory: self.clone(), id, _turn: None });
            };
            match timeout(LONGEST_TURN, turn.clone().acquire_owned()).await {
                Ok(Ok(permit)) => {
                    // Accepted in the meantime: those who still wait need not go one by one.
                    let turn = self.ask(id)?.map(|_| permit);
                    return Ok(Admission { memory: self.clone(), id, _turn: turn });
                }
                // A host that takes the credential and then says nothing must not hold up every other host.
                Ok(Err(_)) | Err(_) => self.pass_over(id, &turn),
            }
        }
    }

    /// A host refused the credential: it is not sent again to anybody.
    pub(crate) fn refuse(&self, id: CredentialId) {
        self.judge(id, Verdict::Refused);
    }

    /// Lets one of those who wait behind a silent holder take a new turn.
    fn pass_over(&self, id: CredentialId, turn: &Arc<Semaphore>) {
        if let Some(gate) = self.gates().get_mut(&id)
            && Arc::ptr_eq(&gate.turn, turn)
        {
            gate.turn = Arc::new(Semaphore::new(1));
        }
    }

    /// The queue to stand in, or none for a credential that was accepted a moment ago.
    fn ask(&self, id: CredentialId) -> Result<Option<Arc<Semaphore>>, RememberedRefusal> {
        let mut gates = self.gates();
        if gates.len() >= MAX_REMEMBERED {
            gates.retain(|_, gate| {
                matches!(gate.verdict, Verdict::Refused) || Arc::strong_count(&gate.turn) > 1
            });
        }
        let gate = gates
            .entry(id)
            .or_insert_with(|| Gate { verdict: Verdict::Unknown, turn: Arc::new(Semaphore::new(1)) });
        match gate.verdict {
            Verdict::Refused => Err(RememberedRefusal),
            Verdict::Accepted(at) if at.elapsed() < ACCEPTANCE_LASTS => Ok(None),
            Verdict::Accepted(_) | Verdict::Unknown => Ok(Some(gate.turn.clone())),
        }
    }

    fn judge(&self, id: CredentialId, verdict: Verdict) {
        if let Some(gate) = self.gates().get_mut(&id)
            && !matches!(gate.verdict, Verdict::Refused)
        {
            gate.verdict = verdict;
        }
    }

    fn gates(&self) -> std::sync::MutexGuard<'_, HashMap<CredentialId, Gate>> {
        self.0.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RefusedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedCredentials").field("known", &self.gates().len()).finish_non_exhaustive()
    }
}

impl Admission {
    /// Whether some host has accepted the credential before, so that trying again locks nothing.
    pub(crate) fn was_accepted_before(&self) -> bool {
        matches!(self.memory.gates().get(&self.id), Some(Gate { verdict: Verdict::Accepted(_), .. }))
    }

    /// The host accepted it.
    pub(crate) fn accepted(self) {
        self.memory.judge(self.id, Verdict::Accepted(Instant::now()));
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").finish_non_exhaustive()
    }
}

/// How long the others wait for the verdict on one connection before one of them tries.
const LONGEST_TURN: Duration = Duration::from_secs(5);
/// How long an acceptance speaks for connections that follow: a password can change while we run.
const ACCEPTANCE_LASTS: Duration = Duration::from_secs(30);
/// Beyond this, gates that neither remember a refusal nor are in use are forgotten.
const MAX_REMEMBERED: usize = 1024;

#[cfg(test)]
mod tests {
    use super::{RefusedCredentials, RememberedRefusal};

    #[tokio::test]
    async fn a_refused_secret_is_held_until_it_differs() {
        let memory = RefusedCredentials::new().unwrap();
        let wrong = memory.identify("CORP\\svc", "old");
        memory.refuse(memory.admit(wrong).await.unwrap().id);

        assert_eq!(memory.clone().admit(wrong).await.err(), Some(RememberedRefusal));
        assert!(memory.contains("corp\\SVC", "old"));
        assert!(!memory.contains("CORP\\svc", "new"));
        assert!(memory.admit(memory.identify("CORP\\svc", "new")).await.is_ok());
    }

    #[tokio::test]
    async fn one_tries_while_the_others_wait_and_hear_the_refusal() {
        let memory = RefusedCredentials::new().unwrap();
        let id = memory.identify("svc", "guess");
        let first = memory.admit(id).await.unwrap();
        let others: Vec<_> = (0..5)
            .map(|_| {
                let memory = memory.clone();
                tokio::spawn(async move { memory.admit(id).await.err() })
            })
            .collect();
        tokio::task::yield_now().await;
        memory.refuse(id);
        drop(first);
        for other in others {
            assert_eq!(other.await.unwrap(), Some(RememberedRefusal));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_host_does_not_hold_up_the_others_for_ever() {
        let memory = RefusedCredentials::new().unwrap();
        let id = memory.identify("svc", "right");
        let _silent = memory.admit(id).await.unwrap();
        assert!(memory.admit(id).await.is_ok());
    }

    #[tokio::test]
    async fn an_accepted_credential_makes_nobody_wait() {
        let memory = RefusedCredentials::new().unwrap();
        let id = memory.identify("svc", "right");
        memory.admit(id).await.unwrap().accepted();
        let (one, two) = tokio::join!(memory.admit(id), memory.admit(id));
        assert!(one.unwrap().was_accepted_before() && two.unwrap().was_accepted_before());
    }

    #[tokio::test]
    async fn those_who_waited_for_an_acceptance_go_together() {
        let memory = RefusedCredentials::new().unwrap();
        let id = memory.identify("svc", "right");
        let first = memory.admit(id).await.unwrap();
        let (one, two, ()) = tokio::join!(memory.admit(id), memory.admit(id), async {
            tokio::task::yield_now().await;
            first.accepted();
        });
        // Both are there, although neither has been judged.
        assert!(one.is_ok() && two.is_ok());
    }

    #[test]
    fn user_and_secret_do_not_run_into_each_other() {
        let memory = RefusedCredentials::new().unwrap();
        assert_ne!(memory.identify("ab", "c"), memory.identify("a", "bc"));
    }
}
