//! Questions about a policy as a whole: what it grants, where two differ, and what rule would be missing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;
use winrm_script::{
    commands,
    static_command::{CommandName, StaticCommand},
    typed::TypedCommand,
    value::Value,
};

use super::{
    Judgement, Offered, Policy, ProfileName, Risk,
    denial::Denial,
    lists::Selection,
    names::CmdletName,
    occasion::Occasion,
    parameters,
    path::Root,
    program::{self, Program},
    rule::{Effect, Naming, ParameterRule, ParameterSettings, ProgramSettings, Rule, RuleSettings, Terms},
    subject::{Arguments, Given, Subject},
    values,
};
use crate::{
    call::{Call, HostName, Mode, Purpose, Work},
    inventory::Target,
};

/// A way in which one command or program is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The rule, list or profile that allows it.
    pub rule: String,
    /// The parameters of a closed rule; nothing where the rule is open, and the profile judges what is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<Taken>>,
    /// The argument lists of a program; nothing for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<Vec<String>>>,
    /// What it can do: `read` or `change`.
    pub access: &'static str,
    /// A person has to approve of each use.
    pub approval: bool,
    /// How often, for each rule that says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<String>,
}

/// A parameter of a closed rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Its name.
    pub name: String,
    /// What it takes, in words.
    pub takes: String,
    /// Whether it must be given.
    pub required: bool,
}

/// A command or program that two policies treat differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The command or program.
    pub name: String,
    /// What the one grants; nothing is a denial.
    pub before: Vec<Grant>,
    /// What the other grants.
    pub after: Vec<Grant>,
}

impl Policy {
    /// In which ways a command, program or reviewed script is allowed on a host, the one that counts first; none if it is
    /// denied. An alias means its command.
    #[must_use]
    pub fn grants(&self, name: &str, target: &Target, purpose: Purpose, now: OffsetDateTime) -> Vec<Grant> {
        self.grants_at(name, target, purpose, now, None)
    }

    /// The same where it is known what the host's endpoint offers, which the profile `endpoint` goes by.
    #[must_use]
    pub fn grants_at(
        &self,
        name: &str,
        target: &Target,
        purpose: Purpose,
        now: OffsetDateTime,
        offered: Option<&Offered>,
    ) -> Vec<Grant> {
        let on = Occasion { target, purpose, now: Some(now), offered };
        let script = self.scripts.iter().find(|script| script.name.is(name));
        let of_script = script.and_then(|script| self.granted_script(script, &on));
        // A script may be called like a command of the table: then both are meant.
        if script.is_some() && commands::find(name).is_none() {
            return of_script.into_iter().collect();
        }
        let mut grants = self.granted(name, &on);
        if let Some(ceiling) = &self.ceiling {
            let bound = ceiling.granted(name, &on);
            match bound.first() {
                None => grants.clear(),
                Some(first) => grants.iter_mut().for_each(|grant| grant.approval |= first.approval),
            }
        }
        grants.extend(of_script);
        grants
    }

    /// The hosts on which a command or program is allowed, and in which ways.
    #[must_use]
    pub fn who_can(
        &self,
        name: &str,
        targets: &[&Target],
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Vec<(HostName, Vec<Grant>)> {
        let hosts =
            targets.iter().map(|target| (target.name.clone(), self.grants(name, target, purpose, now)));
        hosts.filter(|(_, grants)| !grants.is_empty()).collect()
    }

    /// The commands of the table, and the programs that either policy names, that two policies treat differently on a
    /// host.
    #[must_use]
    pub fn diff(
        before: &Self,
        after: &Self,
        target: &Target,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Vec<Difference> {
        let mut names: BTreeSet<String> = commands::names().map(str::to_owned).collect();
        names.extend(
            [before, after]
                .into_iter()
                .flat_map(Self::offered)
                .filter(|name| !name.contains(['*', '?']))
                .cloned(),
        );
        let difference = |name: String| {
            let [before, after] = [before, after].map(|policy| policy.grants(&name, target, purpose, now));
            (before != after).then_some(Difference { name, before, after })
        };
        names.into_iter().filter_map(difference).collect()
    }

    /// The narrowest rule that would allow a denied call on its host: this command with exactly these parameters and
    /// values, or this program with these arguments. It was tried.
    ///
    /// # Errors
    /// The denial that would stand all the same: the call is excluded, denied by a rule or by the machine's policy, or
    /// holds what no rule can allow.
    pub fn narrowest_rule(
        &self,
        call: &Call,
        target: &Target,
        now: OffsetDateTime,
    ) -> Result<RuleSettings, Denial> {
        let call = Call { mode: Mode::Run, ..call.clone() };
        let denial = match self.judge(&call, target, now) {
            Judgement::Denied(denial) => denial,
            Judgement::Allowed(_) | Judgement::NeedsApproval(_) | Judgement::Rehearsed(_) => {
                return Ok(RuleSettings::default());
            }
        };
        let Some(settings) = candidate(&call.work, target) else { return Err(denial) };
        let Ok(rule) = Rule::new(&settings) else { return Err(denial) };
        let mut wider = self.clone();
        wider.rules.insert(0, rule);
        match wider.judge(&call, target, now) {
            Judgement::Denied(denial) => Err(denial),
            Judgement::Allowed(_) | Judgement::NeedsApproval(_) | Judgement::Rehearsed(_) => Ok(settings),
        }
    }

    pub(super) fn granted(&self, name: &str, on: &Occasion<'_>) -> Vec<Grant> {
        let command = CommandName::new(name).ok().and_then(|name| TypedCommand::new(name, Vec::new()).ok());
        match command.as_ref().and_then(Subject::new) {
            Some(subject) => self.command_granted(&subject, on),
            None => {
                Program::parse(name).map_or_else(|_| Vec::new(), |program| self.program_granted(&program, on))
            }
        }
    }

    fn command_granted(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Vec<Grant> {
        let granting = self.command_granting(subject, on).into_iter();
        let grant = |(name, rule): (String, Option<&Rule>)| match rule {
            Some(rule) => Grant::new(name, rule, subject.risk()),
            None => Grant::open(&name, subject.risk()),
        };
        granting.map(grant).collect()
    }

    /// What allows a command of the table, the first that counts first: rules, and lists and profiles without one.
    pub(super) fn granting(&self, name: &str, on: &Occasion<'_>) -> Vec<(String, Option<&Rule>)> {
        let command = CommandName::new(name).ok().and_then(|name| TypedCommand::new(name, Vec::new()).ok());
        let subject = command.as_ref().and_then(Subject::new);
        subject.map_or_else(Vec::new, |subject| self.command_granting(&subject, on))
    }

    fn command_granting(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Vec<(String, Option<&Rule>)> {
        let denies =
            |rule: &&Rule| rule.effect == Effect::Deny && rule.counts(on) && rule.parameters.is_none();
        let mut denied = self.rules.iter().chain(self.profile.rules()).filter(denies);
        if self.lists.excluded(&subject.name).is_some()
            || self.interpreters.changes_runspace(&subject.name)
            || denied.any(|rule| rule.names(&subject.name).is_some())
        {
            return Vec::new();
        }
        let exact_only = self.exact_only(subject);
        let allows = |rule: &&Rule| {
            let named = match rule.names(&subject.name) {
                Some(Naming::Exactly) => true,
                Some(Naming::ByPattern) => !exact_only,
                None => false,
            };
            named && rule.effect == Effect::Allow && rule.counts(on)
        };
        let own = self.rules.iter().filter(allows).map(|rule| (rule.name.clone(), Some(rule)));
        let mut granting: Vec<_> = own.collect();
        match self.lists.command(&subject.name, || exact_only) {
            Selection::Selected => granting.push(("allow".to_owned(), None)),
            Selection::Unlisted if self.profile.is_unrestricted() => {
                granting.extend((!exact_only).then(|| ("unrestricted".to_owned(), None)));
            }
            Selection::Unlisted if self.profile.is_endpoint() => {
                let offered = on.offered.and_then(|offered| offered.command(&subject.name));
                let offered = offered.filter(|_| !self.exact_only_by_nature(subject));
                granting.extend(offered.map(|_| (self.profile.name().to_string(), None)));
            }
            Selection::Unlisted => {
                let name = |rule: &Rule| format!("{}: {}", self.profile.name(), rule.name);
                granting
                    .extend(self.profile.rules().iter().filter(allows).map(|rule| (name(rule), Some(rule))));
            }
            Selection::Missing | Selection::ByWildcardOnly => {}
        }
        granting
    }

    fn program_granted(&self, program: &Program, on: &Occasion<'_>) -> Vec<Grant> {
        if self.lists.excluded(program.as_text()).is_some() {
            return Vec::new();
        }
        let denies = |rule: &&Rule| rule.effect == Effect::Deny && rule.counts(on);
        let mut denied = self.rules.iter().filter(denies).flat_map(|rule| program::named(rule, program));
        if denied.any(|program| program.arguments.is_none()) {
            return Vec::new();
        }
        let allowing = |rules: &[Rule], profile: Option<ProfileName>| -> Vec<Grant> {
            let rules = rules.iter().filter(|rule| rule.effect == Effect::Allow && rule.counts(on));
            let grant = |rule: &Rule| {
                let mut known = program::named(rule, program).map(|known| known.arguments.clone()).peekable();
                known.peek()?;
                let forms = known.collect::<Option<Vec<_>>>().map(|forms| forms.concat());
                let (name, risk) = program::granted_by(rule, profile);
                Some(Grant { parameters: None, forms, ..Grant::new(name, rule, risk) })
            };
            rules.filter_map(grant).collect()
        };
        let mut grants = allowing(&self.rules, None);
        match self.lists.program(program) {
            Selection::Selected => grants.push(Grant::open("allow", Risk::Change)),
            Selection::Unlisted if self.profile.is_unrestricted() => {
                if !self.runs_anything(program) {
                    grants.push(Grant::open("unrestricted", Risk::Change));
                }
            }
            Selection::Unlisted => {
                grants.extend(allowing(self.profile.rules(), Some(self.profile.name())));
            }
            Selection::Missing | Selection::ByWildcardOnly => {}
        }
        grants
    }
}

impl Grant {
    fn new(name: String, rule: &Rule, risk: Risk) -> Self {
        let taken = |(name, listed): (&String, &ParameterRule)| Taken {
            name: name.clone(),
            takes: listed.expected(),
            required: !listed.optional,
        };
        let parameters = rule.parameters.as_ref();
        let usable = |parameters: &BTreeMap<String, ParameterRule>| {
            parameters.iter().filter(|(_, listed)| !listed.is_forbidden()).map(taken).collect()
        };
        let Terms { approval, rates, .. } = &rule.terms;
        Self {
            rule: name,
            parameters: parameters.map(usable),
            forms: None,
            access: risk.name(),
            approval: *approval,
            rates: rates.iter().map(|metered| metered.rate.to_string()).collect(),
        }
    }

    fn open(rule: &str, risk: Risk) -> Self {
        let (parameters, forms, rates) = (None, None, Vec::new());
        Self { rule: rule.to_owned(), parameters, forms, access: risk.name(), approval: false, rates }
    }
}

impl RuleSettings {
    /// The rule as `winrm-mcp.toml` has it, ready to paste. Only what [`Policy::narrowest_rule`] makes is written.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |items: &[String]| {
            format!("[{}]", items.iter().map(|item| text(item)).collect::<Vec<_>>().join(", "))
        };
        let mut lines = vec!["[[policy.rule]]".to_owned(), format!("name = {}", text(&self.name))];
        if !self.commands.is_empty() && self.parameters.is_none() {
            lines.insert(
                0,
                "# Its parameters are not known here, so whatever it is given is allowed.".to_owned(),
            );
        }
        if !self.hosts.is_empty() {
            lines.push(format!("hosts = {}", list(&self.hosts)));
        }
        if !self.commands.is_empty() {
            lines.push(format!("commands = {}", list(&self.commands)));
        }
        for program in &self.programs {
            let forms: Vec<String> = program.arguments.iter().flatten().map(|form| list(form)).collect();
            let forms = forms.join(", ");
            lines.push(format!("programs = [{{ name = {}, arguments = [{forms}] }}]", text(&program.name)));
        }
        if let Some(parameters) = &self.parameters {
            lines.push("[policy.rule.parameters]".to_owned());
            for (name, settings) in parameters {
                lines.push(format!("{name} = {}", settings.to_inline_toml()));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl ParameterSettings {
    fn to_inline_toml(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |items: &[String]| {
            format!("[{}]", items.iter().map(|item| text(item)).collect::<Vec<_>>().join(", "))
        };
        let mut parts = Vec::new();
        parts.extend(self.values.as_ref().map(|values| format!("values = {}", list(values))));
        parts.extend(self.paths.as_ref().map(|paths| format!("paths = {}", list(paths))));
        parts.extend(self.pattern.as_ref().map(|pattern| format!("pattern = {}", text(pattern))));
        parts.extend(self.wildcards.then(|| "wildcards = true".to_owned()));
        if let Some(keys) = &self.keys {
            let key =
                |(key, settings): (&String, &Self)| format!("{} = {}", text(key), settings.to_inline_toml());
            let keys: Vec<String> = keys.iter().map(key).collect();
            parts.push(format!("keys = {{ {} }}", keys.join(", ")));
        }
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
    }
}

/// A rule for exactly this work on this host.
fn candidate(work: &Work, target: &Target) -> Option<RuleSettings> {
    let command = match work {
        Work::PowerShell { text } => TypedCommand::from(StaticCommand::parse(text).ok()?),
        Work::Words { words } => TypedCommand::from(StaticCommand::from_words(words).ok()?),
        Work::Command(pipeline) => pipeline.first().clone(),
        // No rule is narrow that lets a program read whatever it is given.
        Work::Program { stdin: Some(stdin), .. } if !stdin.is_empty() => return None,
        Work::Program { executable, arguments, .. } => {
            return Some(for_program(executable, arguments, target));
        }
        // Its own [[script]] allows it; no rule does.
        Work::Reviewed { .. } | Work::Check => return None,
    };
    let is_command =
        commands::find(command.qualified_name()).is_some() || CmdletName::is_full(command.name());
    if !is_command {
        let (Work::PowerShell { text }, None) = (work, command.module()) else { return None };
        let arguments = program::arguments_of(&StaticCommand::parse(text).ok()?).ok()?;
        return Some(for_program(command.name(), &arguments, target));
    }
    let subject = Subject::new(&command)?;
    let parameters = match &subject.arguments {
        Arguments::Bound(given) => {
            let own = given.iter().filter(|given| !parameters::is_common(given.parameter.name()));
            Some(own.map(exactly).collect::<Option<_>>()?)
        }
        _ => None,
    };
    Some(RuleSettings {
        name: format!("{} on {}", subject.name, target.name),
        commands: vec![subject.name],
        parameters,
        hosts: vec![target.name.as_str().to_owned()],
        ..RuleSettings::default()
    })
}

fn for_program(name: &str, arguments: &[String], target: &Target) -> RuleSettings {
    let program =
        ProgramSettings { name: name.to_owned(), arguments: Some(vec![arguments.to_vec()]), stdin: false };
    RuleSettings {
        name: format!("{name} on {}", target.name),
        programs: vec![program],
        hosts: vec![target.name.as_str().to_owned()],
        ..RuleSettings::default()
    }
}

/// The parameter with what takes exactly its value.
fn exactly(given: &Given) -> Option<(String, ParameterSettings)> {
    let settings = match &given.value {
        None => ParameterSettings::default(),
        Some(_) if given.parameter.is_switch() => ParameterSettings::default(),
        Some(value) if given.parameter.is_path() => {
            let paths = texts(value)?;
            // What is no path, or leads to where secrets are kept, is not to be proposed.
            let opens =
                |path: &String| Root::parse(path).is_ok_and(|root| Root::covering(&[root], path).is_ok());
            if !paths.iter().all(opens) {
                return None;
            }
            ParameterSettings { values: Some(paths), ..ParameterSettings::default() }
        }
        Some(value) => takes_exactly(value)?,
    };
    Some((given.parameter.name().to_owned(), settings))
}

fn takes_exactly(value: &Value) -> Option<ParameterSettings> {
    if let Value::Table(table) = value {
        let entry = |(key, value): (Value, Value)| Some((key.as_str()?.to_owned(), takes_exactly(&value)?));
        let keys = table.entries().into_iter().map(entry).collect::<Option<_>>()?;
        return Some(ParameterSettings { keys: Some(keys), ..ParameterSettings::default() });
    }
    let texts = texts(value)?;
    // A configuration takes neither for a text.
    if texts.iter().any(|text| text.is_empty() || text.contains(char::is_control)) {
        return None;
    }
    if !texts.iter().any(|text| text.contains(['*', '?', '[', ']', '`'])) {
        return Some(ParameterSettings { values: Some(texts), ..ParameterSettings::default() });
    }
    let pattern = texts.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
    Some(ParameterSettings { pattern: Some(pattern), wildcards: true, ..ParameterSettings::default() })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => {
            items.to_vec().iter().map(|item| Some(values::text_of(item)?.into_owned())).collect()
        }
        one => Some(vec![values::text_of(one)?.into_owned()]),
    }
}
