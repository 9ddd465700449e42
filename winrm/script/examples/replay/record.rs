//! A recorded run: its calls, and what each is answered.

use std::error::Error;

use serde_json::Value as Json;
use winrm_proto::clixml::{self, Decoder};
use winrm_script::commands::{self, selectors};
use winrm_script::evaluate::{Call, CallKind, Failure, Reply};
use winrm_script::value::Value;

use super::same;

/// A recorded run.
pub(crate) struct Record {
    calls: Vec<Recorded>,
    /// What the script wrote; nothing where Format- objects are in it.
    pub(crate) output: Option<Vec<clixml::Value>>,
    pub(crate) text: String,
    pub(crate) errors: Vec<String>,
}

/// A call, and the objects that were piped to it.
struct Recorded {
    command: String,
    native: bool,
    arguments: Vec<Value>,
    parameters: Vec<(String, Value)>,
    piped: Option<Vec<Piped>>,
    reply: Reply,
    /// How many of the piped objects were taken, or whether the call was made.
    taken: usize,
}

struct Piped {
    bound: Vec<(String, Value)>,
    reply: Reply,
}

impl Record {
    pub(crate) fn read(line: &Json) -> Result<Self, Box<dyn Error>> {
        let mut decoder = Decoder::default();
        let mut calls = Vec::new();
        for call in list(line, "calls") {
            calls.push(Recorded::read(call, &mut decoder)?);
        }
        let output = match line.get("output") {
            None | Some(Json::Null) => None,
            Some(_) => {
                let mut values = Vec::new();
                for document in list(line, "output") {
                    values.push(decoder.value(document.as_str().unwrap_or_default().as_bytes())?);
                }
                Some(values)
            }
        };
        let errors = list(line, "errors").iter().map(|error| text(error, "id")).collect();
        Ok(Self { calls, output, text: text(line, "text"), errors })
    }

    /// What the host answered to this call, or why there is no such call.
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Reply, String> {
        let mut reasons = Vec::new();
        for recorded in self.calls.iter_mut().filter(|recorded| !recorded.is_over()) {
            match recorded.matches(call) {
                Ok(()) => return Ok(recorded.take(call)),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(format!("call {} {:?} {:?}: {}", call.name, call.parameters, call.arguments, reasons.join("; ")))
    }

    /// What was never called.
    pub(crate) fn missing(&self) -> Vec<String> {
        // These only compute, and are computed here.
        let local = |name: &str| {
            ["Join-Path", "Split-Path", "New-TimeSpan", "ConvertTo-SecureString", "Start-Sleep"]
                .contains(&name)
        };
        let over = |recorded: &&Recorded| !recorded.is_over() && !local(&recorded.command);
        self.calls
            .iter()
            .filter(over)
            .map(|recorded| format!("{} was not called", recorded.command))
            .collect()
    }
}

impl Recorded {
    fn read(call: &Json, decoder: &mut Decoder) -> Result<Self, Box<dyn Error>> {
        let mut failures = Vec::new();
        for error in list(call, "errors") {
            failures.push((error.get("terminating").and_then(Json::as_bool) == Some(true), failure(error)));
        }
        let piped = match (call.get("pipeline_input").and_then(Json::as_bool), call.get("pipeline")) {
            (Some(true), Some(_)) => {
                let mut items = Vec::new();
                for item in list(call, "pipeline") {
                    let known = |id: &Json| {
                        let id = id.as_str().unwrap_or_default();
                        failures.iter().find(|(_, own)| own.id == id).map(|(_, own)| own.clone())
                    };
                    let errors = list(item, "errors").iter().filter_map(known).collect();
                    let output = values(item, "returned", decoder)?;
                    let bound = parameters(item, "bound", decoder)?;
                    items.push(Piped { bound, reply: Reply { output, errors, ..Reply::default() } });
                }
                Some(items)
            }
            _ => None,
        };
        let mut reply = Reply { output: values(call, "returned", decoder)?, ..Reply::default() };
        for (terminating, failure) in failures {
            if terminating {
                reply.terminating = Some(failure);
            } else {
                reply.errors.push(failure);
            }
        }
        reply.exit_code =
            call.get("exit_code").and_then(Json::as_i64).and_then(|code| i32::try_from(code).ok());
        let native = call.get("native").and_then(Json::as_bool).unwrap_or_default();
        if native && reply.exit_code.is_none() {
            reply.exit_code = Some(0);
        }
        let arguments =
            list(call, "arguments").iter().map(|own| Value::string(own.as_str().unwrap_or_default()));
        Ok(Self {
            command: text(call, "command"),
            native,
            arguments: arguments.collect(),
            parameters: parameters(call, "parameters", decoder)?,
            piped,
            reply,
            taken: 0,
        })
    }

    fn is_over(&self) -> bool {
        match &self.piped {
            Some(items) => self.taken >= items.len(),
            None => self.taken > 0,
        }
    }

    fn matches(&self, call: &Call) -> Result<(), String> {
        if !self.command.eq_ignore_ascii_case(&call.name) {
            return Err(format!("next is {}", self.command));
        }
        if self.native != (call.kind == CallKind::Program) {
            return Err("a program, or not".to_owned());
        }
        if self.native {
            let same = self.arguments.len() == call.arguments.len()
                && self
                    .arguments
                    .iter()
                    .zip(&call.arguments)
                    .all(|(own, other)| own.to_text() == other.to_text());
            return if same { Ok(()) } else { Err(format!("arguments {:?}", self.arguments)) };
        }
        let empty = Vec::new();
        let bound = match &self.piped {
            None => &empty,
            // Input that is sent in one call is all of what was piped.
            Some(items) if !call.input.is_empty() && call.piped.is_none() => {
                return if items.len() == call.input.len() {
                    self.same_parameters(call, &empty)
                } else {
                    Err(format!("{} objects piped, not {}", items.len(), call.input.len()))
                };
            }
            Some(items) => match items.get(self.taken) {
                Some(item) => &item.bound,
                None => return Err("no more objects".to_owned()),
            },
        };
        self.same_parameters(call, bound)
    }

    fn same_parameters(&self, call: &Call, bound: &[(String, Value)]) -> Result<(), String> {
        let mut left: Vec<&(String, Value)> = call.parameters.iter().collect();
        for (name, value) in self.parameters.iter().chain(bound) {
            let full = full_name(&call.name, name);
            let found = left
                .iter()
                .position(|(own, given)| own.eq_ignore_ascii_case(&full) && same::arguments(value, given));
            match found {
                Some(at) => drop(left.remove(at)),
                None => take_selected(&call.name, &full, value, call, &mut left)
                    .map_err(|reason| format!("{reason}: {value:?}"))?,
            }
        }
        match left.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("-{name} is not in the record")),
        }
    }

    fn take(&mut self, call: &Call) -> Reply {
        let whole = call.piped.is_none();
        match &mut self.piped {
            Some(items) if whole => {
                self.taken = items.len();
                self.reply.clone()
            }
            Some(items) => {
                let at = self.taken;
                self.taken += 1;
                items.get(at).map(|item| item.reply.clone()).unwrap_or_default()
            }
            None => {
                self.taken = 1;
                self.reply.clone()
            }
        }
    }
}

/// A parameter's full name, where it was recorded by an alias.
fn full_name(command: &str, parameter: &str) -> String {
    let known = commands::find(command).and_then(|command| command.parameter(parameter));
    known.map_or_else(|| parameter.to_owned(), |known| known.name().to_owned())
}

/// A live object in the record is the object that was piped, or what its selector names.
fn take_selected(
    command: &str,
    name: &str,
    value: &Value,
    call: &Call,
    left: &mut Vec<&(String, Value)>,
) -> Result<(), String> {
    let object = match value {
        Value::Array(array) if array.len() == 1 => array.item(0).unwrap_or_default(),
        other => other.clone(),
    };
    let Value::Object(object) = &object else { return Err(format!("-{name} is missing")) };
    let mut named = 0;
    if let Some(selector) = selectors(command, name) {
        for (property, parameter) in selector.pairs() {
            let own = object.property(property).unwrap_or_default();
            let found = left.iter().position(|(given, value)| {
                given.eq_ignore_ascii_case(parameter) && same::arguments(&own, value)
            });
            if let Some(at) = found {
                left.remove(at);
                named += 1;
            }
        }
    }
    let itself =
        call.input.first().is_some_and(|input| same::arguments(&Value::Object(object.clone()), input));
    if named > 0 || itself { Ok(()) } else { Err(format!("-{name} is not named by a selector")) }
}

fn failure(error: &Json) -> Failure {
    let word = |name: &str| text(error, name);
    Failure {
        id: word("id"),
        message: word("message"),
        exception: word("exception"),
        category: word("category"),
        target: Value::string(word("target")),
        ..Failure::default()
    }
}

fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn values(json: &Json, name: &str, decoder: &mut Decoder) -> Result<Vec<Value>, Box<dyn Error>> {
    let mut values = Vec::new();
    for document in list(json, name) {
        let value = decoder.value(document.as_str().unwrap_or_default().as_bytes())?;
        values.push(Value::from_clixml(&value));
    }
    Ok(values)
}

fn parameters(
    json: &Json,
    name: &str,
    decoder: &mut Decoder,
) -> Result<Vec<(String, Value)>, Box<dyn Error>> {
    let mut found = Vec::new();
    for (name, document) in json.get(name).and_then(Json::as_object).into_iter().flatten() {
        let value = decoder.value(document.as_str().unwrap_or_default().as_bytes())?;
        found.push((name.clone(), Value::from_clixml(&value)));
    }
    Ok(found)
}
