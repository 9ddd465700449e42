use winrm_script::commands;

use super::{
    interpreters,
    names::{CmdletName, NamePattern},
    path::WindowsPath,
};
use crate::remedy::{Code, Remedy};

/// `allow`, `include` and `exclude`.
///
/// Of allow and include both count where both are given: their intersection. Exclude is taken away last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    allow: Option<Vec<Entry>>,
    include: Option<Vec<Entry>>,
    exclude: Vec<Entry>,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// An entry is empty.
    #[error("{list} holds an empty entry")]
    Empty {
        /// `allow`, `include` or `exclude`.
        list: &'static str,
    },
    /// An entry can match no command and no program.
    #[error("{entry:?} in {list} is neither a command's full name, a pattern of names, nor a program")]
    Meaningless {
        /// `allow`, `include` or `exclude`.
        list: &'static str,
        /// The entry.
        entry: String,
    },
}

/// What the lists say about one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// Neither allow nor include is given: the profile decides.
    Unlisted,
    /// Each list that is given names it.
    Selected,
    /// Only a wildcard names what only an exact name may.
    ByWildcardOnly,
    /// A list that is given does not name it.
    Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// A command's name or a pattern of such names.
    Command(NamePattern),
    /// A program's file name, in small letters, without `.exe`.
    Program { text: String, stem: String },
    /// A program's full path.
    Path { text: String, path: WindowsPath },
}

impl Lists {
    /// Reads the three lists.
    ///
    /// # Errors
    /// [`ListError`] of the first bad entry.
    pub fn new(
        allow: Option<&[String]>,
        include: Option<&[String]>,
        exclude: &[String],
    ) -> Result<Self, ListError> {
        let read = |list: &'static str, entries: &[String]| {
            entries.iter().map(|entry| Entry::parse(list, entry)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            allow: allow.map(|entries| read("allow", entries)).transpose()?,
            include: include.map(|entries| read("include", entries)).transpose()?,
            exclude: read("exclude", exclude)?,
        })
    }

    /// Whether no list says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_none() && self.include.is_none() && self.exclude.is_empty()
    }

    /// The entry that excludes a command or program of this name or path.
    #[must_use]
    pub fn excluded(&self, name: &str) -> Option<&str> {
        self.exclude.iter().find(|entry| entry.excludes(name)).map(Entry::text)
    }

    /// What allow and include name together, as it was written; `None` where neither is given.
    pub(super) fn named(&self) -> Option<Vec<String>> {
        let texts = |entries: &[Entry]| entries.iter().map(|entry| entry.text().to_owned()).collect();
        match (&self.allow, &self.include) {
            (Some(only), None) | (None, Some(only)) => Some(texts(only)),
            (Some(allow), Some(include)) => {
                let both = |entry: &&Entry| include.iter().any(|other| other.covers(entry.text()));
                let narrower = allow.iter().filter(both).cloned().collect::<Vec<_>>();
                Some(texts(&narrower))
            }
            (None, None) => None,
        }
    }

    /// The commands that are named exactly and that the table lacks.
    pub(super) fn unknown_commands(&self) -> Vec<String> {
        let entries = self.allow.iter().chain(&self.include).flatten().chain(&self.exclude);
        let unknown = |entry: &&Entry| match entry {
            Entry::Command(pattern) => !pattern.is_wildcard() && commands::find(pattern.as_str()).is_none(),
            Entry::Program { .. } | Entry::Path { .. } => false,
        };
        entries.filter(unknown).map(|entry| entry.text().to_owned()).collect()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let everything = |list: &'static str, entries: &Option<Vec<Entry>>| {
            let bare = entries.iter().flatten().any(|entry| entry.text() == "*");
            bare.then(|| format!("{list} holds a bare *: every command of the table is allowed"))
        };
        let bare = [everything("allow", &self.allow), everything("include", &self.include)];
        let aliases = self.allow.iter().chain(&self.include).flatten().filter_map(|entry| match entry {
            Entry::Program { text, .. } => commands::alias(text).map(|full| {
                format!("{text} in a list means the program {text}.exe; for the command write {full}")
            }),
            Entry::Command(_) | Entry::Path { .. } => None,
        });
        bare.into_iter().flatten().chain(aliases).collect()
    }

    /// What allow and include say about a command.
    ///
    /// `exact_only` says whether it is one that no wildcard may name.
    pub(super) fn command(&self, name: &str, exact_only: impl FnOnce() -> bool) -> Selection {
        self.select(exact_only, |entry| entry.covers(name))
    }

    /// What allow and include say about a program, of which no wildcard says anything.
    pub(super) fn program(&self, program: &super::program::Program) -> Selection {
        self.select(
            || true,
            |entry| match entry {
                // `my-tool` looks like a command's name. Where no command is called so, the program is meant.
                Entry::Command(name) => {
                    !name.is_wildcard()
                        && commands::find(name.as_str()).is_none()
                        && program.is_installed_as(name.as_str())
                }
                Entry::Program { stem, .. } => program.is_installed_as(stem),
                Entry::Path { path, .. } => program.path().is_some_and(|asked| asked.is(path)),
            },
        )
    }

    fn select(&self, exact_only: impl FnOnce() -> bool, covers: impl Fn(&Entry) -> bool) -> Selection {
        if self.allow.is_none() && self.include.is_none() {
            return Selection::Unlisted;
        }
        let mut by_wildcard_only = false;
        for entries in [&self.allow, &self.include].into_iter().flatten() {
            let mut covering = entries.iter().filter(|entry| covers(entry)).peekable();
            if covering.peek().is_none() {
                return Selection::Missing;
            }
            by_wildcard_only |= covering.all(Entry::is_wildcard);
        }
        if by_wildcard_only && exact_only() { Selection::ByWildcardOnly } else { Selection::Selected }
    }
}

impl Entry {
    fn parse(list: &'static str, entry: &str) -> Result<Self, ListError> {
        let text = entry.trim();
        if text.is_empty() {
            return Err(ListError::Empty { list });
        }
        let letters = |allowed: fn(char) -> bool| {
            text.chars().all(|letter| letter.is_ascii_alphanumeric() || allowed(letter))
        };
        let pattern = text.contains(['*', '?']);
        if pattern && letters(|letter| matches!(letter, '-' | '*' | '?' | '_' | '.'))
            || CmdletName::is_full(text)
        {
            return Ok(Self::Command(NamePattern::new(text)));
        }
        if let Ok(path) = WindowsPath::parse(text) {
            return Ok(Self::Path { text: text.to_owned(), path });
        }
        if !pattern && letters(|letter| matches!(letter, '-' | '_' | '.' | '+')) {
            return Ok(Self::Program { text: text.to_owned(), stem: interpreters::stem(text) });
        }
        Err(ListError::Meaningless { list, entry: entry.to_owned() })
    }

    fn text(&self) -> &str {
        match self {
            Self::Command(pattern) => pattern.as_str(),
            Self::Program { text, .. } | Self::Path { text, .. } => text,
        }
    }

    fn is_wildcard(&self) -> bool {
        matches!(self, Self::Command(pattern) if pattern.is_wildcard())
    }

    /// Whether a name that is written in another list, or a command's name, falls under this entry.
    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Command(pattern) => pattern.matches(name),
            Self::Program { .. } | Self::Path { .. } => self.text().eq_ignore_ascii_case(name),
        }
    }

    /// What is excluded is excluded wherever it lies: a program by its file name in every folder, and by
    /// wildcards too.
    fn excludes(&self, name: &str) -> bool {
        let file = name.rsplit(['\\', '/']).next().unwrap_or(name);
        let stem = interpreters::stem(file);
        match self {
            Self::Command(pattern) => [name, file, &stem].into_iter().any(|name| pattern.matches(name)),
            Self::Program { text, stem: excluded } => {
                // Who excludes `kill` means Stop-Process as well as kill.exe.
                *excluded == stem || commands::alias(text).is_some_and(|full| full.eq_ignore_ascii_case(name))
            }
            Self::Path { path, .. } => match WindowsPath::parse(name) {
                Ok(asked) => asked.may_be(path),
                // A bare name may find just this file.
                Err(_) => stem == interpreters::stem(path.file_name()),
            },
        }
    }
}

impl Remedy for ListError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Empty { list } => format!("remove the empty entry from {list}"),
            Self::Meaningless { .. } => {
                "write names such as Get-Service, patterns such as Get-*, or programs such as ipconfig.exe"
                    .to_owned()
            }
        })
    }
}
