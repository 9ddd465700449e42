//! A host, a client for it, and how to run a command.

use std::time::{Duration, Instant};

use winrm::{
    Client, ClientConfig, Command, Credential, Endpoint, Error, Event, Execution, Shell, ShellOptions, Trust,
    UserName,
};
use winrm_host::{Host, HostBuilder};

/// Long enough for anything on loopback, short enough for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn start(builder: HostBuilder) -> (Host, Client) {
    let host = builder.start().await.unwrap();
    let client = Client::new(&config(&host)).unwrap();
    (host, client)
}

/// What reaches the host with its first account.
pub(crate) fn config(host: &Host) -> ClientConfig {
    let endpoint = Endpoint::parse(&host.addr().to_string()).unwrap();
    let trust = Trust::ca_pem(host.ca_pem().as_bytes()).unwrap();
    let user = UserName::parse(host.user()).unwrap();
    let mut config =
        ClientConfig::new(endpoint, trust, Credential::new(user, host.password().clone())).unwrap();
    config.connect_timeout = Duration::from_secs(5);
    config
}

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit_code: Option<i32>,
}

pub(crate) async fn shell(client: &Client) -> Shell {
    client.open_shell(ShellOptions::default()).await.unwrap()
}

/// A verb of the simulated machine's `simulate.exe`.
pub(crate) fn simulate(line: &str) -> Command {
    Command::program("simulate").arguments(line.split(' '))
}

pub(crate) async fn run(shell: &Shell, command: Command) -> Result<Outcome, Error> {
    let mut execution = shell.start(command).await?;
    finish(&mut execution).await
}

pub(crate) async fn finish(execution: &mut Execution) -> Result<Outcome, Error> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(event) = execution.next().await? {
        match event {
            Event::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Event::Stderr(bytes) => stderr.extend_from_slice(&bytes),
        }
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok(Outcome { stdout: text(stdout), stderr: text(stderr), exit_code: execution.exit_code() })
}

/// The median time of one round trip, asked of a warm client: a yardstick that is as slow as the machine is.
pub(crate) async fn round_trip(client: &Client) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        client.identify().await.unwrap();
        times.push(began.elapsed());
    }
    median(times)
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
