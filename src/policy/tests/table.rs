//! Calls, and what the policy says about each, as the tables of `fixtures/policy` have it.

use serde::Deserialize;
use winrm_script::{typed::Argument, value::Value};

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) policy: Lines,
    pub(super) rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// On a host of this name, with the tag of the same name.
    on: Option<String>,
    text: Option<String>,
    words: Option<Vec<String>>,
    program: Option<String>,
    /// A reviewed script, whose file holds `content`, or cannot be read, and which is given `-Name`.
    script: Option<String>,
    content: Option<String>,
    name: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    folder: Option<String>,
    stdin: Option<String>,
    #[serde(default)]
    check: bool,
    allowed: Option<String>,
    approval: Option<String>,
    rehearsed: Option<String>,
    /// `agent`, `user` or `ci`.
    purpose: Option<Purpose>,
    #[serde(default)]
    dry: bool,
    /// Seconds since 1970.
    #[serde(default)]
    at_second: i64,
    rule: Option<String>,
    risk: Option<String>,
    kind: Option<String>,
    denied: Option<String>,
    reason: Option<String>,
    at: Option<String>,
    instead: Option<String>,
}

pub(super) fn groups() -> Vec<Group> {
    let files = [
        include_str!("../../../fixtures/policy/judgements.toml"),
        include_str!("../../../fixtures/policy/reach.toml"),
        include_str!("../../../fixtures/policy/evasions.toml"),
    ];
    files.into_iter().flat_map(|text| toml::from_str::<Table>(text).unwrap().group).collect()
}

pub(super) fn work(row: &Row) -> Work {
    if let Some(script) = &row.script {
        let name = |value: &String| Argument::Parameter {
            name: ParameterName::new("Name").unwrap(),
            value: Some(Value::string(value.as_str())),
        };
        return Work::Reviewed {
            script: script.clone(),
            content: row.content.clone().map(String::into_bytes).ok_or(std::io::ErrorKind::NotFound),
            arguments: Some(row.name.iter().map(name).collect()),
        };
    }
    match (&row.text, &row.words, &row.program) {
        (Some(text), None, None) => Work::PowerShell { text: text.clone() },
        (None, Some(words), None) => Work::Words { words: words.clone() },
        (None, None, Some(program)) => Work::Program {
            executable: program.clone(),
            arguments: row.arguments.clone(),
            stdin: row.stdin.as_ref().map(|stdin| stdin.clone().into_bytes()),
            working_directory: row.folder.clone(),
        },
        (None, None, None) if row.check => Work::Check,
        _ => panic!("a row asks for one thing"),
    }
}

/// What is wrong with the judgement of a row, if anything.
fn complaint(row: &Row, judgement: &Judgement) -> Option<String> {
    let same = |what: &str, expected: &Option<String>, found: &str| match expected {
        Some(expected) if expected != found => Some(format!("{what} is {found:?}, not {expected:?}")),
        _ => None,
    };
    let holds = |what: &str, expected: &Option<String>, found: &str| match expected {
        Some(expected) if !found.contains(expected.as_str()) => {
            Some(format!("{what} is {found:?}, without {expected:?}"))
        }
        _ => None,
    };
    match judgement {
        Judgement::Allowed(authorized) => {
            let Some(_) = &row.allowed else {
                return Some(format!("allowed as {:?}", authorized.judged().text()));
            };
            same("the form", &row.allowed, &unqualified(authorized.judged()))
                .or_else(|| same("the rule", &row.rule, authorized.rule()))
                .or_else(|| same("the risk", &row.risk, authorized.risk().name()))
                .or_else(|| same("the kind", &row.kind, authorized.judged().kind()))
        }
        Judgement::NeedsApproval(unapproved) => {
            let wanted = unapproved.wanted();
            let Some(_) = &row.approval else {
                return Some(format!("needs approval as {:?}", wanted.judged().text()));
            };
            same("the form", &row.approval, &unqualified(wanted.judged()))
                .or_else(|| same("the rule", &row.rule, wanted.rule()))
                .or_else(|| same("the risk", &row.risk, wanted.risk().name()))
        }
        Judgement::Rehearsed(rehearsed) => {
            let wanted = rehearsed.wanted();
            let Some(_) = &row.rehearsed else {
                return Some(format!("rehearsed as {:?}", wanted.judged().text()));
            };
            same("the form", &row.rehearsed, &unqualified(wanted.judged()))
        }
        Judgement::Denied(denial) => {
            let Some(_) = &row.denied else { return Some(denial.to_string()) };
            let place = denial.position.map(|place| place.to_string()).unwrap_or_default();
            same("the rule", &row.denied, &denial.rule)
                .or_else(|| holds("the reason", &row.reason, &denial.reason.to_string()))
                .or_else(|| same("the place", &row.at, &place))
                .or_else(|| holds("the alternative", &row.instead, &denial.fix().unwrap_or_default()))
        }
    }
}

#[test]
fn judgements_are_what_the_table_says() {
    let mut complaints = Vec::new();
    let mut rows = 0;
    for group in groups() {
        let policy = policy(&settings_of(&group.policy));
        for row in &group.rows {
            rows += 1;
            let target = row.on.as_deref().map_or_else(target, target_called);
            let mut call = call(work(row));
            call.purpose = row.purpose.unwrap_or_default();
            call.mode = if row.dry { Mode::DryRun } else { Mode::Run };
            let now = OffsetDateTime::from_unix_timestamp(row.at_second).unwrap();
            let judgement = policy.judge(&call, &target, now);
            if let Some(complaint) = complaint(row, &judgement) {
                complaints.push(format!("{:?}: {complaint}", work(row)));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(rows >= 80, "{rows} rows");
}

#[derive(Deserialize)]
struct Attack {
    id: String,
    kind: String,
    script: String,
}

/// Ways round a list of names, each judged by the default profile and by one that allows every `Get-*`. What
/// passes is here by its judged form: it does nothing but what its name says.
#[test]
fn no_way_round_the_list_passes() {
    let all_get = Settings { allow: Some(vec!["Get-*".to_owned()]), ..Settings::default() };
    let mut passed = Vec::new();
    for line in include_str!("../../../fixtures/policy/attacks.jsonl").lines() {
        let attack: Attack = serde_json::from_str(line).unwrap();
        for settings in [&observe(), &all_get] {
            let work = Work::PowerShell { text: attack.script.clone() };
            if let Judgement::Allowed(authorized) = policy(settings).judge(&call(work), &target(), NOW) {
                passed.push(format!("{} {}: {}", attack.id, attack.kind, authorized.judged().text()));
            }
        }
    }
    passed.dedup();
    insta::assert_snapshot!(passed.join("\n"));
}
