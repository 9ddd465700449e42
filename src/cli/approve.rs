//! `winrm-mcp approve`: a human reads what would run, on a terminal, and says yes.

use std::io;

use super::{
    arguments::Approve, exit::Exit, output::Console, page, pending::time, setup, terminal::Terminal,
};
use crate::{
    call::HostName,
    config::Arguments,
    inventory::{Inventory, InventoryError},
    invocation::approval::{ApprovalError, Approvals, Pending, Request},
    redact::KnownSecrets,
    remedy::{Code, Remedy},
    secret::{Environment, Secrets},
};

/// Shows the whole judged form, asks, and puts the answer down.
pub(super) fn run(
    asked: &Approve,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let config = match setup::load(environment, arguments, console) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let approvals =
        Approvals::new(config.approval, Secrets::new(environment.clone(), KnownSecrets::default()));
    match decide(asked, &approvals, &config.inventory) {
        Ok(Decision::Approved { hosts }) => {
            console.line(format_args!(
                "approved once for {}; repeat the call within 5 minutes",
                hosts.join(", ")
            ));
            Exit::SUCCESS
        }
        Ok(Decision::Declined) => {
            console.line("declined; the request is dropped");
            Exit::of(Code::ApprovalMissing)
        }
        Ok(Decision::Open) => {
            console.line("not approved; the request still waits");
            Exit::of(Code::ApprovalMissing)
        }
        Err(error) => Exit::failed(console, &error),
    }
}

/// What the human said.
#[derive(Debug)]
enum Decision {
    Approved { hosts: Vec<String> },
    Declined,
    Open,
}

/// Why nobody could say anything.
#[derive(Debug, thiserror::Error)]
enum ApproveError {
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error(transparent)]
    Host(#[from] InventoryError),
    #[error("the host {0} of the request is not among the hosts that --hosts names")]
    OtherHosts(String),
    #[error("to approve needs a terminal, where a human can read: {0}")]
    NoTerminal(io::ErrorKind),
}

fn decide(asked: &Approve, approvals: &Approvals, inventory: &Inventory) -> Result<Decision, ApproveError> {
    let pending = approvals.find(&asked.id)?;
    approvals.may_approve()?;
    let requests = requests(&pending, asked.hosts.as_deref(), inventory)?;
    let hosts: Vec<String> = requests.iter().map(|request| request.host.clone()).collect();
    let no_terminal = |error: io::Error| ApproveError::NoTerminal(error.kind());
    let mut terminal = Terminal::open().map_err(no_terminal)?;
    terminal.show(&shown(&pending, &hosts)).map_err(no_terminal)?;
    let answer = terminal.ask("Type yes to approve, no to decline: ").map_err(no_terminal)?;
    match answer.trim() {
        "yes" => {}
        "no" => {
            approvals.decline(&pending.id)?;
            return Ok(Decision::Declined);
        }
        _ => return Ok(Decision::Open),
    }
    let passphrase = match approvals.settings().passphrase {
        Some(_) => Some(terminal.ask_secret("Passphrase: ").map_err(no_terminal)?),
        None => None,
    };
    approvals.approve(&pending.id, &requests, passphrase.as_ref())?;
    Ok(Decision::Approved { hosts })
}

/// The request, and the same for each other host of a named set.
fn requests(
    pending: &Pending,
    hosts: Option<&[String]>,
    inventory: &Inventory,
) -> Result<Vec<Request>, ApproveError> {
    let Some(hosts) = hosts else { return Ok(vec![pending.request.clone()]) };
    let mut requests: Vec<Request> = Vec::new();
    for text in hosts {
        for target in inventory.select(text)? {
            let host = target.name.as_str().to_owned();
            if requests.iter().all(|request| request.host != host) {
                let name = target.remoting.configuration_name.as_ref();
                let configuration_name = name.map(|name| name.as_str().to_owned());
                requests.push(Request { host, configuration_name, ..pending.request.clone() });
            }
        }
    }
    let asked = HostName::new(pending.request.host.clone());
    let covers = |request: &Request| request.host.eq_ignore_ascii_case(asked.as_str());
    if !requests.iter().any(covers) {
        return Err(ApproveError::OtherHosts(pending.request.host.clone()));
    }
    Ok(requests)
}

/// All that the human decides about.
fn shown(pending: &Pending, hosts: &[String]) -> String {
    let Pending { id, request, background, asked, expires } = pending;
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        for (index, line) in page::wrapped(&page::visible(value), VALUES).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            text.push_str(&format!("{name:VALUES$}{}\n", line.trim_start()));
        }
    };
    row("Request", id.as_str());
    row("Asked", &format!("{}, until {}", time(*asked), time(*expires)));
    row("For", &format!("{}, by {}", request.principal, background.tool));
    row(if hosts.len() == 1 { "Host" } else { "Hosts" }, &hosts.join(", "));
    if let Some(name) = &request.configuration_name {
        row("Endpoint", name);
    }
    row("Rule", &format!("{} ({})", background.rule, background.risk));
    text.push_str(&format!("This would run, as {}:\n\n", request.kind));
    for line in page::wrapped(&page::visible(&request.form), 2) {
        text.push_str(&format!("{line}\n"));
    }
    text.push('\n');
    text
}

impl Remedy for ApproveError {
    fn code(&self) -> Code {
        match self {
            Self::Approval(error) => error.code(),
            Self::Host(error) => error.code(),
            Self::OtherHosts(_) | Self::NoTerminal(_) => Code::Usage,
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Approval(error) => error.fix(),
            Self::Host(error) => error.fix(),
            Self::OtherHosts(host) => Some(format!("add {host} to --hosts, or leave --hosts out")),
            Self::NoTerminal(_) => Some("run it in a terminal, not from a script or an assistant".to_owned()),
        }
    }
}

/// The column where values begin.
const VALUES: usize = 10;
