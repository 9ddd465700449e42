//! What every connection shares.

use crate::certificate::Identities;
use crate::clock::{Clock, IdSource, Ids};
use crate::misbehaviour::Armed;
use crate::record::Record;
use crate::settings::{Account, HardeningLevel, Quotas, Scheme, Transport};

/// What the builder chose.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    pub(crate) transport: Transport,
    pub(crate) accounts: Vec<Account>,
    pub(crate) offered: Vec<Scheme>,
    pub(crate) hardening: HardeningLevel,
    pub(crate) quotas: Quotas,
    pub(crate) hostname: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            transport: Transport::Https,
            accounts: Vec::new(),
            offered: vec![Scheme::Negotiate, Scheme::Ntlm],
            hardening: HardeningLevel::Relaxed,
            quotas: Quotas::default(),
            hostname: "WEB-01".to_owned(),
            environment: Vec::new(),
            clock: Clock::System,
            ids: Ids::Random,
        }
    }
}

/// The host's state.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) choices: Choices,
    /// The account that [`crate::Host::user`] names.
    pub(crate) first: Account,
    pub(crate) identities: Identities,
    pub(crate) record: Record,
    pub(crate) armed: Armed,
    pub(crate) ids: IdSource,
}

impl World {
    pub(crate) fn new(choices: Choices, first: Account, identities: Identities) -> Self {
        let ids = IdSource::new(choices.ids);
        Self { choices, first, identities, record: Record::new(), armed: Armed::default(), ids }
    }

    /// The account of that name. Windows does not tell upper from lower case in user names.
    pub(crate) fn account(&self, user: &str) -> Option<&Account> {
        self.choices.accounts.iter().find(|account| account.user.eq_ignore_ascii_case(user))
    }
}
