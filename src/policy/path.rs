use std::fmt;

/// A full path on a drive of the host, in a spelling that can mean only one thing.
///
/// `C:\folder\file`, with `/` taken for `\`. No part is empty, `.` or `..`, ends in a dot or a space, is a
/// device name, holds a short name's `~1`, a wildcard, a stream's colon or a control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowsPath(String);

/// Why a text is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It does not begin with a drive, a colon and a backslash.
    #[error("it must begin with a drive, such as C:\\")]
    NotFull,
    /// A part is empty, `.` or `..`.
    #[error("it has an empty part, '.' or '..'")]
    Dots,
    /// A part ends in a dot or space, which Windows drops.
    #[error("a part ends in a dot or a space")]
    Trailing,
    /// A part can be a short name.
    #[error("a part holds '~' and a digit, as short names do")]
    ShortName,
    /// A character that is a wildcard, opens a stream, or belongs into no name.
    #[error("it holds {0:?}")]
    Character(char),
    /// A part is a device, such as NUL or COM1.
    #[error("a part is the name of a device")]
    Device,
    /// It is longer than Windows takes.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
}

impl WindowsPath {
    /// Takes a path.
    ///
    /// # Errors
    /// [`PathFault`].
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        if text.chars().count() > LONGEST {
            return Err(PathFault::TooLong);
        }
        let path = text.replace('/', "\\");
        let rest = match path.split_at_checked(3) {
            Some((drive, rest)) if is_drive(drive) => rest,
            _ => return Err(PathFault::NotFull),
        };
        if !rest.is_empty() {
            rest.split('\\').try_for_each(check_part)?;
        }
        Ok(Self(path))
    }

    /// The path, with backslashes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part; empty for a drive's root.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('\\').next().unwrap_or_default()
    }

    /// The parts after the drive.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('\\').skip(1).filter(|part| !part.is_empty())
    }

    /// Whether both certainly name one file: without regard to the case of ASCII letters. What a volume takes for the
    /// capital of any other letter differs from what Unicode says.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Whether both may name one file: without regard to any letter's case.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        folds(&self.0).zip(folds(&other.0)).any(|(own, other)| own == other)
    }

    /// Whether this certainly is `root` or lies under it, by whole parts.
    #[must_use]
    pub fn is_under(&self, root: &Self) -> bool {
        is_under(&self.0, &root.0)
    }
}

/// A folder or registry key under which a rule lets paths point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// On a drive.
    Folder(WindowsPath),
    /// In the registry: `HKLM:\SOFTWARE\…`.
    Key(RegistryPath),
}

/// A full path in the local machine's registry, `HKLM:\SOFTWARE\Microsoft`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RegistryPath(String);

/// How much of what a path names a command works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What lies there.
    Itself,
    /// That, and all that lies in it.
    Tree,
}

/// Why a path is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Uncovered {
    /// It is no path.
    Fault(PathFault),
    /// It holds secrets, whatever the rule says.
    Secret,
    /// It lies elsewhere.
    Outside,
}

impl Root {
    pub(super) fn parse(text: &str) -> Result<Self, PathFault> {
        match RegistryPath::parse(text)? {
            Some(key) => Ok(Self::Key(key)),
            None => WindowsPath::parse(text).map(Self::Folder),
        }
    }

    /// Takes a path that lies under one of the roots, and gives it back as it is to be sent.
    pub(super) fn covering(roots: &[Self], text: &str) -> Result<String, Uncovered> {
        let asked = Self::parse(text).map_err(Uncovered::Fault)?;
        if asked.holds_secrets() {
            return Err(Uncovered::Secret);
        }
        let covers = |root: &Self| match (root, &asked) {
            (Self::Folder(root), Self::Folder(asked)) => asked.is_under(root),
            (Self::Key(root), Self::Key(asked)) => is_under(&asked.0, &root.0),
            _ => false,
        };
        if roots.iter().any(covers) { Ok(asked.to_string()) } else { Err(Uncovered::Outside) }
    }

    /// Whether a command that works on this path may touch what lies under the root, in any spelling.
    pub(super) fn may_touch(&self, root: &Self, reach: Reach) -> bool {
        let [own, root] = [self, root].map(ToString::to_string);
        let mut spelled = folds(&own).zip(folds(&root));
        spelled.any(|(own, root)| is_under(&own, &root) || reach == Reach::Tree && is_under(&root, &own))
    }

    /// What no rule opens: key material, password stores, and what Windows keeps secrets in.
    fn holds_secrets(&self) -> bool {
        let path = self.to_string().to_lowercase();
        let parts: Vec<&str> = path.split('\\').skip(1).collect();
        let holds = |wanted: &[&str]| parts.windows(wanted.len()).any(|window| window == wanted);
        match self {
            Self::Folder(path) => {
                let file = path.file_name().to_lowercase();
                SECRET_FOLDERS.iter().any(|wanted| holds(wanted))
                    || SECRET_FILES
                        .iter()
                        .any(|(begins, ends)| file.starts_with(begins) && file.ends_with(ends))
            }
            Self::Key(_) => {
                parts.first().is_some_and(|first| SECRET_HIVES.contains(first))
                    || SECRET_KEYS.iter().any(|wanted| holds(wanted))
            }
        }
    }
}

impl RegistryPath {
    /// `None` where the text is no registry path at all.
    fn parse(text: &str) -> Result<Option<Self>, PathFault> {
        let path = text.replace('/', "\\");
        let rest = match path.split_at_checked(6) {
            Some((drive, rest)) if drive.eq_ignore_ascii_case("HKLM:\\") => rest,
            _ => return Ok(None),
        };
        if text.chars().count() > LONGEST {
            return Err(PathFault::TooLong);
        }
        rest.split('\\').try_for_each(check_part)?;
        Ok(Some(Self(path)))
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.fmt(f),
            Self::Key(key) => f.write_str(&key.0),
        }
    }
}

impl fmt::Display for WindowsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_under(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('\\');
    path.split_at_checked(root.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(root) && (rest.is_empty() || rest.starts_with('\\'))
    })
}

/// A text without regard to case, by small letters and by capitals: either can tell letters apart that the other does not.
fn folds(text: &str) -> impl Iterator<Item = String> {
    [text.to_lowercase(), text.to_uppercase()].into_iter()
}

fn is_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', b'\\'] if letter.is_ascii_alphabetic())
}

fn check_part(part: &str) -> Result<(), PathFault> {
    if matches!(part, "" | "." | "..") {
        return Err(PathFault::Dots);
    }
    if let Some(bad) = part.chars().find(|&letter| !is_name_character(letter)) {
        return Err(PathFault::Character(bad));
    }
    if part.ends_with(['.', ' ']) {
        return Err(PathFault::Trailing);
    }
    let mut letters = part.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '~' && letters.peek().is_some_and(char::is_ascii_digit) {
            return Err(PathFault::ShortName);
        }
    }
    if is_device(part) { Err(PathFault::Device) } else { Ok(()) }
}

fn is_name_character(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '*' | '?' | '[' | ']' | ':' | '"' | '<' | '>' | '|' | '`')
        // Invisible and direction-changing characters make two names look like one.
        && !matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// What no rule opens, as patterns of paths that people read.
#[must_use]
pub fn secret_places() -> Vec<String> {
    let folders = SECRET_FOLDERS.iter().map(|parts| format!("*\\{}", parts.join("\\")));
    let files = SECRET_FILES.iter().map(|(begins, ends)| format!("{begins}*{ends}"));
    let hives = SECRET_HIVES.iter().map(|hive| format!("HKLM:\\{hive}"));
    let keys = SECRET_KEYS.iter().map(|parts| format!("HKLM:\\*\\{}", parts.join("\\")));
    folders.chain(files).chain(hives).chain(keys).collect()
}

/// Device names count with any extension, and with spaces before it.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let digit = |rest: &str| {
        matches!(rest, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    };
    stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")).is_some_and(digit)
}

/// Below it lies the folder in which a runspace begins, and nothing that is judged moves it.
pub(super) const HOME: &str = r"C:\Users";
/// Characters of the longest path that is taken.
const LONGEST: usize = 1024;

/// Parts of a path, one after the other, in small letters.
const SECRET_FOLDERS: [&[&str]; 10] = [
    &["config", "sam"],
    &["config", "security"],
    &["config", "system"],
    &["ntds"],
    &["microsoft", "protect"],
    &["microsoft", "credentials"],
    &["microsoft", "crypto"],
    &["microsoft", "vault"],
    &["config", "regback"],
    &[".ssh"],
];
/// How names of files begin and end, in small letters.
const SECRET_FILES: [(&str, &str); 8] = [
    ("", ".pfx"),
    ("", ".p12"),
    ("", ".pem"),
    ("", ".key"),
    ("", ".kdbx"),
    ("", ".dit"),
    ("", "consolehost_history.txt"),
    ("unattend", ".xml"),
];
/// The first keys below `HKLM:`.
const SECRET_HIVES: [&str; 2] = ["sam", "security"];
const SECRET_KEYS: [&[&str]; 2] = [&["winlogon"], &["control", "lsa"]];
