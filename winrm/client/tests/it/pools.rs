//! The life of runspace pools: requests, pipelines side by side, stops, loss and cleaning up.

use std::time::{Duration, Instant};

use winrm::{
    Cause, Client, Ran, Shutdown, Stopped,
    powershell::{Command, Event, Outcome, Pipeline, PoolOptions, PowerShell, RunspacePool, TakesInput},
};
use winrm_host::{
    Act, Ended, Event as Recorded, Host, Misbehaviour, Operation as On, Quotas, Record, Repeat, Trigger,
};

use crate::{
    forwarder::Forwarder,
    pipelines::{finish, pool, run},
    support::{PATIENCE, config, median, round_trip, start},
};

fn sleep(milliseconds: i32) -> Vec<Command> {
    vec![Command::new("Start-Sleep").parameter("Milliseconds", milliseconds)]
}

fn echo(text: &str) -> Vec<Command> {
    vec![Command::new("Write-Output").argument(text)]
}

async fn begin(pool: &RunspacePool, commands: Vec<Command>) -> Pipeline {
    pool.start(PowerShell::new(commands)).await.unwrap()
}

async fn wide_pool(client: &Client, runspaces: i32) -> RunspacePool {
    let mut options = PoolOptions::default();
    options.max_runspaces = runspaces;
    client.open_runspace_pool(options).await.unwrap()
}

fn count(host: &Host, wanted: impl Fn(&Recorded) -> bool) -> usize {
    host.record().entries().iter().filter(|entry| wanted(&entry.event)).count()
}

fn is_pipeline(event: &Recorded) -> bool {
    matches!(event, Recorded::Pipeline { .. })
}

fn is_created(event: &Recorded) -> bool {
    matches!(event, Recorded::ShellCreated { .. })
}

fn is_deleted(event: &Recorded) -> bool {
    matches!(event, Recorded::ShellDeleted { .. })
}

fn operations(record: &Record, from: winrm_host::Mark, to: winrm_host::Mark) -> Vec<On> {
    record.requests_between(from, to).iter().map(|request| request.operation).collect()
}

/// A client whose patience is short: an answer counts as missing after a little more than five seconds.
async fn misbehaving(misbehaviour: Misbehaviour) -> (Host, Client) {
    let host = Host::builder().misbehave(misbehaviour).start().await.unwrap();
    let mut config = config(&host);
    config.operation_timeout = Duration::from_millis(200);
    config.retries = 2;
    let client = Client::new(&config).unwrap();
    (host, client)
}

#[tokio::test]
async fn five_cold_and_two_warm() {
    let (host, client) = start(Host::builder()).await;
    let record = host.record();
    let cold = record.mark();
    let pool = pool(&client).await;
    run(&pool, echo("cold")).await.unwrap();
    let warm = record.mark();
    // Windows says in two answers what this host says in one, which makes six.
    assert_eq!(
        operations(&record, cold, warm),
        [On::Empty, On::Create, On::Receive, On::Command, On::Receive]
    );
    let mut from = warm;
    for _ in 0..3 {
        // The Signal for the pipeline before goes out in the background, on a connection of its own.
        let signal = record.wait_for(from, PATIENCE, |event| matches!(event, Recorded::Signal { .. })).await;
        assert!(signal.is_some());
        from = record.mark();
        run(&pool, echo("warm")).await.unwrap();
        assert_eq!(operations(&record, from, record.mark()), [On::Command, On::Receive]);
    }
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn one_pipeline_and_out_takes_one_connection() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    run(&pool, echo("x")).await.unwrap();
    drop(pool);
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    let requests = host.record().requests_since(winrm_host::Mark::default());
    assert_eq!(requests.last().unwrap().operation, On::Delete);
    assert_eq!(requests.len(), 6, "{requests:?}");
    assert!(requests.iter().all(|request| request.connection == requests[0].connection), "{requests:?}");
}

#[tokio::test]
async fn a_warm_call_over_a_long_way_takes_two_round_trips() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::from_millis(50)).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config).unwrap();
    let pool = pool(&client).await;
    run(&pool, echo("cold")).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        run(&pool, echo("warm")).await.unwrap();
        times.push(began.elapsed());
    }
    let (call, trip) = (median(times), round_trip(&client).await);
    assert!(call <= trip * 22 / 10, "2.2 round trips: {call:?} of {trip:?}");
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn pipelines_of_one_pool_run_side_by_side() {
    let (host, client) = start(Host::builder()).await;
    let pool = wide_pool(&client, 8).await;
    run(&pool, echo("warm")).await.unwrap();
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut pipeline = begin(&pool, sleep(1_000)).await;
        running.spawn(async move { finish(&mut pipeline).await.unwrap().1 });
    }
    assert!(running.join_all().await.iter().all(|outcome| *outcome == Outcome::Completed));
    // One after the other they would take eight seconds.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(count(&host, is_created), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn who_does_not_read_holds_nobody_else_up() {
    let (_host, client) = start(Host::builder()).await;
    let pool = wide_pool(&client, 2).await;
    let slow = begin(&pool, vec![Command::new("Get-Process")]).await;
    for _ in 0..3 {
        assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);
    }
    let mut slow = slow;
    let (events, outcome) = finish(&mut slow).await.unwrap();
    assert_eq!(outcome, Outcome::Completed);
    assert!(!events.is_empty());
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn who_does_not_read_is_sent_no_more_and_asked_for_no_more() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let before = host.record().mark();
    let mut shell = PowerShell::new(vec![Command::new("Select-Object")]);
    shell.input = TakesInput::Open;
    let mut pipeline = pool.start(shell).await.unwrap();
    let mut input = pipeline.input();
    let (written, progress) = tokio::sync::watch::channel(0);
    let line = "x".repeat(1_000);
    let writer = tokio::spawn(async move {
        for count in 1..=TOTAL {
            input.write(line.as_str()).await.unwrap();
            written.send_replace(count);
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(*progress.borrow() < TOTAL / 2, "{}", *progress.borrow());
    let receives = operations(&host.record(), before, host.record().mark());
    let receives = receives.iter().filter(|operation| **operation == On::Receive).count();
    assert!(receives <= 2, "{receives}");
    let mut count = 0;
    while pipeline.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, pipeline.outcome()), (TOTAL, Some(&Outcome::Completed)));
    writer.await.unwrap();
    let _left = client.shutdown(PATIENCE).await;
}

/// More lines of a thousand characters than what host and client hold between them.
const TOTAL: usize = 6_000;

#[tokio::test]
async fn a_reset_gives_the_next_pipeline_a_clean_state() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let id = pool.id();
    pool.reset().await.unwrap();
    assert_eq!(pool.id(), id);
    // Refused, it is another pool.
    host.misbehave(Misbehaviour::once(Trigger::On(On::Send), Act::Fault(5)));
    pool.reset().await.unwrap();
    assert_ne!(pool.id(), id);
    assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_stop_reaches_the_host_at_once() {
    let (host, client) = start(Host::builder()).await;
    let pool = wide_pool(&client, 2).await;
    let mut pipeline = begin(&pool, sleep(60_000)).await;
    let mut other = begin(&pool, sleep(300)).await;
    // By then its Receive hangs, and a connection for the Signal is ready.
    assert!(tokio::time::timeout(Duration::from_millis(1_200), pipeline.next()).await.is_err());
    let before = host.record().mark();
    let began = Instant::now();
    assert_eq!(pipeline.stop(PATIENCE).await, Stopped::Confirmed);
    // The command would go on for a minute.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(pipeline.outcome(), Some(&Outcome::Stopped));
    let since = host.record().since(before);
    let signals: Vec<_> = since
        .iter()
        .filter(|entry| matches!(&entry.event, Recorded::Signal { code, .. } if code == "crtl_c"))
        .collect();
    let ends: Vec<_> = since
        .iter()
        .filter(|entry| matches!(entry.event, Recorded::CommandEnded { how: Ended::Interrupted, .. }))
        .collect();
    assert_eq!((signals.len(), ends.len()), (1, 1), "{since:?}");
    assert!(ends[0].number > signals[0].number, "the signal ended it");
    // The pool and what else runs in it are as they were.
    assert_eq!(finish(&mut other).await.unwrap().1, Outcome::Completed);
    assert_eq!(run(&pool, echo("still here")).await.unwrap().1, Outcome::Completed);
    assert_eq!(pipeline.next().await, Ok(None));
    assert_eq!(pipeline.stop(PATIENCE).await, Stopped::Confirmed);
    assert_eq!(count(&host, is_created), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_stop_ends_a_pipeline_within_a_round_trip() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::from_millis(50)).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config).unwrap();
    let pool = pool(&client).await;
    // Behind the first pipeline a second connection stands ready, because its release went out on one.
    run(&pool, echo("warm")).await.unwrap();
    let released = |event: &Recorded| matches!(event, Recorded::Signal { .. });
    assert!(host.record().wait_for(winrm_host::Mark::default(), PATIENCE, released).await.is_some());
    let trip = round_trip(&client).await;
    for _ in 0..3 {
        let mut pipeline = begin(&pool, sleep(60_000)).await;
        let (record, before) = (host.record(), host.record().mark());
        let ended = tokio::spawn(async move {
            let interrupted =
                |event: &Recorded| matches!(event, Recorded::CommandEnded { how: Ended::Interrupted, .. });
            record.wait_for(before, PATIENCE, interrupted).await.map(|_| Instant::now())
        });
        let began = Instant::now();
        assert_eq!(pipeline.stop(PATIENCE).await, Stopped::Confirmed);
        let took = ended.await.unwrap().expect("the record says that it has ended") - began;
        assert!(took <= trip + Duration::from_millis(100), "{took:?} with a round trip of {trip:?}");
    }
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_pipeline_that_has_ended_needs_no_stop() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = begin(&pool, echo("x")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(pipeline.stop(PATIENCE).await, Stopped::Confirmed);
    assert_eq!(pipeline.outcome(), Some(&Outcome::Completed));
    assert_eq!(count(&host, is_deleted), 0);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_stop_without_an_answer_takes_the_pool_along() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = begin(&pool, sleep(60_000)).await;
    host.misbehave(Misbehaviour::always(Trigger::On(On::Signal), Act::Hang));
    let before = host.record().mark();
    let began = Instant::now();
    assert_eq!(pipeline.stop(Duration::from_secs(20)).await, Stopped::Unconfirmed);
    let waited = began.elapsed();
    assert!((Duration::from_millis(4_900)..Duration::from_secs(15)).contains(&waited), "{waited:?}");
    let deleted = host.record().wait_for(before, PATIENCE, is_deleted).await;
    assert!(deleted.is_some());
    let how = |event: &Recorded| matches!(event, Recorded::CommandEnded { how: Ended::ShellDeleted, .. });
    assert_eq!(count(&host, how), 1);
    // The next pipeline gets a new pool.
    assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);
    assert_eq!(count(&host, is_created), 2);
    let _left = client.shutdown(Duration::from_millis(500)).await;
}

#[tokio::test]
async fn dropping_leaves_nothing_behind() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let before = host.record().mark();
    let began = Instant::now();
    drop(begin(&pool, sleep(60_000)).await);
    assert!(began.elapsed() < Duration::from_secs(10));
    let interrupted = |event: &Recorded| matches!(event, Recorded::CommandEnded { .. });
    assert!(host.record().wait_for(before, PATIENCE, interrupted).await.is_some());
    assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);

    let running = begin(&pool, sleep(60_000)).await;
    drop(pool);
    // A pipeline keeps its pool.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(count(&host, is_deleted), 0);
    drop(running);
    assert!(host.record().wait_for(before, PATIENCE, is_deleted).await.is_some());

    // Whoever does not wait for a pool or a pipeline leaves none either.
    for microseconds in [0, 100, 300, 600, 1_000, 2_000] {
        let early = Duration::from_micros(microseconds);
        let opening = client.open_runspace_pool(PoolOptions::default());
        let _opened = tokio::time::timeout(early, opening).await;
        let other = self::pool(&client).await;
        let starting = other.start(PowerShell::new(sleep(60_000)));
        let _started = tokio::time::timeout(early, starting).await;
    }
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!(count(&host, is_created), count(&host, is_deleted));
    let ended = |event: &Recorded| matches!(event, Recorded::CommandEnded { .. });
    assert_eq!(count(&host, is_pipeline), count(&host, ended));
}

#[tokio::test]
async fn a_shutdown_closes_pools_with_what_runs_in_them() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = begin(&pool, sleep(60_000)).await;
    assert_eq!(client.shutdown(PATIENCE).await, Shutdown::Complete);
    assert_eq!((count(&host, is_created), count(&host, is_deleted)), (1, 1));
    let error = pipeline.next().await.unwrap_err();
    assert_eq!(error.ran(), Ran::Yes, "{error}");
    let error = run(&pool, echo("x")).await.unwrap_err();
    assert_eq!((error.cause(), error.ran()), (&Cause::ShutDown, Ran::No));
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_healed() {
    let quotas = Quotas { max_operations_per_shell: 6, ..Quotas::default() };
    let (host, client) = start(Host::builder().quotas(quotas)).await;
    let pool = pool(&client).await;
    for _ in 0..12 {
        let (events, outcome) = run(&pool, echo("x")).await.unwrap();
        assert_eq!((events.len(), outcome), (1, Outcome::Completed));
    }
    assert_eq!(count(&host, is_pipeline), 12);
    assert!(count(&host, is_created) > 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_pool_that_is_gone_is_replaced() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let id = pool.id();
    host.misbehave(Misbehaviour::once(Trigger::On(On::Command), Act::Fault(0x8033_805B)));
    assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);
    assert_ne!(pool.id(), id);
    assert_eq!(count(&host, is_pipeline), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_no_protocol_says_breaks_the_pool_and_not_the_next_pipeline() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut bystander = begin(&pool, sleep(60_000)).await;
    assert!(tokio::time::timeout(Duration::from_millis(200), bystander.next()).await.is_err());
    host.misbehave(Misbehaviour::once(Trigger::On(On::Receive), garbage()));
    let error = begin(&pool, echo("x")).await.next().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::BrokenProtocol(_)), "{error:?}");
    assert_eq!(error.ran(), Ran::Yes);
    assert!(bystander.next().await.is_err(), "the pool's state is not known any more");
    assert_eq!(run(&pool, echo("x")).await.unwrap().1, Outcome::Completed);
    let before = host.record().mark();
    assert!(
        count(&host, is_deleted) == 1 || host.record().wait_for(before, PATIENCE, is_deleted).await.is_some()
    );
    let _left = client.shutdown(PATIENCE).await;
}

/// The answer to a Receive with bytes that are no fragment.
fn garbage() -> Act {
    use winrm_proto::{
        winrs::{ReceiveResponse, Stream, StreamEnd, StreamName},
        wsman::{Header, MessageId, write_response},
    };
    let data = bytes::Bytes::from_static(&[0xFF; 40]);
    let stream = Stream { name: StreamName::Stdout, command_id: None, data, end: StreamEnd::Open };
    let response = ReceiveResponse { streams: vec![stream], state: None };
    let header = Header::default();
    Act::Envelope(write_response(&header, MessageId::parse("uuid:1").unwrap(), &response).unwrap())
}

#[tokio::test]
async fn a_command_is_never_sent_twice() {
    for act in [Act::Close, Act::PerformAndClose, Act::CloseMidBody] {
        let (host, client) = misbehaving(Misbehaviour::always(Trigger::On(On::Command), act.clone())).await;
        let pool = pool(&client).await;
        let error = run(&pool, echo("x")).await.unwrap_err();
        assert_eq!(error.ran(), Ran::Unknown, "{act:?}: {error}");
        assert!(count(&host, is_pipeline) <= 1, "{act:?}");
        let _left = client.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn output_whose_connection_is_lost_is_asked_for_again() {
    let host = Host::builder().start().await.unwrap();
    let way = Forwarder::start(host.addr(), Duration::ZERO).await;
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config).unwrap();
    let pool = pool(&client).await;
    let mut statements = PowerShell::new(sleep(1_500));
    statements.statements.push(echo("after all"));
    let mut pipeline = pool.start(statements).await.unwrap();
    for _ in 0..2 {
        assert!(tokio::time::timeout(Duration::from_millis(300), pipeline.next()).await.is_err());
        way.cut();
    }
    let (events, outcome) = finish(&mut pipeline).await.unwrap();
    let [Event::Output(text)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((text.to_string().as_str(), outcome), ("after all", Outcome::Completed));
    assert_eq!(count(&host, is_pipeline), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn output_that_was_lost_with_its_connection_is_an_error_and_never_a_shorter_output() {
    for act in [Act::CloseMidBody, Act::PerformAndClose] {
        let (host, client) = start(Host::builder()).await;
        let pool = pool(&client).await;
        host.misbehave(Misbehaviour::once(Trigger::On(On::Receive), act.clone()));
        let error = run(&pool, echo("x")).await.unwrap_err();
        assert_eq!(error.ran(), Ran::Yes, "{act:?}: {error}");
        assert_eq!(run(&pool, echo("y")).await.unwrap().1, Outcome::Completed, "{act:?}");
        assert_eq!(count(&host, is_pipeline), 2, "{act:?}");
        let _left = client.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn output_is_not_asked_for_without_end() {
    let (host, client) = start(Host::builder()).await;
    let mut config = config(&host);
    config.retries = 2;
    let short = Client::new(&config).unwrap();
    let pool = pool(&short).await;
    let mut pipeline = begin(&pool, sleep(60_000)).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), pipeline.next()).await.is_err());
    host.misbehave(Misbehaviour::always(Trigger::On(On::Receive), Act::Close).repeated(Repeat::Times(20)));
    // The Receive that hangs comes to its end with the stop; another pipeline meets the closed connections.
    let mut other = begin(&pool, sleep(60_000)).await;
    let error = other.next().await.unwrap_err();
    assert_eq!(error.ran(), Ran::Yes, "{error}");
    drop((pipeline, other, pool));
    let _left = short.shutdown(PATIENCE).await;
    let _left = client.shutdown(PATIENCE).await;
    let ended = |event: &Recorded| matches!(event, Recorded::CommandEnded { .. });
    assert_eq!(count(&host, is_pipeline), count(&host, ended));
}
