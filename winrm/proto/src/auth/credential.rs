//! An account with its password.

use std::fmt;

use secrecy::SecretString;

use super::UserName;

/// An account and its password. `Debug` shows the account only.
#[derive(Clone)]
pub struct Credential {
    user: UserName,
    password: SecretString,
}

impl Credential {
    /// Joins an account with its password.
    #[must_use]
    pub fn new(user: UserName, password: SecretString) -> Self {
        Self { user, password }
    }

    /// The account.
    #[must_use]
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.password
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_password() {
        let credential =
            Credential::new(UserName::parse("CORP\\svc").unwrap(), SecretString::from("canary-4711"));
        let shown = format!("{credential:?}");
        assert!(shown.contains("CORP\\svc"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
