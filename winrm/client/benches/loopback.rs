//! What a warm call, 50 MB of output and 10,000 calls cost against a loopback host in another process; times are
//! medians of five rounds.
//!
//! `cargo bench -p winrm`. The process starts itself a second time as the host.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command as Process, Stdio},
    time::{Duration, Instant},
};

use secrecy::ExposeSecret;
use winrm::{
    Client, ClientConfig, Command, Credential, Endpoint, Error, Event, Shell, ShellOptions, Trust, UserName,
};
use winrm_host::Host;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if env::args().any(|argument| argument == SERVE) {
        runtime.block_on(serve())
    } else if env::args().any(|argument| argument == "--test") {
        // `cargo test --benches` only wants to know that it starts.
        Ok(())
    } else {
        runtime.block_on(measure())
    }
}

/// The host's process: says how to reach it and serves until its standard input ends.
async fn serve() -> Result<(), Failure> {
    let host = Host::builder().start().await?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}\n{}\n{}", host.addr(), host.user(), host.password().expose_secret())?;
    writeln!(stdout, "{}\n{END_OF_CA}", host.ca_pem())?;
    stdout.flush()?;
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    host.shutdown().await;
    Ok(())
}

async fn measure() -> Result<(), Failure> {
    let (config, mut host) = start_host()?;
    let client = Client::new(&config)?;
    let shell = client.open_shell(ShellOptions::default()).await?;
    let mut out = io::stdout().lock();

    run(&shell, Command::program("hostname")).await?;
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            run(&shell, Command::program("hostname")).await?;
        }
        calls.push(began.elapsed() / CALLS);
    }
    writeln!(out, "warm call: {:?} (median of {ROUNDS} rounds of {CALLS})", median(calls))?;

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
    writeln!(out, "{FLOOD} bytes of output: {flood:?}, {rate:.0} MB/s")?;
    let before = memory("VmRSS:");
    for _ in 0..SOAK {
        run(&shell, Command::program("hostname")).await?;
    }
    writeln!(out, "resident memory before and after {SOAK} calls: {} and {}", before, memory("VmRSS:"))?;
    writeln!(out, "peak memory of the client's process: {}", memory("VmHWM:"))?;
    let _left = client.shutdown(Duration::from_secs(5)).await;
    drop(host.stdin.take());
    host.wait()?;
    Ok(())
}

fn start_host() -> Result<(ClientConfig, Child), Failure> {
    let mut host =
        Process::new(env::current_exe()?).arg(SERVE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(host.stdout.take().ok_or("no output")?).lines();
    let mut line = || lines.next().ok_or("the host ended")?.map_err(Failure::from);
    let (address, user, password) = (line()?, line()?, line()?);
    let mut ca = String::new();
    loop {
        let next = line()?;
        if next == END_OF_CA {
            break;
        }
        ca.push_str(&next);
        ca.push('\n');
    }
    let credential = Credential::new(UserName::parse(&user)?, password.into());
    let config = ClientConfig::new(Endpoint::parse(&address)?, Trust::ca_pem(ca.as_bytes())?, credential)?;
    Ok((config, host))
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A line of what the system says about this process (Linux).
fn memory(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map_or("unknown", str::trim).to_owned()
}

const SERVE: &str = "--serve-loopback-host";
const END_OF_CA: &str = "=== end of CA ===";
const ROUNDS: usize = 5;
const CALLS: u32 = 200;
const SOAK: u32 = 10_000;
const FLOOD: &str = "50000000";
