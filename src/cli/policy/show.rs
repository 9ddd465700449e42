//! `policy show`: the rules in force, and where each stands.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    super::{exit::Exit, page},
    Console,
};
use crate::{
    config::{self, Arguments, Config, PolicySources},
    policy::{
        self, DenySettings, InterpreterSettings, ProfileError, ProfileName, RuleSettings, ScriptSettings,
        Settings,
    },
    secret::Environment,
};

/// Prints profile, lists and rules, and the machine's policy above them.
pub(super) fn run(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match config::load_without_hosts(environment, arguments) {
        Ok(config) => config,
        Err(error) => return Exit::failed(console, &error),
    };
    let shown = match Shown::new(&config) {
        Ok(shown) => shown,
        Err(error) => return Exit::failed(console, &error),
    };
    if json {
        console.line(serde_json::to_string_pretty(&shown).unwrap_or_default());
    } else {
        console.out(shown.text());
    }
    Exit::SUCCESS
}

/// A policy as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    profile: Sourced,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<List>,
    exclude: Vec<List>,
    rules: Vec<Rule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scripts: Vec<Script>,
    /// What the profile denies of every command that an open rule or a list allows.
    deny: Vec<Denies>,
    /// What no rule and no list changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    always: Option<Always>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// What bounds all the above.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<Box<Shown>>,
}

#[derive(Debug, Serialize)]
struct Sourced {
    name: String,
    source: String,
}

#[derive(Debug, Serialize)]
struct List {
    names: Vec<String>,
    source: String,
}

#[derive(Debug, Serialize)]
struct Rule {
    source: String,
    /// What the rule says, without what it leaves out.
    #[serde(flatten)]
    says: Map<String, Value>,
}

/// A reviewed script, which allows itself.
#[derive(Debug, Serialize)]
struct Script {
    source: String,
    name: String,
    file: String,
    sha256: String,
    risk: &'static str,
    hosts: Vec<String>,
    description: String,
}

#[derive(Debug, Serialize)]
struct Denies {
    source: String,
    #[serde(flatten)]
    says: DenySettings,
}

#[derive(Debug, Serialize)]
struct Always {
    /// Allowed by their exact names alone, in a list or rule.
    interpreters: InterpreterSettings,
    /// Paths that nothing opens; none where the profile leaves paths to the caller.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
}

impl Shown {
    fn new(config: &Config) -> Result<Self, ProfileError> {
        let mut shown = Self::of(&config.policy, &config.policy_sources)?;
        shown.version = Some(config.policy_in_force.version().to_owned());
        let secrets = match config.policy_in_force.profile() {
            ProfileName::Unrestricted => Vec::new(),
            _ => policy::secret_places(),
        };
        shown.always = Some(Always { interpreters: InterpreterSettings::load()?, secrets });
        shown.warnings = config.policy_in_force.warnings();
        Ok(shown)
    }

    fn of(settings: &Settings, sources: &PolicySources) -> Result<Self, ProfileError> {
        let list = |names: &Option<Vec<String>>, source: &Option<config::Source>| {
            let (names, source) = (names.clone()?, source.as_ref()?.to_string());
            Some(List { names, source })
        };
        let name = ProfileName::parse(settings.profile.as_deref().unwrap_or(ProfileName::DEFAULT))?;
        // The rules that one wrote come first: they are looked at first.
        let mut rules: Vec<Rule> = settings
            .rules
            .iter()
            .zip(&sources.rules)
            .map(|(rule, source)| Rule::new(rule, source.to_string()))
            .collect();
        for (profile, rule) in name.rules()? {
            rules.push(Rule::new(&rule, format!("profile {profile}")));
        }
        let denies = name.denies()?.into_iter();
        let denies = denies.map(|(profile, says)| Denies { source: format!("profile {profile}"), says });
        let exclude = sources.exclude.iter().filter(|(names, _)| !names.is_empty());
        let machine = match (&settings.ceiling, &sources.machine) {
            (Some(settings), Some(sources)) => {
                // An upper bound that names no profile bounds by its lists and rules alone.
                let profile =
                    settings.profile.clone().or_else(|| Some(ProfileName::Unrestricted.to_string()));
                Some(Box::new(Self::of(&Settings { profile, ..*settings.clone() }, sources)?))
            }
            _ => None,
        };
        Ok(Self {
            profile: Sourced { name: name.to_string(), source: sources.profile.to_string() },
            version: None,
            allow: list(&settings.allow, &sources.allow),
            include: list(&settings.include, &sources.include),
            exclude: exclude
                .map(|(names, source)| List { names: names.clone(), source: source.to_string() })
                .collect(),
            rules,
            scripts: settings.scripts.iter().zip(&sources.scripts).map(Script::new).collect(),
            deny: denies.collect(),
            always: None,
            warnings: Vec::new(),
            machine,
        })
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("profile {}   ({})", self.profile.name, self.profile.source)];
        let lists = [("allow", self.allow.as_ref()), ("include", self.include.as_ref())];
        let excluded = self.exclude.iter().map(|list| ("exclude", Some(list)));
        for (name, list) in lists.into_iter().chain(excluded) {
            let Some(list) = list else { continue };
            lines.push(format!("{name}   ({})", list.source));
            lines.extend(page::wrapped(&list.names.join(", "), 4));
        }
        if self.allow.is_some() || self.include.is_some() {
            lines.push("The lists replace what the profile allows, never what it denies.".to_owned());
        }
        let mut source = None;
        for rule in &self.rules {
            if source != Some(&rule.source) {
                lines.push(String::new());
                lines.push(rule.source.clone());
                source = Some(&rule.source);
            }
            lines.extend(rule.lines());
        }
        for script in &self.scripts {
            lines.push(String::new());
            lines.extend(script.lines());
        }
        for denies in &self.deny {
            lines.push(String::new());
            lines.extend(denies.lines());
        }
        lines.extend(self.always.iter().flat_map(Always::lines));
        lines.extend(
            self.warnings.iter().flat_map(|warning| page::wrapped(&format!("warning: {warning}"), 0)),
        );
        if let Some(machine) = &self.machine {
            lines.push(String::new());
            lines.push("The machine's policy, an upper bound:".to_owned());
            lines.extend(machine.text().lines().map(str::to_owned));
        }
        lines.join("\n") + "\n"
    }
}

impl Script {
    fn new((settings, source): (&ScriptSettings, &config::Source)) -> Self {
        Self {
            source: source.to_string(),
            name: settings.name.to_string(),
            file: settings.file.display().to_string(),
            sha256: settings.sha256.to_string(),
            risk: settings.risk.name(),
            hosts: settings.hosts.iter().map(ToString::to_string).collect(),
            description: settings.description.clone(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let hosts = if self.hosts.is_empty() { "every host".to_owned() } else { self.hosts.join(", ") };
        let mut lines =
            vec![self.source.clone(), format!("  reviewed script {} ({}), on {hosts}", self.name, self.risk)];
        lines.extend(page::wrapped(&self.description, 6));
        lines.push(format!("      {}", self.file));
        lines.push(format!("      sha256 {}", self.sha256));
        lines
    }
}

impl Rule {
    fn new(rule: &RuleSettings, source: String) -> Self {
        let Value::Object(mut says) = json!(rule) else { return Self { source, says: Map::new() } };
        says.retain(|_, value| !is_nothing(value));
        for (_, parameter) in says.get_mut("parameters").and_then(Value::as_object_mut).into_iter().flatten()
        {
            if let Value::Object(says) = parameter {
                says.retain(|_, value| !is_nothing(value));
            }
        }
        Self { source, says }
    }

    /// Effect and name, what it names, and a line for all else that it says.
    fn lines(&self) -> Vec<String> {
        let text = |key: &str| self.says.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut lines = vec![format!("  {} {}", text("effect"), text("name"))];
        if let Some(commands) = self.says.get("commands") {
            lines.extend(page::wrapped(&words(commands), 6));
        }
        for program in self.says.get("programs").and_then(Value::as_array).into_iter().flatten() {
            lines.extend(page::wrapped(&program_lines(program), 6));
        }
        for (name, says) in self.says.get("parameters").and_then(Value::as_object).into_iter().flatten() {
            let says: Vec<String> =
                says.as_object().into_iter().flatten().map(|(key, value)| clause(key, value)).collect();
            let says = if says.is_empty() { "required".to_owned() } else { says.join("; ") };
            lines.extend(page::wrapped(&format!("-{name}: {says}"), 8));
        }
        let told = ["effect", "name", "commands", "programs", "parameters"];
        for (key, value) in self.says.iter().filter(|(key, _)| !told.contains(&key.as_str())) {
            lines.extend(page::wrapped(&clause(key, value), 6));
        }
        lines
    }
}

impl Denies {
    fn lines(&self) -> Vec<String> {
        let DenySettings { parameters, types, unmarked_paths, no_paths } = &self.says;
        let mut lines = vec![format!("{}, where no closed rule says otherwise", self.source)];
        for (title, names) in [
            ("deny parameters", parameters),
            ("deny parameters of these types", types),
            ("deny parameters that are named like paths and not known as such", unmarked_paths),
            ("which does not mean", no_paths),
        ] {
            if !names.is_empty() {
                lines.push(format!("  {title}"));
                lines.extend(page::wrapped(&names.join(", "), 6));
            }
        }
        lines
    }
}

impl Always {
    fn lines(&self) -> Vec<String> {
        let Self { interpreters: InterpreterSettings { programs, commands, builtins, runspace }, secrets } =
            self;
        let mut lines = vec![String::new(), "always".to_owned()];
        for (title, names) in [
            ("deny what runs anything, unless a list or rule has its exact name: programs", programs),
            ("and commands", commands),
            ("and what cmd.exe itself does", builtins),
            ("deny what changes a runspace for later calls, whatever allows it", runspace),
            ("deny paths to where secrets are kept", secrets),
        ] {
            if !names.is_empty() {
                lines.push(format!("  {title}"));
                lines.extend(page::wrapped(&names.join(", "), 6));
            }
        }
        if !secrets.is_empty() {
            lines.extend(page::wrapped(VALUES, 2));
        }
        lines
    }
}

/// A program, and the argument lists that it is allowed with.
fn program_lines(program: &Value) -> String {
    let name = program.get("name").and_then(Value::as_str).unwrap_or_default();
    let Some(forms) = program.get("arguments").and_then(Value::as_array) else {
        return format!("{name} with any arguments");
    };
    let form = |form: &Value| {
        let arguments = form.as_array().into_iter().flatten().filter_map(Value::as_str);
        std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
    };
    forms.iter().map(form).collect::<Vec<_>>().join(" | ")
}

/// `key` for what is true, else `key: value`.
fn clause(key: &str, value: &Value) -> String {
    if value == &Value::Bool(true) { key.to_owned() } else { format!("{key}: {}", words(value)) }
}

/// A value as people read it: lists with commas, texts without quotes.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| clause(key, value)).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Whether a rule does not say it.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What holds for every string that a command is given.
const VALUES: &str = "deny values that begin with two slashes, hold '::' or '://', or name a drive, where no closed rule \
    and no rule for paths judges them";
