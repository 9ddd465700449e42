//! Bytes as a pattern, a path, a root and a script, one in a line.

use std::{collections::BTreeSet, sync::LazyLock};

use time::OffsetDateTime;
use winrm_mcp::{
    call::{Call, CallId, HostName, Mode, Principal, Purpose, Work},
    inventory::{AuthScheme, Endpoint, Login, Remoting, Target, Timeouts, Trust},
    policy::{Judged, Judgement, NamePattern, Policy, Settings, WindowsPath},
    secret::Reference,
};
use winrm_script::{check, commands, parse, typed::Argument, value::Value};

/// Matches, parses and judges, and holds that what passes is what may pass.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(4, '\n');
    let [pattern, path, root, script] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    matcher(pattern, path);
    paths(path, root);
    judgement(pattern, script);
}

fn matcher(pattern: &str, name: &str) {
    let compiled = NamePattern::new(pattern);
    let matches = compiled.matches(name);
    if !compiled.is_wildcard() && name.is_ascii() && pattern.is_ascii() {
        assert_eq!(matches, pattern.eq_ignore_ascii_case(name));
    }
    // A star more at either end never matches less.
    assert!(!matches || NamePattern::new(&format!("*{pattern}*")).matches(name));
    assert!(NamePattern::new("*").matches(name));
}

fn paths(path: &str, root: &str) {
    let Ok(parsed) = WindowsPath::parse(path) else { return };
    let text = parsed.as_str();
    assert!(text.get(1..3) == Some(":\\") && !text.contains(['/', '*', '?', '"', '<', '>', '|', '`']));
    assert!(!text.chars().skip(2).any(|character| character == ':'));
    for part in parsed.parts() {
        assert!(
            !matches!(part, "." | "..") && !part.ends_with(['.', ' ']) && !part.contains('\0'),
            "{text:?}"
        );
    }
    assert_eq!(WindowsPath::parse(text).as_ref(), Ok(&parsed));
    if let Ok(root) = WindowsPath::parse(root)
        && parsed.is_under(&root)
    {
        let (path, root) = (text.to_lowercase(), root.as_str().to_lowercase());
        let rest = path.strip_prefix(root.trim_end_matches('\\')).expect("it begins like its root");
        assert!(rest.is_empty() || rest.starts_with('\\'));
    }
}

fn judgement(pattern: &str, script: &str) {
    let call = Call { work: Work::PowerShell { text: script.to_owned() }, ..call() };
    let judgement = OBSERVE.judge(&call, &TARGET, OffsetDateTime::UNIX_EPOCH);
    if let Ok(tree) = parse::script(script)
        && let Ok(commands) = check::script(script, &tree, &check::Standard)
    {
        let foreseen = OBSERVE.foresee(&call, script, &commands, &TARGET);
        // What runs was not certain to be denied.
        assert!(foreseen.is_ok() || !matches!(judgement, Judgement::Allowed(_)), "{script:?}");
    }
    let excluding = Settings { exclude: vec![pattern.to_owned()], ..Settings::default() };
    if let Ok(narrower) = Policy::new(&excluding)
        && let Judgement::Allowed(_) = narrower.judge(&call, &TARGET, OffsetDateTime::UNIX_EPOCH)
    {
        assert!(matches!(judgement, Judgement::Allowed(_)), "an exclude allowed {script:?}");
    }
    let Judgement::Allowed(authorized) = judgement else { return };
    let Judged::Commands(pipeline) = authorized.judged() else { return };
    for command in pipeline.commands() {
        let known = commands::find(command.name()).expect("it is in the table");
        assert!(OBSERVE.offered().iter().any(|name| name == known.name()), "{script:?}");
        for argument in command.arguments() {
            let Argument::Parameter { name, value } = argument else { panic!("a value without a parameter") };
            assert!(known.parameter(name.as_str()).is_some_and(|own| own.name() == name.as_str()));
            value.iter().for_each(reaches_no_other_host);
        }
    }
}

fn reaches_no_other_host(value: &Value) {
    match value {
        Value::String(text) => {
            let text = text.as_str().trim_start();
            assert!(
                !text.starts_with("\\\\") && !text.starts_with("//") && !text.contains("://"),
                "{text:?}"
            );
        }
        Value::Array(items) => items.to_vec().iter().for_each(reaches_no_other_host),
        _ => {}
    }
}

fn call() -> Call {
    Call {
        id: CallId::from_random(7),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work: Work::Check,
        purpose: Purpose::Agent,
        mode: Mode::Run,
        timeout: None,
    }
}

static OBSERVE: LazyLock<Policy> =
    LazyLock::new(|| Policy::new(&Settings::default()).expect("the default policy loads"));

static TARGET: LazyLock<Target> = LazyLock::new(|| Target {
    name: HostName::new("web-01"),
    endpoint: Endpoint::parse("web-01").expect("an endpoint"),
    login: Login {
        user: "svc".to_owned(),
        password: Reference::Environment("P".to_owned()),
        scheme: AuthScheme::default(),
    },
    tags: BTreeSet::new(),
    trust: Trust::default(),
    proxy: None,
    remoting: Remoting::default(),
    timeouts: Timeouts::default(),
    max_retries: 3,
});
