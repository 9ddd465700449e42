//! What a policy grants, where two differ, which rule is missing, and what a constrained endpoint is told.

use super::{NOW, call, observe, policy, target, target_called};
use crate::{
    call::{Purpose, Work},
    policy::{
        Grant, Jea, Judgement, ParameterSettings, Policy, Risk, RuleSettings, ScriptDigest, ScriptName,
        ScriptSettings, Settings, Unsayable,
    },
};

fn rule(text: &str) -> RuleSettings {
    toml::from_str(text).unwrap()
}

fn grants(policy: &Policy, name: &str) -> Vec<Grant> {
    policy.grants(name, &target(), Purpose::Agent, NOW)
}

#[test]
fn what_is_granted_is_what_is_judged_to_be_allowed() {
    let settings = Settings {
        rules: vec![
            rule(
                "name = 'restart'\ncommands = ['Restart-Service']\nparameters = { Name = { values = ['W3SVC'] }, Force = { optional = true } }\napproval = true\nrate = '5/hour'",
            ),
            rule("name = 'no'\neffect = 'deny'\ncommands = ['Get-Disk']"),
        ],
        exclude: vec!["Get-HotFix".to_owned()],
        ..observe()
    };
    let policy = policy(&settings);
    let restart = grants(&policy, "Restart-Service");
    assert_eq!(restart.len(), 1);
    assert!(restart[0].approval && restart[0].rates == ["5/hour"]);
    let taken: Vec<(&str, bool)> = restart[0]
        .parameters
        .as_ref()
        .unwrap()
        .iter()
        .map(|taken| (taken.name.as_str(), taken.required))
        .collect();
    assert_eq!(taken, [("Force", false), ("Name", true)]);
    assert_eq!(grants(&policy, "gsv")[0].rule, "observe: inventory");
    assert_eq!(grants(&policy, "Get-WinEvent").len(), 3);
    assert_eq!(grants(&policy, "ipconfig")[0].forms, Some(vec![vec![], vec!["/all".to_owned()]]));
    for denied in ["Get-Disk", "Get-HotFix", "Stop-Computer", "Invoke-Command'", "cmd", "no such thing"] {
        assert_eq!(grants(&policy, denied), [], "{denied}");
    }
    // A script that is called like a command does not hide it.
    let named = |name: &str| ScriptSettings {
        name: ScriptName::parse(name).unwrap(),
        file: "x.ps1".into(),
        sha256: ScriptDigest::of(b"x"),
        risk: Risk::Read,
        hosts: Vec::new(),
        description: String::new(),
    };
    let scripts = vec![named("Get-Service"), named("report")];
    let with_scripts = super::policy(&Settings { scripts, ..settings.clone() });
    let rules = |name| grants(&with_scripts, name).into_iter().map(|grant| grant.rule).collect::<Vec<_>>();
    assert_eq!(rules("Get-Service"), ["observe: inventory", "script Get-Service"]);
    assert_eq!(rules("report"), ["script report"]);
    let ceiling = Settings { include: Some(vec!["Get-*".to_owned()]), ..Settings::default() };
    let bounded = Settings { ceiling: Some(Box::new(ceiling)), ..settings };
    assert_eq!(grants(&super::policy(&bounded), "Restart-Service"), []);
}

#[test]
fn a_difference_names_the_commands_that_are_treated_otherwise() {
    let before = policy(&observe());
    let after = policy(&Settings {
        exclude: vec!["Get-Process".to_owned()],
        rules: vec![rule(
            "name = 'stop'\ncommands = ['Stop-Service']\nhosts = ['web-*']\nprograms = [{ name = 'nltest' }]",
        )],
        ..observe()
    });
    let names = |host: &str| -> Vec<String> {
        let target = target_called(host);
        let differences = Policy::diff(&before, &after, &target, Purpose::Agent, NOW);
        differences.into_iter().map(|difference| difference.name).collect()
    };
    assert_eq!(names("web-01"), ["Get-Process", "Stop-Service", "nltest"]);
    assert_eq!(names("db-01"), ["Get-Process"]);
    let (web, db) = (target_called("web-01"), target_called("db-01"));
    let who = after.who_can("Stop-Service", &[&web, &db], Purpose::Agent, NOW);
    assert_eq!(who.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>(), ["web-01"]);
}

#[test]
fn the_narrowest_rule_allows_the_call_and_nothing_beside_it() {
    let judge = |settings: &Settings, text: &str| {
        policy(settings).judge(&call(Work::PowerShell { text: text.to_owned() }), &target(), NOW)
    };
    let cases = [
        ("Restart-Service W3SVC -Force", "Restart-Service Spooler -Force"),
        ("Get-Content C:\\Logs\\a.txt -Tail 5", "Get-Content C:\\Logs\\b.txt -Tail 5"),
        ("Get-WinEvent -LogName Security -MaxEvents 5", "Get-WinEvent -LogName Security -MaxEvents 6"),
        ("Stop-Process -Name w*", "Stop-Process -Name winlogon"),
        ("nltest /dsgetdc:corp", "nltest /sc_reset:corp"),
        ("Get-Frobnicator", "Get-Frobnicators"),
        ("cmd /c dir", "cmd /c del"),
    ];
    for (text, other) in cases {
        let call = call(Work::PowerShell { text: text.to_owned() });
        let found = policy(&observe()).narrowest_rule(&call, &target(), NOW);
        let found = found.unwrap_or_else(|denial| panic!("{text}: {denial}"));
        // What is shown is what was tried.
        let file: toml::Table = found.to_toml().parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let read: RuleSettings = file["policy"]["rule"][0].clone().try_into().unwrap();
        assert_eq!(read, found, "{text}");
        let wider = Settings { rules: vec![read], ..observe() };
        assert!(matches!(judge(&wider, text), Judgement::Allowed(_)), "{text}");
        assert!(matches!(judge(&wider, other), Judgement::Denied(_)), "{other}");
        let elsewhere = policy(&wider).judge(&call, &target_called("db-01"), NOW);
        assert!(matches!(elsewhere, Judgement::Denied(_)), "{text} elsewhere");
    }
    let none = |settings: &Settings, text: &str| {
        let call = call(Work::PowerShell { text: text.to_owned() });
        policy(settings).narrowest_rule(&call, &target(), NOW).unwrap_err().rule
    };
    let excluded = Settings { exclude: vec!["Stop-*".to_owned()], ..observe() };
    assert_eq!(none(&excluded, "Stop-Computer"), "exclude");
    assert_eq!(none(&observe(), "Get-Process | Stop-Process"), "one-static-command");
    let ceiling = Settings { profile: Some("observe".to_owned()), ..Settings::default() };
    let bounded = Settings { ceiling: Some(Box::new(ceiling)), ..observe() };
    assert_eq!(none(&bounded, "Stop-Computer"), "machine policy, observe");
}

fn export(settings: &Settings) -> Jea {
    policy(settings).export_jea(&target(), Purpose::Agent, NOW, "CONTOSO\\Help 'desk'")
}

#[test]
fn an_endpoint_is_told_names_parameters_and_patterns() {
    let settings = Settings {
        allow: Some(Vec::new()),
        rules: vec![
            rule(
                "name = 'a'\ncommands = ['Get-Service']\nparameters = { Name = { values = [\"W3SVC\", \"it's\"], optional = true } }",
            ),
            rule(
                "name = 'b'\ncommands = ['Get-Process']\nparameters = { Id = { range = [5, 99], optional = true }, IncludeUserName = { optional = true } }",
            ),
            rule("name = 'c'\ncommands = ['Get-ChildItem']\npaths = ['C:\\Logs']"),
            rule("name = 'd'\ncommands = ['Get-Disk']\napproval = true"),
            rule("name = 'e'\ncommands = ['Restart-Service']\nparameters = { Name = {} }"),
            rule(
                "name = 'f'\ncommands = ['Get-HotFix']\nparameters = { Id = { values = ['KB*'], optional = true } }",
            ),
            rule("name = 'g'\ncommands = ['ForEach-Object']"),
        ],
        ..observe()
    };
    let jea = export(&settings);
    let files = format!("{}\n{}\n{}", jea.psrc, jea.pssc, jea.warnings.join("\n"));
    // The identity goes with every change of a profile.
    let lines = files.lines().filter(|line| !line.contains("GUID = "));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    let left: Vec<(&str, &Unsayable)> =
        jea.left_out.iter().map(|left| (left.name.as_str(), &left.reason)).collect();
    assert_eq!(
        left,
        [
            ("ForEach-Object", &Unsayable::Interpreter),
            ("Get-Disk", &Unsayable::Terms),
            ("Get-HotFix", &Unsayable::NoParameter),
            ("Restart-Service", &Unsayable::Required("Name".to_owned())),
        ]
    );
}

#[test]
fn an_endpoint_for_a_profile_never_offers_what_the_profile_denies() {
    for profile in ["observe", "inspect", "operate", "unrestricted"] {
        let settings = Settings { profile: Some(profile.to_owned()), ..Settings::default() };
        let jea = export(&settings);
        for never in [
            "ForEach-Object'",
            "Invoke-Expression'",
            "Invoke-Command",
            "Start-Process'",
            "New-Object'",
            "Add-Type",
        ] {
            let offered = jea.psrc.lines().find(|line| line.contains(never));
            assert_eq!(offered, None, "{profile}");
        }
        assert!(!jea.psrc.contains("Name = 'ComputerName'") || profile == "unrestricted", "{profile}");
        assert!(
            jea.psrc
                .lines()
                .filter(|line| line.contains("ValidatePattern"))
                .all(|line| line.contains(r"'\A"))
        );
    }
    let left = export(&observe()).left_out;
    let reason = |name: &str| &left.iter().find(|left| left.name == name).unwrap().reason;
    assert_eq!(reason("Get-WinEvent"), &Unsayable::SeveralRules);
    assert_eq!(reason("Get-CimInstance"), &Unsayable::Required("ClassName".to_owned()));
    assert_eq!(reason("ipconfig"), &Unsayable::Program);
}

#[test]
fn a_parameter_says_in_toml_what_it_takes() {
    let settings = ParameterSettings {
        pattern: Some("a'b\\d".to_owned()),
        wildcards: true,
        ..ParameterSettings::default()
    };
    let found = RuleSettings {
        name: "a \"name\"".to_owned(),
        commands: vec!["Get-Service".to_owned()],
        parameters: Some([("Name".to_owned(), settings)].into_iter().collect()),
        ..RuleSettings::default()
    };
    let file: toml::Table = found.to_toml().parse().unwrap();
    let read: RuleSettings = file["policy"]["rule"][0].clone().try_into().unwrap();
    assert_eq!(read, found);
}
