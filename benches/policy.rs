//! What a judgement costs. `cargo bench --bench policy`

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what cannot be set up cannot be measured")]

use std::collections::BTreeSet;

use divan::{Bencher, black_box};
use time::OffsetDateTime;
use winrm_mcp::{
    call::{Call, CallId, HostName, Mode, Principal, Purpose, Work},
    inventory::{AuthScheme, Endpoint, Login, Remoting, Target, Timeouts, Trust},
    policy::{Judgement, ParameterSettings, Policy, RuleSettings, Settings},
    secret::Reference,
};
use winrm_script::{check, parse, static_command::StaticCommand, typed::TypedCommand};

fn main() {
    divan::main();
}

fn target() -> Target {
    Target {
        name: HostName::new("web-01"),
        endpoint: Endpoint::parse("web-01").unwrap(),
        login: Login {
            user: "svc".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: BTreeSet::new(),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 3,
        remoting: Remoting::default(),
    }
}

fn call(work: Work) -> Call {
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

fn words(line: &str) -> Call {
    call(Work::Words { words: line.split(' ').map(str::to_owned).collect() })
}

/// Each for another command and host, closed.
fn many_rules() -> Settings {
    let commands: Vec<&str> = winrm_script::commands::names().collect();
    let rule = |n: usize| RuleSettings {
        name: format!("rule {n}"),
        commands: vec![commands[n % commands.len()].to_owned()],
        hosts: vec![format!("host-{n}")],
        ..RuleSettings::default()
    };
    let mut rules: Vec<RuleSettings> = (0..10_000).map(rule).collect();
    let name = ParameterSettings { values: Some(vec!["W3SVC".to_owned()]), ..ParameterSettings::default() };
    rules.push(RuleSettings {
        name: "last".to_owned(),
        commands: vec!["Restart-Service".to_owned()],
        parameters: Some([("Name".to_owned(), name)].into_iter().collect()),
        ..RuleSettings::default()
    });
    Settings { rules, ..Settings::default() }
}

#[divan::bench(args = ["Get-Service -Name W32Time", "Get-CimInstance Win32_BIOS", "Stop-Computer"])]
fn typed_command(bencher: Bencher<'_, '_>, line: &str) {
    let (policy, target, call) = (Policy::new(&Settings::default()).unwrap(), target(), words(line));
    bencher.bench(|| policy.judge(black_box(&call), &target, OffsetDateTime::UNIX_EPOCH));
}

#[divan::bench]
fn text_of_one_command(bencher: Bencher<'_, '_>) {
    let (policy, target) = (Policy::new(&Settings::default()).unwrap(), target());
    let call = call(Work::PowerShell { text: "Get-Service -Name W32Time -ErrorAction Stop".to_owned() });
    bencher.bench(|| policy.judge(black_box(&call), &target, OffsetDateTime::UNIX_EPOCH));
}

/// About 2 KB with 20 commands of a host, without parsing.
#[divan::bench]
fn script_of_twenty_commands(bencher: Bencher<'_, '_>) {
    let (policy, target) = (Policy::new(&Settings::default()).unwrap(), target());
    let line = "Get-Service -Name W32Time, Spooler -ErrorAction Stop | Where-Object { $_.Status -eq 'Running' } # look\n";
    let text = line.repeat(20);
    assert!((1900..2200).contains(&text.len()), "{}", text.len());
    let tree = parse::script(&text).unwrap();
    let commands = check::script(&text, &tree, &check::Standard).unwrap();
    let whole = call(Work::PowerShell { text: text.clone() });
    let pipelines: Vec<Call> = (0..20)
        .map(|_| StaticCommand::parse("Get-Service -Name W32Time, Spooler -ErrorAction Stop").unwrap())
        .map(|command| call(Work::Command(TypedCommand::from(command).into())))
        .collect();
    bencher.bench(|| {
        policy.foresee(black_box(&whole), &text, &commands, &target).unwrap();
        for call in &pipelines {
            assert!(matches!(policy.judge(call, &target, OffsetDateTime::UNIX_EPOCH), Judgement::Allowed(_)));
        }
    });
}

/// Parsed, checked and judged as far as it can be known, as `policy test` does.
#[divan::bench]
fn line_of_policy_test(bencher: Bencher<'_, '_>) {
    let (policy, target) = (Policy::new(&Settings::default()).unwrap(), target());
    let text = "Get-Service | Where-Object { $_.Status -eq 'Stopped' } | Select-Object Name, StartType";
    bencher.bench(|| {
        let tree = parse::script(black_box(text)).unwrap();
        let commands = check::script(text, &tree, &check::Standard).unwrap();
        let call = call(Work::PowerShell { text: text.to_owned() });
        policy.foresee(&call, text, &commands, &target).unwrap();
    });
}

#[divan::bench]
fn load_ten_thousand_rules(bencher: Bencher<'_, '_>) {
    let settings = many_rules();
    bencher.bench(|| Policy::new(black_box(&settings)).unwrap());
}

#[divan::bench]
fn judge_by_ten_thousand_rules(bencher: Bencher<'_, '_>) {
    let policy = Policy::new(&many_rules()).unwrap();
    let (target, call) = (target(), words("Restart-Service -Name W3SVC"));
    assert!(matches!(policy.judge(&call, &target, OffsetDateTime::UNIX_EPOCH), Judgement::Allowed(_)));
    bencher.bench(|| policy.judge(black_box(&call), &target, OffsetDateTime::UNIX_EPOCH));
}
