//! `[policy]` and `[[policy.rule]]`, in `winrm-mcp.toml` and in the machine's policy.

use std::collections::BTreeMap;

use super::{
    problem::{Expected, Problem, ProblemKind},
    raw::{Globals, Sourced},
    toml_reader::Table,
};
use crate::{
    call::Purpose,
    policy::{Effect, ParameterSettings, ProgramSettings, RuleSettings},
};

/// Reads `[policy]` of a file, if it has one.
pub(super) fn policy(top: &mut Table<'_>, globals: &mut Globals, problems: &mut Vec<Problem>) {
    let Some(mut policy) = top.table("policy", "[policy]", problems) else { return };
    globals.profile = policy.text("profile", problems);
    globals.allow = policy.texts("allow", problems);
    globals.include = policy.texts("include", problems);
    globals.exclude = policy.texts("exclude", problems);
    for (number, (place, mut table)) in (1..).zip(policy.tables("rule", "[[policy.rule]]", problems)) {
        let rule = rule(&mut table, number, problems);
        table.finish(problems);
        globals.rules.push(Sourced::new(rule, place));
    }
    policy.finish(problems);
}

fn rule(table: &mut Table<'_>, number: usize, problems: &mut Vec<Problem>) -> RuleSettings {
    let name = table.text("name", problems);
    RuleSettings {
        name: name.map_or_else(|| format!("rule {number}"), |name| name.value),
        effect: effect(table, problems),
        commands: texts(table, "commands", problems),
        parameters: parameters(table, problems),
        paths: texts(table, "paths", problems),
        programs: programs(table, problems),
        scripts: texts(table, "scripts", problems),
        hosts: texts(table, "hosts", problems),
        tags: texts(table, "tags", problems),
        purpose: purpose(table, problems),
        expires: table.text("expires", problems).map(|expires| expires.value),
        rate: table.text("rate", problems).map(|rate| rate.value),
        approval: is(table, "approval", problems),
        what_if: is(table, "what_if", problems),
        raw: is(table, "raw", problems),
    }
}

fn is(table: &mut Table<'_>, key: &'static str, problems: &mut Vec<Problem>) -> bool {
    table.boolean(key, problems).is_some_and(|said| said.value)
}

/// On what occasions: one name or several.
fn purpose(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Option<Vec<Purpose>> {
    let texts = table.texts("purpose", problems)?;
    let mut purposes = Vec::new();
    for text in texts.value {
        match Purpose::ALL.into_iter().find(|purpose| purpose.name() == text) {
            Some(purpose) => purposes.push(purpose),
            None => {
                let expected = Expected::Word(&["agent", "user", "ci"]);
                let kind = ProblemKind::Value { key: "purpose".to_owned(), expected };
                problems.push(Problem::new(texts.source.clone(), kind));
            }
        }
    }
    Some(purposes)
}

fn effect(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Effect {
    let Some(text) = table.text("effect", problems) else { return Effect::Allow };
    match text.value.as_str() {
        "allow" => Effect::Allow,
        "deny" => Effect::Deny,
        _ => {
            let expected = Expected::Word(&["allow", "deny"]);
            problems
                .push(Problem::new(text.source, ProblemKind::Value { key: "effect".to_owned(), expected }));
            Effect::Deny
        }
    }
}

fn parameters(
    table: &mut Table<'_>,
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<String, ParameterSettings>> {
    named_parameters(table, "parameters", problems)
}

fn named_parameters(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<String, ParameterSettings>> {
    let tables = table.table(key, key, problems)?.named_tables("a parameter", problems);
    let mut parameters = BTreeMap::new();
    for (name, mut table) in tables {
        parameters.insert(name, parameter(&mut table, problems));
        table.finish(problems);
    }
    Some(parameters)
}

fn parameter(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> ParameterSettings {
    ParameterSettings {
        values: table.texts("values", problems).map(|values| values.value),
        range: table.range("range", problems),
        paths: table.texts("paths", problems).map(|paths| paths.value),
        pattern: table.text("pattern", problems).map(|pattern| pattern.value),
        names: is(table, "names", problems),
        filter: is(table, "filter", problems),
        xpath: is(table, "xpath", problems),
        keys: named_parameters(table, "keys", problems),
        forbidden: is(table, "forbidden", problems),
        wildcards: is(table, "wildcards", problems),
        optional: is(table, "optional", problems),
        fill: table.text("fill", problems).map(|fill| fill.value),
    }
}

fn programs(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Vec<ProgramSettings> {
    let mut programs = Vec::new();
    for (place, mut table) in table.tables("programs", "a program", problems) {
        let name = table.text("name", problems);
        let arguments = table.lists("arguments", problems);
        let stdin = is(&mut table, "stdin", problems);
        table.finish(problems);
        match name {
            Some(name) => programs.push(ProgramSettings { name: name.value, arguments, stdin }),
            None => problems.push(Problem::new(place, ProblemKind::Missing { key: "name".to_owned() })),
        }
    }
    programs
}

fn texts(table: &mut Table<'_>, key: &'static str, problems: &mut Vec<Problem>) -> Vec<String> {
    table.texts(key, problems).map(|texts| texts.value).unwrap_or_default()
}
