//! The host in another process: this program, started a second time.

use std::{
    env,
    io::{self, BufRead, BufReader, Lines, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret;
use winrm::{ClientConfig, Credential, Endpoint, Trust, UserName};
use winrm_host::{Event, Host, Mark};

use crate::Failure;

/// A host that serves until [`Peer::end`], or until this process ends.
pub(crate) struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
    pub(crate) config: ClientConfig,
}

/// What the host's record and the host itself count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) connections_opened: usize,
    pub(crate) connections_left: usize,
    pub(crate) shells_opened: usize,
    pub(crate) shells_left: usize,
}

impl Peer {
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut process = Process::new(env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().ok_or("no input")?;
        let mut answers = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut line = || answers.next().ok_or("the host ended")?.map_err(Failure::from);
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
        let config =
            ClientConfig::new(Endpoint::parse(&address)?, Trust::ca_pem(ca.as_bytes())?, credential)?;
        Ok(Self { process, orders, answers, address: address.parse()?, config })
    }

    /// Asks the host what it has counted so far.
    pub(crate) fn counts(&mut self) -> Result<Counts, Failure> {
        writeln!(self.orders, "count")?;
        let line = self.answers.next().ok_or("the host ended")??;
        let mut numbers = line.split(' ').map(str::parse);
        let mut number = || numbers.next().ok_or("a number is missing")?.map_err(Failure::from);
        Ok(Counts {
            connections_opened: number()?,
            connections_left: number()?,
            shells_opened: number()?,
            shells_left: number()?,
        })
    }

    pub(crate) fn end(self) -> Result<(), Failure> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        process.wait()?;
        Ok(())
    }
}

/// The host's process: says how to reach it, and answers each line of its input with its counts until that ends.
pub(crate) async fn serve() -> Result<(), Failure> {
    let host = Host::builder().start().await?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}\n{}\n{}", host.addr(), host.user(), host.password().expose_secret())?;
    writeln!(stdout, "{}\n{END_OF_CA}", host.ca_pem())?;
    stdout.flush()?;
    drop(stdout);

    // The record forgets its oldest entries, so they are counted as they come.
    let counts = Arc::new(Mutex::new(Counts::default()));
    let (record, counting) = (host.record(), counts.clone());
    let counter = tokio::spawn(async move {
        let count = |event: &Event| {
            counting.lock().unwrap_or_else(PoisonError::into_inner).note(event);
            false
        };
        let _never = record.wait_for(Mark::default(), FOR_EVER, count).await;
    });
    let (orders, mut ordered) = tokio::sync::mpsc::channel::<()>(1);
    let reader = tokio::task::spawn_blocking(move || {
        for _ in io::stdin().lines().map_while(Result::ok) {
            if orders.blocking_send(()).is_err() {
                break;
            }
        }
    });
    while ordered.recv().await.is_some() {
        let counted = *counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { connections_opened, connections_left, shells_opened, .. } = counted;
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{connections_opened} {connections_left} {shells_opened} {}", host.open_shells())?;
        stdout.flush()?;
    }
    reader.await?;
    counter.abort();
    host.shutdown().await;
    Ok(())
}

impl Counts {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Connected { .. } => {
                self.connections_opened += 1;
                self.connections_left += 1;
            }
            Event::Disconnected { .. } => self.connections_left = self.connections_left.saturating_sub(1),
            Event::ShellCreated { .. } => self.shells_opened += 1,
            _ => {}
        }
    }
}

pub(crate) const SERVE: &str = "--serve-loopback-host";
const END_OF_CA: &str = "=== end of CA ===";
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);
