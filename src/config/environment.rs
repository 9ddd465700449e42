//! The variables, as `winrm-mcp-server` reads them and with ours beside.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    file::{GREATEST_OUTPUT, GREATEST_RETRIES, GREATEST_SECONDS, LEAST_OUTPUT},
    problem::{Expected, Problem, ProblemKind},
    raw::{Globals, HostSettings, ProxyChoice, Source, Sourced},
};
use crate::{
    inventory::{AuthScheme, ConfigurationName, Pin, nearest::nearest},
    secret::{Environment, Reference},
};

/// What the variables say.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) config: Option<Sourced<String>>,
    pub(super) host: Option<Sourced<String>>,
    pub(super) settings: HostSettings,
    pub(super) globals: Globals,
}

/// Reads all variables of our prefix.
pub(super) fn read(environment: &Environment, problems: &mut Vec<Problem>) -> Variables {
    let mut reader = Reader { values: values(environment, problems), problems };
    let host = host(&mut reader);
    let password = password(&mut reader);
    Variables {
        config: reader.text("CONFIG"),
        host,
        settings: HostSettings {
            user: reader.text("USERNAME"),
            password,
            auth: reader.parsed("AUTH", Expected::AUTH, AuthScheme::parse),
            https: reader.boolean("USE_HTTPS"),
            port: reader.port("CONNECTION_PORT"),
            http_port: reader.port("DEFAULT_HTTP_PORT"),
            https_port: reader.port("DEFAULT_HTTPS_PORT"),
            ca_file: reader.path("CA_FILE"),
            tls_pin: reader.parsed("TLS_PIN", Expected::Pin, |text| Pin::parse(text).ok()),
            proxy: reader.parsed("PROXY", Expected::Proxy, ProxyChoice::parse),
            skip_verification: reader.boolean("SKIP_SSL_VERIFICATION"),
            connect_timeout: reader.number("CONNECTION_TIMEOUT", 1, GREATEST_SECONDS),
            command_timeout: reader.number("COMMAND_TIMEOUT", 1, GREATEST_SECONDS),
            max_retries: reader.number("MAX_RETRIES", 0, GREATEST_RETRIES),
            configuration_name: reader.parsed("CONFIGURATION_NAME", Expected::ConfigurationName, |text| {
                ConfigurationName::parse(text).ok()
            }),
            lockdown: reader.boolean("LOCKDOWN"),
            ..HostSettings::default()
        },
        globals: Globals {
            profile: reader.text("PROFILE"),
            allow: reader.list("ALLOW"),
            include: reader.list("INCLUDE"),
            exclude: reader.list("EXCLUDE"),
            audit_file: reader.path("AUDIT_FILE"),
            state_dir: reader.path("STATE_DIR"),
            log: reader.text("LOG"),
            max_output: reader.number("MAX_OUTPUT", LEAST_OUTPUT, GREATEST_OUTPUT),
            handover_seconds: reader.number("HANDOVER_SECONDS", 1, GREATEST_SECONDS),
            ..Globals::default()
        },
    }
}

/// The variables that are set and not empty, by their names in capitals without the prefix.
struct Reader<'p> {
    values: BTreeMap<&'static str, Sourced<String>>,
    problems: &'p mut Vec<Problem>,
}

fn values(environment: &Environment, problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Sourced<String>> {
    let mut values: BTreeMap<&'static str, Sourced<String>> = BTreeMap::new();
    for name in environment.names() {
        let upper = name.to_ascii_uppercase();
        let Some(short) = upper.strip_prefix(PREFIX) else { continue };
        let source = Source::Variable(name.to_owned());
        let Some(known) = NAMES.into_iter().find(|known| known.strip_prefix(PREFIX) == Some(short)) else {
            // The prefix is common to all, so it says nothing about which is meant.
            let nearest = nearest(short, NAMES.iter().filter_map(|known| known.strip_prefix(PREFIX)));
            let is_nearest = |known: &&str| nearest.is_some() && known.strip_prefix(PREFIX) == nearest;
            let nearest = NAMES.into_iter().find(is_nearest);
            problems
                .push(Problem::new(source, ProblemKind::UnknownVariable { name: name.to_owned(), nearest }));
            continue;
        };
        let Ok(value) = environment.text(name) else {
            problems.push(Problem::new(source, ProblemKind::VariableNotUtf8));
            continue;
        };
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else { continue };
        let known = known.strip_prefix(PREFIX).unwrap_or(known);
        match values.get(known) {
            Some(other) if other.value != value => {
                let kind =
                    ProblemKind::VariableTwice { first: other.source.to_string(), second: name.to_owned() };
                problems.push(Problem::new(source, kind));
            }
            Some(_) => {}
            None => {
                values.insert(known, Sourced::new(value.to_owned(), source));
            }
        }
    }
    values
}

fn host(reader: &mut Reader<'_>) -> Option<Sourced<String>> {
    let (host, hostname) = (reader.text("HOST"), reader.text("HOSTNAME"));
    if let (Some(host), Some(hostname)) = (&host, &hostname)
        && !host.value.eq_ignore_ascii_case(&hostname.value)
    {
        reader.problems.push(Problem::new(host.source.clone(), ProblemKind::HostTwice));
    }
    host.or(hostname)
}

/// A password is never copied out of the environment: the reference names its variable.
fn password(reader: &mut Reader<'_>) -> Option<Sourced<Reference>> {
    let variable = reader.values.get("PASSWORD").and_then(|password| match &password.source {
        Source::Variable(name) => Some((Reference::Environment(name.clone()), password.source.clone())),
        _ => None,
    });
    let file = reader.path("PASSWORD_FILE");
    match (variable, file) {
        (Some((_, source)), Some(_)) => {
            reader.problems.push(Problem::new(source, ProblemKind::PasswordTwice));
            None
        }
        (Some((reference, source)), None) => Some(Sourced::new(reference, source)),
        (None, Some(file)) => Some(Sourced::new(Reference::File(file.value), file.source)),
        (None, None) => None,
    }
}

impl Reader<'_> {
    fn text(&self, name: &'static str) -> Option<Sourced<String>> {
        let value = self.values.get(name)?;
        Some(Sourced::new(value.value.trim().to_owned(), value.source.clone()))
    }

    fn path(&self, name: &'static str) -> Option<Sourced<PathBuf>> {
        self.text(name).map(|text| Sourced::new(text.value.into(), text.source))
    }

    /// Entries between commas or line breaks; empty ones do not count.
    fn list(&self, name: &'static str) -> Option<Sourced<Vec<String>>> {
        let text = self.text(name)?;
        let entries = text.value.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        Some(Sourced::new(entries.map(str::to_owned).collect(), text.source))
    }

    fn boolean(&mut self, name: &'static str) -> Option<Sourced<bool>> {
        let text = self.text(name)?;
        let value = match text.value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "y" | "t" => true,
            "false" | "no" | "off" | "0" | "n" | "f" => false,
            _ => return self.wrong(text.source, Expected::BooleanWord),
        };
        Some(Sourced::new(value, text.source))
    }

    fn number(&mut self, name: &'static str, least: u32, greatest: u32) -> Option<Sourced<u32>> {
        let text = self.text(name)?;
        match text.value.parse().ok().filter(|number| (least..=greatest).contains(number)) {
            Some(number) => Some(Sourced::new(number, text.source)),
            None => self.wrong(text.source, Expected::Number { least, greatest }),
        }
    }

    fn port(&mut self, name: &'static str) -> Option<Sourced<u16>> {
        let number = self.number(name, 1, u32::from(u16::MAX))?;
        u16::try_from(number.value).ok().map(|port| Sourced::new(port, number.source))
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: Expected,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Sourced<T>> {
        let text = self.text(name)?;
        match parse(&text.value) {
            Some(value) => Some(Sourced::new(value, text.source)),
            None => self.wrong(text.source, expected),
        }
    }

    fn wrong<T>(&mut self, source: Source, expected: Expected) -> Option<T> {
        let kind = ProblemKind::Value { key: source.to_string(), expected };
        self.problems.push(Problem::new(source, kind));
        None
    }
}

const PREFIX: &str = "WINRM_MCP_";

/// Every variable there is.
const NAMES: [&str; 29] = [
    "WINRM_MCP_HOST",
    "WINRM_MCP_HOSTNAME",
    "WINRM_MCP_USERNAME",
    "WINRM_MCP_PASSWORD",
    "WINRM_MCP_PASSWORD_FILE",
    "WINRM_MCP_COMMAND_TIMEOUT",
    "WINRM_MCP_CONNECTION_PORT",
    "WINRM_MCP_CONNECTION_TIMEOUT",
    "WINRM_MCP_USE_HTTPS",
    "WINRM_MCP_SKIP_SSL_VERIFICATION",
    "WINRM_MCP_MAX_RETRIES",
    "WINRM_MCP_DEFAULT_HTTP_PORT",
    "WINRM_MCP_DEFAULT_HTTPS_PORT",
    "WINRM_MCP_AUTH",
    "WINRM_MCP_CA_FILE",
    "WINRM_MCP_TLS_PIN",
    "WINRM_MCP_PROXY",
    "WINRM_MCP_CONFIGURATION_NAME",
    "WINRM_MCP_LOCKDOWN",
    "WINRM_MCP_PROFILE",
    "WINRM_MCP_ALLOW",
    "WINRM_MCP_INCLUDE",
    "WINRM_MCP_EXCLUDE",
    "WINRM_MCP_CONFIG",
    "WINRM_MCP_AUDIT_FILE",
    "WINRM_MCP_STATE_DIR",
    "WINRM_MCP_LOG",
    "WINRM_MCP_HANDOVER_SECONDS",
    "WINRM_MCP_MAX_OUTPUT",
];
