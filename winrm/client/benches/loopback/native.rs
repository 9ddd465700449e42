//! Native commands in a shell (WinRS).

use std::time::{Duration, Instant};

use winrm::{Client, Command, Error, Event, Shell, ShellOptions};

use crate::{
    Failure, Printer,
    figures::{LONG_CALLS, ROUNDS, SETTLED, WAY, ended, median, memory, ratio},
    forwarder::Forwarder,
    peer::Peer,
};

pub(crate) async fn measure(out: &mut Printer) -> Result<(), Failure> {
    let mut peer = Peer::start()?;
    warm_calls(&peer, out).await?;
    long_way(&peer, out).await?;
    flood(&peer, out).await?;
    soak(&mut peer, out).await?;
    peer.end()
}

async fn warm_calls(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = Client::new(&peer.config)?;
    let shell = client.open_shell(ShellOptions::default()).await?;
    run(&shell, Command::program("hostname")).await?;
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            run(&shell, Command::program("hostname")).await?;
        }
        calls.push(began.elapsed() / CALLS);
    }
    out.line(format_args!("warm call: {:?} (median of {ROUNDS} rounds of {CALLS})", median(calls)))?;
    ended(&client).await
}

/// A warm call over a way that takes [`WAY`] in each direction, beside the time that one request takes there.
async fn long_way(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let way = Forwarder::start(peer.address, WAY).await;
    let mut config = peer.config.clone();
    config.endpoint = config.endpoint.with_port(way.port);
    let client = Client::new(&config)?;
    let shell = client.open_shell(ShellOptions::default()).await?;
    run(&shell, Command::program("hostname")).await?;
    let (mut calls, mut trips) = (Vec::new(), Vec::new());
    for _ in 0..LONG_CALLS {
        let began = Instant::now();
        run(&shell, Command::program("hostname")).await?;
        calls.push(began.elapsed());
        let began = Instant::now();
        client.identify().await?;
        trips.push(began.elapsed());
    }
    let (call, trip) = (median(calls), median(trips));
    let trips = ratio(call, trip);
    out.line(format_args!(
        "warm call over {WAY:?} each way: {call:?}, {trips:.2} round trips of {trip:?} (bound: 2.2)"
    ))?;
    ended(&client).await
}

async fn flood(peer: &Peer, out: &mut Printer) -> Result<(), Failure> {
    let client = Client::new(&peer.config)?;
    let shell = client.open_shell(ShellOptions::default()).await?;
    let mut floods = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let bytes = run(&shell, Command::program("simulate").arguments(["flood", FLOOD])).await?;
        if bytes.to_string() != FLOOD {
            return Err(format!("{bytes} bytes arrived").into());
        }
        floods.push(began.elapsed());
    }
    let flood = median(floods);
    let rate = FLOOD.parse::<f64>()? / 1e6 / flood.as_secs_f64();
    out.line(format_args!("{FLOOD} bytes of output: {flood:?}, {rate:.0} MB/s; memory {}", memory()))?;
    drop(shell);
    ended(&client).await
}

/// Many calls, and what is left of them: memory here; shells and connections on the host, by its own count and by what it
/// lists to another client.
async fn soak(peer: &mut Peer, out: &mut Printer) -> Result<(), Failure> {
    let before = peer.counts()?;
    let client = Client::new(&peer.config)?;
    let shell = client.open_shell(ShellOptions::default()).await?;
    run(&shell, Command::program("hostname")).await?;
    let memory_before = memory();
    for _ in 0..SOAK {
        run(&shell, Command::program("hostname")).await?;
    }
    out.line(format_args!("memory before {SOAK} calls: {memory_before}; behind them: {}", memory()))?;
    drop(shell);
    ended(&client).await?;

    let settled = tokio::time::Instant::now() + SETTLED;
    let mut after = peer.counts()?;
    while after.connections_left > 0 && tokio::time::Instant::now() < settled {
        tokio::time::sleep(Duration::from_millis(10)).await;
        after = peer.counts()?;
    }
    let another = Client::new(&peer.config)?;
    let listed = another.list_shells().await?.len();
    out.line(format_args!(
        "they took {} shells and {} connections, of which are left {} shells ({listed} listed) and {} connections",
        after.shells_opened - before.shells_opened,
        after.connections_opened - before.connections_opened,
        after.shells_left,
        after.connections_left,
    ))?;
    ended(&another).await
}

/// Runs a command to its end and counts its output.
async fn run(shell: &Shell, command: Command) -> Result<usize, Error> {
    let mut execution = shell.start(command).await?;
    let mut bytes = 0;
    while let Some(event) = execution.next().await? {
        if let Event::Stdout(data) = event {
            bytes += data.len();
        }
    }
    Ok(bytes)
}

const CALLS: u32 = 200;
const SOAK: u32 = 10_000;
const FLOOD: &str = "50000000";
