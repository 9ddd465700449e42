//! `[[script]]`: scripts that a human has reviewed.

use std::path::Path;

use super::{
    problem::{Expected, Problem, ProblemKind},
    raw::{Source, Sourced},
    toml_reader::Table,
};
use crate::{
    inventory::Inventory,
    policy::{HostChoice, Risk, ScriptDigest, ScriptName, ScriptSettings},
    remedy::Remedy as _,
    reviewed::Script,
    tools::Toolbox,
};

/// Reads every `[[script]]` of a file; relative paths begin in `folder`.
pub(super) fn read(
    top: &mut Table<'_>,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<Sourced<ScriptSettings>> {
    let mut scripts: Vec<Sourced<ScriptSettings>> = Vec::new();
    for (place, mut table) in top.tables("script", "[[script]]", problems) {
        let script = script(&mut table, &place, folder, problems);
        table.finish(problems);
        let Some(script) = script else { continue };
        let name = script.name.as_str();
        if scripts.iter().any(|other| other.value.name.is(name))
            || Toolbox::new().definitions().any(|own| script.name.is(&own.name))
        {
            problems.push(Problem::new(place, ProblemKind::ToolTwice(name.to_owned())));
            continue;
        }
        scripts.push(Sourced::new(script, place));
    }
    scripts
}

fn script(
    table: &mut Table<'_>,
    place: &Source,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<ScriptSettings> {
    let name = needed(table, "name", place, Expected::ScriptName, ScriptName::parse, problems);
    let file = needed(table, "file", place, Expected::Text, |text| Some(folder.join(text)), problems);
    let sha256 = needed(table, "sha256", place, Expected::Sha256, ScriptDigest::parse, problems);
    let description =
        needed(table, "description", place, Expected::Text, |text| Some(text.to_owned()), problems);
    let risk = risk(table, problems);
    let hosts = hosts(table, problems);
    Some(ScriptSettings {
        name: name?,
        file: file?,
        sha256: sha256?,
        risk: risk?,
        hosts: hosts?,
        description: description?,
    })
}

fn needed<T>(
    table: &mut Table<'_>,
    key: &'static str,
    place: &Source,
    expected: Expected,
    parse: impl FnOnce(&str) -> Option<T>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let before = problems.len();
    let Some(text) = table.text(key, problems) else {
        if problems.len() == before {
            problems.push(Problem::new(place.clone(), ProblemKind::Missing { key: key.to_owned() }));
        }
        return None;
    };
    let value = parse(&text.value);
    if value.is_none() {
        problems.push(Problem::new(text.source, ProblemKind::Value { key: key.to_owned(), expected }));
    }
    value
}

/// What nobody says anything of can change something.
fn risk(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Option<Risk> {
    let Some(text) = table.text("risk", problems) else { return Some(Risk::Change) };
    let risk = [Risk::Read, Risk::Change].into_iter().find(|risk| risk.name() == text.value);
    if risk.is_none() {
        let expected = Expected::Word(&["read", "change"]);
        problems.push(Problem::new(text.source, ProblemKind::Value { key: "risk".to_owned(), expected }));
    }
    risk
}

fn hosts(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> Option<Vec<HostChoice>> {
    let before = problems.len();
    let Some(texts) = table.texts("hosts", problems) else {
        // A list that cannot be read must not become one of all hosts.
        return (problems.len() == before).then(Vec::new);
    };
    let choices: Option<Vec<HostChoice>> = texts.value.iter().map(|text| HostChoice::parse(text)).collect();
    if choices.is_none() {
        let kind = ProblemKind::Value { key: "hosts".to_owned(), expected: Expected::HostChoices };
        problems.push(Problem::new(texts.source, kind));
    }
    choices
}

/// What keeps a script from running, or being used as it was meant. The others are none the worse for it.
pub(super) fn warnings(scripts: &[Sourced<ScriptSettings>], inventory: &Inventory) -> Vec<String> {
    let mut warnings = Vec::new();
    for Sourced { value: script, source } in scripts {
        let mut warn = |text: String| warnings.push(format!("{source}: script {}: {text}", script.name));
        match Script::read(script).interface() {
            Ok(interface) => {
                for (parameter, why) in interface.left_out {
                    warn(format!("-{parameter} is left out: {why}"));
                }
            }
            Err(fault) => {
                let fix = fault.fix().map(|fix| format!("; {fix}")).unwrap_or_default();
                warn(format!("it cannot run: {fault}{fix}"));
            }
        }
        let targets = inventory.targets();
        if !targets.is_empty() && !targets.iter().any(|target| script.is_for(target)) {
            warn("its hosts are none that are configured".to_owned());
        }
    }
    warnings
}
