//! What is between here and a working shell, step by step.
//!
//! A client says what failed; a probe says how far everything before it works, and what it looks like there. No
//! credential is sent before the step that says so, and nothing is run on the host.

mod certificate;
mod steps;

use std::{fmt, net::SocketAddr, time::Duration};

use winrm_proto::auth::Scheme;

use crate::{
    client::Identity,
    config::{ClientConfig, ConfigError},
    error::Cause,
};

pub use certificate::Certificate;

/// What a probe found, one step after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    steps: Vec<Step>,
}

/// One step of a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Which one.
    pub stage: Stage,
    /// How long it took.
    pub elapsed: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// The host's name has an address; a proxy's business where there is one.
    Dns,
    /// A TCP connection, or a tunnel through the proxy.
    Tcp,
    /// TLS with a certificate that is trusted; not on plain HTTP.
    Tls,
    /// The authentication schemes that the service offers to anyone.
    Schemes,
    /// The account is accepted, and the service says what it is.
    Authentication,
    /// A shell opens and closes.
    WinRs,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It works.
    Passed(Finding),
    /// It does not, so that no further step was taken.
    Failed {
        /// Why.
        cause: Cause,
        /// The certificate that is not trusted, where TLS failed for it. Compare its digest with the host's before you
        /// pin it.
        presented: Option<Box<Certificate>>,
    },
}

/// What a step that works looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The host's addresses.
    Addresses(Vec<SocketAddr>),
    /// The address that answered: the host's, or the proxy's.
    Connected(SocketAddr),
    /// The TLS session.
    Encrypted {
        /// The protocol version, such as `TLSv1_3`.
        version: String,
        /// The cipher suite's name.
        cipher_suite: String,
        /// The server's certificate.
        certificate: Option<Box<Certificate>>,
    },
    /// The schemes as the service names them.
    Offered {
        /// The names, in the order of the answer.
        schemes: Vec<String>,
        /// What the `Server` header says: a proxy or another web server gives itself away.
        server: Option<String>,
    },
    /// The account was accepted.
    Authenticated {
        /// The schemes that were allowed to be used.
        allowed: Vec<Scheme>,
        /// What the service says it is.
        identity: Identity,
    },
    /// A shell was opened and closed.
    Shell {
        /// Its identifier.
        id: String,
    },
}

impl Report {
    /// The steps that were taken, in order. The last one may have failed.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step that failed, and why.
    #[must_use]
    pub fn failure(&self) -> Option<(Stage, &Cause)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Passed(_) => None,
            Outcome::Failed { cause, .. } => Some((step.stage, cause)),
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Schemes => "schemes",
            Self::Authentication => "authentication",
            Self::WinRs => "WinRS",
        })
    }
}

/// Tries every step on the way to a shell, and stops at the first that fails.
///
/// It uses connections of its own. Like a client, it sends no credential that was refused before.
///
/// # Errors
///
/// [`ConfigError`], before anything is sent.
pub async fn probe(config: &ClientConfig) -> Result<Report, ConfigError> {
    steps::take(config).await.map(|steps| Report { steps })
}
