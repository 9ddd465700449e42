use super::*;
use crate::{call::Purpose, policy::Settings};

fn explained(work: Work) -> Explanation {
    explained_by(&Settings::default(), work)
}

fn explained_by(settings: &Settings, work: Work) -> Explanation {
    let policy = Policy::new(settings).unwrap();
    let target = any_host().unwrap();
    let call = Call::imagined(target.name.clone(), work, Purpose::Agent);
    Case::new(&policy, &call, &target).explain()
}

fn script(text: &str) -> Explanation {
    explained(Work::PowerShell { text: text.to_owned() })
}

#[test]
fn a_script_is_as_bad_as_its_worst_command() {
    for (text, decision, rule, at_run) in [
        ("1 + 1", Decision::Allowed, "nothing is sent", false),
        ("Get-Service; Get-Volume", Decision::Allowed, "observe: inventory, observe: disks", false),
        ("Get-Service $x", Decision::Allowed, "judged when it runs", true),
        ("Get-Service $x; Get-Volume", Decision::Allowed, "observe: disks", true),
        ("if ($x) { Stop-Computer }", Decision::Denied, "observe", false),
        ("Get-Service | Stop-Service", Decision::Denied, "observe", false),
        ("ipconfig /all", Decision::Allowed, "observe: programs", false),
        ("ipconfig /release", Decision::Denied, "observe: programs", false),
        ("ipconfig $x", Decision::Allowed, "judged when it runs", true),
    ] {
        let explanation = script(text);
        assert_eq!(explanation.decision, decision, "{text}: {explanation:?}");
        assert_eq!((explanation.rule.as_str(), explanation.judged_at_run), (rule, at_run), "{text}");
    }
}

#[test]
fn what_a_script_asks_its_host_for_is_judged_with_it() {
    let system = "Get-CimInstance -ClassName 'Win32_OperatingSystem'";
    for (text, asked, rule) in [
        ("\"on $env:COMPUTERNAME\"", &[system][..], "observe: cim"),
        ("[datetime]::Now.AddDays(-1)", &["Get-Date"], "observe: inventory"),
        (
            "\"$env:COMPUTERNAME $([datetime]::Now)\"; Get-Service",
            &[system, "Get-Date"],
            "observe: inventory",
        ),
        ("\"$env:OS\"", &[], "nothing is sent"),
    ] {
        let explanation = script(text);
        assert_eq!((explanation.decision, explanation.rule.as_str()), (Decision::Allowed, rule), "{text}");
        assert_eq!(explanation.asked_first, asked, "{text}");
    }
    let settings = Settings { exclude: vec!["Get-Date".into()], ..Settings::default() };
    let work = Work::PowerShell { text: "Get-Service; [datetime]::Now".to_owned() };
    let explanation = explained_by(&settings, work);
    assert_eq!(explanation.decision, Decision::Denied);
    let reason = explanation.reason.unwrap();
    assert!(reason.starts_with("it asks for the host's time (Get-Date): "), "{reason}");
    assert_eq!((explanation.commands.len(), explanation.asked_first.len()), (1, 1));
}

#[test]
fn nobody_is_asked_a_hundred_times_for_one_script() {
    let policy =
        Policy::new(&Settings { profile: Some("operate".to_owned()), ..Settings::default() }).unwrap();
    let target = any_host().unwrap();
    for (count, expected) in [(100, Ok(100)), (101, Err(Reason::TooManyApprovals { limit: 100 }))] {
        let line = |number: usize| format!("Restart-Service -Name s{number}\n");
        let text: String = (0..count).map(line).collect();
        let call =
            Call::imagined(target.name.clone(), Work::PowerShell { text: text.clone() }, Purpose::Agent);
        let case = Case::new(&policy, &call, &target);
        let tree = taken::tree(&text).unwrap();
        let commands = taken::commands(&text, &tree, &Known).unwrap();
        let needed = case.needs_approval(&text, &tree, &commands);
        assert_eq!(needed.map(|needed| needed.len()).map_err(|denial| denial.reason), expected);
    }
}

#[test]
fn what_is_written_out_is_shown_as_it_would_be_sent() {
    let explanation = script("gsv w32time -ErrorAction Stop; hostname");
    let form = "Microsoft.PowerShell.Management\\Get-Service -ErrorAction 'Stop' -Name 'w32time'\nhostname";
    assert_eq!(explanation.judged_form.as_deref(), Some(form));
    assert_eq!(explanation.risk, Some("read"));
    let explanation = script("Get-ChildItem $p -Filter *.log -Recurse");
    assert_eq!(explanation.judged_form, None);
    let given = |parameter: &str, value: Option<serde_json::Value>, computed: Option<&str>| Given {
        parameter: Some(parameter.to_owned()),
        value,
        computed: computed.map(str::to_owned),
    };
    let [command] = &explanation.commands[..] else { panic!("{explanation:?}") };
    let mut arguments = command.arguments.clone();
    arguments.sort_by_key(|given| given.parameter.clone());
    assert_eq!(
        arguments,
        [
            given("Filter", Some("*.log".into()), None),
            given("Path", None, Some("$p")),
            given("Recurse", Some(true.into()), None),
        ]
    );
}

#[test]
fn a_denial_has_the_place_of_its_command() {
    let explanation = script("$x = 1\nGet-Service\n  Get-ChildItem -Path 'C:\\a\\..\\b'");
    assert_eq!(explanation.decision, Decision::Denied, "{explanation:?}");
    let position = explanation.position.unwrap();
    assert_eq!((position.line, position.column), (Some(3), Some(3)));
    assert_eq!(explanation.commands.len(), 2);
    // Of a program in a script too, and in characters.
    for (text, line, column) in [("Get-Date\n  netsh x", 2, 3), ("'\u{1f600}'; ipconfig /release", 1, 6)] {
        let position = script(text).position.unwrap();
        assert_eq!((position.line, position.column), (Some(line), Some(column)), "{text}");
    }
}

#[test]
fn words_and_programs_are_explained_as_they_would_be_judged() {
    let words = |words: &[&str]| Work::Words { words: words.iter().map(|&word| word.to_owned()).collect() };
    let explanation = explained(words(&["Get-Service", "-Name", "a; b"]));
    assert_eq!(explanation.decision, Decision::Allowed);
    assert!(explanation.judged_form.unwrap().ends_with("-Name 'a; b'"));
    let program = Work::Program {
        executable: "cmd".to_owned(),
        arguments: vec!["/c".to_owned(), "dir".to_owned()],
        stdin: None,
        working_directory: None,
    };
    let explanation = explained(program);
    assert_eq!(explanation.decision, Decision::Denied);
    assert!(explanation.operator_hint.is_some());
    assert!(!serde_json::to_string(&explanation).unwrap().contains("operator"));
}
