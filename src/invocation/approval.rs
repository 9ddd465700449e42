//! What a human has to approve before it runs: asked for, granted once, redeemed once.
//!
//! The walk brings each judgement to [`Approvals::redeem`]. Where somebody has approved exactly this (the same principal,
//! host, policy and judged form, by [`Request::digest`]), the approval is used up and the work goes on; else
//! [`Approvals::ask`] puts the request down in the state directory, and the caller is told the command that approves it.
//! `winrm-mcp approve` is another process, so everything lies in files: each change of state is one rename, which
//! only one of several processes can win.

mod claim;
mod error;
mod owner;
mod proof;
mod request;
mod store;
mod webhook;

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

pub use self::{
    claim::{Claim, Taken, Used},
    error::{ApprovalError, NotApproved},
    owner::{Approver, NotAnApprover},
    request::{ApprovalId, Background, NotAnId, Request},
    store::{Granted, Pending},
    webhook::{Address, NotAnAddress, Webhook},
};
use self::{proof::Proof, store::Store};
use crate::{
    call::Call,
    inventory::Target,
    policy::{Authorized, Denial, Judged, Judgement, Policy, Unapproved},
    redact::KnownSecrets,
    secret::{Reference, Secrets},
};

/// How approvals are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where requests and approvals lie.
    pub folder: PathBuf,
    /// The user of the operating system who alone may approve; `None` is the one that runs the server.
    pub user: Option<Approver>,
    /// What the human has to know.
    pub passphrase: Option<Reference>,
    /// Who is told of each new request.
    pub webhook: Option<Webhook>,
}

/// Requests and approvals. Cheap to clone; several processes may share one folder.
#[derive(Debug, Clone)]
pub struct Approvals {
    settings: Settings,
    store: Store,
    secrets: Secrets,
    /// What webhooks are being told.
    telling: TaskTracker,
    now: fn() -> OffsetDateTime,
}

/// A human's word for one piece of work, used up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Approval {
    /// Which request was approved.
    pub id: ApprovalId,
    /// Who approved it, as the operating system knows them.
    pub by: String,
}

/// Work that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// Names the request.
    pub id: ApprovalId,
    /// The host that it is for.
    pub host: String,
    /// The rule that wants a human.
    pub rule: String,
    /// What waits.
    pub form: String,
}

/// What a piece of work is part of.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The call that it belongs to.
    pub call: &'a Call,
    /// The host that it is for.
    pub target: &'a Target,
    /// The policy that judged it.
    pub policy: &'a Policy,
    /// The tool or subcommand that asks.
    pub tool: &'a str,
}

impl Approvals {
    /// Approvals in this folder. Nothing is touched before the first request.
    #[must_use]
    pub fn new(settings: Settings, secrets: Secrets) -> Self {
        Self::with_clock(settings, secrets, OffsetDateTime::now_utc)
    }

    /// The same with another clock, for tests.
    #[must_use]
    pub fn with_clock(settings: Settings, secrets: Secrets, now: fn() -> OffsetDateTime) -> Self {
        let store = Store::new(settings.folder.clone());
        Self { settings, store, secrets, telling: TaskTracker::new(), now }
    }

    /// How approvals are given here.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Turns what the policy wants a human for into what may run, where a human has approved exactly this and `admit`
    /// does not refuse it. That approval is used up then, and not where it is refused.
    pub fn redeem(
        &self,
        unapproved: Unapproved,
        occasion: Occasion<'_>,
        admit: impl FnOnce(&Authorized) -> Result<(), Denial>,
    ) -> (Judgement, Option<Approval>) {
        let claim = match occasion.request(unapproved.wanted()) {
            Ok(request) => self.claim(&request),
            // The caller is told when it is asked for.
            Err(_) => Ok(None),
        };
        let used = match claim {
            Ok(None) => return (Judgement::NeedsApproval(unapproved), None),
            Ok(Some(claim)) => match admit(unapproved.wanted()) {
                Ok(()) => claim.use_up(),
                Err(denial) => {
                    claim.give_back();
                    return (Judgement::Denied(denial), None);
                }
            },
            Err(error) => Err(error),
        };
        match used {
            Ok(approval) => (Judgement::Allowed(unapproved.approved()), Some(approval)),
            Err(error) => {
                tracing::warn!(call = %occasion.call.id, %error, "an approval does not count");
                (Judgement::NeedsApproval(unapproved), None)
            }
        }
    }

    /// Asks a human for what the policy wants one for, and says so to the caller.
    pub fn ask(&self, unapproved: &Unapproved, occasion: Occasion<'_>) -> NotApproved {
        let wanted = unapproved.wanted();
        let background = Background {
            tool: occasion.tool.to_owned(),
            rule: wanted.rule().to_owned(),
            risk: wanted.risk().name().to_owned(),
        };
        let asked = occasion.request(wanted).and_then(|request| self.put(&request, &background));
        asked.map_or_else(NotApproved::Failed, |required| NotApproved::Required(Box::new(required)))
    }

    /// Uses up the approvals of all that a script needs them for. Where one is missing none is used up, and humans are
    /// asked for those that are.
    ///
    /// # Errors
    /// What was asked for, with what it is about.
    pub fn take_all(
        &self,
        needed: Vec<Unapproved>,
        occasion: Occasion<'_>,
    ) -> Result<Taken, Vec<(Unapproved, NotApproved)>> {
        let mut claims = Vec::new();
        let mut missing = Vec::new();
        for unapproved in needed {
            let request = occasion.request(unapproved.wanted());
            match request.and_then(|request| Ok((self.claim(&request)?, request))) {
                Ok((Some(claim), request)) => claims.push((claim, request, unapproved)),
                Ok((None, _)) => missing.push(unapproved),
                Err(error) => {
                    tracing::warn!(call = %occasion.call.id, %error, "an approval does not count");
                    missing.push(unapproved);
                }
            }
        }
        let mut taken = Taken::default();
        for (claim, request, unapproved) in claims {
            if !missing.is_empty() {
                claim.give_back();
                continue;
            }
            match claim.use_up() {
                Ok(approval) => {
                    let rule = unapproved.wanted().rule().to_owned();
                    taken.push(Used { request, rule, approval });
                }
                Err(error) => {
                    tracing::warn!(call = %occasion.call.id, %error, "an approval does not count");
                    missing.push(unapproved);
                }
            }
        }
        if missing.is_empty() {
            return Ok(taken);
        }
        let ask = |unapproved: Unapproved| {
            let asked = self.ask(&unapproved, occasion);
            (unapproved, asked)
        };
        Err(missing.into_iter().map(ask).collect())
    }

    /// Takes the approval of a request, so that nobody else has it; `None` where there is none.
    ///
    /// # Errors
    /// [`ApprovalError`]: there was one, and it does not count.
    pub fn claim(&self, request: &Request) -> Result<Option<Claim>, ApprovalError> {
        let id = request.id();
        let Some(held) = self.store.take(&id)? else { return Ok(None) };
        match self.check(request, held.granted()) {
            Ok(()) => Ok(Some(Claim::new(id, held))),
            Err(error) => {
                held.remove()?;
                Err(error)
            }
        }
    }

    /// Puts a request down for a human to see.
    ///
    /// # Errors
    /// [`ApprovalError`]: it cannot be shown, or there is no place for it.
    pub fn put(&self, request: &Request, background: &Background) -> Result<Required, ApprovalError> {
        self.can_be_shown(request)?;
        let now = self.seconds();
        let id = request.id();
        let pending = Pending {
            id: id.clone(),
            request: request.clone(),
            background: background.clone(),
            asked: now,
            expires: now.saturating_add(seconds(LIFE)),
        };
        self.store.sweep(now)?;
        if self.store.ask(&pending)? == store::Asked::Anew {
            self.tell(pending);
        }
        let Request { host, form, .. } = request.clone();
        Ok(Required { id, host, rule: background.rule.clone(), form })
    }

    /// Waits until webhooks have been told, for at most `deadline`.
    pub async fn settle(&self, deadline: Duration) {
        self.telling.close();
        if tokio::time::timeout(deadline, self.telling.wait()).await.is_err() {
            tracing::warn!("left before the webhook had answered");
        }
    }

    /// Tells the webhook, if there is one, while the call goes on.
    fn tell(&self, pending: Pending) {
        let (Some(webhook), Ok(runtime)) = (self.settings.webhook.clone(), Handle::try_current()) else {
            return;
        };
        let secrets = self.secrets.clone();
        let telling = async move {
            if let Err(error) = webhook.tell(&pending, &secrets).await {
                tracing::warn!(request = %pending.id, %error, "the webhook was not told of a request");
            }
        };
        // The end of the process waits for it.
        drop(self.telling.spawn_on(telling, &runtime));
    }

    /// What waits for a human, the oldest first.
    ///
    /// # Errors
    /// [`ApprovalError`] where the folder cannot be read.
    pub fn pending(&self) -> Result<Vec<Pending>, ApprovalError> {
        let now = self.seconds();
        let mut pending = self.store.pending()?;
        pending.retain(|pending| pending.expires > now);
        pending.sort_by(|a, b| (a.asked, a.id.as_str()).cmp(&(b.asked, b.id.as_str())));
        Ok(pending)
    }

    /// The request of this id, or of the only id that begins so.
    ///
    /// # Errors
    /// [`ApprovalError::Unknown`], [`ApprovalError::Ambiguous`] and [`ApprovalError::Expired`].
    pub fn find(&self, text: &str) -> Result<Pending, ApprovalError> {
        let text = text.trim().to_ascii_lowercase();
        let unknown = || ApprovalError::Unknown { id: text.clone() };
        if text.len() < SHORTEST_PREFIX {
            return Err(unknown());
        }
        let mut found =
            self.store.pending()?.into_iter().filter(|pending| pending.id.as_str().starts_with(&text));
        let pending = found.next().ok_or_else(unknown)?;
        if found.next().is_some() {
            return Err(ApprovalError::Ambiguous { id: text });
        }
        if pending.expires <= self.seconds() {
            return Err(ApprovalError::Expired { id: pending.id });
        }
        Ok(pending)
    }

    /// Puts down that the user of this process approves these requests: the one that was asked for, and the same for
    /// the other hosts of a named set. Each can be redeemed once.
    ///
    /// # Errors
    /// [`ApprovalError`]; the human is the wrong one, or the passphrase is.
    pub fn approve(
        &self,
        asked: &ApprovalId,
        requests: &[Request],
        passphrase: Option<&SecretString>,
    ) -> Result<(), ApprovalError> {
        let by = self.may_approve()?;
        if let Some(reference) = &self.settings.passphrase {
            let given = passphrase.ok_or(ApprovalError::PassphraseMissing)?;
            let known = self.secrets.read(reference)?.value;
            if !proof::is_same(given, &known) {
                return Err(ApprovalError::WrongPassphrase);
            }
        }
        let expires = self.seconds().saturating_add(seconds(LIFE));
        for request in requests {
            self.can_be_shown(request)?;
            let digest = request.digest();
            let proof = passphrase.map(|passphrase| Proof::new(passphrase, &digest, expires)).transpose()?;
            let granted = Granted { request: request.clone(), by: by.clone(), expires, proof, owner: None };
            self.store.grant(&granted)?;
        }
        self.store.drop_request(asked)
    }

    /// Drops a request that the human does not approve.
    ///
    /// # Errors
    /// [`ApprovalError`] where the folder cannot be written.
    pub fn decline(&self, id: &ApprovalId) -> Result<(), ApprovalError> {
        self.store.drop_request(id)
    }

    /// Who the user of this process is, if they may approve.
    ///
    /// # Errors
    /// [`ApprovalError::WrongUser`].
    pub fn may_approve(&self) -> Result<String, ApprovalError> {
        let me = owner::me();
        match &self.settings.user {
            Some(user) if !user.is(&me) => Err(ApprovalError::WrongUser { wanted: user.to_string() }),
            _ => Ok(me.to_string()),
        }
    }

    /// Whether an approval means this request, was given by the right human, and is still good.
    fn check(&self, request: &Request, granted: &Granted) -> Result<(), ApprovalError> {
        let id = request.id();
        if granted.request.digest() != request.digest() {
            return Err(ApprovalError::Forged { id });
        }
        if granted.expires <= self.seconds() || granted.expires > self.seconds().saturating_add(seconds(LIFE))
        {
            return Err(ApprovalError::Expired { id });
        }
        if !owner::counts(granted.owner.as_ref(), self.settings.user.as_ref()) {
            return Err(ApprovalError::Forged { id });
        }
        let Some(reference) = &self.settings.passphrase else { return Ok(()) };
        let known = self.secrets.read(reference)?.value;
        let proven = granted
            .proof
            .as_ref()
            .is_some_and(|proof| proof.holds(&known, &request.digest(), granted.expires));
        if proven { Ok(()) } else { Err(ApprovalError::Forged { id }) }
    }

    /// A human sees the whole of what they approve, so what is too long to read or holds a secret is refused.
    fn can_be_shown(&self, request: &Request) -> Result<(), ApprovalError> {
        if request.form.len() > LONGEST_FORM {
            return Err(ApprovalError::TooLong { bytes: request.form.len() });
        }
        let known: &KnownSecrets = self.secrets.known();
        if known.scrub(&request.form) != request.form {
            return Err(ApprovalError::HoldsSecret);
        }
        Ok(())
    }

    fn seconds(&self) -> i64 {
        (self.now)().unix_timestamp()
    }
}

impl Occasion<'_> {
    /// What a human decides about.
    fn request(&self, wanted: &Authorized) -> Result<Request, ApprovalError> {
        // Programs and text run in a shell of their own, behind no endpoint of PowerShell.
        let in_a_shell =
            matches!(wanted.judged(), Judged::Program(_) | Judged::RawPowerShell(_) | Judged::Check);
        let configuration_name = self.target.remoting.configuration_name.as_ref().filter(|_| !in_a_shell);
        Ok(Request {
            principal: self.call.principal.as_str().to_owned(),
            host: wanted.host().as_str().to_owned(),
            configuration_name: configuration_name.map(|name| name.as_str().to_owned()),
            policy: self.policy.version().to_owned(),
            kind: wanted.judged().kind().to_owned(),
            form: Request::form_of(wanted.judged()).ok_or(ApprovalError::NotText)?,
        })
    }
}

impl Required {
    /// The command that approves it.
    #[must_use]
    pub fn command(&self) -> String {
        format!("winrm-mcp approve {}", self.id)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// How long a request waits, and how long an approval waits to be used.
const LIFE: Duration = Duration::from_secs(5 * 60);
/// Bytes of the longest judged form that a human is shown.
const LONGEST_FORM: usize = 16 * 1024;
/// Characters of an id that a human has to type at least.
const SHORTEST_PREFIX: usize = 6;

#[cfg(test)]
mod tests;
