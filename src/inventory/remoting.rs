use std::fmt;

/// How PowerShell is spoken to on a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Remoting {
    /// The session configuration (endpoint); the host's own, `Microsoft.PowerShell`, where none is named.
    pub configuration_name: Option<ConfigurationName>,
    /// Whether every runspace is locked to what the policy allows before it is used.
    pub lockdown: Lockdown,
}

/// Whether a runspace is locked before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lockdown {
    /// The policy here is all that judges.
    #[default]
    Off,
    /// The host judges too: no language, and no command but those that the policy allows.
    On,
}

/// The name of a session configuration: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConfigurationName(String);

/// A text that names no session configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session configuration is named by letters, digits, '.', '_' and '-', not {0:?}")]
pub struct NotAConfigurationName(pub String);

impl Remoting {
    /// The name of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.configuration_name.as_ref().map_or(STANDARD, ConfigurationName::as_str)
    }

    /// Whether `powershell.exe` may stand in for the endpoint: only where neither an endpoint nor a lock is asked for,
    /// for it is behind neither.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the endpoint is one that Windows or PowerShell registers, which knows commands by their modules' names
    /// too; any other may be one of Just Enough Administration, which knows plain names only.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.configuration_name.as_ref().is_none_or(ConfigurationName::is_full)
    }
}

impl ConfigurationName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NotAConfigurationName`].
    pub fn parse(text: &str) -> Result<Self, NotAConfigurationName> {
        let valid = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(valid) {
            return Err(NotAConfigurationName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `Microsoft.PowerShell`, its 32-bit twin, and what `Enable-PSRemoting` of PowerShell 6 and later registers:
    /// `PowerShell.7`, `PowerShell.7.4.6`, `PowerShell.7-preview`.
    fn is_full(&self) -> bool {
        let name = self.0.to_ascii_lowercase();
        if matches!(name.as_str(), "microsoft.powershell" | "microsoft.powershell32") {
            return true;
        }
        let Some(version) = name.strip_prefix("powershell.") else { return false };
        let version = version.strip_suffix("-preview").unwrap_or(version);
        !version.is_empty()
            && version
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl fmt::Display for ConfigurationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Windows registers.
const STANDARD: &str = "Microsoft.PowerShell";
/// Longer than any that somebody registered.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_powershell_registers_is_full_and_nothing_else() {
        for (name, full) in [
            ("Microsoft.PowerShell", true),
            ("microsoft.powershell32", true),
            ("PowerShell.7", true),
            ("PowerShell.7.4.6", true),
            ("PowerShell.7-preview", true),
            ("PowerShell.", false),
            ("PowerShell.Operators", false),
            ("Microsoft.PowerShell.Workflow", false),
            ("JEA_Web", false),
        ] {
            let configuration_name = Some(ConfigurationName::parse(name).unwrap());
            assert_eq!(Remoting { configuration_name, ..Remoting::default() }.is_full(), full, "{name}");
        }
        assert!(Remoting::default().is_full());
    }

    #[test]
    fn what_could_leave_the_uri_is_no_name() {
        for text in ["", "a/b", "a b", "../x", "a?x", "é", "a\n", &"x".repeat(129)] {
            assert_eq!(ConfigurationName::parse(text), Err(NotAConfigurationName(text.to_owned())));
        }
    }
}
