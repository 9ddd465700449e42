//! What holds for every policy and every call.

use proptest::prelude::*;
use winrm_script::{
    check,
    commands::Parameter,
    parse,
    static_command::ParameterName,
    typed::{Argument, TypedCommand},
    value::Value as PsValue,
};

use super::{
    rule::Metered,
    table::{groups, work},
    *,
};

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
    let profiles = ["observe", "inspect", "operate", "unrestricted"].map(str::to_owned);
    let profile = prop::option::of(prop::sample::select(profiles.to_vec()));
    let rules = prop::collection::vec(rule(), 0..3);
    // The reviewed scripts of the tables, whose rows are among the calls.
    let groups = groups().into_iter().filter(|group| !group.policy.script.is_empty());
    let scripts: Vec<_> = groups.map(|group| settings_of(&group.policy).scripts).collect();
    let scripts = prop_oneof![Just(Vec::new()), prop::sample::select(scripts)];
    (profile, prop::option::of(names()), prop::option::of(names()), names(), rules, scripts).prop_map(
        |(profile, allow, include, exclude, rules, scripts)| Settings {
            profile,
            allow,
            include,
            exclude,
            rules,
            scripts,
            ceiling: None,
        },
    )
}

/// Rules with every term there is, some of them for another host, purpose or time.
fn rule() -> impl Strategy<Value = RuleSettings> {
    let commands =
        prop::sample::select(vec!["Get-Service", "Stop-Service", "*-Service", "Get-WinEvent", "Get-*"]);
    let name = prop::option::of(prop::sample::select(vec!["W32Time", "W*", "*"]));
    let terms =
        (any::<bool>(), any::<bool>(), prop::option::of(prop::sample::select(vec!["1/hour", "9/second"])));
    let ends = ["1969-01-01T00:00:00Z", "1971-01-01T00:00:00Z"];
    let ends = prop::option::of(prop::sample::select(ends.map(str::to_owned).to_vec()));
    let purposes = prop::option::of(prop::sample::select(vec![vec![Purpose::Agent], vec![Purpose::Ci]]));
    let hosts = prop::sample::select(vec![Vec::new(), vec!["web-01".to_owned()], vec!["other".to_owned()]]);
    let denies = prop::bool::weighted(0.2);
    (commands, name, terms, ends, purposes, hosts, denies).prop_map(
        |(command, name, (approval, what_if, rate), expires, purpose, hosts, denies)| {
            // Only commands that are named have parameters that are known.
            let listed = name.filter(|_| command.ends_with("-Service")).map(|name| {
                let listed =
                    ParameterSettings { values: Some(vec![name.to_owned()]), ..ParameterSettings::default() };
                [("Name".to_owned(), listed)].into_iter().collect()
            });
            let allows = !denies;
            RuleSettings {
                name: format!("{command} {approval}"),
                effect: if denies { Effect::Deny } else { Effect::Allow },
                commands: vec![command.to_owned()],
                parameters: listed,
                approval: approval && allows,
                what_if: what_if && allows,
                rate: rate.filter(|_| allows).map(str::to_owned),
                expires,
                purpose,
                hosts,
                ..RuleSettings::default()
            }
        },
    )
}

/// How much a judgement lets happen, and under which rates.
fn openness(settings: &Settings, call: &Call) -> (u8, Vec<Metered>) {
    let of = |authorized: &Authorized| authorized.rates().to_vec();
    match policy(settings).judge(call, &target(), NOW) {
        Judgement::Denied(_) => (0, Vec::new()),
        Judgement::Rehearsed(rehearsed) if rehearsed.needs_approval() => (1, of(rehearsed.wanted())),
        Judgement::NeedsApproval(unapproved) => (1, of(unapproved.wanted())),
        Judgement::Rehearsed(rehearsed) => (2, of(rehearsed.wanted())),
        Judgement::Allowed(authorized) => (2, of(&authorized)),
    }
}

/// Whether one policy lets no more happen than another.
fn is_no_more_open(narrow: &Settings, wide: &Settings, call: &Call) -> bool {
    let (narrow, wide) = (openness(narrow, call), openness(wide, call));
    narrow.0 <= wide.0 && (narrow.0 == 0 || wide.1.iter().all(|rate| narrow.1.contains(rate)))
}

/// A call, to be run or rehearsed.
fn calls() -> impl Strategy<Value = Call> {
    (works(), any::<bool>()).prop_map(|(work, dry)| {
        let mode = if dry { Mode::DryRun } else { Mode::Run };
        Call { mode, ..call(work) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn an_exclude_never_allows_more(settings in settings(), more in names(), call in calls()) {
        let mut narrower = settings.clone();
        narrower.exclude.extend(more);
        prop_assert!(is_no_more_open(&narrower, &settings, &call));
    }

    #[test]
    fn an_include_beside_allow_never_allows_more(allow in names(), settings in settings(), include in names(), call in calls()) {
        let settings = Settings { allow: Some(allow), include: None, ..settings };
        let narrower = Settings { include: Some(include), ..settings.clone() };
        prop_assert!(is_no_more_open(&narrower, &settings, &call));
    }

    #[test]
    fn a_rule_that_denies_never_allows_more(settings in settings(), commands in names(), call in calls()) {
        let commands: Vec<String> = commands.into_iter().filter(|name| name.contains('-')).collect();
        prop_assume!(!commands.is_empty());
        let deny = RuleSettings { name: "d".to_owned(), effect: Effect::Deny, commands, ..RuleSettings::default() };
        let mut narrower = settings.clone();
        narrower.rules.push(deny);
        prop_assert!(is_no_more_open(&narrower, &settings, &call));
    }

    #[test]
    fn a_rule_that_denies_values_never_allows_more(settings in settings(), value in "[A-Za-z0-9*\\\\]{1,6}", call in calls()) {
        let listed = ParameterSettings { values: Some(vec![value]), ..ParameterSettings::default() };
        let deny = RuleSettings {
            name: "d".to_owned(),
            effect: Effect::Deny,
            commands: vec!["Get-Service".to_owned(), "Stop-Service".to_owned()],
            parameters: Some([("Name".to_owned(), listed)].into_iter().collect()),
            ..RuleSettings::default()
        };
        let mut narrower = settings.clone();
        narrower.rules.insert(0, deny);
        prop_assert!(is_no_more_open(&narrower, &settings, &call));
    }

    /// Neither than what the user has, nor than what the machine has.
    #[test]
    fn a_ceiling_never_allows_more(settings in settings(), ceiling in settings(), call in calls()) {
        let bounded = Settings { ceiling: Some(Box::new(ceiling.clone())), ..settings.clone() };
        prop_assert!(is_no_more_open(&bounded, &settings, &call));
        let profile = ceiling.profile.clone().or_else(|| Some("unrestricted".to_owned()));
        let alone = Settings { profile, ..ceiling };
        prop_assert!(openness(&bounded, &call).0 <= openness(&alone, &call).0);
    }

    /// A ceiling that denies more, or wants a human, lets no more happen.
    #[test]
    fn a_narrower_ceiling_never_allows_more(settings in settings(), ceiling in settings(), more in names(), call in calls()) {
        let below = |ceiling: &Settings| Settings { ceiling: Some(Box::new(ceiling.clone())), ..settings.clone() };
        let mut narrower = ceiling.clone();
        narrower.exclude.extend(more);
        narrower.rules.iter_mut().filter(|rule| rule.effect == Effect::Allow).for_each(|rule| rule.approval = true);
        prop_assert!(is_no_more_open(&below(&narrower), &below(&ceiling), &call));
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
