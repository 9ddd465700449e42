//! Pipelines in runspace pools: what they are given, and what they write.

use winrm::{
    Cause, Client, Error, Operation, Ran,
    powershell::{
        Command, Event, GetCommandMetadata, HostInfo, InputError, Outcome, Pipeline, PoolOptions, PowerShell,
        RunspacePool, SecureString, TakesInput, Value,
    },
};
use winrm_host::{Act, Event as Recorded, Host, Misbehaviour, Operation as On, Trigger};

use crate::support::{PATIENCE, start};

/// Everything that a pipeline wrote, in order, and how it ended.
pub(crate) async fn finish(pipeline: &mut Pipeline) -> Result<(Vec<Event>, Outcome), Error> {
    let mut events = Vec::new();
    while let Some(event) = pipeline.next().await? {
        events.push(event);
    }
    Ok((events, pipeline.outcome().unwrap().clone()))
}

pub(crate) async fn run(pool: &RunspacePool, commands: Vec<Command>) -> Result<(Vec<Event>, Outcome), Error> {
    finish(&mut pool.start(PowerShell::new(commands)).await?).await
}

pub(crate) async fn pool(client: &Client) -> RunspacePool {
    client.open_runspace_pool(PoolOptions::default()).await.unwrap()
}

fn output(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Output(value) => value.to_string(),
        other => panic!("{other:?}"),
    };
    events.iter().map(text).collect()
}

fn pipelines(host: &Host) -> Vec<Vec<winrm_host::PipelineCommand>> {
    let commands = |event| match event {
        Recorded::Pipeline { commands, .. } => Some(commands),
        _ => None,
    };
    host.record().entries().into_iter().filter_map(|entry| commands(entry.event)).collect()
}

#[tokio::test]
async fn commands_travel_as_data_and_objects_come_back() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let command = Command::new("Get-Service").parameter("Name", "W3SVC");
    let (events, outcome) = run(&pool, vec![command]).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    let [Event::Output(service)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(service.type_name(), "System.ServiceProcess.ServiceController");
    assert_eq!(service.property("Name").unwrap().to_string(), "W3SVC");

    let recorded = pipelines(&host);
    assert_eq!(recorded[0][0].text, "Get-Service");
    assert_eq!(recorded[0][0].parameters, [(Some("Name".to_owned()), "W3SVC".to_owned())]);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_value_is_never_code() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    for hostile in ["'; Stop-Service W3SVC; '", "$(hostname)", "\u{2019}; whoami \u{2018}", "a\0b\u{1F4A9}\n"]
    {
        let (events, _) = run(&pool, vec![Command::new("Write-Output").argument(hostile)]).await.unwrap();
        assert_eq!(output(&events), [hostile]);
    }
    assert!(pipelines(&host).iter().all(|commands| commands[0].text == "Write-Output"));

    let disguised = Command::new("Get-Service").parameter("Name; whoami", "x");
    let error = pool.start(PowerShell::new(vec![disguised])).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::PowerShell(_)), "{error}");
    assert_eq!((error.during(), error.ran()), (Operation::Command, Ran::No));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn every_stream_comes_apart() {
    let (_host, client) = start(Host::builder()).await;
    let mut options = PoolOptions::default();
    options.host = HostInfo::writes();
    let pool = client.open_runspace_pool(options).await.unwrap();
    let statements = vec![
        vec![Command::new("Write-Output").argument("out")],
        vec![Command::new("Write-Warning").argument("careful")],
        vec![Command::new("Write-Verbose").argument("in detail").parameter("Verbose", true)],
        vec![Command::new("Write-Error").argument("mistake")],
        vec![Command::new("Write-Progress").parameter("Activity", "work").parameter("PercentComplete", 40)],
        vec![Command::new("Write-Host").argument("seen")],
    ];
    let mut shell = PowerShell::new(Vec::new());
    shell.statements = statements;
    let (events, outcome) = finish(&mut pool.start(shell).await.unwrap()).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    let mut seen = Vec::new();
    for event in &events {
        seen.push(match event {
            Event::Output(value) => format!("output {value}"),
            Event::Warning(record) => format!("warning {}", record.message),
            Event::Verbose(record) => format!("verbose {}", record.message),
            Event::Error(record) => format!("error {}", record.message),
            Event::Progress(record) => format!("progress {} {}", record.activity, record.percent_complete),
            Event::HostCall(call, answer) => format!("host {} {answer:?}", call.parameters[0]),
            other => panic!("{other:?}"),
        });
    }
    let expected = [
        "output out",
        "warning careful",
        "verbose in detail",
        "error mistake",
        "progress work 40",
        "host seen NotWanted",
    ];
    assert_eq!(seen, expected);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn errors_are_records_and_a_fatal_one_is_the_outcome() {
    let (_host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let missing = Command::new("Get-Service").parameter("Name", "NoSuchThing");
    let (events, outcome) = run(&pool, vec![missing]).await.unwrap();
    let [Event::Error(record)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(record.category.name(), "ObjectNotFound");
    assert!(record.fully_qualified_error_id.as_str().starts_with("NoServiceFoundForGivenName"), "{record:?}");
    assert_eq!(outcome, Outcome::Completed);

    let (events, outcome) = run(&pool, vec![Command::new("Get-Nothing")]).await.unwrap();
    assert_eq!(events, []);
    let Outcome::Failed(Some(record)) = outcome else { panic!("{outcome:?}") };
    assert!(record.message.as_str().contains("Get-Nothing"), "{record:?}");
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn input_goes_in_while_output_comes_out() {
    let (_host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut shell = PowerShell::new(vec![Command::new("Write-Output")]);
    shell.statements = vec![vec![Command::new("Measure-Object").parameter("Sum", true)]];
    shell.input = TakesInput::Open;
    let mut pipeline = pool.start(shell).await.unwrap();
    let mut input = pipeline.input();
    let writer = tokio::spawn(async move {
        for number in 1..=2_000 {
            input.write(number).await.unwrap();
        }
    });
    let (events, outcome) = finish(&mut pipeline).await.unwrap();
    writer.await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    let [Event::Output(measured)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(measured.property("Count").unwrap().to_string(), "2000");
    assert_eq!(measured.property("Sum").unwrap().to_string(), "2001000");
    assert_eq!(pipeline.input().write("late").await, Err(InputError::Closed));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_pipeline_without_input_takes_none() {
    let (_host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let sleep = Command::new("Start-Sleep").parameter("Milliseconds", 300);
    let mut pipeline = pool.start(PowerShell::new(vec![sleep])).await.unwrap();
    assert_eq!(pipeline.input().write("x").await, Err(InputError::Closed));
    assert_eq!(finish(&mut pipeline).await.unwrap().1, Outcome::Completed);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_prompt_is_refused_and_hangs_nothing() {
    let (_host, client) = start(Host::builder()).await;
    for host_info in [HostInfo::none(), HostInfo::writes()] {
        let mut options = PoolOptions::default();
        options.host = host_info;
        let pool = client.open_runspace_pool(options).await.unwrap();
        let read = Command::new("Read-Host").parameter("Prompt", "Password");
        let mut pipeline = pool.start(PowerShell::new(vec![read])).await.unwrap();
        let finished = tokio::time::timeout(PATIENCE, finish(&mut pipeline)).await.expect("no answer");
        let (events, outcome) = finished.unwrap();
        let error = events.iter().any(|event| matches!(event, Event::Error(_)));
        assert!(error || matches!(outcome, Outcome::Failed(_)), "{events:?} {outcome:?}");
        assert_eq!(output_count(&events), 0);
    }
    let _left = client.shutdown(PATIENCE).await;
}

fn output_count(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Output(_))).count()
}

#[tokio::test]
async fn what_there_is_can_be_asked_for() {
    let (_host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let request = GetCommandMetadata::named(&["Get-Service", "Start-Sleep"]);
    let mut pipeline = pool.command_metadata(request).await.unwrap();
    let (events, outcome) = finish(&mut pipeline).await.unwrap();
    assert_eq!((outcome, events.len()), (Outcome::Completed, 3), "a count and two commands: {events:?}");
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_secure_string_travels_once_there_is_a_key() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let secret = || Value::SecureString(SecureString::new("p\u{e4}ss"));
    let echo = || vec![Command::new("Write-Output").argument(secret())];
    let error = run(&pool, echo()).await.unwrap_err();
    assert_eq!(error.ran(), Ran::No, "{error}");

    let cipher = pool.exchange_key().await.unwrap();
    let (events, _) = run(&pool, echo()).await.unwrap();
    let [Event::Output(Value::SecureString(back))] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(back.reveal(cipher.as_ref()).unwrap().as_str(), "p\u{e4}ss");
    // A second exchange is none.
    let again = pool.exchange_key().await.unwrap();
    assert!(back.reveal(again.as_ref()).is_some());

    // A pool that replaces this one has a key as well, and it is another one.
    host.misbehave(Misbehaviour::once(Trigger::On(On::Command), Act::Fault(0x8033_805B)));
    let (events, _) = run(&pool, echo()).await.unwrap();
    let [Event::Output(Value::SecureString(back))] = events.as_slice() else { panic!("{events:?}") };
    assert_ne!(back.reveal(cipher.as_ref()).as_ref().map(|text| text.as_str()), Some("p\u{e4}ss"));
    let cipher = pool.exchange_key().await.unwrap();
    assert_eq!(back.reveal(cipher.as_ref()).unwrap().as_str(), "p\u{e4}ss");
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_must_not_be_sent_is_refused_before_anything_is() {
    let (host, client) = start(Host::builder()).await;
    let mut reserved = PoolOptions::default();
    reserved.application_arguments = vec![("PSVersionTable".to_owned(), Value::from("x"))];
    let mut runspaces = PoolOptions::default();
    runspaces.min_runspaces = 0;
    let mut name = PoolOptions::default();
    name.configuration_name = "no such name".to_owned();
    for options in [reserved, runspaces, name] {
        let error = client.open_runspace_pool(options.clone()).await.unwrap_err();
        assert!(matches!(error.cause(), Cause::PowerShell(_) | Cause::ConfigurationName(_)), "{options:?}");
        assert_eq!((error.during(), error.ran()), (Operation::Create, Ran::No));
    }
    assert_eq!(host.record().requests_since(winrm_host::Mark::default()), []);
    let mut allowed = PoolOptions::default();
    allowed.application_arguments = vec![("CorrelationId".to_owned(), Value::from("7"))];
    allowed.name = Some("it/7".to_owned());
    client.open_runspace_pool(allowed).await.unwrap();
    let named =
        |event: &Recorded| matches!(event, Recorded::ShellCreated { name: Some(name), .. } if name == "it/7");
    assert!(host.record().entries().iter().any(|entry| named(&entry.event)));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_restricted_endpoint_is_a_configuration_like_any_other() {
    let builder = Host::builder().restricted_endpoint("Operators", ["Get-Service"]);
    let (_host, client) = start(builder).await;
    let mut options = PoolOptions::default();
    options.configuration_name = "Operators".to_owned();
    let pool = client.open_runspace_pool(options.clone()).await.unwrap();
    let (_, outcome) = run(&pool, vec![Command::new("Get-Service")]).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    let (_, outcome) = run(&pool, vec![Command::new("Get-Process")]).await.unwrap();
    assert!(matches!(outcome, Outcome::Failed(Some(_))), "{outcome:?}");

    options.configuration_name = "Nowhere".to_owned();
    let error = client.open_runspace_pool(options).await.unwrap_err();
    assert!(error.fault().is_some(), "{error}");
    assert_eq!((error.during(), error.ran()), (Operation::Create, Ran::No));
    let _left = client.shutdown(PATIENCE).await;
}
