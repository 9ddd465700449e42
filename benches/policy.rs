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
