//! Each row of what was measured on a real runspace that the lock was put on (`../../src/machine/powershell/lock.ps1`).

use winrm_host::{Host, LockOutcome};
use winrm_proto::clixml::Value;
use winrm_proto::psrp::client::Settings;
use winrm_proto::psrp::{Command, HostInfo, PipelineState, PowerShell};
use winrm_proto::wsman::ResourceUri;

use crate::pool::{Outcome, Pool};

const LOCK: &str = include_str!("../../src/machine/powershell/lock.ps1");
const HOSTS: &str = "C:\\Windows\\System32\\drivers\\etc\\hosts";

fn texts(items: &[&str]) -> Value {
    Value::array(items.iter().copied().map(Value::from).collect())
}

fn lock(allowed: &[&str]) -> Vec<Command> {
    vec![Command::script(LOCK).parameter("Allowed", texts(allowed))]
}

fn item(command: &str, path: &str) -> Command {
    Command::new(command).parameter("LiteralPath", path)
}

/// A pool whose runspace shows what an administrator's reading needs.
async fn locked(host: &Host) -> Pool {
    let mut pool = Pool::of(host).await;
    let allowed = [
        "Get-Service",
        "Get-ChildItem",
        "Get-Command",
        "Get-Item",
        "Get-WinEvent",
        "Where-Object",
        "Write-Output",
    ];
    let outcome = pool.run(lock(&allowed)).await;
    assert_eq!((outcome.state, outcome.error), (Some(PipelineState::Completed), None));
    pool
}

fn unknown(outcome: &Outcome) -> bool {
    outcome.error.as_deref().is_some_and(|error| error.contains("is not recognized as the name of a cmdlet"))
}

fn no_scripts(outcome: &Outcome) -> bool {
    outcome.error.as_deref().is_some_and(|error| error.contains("no-language mode"))
}

fn there(pool_output: &Outcome) -> bool {
    pool_output.output.len() == 1
}

#[tokio::test]
async fn allowed_commands_run_typed_with_tables_and_arrays() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = locked(&host).await;
    let qualified = Command::new("Microsoft.PowerShell.Management\\Get-Service");
    let filter = Command::new("Where-Object")
        .parameter("Property", "Name")
        .parameter("EQ", true)
        .parameter("Value", "W32Time");
    for pipeline in [
        vec![Command::new("Get-Service").parameter("Name", texts(&["W32Time"]))],
        vec![qualified.parameter("Name", "W32Time")],
        vec![Command::new("Get-Service"), filter],
        vec![Command::new("Get-WinEvent").parameter(
            "FilterHashtable",
            Value::hashtable(vec![
                (Value::from("LogName"), Value::from("System")),
                (Value::from("Level"), Value::array(vec![Value::from(2)])),
            ]),
        )],
    ] {
        let outcome = pool.run(pipeline.clone()).await;
        assert!(there(&outcome), "{pipeline:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn denied_commands_are_unknown_by_every_name() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = locked(&host).await;
    for name in [
        "Get-Process",
        "Microsoft.PowerShell.Management\\Get-Process",
        "Elsewhere\\Get-Service",
        "gps",
        "gsv",
        "Process",
        "iex",
        "Invoke-Expression",
        "Import-Module",
        "Remove-Item",
        "Get-HotFix",
        "C:\\Windows\\System32\\whoami.exe",
        "whoami",
        "cmd",
        "C:\\scripts\\run.ps1",
        "__Set-PSBreakpoint",
        "ForEach-Object",
    ] {
        assert!(unknown(&pool.run(vec![Command::new(name)]).await), "{name}");
    }
}

#[tokio::test]
async fn what_is_hidden_stands_on_no_list_and_no_drive() {
    let host = Host::builder().environment("DEPLOY_TOKEN", "4711").start().await.unwrap();
    let mut open = Pool::of(&host).await;
    let mut pool = locked(&host).await;
    let listing = |drive: &str| vec![Command::new("Get-ChildItem").parameter("Path", drive)];
    for drive in ["function:", "alias:"] {
        assert!(!open.run(listing(drive)).await.output.is_empty(), "{drive}");
        assert_eq!(pool.run(listing(drive)).await.output, [], "{drive}");
    }
    assert!(!open.run(listing("variable:")).await.output.is_empty());
    assert_eq!(pool.run(listing("variable:")).await.output, []);
    let hidden = pool.run(vec![Command::new("Get-Command").parameter("Name", "Get-Process")]).await;
    assert_eq!(hidden.output, []);
    let shown = pool.run(vec![Command::new("Get-Command")]).await.output.len();
    assert_eq!(shown, 10, "seven that are allowed, and three that always are");

    let token = |name: &str| vec![item("Get-Item", name)];
    for path in ["env:DEPLOY_TOKEN", "Environment::DEPLOY_TOKEN"] {
        assert!(there(&open.run(token(path)).await), "{path}");
        assert!(!there(&pool.run(token(path)).await), "{path}");
    }
    assert!(there(&pool.run(token("env:COMPUTERNAME")).await));
    let names: Vec<String> = pool
        .run(listing("env:"))
        .await
        .output
        .iter()
        .filter_map(|value| Some(value.property("Name")?.to_string()))
        .collect();
    assert!(names.iter().all(|name| LOCK.contains(&format!("'{name}'"))), "{names:?}");
}

#[tokio::test]
async fn scripts_are_refused_whatever_they_say() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = locked(&host).await;
    for script in [
        "1",
        "Get-Service",
        "& (Get-Command Get-Process | Select -Exp Module | Select -Exp ExportedCmdlets | Select -Exp Values | Where Name -EQ Remove-Item) f",
        "Remove-Item f &",
        "/bin/sh -c id &",
        "Get-Service | ForEach-Object { Remove-Item f }",
        LOCK,
    ] {
        assert!(no_scripts(&pool.run(vec![Command::script(script)]).await), "{script}");
    }
}

#[tokio::test]
async fn a_method_of_a_live_object_is_why_for_each_object_is_never_shown() {
    let host = Host::builder()
        .restricted_endpoint("careless", ["Get-Item", "ForEach-Object"])
        .start()
        .await
        .unwrap();
    let delete = || {
        let each = Command::new("ForEach-Object").parameter("MemberName", "Delete");
        vec![item("Get-Item", HOSTS), each]
    };
    let mut pool = locked(&host).await;
    assert!(unknown(&pool.run(delete()).await));
    assert!(there(&pool.run(vec![item("Get-Item", HOSTS)]).await));

    // An endpoint that shows it has no boundary.
    let resource = ResourceUri::powershell("careless").unwrap();
    let mut careless = Pool::open(&host, resource, 1).await.unwrap();
    assert_eq!(careless.run(delete()).await.state, Some(PipelineState::Completed));
    assert!(!there(&pool.run(vec![item("Get-Item", HOSTS)]).await));
}

#[tokio::test]
async fn a_second_runspace_is_not_locked() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::open(&host, ResourceUri::POWERSHELL, 2).await.unwrap();
    assert_eq!(pool.run(lock(&["Start-Sleep"])).await.error, None);
    let hidden = || vec![Command::new("Get-Process").parameter("Name", "lsass")];
    assert!(unknown(&pool.run(hidden()).await));
    let sleep = vec![Command::new("Start-Sleep").parameter("Milliseconds", 600)];
    let busy = pool.start(PowerShell::new(sleep)).await;
    assert!(there(&pool.run(hidden()).await), "the other runspace is as it was made");
    pool.collect(busy).await;
}

#[tokio::test]
async fn a_lock_that_fails_leaves_the_runspace_open() {
    for allowed in [vec!["Get-Service", "ForEach-Object"], vec!["Get-Nothing"], vec!["Get-Service; iex"]] {
        let host = Host::builder().start().await.unwrap();
        let mut pool = Pool::of(&host).await;
        let outcome = pool.run(lock(&allowed)).await;
        assert_eq!(outcome.state, Some(PipelineState::Failed), "{allowed:?}");
        assert!(there(&pool.run(vec![Command::script("Get-Process -Name lsass")]).await), "{allowed:?}");
    }
}

#[tokio::test]
async fn a_reset_keeps_the_lock_and_shows_the_variables_again() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = locked(&host).await;
    let variables = || vec![Command::new("Get-ChildItem").parameter("Path", "variable:")];
    assert_eq!(pool.run(variables()).await.output, []);
    pool.protocol.reset_state().unwrap();
    pool.flush().await.unwrap();
    assert!(!pool.run(variables()).await.output.is_empty());
    assert!(unknown(&pool.run(vec![Command::new("Get-Process")]).await));
    assert!(no_scripts(&pool.run(vec![Command::script("1")]).await));
}

#[tokio::test]
async fn a_client_that_tells_its_version_gets_breakpoints() {
    let host = Host::builder().start().await.unwrap();
    let told = vec![("PSVersionT_ble".into(), Value::hashtable(Vec::new()))];
    let settings = Settings { application_arguments: told, host: HostInfo::writes(), ..Settings::default() };
    // Our own half refuses to tell it.
    let forge = |first: bytes::Bytes| {
        let mut bytes = first.to_vec();
        let at = bytes.windows(14).position(|window| window == b"PSVersionT_ble").unwrap();
        bytes[at + 10] = b'a';
        bytes.into()
    };
    let mut pool = Pool::forged(&host, ResourceUri::POWERSHELL, settings, forge).await.unwrap();
    pool.run(lock(&["Get-Service"])).await;
    let breakpoint = Command::new("__Set-PSBreakpoint")
        .parameter("Command", "Get-Service")
        .parameter("Action", "Remove-Item f");
    assert!(there(&pool.run(vec![breakpoint]).await));
}

#[tokio::test]
async fn a_lock_that_does_not_hold_shows_in_a_probe() {
    for (outcome, hides, refuses) in [
        (LockOutcome::Holds, true, true),
        (LockOutcome::LeavesCommands, false, true),
        (LockOutcome::LeavesLanguage, true, false),
    ] {
        let host = Host::builder().lock(outcome).start().await.unwrap();
        let mut pool = Pool::of(&host).await;
        assert_eq!(pool.run(lock(&["Get-Service"])).await.error, None, "{outcome:?}");
        assert_eq!(unknown(&pool.run(vec![Command::new("Get-Process")]).await), hides, "{outcome:?}");
        assert_eq!(no_scripts(&pool.run(vec![Command::script("$true")]).await), refuses, "{outcome:?}");
    }
    let host = Host::builder().lock(LockOutcome::Fails).start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    assert_eq!(pool.run(lock(&["Get-Service"])).await.state, Some(PipelineState::Failed));
}

#[tokio::test]
async fn no_other_script_is_taken_for_the_lock() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let changed = LOCK.replace("'NoLanguage'", "'FullLanguage'");
    let outcome =
        pool.run(vec![Command::script(changed.as_str()).parameter("Allowed", texts(&["Get-Service"]))]).await;
    // It runs as any script does, and this machine lacks what it calls.
    assert_eq!(outcome.state, Some(PipelineState::Failed), "{outcome:?}");
    assert!(there(&pool.run(vec![Command::new("Get-Process").parameter("Name", "lsass")]).await));
    // Spaces, comments and the ends of lines do not matter.
    let respaced = format!("# ours\r\n{}", LOCK.replace('\n', "\r\n").replace("    ", "\t"));
    let outcome = pool
        .run(vec![Command::script(respaced.as_str()).parameter("Allowed", texts(&["Get-Service"]))])
        .await;
    assert_eq!(outcome.error, None);
    assert!(unknown(&pool.run(vec![Command::new("Get-Process")]).await));
}
