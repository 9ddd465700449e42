//! What a shell is opened with.

use std::time::Duration;

use winrm_proto::winrs::{CreateShell, Profile};

/// What a shell is opened with. The default is a shell in the account's home directory, with UTF-8 output, no
/// user profile, and an end after 15 minutes without a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShellOptions {
    /// The directory that commands start in.
    pub working_directory: Option<String>,
    /// Environment variables, in order.
    pub environment: Vec<(String, String)>,
    /// Whether the account's registry hive is loaded.
    pub profile: UserProfile,
    /// The console's code page; 65001 is UTF-8.
    pub code_page: u32,
    /// How long the host keeps the shell without a request. It cleans up behind a client that has crashed.
    pub idle_timeout: Option<Duration>,
    /// A name for people, seen where shells are listed.
    pub name: Option<String>,
}

/// Whether the account's registry hive is loaded for a shell, which takes the host longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UserProfile {
    /// The shell starts without it.
    #[default]
    Skip,
    /// It is loaded.
    Load,
}

impl Default for ShellOptions {
    fn default() -> Self {
        Self {
            working_directory: None,
            environment: Vec::new(),
            profile: UserProfile::Skip,
            code_page: 65001,
            idle_timeout: Some(Duration::from_secs(15 * 60)),
            name: None,
        }
    }
}

impl ShellOptions {
    pub(super) fn request(&self) -> CreateShell {
        CreateShell {
            name: self.name.clone(),
            working_directory: self.working_directory.clone(),
            environment: self.environment.clone().into(),
            idle_timeout: self.idle_timeout,
            profile: Some(match self.profile {
                UserProfile::Skip => Profile::Skip,
                UserProfile::Load => Profile::Load,
            }),
            codepage: Some(self.code_page),
            ..CreateShell::cmd()
        }
    }
}
