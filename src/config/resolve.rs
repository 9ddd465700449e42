//! From settings as they were written to settings in force.

use std::{path::PathBuf, time::Duration};

use super::{
    Arguments, Config, ConfigError, Files, Hosts, PolicySources, approval,
    environment::Variables,
    file::FileSettings,
    places,
    problem::{Problem, ProblemKind},
    raw::{Globals, HostSettings, ProxyChoice, Source, Sourced},
    scripts,
    show::{Rows, Shown},
};
use crate::{
    call::HostName,
    inventory::{
        AuthScheme, ConfigurationName, Endpoint, Inventory, InventoryError, Lockdown, Login, NoProxy, Proxy,
        Remoting, Target, Timeouts, Transport, Trust, danger::SkipVerification,
    },
    policy::{self, Policy, PolicyError},
    secret::Environment,
};

/// All that was said.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    /// What all files say, to be compared with later.
    pub(super) files: &'a Files,
    pub(super) file: Option<FileSettings>,
    pub(super) variables: Variables,
    pub(super) arguments: &'a Arguments,
    pub(super) environment: &'a Environment,
    /// What the machine's policy says.
    pub(super) ceiling: Option<Globals>,
    pub(super) hosts: Hosts,
}

/// Puts the layers together; `problems` holds what reading them found.
pub(super) fn resolve(layers: Layers<'_>, problems: Vec<Problem>) -> Result<Config, ConfigError> {
    let file = layers.file.unwrap_or_default();
    let mut resolver = Resolver {
        environment: layers.environment,
        hosts: layers.hosts,
        problems,
        warnings: Vec::new(),
        rows: Rows::default(),
    };
    let inventory =
        resolver.inventory(file.hosts, &file.defaults, layers.variables.host, layers.variables.settings);
    let arguments = arguments(layers.arguments);
    let excluded =
        [&arguments, &layers.variables.globals, &file.globals].map(|globals| globals.exclude.clone());
    let globals = arguments.or(&layers.variables.globals).or(&file.globals);
    // Only a file has them.
    let globals = Globals { rules: file.globals.rules, scripts: file.globals.scripts, ..globals };
    let policy_sources = sources(&globals, &excluded, layers.ceiling.as_ref());
    let (policy, policy_in_force) = resolver.policy(&globals, excluded, layers.ceiling.as_ref());
    resolver.warnings.extend(scripts::warnings(&globals.scripts, &inventory));
    let state_dir = resolver.state_dir(globals.state_dir);
    let machine = layers.ceiling.as_ref().map(|ceiling| &ceiling.approval);
    let approval = approval::resolve(machine, &file.globals.approval, &state_dir, &mut resolver.rows);
    let audit_file = resolver.audit_file(globals.audit_file, &state_dir);
    let log = resolver.log(globals.log);
    let max_output = resolver.number("max_output", globals.max_output, DEFAULT_OUTPUT);
    let handover_seconds = resolver.number("handover_seconds", globals.handover_seconds, DEFAULT_HANDOVER);
    match (policy_in_force, ConfigError::of(resolver.problems)) {
        (_, Some(error)) => Err(error),
        (None, None) => unreachable!("what is wrong with the policy is a problem"),
        (Some(policy_in_force), None) => Ok(Config {
            inventory,
            policy,
            policy_in_force,
            policy_sources,
            approval,
            audit_file,
            state_dir,
            log,
            max_output: usize::try_from(max_output).unwrap_or(usize::MAX),
            handover_seconds,
            warnings: resolver.warnings,
            file: Some(file.path).filter(|path| !path.as_os_str().is_empty()),
            files: layers.files.clone(),
            shown: Shown::new(resolver.rows),
        }),
    }
}

struct Resolver<'a> {
    environment: &'a Environment,
    hosts: Hosts,
    problems: Vec<Problem>,
    warnings: Vec<String>,
    rows: Rows,
}

impl Resolver<'_> {
    /// The variables describe one host where they name one; where they do not, they stand before `[defaults]`.
    fn inventory(
        &mut self,
        mut hosts: Vec<HostSettings>,
        defaults: &HostSettings,
        named: Option<Sourced<String>>,
        variables: HostSettings,
    ) -> Inventory {
        let mut standard = defaults.clone();
        let mut preferred = None;
        match named {
            Some(named) => {
                let at = hosts.iter().position(|host| {
                    host.name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(&named.value))
                });
                let host = match at {
                    Some(at) => variables_over(variables, hosts.remove(at)),
                    None => new_host(named, variables),
                };
                preferred = host.name.as_ref().map(|name| HostName::new(name.value.clone()));
                hosts.insert(at.unwrap_or(0), host);
            }
            None if hosts.is_empty() => {
                if self.problems.is_empty() && self.hosts == Hosts::Required {
                    self.missing_variables(&variables);
                }
                return Inventory::default();
            }
            None => standard = variables.or(defaults),
        }
        let mut targets = Vec::new();
        for host in hosts {
            let place = host.place.clone();
            let Some(target) = self.target(host.or(&standard)) else { continue };
            if targets.iter().any(|other: &Target| {
                other.name.as_str().to_lowercase() == target.name.as_str().to_lowercase()
            }) {
                let source = place.unwrap_or(Source::Default);
                self.problem(source, ProblemKind::NameTwice(target.name.as_str().to_owned()));
                continue;
            }
            targets.push(target);
        }
        match Inventory::new(targets) {
            Ok(inventory) => match preferred {
                Some(name) => inventory.preferring(&name),
                None => inventory,
            },
            // The names were compared above.
            Err(InventoryError::Twice(name)) => {
                self.problem(Source::Default, ProblemKind::NameTwice(name.as_str().to_owned()));
                Inventory::default()
            }
            Err(_) => Inventory::default(),
        }
    }

    fn missing_variables(&mut self, variables: &HostSettings) {
        let missing = [
            ("WINRM_MCP_HOST", true),
            ("WINRM_MCP_USERNAME", variables.user.is_none()),
            ("WINRM_MCP_PASSWORD", variables.password.is_none()),
        ];
        for (name, missing) in missing {
            if missing {
                self.problem(Source::Default, ProblemKind::VariableMissing(name));
            }
        }
    }

    fn target(&mut self, host: HostSettings) -> Option<Target> {
        let name = host.name.clone()?;
        let endpoint = self.endpoint(&name, &host);
        let user = self.required(&host, host.user.clone(), "user", "WINRM_MCP_USERNAME");
        let password = self.required(&host, host.password.clone(), "password", "WINRM_MCP_PASSWORD");
        let row = |key: &str| format!("host.{}.{key}", name.value);
        let trust = self.trust(&row, &host);
        let remoting = self.remoting(&row, &host);
        let scheme = self
            .rows
            .keep(row("auth"), host.auth.clone(), AuthScheme::default(), |auth| auth.name().to_owned());
        let proxy = self.proxy(&row, &host, endpoint.as_ref().map_or(Transport::Https, Endpoint::transport));
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let timeouts = Timeouts {
            connect: seconds(self.number(&row("connect_timeout"), host.connect_timeout, DEFAULT_CONNECT)),
            command: seconds(self.number(&row("command_timeout"), host.command_timeout, DEFAULT_COMMAND)),
        };
        let max_retries = self.number(&row("max_retries"), host.max_retries, DEFAULT_RETRIES);
        let (endpoint, user, password) = (endpoint?, user?, password?);
        self.rows.add(row("user"), user.value.clone(), &user.source);
        self.rows.add(row("password"), password.value.to_string(), &password.source);
        if let Some(place) = &host.place
            && !host.tags.is_empty()
        {
            let tags: Vec<&str> = host.tags.iter().map(crate::inventory::Tag::as_str).collect();
            self.rows.add(row("tags"), tags.join(", "), place);
        }
        if scheme == AuthScheme::Basic {
            self.basic(&endpoint, &trust, &user);
        }
        Some(Target {
            name: HostName::new(name.value),
            endpoint,
            login: Login { user: user.value, password: password.value, scheme },
            tags: host.tags.into_iter().collect(),
            trust,
            proxy,
            timeouts,
            max_retries,
            remoting,
        })
    }

    fn remoting(&mut self, row: &dyn Fn(&str) -> String, host: &HostSettings) -> Remoting {
        if let Some(name) = &host.configuration_name {
            self.rows.add(row("configuration_name"), name.value.to_string(), &name.source);
        }
        if let Some(lockdown) = &host.lockdown {
            self.rows.add(row("lockdown"), lockdown.value.to_string(), &lockdown.source);
        }
        let configuration_name: Option<ConfigurationName> =
            host.configuration_name.as_ref().map(|name| name.value.clone());
        let locked = host.lockdown.as_ref().is_some_and(|lockdown| lockdown.value);
        Remoting { configuration_name, lockdown: if locked { Lockdown::On } else { Lockdown::Off } }
    }

    fn endpoint(&mut self, name: &Sourced<String>, host: &HostSettings) -> Option<Endpoint> {
        let written = host.endpoint.as_ref().unwrap_or(name);
        let https = host.https.as_ref().is_none_or(|https| https.value);
        let transport = if https { Transport::Https } else { Transport::Http };
        let port = |transport: Transport| {
            let standard = match transport {
                Transport::Https => &host.https_port,
                Transport::Http => &host.http_port,
            };
            let port = host.port.as_ref().or(standard.as_ref());
            port.map_or(transport.default_port(), |port| port.value)
        };
        match Endpoint::parse_with(&written.value, transport, port) {
            Ok(endpoint) => {
                let sources = [Some(&written.source), host.https.as_ref().map(|https| &https.source)];
                let port = host.port.as_ref().map(|port| &port.source);
                let text = sources.into_iter().chain([port]).flatten().map(ToString::to_string);
                let mut text: Vec<String> = text.collect();
                text.dedup();
                self.rows.add_text(
                    format!("host.{}.endpoint", name.value),
                    endpoint.to_string(),
                    text.join(", "),
                );
                Some(endpoint)
            }
            Err(error) => {
                let key = match &written.source {
                    Source::Variable(name) => name.clone(),
                    _ if host.endpoint.is_some() => "endpoint".to_owned(),
                    _ => "name, which is the endpoint too,".to_owned(),
                };
                self.problem(written.source.clone(), ProblemKind::Endpoint { key, error });
                None
            }
        }
    }

    fn trust(&mut self, row: &dyn Fn(&str) -> String, host: &HostSettings) -> Trust {
        if let Some(skip) = host.skip_verification.as_ref().filter(|skip| skip.value) {
            let name = host.name.as_ref().map_or("", |name| name.value.as_str());
            self.warnings.push(format!(
                "{}: the certificate of {name} is not verified; anybody on the way can be that host",
                skip.source
            ));
            self.rows.add(row("danger.skip_verification"), "true".to_owned(), &skip.source);
            return Trust::Danger(SkipVerification);
        }
        if let Some(pin) = &host.tls_pin {
            self.rows.add(row("tls_pin"), pin.value.to_string(), &pin.source);
            return Trust::Pin(pin.value);
        }
        let requests = || {
            let path = self.environment.path("REQUESTS_CA_BUNDLE").filter(|path| path.is_file())?;
            Some(Sourced::new(path, Source::Variable("REQUESTS_CA_BUNDLE".to_owned())))
        };
        let Some(file) = host.ca_file.clone().or_else(requests) else { return Trust::SystemRoots };
        self.rows.add(row("ca_file"), file.value.display().to_string(), &file.source);
        Trust::CaFile(file.value)
    }

    /// The proxy that the settings name, or else the one that every program takes from the environment.
    fn proxy(
        &mut self,
        row: &dyn Fn(&str) -> String,
        host: &HostSettings,
        transport: Transport,
    ) -> Option<Proxy> {
        let (proxy, source) = match &host.proxy {
            Some(Sourced { value: ProxyChoice::Direct, .. }) => return None,
            Some(Sourced { value: ProxyChoice::Through(proxy), source }) => (proxy.clone(), source.clone()),
            None => self.common_proxy(transport)?,
        };
        let proxy = match self.variable(["no_proxy", "NO_PROXY"]) {
            Some((list, _)) => proxy.except(NoProxy::parse(&list)),
            None => proxy,
        };
        self.rows.add(row("proxy"), proxy.authority(), &source);
        Some(proxy)
    }

    fn common_proxy(&mut self, transport: Transport) -> Option<(Proxy, Source)> {
        let names = match transport {
            Transport::Https => ["https_proxy", "HTTPS_PROXY"],
            // Not HTTP_PROXY: a web server sets that to what a request says.
            Transport::Http => ["http_proxy", "http_proxy"],
        };
        let (text, name) = self.variable(names).or_else(|| self.variable(["all_proxy", "ALL_PROXY"]))?;
        let source = Source::Variable(name.to_owned());
        match Proxy::parse(&text) {
            Ok(proxy) => Some((proxy, source)),
            Err(_) => {
                // It was set for other programs, which may understand it.
                self.warnings.push(format!("{name} is no HTTP proxy's address; it is not used"));
                None
            }
        }
    }

    fn variable(&self, names: [&'static str; 2]) -> Option<(String, &'static str)> {
        names.into_iter().find_map(|name| {
            let text = self.environment.text(name).ok().flatten()?.trim();
            (!text.is_empty()).then(|| (text.to_owned(), name))
        })
    }

    fn basic(&mut self, endpoint: &Endpoint, trust: &Trust, user: &Sourced<String>) {
        if endpoint.transport() == Transport::Http || matches!(trust, Trust::Danger(_)) {
            self.problem(user.source.clone(), ProblemKind::BasicExposed);
        }
        let local = user.value.strip_prefix(".\\").unwrap_or(&user.value);
        if local.contains(['\\', '@']) {
            self.problem(user.source.clone(), ProblemKind::BasicDomain);
        }
    }

    /// A setting that a host cannot do without; the problem names the way in which the host was configured.
    fn required<T>(
        &mut self,
        host: &HostSettings,
        value: Option<Sourced<T>>,
        key: &str,
        variable: &'static str,
    ) -> Option<Sourced<T>> {
        // A value that was there and wrong has its problem already.
        if value.is_none() && !self.has_problem_about(key, variable) {
            match &host.place {
                Some(place) => {
                    self.problem(place.clone(), ProblemKind::Missing { key: key.to_owned() });
                }
                None => self.problem(Source::Default, ProblemKind::VariableMissing(variable)),
            }
        }
        value
    }

    fn has_problem_about(&self, wanted: &str, variable: &str) -> bool {
        self.problems.iter().any(|problem| match &problem.kind {
            ProblemKind::Value { key, .. }
            | ProblemKind::Reference { key, .. }
            | ProblemKind::ControlCharacter { key } => key == wanted,
            ProblemKind::PasswordTwice | ProblemKind::VariableNotUtf8 => variable.ends_with("PASSWORD"),
            _ => false,
        })
    }

    fn policy(
        &mut self,
        globals: &Globals,
        excluded: [Option<Sourced<Vec<String>>>; 3],
        ceiling: Option<&Globals>,
    ) -> (policy::Settings, Option<Policy>) {
        let exclude: Vec<String> = excluded.iter().flatten().flat_map(|list| list.value.clone()).collect();
        self.rows.keep(
            "policy.profile".to_owned(),
            globals.profile.clone(),
            policy::ProfileName::DEFAULT.to_owned(),
            Clone::clone,
        );
        for (key, list) in [("policy.allow", &globals.allow), ("policy.include", &globals.include)] {
            if let Some(list) = list {
                self.rows.add(key.to_owned(), list.value.join(", "), &list.source);
            }
        }
        for list in excluded.into_iter().flatten().filter(|list| !list.value.is_empty()) {
            self.rows.add("policy.exclude".to_owned(), list.value.join(", "), &list.source);
        }
        for rule in &globals.rules {
            let key = format!("policy.rule.{}", rule.value.name);
            self.rows.add(key, rule.value.commands.join(", "), &rule.source);
        }
        for script in &globals.scripts {
            let key = format!("script.{}", script.value.name);
            self.rows.add(key, script.value.file.display().to_string(), &script.source);
        }
        let settings = policy::Settings {
            exclude,
            ceiling: ceiling.map(|ceiling| {
                let exclude = ceiling.exclude.as_ref().map(|list| list.value.clone()).unwrap_or_default();
                Box::new(policy::Settings { exclude, ..stated(ceiling) })
            }),
            ..stated(globals)
        };
        let built = match Policy::new(&settings) {
            Ok(policy) => {
                self.warnings.extend(policy.warnings());
                Some(policy)
            }
            // A rule that was not read whole says nothing about what was meant.
            Err(PolicyError::Rule(_)) if !self.problems.is_empty() => None,
            Err(error) => {
                let source = policy_source(&error, globals, ceiling);
                self.problem(source, error);
                None
            }
        };
        (settings, built)
    }

    fn state_dir(&mut self, written: Option<Sourced<PathBuf>>) -> PathBuf {
        let standard = places::state_folder(self.environment);
        if written.is_none() && standard.is_none() {
            self.problem(Source::Default, ProblemKind::NoStateDir);
        }
        let standard = standard.unwrap_or_default();
        self.rows.keep("state_dir".to_owned(), written, standard, |path| path.display().to_string())
    }

    fn audit_file(&mut self, written: Option<Sourced<PathBuf>>, state_dir: &std::path::Path) -> PathBuf {
        let standard = state_dir.join("audit.jsonl");
        self.rows.keep("audit_file".to_owned(), written, standard, |path| path.display().to_string())
    }

    fn log(&mut self, written: Option<Sourced<String>>) -> Option<String> {
        let written = written?;
        if tracing_subscriber::EnvFilter::try_new(&written.value).is_err() {
            let key = match &written.source {
                Source::Variable(name) => name.clone(),
                Source::Argument(name) => (*name).to_owned(),
                Source::Default | Source::File { .. } => "log".to_owned(),
            };
            self.problem(written.source, ProblemKind::LogFilter { key });
            return None;
        }
        self.rows.add("log".to_owned(), written.value.clone(), &written.source);
        Some(written.value)
    }

    fn number(&mut self, key: &str, written: Option<Sourced<u32>>, standard: u32) -> u32 {
        self.rows.keep(key.to_owned(), written, standard, ToString::to_string)
    }

    fn problem(&mut self, source: Source, kind: impl Into<ProblemKind>) {
        self.problems.push(Problem::new(source, kind));
    }
}

/// What one layer says about the policy, but for what it excludes.
fn stated(globals: &Globals) -> policy::Settings {
    policy::Settings {
        profile: globals.profile.as_ref().map(|profile| profile.value.clone()),
        allow: globals.allow.as_ref().map(|list| list.value.clone()),
        include: globals.include.as_ref().map(|list| list.value.clone()),
        rules: globals.rules.iter().map(|rule| rule.value.clone()).collect(),
        scripts: globals.scripts.iter().map(|script| script.value.clone()).collect(),
        ..policy::Settings::default()
    }
}

/// Where all of it stands.
fn sources(
    globals: &Globals,
    excluded: &[Option<Sourced<Vec<String>>>],
    ceiling: Option<&Globals>,
) -> PolicySources {
    PolicySources {
        profile: globals.profile.as_ref().map_or(Source::Default, |profile| profile.source.clone()),
        allow: globals.allow.as_ref().map(|list| list.source.clone()),
        include: globals.include.as_ref().map(|list| list.source.clone()),
        exclude: excluded.iter().flatten().map(|list| (list.value.clone(), list.source.clone())).collect(),
        rules: globals.rules.iter().map(|rule| rule.source.clone()).collect(),
        scripts: globals.scripts.iter().map(|script| script.source.clone()).collect(),
        machine: ceiling
            .map(|machine| Box::new(sources(machine, std::slice::from_ref(&machine.exclude), None))),
    }
}

/// Where what a policy objects to stands.
fn policy_source(error: &PolicyError, globals: &Globals, ceiling: Option<&Globals>) -> Source {
    let found = match error {
        PolicyError::Profile(_) => globals.profile.as_ref().map(|profile| &profile.source),
        PolicyError::Rule(error) => globals.rules.get(error.index).map(|rule| &rule.source),
        PolicyError::List(_) => None,
        PolicyError::Ceiling(error) => {
            return ceiling.map_or(Source::Default, |ceiling| policy_source(error, ceiling, None));
        }
    };
    found.cloned().unwrap_or(Source::Default)
}

/// The variables win over what the file says about the host that they name.
fn variables_over(variables: HostSettings, host: HostSettings) -> HostSettings {
    let merged = variables.or(&host);
    HostSettings { name: host.name, endpoint: host.endpoint, tags: host.tags, place: host.place, ..merged }
}

/// A host that only the variables know: what they say is its endpoint, and the host in it is its name.
fn new_host(named: Sourced<String>, variables: HostSettings) -> HostSettings {
    let name = match Endpoint::parse(&named.value) {
        Ok(endpoint) => endpoint.host().to_owned(),
        Err(_) => named.value.clone(),
    };
    let name = Sourced::new(name, named.source.clone());
    HostSettings { name: Some(name), endpoint: Some(named), ..variables }
}

fn arguments(arguments: &Arguments) -> Globals {
    fn sourced<T: Clone>(value: Option<&T>, name: &'static str) -> Option<Sourced<T>> {
        value.map(|value| Sourced::new(value.clone(), Source::Argument(name)))
    }
    let exclude = Some(&arguments.exclude).filter(|list| !list.is_empty());
    Globals {
        profile: sourced(arguments.profile.as_ref(), "--profile"),
        allow: sourced(arguments.allow.as_ref(), "--allow"),
        include: sourced(arguments.include.as_ref(), "--include"),
        exclude: sourced(exclude, "--exclude"),
        audit_file: sourced(arguments.audit_file.as_ref(), "--audit-file"),
        state_dir: sourced(arguments.state_dir.as_ref(), "--state-dir"),
        log: sourced(arguments.log.as_ref(), "--log"),
        ..Globals::default()
    }
}

/// Bytes of output in a result: what a model reads without losing the thread.
const DEFAULT_OUTPUT: u32 = 8 * 1024;
/// Seconds; clients give up at 60.
const DEFAULT_HANDOVER: u32 = 45;
const DEFAULT_CONNECT: u32 = 30;
const DEFAULT_COMMAND: u32 = 300;
const DEFAULT_RETRIES: u32 = 3;
