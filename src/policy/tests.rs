use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{
    call::{CallId, HostName, Principal},
    inventory::{AuthScheme, Endpoint, Login, Scheme, Timeouts, Trust},
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    profile: Option<String>,
    allow: Option<Vec<String>>,
    include: Option<Vec<String>>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: Option<String>,
    words: Option<Vec<String>>,
    program: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    folder: Option<String>,
    #[serde(default)]
    check: bool,
    allowed: Option<String>,
    rule: Option<String>,
    risk: Option<String>,
    kind: Option<String>,
    denied: Option<String>,
    reason: Option<String>,
    at: Option<String>,
    instead: Option<String>,
}

fn table() -> Table {
    toml::from_str(include_str!("../../fixtures/policy/judgements.toml")).unwrap()
}

fn policy(lines: &Lines) -> Policy {
    Policy::new(&Settings {
        profile: lines.profile.clone(),
        allow: lines.allow.clone(),
        include: lines.include.clone(),
        exclude: lines.exclude.clone(),
    })
    .unwrap()
}

fn target() -> Target {
    Target {
        name: HostName::new("web-01"),
        endpoint: Endpoint::parse("web-01", Scheme::Https, Scheme::default_port).unwrap(),
        login: Login {
            user: "svc".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: BTreeSet::new(),
        trust: Trust::default(),
        timeouts: Timeouts::default(),
        max_retries: 3,
    }
}

fn call(work: Work) -> Call {
    Call {
        id: CallId::from_random(7),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work,
        timeout: None,
    }
}

fn work(row: &Row) -> Work {
    match (&row.text, &row.words, &row.program) {
        (Some(text), None, None) => Work::PowerShell { text: text.clone() },
        (None, Some(words), None) => Work::Words { words: words.clone() },
        (None, None, Some(program)) => Work::Program {
            executable: program.clone(),
            arguments: row.arguments.clone(),
            stdin: None,
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
            same("the form", &row.allowed, &authorized.judged().text())
                .or_else(|| same("the rule", &row.rule, authorized.rule()))
                .or_else(|| same("the risk", &row.risk, authorized.risk().name()))
                .or_else(|| same("the kind", &row.kind, authorized.judged().kind()))
        }
        Judgement::Denied(denial) => {
            let Some(_) = &row.denied else { return Some(denial.to_string()) };
            let place = denial.position.map(|place| place.to_string()).unwrap_or_default();
            same("the rule", &row.denied, &denial.rule)
                .or_else(|| holds("the reason", &row.reason, &denial.reason.to_string()))
                .or_else(|| same("the place", &row.at, &place))
                .or_else(|| {
                    holds("the alternative", &row.instead, denial.alternative.as_deref().unwrap_or_default())
                })
        }
    }
}

#[test]
fn judgements_are_what_the_table_says() {
    let mut complaints = Vec::new();
    let mut rows = 0;
    for group in table().group {
        let policy = policy(&group.policy);
        for row in &group.rows {
            rows += 1;
            let judgement = policy.judge(&call(work(row)), &target());
            if let Some(complaint) = complaint(row, &judgement) {
                complaints.push(format!("{:?}: {complaint}", work(row)));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(rows >= 80, "{rows} rows");
}

#[test]
fn a_line_that_cmd_would_cut_is_refused() {
    let lines =
        Lines { profile: Some("unrestricted".to_owned()), allow: None, include: None, exclude: vec![] };
    let judge = |length: usize| {
        let work = Work::Program {
            executable: "x".to_owned(),
            arguments: vec!["a".repeat(length)],
            stdin: None,
            working_directory: None,
        };
        policy(&lines).judge(&call(work), &target()).into_result()
    };
    let fixed = "x ".len();
    assert!(judge(LONGEST_COMMAND_LINE - fixed).is_ok());
    let denial = judge(LONGEST_COMMAND_LINE - fixed + 1).unwrap_err();
    let length = LONGEST_COMMAND_LINE + 1;
    assert_eq!(denial.reason, Reason::Unquotable(Unquotable::TooLong { length }));
}

#[test]
fn an_authorization_says_what_it_is_for() {
    let lines = Lines { profile: None, allow: None, include: None, exclude: vec![] };
    let work = Work::PowerShell { text: "Get-Service".to_owned() };
    let authorized = policy(&lines).judge(&call(work), &target()).into_result().unwrap();
    assert_eq!(authorized.host(), &HostName::new("web-01"));
    assert_eq!(authorized.call(), &CallId::from_random(7));
    assert_eq!(authorized.timeout(), Timeouts::default().command);
    assert_eq!(authorized.profile(), ProfileName::Observe);
}

#[test]
fn a_denial_keeps_the_way_to_allow_it_from_the_model() {
    let lines = Lines { profile: None, allow: None, include: None, exclude: vec![] };
    let work = Work::PowerShell { text: "Stop-Service x".to_owned() };
    let denial = policy(&lines).judge(&call(work), &target()).into_result().unwrap_err();
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
        error(settings("inspect", &[])).to_string(),
        "there is no profile \"inspect\"; there are observe, unrestricted"
    );
    for entry in
        ["", " ", "Get-Service -Name x", "\\\\host\\share\\x.exe", "*.exe\\x", "Get-Serv[ic]e", "a;b"]
    {
        let error = error(settings("observe", &[entry]));
        assert!(matches!(error, PolicyError::List(_)), "{entry}: {error}");
    }
}

#[test]
fn every_profile_file_loads_and_its_commands_are_full_names() {
    for name in ProfileName::ALL {
        let profile = Profile::load(name).unwrap();
        for named in profile.named() {
            let known =
                CmdletName::parse(&named).is_some() || profile.program(|stem| stem == named).is_some();
            assert!(known, "{named}");
        }
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
    let from_table = table().group.into_iter().flat_map(|group| group.rows).map(|row| work(&row));
    let texts = "[A-Za-z$@{}()\\[\\]'\"`;|&<>:\\\\/. \\-]{0,30}";
    prop_oneof![
        prop::sample::select(from_table.collect::<Vec<_>>()),
        texts.prop_map(|text| Work::PowerShell { text }),
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

fn settings() -> impl Strategy<Value = Settings> {
    let profile = prop::option::of(prop_oneof![Just("observe".to_owned()), Just("unrestricted".to_owned())]);
    (profile, prop::option::of(names()), prop::option::of(names()), names())
        .prop_map(|(profile, allow, include, exclude)| Settings { profile, allow, include, exclude })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_exclude_never_allows_more(settings in settings(), more in names(), work in works()) {
        let mut narrower = settings.clone();
        narrower.exclude.extend(more);
        let call = call(work);
        let wide = Policy::new(&settings).unwrap().judge(&call, &target());
        let narrow = Policy::new(&narrower).unwrap().judge(&call, &target());
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
        let narrow = Policy::new(&narrower).unwrap().judge(&call, &target());
        if narrow.into_result().is_ok() {
            prop_assert!(Policy::new(&settings).unwrap().judge(&call, &target()).into_result().is_ok());
        }
    }

    #[test]
    fn judging_is_deterministic_and_never_panics(settings in settings(), work in works()) {
        let policy = Policy::new(&settings).unwrap();
        let call = call(work);
        prop_assert_eq!(policy.judge(&call, &target()), policy.judge(&call, &target()));
    }

    #[test]
    fn nothing_but_listed_names_passes_observe(work in works()) {
        let policy = Policy::new(&Settings::default()).unwrap();
        if let Judgement::Allowed(authorized) = policy.judge(&call(work), &target())
            && let Judged::PowerShell(command) = authorized.judged()
        {
            prop_assert!(policy.offered().iter().any(|name| name.eq_ignore_ascii_case(command.name())));
            prop_assert_eq!(StaticCommand::parse(&command.render()), Ok(command.clone()));
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

    #[test]
    fn a_quoted_argument_is_read_back(argument in "[a \\\\\"()@,;é]{0,12}") {
        let quoted = command_line::argument(&argument).unwrap();
        prop_assert_eq!(command_line_to_argv(&format!("x {quoted} y")), vec!["x".to_owned(), argument, "y".to_owned()]);
    }
}

/// What the documentation of `CommandLineToArgvW` says, for everything but the first word.
fn command_line_to_argv(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let mut count = 1;
                while letters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let text = word.get_or_insert_default();
                if letters.peek() == Some(&'"') {
                    text.push_str(&"\\".repeat(count / 2));
                    if count % 2 == 1 {
                        letters.next();
                        text.push('"');
                    }
                } else {
                    text.push_str(&"\\".repeat(count));
                }
            }
            '"' => {
                word.get_or_insert_default();
                quoted = !quoted;
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}
