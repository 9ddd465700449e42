//! What a parameter takes in a closed rule.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use winrm_script::value::{Table, Value};

use super::{Effect, RuleFault};
use crate::policy::{
    filter,
    jea::{Validation, pattern},
    names::NamePattern,
    path::{Reach, Root},
    regex::check as check_regex,
    values,
};

/// What a parameter takes. With nothing said: any value that names no other host, no type and no drive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSettings {
    /// One of these, whatever the case; in them `*` and `?` stand for characters.
    pub values: Option<Vec<String>>,
    /// A regular expression for the whole value, whatever the case.
    pub pattern: Option<String>,
    /// A whole number from the first to the second.
    pub range: Option<(u64, u64)>,
    /// A path under one of these folders or registry keys.
    pub paths: Option<Vec<String>>,
    /// Names of properties: letters, digits and `_`.
    #[serde(default)]
    pub names: bool,
    /// A filter of a CIM query that is read to its end: properties, operators and literals.
    #[serde(default)]
    pub filter: bool,
    /// A query of an event log in `XPath`. Not one in XML, which names logs of its own.
    #[serde(default)]
    pub xpath: bool,
    /// A hashtable with these keys and no others; each is required unless it is optional.
    pub keys: Option<BTreeMap<String, ParameterSettings>>,
    /// Nothing: the parameter must not be given.
    #[serde(default)]
    pub forbidden: bool,
    /// The value may hold wildcards of PowerShell.
    #[serde(default)]
    pub wildcards: bool,
    /// The call need not have it.
    #[serde(default)]
    pub optional: bool,
    /// The value that is sent where the call has none.
    pub fill: Option<String>,
}

/// What a parameter of a closed rule takes.
#[derive(Debug, Clone)]
pub(crate) struct ParameterRule {
    kind: Kind,
    wildcards: bool,
    pub(crate) optional: bool,
    pub(crate) fill: Option<String>,
}

#[derive(Debug, Clone)]
enum Kind {
    Plain,
    Values(Vec<NamePattern>),
    /// Anchored at both ends.
    Pattern {
        written: String,
        regex: Regex,
    },
    Range(u64, u64),
    Paths(Vec<Root>),
    Names,
    Filter,
    XPath,
    Keys(BTreeMap<String, ParameterRule>),
    Forbidden,
}

impl ParameterRule {
    pub(super) fn new(
        parameter: &str,
        settings: &ParameterSettings,
        effect: Effect,
    ) -> Result<Self, RuleFault> {
        let rule = Self {
            kind: Kind::new(parameter, settings, effect)?,
            wildcards: settings.wildcards,
            optional: settings.optional || settings.fill.is_some() || settings.forbidden,
            fill: settings.fill.clone(),
        };
        match &rule.fill {
            // Nobody judges it again before it is sent.
            Some(fill) if effect == Effect::Deny || !rule.takes(&filled(fill)) => {
                Err(RuleFault::Fill { parameter: parameter.to_owned() })
            }
            _ => Ok(rule),
        }
    }

    /// Whether it takes this value; an array is taken element by element.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => {
                let elements = elements.to_vec();
                !elements.is_empty() && elements.iter().all(|element| self.takes_one(element))
            }
            one => self.takes_one(one),
        }
    }

    /// Whether a rule that denies this means the value, or anything in it.
    ///
    /// What cannot be read may be anything, so it is meant too; and what holds wildcards, unless the rule has `wildcards`.
    pub(crate) fn means(&self, value: &Value) -> bool {
        self.means_any(value, &|text| self.means_text(text))
    }

    /// The same of a path, in any spelling, that a command works on with this reach.
    pub(crate) fn means_path(&self, value: &Value, reach: Reach) -> bool {
        self.means_any(value, &|text| self.means_one_path(text, reach))
    }

    /// Whether it denies paths, and one in this folder or above it.
    pub(crate) fn means_folder(&self, folder: &str) -> bool {
        matches!(self.kind, Kind::Paths(_)) && self.means_one_path(folder, Reach::Tree)
    }

    /// The same of a value for a parameter whose type has names for its values: the host takes their numbers for them, and
    /// the beginning of a name for the name.
    pub(crate) fn means_name(&self, value: &Value) -> bool {
        self.means_any(value, &|text| text.split(',').any(|part| self.means_one_name(part.trim())))
    }

    fn means_one_name(&self, text: &str) -> bool {
        let is_number =
            |text: &str| text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'));
        match &self.kind {
            // Which name has which number, nobody knows here.
            Kind::Values(_) | Kind::Pattern { .. } if is_number(text) => true,
            Kind::Values(values) => {
                self.means_text(text)
                    || values.iter().any(|value| is_number(value.as_str()) || value.may_begin_with(text))
            }
            _ => self.means_text(text),
        }
    }

    fn means_any(&self, value: &Value, means: &dyn Fn(&str) -> bool) -> bool {
        match value {
            Value::Array(elements) => {
                let elements = elements.to_vec();
                elements.is_empty() || elements.iter().any(|element| self.means_any(element, means))
            }
            Value::Table(table) => match &self.kind {
                Kind::Keys(keys) => keys
                    .iter()
                    .all(|(key, listed)| table.named(key).is_some_and(|value| listed.means(&value))),
                _ => table.entries().iter().any(|(_, value)| self.means_any(value, means)),
            },
            one => values::text_of(one).is_none_or(|text| means(&text)),
        }
    }

    fn means_text(&self, text: &str) -> bool {
        let is_wild = || !self.wildcards && text.contains(WILDCARDS);
        match &self.kind {
            Kind::Values(values) => is_wild() || values.iter().any(|value| value.matches(text)),
            Kind::Pattern { regex, .. } => is_wild() || regex.is_match(text),
            Kind::Range(first, last) => match text.parse::<i128>() {
                Ok(number) => (i128::from(*first)..=i128::from(*last)).contains(&number),
                Err(_) => true,
            },
            Kind::Paths(_) => self.means_one_path(text, Reach::Itself),
            Kind::Plain | Kind::Names | Kind::Filter | Kind::XPath | Kind::Keys(_) | Kind::Forbidden => true,
        }
    }

    fn means_one_path(&self, text: &str, reach: Reach) -> bool {
        let Ok(asked) = Root::parse(text) else { return true };
        match &self.kind {
            Kind::Paths(roots) => roots.iter().any(|root| asked.may_touch(root, reach)),
            Kind::Values(values) => values.iter().any(|value| match Root::parse(value.as_str()) {
                // It alone, and not what lies in it: but whoever reaches it from above does.
                Ok(own) => own.may_touch(&asked, Reach::Itself) && asked.may_touch(&own, reach),
                Err(_) => value.matches(&asked.to_string()),
            }),
            _ => self.means_text(&asked.to_string()),
        }
    }

    /// The folders and registry keys that it takes paths under.
    pub(crate) fn roots(&self) -> &[Root] {
        match &self.kind {
            Kind::Paths(roots) => roots,
            _ => &[],
        }
    }

    /// What a constrained endpoint can be told about its values; nothing where it cannot.
    pub(crate) fn validation(&self) -> Option<Validation> {
        Some(match &self.kind {
            Kind::Plain => Validation::Pattern(pattern::PLAIN.to_owned()),
            Kind::Values(values) if values.iter().any(NamePattern::is_wildcard) => return None,
            Kind::Values(values) => {
                Validation::Set(values.iter().map(|value| value.as_str().to_owned()).collect())
            }
            // The two engines read the same notation where a pattern stays simple.
            Kind::Pattern { written, .. } if check_regex(written).is_ok() => {
                Validation::Pattern(format!(r"\A(?:{written})\z"))
            }
            Kind::Range(first, last) => Validation::Pattern(pattern::range(*first, *last)),
            Kind::Paths(roots) => Validation::Pattern(pattern::paths(roots)),
            Kind::Names => Validation::Pattern(r"\A[A-Za-z0-9_]+\z".to_owned()),
            Kind::XPath => Validation::Pattern(r"\A(?:\*|Event)[\s\S]{0,2000}\z".to_owned()),
            Kind::Pattern { .. } | Kind::Filter | Kind::Keys(_) | Kind::Forbidden => return None,
        })
    }

    /// Whether nothing is taken.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self.kind, Kind::Forbidden)
    }

    /// What it takes, for a denial.
    pub(crate) fn expected(&self) -> String {
        let texts =
            |items: &[NamePattern]| items.iter().map(NamePattern::as_str).collect::<Vec<_>>().join(", ");
        match &self.kind {
            Kind::Values(values) => format!("one of {}", texts(values)),
            Kind::Pattern { written, .. } => format!("what matches {written}"),
            Kind::Range(first, last) => format!("a whole number from {first} to {last}"),
            Kind::Paths(roots) => {
                let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
                format!("a path under {}", roots.join(" or "))
            }
            Kind::Names => "names of properties".to_owned(),
            Kind::Filter => "a filter such as DriveType = 3 and Name like 'C%'".to_owned(),
            Kind::XPath => "XPath such as *[System[Level=2]]".to_owned(),
            Kind::Keys(keys) => {
                let key = |(key, listed): (&String, &Self)| format!("{key} ({})", listed.expected());
                format!("a hashtable with {}", keys.iter().map(key).collect::<Vec<_>>().join(", "))
            }
            Kind::Forbidden => "no value".to_owned(),
            Kind::Plain => "a plain value without wildcards".to_owned(),
        }
    }

    fn takes_one(&self, value: &Value) -> bool {
        if let (Kind::Keys(keys), Value::Table(table)) = (&self.kind, value) {
            return takes_table(keys, table);
        }
        let Some(text) = values::text_of(value) else { return false };
        let text = text.as_ref();
        match &self.kind {
            Kind::Range(first, last) => {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                digits && text.parse::<u64>().is_ok_and(|number| (*first..=*last).contains(&number))
            }
            Kind::Names => {
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            Kind::Paths(roots) => Root::covering(roots, text).is_ok(),
            Kind::Filter => filter::check(text).is_ok(),
            Kind::XPath => is_xpath(text),
            Kind::Keys(_) | Kind::Forbidden => false,
            // The operator wrote exactly this.
            Kind::Values(values)
                if values.iter().any(|value| !value.is_wildcard() && value.matches(text)) =>
            {
                true
            }
            Kind::Values(values) => self.is_plain(value, text) && values.iter().any(|own| own.matches(text)),
            Kind::Pattern { regex, .. } => self.is_plain(value, text) && regex.is_match(text),
            Kind::Plain => self.is_plain(value, text),
        }
    }

    /// Whether a value names no other host, no type and no drive, and means only itself.
    fn is_plain(&self, value: &Value, text: &str) -> bool {
        (self.wildcards || !text.contains(WILDCARDS)) && values::objection(value).is_none()
    }
}

impl Kind {
    fn new(parameter: &str, settings: &ParameterSettings, effect: Effect) -> Result<Self, RuleFault> {
        let name = || parameter.to_owned();
        let ParameterSettings {
            values, pattern, range, paths, names, filter, xpath, keys, forbidden, ..
        } = settings;
        let given = [
            values.is_some(),
            pattern.is_some(),
            range.is_some(),
            paths.is_some(),
            *names,
            *filter,
            *xpath,
            keys.is_some(),
            *forbidden,
        ];
        if given.into_iter().filter(|&given| given).count() > 1 {
            return Err(RuleFault::Kinds { parameter: name() });
        }
        let empty = || Err(RuleFault::EmptyParameter { parameter: name() });
        if let Some(values) = values {
            if values.is_empty() {
                return empty();
            }
            return Ok(Self::Values(values.iter().map(|value| NamePattern::new(value)).collect()));
        }
        if let Some(pattern) = pattern {
            return Self::pattern(parameter, pattern);
        }
        if let Some((first, last)) = *range {
            return if first > last { empty() } else { Ok(Self::Range(first, last)) };
        }
        if let Some(paths) = paths {
            return if paths.is_empty() { empty() } else { Ok(Self::Paths(roots(paths)?)) };
        }
        if let Some(keys) = keys {
            if keys.is_empty() {
                return empty();
            }
            let rule = |(key, settings): (&String, &ParameterSettings)| {
                Ok((key.clone(), ParameterRule::new(key, settings, effect)?))
            };
            return Ok(Self::Keys(keys.iter().map(rule).collect::<Result<_, RuleFault>>()?));
        }
        Ok(match (names, filter, xpath, forbidden) {
            (true, ..) => Self::Names,
            (_, true, ..) => Self::Filter,
            (_, _, true, _) => Self::XPath,
            (.., true) => Self::Forbidden,
            _ => Self::Plain,
        })
    }

    fn pattern(parameter: &str, written: &str) -> Result<Self, RuleFault> {
        let compile =
            |text: &str| RegexBuilder::new(text).case_insensitive(true).size_limit(LARGEST_PATTERN).build();
        // By itself first: `a)|(?:.*` would close the parentheses that hold it to the whole value.
        match compile(written).and_then(|_| compile(&format!(r"\A(?:{written})\z"))) {
            Ok(regex) => Ok(Self::Pattern { written: written.to_owned(), regex }),
            Err(error) => {
                let message = error.to_string();
                let message =
                    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(RuleFault::Pattern { parameter: parameter.to_owned(), message })
            }
        }
    }
}

/// The value that a rule fills in: a number where it is one.
pub(crate) fn filled(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::string(text), Value::Int32)
}

pub(super) fn roots(paths: &[String]) -> Result<Vec<Root>, RuleFault> {
    let root =
        |path: &String| Root::parse(path).map_err(|fault| RuleFault::Path { path: path.clone(), fault });
    paths.iter().map(root).collect()
}

/// Each key that is there is listed and fits, and each that must be there is.
fn takes_table(keys: &BTreeMap<String, ParameterRule>, table: &Table) -> bool {
    let entries = table.entries();
    let fits = |(key, value): &(Value, Value)| {
        let listed = key.as_str().and_then(|key| keys.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)));
        listed.is_some_and(|(_, listed)| listed.takes(value))
    };
    let is_there = |key: &str| {
        entries.iter().any(|(own, _)| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(key)))
    };
    entries.iter().all(fits) && keys.iter().all(|(key, listed)| listed.optional || is_there(key))
}

/// A structured query begins with `<` and names logs of its own, whatever log the call names.
fn is_xpath(text: &str) -> bool {
    text.len() <= LONGEST_XPATH && (text.starts_with('*') || text.starts_with("Event"))
}

/// What PowerShell takes for wildcards, and what takes their meaning away.
const WILDCARDS: [char; 5] = ['*', '?', '[', ']', '`'];
/// Bytes of the longest query in `XPath`.
const LONGEST_XPATH: usize = 2048;
/// Bytes that a compiled pattern may take.
const LARGEST_PATTERN: usize = 1 << 20;
