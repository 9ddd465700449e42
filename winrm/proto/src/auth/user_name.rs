//! The account that authenticates.

use std::fmt;

use thiserror::Error;

/// An account name in one of the three spellings that Windows knows: `DOMAIN\user`, `user@realm` and `user`.
///
/// The shape decides what is sent: a user principal name travels whole, with an empty domain, because only the
/// domain controller can split it. `.\user` means the account of the host itself and is the same as `user`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserName {
    /// INVARIANT: neither empty nor with a control character or a backslash.
    domain: Option<String>,
    /// INVARIANT: neither empty nor with a control character or a backslash.
    name: String,
}

impl UserName {
    /// Parses an account name.
    ///
    /// # Errors
    /// An empty part, a control character, a second backslash, or more than 512 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidUserName> {
        if text.len() > MAX_BYTES {
            return Err(InvalidUserName::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidUserName::ControlCharacter);
        }
        let (domain, name) = match text.split_once('\\') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        if name.contains('\\') {
            return Err(InvalidUserName::SecondBackslash);
        }
        if domain == Some("") {
            return Err(InvalidUserName::EmptyDomain);
        }
        if name.is_empty() || name.starts_with('@') || name.ends_with('@') {
            return Err(InvalidUserName::EmptyName);
        }
        let domain = domain.filter(|domain| *domain != ".").map(str::to_owned);
        Ok(Self { domain, name: name.to_owned() })
    }

    /// The domain of `DOMAIN\user`; absent for the other two spellings.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The name after the backslash, or the whole of a user principal name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the account belongs to a domain, as far as its spelling tells: `DOMAIN\user` or `user@realm`.
    #[must_use]
    pub fn is_domain_account(&self) -> bool {
        self.domain.is_some() || self.name.contains('@')
    }
}

impl std::str::FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.domain {
            Some(domain) => write!(f, "{domain}\\{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserName({self})")
    }
}

/// Why a text is not an account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidUserName {
    /// There is nothing, or nothing on one side of the `@`.
    #[error("the user name is empty")]
    EmptyName,
    /// There is nothing before the backslash.
    #[error("the domain before the backslash is empty")]
    EmptyDomain,
    /// There is more than one backslash.
    #[error("the user name has more than one backslash")]
    SecondBackslash,
    /// A tab, a line break or another control character, often left over from a file.
    #[error("the user name holds a control character")]
    ControlCharacter,
    /// Windows knows no account name this long.
    #[error("the user name is longer than {MAX_BYTES} bytes")]
    TooLong,
}

/// A domain name has at most 255 characters, an account name 256.
const MAX_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let cases = [
            ("CORP\\svc", Some("CORP"), "svc", true),
            ("svc@corp.example", None, "svc@corp.example", true),
            ("Administrator", None, "Administrator", false),
            (".\\Administrator", None, "Administrator", false),
            ("CORP\\a b", Some("CORP"), "a b", true),
            ("Jörg", None, "Jörg", false),
        ];
        for (text, domain, name, is_domain_account) in cases {
            let user = UserName::parse(text).unwrap();
            assert_eq!(
                (user.domain(), user.name(), user.is_domain_account()),
                (domain, name, is_domain_account),
                "{text}"
            );
        }
    }

    #[test]
    fn refusals() {
        let cases = [
            ("", InvalidUserName::EmptyName),
            ("CORP\\", InvalidUserName::EmptyName),
            ("@corp", InvalidUserName::EmptyName),
            ("svc@", InvalidUserName::EmptyName),
            ("\\svc", InvalidUserName::EmptyDomain),
            ("CORP\\\\svc", InvalidUserName::SecondBackslash),
            ("svc\n", InvalidUserName::ControlCharacter),
            ("CORP\tsvc", InvalidUserName::ControlCharacter),
            ("svc\u{85}", InvalidUserName::ControlCharacter),
        ];
        for (text, error) in cases {
            assert_eq!(UserName::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(UserName::parse(&"a".repeat(513)), Err(InvalidUserName::TooLong));
    }

    #[test]
    fn shown_as_it_is_written() {
        assert_eq!(UserName::parse("CORP\\svc").unwrap().to_string(), "CORP\\svc");
        assert_eq!(UserName::parse(".\\svc").unwrap().to_string(), "svc");
    }
}
