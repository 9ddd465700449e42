use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// The variables of a process, taken once at its start.
///
/// Values may be secrets, so `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// A variable whose value is not Unicode. The value is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of {name} is not UTF-8")]
pub struct NotUnicode {
    /// The variable.
    pub name: String,
}

impl Environment {
    /// The variables of this process. Called once, by `cli`.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable's text; `None` where it is not set.
    ///
    /// # Errors
    /// [`NotUnicode`] where the value is no text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, NotUnicode> {
        let Some(value) = self.0.get(OsStr::new(name)) else { return Ok(None) };
        value.to_str().map(Some).ok_or_else(|| NotUnicode { name: name.to_owned() })
    }

    /// A variable as a path; `None` where it is not set or empty.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<std::path::PathBuf> {
        self.0.get(OsStr::new(name)).filter(|value| !value.is_empty()).map(Into::into)
    }

    /// The names of all variables, in order. A name that is not Unicode is none of ours and left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.to_str())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
