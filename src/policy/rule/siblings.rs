//! What walks past a rule that denies a value of a parameter.

use winrm_script::commands::{self, Parameter};

use super::{Effect, Rule};
use crate::policy::parameters::PATHS;

impl Rule {
    /// For each parameter that this rule denies values of, what the same command can be given in its place: `-DisplayName`
    /// for `-Name`. Only what no rule of `all` denies.
    pub(in crate::policy) fn walked_past(&self, all: &[Self]) -> Vec<String> {
        let Some(listed) = self.parameters.as_ref().filter(|_| self.effect == Effect::Deny) else {
            return Vec::new();
        };
        let named = commands::names().filter(|name| self.names(name).is_some());
        let pairs = named.flat_map(|command| listed.keys().map(move |parameter| (command, parameter)));
        let warning = |(command, parameter): (&str, &String)| {
            let is_denied = |other: &&str| {
                let denies = |rule: &Self| {
                    let is_listed = |listed: &std::collections::BTreeMap<_, _>| listed.contains_key(*other);
                    rule.effect == Effect::Deny
                        && rule.names(command).is_some()
                        && rule.parameters.as_ref().is_none_or(is_listed)
                };
                all.iter().any(denies)
            };
            let others: Vec<String> = in_place_of(command, parameter)
                .into_iter()
                .filter(|other| !is_denied(other))
                .map(|other| format!("-{other}"))
                .collect();
            (!others.is_empty()).then(|| {
                let (rule, others) = (&self.name, others.join(", "));
                format!(
                    "rule {rule:?} denies values of -{parameter}, and {command} takes {others} in its place"
                )
            })
        };
        pairs.filter_map(warning).collect()
    }
}

/// The parameters of which one chooses what a command works on where this one is not given: those of sets without it.
fn in_place_of(command: &str, parameter: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for variant in commands::find(command).into_iter().flat_map(commands::Command::variants) {
        let Some(own) = variant.parameters().find(|own| own.name() == parameter) else { continue };
        let sets: Vec<Option<u32>> = own.sets().map(|set| set.set).collect();
        let is_in_own = |set: Option<u32>| set.is_none() || sets.contains(&set) || sets.contains(&None);
        let chooses = |other: &Parameter| {
            let mut others = other.sets().filter(|set| !is_in_own(set.set));
            others.any(|set| set.mandatory || set.by_value || set.position.is_some())
        };
        let others = variant.parameters().filter(|other| !other.is_common() && !other.is_switch());
        for name in others.filter(chooses).map(Parameter::name) {
            let is_other_form = PATHS.contains(&name) && PATHS.contains(&parameter);
            if name != parameter && !is_other_form && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}
