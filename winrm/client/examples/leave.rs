//! Leaves a runspace pool with a pipeline that runs, and takes it over in another process.
//!
//! ```text
//! WINRM_PASSWORD=… cargo run -p winrm --example leave -- https://host:5986/wsman user ca.pem
//! ```
//!
//! prints the identifier of the pool; with that as a further argument the same command takes the pool over and shows what
//! its pipelines have written.

use std::{
    env, fs,
    io::{self, Write},
    time::Duration,
};

use secrecy::SecretString;
use winrm::{
    Client, ClientConfig, Credential, Endpoint, Trust, UserName,
    powershell::{Command, Event, PoolOptions, PowerShell},
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    let mut argument = |name: &'static str| arguments.next().ok_or(name);
    let endpoint = Endpoint::parse(&argument("an endpoint is missing")?)?;
    let user = UserName::parse(&argument("a user is missing")?)?;
    let trust = Trust::ca_pem(&fs::read(argument("a CA file is missing")?)?)?;
    let password = SecretString::from(env::var("WINRM_PASSWORD")?);
    let client = Client::new(&ClientConfig::new(endpoint, trust, Credential::new(user, password))?)?;
    let outcome = match arguments.next() {
        Some(pool) => take_over(&client, &pool).await,
        None => leave(&client).await,
    };
    writeln!(io::stderr(), "{:?}", client.shutdown(Duration::from_secs(5)).await)?;
    outcome
}

async fn leave(client: &Client) -> Result<(), Failure> {
    let pool = client.open_runspace_pool(PoolOptions::default()).await?;
    let mut work = PowerShell::new(vec![Command::new("Start-Sleep").parameter("Seconds", 1)]);
    work.statements.push(vec![Command::new("Write-Output").argument("kept")]);
    let _running = pool.start(work).await?;
    pool.disconnect(Some(Duration::from_secs(600))).await?;
    writeln!(io::stdout(), "{}", pool.id())?;
    Ok(())
}

async fn take_over(client: &Client, pool: &str) -> Result<(), Failure> {
    let shells = client.list_shells().await?;
    let left = shells.iter().find(|shell| shell.id() == pool).ok_or("the host has no such pool")?;
    let pool = client.connect_runspace_pool(left).await?;
    for id in pool.list_pipelines().await? {
        let mut pipeline = pool.attach(id).await?;
        while let Some(event) = pipeline.next().await? {
            if let Event::Output(value) = event {
                writeln!(io::stdout(), "{value}")?;
            }
        }
        writeln!(io::stderr(), "{:?}", pipeline.outcome())?;
    }
    Ok(())
}
