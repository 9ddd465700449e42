//! Runs one command on a host and shows its output and exit code.
//!
//! ```text
//! WINRM_PASSWORD=… cargo run -p winrm --example run -- https://host:5986/wsman user ca.pem whoami /all
//! ```
//!
//! `WINRM_SCHEME` may name Negotiate, NTLM or Basic. `WINRM_STOP_AFTER` stops the command after so many seconds.

use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use secrecy::SecretString;
use winrm::{
    Client, ClientConfig, Command, Credential, Endpoint, Event, Scheme, ShellOptions, Trust, UserName,
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let mut arguments = env::args().skip(1);
    let mut argument = |name: &'static str| arguments.next().ok_or(name);
    let endpoint = Endpoint::parse(&argument("an endpoint is missing")?)?;
    let user = UserName::parse(&argument("a user is missing")?)?;
    let trust = Trust::ca_pem(&fs::read(argument("a CA file is missing")?)?)?;
    let executable = argument("a command is missing")?;
    let command = Command::program(executable).arguments(arguments);

    let password = SecretString::from(env::var("WINRM_PASSWORD")?);
    let mut config = ClientConfig::new(endpoint, trust, Credential::new(user, password))?;
    if let Some(scheme) = env::var("WINRM_SCHEME").ok().and_then(|name| Scheme::from_name(&name)) {
        config.schemes = vec![scheme];
    }
    let client = Client::new(&config)?;
    let outcome = run(&client, command).await;
    let _shutdown = client.shutdown(Duration::from_secs(5)).await;
    outcome
}

async fn run(client: &Client, command: Command) -> Result<ExitCode, Failure> {
    let shell = client.open_shell(ShellOptions::default()).await?;
    let mut execution = shell.start(command).await?;
    let seconds = env::var("WINRM_STOP_AFTER").ok().and_then(|text| text.parse().ok()).unwrap_or(3600);
    match tokio::time::timeout(Duration::from_secs(seconds), show(&mut execution)).await {
        Ok(shown) => shown?,
        Err(_) => writeln!(io::stderr(), "{:?}", execution.stop(Duration::from_secs(5)).await)?,
    }
    let low_byte = execution.exit_code().map_or(1, |code| code.rem_euclid(256));
    Ok(ExitCode::from(u8::try_from(low_byte)?))
}

async fn show(execution: &mut winrm::Execution) -> Result<(), Failure> {
    while let Some(event) = execution.next().await? {
        match event {
            Event::Stdout(bytes) => io::stdout().write_all(&bytes)?,
            Event::Stderr(bytes) => io::stderr().write_all(&bytes)?,
        }
    }
    Ok(())
}
