//! `policy allow|include|exclude add|remove`: edits the file and keeps all else in it as it is.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use super::{super::exit::Exit, Change, Console};
use crate::{
    config::{self, Arguments, Config, ConfigError},
    inventory::nearest::nearest,
    policy::{ListError, Lists},
    remedy::{Code, Remedy},
    secret::Environment,
};

/// Changes one list.
pub(super) fn edit(
    list: &'static str,
    change: &Change,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    match (Edit { list, environment, arguments }).make(change) {
        Ok(told) => {
            told.iter().for_each(|line| console.line(line));
            Exit::SUCCESS
        }
        Err(error) => Exit::failed(console, &error),
    }
}

/// Why the file stays as it is.
#[derive(Debug, thiserror::Error)]
enum EditError {
    #[error("no place for a configuration file is known")]
    NoPlace,
    #[error("{} cannot be {done}: {kind}", path.display())]
    File { path: PathBuf, done: &'static str, kind: io::ErrorKind },
    #[error("{} was changed by somebody else just now", path.display())]
    Changed { path: PathBuf },
    #[error("somebody else changes the file now: {} is there", path.display())]
    Busy { path: PathBuf },
    #[error("{} is read-only", path.display())]
    ReadOnly { path: PathBuf },
    #[error("{} holds no list {list}", path.display())]
    NoList { path: PathBuf, list: &'static str },
    #[error("{list} does not hold {name:?}")]
    Missing { list: &'static str, name: String, nearest: Option<String> },
    #[error(transparent)]
    Entry(#[from] ListError),
    #[error("{0}")]
    Config(ConfigError),
    #[error("with this change the file would not load: {0}")]
    Unloadable(String),
}

/// A new file beside the one that is changed. While it is there nobody else changes that one.
struct Place {
    path: PathBuf,
    new: PathBuf,
    file: File,
    /// Whether the new file is still ours: put into its place, the next one there is somebody else's.
    held: bool,
}

impl Place {
    /// Takes the place, waiting a while for others.
    fn take(path: &Path) -> Result<Self, EditError> {
        if fs::metadata(path).is_ok_and(|there| there.is_file() && there.permissions().readonly()) {
            return Err(EditError::ReadOnly { path: path.to_owned() });
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| file(folder, "created", &error))?;
        }
        let new = path.with_extension("new");
        for _ in 0..ATTEMPTS {
            match File::create_new(&new) {
                Ok(file) => return Ok(Self { path: path.to_owned(), new, file, held: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => thread::sleep(BETWEEN),
                Err(error) => return Err(file(&new, "created", &error)),
            }
        }
        Err(EditError::Busy { path: new })
    }

    /// Puts the new file in the old one's place.
    fn put(mut self) -> io::Result<()> {
        fs::rename(&self.new, &self.path)?;
        self.held = false;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.held {
            // It is of no use to anybody.
            drop(fs::remove_file(&self.new));
        }
    }
}

struct Edit<'a> {
    list: &'static str,
    environment: &'a Environment,
    arguments: &'a Arguments,
}

impl Edit<'_> {
    /// Changes the list, and gives what to tell about it.
    fn make(&self, change: &Change) -> Result<Vec<String>, EditError> {
        let path = config::file_in_use(self.environment, self.arguments).ok_or(EditError::NoPlace)?;
        // A link stays a link.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let place = Place::take(&path)?;
        let before = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read.map_err(|error| file(&path, "read", &error))?),
        };
        if before.is_some() {
            self.load(&path).map_err(EditError::Config)?;
        }
        let text = before.as_deref().unwrap_or("version = 1\n");
        let mut document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| EditError::Unloadable(error.message().to_owned()))?;
        let mut told = match change {
            Change::Add { names } => self.add(&mut document, names, &path)?,
            Change::Remove { names } => self.remove(&mut document, names, &path)?,
        };
        let after = in_the_manner_of(text, &document.to_string());
        let config = self.write(place, before.as_deref(), &after)?;
        told.extend(self.consequences(&config, change));
        Ok(told)
    }

    fn add(
        &self,
        document: &mut DocumentMut,
        names: &[String],
        path: &Path,
    ) -> Result<Vec<String>, EditError> {
        let list = self.list;
        let (allow, include, exclude) = match list {
            "allow" => (Some(names), None, &[][..]),
            "include" => (None, Some(names), &[][..]),
            _ => (None, None, names),
        };
        Lists::new(allow, include, exclude)?;
        let is_new = self.array(document).is_none();
        let table = document.entry("policy").or_insert_with(|| Item::Table(Table::new()));
        if let Some(table) = table.as_table_like_mut() {
            table.entry(list).or_insert_with(|| Item::Value(Value::Array(Array::new())));
        }
        let array = self.array(document).ok_or_else(|| EditError::NoList { path: path.to_owned(), list })?;
        let mut told = Vec::new();
        for name in names.iter().map(|name| name.trim()) {
            if array.iter().any(|entry| is(entry, name)) {
                told.push(format!("{list} held {name} already"));
                continue;
            }
            push(array, name);
            told.push(format!("{list} holds {name} now ({})", path.display()));
        }
        if is_new && list != "exclude" {
            told.push(format!("{list} is new: it replaces what the profile allows"));
        }
        Ok(told)
    }

    fn remove(
        &self,
        document: &mut DocumentMut,
        names: &[String],
        path: &Path,
    ) -> Result<Vec<String>, EditError> {
        let list = self.list;
        let array = self.array(document).ok_or_else(|| EditError::NoList { path: path.to_owned(), list })?;
        let mut told = Vec::new();
        for name in names.iter().map(|name| name.trim()) {
            let Some(at) = array.iter().position(|entry| is(entry, name)) else {
                let known = array.iter().filter_map(Value::as_str);
                let nearest = nearest(name, known).map(str::to_owned);
                return Err(EditError::Missing { list, name: name.to_owned(), nearest });
            };
            remove(array, at);
            told.push(format!("{list} no longer holds {name} ({})", path.display()));
        }
        if array.is_empty() && list != "exclude" {
            told.push(format!(
                "{list} is empty now, so nothing is allowed by it; remove its line to go back to the profile"
            ));
        }
        Ok(told)
    }

    fn array<'d>(&self, document: &'d mut DocumentMut) -> Option<&'d mut Array> {
        document.get_mut("policy")?.as_table_like_mut()?.get_mut(self.list)?.as_array_mut()
    }

    /// Puts the text in the file's place if it loads there, at once and with the file's permissions.
    fn write(&self, mut place: Place, before: Option<&str>, text: &str) -> Result<Config, EditError> {
        let (path, new) = (place.path.clone(), place.new.clone());
        let written = place.file.write_all(text.as_bytes()).and_then(|()| {
            if let Ok(there) = fs::metadata(&path) {
                place.file.set_permissions(there.permissions())?;
            }
            place.file.sync_all()
        });
        written.map_err(|error| file(&new, "written", &error))?;
        let config = self.load(&new).map_err(|error| {
            let text = error.to_string();
            EditError::Unloadable(text.replace(&*new.to_string_lossy(), &path.to_string_lossy()))
        })?;
        // An editor takes no notice of us.
        if fs::read_to_string(&path).ok().as_deref() != before {
            return Err(EditError::Changed { path });
        }
        place.put().map_err(|error| file(&path, "written", &error))?;
        Ok(config)
    }

    /// The configuration with the file that lies here.
    fn load(&self, path: &Path) -> Result<Config, ConfigError> {
        let arguments = Arguments { config: Some(path.to_owned()), ..self.arguments.clone() };
        config::load_without_hosts(self.environment, &arguments)
    }

    /// What the operator has to know about the change: names that mean nothing, and lists that win over the file's.
    fn consequences(&self, config: &Config, change: &Change) -> Vec<String> {
        let (Change::Add { names } | Change::Remove { names }) = change;
        let mut told = Vec::new();
        let key = format!("policy.{}", self.list);
        let from_elsewhere =
            config.show().settings.iter().find(|row| row.key == key && row.source.starts_with("WINRM_MCP_"));
        if let Some(row) = from_elsewhere.filter(|_| self.list != "exclude") {
            told.push(format!("{} is set and wins over the file", row.source));
        }
        let about = |warning: &&String| names.iter().any(|name| warning.contains(name.trim()));
        told.extend(config.warnings.iter().filter(about).map(|warning| format!("warning: {warning}")));
        told
    }
}

/// The text with the mark of the byte order and the ends of lines that another has.
fn in_the_manner_of(before: &str, text: &str) -> String {
    let text = text.trim_start_matches(MARK);
    let text = match before.matches('\n').count() {
        lines @ 1.. if before.matches("\r\n").count() == lines => {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        }
        _ => text.to_owned(),
    };
    if before.starts_with(MARK) { format!("{MARK}{text}") } else { text }
}

fn is(entry: &Value, name: &str) -> bool {
    entry.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(name))
}

/// Adds an entry in the manner of the others: on a line of its own where they have one each.
///
/// A comment behind an entry belongs to what follows the comma, so it has to be moved along.
fn push(array: &mut Array, name: &str) {
    let indent = array.iter().last().and_then(|last| last.decor().prefix()?.as_str()).and_then(own_line);
    let Some(indent) = indent.map(str::to_owned) else {
        array.push(name);
        return;
    };
    let mut before = String::new();
    if !array.trailing_comma()
        && let Some(last) = array.len().checked_sub(1).and_then(|last| array.get_mut(last))
    {
        // Without a comma behind the last entry its comment is its own suffix, which would come before the comma.
        before.push_str(
            last.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().trim_end(),
        );
        last.decor_mut().set_suffix("");
    }
    before.push_str(array.trailing().as_str().unwrap_or_default().trim_end());
    let mut value = Value::from(name);
    value.decor_mut().set_prefix(format!("{before}\n{indent}"));
    array.push_formatted(value);
    array.set_trailing("\n");
    array.set_trailing_comma(true);
}

/// Takes an entry away with the comment on its line; comments on lines of their own stay.
fn remove(array: &mut Array, at: usize) {
    let removed = array.remove(at);
    let before = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    if own_line(&before).is_none() {
        // All on one line: the first entry has no space before it.
        if let Some(first) = array.get_mut(0).filter(|_| at == 0) {
            first.decor_mut().set_prefix(before);
        }
        return;
    }
    let kept = before.trim_end_matches([' ', '\t']).to_owned();
    match array.get_mut(at) {
        Some(next) => {
            let after = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
            let after = format!("{kept}{}", own_lines(after));
            next.decor_mut().set_prefix(after);
        }
        None => {
            let after = array.trailing().as_str().unwrap_or_default();
            let after = format!("{kept}{}", own_lines(after));
            array.set_trailing(after);
        }
    }
}

/// The indentation of an entry that begins a line.
fn own_line(prefix: &str) -> Option<&str> {
    prefix.rsplit_once('\n').map(|(_, indent)| indent)
}

/// What stands behind the first line.
fn own_lines(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, lines)| lines)
}

fn file(path: &Path, done: &'static str, error: &io::Error) -> EditError {
    EditError::File { path: path.to_owned(), done, kind: error.kind() }
}

/// The mark of the byte order.
const MARK: char = '\u{feff}';
/// How often a place is tried that somebody else has, and how long after.
const ATTEMPTS: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(50);

impl Remedy for EditError {
    fn code(&self) -> Code {
        match self {
            Self::NoPlace
            | Self::File { .. }
            | Self::ReadOnly { .. }
            | Self::Config(_)
            | Self::Unloadable(_) => Code::Configuration,
            Self::Changed { .. } | Self::Busy { .. } => Code::TryLater,
            Self::NoList { .. } | Self::Missing { .. } | Self::Entry(_) => Code::Usage,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Config(error) => error.sentence(),
            other => other.to_string(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::NoPlace => Some("name the file with --config".to_owned()),
            Self::Changed { .. } => Some("look at the file, then try again".to_owned()),
            Self::Busy { path } => Some(format!("if nobody does, remove {}", path.display())),
            Self::ReadOnly { .. } => Some("make it writable if it is to change".to_owned()),
            Self::File { .. } => Some("name a file that you can read and write with --config".to_owned()),
            Self::Missing { nearest: Some(nearest), .. } => Some(format!("did you mean {nearest}?")),
            Self::Entry(error) => error.fix(),
            Self::Config(error) => error.fix(),
            Self::NoList { .. } | Self::Missing { .. } | Self::Unloadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
