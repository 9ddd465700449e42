//! Help that stands in comments: `.SYNOPSIS`, `.PARAMETER Name`.

use std::collections::BTreeMap;

/// What a script's comments say of it.
#[derive(Debug, Default)]
pub(super) struct Help {
    pub(super) synopsis: Option<String>,
    /// By name in small letters.
    parameters: BTreeMap<String, String>,
}

impl Help {
    /// Reads the comments of what stands before `param`.
    pub(super) fn read(head: &str) -> Self {
        let mut help = Self::default();
        let mut section = Section::Other;
        for line in comments(head).into_iter().flat_map(str::lines).map(str::trim) {
            match Section::begun_by(line) {
                Some(next) => section = next,
                None => help.add(&section, line),
            }
        }
        help
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(&name.to_lowercase()).map(String::as_str)
    }

    fn add(&mut self, section: &Section, line: &str) {
        let told = match section {
            Section::Synopsis => self.synopsis.get_or_insert_default(),
            Section::Parameter(name) => self.parameters.entry(name.clone()).or_default(),
            Section::Other => return,
        };
        if !told.is_empty() && !line.is_empty() {
            told.push(' ');
        }
        told.push_str(line);
    }
}

/// What lines are about.
enum Section {
    Synopsis,
    /// A parameter by its name in small letters.
    Parameter(String),
    Other,
}

impl Section {
    fn begun_by(line: &str) -> Option<Self> {
        let keyword = line
            .strip_prefix('.')
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()))?;
        let mut words = keyword.split_whitespace();
        let name = words.next()?;
        Some(if name.eq_ignore_ascii_case("synopsis") {
            Self::Synopsis
        } else if name.eq_ignore_ascii_case("parameter") {
            Self::Parameter(words.next().unwrap_or_default().to_lowercase())
        } else {
            Self::Other
        })
    }
}

/// The insides of comments.
fn comments(head: &str) -> Vec<&str> {
    let mut comments = Vec::new();
    let mut rest = head;
    while let Some((before, behind)) = rest.split_once('#') {
        let (comment, after) = if before.ends_with('<') {
            behind.split_once("#>").unwrap_or((behind, ""))
        } else {
            behind.split_once('\n').unwrap_or((behind, ""))
        };
        comments.push(comment.trim_start_matches('#'));
        rest = after;
    }
    comments
}
