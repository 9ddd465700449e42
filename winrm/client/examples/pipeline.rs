//! Runs one PowerShell pipeline on a host and shows what it writes.
//!
//! ```text
//! WINRM_PASSWORD=… cargo run -p winrm --example pipeline -- https://host:5986/wsman user ca.pem Get-Service -Name W3SVC
//! ```
//!
//! `-Name value` is a parameter, `-Name` alone a switch, everything else an argument, and `|` begins the next command.
//! `WINRM_SCHEME` may name Negotiate, NTLM or Basic. `WINRM_STOP_AFTER` stops the pipeline after so many seconds,
//! `WINRM_TIMES` runs it that often in one pool, `WINRM_AT_ONCE` lets that many run side by side, `WINRM_INPUT` sends the
//! numbers from 1 to it as input, `WINRM_KEY` exchanges a session key first, and `WINRM_QUIET` shows only counts.

use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
    str::FromStr,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use winrm::{
    Client, ClientConfig, Credential, Endpoint, Scheme, Trust, UserName,
    powershell::{
        Command, Event, HostInfo, Outcome, Pipeline, PoolOptions, PowerShell, RunspacePool, TakesInput,
    },
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let mut arguments = env::args().skip(1);
    let mut argument = |name: &'static str| arguments.next().ok_or(name);
    let endpoint = Endpoint::parse(&argument("an endpoint is missing")?)?;
    let user = UserName::parse(&argument("a user is missing")?)?;
    let trust = Trust::ca_pem(&fs::read(argument("a CA file is missing")?)?)?;
    let commands = commands(arguments);

    let password = SecretString::from(env::var("WINRM_PASSWORD")?);
    let mut config = ClientConfig::new(endpoint, trust, Credential::new(user, password))?;
    if let Some(scheme) = env::var("WINRM_SCHEME").ok().and_then(|name| Scheme::from_name(&name)) {
        config.schemes = vec![scheme];
    }
    let client = Client::new(&config)?;
    let outcome = run(&client, commands).await;
    let shutdown = client.shutdown(Duration::from_secs(5)).await;
    writeln!(io::stderr(), "{shutdown:?}")?;
    outcome
}

/// The words after the account, as commands with parameters.
fn commands(words: impl Iterator<Item = String>) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut words = words.peekable();
    let mut begun = false;
    while let Some(word) = words.next() {
        let parameter = word.strip_prefix('-').filter(|name| name.starts_with(char::is_alphabetic));
        match (commands.pop(), parameter) {
            (Some(command), _) if word == "|" => {
                commands.push(command);
                begun = false;
            }
            (Some(command), Some(name)) if begun => {
                let given = words.next_if(|next| !next.starts_with('-') && next != "|");
                commands.push(match given {
                    Some(value) => command.parameter(name, value.as_str()),
                    None => command.parameter(name, true),
                });
            }
            (Some(command), _) if begun => commands.push(match i32::from_str(&word) {
                Ok(number) => command.argument(number),
                Err(_) => command.argument(word.as_str()),
            }),
            (before, _) => {
                commands.extend(before);
                commands.push(Command::new(&word));
                begun = true;
            }
        }
    }
    commands
}

async fn run(client: &Client, commands: Vec<Command>) -> Result<ExitCode, Failure> {
    let at_once: i32 = setting("WINRM_AT_ONCE").unwrap_or(1);
    let mut options = PoolOptions::default();
    options.max_runspaces = at_once;
    options.host = HostInfo::writes();
    let pool = client.open_runspace_pool(options).await?;
    if env::var_os("WINRM_KEY").is_some() {
        pool.exchange_key().await?;
    }
    let mut shell = PowerShell::new(commands);
    if setting::<i32>("WINRM_INPUT").is_some() {
        shell.input = TakesInput::Open;
    }
    let mut code = ExitCode::SUCCESS;
    let (mut times, mut events) = (Vec::new(), 0);
    for _ in 0..setting("WINRM_TIMES").unwrap_or(1) {
        let began = Instant::now();
        let first = start(&pool, shell.clone()).await?;
        let mut others = tokio::task::JoinSet::new();
        for _ in 1..at_once {
            others.spawn(follow(start(&pool, shell.clone()).await?));
        }
        let mut followed = Some(follow(first).await?);
        while let Some((outcome, count)) = followed {
            events += count;
            if outcome != Some(Outcome::Completed) {
                code = ExitCode::FAILURE;
            }
            followed = others.join_next().await.transpose()?.transpose()?;
        }
        times.push(began.elapsed());
    }
    // What is measured is not what a terminal takes.
    for time in times {
        writeln!(io::stderr(), "{time:?}")?;
    }
    if env::var_os("WINRM_QUIET").is_some() {
        writeln!(io::stdout(), "{events} events")?;
    }
    Ok(code)
}

async fn start(pool: &RunspacePool, shell: PowerShell) -> Result<Pipeline, Failure> {
    let pipeline = pool.start(shell).await?;
    if let Some(last) = setting::<i32>("WINRM_INPUT") {
        let mut input = pipeline.input();
        tokio::spawn(async move {
            for number in 1..=last {
                if input.write(number).await.is_err() {
                    break;
                }
            }
        });
    }
    Ok(pipeline)
}

async fn follow(mut pipeline: Pipeline) -> Result<(Option<Outcome>, u64), Failure> {
    let mut count = 0;
    let patience = Duration::from_secs(setting("WINRM_STOP_AFTER").unwrap_or(3600));
    match tokio::time::timeout(patience, show(&mut pipeline, &mut count)).await {
        Ok(shown) => shown?,
        Err(_) => {
            let began = Instant::now();
            let stopped = pipeline.stop(Duration::from_secs(5)).await;
            writeln!(io::stderr(), "{stopped:?} after {:?}", began.elapsed())?;
        }
    }
    if pipeline.outcome() != Some(&Outcome::Completed) {
        writeln!(io::stderr(), "{:?}", pipeline.outcome())?;
    }
    Ok((pipeline.outcome().cloned(), count))
}

async fn show(pipeline: &mut Pipeline, count: &mut u64) -> Result<(), Failure> {
    let quiet = env::var_os("WINRM_QUIET").is_some();
    while let Some(event) = pipeline.next().await? {
        *count += 1;
        match event {
            _ if quiet => {}
            Event::Output(value) => writeln!(io::stdout(), "{value}")?,
            Event::Error(record) => writeln!(io::stderr(), "error: {}", record.message)?,
            other => writeln!(io::stderr(), "{other:?}")?,
        }
    }
    Ok(())
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}
