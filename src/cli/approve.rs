//! `winrm-mcp approve`: a human reads what would run, on a terminal, and says yes.

use std::io;

use time::OffsetDateTime;

use super::{arguments::Approve, exit::Exit, output::Console, page, pending::time, terminal::Terminal};
use crate::{
    call::HostName,
    config::{self, Arguments, Config},
    inventory::{Inventory, InventoryError, Tag},
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
    let config = match config::load_without_hosts(environment, arguments) {
        Ok(config) => config,
        Err(error) => return Exit::failed(console, &error),
    };
    let secrets = Secrets::new(environment.clone(), KnownSecrets::default());
    let approvals = Approvals::new(config.approval.clone(), secrets);
    match decide(asked, &approvals, &config) {
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

fn decide(asked: &Approve, approvals: &Approvals, config: &Config) -> Result<Decision, ApproveError> {
    let inventory = &config.inventory;
    let pending = approvals.find(&asked.id)?;
    approvals.may_approve()?;
    let requests = requests(&pending, asked.hosts.as_deref(), inventory)?;
    let no_terminal = |error: io::Error| ApproveError::NoTerminal(error.kind());
    let mut terminal = Terminal::open().map_err(no_terminal)?;
    terminal.show(&shown(&pending, &requests, config, OffsetDateTime::now_utc())).map_err(no_terminal)?;
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
    Ok(Decision::Approved { hosts: requests.into_iter().map(|request| request.host).collect() })
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
fn shown(pending: &Pending, requests: &[Request], config: &Config, now: OffsetDateTime) -> String {
    let Pending { id, request, background, asked, expires } = pending;
    let mut rows = Rows::default();
    rows.add("Request", id.as_str());
    rows.add("Asked", &format!("{} by {}, for {}", time(*asked), background.tool, request.principal));
    let left = page::span(expires.saturating_sub(now.unix_timestamp()).max(0));
    rows.add("Expires", &format!("{}, in {left}", time(*expires)));
    for (index, request) in requests.iter().enumerate() {
        let title = match (index, requests.len()) {
            (0, 1) => "Host",
            (0, _) => "Hosts",
            _ => "",
        };
        rows.add(title, &place(request, &config.inventory));
    }
    rows.add("Rule", &format!("{} ({})", background.rule, background.risk));
    if request.policy != config.policy_in_force.version() {
        rows.add("Policy", "not the one in force here, under which this approval would not count");
    }
    let mut text = rows.0;
    text.push_str(&format!("This would run, as {}:\n\n", request.kind));
    for line in page::wrapped(&page::visible(&request.form), 2) {
        text.push_str(&format!("{line}\n"));
    }
    text.push('\n');
    text
}

/// A host by its name, and where that leads.
fn place(request: &Request, inventory: &Inventory) -> String {
    let mut text = request.host.clone();
    match inventory.find(&HostName::new(request.host.clone())) {
        Ok(target) => {
            text.push_str(&format!(", {} as {}", target.endpoint, target.login.user));
            let tags: Vec<&str> = target.tags.iter().map(Tag::as_str).collect();
            if !tags.is_empty() {
                text.push_str(&format!(", tagged {}", tags.join(", ")));
            }
        }
        Err(_) => text.push_str(", which this configuration does not have"),
    }
    if let Some(name) = &request.configuration_name {
        text.push_str(&format!(", at the endpoint {name}"));
    }
    text
}

/// Rows with a title each.
#[derive(Debug, Default)]
struct Rows(String);

impl Rows {
    fn add(&mut self, title: &str, value: &str) {
        for (index, line) in page::wrapped(&page::visible(value), VALUES).into_iter().enumerate() {
            let title = if index == 0 { title } else { "" };
            self.0.push_str(&format!("{title:VALUES$}{}\n", line.trim_start()));
        }
    }
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
