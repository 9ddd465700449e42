mod endpoint;
mod review;
mod scripts;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;
use winrm_proto::winrs::command_line::{LONGEST_COMMAND_LINE, Unquotable};
use winrm_script::{
    check,
    commands::Parameter,
    parse,
    static_command::ParameterName,
    typed::{Argument, TypedCommand},
    value::Value as PsValue,
};

use super::*;
use crate::{
    call::{CallId, HostName, Mode, Principal, Purpose},
    inventory::{AuthScheme, Endpoint, Login, Remoting, Tag, Timeouts, Trust},
    secret::Reference,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    policy: Lines,
    rows: Vec<Row>,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
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

/// The tests' time.
pub(super) const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn groups() -> Vec<Group> {
    let files = [
        include_str!("../../fixtures/policy/judgements.toml"),
        include_str!("../../fixtures/policy/reach.toml"),
        include_str!("../../fixtures/policy/evasions.toml"),
    ];
    files.into_iter().flat_map(|text| toml::from_str::<Table>(text).unwrap().group).collect()
}

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

fn work(row: &Row) -> Work {
    if let Some(script) = &row.script {
        let name = |value: &String| Argument::Parameter {
            name: ParameterName::new("Name").unwrap(),
            value: Some(PsValue::string(value.as_str())),
        };
        return Work::Reviewed {
            script: script.clone(),
            content: row.content.clone().map(String::into_bytes).ok_or(std::io::ErrorKind::NotFound),
            arguments: row.name.iter().map(name).collect(),
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
    for line in include_str!("../../fixtures/policy/attacks.jsonl").lines() {
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
fn unknown_profiles_and_meaningless_entries_are_errors() {
    let settings = |profile: &str, allow: &[&str]| Settings {
        profile: Some(profile.to_owned()),
        allow: Some(allow.iter().map(|&entry| entry.to_owned()).collect()),
        ..Settings::default()
    };
    let error = |settings: Settings| Policy::new(&settings).unwrap_err();
    assert_eq!(
        error(settings("operator", &[])).to_string(),
        "there is no profile \"operator\"; there are observe, inspect, operate, endpoint, unrestricted"
    );
    for entry in
        ["", " ", "Get-Service -Name x", "\\\\host\\share\\x.exe", "*.exe\\x", "Get-Serv[ic]e", "a;b"]
    {
        let error = error(settings("observe", &[entry]));
        assert!(matches!(error, PolicyError::List(_)), "{entry}: {error}");
    }
}

#[test]
fn every_profile_file_loads_and_names_what_the_table_has() {
    for name in ProfileName::ALL {
        let profile = Profile::load(name).unwrap();
        for rule in profile.rules() {
            let unknown: Vec<&str> = rule.unknown_commands().collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
        }
    }
}

#[test]
fn profiles_that_look_name_only_commands_that_look() {
    for name in [ProfileName::Observe, ProfileName::Inspect] {
        for rule in Profile::load(name).unwrap().rules() {
            let names = rule.offered().filter(|name| CmdletName::is_full(name));
            for command in names.filter_map(commands::find) {
                assert_eq!(command.risk(), commands::Risk::Read, "{name}: {}", command.name());
            }
        }
    }
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

#[test]
fn rules_that_cannot_be_meant_are_refused() {
    let rule = |text: &str| toml::from_str::<RuleSettings>(text).unwrap();
    let cases = [
        ("name = 'r'", RuleFault::MatchesNothing),
        ("name = 'r'\ncommands = ['Get Service']", RuleFault::CommandName("Get Service".to_owned())),
        (
            "name = 'r'\ncommands = ['Get-Service']\nparameters = { Nam = {} }",
            RuleFault::UnknownParameter {
                command: "Get-Service".to_owned(),
                parameter: "Nam".to_owned(),
                nearest: Some("Name"),
            },
        ),
        (
            "name = 'r'\ncommands = ['Get-Service']\nparameters = { Name = { values = [] } }",
            RuleFault::EmptyParameter { parameter: "Name".to_owned() },
        ),
        (
            "name = 'r'\ncommands = ['Get-WinEvent']\nparameters = { MaxEvents = { range = [9, 1] } }",
            RuleFault::EmptyParameter { parameter: "MaxEvents".to_owned() },
        ),
        (
            "name = 'r'\ncommands = ['Get-Content']\npaths = ['logs']",
            RuleFault::Path { path: "logs".to_owned(), fault: PathFault::NotFull },
        ),
        ("name = 'r'\nraw = true\ncommands = ['Get-Service']", RuleFault::RawWithCommands),
        ("name = 'r'\nraw = true\nscripts = ['x']", RuleFault::RawWithCommands),
        ("name = 'r'\nscripts = ['a b']", RuleFault::ScriptName("a b".to_owned())),
        (
            "name = 'r'\ncommands = ['Get-Service']\nparameters = { Name = { pattern = 'a|b)|(?:.*' } }",
            RuleFault::Pattern { parameter: "Name".to_owned(), message: "unopened group".to_owned() },
        ),
    ];
    for (text, fault) in cases {
        let settings = Settings { rules: vec![rule(text)], ..Settings::default() };
        let expected = RuleError { rule: "r".to_owned(), index: 0, fault };
        assert_eq!(Policy::new(&settings).unwrap_err(), PolicyError::Rule(expected), "{text}");
    }
    let raw = Settings {
        rules: vec![rule("name = 'r'\nraw = true")],
        exclude: vec!["Stop-Computer".to_owned()],
        ..Settings::default()
    };
    let fault = RuleFault::RawWithExclude;
    let expected = RuleError { rule: "r".to_owned(), index: 0, fault };
    assert_eq!(Policy::new(&raw).unwrap_err(), PolicyError::Rule(expected));
    let by_name =
        Settings { rules: vec![rule("name = 'r'\nscripts = ['restart_*']")], ..Settings::default() };
    let bounded = Settings { ceiling: Some(Box::new(by_name.clone())), ..Settings::default() };
    let fault = RuleFault::ScriptByName("restart_*".to_owned());
    let expected = PolicyError::Rule(RuleError { rule: "r".to_owned(), index: 0, fault });
    assert_eq!(Policy::new(&bounded).unwrap_err(), PolicyError::Ceiling(Box::new(expected)));
    assert!(Policy::new(&by_name).is_ok(), "its own scripts a policy may name");
}

#[test]
fn what_walks_past_a_denied_parameter_is_warned_about() {
    let deny = |commands: &[&str], parameter: &str| RuleSettings {
        name: format!("no-{parameter}"),
        effect: Effect::Deny,
        commands: commands.iter().map(|&name| name.to_owned()).collect(),
        parameters: Some([(parameter.to_owned(), ParameterSettings::default())].into_iter().collect()),
        ..RuleSettings::default()
    };
    let warned = |rules: Vec<RuleSettings>| policy(&Settings { rules, ..Settings::default() }).warnings();
    assert_eq!(
        warned(vec![deny(&["Get-Service"], "Name")]),
        [
            "rule \"no-Name\" denies values of -Name, and Get-Service takes -DisplayName, -InputObject in its place"
        ]
    );
    assert_eq!(
        warned(vec![deny(&["Get-Service"], "Name"), deny(&["*-Service"], "DisplayName")])[0],
        "rule \"no-Name\" denies values of -Name, and Get-Service takes -InputObject in its place"
    );
    let all = ["Name", "DisplayName", "InputObject"].map(|parameter| deny(&["Get-Service"], parameter));
    assert_eq!(warned(all.to_vec()), [""; 0]);
    assert_eq!(warned(vec![deny(&["Set-Service"], "StartupType"), deny(&["Remove-Item"], "Path")]), [""; 0]);
}

#[test]
fn names_that_the_table_lacks_are_warned_about_with_the_nearest() {
    let settings = Settings {
        allow: Some(vec!["Get-Servce".to_owned(), "*".to_owned(), "kill".to_owned()]),
        exclude: vec!["Stop-Compuer".to_owned()],
        ..Settings::default()
    };
    let expected = [
        "allow holds a bare *: every command of the table is allowed",
        "kill in a list means the program kill.exe; for the command write Stop-Process",
        "Get-Servce is not in the table of commands; did you mean Get-Service?",
        "Stop-Compuer is not in the table of commands; did you mean Stop-Computer?",
    ];
    assert_eq!(Policy::new(&settings).unwrap().warnings(), expected);
}

/// What is certain of a script: nothing, or the rule that denies it and where.
fn foreseen(settings: &Settings, text: &str) -> Result<(), (String, String)> {
    let tree = parse::script(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    let commands = check::script(text, &tree, &check::Standard)
        .unwrap_or_else(|refusals| panic!("{text}: {}", refusals[0]));
    let call = call(Work::PowerShell { text: text.to_owned() });
    let foreseen = policy(settings).foresee(&call, text, &commands, &target());
    foreseen
        .map_err(|denial| (denial.rule, denial.position.map(|place| place.to_string()).unwrap_or_default()))
}

#[test]
fn what_is_certain_of_a_script_is_known_before_it_runs() {
    let rule = |text: &str| toml::from_str::<RuleSettings>(text).unwrap();
    let with =
        |rules: &[&str]| Settings { rules: rules.iter().map(|text| rule(text)).collect(), ..observe() };
    let restart = with(&[
        "name = 'restart'\ncommands = ['Restart-Service']\nparameters = { Name = { values = ['W3SVC'] }, Force = { optional = true } }",
    ]);
    let deny = with(&[
        "name = 'no'\neffect = 'deny'\ncommands = ['Get-Service']\nparameters = { Name = { values = ['Secret*'] } }",
    ]);
    let passes = [
        (observe(), "$n = 'x'; Get-Service -Name $n; Get-Process | Where-Object { $_.Id -gt 5 }"),
        (observe(), "if ($false) { Get-Process }"),
        (observe(), "$l = 'Security'; Get-WinEvent -LogName $l -MaxEvents 5"),
        (observe(), "$e = 'Stop'; Get-Service -ErrorAction $e -ErrorVariable problems"),
        (observe(), "$p = 'C:\\x'; Get-ChildItem -LiteralPath $p"),
        (observe(), "$h = @{ Name = 'x' }; Get-Service @h"),
        (observe(), "$a = '/all'; ipconfig $a"),
        (restart.clone(), "Get-Service W3SVC | Restart-Service"),
        (restart.clone(), "$n = 'x'; Restart-Service -Name $n -Force"),
        (deny.clone(), "$n = 'SecretOne'; Get-Service -Name $n"),
        (deny.clone(), "Get-Service -Name Open"),
    ];
    for (settings, text) in passes {
        assert_eq!(foreseen(&settings, text), Ok(()), "{text}");
    }
    let denied = [
        (observe(), "Get-Process; Stop-Computer -Force", "observe", "line 1, column 14"),
        (observe(), "if ($false) {\n  Stop-Computer\n}", "observe", "line 2, column 3"),
        (observe(), "Get-Service -ComputerName $env:COMPUTERNAME", "observe: parameters", "line 1, column 1"),
        (observe(), "Get-WinEvent -LogName Security -MaxEvents 5", "observe: event-log", "line 1, column 1"),
        (
            observe(),
            "$n = 5; Get-WinEvent -LogName ('System', 'Security') -MaxEvents $n",
            "observe: event-log",
            "line 1, column 9",
        ),
        (observe(), "Get-ChildItem -LiteralPath 'C:\\..\\x'", "paths", "line 1, column 1"),
        (observe(), "Get-Service '\\\\db-01\\x'", "values", "line 1, column 1"),
        (observe(), "Get-Service -Debug", "common-parameters", "line 1, column 1"),
        (observe(), "ipconfig /release", "observe: programs", "line 1, column 1"),
        (observe(), "$x = 1; ipconfig /release $x", "observe: programs", "line 1, column 9"),
        (observe(), "1..3 | ForEach-Object { Stop-Process -Id $_ }", "observe", "line 1, column 25"),
        (restart.clone(), "Restart-Service -Name Spooler", "restart", "line 1, column 1"),
        (restart.clone(), "Restart-Service -Force", "restart", "line 1, column 1"),
        (
            restart.clone(),
            "Get-Service x | Restart-Service -Confirm",
            "common-parameters",
            "line 1, column 17",
        ),
        (deny, "Get-Service -Name Open, SecretOne", "no", "line 1, column 1"),
        (
            Settings { exclude: vec!["Get-Serv*".to_owned()], ..observe() },
            "gsv",
            "exclude",
            "line 1, column 1",
        ),
        (
            Settings {
                ceiling: Some(Box::new(Settings {
                    exclude: vec!["Get-Service".to_owned()],
                    ..Settings::default()
                })),
                ..observe()
            },
            "gsv",
            "machine policy, exclude",
            "line 1, column 1",
        ),
    ];
    for (settings, text, rule, place) in denied {
        assert_eq!(foreseen(&settings, text), Err((rule.to_owned(), place.to_owned())), "{text}");
    }
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let entry = prop_oneof![
        Just("*".to_owned()),
        Just("Get-*".to_owned()),
        Just("*-Service".to_owned()),
        Just("Get-Service".to_owned()),
        Just("Stop-Service".to_owned()),
        Just("Invoke-Command".to_owned()),
        Just("hostname".to_owned()),
        Just("cmd.exe".to_owned()),
        Just("C:\\Windows\\System32\\ipconfig.exe".to_owned()),
        "[A-Z][a-z]{1,4}-[A-Z][a-z?*]{0,6}",
    ];
    prop::collection::vec(entry, 0..4)
}

fn works() -> impl Strategy<Value = Work> {
    let from_table = groups().into_iter().flat_map(|group| group.rows).map(|row| work(&row));
    let texts = "[A-Za-z$@{}()\\[\\]'\"`;|&<>:\\\\/. \\-]{0,30}";
    prop_oneof![
        prop::sample::select(from_table.collect::<Vec<_>>()),
        texts.prop_map(|text| Work::PowerShell { text }),
        typed_commands(),
        ("[a-zA-Z.:\\\\/ ~]{0,20}", prop::collection::vec("\\PC{0,8}", 0..3)).prop_map(
            |(executable, arguments)| Work::Program {
                executable,
                arguments,
                stdin: None,
                working_directory: None
            }
        ),
    ]
}

/// Commands with values of every kind that travels, as a script makes them.
fn typed_commands() -> impl Strategy<Value = Work> {
    let text = prop_oneof![
        Just("W32Time".to_owned()),
        Just("\\\\db-01\\x".to_owned()),
        Just("C:\\Windows".to_owned()),
        Just("Security".to_owned()),
        Just("System".to_owned()),
        "[a-z*?\\\\/:.\\[ ]{0,8}",
    ];
    let leaf = prop_oneof![
        text.prop_map(PsValue::string),
        any::<i32>().prop_map(PsValue::Int32),
        any::<bool>().prop_map(PsValue::Boolean),
        Just(PsValue::Null),
    ];
    let value = leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(PsValue::array),
            prop::collection::vec(("[A-Za-z]{1,8}|LogName|Path", inner), 0..3).prop_map(|entries| {
                let table = winrm_script::value::Table::new(winrm_script::value::Shape::Hashtable);
                for (key, value) in entries {
                    table.set(PsValue::string(key), value).unwrap();
                }
                PsValue::Table(table)
            }),
        ]
    });
    let names = [
        "Get-Service",
        "Get-WinEvent",
        "Get-ChildItem",
        "Get-CimInstance",
        "Stop-Service",
        "Invoke-Command",
        "Get-Frobnicator",
    ];
    let parameters = [
        "Name",
        "ComputerName",
        "LogName",
        "MaxEvents",
        "FilterHashtable",
        "FilterXPath",
        "LiteralPath",
        "Path",
        "Filter",
        "Recurse",
        "ErrorAction",
        "Confirm",
        "OutVariable",
        "ClassName",
        "ScriptBlock",
        "InputObject",
    ];
    let argument = (prop::sample::select(parameters.to_vec()), prop::option::weighted(0.9, value))
        .prop_map(|(name, value)| Argument::Parameter { name: ParameterName::new(name).unwrap(), value });
    (prop::sample::select(names.to_vec()), prop::collection::vec(argument, 0..3)).prop_map(
        |(name, arguments)| {
            let name = winrm_script::static_command::CommandName::new(name).unwrap();
            Work::Command(TypedCommand::new(name, arguments).unwrap().into())
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let profile = prop::option::of(prop_oneof![Just("observe".to_owned()), Just("unrestricted".to_owned())]);
    (profile, prop::option::of(names()), prop::option::of(names()), names()).prop_map(
        |(profile, allow, include, exclude)| Settings {
            profile,
            allow,
            include,
            exclude,
            ..Settings::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_exclude_never_allows_more(settings in settings(), more in names(), work in works()) {
        let mut narrower = settings.clone();
        narrower.exclude.extend(more);
        let call = call(work);
        let wide = Policy::new(&settings).unwrap().judge(&call, &target(), NOW);
        let narrow = Policy::new(&narrower).unwrap().judge(&call, &target(), NOW);
        if let Judgement::Allowed(narrow) = narrow {
            let wide = wide.into_result();
            prop_assert!(wide.is_ok(), "an exclude allowed {}", narrow.judged().text());
        }
    }

    #[test]
    fn an_include_beside_allow_never_allows_more(allow in names(), settings in settings(), include in names(), work in works()) {
        let settings = Settings { allow: Some(allow), include: None, ..settings };
        let narrower = Settings { include: Some(include), ..settings.clone() };
        let call = call(work);
        let narrow = Policy::new(&narrower).unwrap().judge(&call, &target(), NOW);
        if narrow.into_result().is_ok() {
            prop_assert!(Policy::new(&settings).unwrap().judge(&call, &target(), NOW).into_result().is_ok());
        }
    }

    #[test]
    fn a_rule_that_denies_never_allows_more(settings in settings(), commands in names(), work in works()) {
        let commands: Vec<String> = commands.into_iter().filter(|name| name.contains('-')).collect();
        prop_assume!(!commands.is_empty());
        let deny = RuleSettings { name: "d".to_owned(), effect: Effect::Deny, commands, ..RuleSettings::default() };
        let mut narrower = settings.clone();
        narrower.rules.push(deny);
        let call = call(work);
        if let Judgement::Allowed(narrow) = Policy::new(&narrower).unwrap().judge(&call, &target(), NOW) {
            let wide = Policy::new(&settings).unwrap().judge(&call, &target(), NOW);
            prop_assert!(wide.into_result().is_ok(), "a denial allowed {}", narrow.judged().text());
        }
    }

    /// A rule of any kind that denies, and a closed one, too.
    #[test]
    fn a_rule_that_denies_values_never_allows_more(settings in settings(), value in "[A-Za-z0-9*\\\\]{1,6}", work in works()) {
        let listed = ParameterSettings { values: Some(vec![value]), ..ParameterSettings::default() };
        let deny = RuleSettings {
            name: "d".to_owned(),
            effect: Effect::Deny,
            commands: vec!["Get-Service".to_owned(), "Stop-Service".to_owned()],
            parameters: Some([("Name".to_owned(), listed)].into_iter().collect()),
            ..RuleSettings::default()
        };
        let mut narrower = settings.clone();
        narrower.rules.push(deny);
        let call = call(work);
        if policy(&narrower).judge(&call, &target(), NOW).into_result().is_ok() {
            prop_assert!(policy(&settings).judge(&call, &target(), NOW).into_result().is_ok());
        }
    }

    #[test]
    fn a_ceiling_never_allows_more(settings in settings(), ceiling in settings(), work in works()) {
        let bounded = Settings { ceiling: Some(Box::new(ceiling.clone())), ..settings.clone() };
        let call = call(work);
        if Policy::new(&bounded).unwrap().judge(&call, &target(), NOW).into_result().is_ok() {
            prop_assert!(Policy::new(&settings).unwrap().judge(&call, &target(), NOW).into_result().is_ok());
            let profile = ceiling.profile.clone().or_else(|| Some("unrestricted".to_owned()));
            let alone = Settings { profile, ..ceiling };
            prop_assert!(Policy::new(&alone).unwrap().judge(&call, &target(), NOW).into_result().is_ok());
        }
    }

    /// What is certain beforehand is true when it runs.
    #[test]
    fn what_is_foreseen_to_be_denied_is_denied(settings in settings(), work in works()) {
        let Work::PowerShell { text } = &work else { return Ok(()) };
        let Ok(tree) = parse::script(text) else { return Ok(()) };
        let Ok(commands) = check::script(text, &tree, &check::Standard) else { return Ok(()) };
        let (policy, call) = (policy(&settings), call(work.clone()));
        if let Err(denial) = policy.foresee(&call, text, &commands, &target()) {
            let judged = policy.judge(&call, &target(), NOW).into_result();
            prop_assert!(judged.is_err(), "{text:?} is allowed, and was denied before: {denial}");
        }
    }

    #[test]
    fn judging_is_deterministic_and_never_panics(settings in settings(), work in works()) {
        let policy = Policy::new(&settings).unwrap();
        let call = call(work);
        prop_assert_eq!(policy.judge(&call, &target(), NOW), policy.judge(&call, &target(), NOW));
    }

    #[test]
    fn nothing_outside_the_table_passes_observe(work in works()) {
        let policy = Policy::new(&Settings::default()).unwrap();
        if let Judgement::Allowed(authorized) = policy.judge(&call(work), &target(), NOW)
            && let Judged::Commands(pipeline) = authorized.judged()
        {
            let command = pipeline.first();
            prop_assert!(command.module().is_some());
            let known = commands::find(command.name()).unwrap();
            prop_assert!(policy.offered().iter().any(|name| name == known.name()));
            for argument in command.arguments() {
                if let Argument::Parameter { name, .. } = argument {
                    prop_assert_eq!(known.parameter(name.as_str()).map(Parameter::name), Some(name.as_str()));
                }
            }
            // What is written is one pipeline of this one command.
            let text = command.render();
            let tree = parse::script(&text).unwrap();
            prop_assert_eq!(tree.blocks.iter().map(|block| block.statements.len()).sum::<usize>(), 1, "{}", text);
        }
    }

    #[test]
    fn patterns_match_as_a_naive_matcher_says(pattern in "[ab*?]{0,8}", name in "[abAB]{0,8}") {
        fn naive(pattern: &[char], name: &[char]) -> bool {
            match (pattern.split_first(), name.split_first()) {
                (None, None) => true,
                (Some(('*', rest)), _) => naive(rest, name) || name.split_first().is_some_and(|(_, name)| naive(pattern, name)),
                (Some(('?', rest)), Some((_, name))) => naive(rest, name),
                (Some((a, rest)), Some((b, name))) => a == b && naive(rest, name),
                _ => false,
            }
        }
        let folded: Vec<char> = name.to_lowercase().chars().collect();
        let expected = naive(&pattern.chars().collect::<Vec<_>>(), &folded);
        prop_assert_eq!(NamePattern::new(&pattern).matches(&name), expected);
    }
}
