//! Hosts that answer a pool with what no protocol says: a named error, no hang, bounded memory, and a new pool for the
//! pipeline that comes next.

use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;
use winrm::{
    Cause, Ran, Stopped,
    powershell::{Command, Event, Outcome, Pipeline, PowerShell, ProtocolError, RunspacePool},
};
use winrm_host::{Act, Host, Misbehaviour, Operation as On, Trigger};
use winrm_proto::{
    clixml::{Encoder, Value},
    psrp::{
        Body, Destination, FragmentError, Message, MessageError, PipelineState, PipelineStateMessage,
        RunspacePoolState, RunspacePoolStateMessage,
    },
};

use crate::{
    pipelines::{pool, run},
    support::{PATIENCE, start},
};

/// A pipeline that writes something after a while and goes on for long: the Receive that asks for what comes then is made
/// after the pipeline's name is known.
async fn waiting(pool: &RunspacePool) -> Pipeline {
    let sleep = |milliseconds: i32| vec![Command::new("Start-Sleep").parameter("Milliseconds", milliseconds)];
    let mut shell = PowerShell::new(sleep(200));
    shell.statements.push(vec![Command::new("Write-Output").argument("before")]);
    shell.statements.push(sleep(60_000));
    pool.start(shell).await.unwrap()
}

/// A fragment with this header.
fn fragment(object: u64, number: u64, flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [object.to_be_bytes().as_slice(), &number.to_be_bytes(), &[flags], length.as_slice(), content].concat()
}

fn message(pool: Uuid, pipeline: Option<Uuid>, body: Body) -> Vec<u8> {
    let message = Message { destination: Destination::Client, runspace_pool: pool, pipeline, body };
    message.encode(&Encoder::new()).unwrap().to_vec()
}

/// An output message with a body that nobody could have written.
fn raw_output(pool: Uuid, pipeline: Uuid, body: &str) -> Vec<u8> {
    let mut bytes = message(pool, Some(pipeline), Body::PipelineOutput(Value::Null));
    bytes.truncate(40);
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

fn whole(message: &[u8]) -> Vec<u8> {
    fragment(9, 0, START | END, message)
}

/// What is wrong with it, what a host says in place of a pipeline's output, and whether an error names it.
type Lie = (&'static str, Vec<u8>, fn(&ProtocolError) -> bool);

fn lies(pool: Uuid, pipeline: Uuid) -> Vec<Lie> {
    use ProtocolError as E;
    let output = message(pool, Some(pipeline), Body::PipelineOutput("x".repeat(100).as_str().into()));
    let (first, second) = output.split_at(60);
    let stranger = message(pool, Some(Uuid::from_u128(7)), Body::PipelineOutput(Value::Null));
    let other_pool = message(Uuid::from_u128(7), Some(pipeline), Body::PipelineOutput(Value::Null));
    let input = message(pool, Some(pipeline), Body::PipelineInput(Value::Null));
    let nested = format!("{}<Nil/>{}", "<Obj><LST>".repeat(10_000), "</LST></Obj>".repeat(10_000));
    let mut bomb = String::from("<Obj><LST><Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
    for level in 1..=10 {
        let references = format!("<Ref RefId=\"{}\"/>", level - 1).repeat(10);
        bomb.push_str(&format!("<Obj RefId=\"{level}\"><LST>{references}</LST></Obj>"));
    }
    bomb.push_str("</LST></Obj>");
    let mut too_long = fragment(9, 0, START, first);
    too_long[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
    let state = message(
        pool,
        Some(pipeline),
        Body::PipelineState(PipelineStateMessage { state: PipelineState::Running, error: None }),
    );
    let mut odd_state = state[..40].to_vec();
    odd_state.extend_from_slice(b"<Obj><MS><S N=\"PipelineState\">soon</S></MS></Obj>");
    let fragments = |error: &E| matches!(error, E::Fragment(_));
    let unread = |error: &E| matches!(error, E::Message(MessageError::Decode(_)));
    vec![
        ("no fragment", vec![0xFF; 64], fragments),
        ("reordered", [fragment(9, 1, END, second), fragment(9, 0, START, first)].concat(), fragments),
        ("overlapping", [fragment(9, 0, START, first), fragment(9, 0, START, first)].concat(), fragments),
        ("with a gap", [fragment(9, 0, START, first), fragment(9, 2, END, second)].concat(), fragments),
        ("of two objects", [fragment(9, 0, START, first), fragment(10, 1, END, second)].concat(), fragments),
        ("oversized", too_long, |error| matches!(error, E::Fragment(FragmentError::TooLong { .. }))),
        // The true output that follows is taken for the rest.
        ("truncated", fragment(9, 0, START | END, &output)[..70].to_vec(), |_| true),
        ("a message cut short", whole(&output[..30]), |error| {
            matches!(error, E::Message(MessageError::Truncated))
        }),
        ("an unknown pipeline", whole(&stranger), |error| matches!(error, E::UnknownPipeline(_))),
        ("another pool", whole(&other_pool), |error| matches!(error, E::WrongPool(_))),
        ("the wrong way", whole(&input), |error| matches!(error, E::WrongWay(_))),
        ("nested without end", whole(&raw_output(pool, pipeline, &nested)), unread),
        ("references upon references", whole(&raw_output(pool, pipeline, &bomb)), unread),
        ("no CLIXML", whole(&raw_output(pool, pipeline, "<html></html>")), unread),
        ("of another type", whole(&odd_state), |error| {
            matches!(error, E::Message(MessageError::Property { .. }))
        }),
    ]
}

#[tokio::test]
async fn what_no_host_says_is_named_and_the_next_pipeline_gets_a_new_pool() {
    for case in 0..lies(Uuid::nil(), Uuid::nil()).len() {
        let (host, client) = start(Host::builder()).await;
        let pool = pool(&client).await;
        let id = pool.id();
        let mut pipeline = waiting(&pool).await;
        let (what, lie, is_named) = lies(id.parse().unwrap(), pipeline.id()).remove(case);
        let output = Act::Output(vec![Bytes::from(lie)]);
        host.misbehave(Misbehaviour::once(Trigger::On(On::Receive), output));
        let error = tokio::time::timeout(PATIENCE, async {
            loop {
                match pipeline.next().await {
                    Ok(Some(Event::Output(value))) => assert_eq!(value.to_string(), "before", "{what}"),
                    Ok(other) => panic!("{what}: {other:?}"),
                    Err(error) => return error,
                }
            }
        });
        // What waits for its other half waits until the host says more.
        if what == "truncated" {
            host.misbehave(Misbehaviour::once(
                Trigger::On(On::Receive),
                Act::Output(vec![vec![0; 64].into()]),
            ));
        }
        let error = error.await.unwrap_or_else(|_| panic!("{what} hangs"));
        let Cause::BrokenProtocol(cause) = error.cause() else { panic!("{what}: {error:?}") };
        assert!(is_named(cause), "{what}: {cause:?}");
        assert_eq!(error.ran(), Ran::Yes, "{what}");
        let echo = vec![Command::new("Write-Output").argument("after")];
        assert_eq!(run(&pool, echo).await.unwrap().1, Outcome::Completed, "{what}");
        assert_ne!(pool.id(), id, "{what}: the pool's state was not known");
        let _left = client.shutdown(PATIENCE).await;
        assert_eq!(host.open_shells(), 0, "{what}");
    }
}

#[tokio::test]
async fn a_pool_that_its_host_calls_broken_is_replaced() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let id = pool.id();
    let mut pipeline = waiting(&pool).await;
    let state = RunspacePoolStateMessage { state: RunspacePoolState::Broken, error: None };
    let broken = whole(&message(id.parse().unwrap(), None, Body::RunspacePoolState(state)));
    host.misbehave(Misbehaviour::once(Trigger::On(On::Receive), Act::Output(vec![broken.into()])));
    let ended = tokio::time::timeout(PATIENCE, async {
        while pipeline.next().await?.is_some() {}
        Ok::<_, winrm::Error>(())
    });
    assert!(ended.await.unwrap().is_err());
    let echo = vec![Command::new("Write-Output").argument("after")];
    assert_eq!(run(&pool, echo).await.unwrap().1, Outcome::Completed);
    assert_ne!(pool.id(), id);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn output_without_end_ends_with_a_stop() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let id = pool.id();
    let mut pipeline = waiting(&pool).await;
    let output = message(
        id.parse().unwrap(),
        Some(pipeline.id()),
        Body::PipelineOutput("x".repeat(10_000).as_str().into()),
    );
    // Each answer holds the same objects once more; numbers of objects that come twice are the host's business.
    let flood = Act::Output(vec![whole(&output).repeat(20).into()]);
    host.misbehave(Misbehaviour::always(Trigger::On(On::Receive), flood));
    for _ in 0..500 {
        assert!(matches!(pipeline.next().await, Ok(Some(Event::Output(_)))));
    }
    let began = Instant::now();
    // The host has ended its pipeline, and its answers go on: the pool is given up.
    assert_eq!(pipeline.stop(Duration::from_secs(1)).await, Stopped::Unconfirmed);
    assert!(began.elapsed() < PATIENCE);
    drop((pipeline, pool));
    let _left = client.shutdown(PATIENCE).await;
    assert_eq!(host.open_shells(), 0);
}

#[tokio::test]
async fn a_host_that_goes_away_in_the_middle_is_an_error() {
    let (host, client) = start(Host::builder()).await;
    let pool = pool(&client).await;
    let mut pipeline = waiting(&pool).await;
    assert!(matches!(pipeline.next().await, Ok(Some(Event::Output(_)))));
    host.shutdown().await;
    let error = tokio::time::timeout(3 * PATIENCE, pipeline.next()).await.unwrap().unwrap_err();
    assert_eq!(error.ran(), Ran::Yes, "{error}");
    let _left = client.shutdown(Duration::from_millis(100)).await;
}

const START: u8 = 1;
const END: u8 = 2;
