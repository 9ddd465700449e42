//! Basic authentication (RFC 7617), UTF-8.
//!
//! It hands the password to the peer, so [`crate::connection`] uses it inside TLS only. Windows takes Basic for local
//! accounts alone; a domain account is refused here, before its password has gone anywhere.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Credential, UserName};

/// The value of the `Authorization` header.
///
/// # Errors
/// An account that Basic cannot carry.
pub fn authorization(credential: &Credential) -> Result<Zeroizing<String>, Error> {
    usable(credential.user())?;
    let pair =
        Zeroizing::new(format!("{}:{}", credential.user().name(), credential.password().expose_secret()));
    let mut value = Zeroizing::new(String::with_capacity(6 + (pair.len() / 3 + 1) * 4));
    value.push_str("Basic ");
    BASE64_STANDARD.encode_string(pair.as_bytes(), &mut value);
    Ok(value)
}

/// Whether Basic can carry this account at all.
///
/// # Errors
/// A domain account, or a colon in the name.
pub fn usable(user: &UserName) -> Result<(), Error> {
    if user.is_domain_account() {
        return Err(Error::DomainAccount);
    }
    if user.name().contains(':') {
        return Err(Error::Colon);
    }
    Ok(())
}

/// Reads the decoded token of an `Authorization` header: the server's half.
///
/// The name is text as it came; the caller compares it with the accounts it knows.
///
/// # Errors
/// Text that is not UTF-8 or has no colon.
pub fn parse(token: &[u8]) -> Result<(String, SecretString), Error> {
    let pair = std::str::from_utf8(token).map_err(|_| Error::NotUtf8)?;
    let (name, password) = pair.split_once(':').ok_or(Error::NoColon)?;
    Ok((name.to_owned(), SecretString::from(password)))
}

/// Why Basic cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// Windows accepts Basic for local accounts only.
    #[error(
        "Windows accepts Basic authentication for local accounts only, not for DOMAIN\\user or user@realm"
    )]
    DomainAccount,
    /// RFC 7617 ends the name at the first colon.
    #[error("a user name with a colon cannot be sent by Basic authentication")]
    Colon,
    /// The peer's token is not UTF-8.
    #[error("the Basic token is not UTF-8")]
    NotUtf8,
    /// The peer's token has no colon between name and password.
    #[error("the Basic token has no colon")]
    NoColon,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(user: &str) -> Credential {
        Credential::new(UserName::parse(user).unwrap(), SecretString::from("P@ss w0rd-Üñí"))
    }

    #[test]
    fn utf8_there_and_back() {
        let value = authorization(&credential("vagrant")).unwrap();
        assert_eq!(*value, "Basic dmFncmFudDpQQHNzIHcwcmQtw5zDscOt");
        let (name, password) =
            parse(&BASE64_STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap()).unwrap();
        assert_eq!((name.as_str(), password.expose_secret()), ("vagrant", "P@ss w0rd-Üñí"));
    }

    #[test]
    fn the_first_colon_ends_the_name() {
        let (name, password) = parse(b"a:b:c").unwrap();
        assert_eq!((name.as_str(), password.expose_secret()), ("a", "b:c"));
    }

    #[test]
    fn refusals() {
        for (user, error) in [
            ("CORP\\svc", Error::DomainAccount),
            ("svc@corp.example", Error::DomainAccount),
            ("a:b", Error::Colon),
        ] {
            assert_eq!(authorization(&credential(user)).err(), Some(error), "{user}");
        }
        assert_eq!(parse(b"\xff:x").err(), Some(Error::NotUtf8));
        assert_eq!(parse(b"no colon").err(), Some(Error::NoColon));
    }
}
