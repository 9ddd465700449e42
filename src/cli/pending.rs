//! `winrm-mcp pending`: what waits for a human.

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{exit::Exit, output::Console, page};
use crate::{
    config::{self, Arguments},
    invocation::approval::{Approvals, Pending},
    redact::KnownSecrets,
    secret::{Environment, Secrets},
};

/// Lists the requests, the oldest first.
pub(super) fn run(json: bool, environment: &Environment, arguments: &Arguments, console: &Console) -> Exit {
    let config = match config::load_without_hosts(environment, arguments) {
        Ok(config) => config,
        Err(error) => return Exit::failed(console, &error),
    };
    let approvals =
        Approvals::new(config.approval, Secrets::new(environment.clone(), KnownSecrets::default()));
    let pending = match approvals.pending() {
        Ok(pending) => pending,
        Err(error) => return Exit::failed(console, &error),
    };
    if json {
        let rows: Vec<Row<'_>> = pending.iter().map(Row::new).collect();
        console.line(serde_json::to_string_pretty(&rows).unwrap_or_default());
        return Exit::SUCCESS;
    }
    if pending.is_empty() {
        console.line("nothing waits for approval");
    }
    for pending in &pending {
        console.out(entry(pending, OffsetDateTime::now_utc()));
    }
    Exit::SUCCESS
}

/// A request as JSON shows it.
#[derive(Debug, Serialize)]
struct Row<'p> {
    id: &'p str,
    digest: String,
    principal: &'p str,
    host: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_name: Option<&'p str>,
    kind: &'p str,
    judged_form: &'p str,
    rule: &'p str,
    risk: &'p str,
    tool: &'p str,
    policy: &'p str,
    asked: String,
    expires: String,
    approve: String,
}

impl<'p> Row<'p> {
    fn new(pending: &'p Pending) -> Self {
        let Pending { id, request, background, asked, expires } = pending;
        Self {
            id: id.as_str(),
            digest: request.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
            principal: &request.principal,
            host: &request.host,
            configuration_name: request.configuration_name.as_deref(),
            kind: &request.kind,
            judged_form: &request.form,
            rule: &background.rule,
            risk: &background.risk,
            tool: &background.tool,
            policy: &request.policy,
            asked: time(*asked),
            expires: time(*expires),
            approve: format!("winrm-mcp approve {id}"),
        }
    }
}

/// A few lines for people; a long form shows its beginning, for to approve shows it whole.
fn entry(pending: &Pending, now: OffsetDateTime) -> String {
    let Pending { id, request, background, expires, .. } = pending;
    let left = expires.saturating_sub(now.unix_timestamp()).max(0);
    let form = page::visible(&request.form);
    let mut lines = page::wrapped(&form, 2).into_iter();
    let mut text = format!("{id}  {}, {} left\n", request.host, page::span(left));
    lines.by_ref().take(SHOWN).for_each(|line| text.push_str(&format!("{line}\n")));
    if lines.next().is_some() {
        text.push_str("  …\n");
    }
    let for_whom = format!("rule {}, for {} by {}", background.rule, request.principal, background.tool);
    page::wrapped(&for_whom, 2).into_iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// Seconds since 1970 as RFC 3339.
pub(super) fn time(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string())
}

/// Lines of a form in the list.
const SHOWN: usize = 4;
