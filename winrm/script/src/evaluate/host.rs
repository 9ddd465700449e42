//! Commands and programs of a host as stages of a pipeline.
//!
//! What is piped to a command is bound here, object by object, as PowerShell binds it: by value, by a selector that
//! names the object again, or by the names of its properties. So every value is known before it is sent.

use super::arguments::{Argument, Arguments, Common, Element};
use super::command::kind_of;
use super::filter::Stage;
use super::interpreter::{Interpreter, Turn};
use super::member::{property, property_names};
use super::output::{ErrorAction, Target};
use super::push_down::filter_failed;
use super::unwind::{Flow, Unwind};
use super::{Call, CallKind, FilterCall, Reply, Returns, Step};
use crate::commands::{self, BoundValue, Command, Input, Parameter, selectors};
use crate::tree::Span;
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

/// A command or program of a host.
pub(super) struct Host {
    call: Call,
    command: Option<Command>,
    common: Common,
    /// For each filter that travels, the stage that does it here; nothing where it stands in the pipeline as it is.
    stand_by: Vec<Option<Box<dyn Stage>>>,
    /// What was piped in and is sent in one call.
    gathered: Vec<Value>,
    called: bool,
}

impl Host {
    pub(super) fn new(name: &str, arguments: Arguments, span: Span) -> Flow<Self> {
        if kind_of(name) == CallKind::Program {
            return Ok(Self::program(name, arguments, span));
        }
        let Some(command) = commands::find(name) else {
            return Self::unknown(name, arguments, span);
        };
        let bound = command
            .bind_values(&arguments.for_binding())
            .map_err(|refusal| Unwind::refused(refusal.to_string()))?;
        let mut common = Common::default();
        let mut parameters = Vec::new();
        for argument in bound.arguments {
            let parameter = argument.parameter;
            let value = match argument.value {
                BoundValue::Switch => Value::Boolean(true),
                BoundValue::Given(argument) => typed(argument, parameter.type_name())?,
                BoundValue::Remaining(rest) => {
                    let items: Vec<Value> = rest.into_iter().map(|argument| argument.value).collect();
                    typed(Argument::plain(Value::array(items)), parameter.type_name())?
                }
            };
            if parameter.is_common() {
                common.take(parameter.name(), value.clone())?;
            }
            parameters.push((parameter.name().to_owned(), value));
        }
        let call = Call { parameters, ..empty_call(command.name(), CallKind::Command, span) };
        Ok(Self {
            call,
            command: Some(command),
            common,
            stand_by: Vec::new(),
            gathered: Vec::new(),
            called: false,
        })
    }

    pub(super) fn program(name: &str, arguments: Arguments, span: Span) -> Self {
        let mut words = Vec::new();
        for element in arguments.elements {
            match element {
                Element::Value(argument) => push_words(argument, &mut words),
                Element::Parameter { name, value: None } => words.push(Value::string(format!("-{name}"))),
                Element::Parameter { name, value: Some(value) } => {
                    let value = value.text.unwrap_or_else(|| value.value.to_text().as_str().to_owned());
                    words.push(Value::string(format!("-{name}:{value}")));
                }
            }
        }
        let call = Call { arguments: words, ..empty_call(name, CallKind::Program, span) };
        let common = Common { error_action: Some(ErrorAction::Continue), ..Common::default() };
        Self { call, command: None, common, stand_by: Vec::new(), gathered: Vec::new(), called: false }
    }

    /// A command that is not in the table: its parameters must be written out.
    fn unknown(name: &str, arguments: Arguments, span: Span) -> Flow<Self> {
        let mut call = empty_call(name, CallKind::Command, span);
        let mut common = Common::default();
        let mut elements = arguments.elements.into_iter().peekable();
        while let Some(element) = elements.next() {
            match element {
                Element::Value(argument) => call.arguments.push(argument.value),
                Element::Parameter { name, value } => {
                    let value = match value {
                        Some(value) => value.value,
                        None => match elements.next_if(|next| matches!(next, Element::Value(_))) {
                            Some(Element::Value(value)) => value.value,
                            _ => Value::Boolean(true),
                        },
                    };
                    if name.eq_ignore_ascii_case("ErrorAction") {
                        common.take("ErrorAction", value.clone())?;
                    }
                    call.parameters.push((name, value));
                }
            }
        }
        Ok(Self { call, command: None, common, stand_by: Vec::new(), gathered: Vec::new(), called: false })
    }

    pub(super) fn into_call(self) -> Call {
        self.call
    }

    pub(super) fn common(&self) -> &Common {
        &self.common
    }

    /// Gives it filters that travel with its call, and the stages behind it that do the same here.
    pub(super) fn take_along(&mut self, filters: Vec<FilterCall>, stand_by: Vec<Option<Box<dyn Stage>>>) {
        self.call.filters = filters;
        self.stand_by = stand_by;
    }

    /// Puts the stages in place that do here what was to be done on the host.
    fn stand_in(&mut self, interpreter: &mut Interpreter) {
        let Target::Stage(pipe, first) = interpreter.target else { return };
        let Some(pipe) = interpreter.pipes.get_mut(pipe) else { return };
        let places = pipe.stages.iter_mut().skip(first);
        for (place, stage) in places.zip(std::mem::take(&mut self.stand_by)) {
            if stage.is_some() {
                *place = stage;
            }
        }
    }

    /// Makes one call and passes on what came of it.
    async fn make(&mut self, interpreter: &mut Interpreter, mut call: Call) -> Flow<()> {
        self.called = true;
        check_values(&call)?;
        let kind = call.kind;
        let travels = !call.filters.is_empty();
        // Where a filter fails on the host, what came is not taken.
        call.returns = if travels { Returns::ToScript } else { interpreter.returns() };
        interpreter.link.hand(Step::Call(Box::new(call))).await;
        let mut reply = interpreter.link.reply();
        if travels && filter_failed(&reply) {
            self.stand_in(interpreter);
            let alone = Call { filters: Vec::new(), ..self.call.clone() };
            interpreter.link.hand(Step::Call(Box::new(alone))).await;
            reply = interpreter.link.reply();
        }
        let Reply { output, errors, terminating, records, exit_code } = reply;
        if let Some(code) = exit_code {
            interpreter.exit_code = Some(code);
            interpreter.succeeded = code == 0;
        }
        for (stream, value) in records {
            interpreter.record(stream, value).await?;
        }
        for item in output {
            interpreter.make(64)?;
            interpreter.emit(item).await?;
        }
        for failure in errors {
            // What a program writes to its error stream says nothing about its success.
            let succeeded = interpreter.succeeded;
            interpreter.report_of(&self.common, failure).await?;
            if kind == CallKind::Program {
                interpreter.succeeded = succeeded;
            }
        }
        match terminating {
            None => Ok(()),
            Some(mut failure) => {
                interpreter.locate(&mut failure);
                interpreter.gather_error(&self.common, &failure)?;
                if self.common.error_action == Some(ErrorAction::Stop) {
                    return Err(Unwind::Script(Box::new(failure)));
                }
                Err(Unwind::Statement(Box::new(failure)))
            }
        }
    }

    /// The call for one piped object.
    async fn bind_item(&mut self, interpreter: &mut Interpreter, item: Value) -> Flow<Call> {
        let Some(command) = self.command else {
            return Err(Unwind::refused(format!(
                "what `{}` takes from a pipeline is not known; give it as a parameter",
                self.call.name
            )));
        };
        let mut call = self.call.clone();
        // Delay-bound blocks are evaluated for each object.
        for (name, value) in &mut call.parameters {
            let Value::Block(block) = value else { continue };
            let is_block =
                command.parameter(name).is_some_and(|own| own.type_name().starts_with("scriptblock"));
            if !is_block {
                let block = std::sync::Arc::clone(block);
                *value = Value::of_output(interpreter.invoke_with_item(&block, item.clone()).await?);
            }
        }
        let names: Vec<String> = match &item {
            Value::Object(object) if !object.is_wrapper() => {
                object.type_names().as_slice().iter().map(|name| name.as_str().to_owned()).collect()
            }
            other => vec![other.base().type_name().as_str().to_owned()],
        };
        let type_names: Vec<&str> = names.iter().map(String::as_str).collect();
        let own = property_names(&item);
        let properties: Vec<&str> = own.iter().map(String::as_str).collect();
        let given: Vec<&str> = call.parameters.iter().map(|(name, _)| name.as_str()).collect();
        let input = Input { type_names: &type_names, properties: &properties };
        let binding = match command.bind_input(&given, input) {
            Ok(binding) => binding,
            // Whatever takes a path takes that of a file or key, even where the table does not say so.
            Err(refusal) => match (command.parameter("LiteralPath"), property(&item, "PSPath")?) {
                (Some(parameter), Some(path)) if !given.contains(&parameter.name()) => {
                    let value = typed(Argument::plain(path), parameter.type_name())?;
                    call.parameters.push((parameter.name().to_owned(), value));
                    call.piped = Some(item);
                    return Ok(call);
                }
                _ => return Err(Unwind::refused(refusal.to_string())),
            },
        };
        if let Some(parameter) = binding.whole {
            self.bind_whole(&mut call, command, parameter, &item)?;
        }
        for (parameter, name) in binding.properties {
            let value = property(&item, name)?.unwrap_or_default();
            if !value.is_null() {
                let value = typed(Argument::plain(value), parameter.type_name())?;
                call.parameters.push((parameter.name().to_owned(), value));
            }
        }
        call.piped = Some(item);
        Ok(call)
    }

    /// The object goes to a parameter whole: as the value that it is, named again by what selects it, or as itself.
    fn bind_whole(&self, call: &mut Call, command: Command, parameter: Parameter, item: &Value) -> Flow<()> {
        if !is_object(item) {
            let value = typed(Argument::plain(item.clone()), parameter.type_name())?;
            call.parameters.push((parameter.name().to_owned(), value));
            return Ok(());
        }
        let mut named = Vec::new();
        if let Some(selector) = selectors(command.name(), parameter.name())
            && is_of_type(item, selector.type_name())
        {
            for (own, parameter) in selector.pairs() {
                match property(item, own)? {
                    Some(value) if !value.is_null() => named.push((parameter.to_owned(), value)),
                    _ => {
                        named.clear();
                        break;
                    }
                }
            }
        }
        if named.is_empty() {
            // Nothing names it again: the caller decides whether it may travel as itself.
            call.input.push(item.clone());
        }
        for (name, value) in named {
            if !call.parameters.iter().any(|(own, _)| *own == name) {
                call.parameters.push((name, value));
            }
        }
        Ok(())
    }

    /// Whether the command takes anything at all from a pipeline, whole.
    fn gathers(&self) -> bool {
        const WHOLE: [&str; 7] = [
            "Set-Content",
            "Add-Content",
            "Out-File",
            "Export-Csv",
            "Export-Clixml",
            "ConvertTo-Html",
            "ConvertTo-Xml",
        ];
        WHOLE.iter().any(|own| own.eq_ignore_ascii_case(&self.call.name))
    }
}

impl Stage for Host {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let mut call = self.call.clone();
            for (_, value) in &mut call.parameters {
                if let Value::Block(block) = value {
                    *value = Value::string(block.text());
                }
            }
            self.make(interpreter, call).await
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            if self.gathers() || self.call.kind == CallKind::Program {
                self.gathered.push(item);
                return Ok(());
            }
            let call = self.bind_item(interpreter, item).await?;
            self.make(interpreter, call).await
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            if !self.called && (self.gathers() || !self.gathered.is_empty()) {
                let input = std::mem::take(&mut self.gathered);
                let call = Call { input, ..self.call.clone() };
                return self.make(interpreter, call).await;
            }
            Ok(())
        })
    }
}

fn empty_call(name: &str, kind: CallKind, span: Span) -> Call {
    Call {
        name: name.to_owned(),
        kind,
        span,
        returns: Returns::ToScript,
        parameters: Vec::new(),
        arguments: Vec::new(),
        input: Vec::new(),
        piped: None,
        filters: Vec::new(),
    }
}

fn push_words(argument: Argument, words: &mut Vec<Value>) {
    match (argument.text, argument.value) {
        (Some(text), _) => words.push(Value::string(text)),
        (None, Value::Array(array)) => {
            words.extend(array.to_vec().into_iter().map(|item| Value::String(item.to_text())));
        }
        (None, Value::Null) => {}
        (None, value) => words.push(Value::String(value.to_text())),
    }
}

/// Blocks never travel.
fn check_values(call: &Call) -> Flow<()> {
    let values = call.parameters.iter().map(|(_, value)| value).chain(&call.arguments).chain(&call.input);
    for value in values {
        if matches!(value, Value::Document(_)) {
            return Err(Unwind::refused("what Format-Table and its kin write, as input of another command"));
        }
    }
    Ok(())
}

/// An argument in its parameter's type, as far as that is a type of values.
fn typed(argument: Argument, type_name: &str) -> Flow<Value> {
    let Argument { value, text } = argument;
    if matches!(value, Value::Block(_)) {
        return Ok(value);
    }
    let value = match (text, type_name) {
        // A number that is bound to a string keeps its spelling.
        (Some(text), "string" | "string[]") => Value::string(text),
        _ => value,
    };
    if let Some(text) = named_by_text(&value, type_name) {
        return Ok(text);
    }
    let Some(to) = value_type(type_name) else { return Ok(value) };
    if value.is_null() {
        return Ok(value);
    }
    // What a text says in the host's culture and time zone is for the host to read.
    let at_host = matches!(to, Type::Plain(Plain::DateTime | Plain::TimeSpan));
    if at_host && matches!(value, Value::String(_)) {
        return Ok(value);
    }
    if let Type::Plain(Plain::String) = to
        && let Value::Array(_) = value
    {
        return Err(Unwind::refused("an array for a parameter that takes one string"));
    }
    Ok(convert(&value, to)?)
}

/// An address and its kin, for a parameter of its type: its text is all there is to it.
fn named_by_text(value: &Value, type_name: &str) -> Option<Value> {
    let Value::Object(object) = value else { return None };
    let own = object.type_name();
    let short = own.as_str().rsplit('.').next().unwrap_or_default();
    let known = TEXTUAL.contains(&short) && short.eq_ignore_ascii_case(type_name.trim_end_matches("[]"));
    object.text().filter(|_| known).map(|text| Value::String(text.clone()))
}

/// Types whose values are read from the text that they are written as.
const TEXTUAL: [&str; 5] =
    ["IPAddress", "MailAddress", "PhysicalAddress", "SecurityIdentifier", "X500DistinguishedName"];

fn value_type(type_name: &str) -> Option<Type> {
    if type_name.eq_ignore_ascii_case("switch") {
        return Some(Type::Plain(Plain::Boolean));
    }
    let base = type_name.strip_suffix("[]").unwrap_or(type_name);
    let plain = matches!(
        base.to_ascii_lowercase().as_str(),
        "string"
            | "int"
            | "int32"
            | "long"
            | "int64"
            | "uint32"
            | "uint64"
            | "uint16"
            | "int16"
            | "byte"
            | "bool"
            | "datetime"
            | "timespan"
            | "double"
            | "decimal"
            | "guid"
            | "version"
            | "char"
    );
    if plain { Type::named(type_name) } else { None }
}

fn is_object(item: &Value) -> bool {
    matches!(item, Value::Object(object) if !object.is_wrapper())
}

/// Whether an object's type has this name, with its namespace or without.
fn is_of_type(item: &Value, type_name: &str) -> bool {
    let Value::Object(object) = item else { return false };
    object.type_names().as_slice().iter().any(|own| {
        let own = own.as_str();
        let short = own.rsplit(['.', '/']).next().unwrap_or_default();
        own.eq_ignore_ascii_case(type_name)
            || short.eq_ignore_ascii_case(type_name)
            || own
                .strip_prefix("Microsoft.Management.Infrastructure.")
                .is_some_and(|own| own.eq_ignore_ascii_case(type_name))
    })
}
