//! `policy allow|include|exclude add|remove`: edits the file and keeps all else in it as it is.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
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
        let before = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read.map_err(|error| file(&path, "read", &error))?),
        };
        let text = before.clone().unwrap_or_else(|| "version = 1\n".to_owned());
        if before.is_some() {
            self.load(&path).map_err(EditError::Config)?;
        }
        let mut document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| EditError::Unloadable(error.message().to_owned()))?;
        let mut told = match change {
            Change::Add { names } => self.add(&mut document, names, &path)?,
            Change::Remove { names } => self.remove(&mut document, names, &path)?,
        };
        let config = self.write(&path, before.as_deref(), &document.to_string())?;
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
    fn write(&self, path: &Path, before: Option<&str>, text: &str) -> Result<Config, EditError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        if before.is_none() {
            fs::create_dir_all(folder).map_err(|error| file(folder, "created", &error))?;
        }
        let new = path.with_extension(format!("new-{}", std::process::id()));
        let written = File::create_new(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if let Ok(there) = fs::metadata(path) {
                file.set_permissions(there.permissions())?;
            }
            file.sync_all()
        });
        let placed = written.map_err(|error| file(&new, "written", &error)).and_then(|()| {
            let config = self.load(&new).map_err(|error| {
                let text = error.to_string();
                EditError::Unloadable(text.replace(&*new.to_string_lossy(), &path.to_string_lossy()))
            })?;
            if fs::read_to_string(path).ok().as_deref() != before {
                return Err(EditError::Changed { path: path.to_owned() });
            }
            fs::rename(&new, path).map_err(|error| file(path, "written", &error))?;
            Ok(config)
        });
        if placed.is_err() {
            // It is of no use to anybody.
            drop(fs::remove_file(&new));
        }
        placed
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

impl Remedy for EditError {
    fn code(&self) -> Code {
        match self {
            Self::NoPlace | Self::File { .. } | Self::Config(_) | Self::Unloadable(_) => Code::Configuration,
            Self::Changed { .. } => Code::TryLater,
            Self::NoList { .. } | Self::Missing { .. } | Self::Entry(_) => Code::Usage,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::NoPlace => Some("name the file with --config".to_owned()),
            Self::Changed { .. } => Some("look at the file, then try again".to_owned()),
            Self::Missing { nearest: Some(nearest), .. } => Some(format!("did you mean {nearest}?")),
            Self::Entry(error) => error.fix(),
            Self::Config(error) => error.fix(),
            Self::File { .. } | Self::NoList { .. } | Self::Missing { .. } | Self::Unloadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list behind adding or removing; `|` ends a line.
    fn changed(before: &str, change: impl FnOnce(&mut Array)) -> String {
        let mut document: DocumentMut = format!("allow = {}", before.replace('|', "\n")).parse().unwrap();
        change(document["allow"].as_array_mut().unwrap());
        let text = document.to_string();
        let list = text.strip_prefix("allow = ").unwrap().trim_end().replace('\n', "|");
        let again: DocumentMut = text.parse().unwrap();
        assert!(again["allow"].is_array());
        list
    }

    #[test]
    fn an_entry_is_added_in_the_manner_of_the_others() {
        for (before, after) in [
            ("[]", r#"["x"]"#),
            (r#"["a"]"#, r#"["a", "x"]"#),
            (r#"["a", "b"] # two"#, r#"["a", "b", "x"] # two"#),
            (r#"[|  "a",|]"#, r#"[|  "a",|  "x",|]"#),
            (r#"[|  "a", # why|  # more|]"#, r#"[|  "a", # why|  # more|  "x",|]"#),
            (r#"[|  "a" # why|]"#, r#"[|  "a", # why|  "x",|]"#),
            (r#"[|  "a",|  "b"|]"#, r#"[|  "a",|  "b",|  "x",|]"#),
        ] {
            assert_eq!(changed(before, |array| push(array, "x")), after, "{before}");
        }
    }

    #[test]
    fn an_entry_is_removed_with_the_comment_on_its_line() {
        for (before, at, after) in [
            (r#"["a"]"#, 0, "[]"),
            (r#"["a", "b", "c"]"#, 0, r#"["b", "c"]"#),
            (r#"["a", "b", "c"]"#, 1, r#"["a", "c"]"#),
            (r#"["a", "b", "c"]"#, 2, r#"["a", "b"]"#),
            (
                r#"[|  "a", # why a|  "b", # why b|  "c", # why c|]"#,
                1,
                r#"[|  "a", # why a|  "c", # why c|]"#,
            ),
            (r#"[|  # of all|  "a", # why a|  # of b|  "b",|]"#, 0, r#"[|  # of all|  # of b|  "b",|]"#),
            (r#"[|  "a", # why a|  "b", # why b|]"#, 1, r#"[|  "a", # why a|]"#),
            (r#"[|  "a",|  # of b|  "b", # why b|]"#, 1, r#"[|  "a",|  # of b|]"#),
        ] {
            assert_eq!(changed(before, |array| remove(array, at)), after, "{before}");
        }
    }
}
