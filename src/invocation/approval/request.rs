//! What a human decides about, and the digest that names it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    call::CallId,
    policy::{Judged, JudgedProgram},
};

/// One piece of work for one host, in its judged form. What is approved is this and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// On whose behalf.
    pub principal: String,
    /// The host by its configured name.
    pub host: String,
    /// The endpoint of PowerShell that it runs behind, where that is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_name: Option<String>,
    /// The version of the policy that judged it.
    pub policy: String,
    /// What kind of work it is.
    pub kind: String,
    /// The whole judged form, with every value.
    pub form: String,
}

/// What a human wants to know beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Background {
    /// The tool or subcommand that asks.
    pub tool: String,
    /// The rule that wants a human.
    pub rule: String,
    /// `read` or `change`.
    pub risk: String,
}

/// The first 128 bits of a request's digest as 26 base32 characters: the same work has the same id, wherever it is
/// shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApprovalId(String);

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 26 letters and digits")]
pub struct NotAnId;

impl Request {
    /// SHA-256 over every field with its length, so that no two requests have the same bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let Self { principal, host, configuration_name, policy, kind, form } = self;
        let host = host.to_lowercase();
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        let configuration = [configuration_name.as_deref().unwrap_or_default()];
        for field in
            [principal, &host, policy, kind, form].map(String::as_str).into_iter().chain(configuration)
        {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.update([u8::from(configuration_name.is_some())]);
        hash.finalize().into()
    }

    /// What the request is called.
    #[must_use]
    pub fn id(&self) -> ApprovalId {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.digest();
        let bits = u128::from_be_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
        ApprovalId(CallId::from_random(bits).as_str().to_owned())
    }

    /// The whole of what would be sent, for a human to read. `None` where a part is no text.
    #[must_use]
    pub fn form_of(judged: &Judged) -> Option<String> {
        let Judged::Program(JudgedProgram { stdin, working_directory, .. }) = judged else {
            return Some(judged.text());
        };
        let mut form = judged.text();
        if let Some(folder) = working_directory {
            form.push_str(&format!("\nin {folder}"));
        }
        if let Some(stdin) = stdin {
            form.push_str(&format!("\nwith this input:\n{}", std::str::from_utf8(stdin).ok()?));
        }
        Some(form)
    }
}

impl ApprovalId {
    /// Takes an id, whatever its case.
    ///
    /// # Errors
    /// [`NotAnId`].
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim().to_ascii_lowercase();
        let digit = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        if text.len() == 26 && text.bytes().all(digit) { Ok(Self(text)) } else { Err(NotAnId) }
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ApprovalId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<ApprovalId> for String {
    fn from(id: ApprovalId) -> Self {
        id.0
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keeps these digests apart from every other use of the hash.
const DOMAIN: &[u8] = b"winrm-mcp approval 1\0";
