//! Pipelines in a runspace pool (PSRP).

use std::time::{Duration, Instant};

use winrm::{
    Client,
    powershell::{Command, Event, Outcome, Pipeline, PoolOptions, PowerShell, RunspacePool, TakesInput},
};

use crate::{
    Failure, Printer,
    figures::{LONG_CALLS, ROUNDS, WAY, ended, median, memory, peak_memory, ratio},
    forwarder::Forwarder,
    peer::Peer,
};

pub(crate) async fn measure(out: &mut Printer) -> Result<(), Failure> {
    let peer = Peer::start()?;
    warm_calls(&peer, out).await?;
    long_way(&peer, out).await?;
    stop(&peer, out).await?;
    streams(&peer, out).await?;
    peer.end()
}

async fn warm_calls(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = Client::new(&peer.config)?;
    let pool = client.open_runspace_pool(PoolOptions::default()).await?;
    run(&pool).await?;
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            run(&pool).await?;
        }
        calls.push(began.elapsed() / CALLS);
    }
    out.line(format_args!("warm pipeline: {:?} (median of {ROUNDS} rounds of {CALLS})", median(calls)))?;
    ended(&client).await
}

async fn long_way(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = far(peer).await?;
    let pool = client.open_runspace_pool(PoolOptions::default()).await?;
    run(&pool).await?;
    let (mut calls, mut trips) = (Vec::new(), Vec::new());
    for _ in 0..LONG_CALLS {
        let began = Instant::now();
        run(&pool).await?;
        calls.push(began.elapsed());
        let began = Instant::now();
        client.identify().await?;
        trips.push(began.elapsed());
    }
    let (call, trip) = (median(calls), median(trips));
    out.line(format_args!(
        "warm pipeline over {WAY:?} each way: {call:?}, {:.2} round trips of {trip:?} (bound: 2.2)",
        ratio(call, trip)
    ))?;
    ended(&client).await
}

/// How long a stop takes, from the order to the host's word that the pipeline has ended.
async fn stop(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = far(peer).await?;
    let pool = client.open_runspace_pool(PoolOptions::default()).await?;
    let (mut stops, mut trips) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let sleep = Command::new("Start-Sleep").parameter("Seconds", 60);
        let mut pipeline = pool.start(PowerShell::new(vec![sleep])).await?;
        let began = Instant::now();
        client.identify().await?;
        trips.push(began.elapsed());
        // A pipeline that runs for a moment has a second connection ready.
        let _still_running = tokio::time::timeout(Duration::from_millis(1_200), pipeline.next()).await;
        let began = Instant::now();
        let stopped = pipeline.stop(Duration::from_secs(5)).await;
        stops.push(began.elapsed());
        if stopped != winrm::Stopped::Confirmed {
            return Err("a stop was not confirmed".into());
        }
    }
    let (stop, trip) = (median(stops), median(trips));
    out.line(format_args!(
        "stop over {WAY:?} each way: confirmed after {stop:?}, {:.2} round trips of {trip:?}",
        ratio(stop, trip)
    ))?;
    ended(&client).await
}

/// A gigabyte into a pipeline, and a gigabyte through one.
async fn streams(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = Client::new(&peer.config)?;
    let pool = client.open_runspace_pool(PoolOptions::default()).await?;
    for (what, command, expected) in [("input", "Out-Null", 0), ("input and output", "Write-Output", OBJECTS)]
    {
        let began = Instant::now();
        let mut shell = PowerShell::new(vec![Command::new(command)]);
        shell.input = TakesInput::Open;
        let pipeline = pool.start(shell).await?;
        let mut input = pipeline.input();
        let writing = tokio::spawn(async move {
            let object = "x".repeat(OBJECT);
            for _ in 0..OBJECTS {
                input.write(object.as_str()).await?;
            }
            Ok::<_, winrm::powershell::InputError>(())
        });
        let received = finish(pipeline).await?;
        writing.await??;
        if received != (expected, expected * OBJECT) {
            return Err(format!("{received:?} came back").into());
        }
        let took = began.elapsed();
        let rate = ratio(Duration::from_secs_f64(1e-6), took) * f64::from(u32::try_from(OBJECTS * OBJECT)?);
        out.line(format_args!(
            "{OBJECTS} objects of {OBJECT} characters as {what}: {took:?}, {rate:.0} MB/s; memory {} (bound: 64 MB)",
            memory()
        ))?;
    }
    if peak_memory().is_some_and(|peak| peak > 64_000_000) {
        return Err("more than 64 MB".into());
    }
    ended(&client).await
}

/// A client far from the host.
async fn far(peer: &Peer) -> Result<Client, Failure> {
    let way = Forwarder::start(peer.address, WAY).await;
    let mut config = peer.config.clone();
    config.endpoint = config.endpoint.with_port(way.port);
    Ok(Client::new(&config)?)
}

async fn run(pool: &RunspacePool) -> Result<(), Failure> {
    let pipeline = pool.start(PowerShell::new(vec![Command::new("Write-Output").argument("x")])).await?;
    match finish(pipeline).await? {
        (1, 1) => Ok(()),
        other => Err(format!("{other:?} came back").into()),
    }
}

/// How many strings a pipeline wrote, and how long they are together.
async fn finish(mut pipeline: Pipeline) -> Result<(usize, usize), Failure> {
    let (mut count, mut length) = (0, 0);
    while let Some(event) = pipeline.next().await? {
        let Event::Output(value) = event else { return Err(format!("{event:?}").into()) };
        count += 1;
        length += value.as_string().map_or(0, winrm::powershell::PsString::length);
    }
    match pipeline.outcome() {
        Some(Outcome::Completed) => Ok((count, length)),
        other => Err(format!("{other:?}").into()),
    }
}

const CALLS: u32 = 200;
const OBJECT: usize = 64 * 1024;
const OBJECTS: usize = 16 * 1024;
