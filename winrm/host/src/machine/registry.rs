//! The machine's registry: some keys of `HKEY_LOCAL_MACHINE` with their values, from `inventory/registry.tsv`.

use winrm_proto::clixml::Properties;

use super::{Machine, inventory};

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Beneath the hive, as it is spelled; empty for the hive itself.
    pub(super) path: String,
}

impl Key {
    /// The key at a path, if that is one of the registry: inside, nothing where the registry has no such key.
    pub(super) fn at(path: &str) -> Option<Option<Self>> {
        let wanted = beneath_hive(path)?;
        Some(spelled(&wanted).map(|path| Self { path }))
    }

    /// The keys that a path with wildcards names.
    pub(super) fn matching(path: &str, like: impl Fn(&str, &str) -> bool) -> Option<Vec<Self>> {
        let wanted = beneath_hive(path)?;
        let Some((parent, pattern)) = wanted.rsplit_once('\\').filter(|(_, last)| last.contains(['*', '?']))
        else {
            return Some(spelled(&wanted).map(|path| Self { path }).into_iter().collect());
        };
        let parent = spelled(parent).map(|path| Self { path });
        let children = parent.map(|parent| parent.children()).unwrap_or_default();
        Some(children.into_iter().filter(|child| like(pattern, child.name())).collect())
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('\\').next().unwrap_or_default()
    }

    /// The path as the provider writes it, with the hive.
    pub(super) fn full_path(&self) -> String {
        if self.path.is_empty() { HIVE.to_owned() } else { format!("{HIVE}\\{}", self.path) }
    }

    /// The keys right below, by name.
    pub(super) fn children(&self) -> Vec<Self> {
        let prefix = if self.path.is_empty() { String::new() } else { format!("{}\\", self.path) };
        let mut found: Vec<Self> = Vec::new();
        for path in paths() {
            let Some(rest) = path.get(prefix.len()..).filter(|_| begins(path, &prefix)) else { continue };
            let child = rest.split('\\').next().unwrap_or_default();
            let child = Self { path: format!("{prefix}{child}") };
            if !rest.is_empty() && !found.contains(&child) {
                found.push(child);
            }
        }
        found
    }

    /// Its values.
    pub(super) fn values(&self, machine: &Machine) -> Properties {
        let headline = format!("HKLM:\\{}", self.path);
        let lines = KEYS.lines().skip_while(|line| *line != headline).skip(1);
        let mut values = Properties::new();
        for line in lines.map_while(|line| line.strip_prefix('\t')) {
            if let [name, kind, text] = line.split('\t').collect::<Vec<_>>().as_slice()
                && let Some(value) = inventory::typed(kind, text, machine)
            {
                values.set((*name).into(), value);
            }
        }
        values
    }
}

/// The part of a path that lies beneath `HKEY_LOCAL_MACHINE`, in one of the spellings of it.
fn beneath_hive(path: &str) -> Option<String> {
    let path = path.replace('/', "\\");
    let path = ["Microsoft.PowerShell.Core\\Registry::", "Registry::"]
        .iter()
        .find_map(|provider| path.get(provider.len()..).filter(|_| begins(&path, provider)))
        .unwrap_or(&path);
    let rest = ["HKLM:", HIVE]
        .iter()
        .find_map(|hive| path.get(hive.len()..).filter(|_| begins(path, hive)))
        .filter(|rest| rest.is_empty() || rest.starts_with('\\'))?;
    Some(rest.trim_matches('\\').to_owned())
}

/// A key's path as the registry spells it, if there is such a key or one below it.
fn spelled(wanted: &str) -> Option<String> {
    if wanted.is_empty() {
        return Some(String::new());
    }
    paths().find_map(|path| {
        let own = path.get(..wanted.len())?;
        let ends = path.get(wanted.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'));
        (ends && own.eq_ignore_ascii_case(wanted)).then(|| own.to_owned())
    })
}

fn paths() -> impl Iterator<Item = &'static str> {
    KEYS.lines().filter_map(|line| line.strip_prefix("HKLM:\\"))
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|own| own.eq_ignore_ascii_case(prefix))
}

const HIVE: &str = "HKEY_LOCAL_MACHINE";
const KEYS: &str = include_str!("inventory/registry.tsv");
