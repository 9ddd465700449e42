//! Scripts that come as a whole over PSRP, with typed parameters.

use winrm_host::{CommandKind, Event, Host, HostBuilder};
use winrm_proto::clixml::{Stream, Value};
use winrm_proto::psrp::{Command, PipelineState};
use winrm_proto::wsman::ResourceUri;

use crate::pool::{Outcome, Pool};

const RESTART: &str = "[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string[]] $Name,
    [ValidateSet('Fast', 'Slow')] [string] $Mode = 'Fast',
    [int] $Tries = 2,
    [switch] $Loud
)
if ($Loud) { Write-Warning \"about to look at $($Name.Count)\" }
foreach ($one in $Name) {
    $service = Get-Service -Name $one
    if ($service) { \"$($service.Name) $Mode $Tries $($service.Status)\" }
}
";

async fn run(script: Command) -> Outcome {
    let host = Host::builder().start().await.unwrap();
    Pool::of(&host).await.run(vec![script]).await
}

fn restart(name: impl Into<Value>) -> Command {
    Command::script(RESTART).parameter("Name", name)
}

#[tokio::test]
async fn parameters_are_bound_converted_and_filled_in() {
    let outcome = run(restart("W32Time")).await;
    assert_eq!(outcome.output, [Value::from("W32Time Fast 2 Running")], "{outcome:?}");
    assert_eq!(outcome.state, Some(PipelineState::Completed));
    let several = Value::array(vec!["W32Time".into(), "Nothing-Here".into(), "W3SVC".into()]);
    let given = restart(several).parameter("tries", "7").parameter("Mode", "slow").parameter("Loud", true);
    let outcome = run(given).await;
    let expected = ["W32Time slow 7 Running", "W3SVC slow 7 Running"].map(Value::from);
    assert_eq!(outcome.output, expected, "{outcome:?}");
    let streams: Vec<Stream> = outcome.records.iter().map(|(stream, _)| *stream).collect();
    assert_eq!(streams, [Stream::Warning, Stream::Error], "{outcome:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_of_the_binder_and_nothing_runs() {
    for (script, words) in [
        (Command::script(RESTART), "missing mandatory parameters: Name"),
        (restart("W3SVC").parameter("Nam", 1), "matches parameter name 'Nam'"),
        (restart("W3SVC").parameter("Mode", "Odd"), "Cannot validate argument on parameter 'Mode'"),
        (restart("W3SVC").parameter("Tries", "many"), "Cannot convert"),
    ] {
        let outcome = run(script).await;
        assert_eq!((outcome.state, outcome.output.len()), (Some(PipelineState::Failed), 0), "{outcome:?}");
        assert!(outcome.error.as_deref().unwrap().contains(words), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_script_ends_as_it_says() {
    let outcome = run(Command::script("'before'; Write-Error 'first'; throw 'enough'; 'after'")).await;
    assert_eq!((outcome.output.len(), outcome.state), (1, Some(PipelineState::Failed)), "{outcome:?}");
    assert_eq!(outcome.error.as_deref(), Some("enough"));
    assert_eq!(outcome.records.len(), 1, "the error that ended it comes once: {outcome:?}");

    let outcome = run(Command::script("'before'; exit 3; 'after'")).await;
    assert_eq!((outcome.output.len(), outcome.state), (1, Some(PipelineState::Completed)), "{outcome:?}");
    assert_eq!(outcome.host_lines, ["3"], "SetShouldExit");

    let outcome = run(Command::script(
        "Write-Host 'shown'; try { Get-Item C:\\Nowhere -ErrorAction Stop } catch { 'caught' }",
    ))
    .await;
    assert_eq!(outcome.output, [Value::from("caught")], "{outcome:?}");
    assert_eq!(outcome.records.len(), 1, "{outcome:?}");
}

#[tokio::test]
async fn what_the_evaluator_does_not_take_is_refused_in_so_many_words() {
    for script in
        ["$x = [System.Diagnostics.Process]::GetProcesses(); $x.Count", "class A { }; 1", "param($a"]
    {
        let outcome = run(Command::script(script)).await;
        assert!(outcome.error.as_deref().unwrap().contains("only simulates a part"), "{script}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_restricted_endpoint_takes_no_script_and_the_record_says_what_came() {
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    let host = jea(Host::builder()).start().await.unwrap();
    let resource = ResourceUri::powershell("JEA_Web").unwrap();
    let mut pool = Pool::open(&host, resource, 1).await.unwrap();
    let outcome = pool.run(vec![restart("W3SVC")]).await;
    assert!(outcome.error.as_deref().unwrap().contains("no-language mode"), "{outcome:?}");
    pool.run(vec![Command::new("Get-Service")]).await;
    let kinds = host.record().entries().into_iter().filter_map(|entry| match entry.event {
        Event::Pipeline { commands, .. } => Some(commands[0].kind),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), [CommandKind::Script, CommandKind::Command]);
}
