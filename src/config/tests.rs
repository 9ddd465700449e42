use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use tempfile::TempDir;

use super::*;
use crate::{
    call::{Call, CallId, HostName, Mode, Principal, Purpose, Work},
    inventory::{InventoryError, Trust},
    policy::Policy,
    redact::KnownSecrets,
    remedy::Remedy as _,
    secret::Secrets,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    file: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    settings: Option<BTreeMap<String, String>>,
    errors: Option<Vec<String>>,
    errors_begin: Option<Vec<String>>,
    #[serde(default)]
    warnings: Vec<String>,
    exclude: Option<Vec<String>>,
    /// The text of the machine's policy.
    machine: Option<String>,
    /// Commands that the policy in force allows, and denies.
    #[serde(default)]
    allowed: Vec<String>,
    #[serde(default)]
    denied: Vec<String>,
}

/// Loads a case; what it says is compared with the folder's name taken out.
fn run(case: &Case) -> (Result<Config, ConfigError>, impl Fn(String) -> String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("winrm-mcp.toml");
    let mut arguments = Arguments::default();
    if let Some(text) = &case.file {
        // The first line is that of the opening quotes, which TOML drops.
        fs::write(&path, format!("\n{text}")).unwrap();
        arguments.config = Some(path.clone());
    }
    let home = folder.path().join("home");
    let mut variables = case.environment.clone();
    variables.insert("HOME".to_owned(), home.display().to_string());
    let machine = folder.path().join("policy.toml");
    if let Some(text) = &case.machine {
        fs::write(&machine, format!("\n{text}")).unwrap();
    }
    let environment = variables.into_iter().collect();
    let loaded = Files::read_below(&environment, &arguments, Some(&machine)).load(&environment, &arguments);
    let machine = machine.display().to_string();
    let (path, home, folder) =
        (path.display().to_string(), home.display().to_string(), folder.path().display().to_string());
    let shorten = move |text: String| {
        text.replace(&path, "FILE")
            .replace(&machine, "MACHINE")
            .replace(&home, "HOME")
            .replace(&folder, "FOLDER")
    };
    (loaded, shorten)
}

fn call(text: &str) -> Call {
    Call {
        id: CallId::from_random(1),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work: Work::PowerShell { text: text.to_owned() },
        purpose: Purpose::Agent,
        mode: Mode::Run,
        timeout: None,
    }
}

#[test]
fn configurations_give_what_the_table_says() {
    let cases: Cases = toml::from_str(include_str!("../../fixtures/config/cases.toml")).unwrap();
    for case in cases.case {
        let (loaded, shorten) = run(&case);
        match (&loaded, &case.errors, &case.errors_begin) {
            (Err(error), Some(expected), _) => {
                let lines: Vec<String> =
                    error.to_string().lines().map(|line| shorten(line.to_owned())).collect();
                assert_eq!(&lines, expected, "{}", case.name);
                assert!(!error.to_string().contains("canary"), "{}", case.name);
                assert_eq!(error.code().exit(), 78);
            }
            (Err(error), None, Some(expected)) => {
                let lines: Vec<String> =
                    error.to_string().lines().map(|line| shorten(line.to_owned())).collect();
                assert_eq!(lines.len(), expected.len(), "{}: {lines:?}", case.name);
                for (line, beginning) in lines.iter().zip(expected) {
                    assert!(line.starts_with(beginning), "{}: {line}", case.name);
                }
            }
            (Ok(config), None, None) => {
                for (key, expected) in case.settings.iter().flatten() {
                    let found = config.show().settings.iter().find(|setting| setting.key == *key);
                    let found =
                        found.map(|setting| shorten(format!("{} ({})", setting.value, setting.source)));
                    assert_eq!(found.as_ref(), Some(expected), "{}: {key}", case.name);
                }
                if let Some(expected) = &case.exclude {
                    assert_eq!(&config.policy.exclude, expected, "{}", case.name);
                }
                let warnings: Vec<String> = config.warnings.iter().cloned().map(&shorten).collect();
                assert_eq!(warnings, case.warnings, "{}", case.name);
                let policy = Policy::new(&config.policy).unwrap();
                for (text, expected) in case
                    .allowed
                    .iter()
                    .map(|text| (text, true))
                    .chain(case.denied.iter().map(|text| (text, false)))
                {
                    let target = &config.inventory.targets()[0];
                    let judgement =
                        policy.judge(&call(text), target, time::OffsetDateTime::UNIX_EPOCH).into_result();
                    assert_eq!(judgement.is_ok(), expected, "{}: {text}", case.name);
                }
                assert!(!config.show().to_string().contains("canary"), "{}", case.name);
                assert!(!format!("{config:?}").contains("canary"), "{}", case.name);
            }
            (Err(error), None, None) => panic!("{}: {error}", case.name),
            (Ok(_), _, _) => panic!("{}: loaded, and should not", case.name),
        }
    }
}

#[test]
fn the_example_loads_and_describes_its_hosts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("winrm-mcp.example.toml");
    let arguments = Arguments { config: Some(path), ..Arguments::default() };
    let environment =
        [("HOME", "/home/someone"), ("WINRM_EXAMPLE_PASSWORD", "canary-1")].into_iter().collect();
    let config = load(&environment, &arguments).unwrap();
    let names: Vec<&str> = config.inventory.targets().iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["web-01", "db-01", "lab", "old"]);
    let find = |name: &str| config.inventory.find(&HostName::new(name)).unwrap();
    assert_eq!(find("web-01").login.user, "CORP\\svc-winrm");
    assert_eq!(find("db-01").endpoint.to_string(), "https://[2001:db8::15]:5986/wsman");
    assert_eq!(find("old").endpoint.to_string(), "http://old:5985/wsman");
    assert!(matches!(find("lab").trust, Trust::Danger(_)));
    assert_eq!(config.inventory.select("@production").unwrap().len(), 2);
    assert_eq!(config.inventory.only(), Err(InventoryError::Ambiguous { count: 4 }));
    // Every key that a file takes is in the example, if only as a comment.
    let text = include_str!("../../winrm-mcp.example.toml");
    for key in
        ["state_dir", "audit_file", "log", "max_output", "handover_seconds", "allow", "include", "ca_file"]
    {
        assert!(text.contains(&format!("# {key} = ")), "{key}");
    }
}

#[test]
fn the_host_that_the_environment_names_is_meant_when_a_call_names_none() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("winrm-mcp.toml");
    let text = "version = 1\n[defaults]\nuser = 'u'\npassword = 'env:P'\n[[host]]\nname = 'a'\n[[host]]\nname = 'b'\n";
    fs::write(&path, text).unwrap();
    let environment = [("HOME", "/h"), ("WINRM_MCP_HOST", "b")].into_iter().collect();
    let arguments = Arguments { config: Some(path), ..Arguments::default() };
    let config = load(&environment, &arguments).unwrap();
    assert_eq!(config.inventory.targets().len(), 2);
    assert_eq!(config.inventory.only().unwrap().name.as_str(), "b");
}

#[cfg(unix)]
#[test]
fn a_password_that_is_no_text_is_named_and_not_shown() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let variables = [
        ("HOME", &b"/h"[..]),
        ("WINRM_MCP_HOST", b"web-01"),
        ("WINRM_MCP_USERNAME", b"svc"),
        ("WINRM_MCP_PASSWORD", b"canary\xff"),
    ];
    let environment = variables.into_iter().map(|(name, value)| (name, OsStr::from_bytes(value))).collect();
    let error = load(&environment, &Arguments::default()).unwrap_err();
    assert_eq!(error.to_string(), "WINRM_MCP_PASSWORD: the value is not UTF-8; save it as UTF-8");
}

#[test]
fn arguments_win_over_the_environment() {
    let environment = [
        ("HOME", "/h"),
        ("WINRM_MCP_HOST", "a"),
        ("WINRM_MCP_USERNAME", "u"),
        ("WINRM_MCP_PASSWORD", "canary"),
        ("WINRM_MCP_PROFILE", "unrestricted"),
        ("WINRM_MCP_EXCLUDE", "Stop-*"),
    ];
    let arguments = Arguments {
        profile: Some("observe".to_owned()),
        exclude: vec!["Get-Service".to_owned()],
        ..Arguments::default()
    };
    let config = load(&environment.into_iter().collect(), &arguments).unwrap();
    assert_eq!(config.policy.profile.as_deref(), Some("observe"));
    assert_eq!(config.policy.exclude, ["Get-Service", "Stop-*"]);
    let shown = config.show().to_string();
    assert!(shown.contains("policy.profile = observe   (--profile)"), "{shown}");
}

#[test]
fn a_check_reads_each_secret_and_certificate() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("winrm-mcp.toml");
    let text = "version = 1\n[[host]]\nname = 'a'\nuser = 'u'\npassword = 'env:GONE'\nca_file = 'none.pem'\n\
                [[host]]\nname = 'b'\nuser = 'u'\npassword = 'env:THERE'\n";
    fs::write(&path, text).unwrap();
    let environment: Environment = [("HOME", "/h"), ("THERE", "canary-1")].into_iter().collect();
    let arguments = Arguments { config: Some(path), ..Arguments::default() };
    let config = load(&environment, &arguments).unwrap();
    let checked = config.check(&Secrets::new(environment, KnownSecrets::default()));
    assert!(!checked.ok);
    let problems = |n: usize| checked.hosts[n].problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>();
    assert_eq!(problems(0)[0], "the variable GONE is not set");
    assert!(problems(0)[1].ends_with("none.pem cannot be read: entity not found"));
    assert!(problems(1).is_empty());
    assert!(!serde_json::to_string(&checked).unwrap().contains("canary"));
}

#[test]
fn any_text_is_read_or_refused_with_a_place() {
    let mut state = 7_u64;
    let example = include_str!("../../winrm-mcp.example.toml");
    for _ in 0..400 {
        // A linear congruential generator chooses what to cut out of the example.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters: Vec<char> = example.chars().collect();
        let at = usize::try_from(state >> 33).unwrap() % letters.len();
        let length = usize::try_from(state >> 20).unwrap() % 40;
        let cut: String = letters[..at].iter().chain(letters.iter().skip(at + length)).collect();
        let mut problems = Vec::new();
        file::parse(Path::new("x.toml"), &cut, &mut problems);
        for problem in problems {
            assert!(matches!(problem.source, Source::File { .. }), "{problem}");
        }
    }
}
