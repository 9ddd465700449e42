//! `winrm-mcp.toml`.

use std::path::{Path, PathBuf};

use super::{
    approval,
    problem::{Expected, Problem, ProblemKind, whole_file},
    raw::{Globals, HostSettings, ProxyChoice, Sourced},
    rules, scripts,
    toml_reader::{Document, Table},
};
use crate::{
    inventory::{AuthScheme, ConfigurationName, Pin, Tag},
    secret::Reference,
};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct FileSettings {
    pub(super) path: PathBuf,
    pub(super) globals: Globals,
    pub(super) defaults: HostSettings,
    pub(super) hosts: Vec<HostSettings>,
}

/// Reads the text of the machine's policy, whose form is that of `[policy]`; `None` where it is no document.
pub(super) fn parse_machine_policy(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Option<Globals> {
    let document = Document::new(path, text);
    let before = problems.len();
    let tree = document.parse(problems);
    if problems.len() > before {
        return None;
    }
    let mut top = Table::new(&document, "the file", &tree);
    version(&mut top, path, problems);
    let mut globals = Globals::default();
    rules::policy(&mut top, &mut globals, problems);
    let folder = path.parent().unwrap_or(Path::new(""));
    approval::read(&mut top, folder, &mut globals, problems);
    top.finish(problems);
    Some(globals)
}

/// Reads the text of a file; relative paths in it begin where the file lies.
pub(super) fn parse(path: &Path, text: &str, problems: &mut Vec<Problem>) -> FileSettings {
    let document = Document::new(path, text);
    let before = problems.len();
    let tree = document.parse(problems);
    if problems.len() > before {
        // What could be read of a broken document says little about what is missing or unknown.
        return FileSettings { path: path.to_owned(), ..FileSettings::default() };
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut top = Table::new(&document, "the file", &tree);
    version(&mut top, path, problems);
    let mut settings = FileSettings {
        path: path.to_owned(),
        globals: globals(&mut top, folder, problems),
        ..FileSettings::default()
    };
    rules::policy(&mut top, &mut settings.globals, problems);
    approval::read(&mut top, folder, &mut settings.globals, problems);
    settings.globals.scripts = scripts::read(&mut top, folder, problems);
    if let Some(mut defaults) = top.table("defaults", "[defaults]", problems) {
        settings.defaults = common(&mut defaults, folder, problems);
        defaults.finish(problems);
    }
    for (place, mut table) in top.tables("host", "[[host]]", problems) {
        let name = table.text("name", problems);
        if name.is_none() && !problems.iter().any(|problem| problem.source == place) {
            problems.push(Problem::new(place.clone(), ProblemKind::Missing { key: "name".to_owned() }));
        }
        let endpoint = table.text("endpoint", problems);
        let tags = tags(&mut table, problems);
        let host = common(&mut table, folder, problems);
        settings.hosts.push(HostSettings { name, endpoint, tags, place: Some(place), ..host });
        table.finish(problems);
    }
    top.finish(problems);
    settings
}

fn version(top: &mut Table<'_>, path: &Path, problems: &mut Vec<Problem>) {
    let before = problems.len();
    if top.number("version", VERSION, VERSION, problems).is_none() && problems.len() == before {
        let kind = ProblemKind::Missing { key: "version = 1".to_owned() };
        problems.push(Problem::new(whole_file(path.to_owned()), kind));
    }
}

fn globals(top: &mut Table<'_>, folder: &Path, problems: &mut Vec<Problem>) -> Globals {
    let path =
        |text: Option<Sourced<String>>| text.map(|text| Sourced::new(folder.join(text.value), text.source));
    Globals {
        audit_file: path(top.text("audit_file", problems)),
        state_dir: path(top.text("state_dir", problems)),
        log: top.text("log", problems),
        max_output: top.number("max_output", LEAST_OUTPUT, GREATEST_OUTPUT, problems),
        handover_seconds: top.number("handover_seconds", 1, GREATEST_SECONDS, problems),
        ..Globals::default()
    }
}

/// What `[defaults]` and `[[host]]` both take.
fn common(table: &mut Table<'_>, folder: &Path, problems: &mut Vec<Problem>) -> HostSettings {
    let mut settings = HostSettings {
        user: table.text("user", problems),
        password: reference(table, "password", folder, problems),
        auth: parsed(table, "auth", Expected::AUTH, AuthScheme::parse, problems),
        https: table.boolean("https", problems),
        port: port(table, "port", problems),
        http_port: port(table, "http_port", problems),
        https_port: port(table, "https_port", problems),
        connect_timeout: table.number("connect_timeout", 1, GREATEST_SECONDS, problems),
        command_timeout: table.number("command_timeout", 1, GREATEST_SECONDS, problems),
        max_retries: table.number("max_retries", 0, GREATEST_RETRIES, problems),
        configuration_name: parsed(
            table,
            "configuration_name",
            Expected::ConfigurationName,
            |text| ConfigurationName::parse(text).ok(),
            problems,
        ),
        lockdown: table.boolean("lockdown", problems),
        ca_file: table
            .text("ca_file", problems)
            .map(|text| Sourced::new(folder.join(text.value), text.source)),
        tls_pin: parsed(table, "tls_pin", Expected::Pin, |text| Pin::parse(text).ok(), problems),
        proxy: parsed(table, "proxy", Expected::Proxy, ProxyChoice::parse, problems),
        ..HostSettings::default()
    };
    if let Some(mut danger) = table.table("danger", "danger", problems) {
        settings.skip_verification = danger.boolean("skip_verification", problems);
        danger.finish(problems);
    }
    settings
}

/// Where a secret lies.
pub(super) fn reference(
    table: &mut Table<'_>,
    key: &'static str,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Sourced<Reference>> {
    let text = table.text(key, problems)?;
    match Reference::parse(&text.value, folder) {
        Ok(reference) => Some(Sourced::new(reference, text.source)),
        Err(error) => {
            let kind = ProblemKind::Reference { key: key.to_owned(), error };
            problems.push(Problem::new(text.source, kind));
            None
        }
    }
}

fn parsed<T>(
    table: &mut Table<'_>,
    key: &'static str,
    expected: Expected,
    parse: impl FnOnce(&str) -> Option<T>,
    problems: &mut Vec<Problem>,
) -> Option<Sourced<T>> {
    let text = table.text(key, problems)?;
    let Some(value) = parse(&text.value) else {
        let kind = ProblemKind::Value { key: key.to_owned(), expected };
        problems.push(Problem::new(text.source, kind));
        return None;
    };
    Some(Sourced::new(value, text.source))
}

fn port(table: &mut Table<'_>, key: &'static str, problems: &mut Vec<Problem>) -> Option<Sourced<u16>> {
    let number = table.number(key, 1, u32::from(u16::MAX), problems)?;
    let port = u16::try_from(number.value).ok()?;
    Some(Sourced::new(port, number.source))
}

fn tags(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Vec<Tag> {
    let Some(texts) = table.texts("tags", problems) else { return Vec::new() };
    let mut tags = Vec::new();
    for text in &texts.value {
        match Tag::parse(text) {
            Ok(tag) => tags.push(tag),
            Err(error) => problems.push(Problem::new(texts.source.clone(), error)),
        }
    }
    tags
}

/// The version of the file's form.
const VERSION: u32 = 1;
/// A week.
pub(super) const GREATEST_SECONDS: u32 = 7 * 24 * 3600;
/// How often a connection may be tried again.
pub(super) const GREATEST_RETRIES: u32 = 20;
/// The least output that a result may hold, in bytes.
pub(super) const LEAST_OUTPUT: u32 = 256;
/// The most, in bytes; clients drop what is longer.
pub(super) const GREATEST_OUTPUT: u32 = 40 * 1024;
