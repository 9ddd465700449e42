//! What is an error, or warned about, when a policy is loaded.

use super::*;

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
    // A denial by name would be passed by another name.
    let denied = Settings {
        rules: vec![rule("name = 'r'\neffect = 'deny'\nscripts = ['restart_*']")],
        ..Settings::default()
    };
    let bounded = Settings { ceiling: Some(Box::new(denied)), ..Settings::default() };
    let fault = RuleFault::ScriptByName("restart_*".to_owned());
    let expected = PolicyError::Rule(RuleError { rule: "r".to_owned(), index: 0, fault });
    assert_eq!(Policy::new(&bounded).unwrap_err(), PolicyError::Ceiling(Box::new(expected)));
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
