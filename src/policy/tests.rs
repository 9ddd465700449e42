mod endpoint;
mod foreseen;
mod load;
mod properties;
mod review;
mod scripts;
mod table;

use std::collections::BTreeSet;

use serde::Deserialize;
use winrm_proto::winrs::command_line::{LONGEST_COMMAND_LINE, Unquotable};
use winrm_script::{commands::Parameter, static_command::ParameterName};

use super::*;
use crate::{
    call::{CallId, HostName, Mode, Principal, Purpose},
    inventory::{AuthScheme, Endpoint, Login, Remoting, Tag, Timeouts, Trust},
    secret::Reference,
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    profile: Option<String>,
    allow: Option<Vec<String>>,
    include: Option<Vec<String>>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    rule: Vec<RuleSettings>,
    #[serde(default)]
    script: Vec<ScriptLine>,
    ceiling: Option<Box<Lines>>,
}

/// A reviewed script, pinned by the digest of its content.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptLine {
    name: String,
    content: String,
    risk: Option<Risk>,
    #[serde(default)]
    hosts: Vec<String>,
}

/// The tests' time.
pub(super) const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn settings_of(lines: &Lines) -> Settings {
    Settings {
        profile: lines.profile.clone(),
        allow: lines.allow.clone(),
        include: lines.include.clone(),
        exclude: lines.exclude.clone(),
        rules: lines.rule.clone(),
        scripts: lines.script.iter().map(script_of).collect(),
        ceiling: lines.ceiling.as_ref().map(|ceiling| Box::new(settings_of(ceiling))),
    }
}

fn script_of(line: &ScriptLine) -> ScriptSettings {
    ScriptSettings {
        name: ScriptName::parse(&line.name).unwrap(),
        file: format!("{}.ps1", line.name).into(),
        sha256: ScriptDigest::of(line.content.as_bytes()),
        risk: line.risk.unwrap_or(Risk::Change),
        hosts: line.hosts.iter().map(|host| HostChoice::parse(host).unwrap()).collect(),
        description: "It does.".to_owned(),
    }
}

fn policy(settings: &Settings) -> Policy {
    Policy::new(settings).unwrap()
}

fn observe() -> Settings {
    Settings::default()
}

fn unrestricted() -> Settings {
    Settings { profile: Some("unrestricted".to_owned()), ..Settings::default() }
}

pub(super) fn target() -> Target {
    target_called("web-01")
}

fn target_called(name: &str) -> Target {
    Target {
        name: HostName::new(name),
        endpoint: Endpoint::parse("web-01").unwrap(),
        login: Login {
            user: "svc".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: BTreeSet::from([Tag::parse(name).unwrap()]),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 3,
        remoting: Remoting::default(),
    }
}

pub(super) fn call(work: Work) -> Call {
    Call {
        id: CallId::from_random(7),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work,
        purpose: Purpose::Agent,
        mode: Mode::Run,
        timeout: None,
    }
}

/// The judged form without the module, of which the table of judgements says nothing.
fn unqualified(judged: &Judged) -> String {
    match judged {
        Judged::Commands(pipeline) => {
            let stages = pipeline.commands().map(|command| match command.module() {
                Some(module) => command.render().replacen(&format!("{module}\\"), "", 1),
                None => command.render(),
            });
            stages.collect::<Vec<_>>().join(" | ")
        }
        other => other.text(),
    }
}

#[test]
fn a_command_of_the_table_is_sent_with_its_module() {
    let allow = ["Get-Service", "Get-VM", "Get-PSSessionCapability", "Get-Frobnicator", "Get-Item"];
    let settings =
        Settings { allow: Some(allow.iter().map(|&name| name.to_owned()).collect()), ..Settings::default() };
    let form = |text: &str| {
        let work = Work::PowerShell { text: text.to_owned() };
        policy(&settings)
            .judge(&call(work), &target(), NOW)
            .into_result()
            .map(|allowed| allowed.judged().text())
    };
    assert_eq!(form("gsv").unwrap(), "Microsoft.PowerShell.Management\\Get-Service");
    assert_eq!(form("get-vm -Name 'a b'").unwrap(), "Hyper-V\\Get-VM -Name 'a b'");
    assert_eq!(form("Get-Frobnicator").unwrap(), "Get-Frobnicator");
    let every = Settings {
        allow: Some(commands::names().map(str::to_owned).collect()),
        exclude: vec!["none".to_owned()],
        ..unrestricted()
    };
    let every = policy(&every);
    let never = InterpreterSettings::load().unwrap().runspace;
    for name in commands::names().filter(|name| !never.iter().any(|never| never == name)) {
        let judgement = every.judge(&call(Work::Words { words: vec![name.to_owned()] }), &target(), NOW);
        let sent = judgement.into_result().unwrap().judged().text();
        // Only this one is a function of no module.
        assert!(sent.ends_with(&format!("\\{name}")) || name == "Clear-Host", "{sent}");
    }
}

#[test]
fn a_line_that_cmd_would_cut_is_refused() {
    let judge = |length: usize| {
        let work = Work::Program {
            executable: "x".to_owned(),
            arguments: vec!["a".repeat(length)],
            stdin: None,
            working_directory: None,
        };
        policy(&unrestricted()).judge(&call(work), &target(), NOW).into_result()
    };
    let fixed = "x ".len();
    assert!(judge(LONGEST_COMMAND_LINE - fixed).is_ok());
    let denial = judge(LONGEST_COMMAND_LINE - fixed + 1).unwrap_err();
    let length = LONGEST_COMMAND_LINE + 1;
    assert_eq!(denial.reason, Reason::Unquotable(Unquotable::TooLong { length }));
}

#[test]
fn an_authorization_says_what_it_is_for() {
    let work = Work::PowerShell { text: "Get-Service".to_owned() };
    let authorized = policy(&observe()).judge(&call(work), &target(), NOW).into_result().unwrap();
    assert_eq!(authorized.host(), &HostName::new("web-01"));
    assert_eq!(authorized.call(), &CallId::from_random(7));
    assert_eq!(authorized.timeout(), Timeouts::default().command);
    assert_eq!(authorized.profile(), ProfileName::Observe);
}

#[test]
fn a_denial_keeps_the_way_to_allow_it_from_the_model() {
    let work = Work::PowerShell { text: "Stop-Service x".to_owned() };
    let denial = policy(&observe()).judge(&call(work), &target(), NOW).into_result().unwrap_err();
    assert_eq!(denial.code().exit(), 126);
    assert!(denial.operator_hint.as_ref().unwrap().contains("Stop-Service"));
    assert!(!denial.sentence().contains("add "));
    assert!(!denial.fix().unwrap_or_default().contains("add "));
}

#[test]
fn a_parameter_whose_name_may_not_be_written_is_refused() {
    // The table knows names with an underscore; only letters and digits reach the wire.
    let settings = Settings { allow: Some(vec!["Add-MpPreference".to_owned()]), ..Settings::default() };
    let values = "x ".repeat(40);
    let work = Work::PowerShell { text: format!("Add-MpPreference {values}") };
    assert!(policy(&settings).judge(&call(work), &target(), NOW).into_result().is_err());
    let unwritable = |parameter: &Parameter| ParameterName::new(parameter.name()).is_err();
    let all = commands::names()
        .filter_map(commands::find)
        .flat_map(|command| command.variants().collect::<Vec<_>>());
    let all = all.flat_map(|variant| variant.parameters().collect::<Vec<_>>());
    for parameter in all.filter(unwritable) {
        assert!(parameter.name().contains('_'), "{}", parameter.name());
        assert!(parameter.sets().all(|set| set.position.is_none() && !set.remaining), "{}", parameter.name());
    }
}
