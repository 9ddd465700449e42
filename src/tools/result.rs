//! A report as an MCP tool result: compact text that stands by itself, and the same facts as data.

use std::{borrow::Cow, sync::Arc};

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde_json::{Value, json};

use super::{explain_policy, lookup};
use crate::{
    call::{HostName, Ran},
    explain::{Explanation, Found},
    inventory::Inventory,
    invocation::{Done, Failure, Listed, SessionName},
    output,
    redact::{Scrubbed, Scrubber},
    remedy::Remedy,
};

/// What a request came to.
#[derive(Debug)]
pub enum Answer<'a> {
    /// A call that ended.
    Done {
        /// What came of it.
        done: &'a Done,
        /// The account there, which `winrm-mcp-server` names in its errors.
        user: &'a str,
        /// 128 random bits that the host cannot know, for the markers around its output.
        nonce: u128,
    },
    /// The hosts there are.
    Hosts(&'a Inventory),
    /// What would become of work on a host.
    Explained(&'a HostName, &'a Explanation),
    /// Commands that may be used.
    Found(&'a Found),
    /// The caller's named sessions.
    Sessions(&'a [Listed]),
    /// A named session that was closed.
    Closed(&'a SessionName, &'a HostName),
    /// Arguments that cannot be a request.
    Refused(&'a dyn Remedy),
}

/// Writes an answer as a tool result. What the caller sent can hold a secret, so all of it is scrubbed once more.
#[must_use]
pub fn render(answer: &Answer<'_>, scrubber: &Scrubber) -> CallToolResult {
    let Rendered { text, mut data, success } = match answer {
        Answer::Done { done, user, nonce } => render_done(done, user, *nonce),
        Answer::Hosts(inventory) => render_hosts(inventory),
        Answer::Explained(host, explanation) => Rendered {
            text: lookup::explanation(host.as_str(), explanation),
            data: lookup::explanation_data(host.as_str(), explanation),
            success: true,
        },
        Answer::Found(found) => Rendered { text: lookup::found(found), data: json!(found), success: true },
        Answer::Sessions(sessions) => render_sessions(sessions),
        Answer::Closed(name, host) => Rendered {
            text: format!("The session {name} on {host} is forgotten.\n"),
            data: json!({ "closed": name.to_string(), "host": host.as_str() }),
            success: true,
        },
        Answer::Refused(error) => render_refusal(*error),
    };
    scrub(&mut data, scrubber);
    let content = vec![ContentBlock::text(scrubber.scrub(&text).text)];
    let mut result = if success { CallToolResult::success(content) } else { CallToolResult::error(content) };
    result.structured_content = Some(data);
    result
}

/// A result before it is scrubbed.
struct Rendered {
    text: String,
    data: Value,
    success: bool,
}

/// The output schema of every tool that yields a report. An error lacks most of it, so little is required.
pub(super) fn schema() -> Arc<JsonObject> {
    let size = json!({
        "type": "object",
        "properties": { "total_bytes": { "type": "integer" }, "omitted_bytes": { "type": "integer" } }
    });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    Arc::new(rmcp::object!({
        "type": "object",
        "properties": {
            "host": { "type": "string" },
            "status": {
                "type": "string",
                "enum": [
                    "success", "failed", "denied", "approval_required", "timed_out", "cancelled", "running",
                    "unknown", "error"
                ]
            },
            "ran": { "type": "string", "enum": ["no", "yes", "unknown"] },
            "hostname": { "type": "string" },
            "command": { "type": "string" },
            "status_code": { "type": "integer" },
            "stdout": { "type": "string" },
            "stderr": { "type": "string" },
            "execution_time_seconds": { "type": "number" },
            "success": { "type": "boolean" },
            "exit": {
                "type": "object",
                "properties": {
                    "code": { "type": "integer" },
                    "source": { "type": "string", "enum": ["remote", "local"] }
                }
            },
            "objects": { "type": "array", "items": { "type": "object" } },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "message": { "type": "string" },
                        "category": { "type": "string" },
                        "id": { "type": "string" },
                        "target": { "type": "string" },
                        "command": { "type": "string" },
                        "position": { "type": "string" }
                    }
                }
            },
            "warnings": texts,
            "verbose": texts,
            "information": texts,
            "steps": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "number": { "type": "integer" },
                        "command": { "type": "string" },
                        "outcome": {
                            "type": "string",
                            "enum": [
                                "completed", "failed", "denied", "not_sent", "stopped", "still_running", "unknown"
                            ]
                        },
                        "ran": { "type": "string", "enum": ["no", "yes", "unknown"] },
                        "objects": { "type": "integer" },
                        "errors": { "type": "integer" }
                    }
                }
            },
            "via": { "type": "string", "enum": ["psrp", "winrs"] },
            "call_id": { "type": "string" },
            "redactions": { "type": "integer" },
            "removed_characters": { "type": "integer" },
            "truncated": {
                "type": "object",
                "properties": {
                    "stdout": size,
                    "stderr": size,
                    "total_objects": { "type": "integer" },
                    "omitted_objects": { "type": "integer" },
                    "omitted_records": { "type": "integer" },
                    "cut": texts
                }
            },
            "job": { "type": "string" },
            "error": {
                "type": "object",
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "fix": { "type": "string" },
                    "retry": { "type": "boolean" }
                }
            }
        },
        "required": ["host", "status", "ran"]
    }))
}

/// The output schema of `explain_policy`, which can be refused as every tool can.
pub(super) fn explanation_schema() -> Arc<JsonObject> {
    Arc::new(rmcp::object!({
        "type": "object",
        "properties": explain_policy::output(),
        "required": ["host"]
    }))
}

/// The output schema of `find_commands`.
pub(super) fn found_schema() -> Arc<JsonObject> {
    let text = json!({ "type": "string" });
    let parameter = json!({ "type": "object", "properties": { "name": text, "type": text, "takes": text } });
    let forms = json!({ "type": "array", "items": { "type": "array", "items": text } });
    let program = json!({
        "type": "object",
        "properties": { "name": text, "access": text, "approval": { "type": "boolean" }, "forms": forms }
    });
    let script = json!({
        "type": "object",
        "properties": { "name": text, "access": text, "approval": { "type": "boolean" } }
    });
    let command = json!({
        "type": "object",
        "properties": {
            "name": text, "access": text, "approval": { "type": "boolean" }, "parameters": { "type": "array", "items": parameter }
        }
    });
    Arc::new(rmcp::object!({
        "type": "object",
        "properties": {
            "host": text,
            "commands": { "type": "array", "items": command },
            "programs": { "type": "array", "items": program },
            "scripts": { "type": "array", "items": script },
            "total": { "type": "integer" }
        },
        "required": ["host"]
    }))
}

fn render_done(Done { report, failure }: &Done, user: &str, nonce: u128) -> Rendered {
    // What nothing came back for holds nothing that comes from a host.
    let bare = report.ran == Ran::No && report.stdout.is_empty() && report.stderr.is_empty();
    let text = match failure {
        None => report.fenced_text(nonce),
        Some(Failure::Denied(_) | Failure::NotApproved(_)) if bare => report.text(),
        Some(Failure::Denied(_) | Failure::NotApproved(_)) => report.fenced_text(nonce),
        Some(failure) => {
            let error = output::error_text(&report.host, user, failure) + "\n";
            if bare { error } else { error + &report.fenced_text(nonce) }
        }
    };
    Rendered { text, data: serde_json::to_value(report).unwrap_or_default(), success: report.success }
}

fn render_hosts(inventory: &Inventory) -> Rendered {
    let mut text = String::new();
    let mut hosts = Vec::new();
    for target in inventory.targets() {
        let tags: Vec<&str> = target.tags.iter().map(crate::inventory::Tag::as_str).collect();
        text.push_str(&format!("{} {} as {}", target.name, target.endpoint, target.login.user));
        if !tags.is_empty() {
            text.push_str(&format!(" [{}]", tags.join(", ")));
        }
        text.push('\n');
        hosts.push(json!({
            "name": target.name.as_str(),
            "address": target.endpoint.to_string(),
            "user": target.login.user,
            "tags": tags,
        }));
    }
    Rendered { text, data: json!({ "hosts": hosts }), success: true }
}

fn render_sessions(sessions: &[Listed]) -> Rendered {
    let mut text = String::new();
    for Listed { name, host, busy, variables, functions, idle } in sessions {
        let state = if *busy { "busy".to_owned() } else { format!("idle for {} s", idle.as_secs()) };
        let variables = variables.iter().map(|name| format!("${name}"));
        let held: Vec<String> = variables.chain(functions.iter().map(|name| format!("{name}()"))).collect();
        let held = if held.is_empty() { "nothing yet".to_owned() } else { held.join(", ") };
        text.push_str(&format!("{name} on {host}, {state}: {held}\n"));
    }
    if text.is_empty() {
        text.push_str("There are no sessions; a call with `session` makes one.\n");
    }
    let data: Vec<Value> = sessions
        .iter()
        .map(|session| {
            json!({
                "name": session.name.to_string(),
                "host": session.host.as_str(),
                "busy": session.busy,
                "idle_seconds": session.idle.as_secs(),
                "variables": session.variables,
                "functions": session.functions,
            })
        })
        .collect();
    Rendered { text, data: json!({ "sessions": data }), success: true }
}

fn render_refusal(error: &dyn Remedy) -> Rendered {
    let mut text = format!("Unexpected error: {}", error.sentence());
    if let Some(fix) = error.fix() {
        text.push_str(&format!(" ({fix})"));
    }
    let error = output::ErrorReport::new(error);
    let data = json!({ "host": "", "status": "error", "ran": "no", "error": error });
    Rendered { text, data, success: false }
}

fn scrub(data: &mut Value, scrubber: &Scrubber) {
    match data {
        Value::String(text) => {
            if let Scrubbed { text: Cow::Owned(clean), .. } = scrubber.scrub(text) {
                *text = clean;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| scrub(item, scrubber)),
        Value::Object(fields) => fields.values_mut().for_each(|field| scrub(field, scrubber)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
