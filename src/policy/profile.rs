use std::fmt;

use serde::{Deserialize, Serialize};
use winrm_script::commands::Parameter;

use super::{
    names::NamePattern,
    rule::{Rule, RuleError, RuleSettings},
};
use crate::{
    inventory::nearest::nearest,
    remedy::{Code, Remedy},
};

/// A profile that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileName {
    /// Looks and changes nothing.
    Observe,
    /// Looks further: all event logs, server roles, and named targets in the network.
    Inspect,
    /// Changes services, processes, tasks and reboots, with approval.
    Operate,
    /// What a constrained endpoint offers.
    Endpoint,
    /// Everything that the lists leave.
    Unrestricted,
}

/// Why there is no such profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Nothing has this name.
    #[error("there is no profile {asked:?}; there are {}", ProfileName::ALL.map(ProfileName::as_str).join(", "))]
    Unknown {
        /// What was asked for.
        asked: String,
    },
    /// A file of this program does not parse. A test keeps that from happening.
    #[error("the profile file {name} is broken: {message}")]
    Broken {
        /// The file.
        name: &'static str,
        /// What the parser says.
        message: String,
    },
}

/// What a profile says, as its file has it, with what it builds on.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    name: ProfileName,
    unrestricted: bool,
    endpoint: bool,
    denied: Denied,
    rules: Vec<Rule>,
}

/// What holds for every command that an open rule or a list allows.
#[derive(Debug, Clone, Default)]
struct Denied {
    parameters: Vec<NamePattern>,
    types: Vec<NamePattern>,
    unmarked_paths: Vec<NamePattern>,
    no_paths: Vec<NamePattern>,
}

/// Why a profile does not let a parameter through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterObjection {
    /// By its name.
    Name,
    /// By its type: it takes code, credentials or connections.
    Type,
    /// It is a path, and the table does not say so.
    UnmarkedPath,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "description")]
    _description: String,
    /// The profile whose rules come first.
    #[serde(default)]
    extends: Option<String>,
    #[serde(default)]
    unrestricted: bool,
    #[serde(default)]
    endpoint: bool,
    #[serde(default)]
    deny: DenySettings,
    #[serde(default)]
    rule: Vec<RuleSettings>,
}

/// What a profile denies of every command that an open rule or a list allows, by patterns of names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenySettings {
    /// Parameters.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Types of parameters.
    #[serde(default)]
    pub types: Vec<String>,
    /// Parameters that the table does not mark as paths, and that are named like some.
    #[serde(default)]
    pub unmarked_paths: Vec<String>,
    /// What is named like a path and is none.
    #[serde(default)]
    pub no_paths: Vec<String>,
}

impl ProfileName {
    /// The profile of a configuration that names none.
    pub const DEFAULT: &'static str = "observe";
    /// Every profile there is.
    pub const ALL: [Self; 5] =
        [Self::Observe, Self::Inspect, Self::Operate, Self::Endpoint, Self::Unrestricted];

    /// Reads a profile's name, whatever its case.
    ///
    /// # Errors
    /// [`ProfileError::Unknown`], which lists the profiles.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let named = |profile: &Self| profile.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| ProfileError::Unknown { asked: text.to_owned() })
    }

    /// The name in small letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Inspect => "inspect",
            Self::Operate => "operate",
            Self::Endpoint => "endpoint",
            Self::Unrestricted => "unrestricted",
        }
    }

    /// The file that says what it allows, for people to read.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Observe => include_str!("profiles/observe.toml"),
            Self::Inspect => include_str!("profiles/inspect.toml"),
            Self::Operate => include_str!("profiles/operate.toml"),
            Self::Endpoint => include_str!("profiles/endpoint.toml"),
            Self::Unrestricted => include_str!("profiles/unrestricted.toml"),
        }
    }
}

impl ProfileName {
    /// Its rules and those of the profiles that it builds on, each with the profile whose file has it.
    ///
    /// # Errors
    /// [`ProfileError::Broken`], which a test keeps from happening.
    pub fn rules(self) -> Result<Vec<(Self, RuleSettings)>, ProfileError> {
        let file = self.file()?;
        let mut rules = match &file.extends {
            Some(base) => Self::parse(base)?.rules()?,
            None => Vec::new(),
        };
        rules.extend(file.rule.into_iter().map(|rule| (self, rule)));
        Ok(rules)
    }

    /// What it denies and what the profiles that it builds on deny, each with the profile whose file says so.
    ///
    /// # Errors
    /// [`ProfileError::Broken`], which a test keeps from happening.
    pub fn denies(self) -> Result<Vec<(Self, DenySettings)>, ProfileError> {
        let file = self.file()?;
        let mut denies = match &file.extends {
            Some(base) => Self::parse(base)?.denies()?,
            None => Vec::new(),
        };
        denies.extend((file.deny != DenySettings::default()).then_some((self, file.deny)));
        Ok(denies)
    }

    fn file(self) -> Result<File, ProfileError> {
        toml::from_str(self.source()).map_err(|error| ProfileError::broken(self.as_str(), &error))
    }
}

impl ProfileError {
    pub(super) fn broken(name: &'static str, error: &toml::de::Error) -> Self {
        Self::Broken { name, message: error.message().to_owned() }
    }
}

impl Profile {
    /// Reads the profile's file, and the one that it extends.
    pub(super) fn load(name: ProfileName) -> Result<Self, ProfileError> {
        let file = name.file()?;
        let mut profile = match &file.extends {
            // One file is below the other, so this ends.
            Some(base) => Self::load(ProfileName::parse(base)?)?,
            None => Self {
                name,
                unrestricted: false,
                endpoint: false,
                denied: Denied::default(),
                rules: Vec::new(),
            },
        };
        profile.name = name;
        profile.unrestricted = file.unrestricted;
        profile.endpoint = file.endpoint;
        let patterns = |names: &[String]| names.iter().map(|name| NamePattern::new(name)).collect::<Vec<_>>();
        profile.denied.parameters.extend(patterns(&file.deny.parameters));
        profile.denied.types.extend(patterns(&file.deny.types));
        profile.denied.unmarked_paths.extend(patterns(&file.deny.unmarked_paths));
        profile.denied.no_paths.extend(patterns(&file.deny.no_paths));
        for (index, settings) in file.rule.iter().enumerate() {
            let rule = Rule::new(settings).map_err(|fault| ProfileError::Broken {
                name: name.as_str(),
                message: RuleError { rule: settings.name.clone(), index, fault }.to_string(),
            })?;
            profile.rules.push(rule);
        }
        Ok(profile)
    }

    pub(super) fn name(&self) -> ProfileName {
        self.name
    }

    pub(super) fn is_unrestricted(&self) -> bool {
        self.unrestricted
    }

    /// Whether the endpoint's own list counts.
    pub(super) fn is_endpoint(&self) -> bool {
        self.endpoint
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What speaks against a parameter that the table knows.
    pub(super) fn objection(&self, parameter: Parameter) -> Option<ParameterObjection> {
        if self.denied.parameters.iter().any(|pattern| pattern.matches(parameter.name())) {
            return Some(ParameterObjection::Name);
        }
        if self.denied_type(parameter.type_name()) {
            return Some(ParameterObjection::Type);
        }
        let is = |patterns: &[NamePattern]| patterns.iter().any(|pattern| pattern.matches(parameter.name()));
        let looks_like_path = !parameter.is_switch()
            && !parameter.is_path()
            && is(&self.denied.unmarked_paths)
            && !is(&self.denied.no_paths);
        looks_like_path.then_some(ParameterObjection::UnmarkedPath)
    }

    /// Whether values of this type take code, credentials or connections. The namespace does not count.
    pub(super) fn denied_type(&self, type_name: &str) -> bool {
        let plain = type_name.trim_end_matches("[]").rsplit('.').next().unwrap_or_default();
        self.denied.types.iter().any(|pattern| pattern.matches(plain))
    }

    /// The denied parameter that this name is, where no table says what it is.
    pub(super) fn denied_parameter(&self, name: &str) -> bool {
        let is = |patterns: &[NamePattern]| patterns.iter().any(|pattern| pattern.matches(name));
        is(&self.denied.parameters) || is(&self.denied.unmarked_paths) && !is(&self.denied.no_paths)
    }

    /// The denied parameter that this name can be short for, where no table says what it is.
    pub(super) fn abbreviated_parameter(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let patterns = self.denied.parameters.iter().chain(&self.denied.unmarked_paths);
        let mut exact = patterns.filter(|pattern| !pattern.is_wildcard()).map(NamePattern::as_str);
        exact.find(|full| full.to_ascii_lowercase().starts_with(&name))
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Remedy for ProfileError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown { .. } => Code::Configuration,
            Self::Broken { .. } => Code::Internal,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Unknown { asked } => {
                let names = ProfileName::ALL.map(ProfileName::as_str);
                nearest(asked, names).map(|name| format!("did you mean {name:?}?"))
            }
            Self::Broken { .. } => Some("report this; the file is part of winrm-mcp".to_owned()),
        }
    }
}
