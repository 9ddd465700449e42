//! Where a command's streams go, and pipelines inside others.

use std::time::Duration;

use winrm_host::Host;
use winrm_proto::clixml::Stream;
use winrm_proto::psrp::{Command, Merge, PipelineResultTypes, PowerShell};
use winrm_proto::winrs::SignalCode;

use crate::pool::{Outcome, Pool};

const OUTPUT: PipelineResultTypes = PipelineResultTypes::OUTPUT;
const NULL: PipelineResultTypes = PipelineResultTypes::NULL;

fn command(name: &str, parameter: &str, merge: Merge) -> Command {
    Command { merge, ..Command::new(name).parameter(parameter, "said") }
}

fn texts(outcome: &Outcome) -> (Vec<String>, Vec<Stream>) {
    let output = outcome.output.iter().map(ToString::to_string).collect();
    (output, outcome.records.iter().map(|(stream, _)| *stream).collect())
}

#[tokio::test]
async fn each_stream_goes_where_its_command_wants_it() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let none = Merge::default();
    let (out, out_of) = (vec!["said".to_owned()], Vec::new());
    for (name, stream, merged, dropped) in [
        ("Write-Error", Stream::Error, Merge { error: OUTPUT, ..none }, None),
        (
            "Write-Error",
            Stream::Error,
            Merge { my_result: PipelineResultTypes(2), to_result: OUTPUT, ..none },
            None,
        ),
        (
            "Write-Warning",
            Stream::Warning,
            Merge { warning: OUTPUT, ..none },
            Some(Merge { warning: NULL, ..none }),
        ),
        (
            "Write-Verbose",
            Stream::Verbose,
            Merge { verbose: OUTPUT, ..none },
            Some(Merge { verbose: NULL, ..none }),
        ),
        ("Write-Debug", Stream::Debug, Merge { debug: OUTPUT, ..none }, Some(Merge { debug: NULL, ..none })),
    ] {
        let said = |merge| {
            let command = command(name, "Message", merge);
            vec![command.parameter("Verbose", true).parameter("Debug", true)]
        };
        assert_eq!(texts(&pool.run(said(none)).await), (vec![], vec![stream]), "{name}");
        assert_eq!(texts(&pool.run(said(merged)).await), (out.clone(), out_of.clone()), "{name}");
        if let Some(dropped) = dropped {
            assert_eq!(texts(&pool.run(said(dropped)).await), (vec![], vec![]), "{name}");
        }
    }
    let informed = |merge| vec![command("Write-Information", "MessageData", merge)];
    assert_eq!(texts(&pool.run(informed(none)).await), (vec![], vec![Stream::Information]));
    assert_eq!(pool.run(informed(Merge { information: OUTPUT, ..none })).await.output.len(), 1);
    assert_eq!(texts(&pool.run(informed(Merge { information: NULL, ..none })).await), (vec![], vec![]));
}

#[tokio::test]
async fn a_command_takes_the_errors_that_those_before_it_left() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let services = || Command::new("Get-Service").parameter("Name", "nosuch");
    let previous = Merge { previous_results: PipelineResultTypes(3), ..Merge::default() };
    let taking = Command { merge: previous, ..Command::new("Select-Object").parameter("First", 5) };
    let passing = || Command::new("Select-Object").parameter("First", 5);
    let outcome = pool.run(vec![services(), passing(), taking.clone(), passing()]).await;
    assert_eq!((outcome.output.len(), outcome.records), (1, vec![]));
    // Those behind it are not its own.
    let behind = command("Write-Error", "Message", Merge::default());
    let outcome = pool.run(vec![passing(), taking, behind]).await;
    assert_eq!(outcome.records.len(), 1);
}

#[tokio::test]
async fn a_nested_pipeline_does_not_wait_for_the_one_that_runs() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = Pool::of(&host).await;
    let parent = PowerShell::new(vec![Command::new("Start-Sleep").parameter("Seconds", 60)]);
    let parent = pool.start(parent).await;
    let nested = PowerShell::new(vec![Command::new("Write-Output").argument("inside")]);
    let running = pool.start(PowerShell { is_nested: true, ..nested }).await;
    let outcome = tokio::time::timeout(Duration::from_secs(5), pool.collect(running)).await.unwrap();
    assert_eq!(texts(&outcome).0, ["inside"]);
    pool.signal(parent, SignalCode::PowerShellCtrlC).await.unwrap();
    // With the parent gone, there is one runspace again, and one at a time.
    let after = pool.run(vec![Command::new("Write-Output").argument("after")]).await;
    assert_eq!(texts(&after).0, ["after"]);
}
