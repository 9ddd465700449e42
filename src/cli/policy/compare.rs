//! `policy diff` and `policy who-can`: what policies grant, by command and host.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Serialize;
use time::OffsetDateTime;

use super::{
    super::{exit::Exit, page},
    Console,
};
use crate::{
    call::Purpose,
    config::{self, Arguments, Config, ConfigError},
    explain::{self, NoTarget},
    inventory::Target,
    policy::{Difference, Grant, Policy},
    remedy::{Code, Remedy},
    secret::Environment,
};

/// Prints what `new` allows that `old` does not, the other way round, and what both allow differently.
pub(super) fn diff(
    [old, new]: [&Path; 2],
    json: bool,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let changes = match side(old, environment, arguments)
        .and_then(|old| Ok((old, side(new, environment, arguments)?)))
        .and_then(|(old, new)| changes(&old, &new))
    {
        Ok(changes) => changes,
        Err(error) => return Exit::failed(console, &error),
    };
    if json {
        console.line(serde_json::to_string_pretty(&changes).unwrap_or_default());
        return Exit::SUCCESS;
    }
    if changes.is_empty() {
        console.line("the two allow the same");
    }
    for kind in [Kind::NewlyAllowed, Kind::NoLongerAllowed, Kind::AllowedDifferently] {
        let of_kind: Vec<&Change> = changes.iter().filter(|change| change.kind == kind).collect();
        if !of_kind.is_empty() {
            console.line(kind.title());
        }
        of_kind.iter().for_each(|change| console.out(change.text()));
    }
    Exit::SUCCESS
}

/// Prints the hosts on which a command or program is allowed, and by which rules.
pub(super) fn who_can(
    name: &str,
    tag: Option<&str>,
    json: bool,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let granted = match granted(name, tag, environment, arguments) {
        Ok(granted) => granted,
        Err(error) => return Exit::failed(console, &error),
    };
    if json {
        console.line(serde_json::to_string_pretty(&granted).unwrap_or_default());
        return Exit::SUCCESS;
    }
    if granted.is_empty() {
        console.line(format_args!("{} is allowed on no host", page::visible(name)));
    }
    for Granted { host, grants } in &granted {
        console.line(host);
        for line in grants.iter().flat_map(|grant| page::wrapped(&in_words(grant), 2)) {
            console.line(line);
        }
    }
    Exit::SUCCESS
}

/// A host and what is granted there.
#[derive(Debug, Serialize)]
struct Granted {
    host: String,
    grants: Vec<Grant>,
}

/// What changes for a command, and where.
#[derive(Debug, Serialize)]
struct Change {
    #[serde(rename = "change")]
    kind: Kind,
    name: String,
    hosts: Vec<String>,
    before: Vec<Grant>,
    after: Vec<Grant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    NewlyAllowed,
    NoLongerAllowed,
    AllowedDifferently,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
enum CompareError {
    #[error("{0}")]
    Config(ConfigError),
    #[error(transparent)]
    Host(#[from] NoTarget),
    #[error("{0:?} is a pattern, and rules are asked about one command or program")]
    Pattern(String),
}

/// One of the two configurations.
fn side(path: &Path, environment: &Environment, arguments: &Arguments) -> Result<Config, CompareError> {
    let arguments = Arguments { config: Some(PathBuf::from(path)), ..arguments.clone() };
    config::load_without_hosts(environment, &arguments).map_err(CompareError::Config)
}

/// Differences on the hosts that either names, those that are the same together. Where there are no hosts, on one that
/// stands for any.
fn changes(old: &Config, new: &Config) -> Result<Vec<Change>, CompareError> {
    let mut targets: Vec<Target> = new.inventory.targets().to_vec();
    let known: BTreeSet<String> = targets.iter().map(|target| target.name.as_str().to_lowercase()).collect();
    let gone = old.inventory.targets().iter();
    targets.extend(gone.filter(|target| !known.contains(&target.name.as_str().to_lowercase())).cloned());
    if targets.is_empty() {
        targets.push(explain::any_host()?);
    }
    let now = OffsetDateTime::now_utc();
    let mut changes: BTreeMap<(Kind, String, String), Change> = BTreeMap::new();
    for target in &targets {
        for difference in
            Policy::diff(&old.policy_in_force, &new.policy_in_force, target, Purpose::Agent, now)
        {
            let Difference { name, before, after } = difference;
            let kind = match (before.is_empty(), after.is_empty()) {
                (true, _) => Kind::NewlyAllowed,
                (false, true) => Kind::NoLongerAllowed,
                (false, false) => Kind::AllowedDifferently,
            };
            let same = serde_json::to_string(&(&before, &after)).unwrap_or_default();
            let change = changes.entry((kind, name.clone(), same)).or_insert_with(|| Change {
                kind,
                name,
                hosts: Vec::new(),
                before,
                after,
            });
            change.hosts.push(target.name.as_str().to_owned());
        }
    }
    Ok(changes.into_values().collect())
}

fn granted(
    name: &str,
    tag: Option<&str>,
    environment: &Environment,
    arguments: &Arguments,
) -> Result<Vec<Granted>, CompareError> {
    let config = config::load_without_hosts(environment, arguments).map_err(CompareError::Config)?;
    if name.contains(['*', '?']) {
        return Err(CompareError::Pattern(name.to_owned()));
    }
    let any = explain::any_host()?;
    let targets: Vec<&Target> = match tag {
        Some(tag) => {
            let tag = format!("@{}", tag.trim_start_matches('@'));
            config.inventory.select(&tag).map_err(NoTarget::from)?
        }
        None if config.inventory.targets().is_empty() => vec![&any],
        None => config.inventory.targets().iter().collect(),
    };
    let granted = config.policy_in_force.who_can(name, &targets, Purpose::Agent, OffsetDateTime::now_utc());
    let granted =
        granted.into_iter().map(|(host, grants)| Granted { host: host.as_str().to_owned(), grants });
    Ok(granted.collect())
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NoLongerAllowed => "no longer allowed",
            Self::AllowedDifferently => "allowed differently",
        }
    }
}

impl Change {
    fn text(&self) -> String {
        let mut lines = page::wrapped(&format!("{} on {}", self.name, self.hosts.join(", ")), 2);
        let sides = [("before", &self.before), ("after", &self.after)];
        for (side, grants) in sides.into_iter().filter(|(_, grants)| !grants.is_empty()) {
            for grant in grants {
                lines.extend(page::wrapped(&format!("{side}: {}", in_words(grant)), 4));
            }
        }
        lines.join("\n") + "\n"
    }
}

/// A grant for people.
fn in_words(grant: &Grant) -> String {
    let Grant { rule, parameters, forms, approval, rates, .. } = grant;
    let mut text = rule.clone();
    if let Some(parameters) = parameters {
        let parameter = |taken: &crate::policy::Taken| {
            let required = if taken.required { " (required)" } else { "" };
            format!("-{} {}{required}", taken.name, taken.takes)
        };
        let parameters: Vec<String> = parameters.iter().map(parameter).collect();
        text.push_str(&format!(", with {}", parameters.join("; ")));
    }
    if let Some(forms) = forms {
        let form =
            |form: &Vec<String>| if form.is_empty() { "no arguments".to_owned() } else { form.join(" ") };
        text.push_str(&format!(", with {}", forms.iter().map(form).collect::<Vec<_>>().join(" | ")));
    }
    if *approval {
        text.push_str(", after a human has approved");
    }
    rates.iter().for_each(|rate| text.push_str(&format!(", at most {rate}")));
    text
}

impl Remedy for CompareError {
    fn code(&self) -> Code {
        match self {
            Self::Config(error) => error.code(),
            Self::Host(error) => error.code(),
            Self::Pattern(_) => Code::Usage,
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
            Self::Config(error) => error.fix(),
            Self::Host(error) => error.fix(),
            Self::Pattern(_) => Some("name one; `winrm-mcp policy show` lists what is allowed".to_owned()),
        }
    }
}
