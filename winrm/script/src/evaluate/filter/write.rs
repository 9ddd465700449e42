//! Write-Output and its kin.

use super::Stage;
use crate::evaluate::Stream;
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::{Members, Object, Value};

pub(super) fn output(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    let whole = bound.switch("NoEnumerate");
    bound.finish("Write-Output")?;
    Ok(Box::new(Output { input, whole }))
}

struct Output {
    input: Option<Value>,
    whole: bool,
}

impl Stage for Output {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            match self.input.take() {
                None => Ok(()),
                Some(value) if self.whole => interpreter.emit(value).await,
                Some(value) => interpreter.emit_items(value).await,
            }
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        interpreter.emit(item)
    }
}

/// Out-Default and Out-Host: the caller shows what comes out.
pub(super) fn through(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let input = bound.take("InputObject");
    bound.switch("Paging");
    bound.finish("Out-Host")?;
    Ok(Box::new(Output { input, whole: false }))
}

/// Out-Null and Write-Progress.
pub(super) fn nothing(_: &mut Interpreter, _: Bound) -> Flow<Box<dyn Stage>> {
    Ok(Box::new(Nothing))
}

struct Nothing;

impl Stage for Nothing {
    fn process<'a>(&'a mut self, _: &'a mut Interpreter, _: Value) -> Turn<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

pub(super) fn host(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let separator = bound.text("Separator").unwrap_or_else(|| " ".to_owned());
    let no_newline = bound.switch("NoNewline");
    bound.take("ForegroundColor");
    bound.take("BackgroundColor");
    let input = bound.take("Object");
    bound.finish("Write-Host")?;
    Ok(Box::new(Message { input, to: To::Host { separator, no_newline } }))
}

pub(super) fn warning(interpreter: &mut Interpreter, bound: Bound) -> Flow<Box<dyn Stage>> {
    message(interpreter, bound, "Write-Warning", "Message", Stream::Warning, "WarningPreference", "Continue")
}

pub(super) fn verbose(interpreter: &mut Interpreter, bound: Bound) -> Flow<Box<dyn Stage>> {
    message(
        interpreter,
        bound,
        "Write-Verbose",
        "Message",
        Stream::Verbose,
        "VerbosePreference",
        "SilentlyContinue",
    )
}

pub(super) fn debug(interpreter: &mut Interpreter, bound: Bound) -> Flow<Box<dyn Stage>> {
    message(
        interpreter,
        bound,
        "Write-Debug",
        "Message",
        Stream::Debug,
        "DebugPreference",
        "SilentlyContinue",
    )
}

pub(super) fn information(interpreter: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    bound.take("Tags");
    let preference = ("InformationPreference", "SilentlyContinue");
    message(
        interpreter,
        bound,
        "Write-Information",
        "MessageData",
        Stream::Information,
        preference.0,
        preference.1,
    )
}

fn message(
    interpreter: &mut Interpreter,
    mut bound: Bound,
    command: &str,
    parameter: &str,
    stream: Stream,
    preference: &str,
    default: &str,
) -> Flow<Box<dyn Stage>> {
    let input = bound.take(parameter);
    let common = bound.finish(command)?;
    let preference = interpreter
        .own_variable(preference)
        .map_or_else(|| default.to_owned(), |value| value.to_text().as_str().to_owned());
    let asked = common.given.iter().any(|(name, value)| {
        (name.eq_ignore_ascii_case("Verbose") && stream == Stream::Verbose
            || name.eq_ignore_ascii_case("Debug") && stream == Stream::Debug)
            && value.is_true()
            || (name.eq_ignore_ascii_case("InformationAction") && stream == Stream::Information)
    });
    let silenced = common.given.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("WarningAction")
            && stream == Stream::Warning
            && matches!(
                value.to_text().as_str().to_ascii_lowercase().as_str(),
                "silentlycontinue" | "ignore" | "0"
            )
    });
    let to = match preference.to_ascii_lowercase().as_str() {
        _ if asked => To::Stream(stream),
        _ if silenced => To::Nowhere,
        "silentlycontinue" | "ignore" => To::Nowhere,
        "continue" => To::Stream(stream),
        _ => return Err(Unwind::refused(format!("`{command}` where its preference is `{preference}`"))),
    };
    Ok(Box::new(Message { input, to }))
}

struct Message {
    input: Option<Value>,
    to: To,
}

enum To {
    Host { separator: String, no_newline: bool },
    Stream(Stream),
    Nowhere,
}

impl Stage for Message {
    fn input(&mut self) -> Option<Value> {
        Some(self.input.take().unwrap_or_default())
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            match &self.to {
                To::Nowhere => Ok(()),
                To::Stream(stream) => {
                    let text = Value::String(item.to_text());
                    interpreter.record(*stream, text).await
                }
                To::Host { separator, no_newline } => {
                    let mut text = String::new();
                    said(interpreter, &item, separator, &mut text, 0)?;
                    if !*no_newline {
                        return interpreter.record(Stream::Information, Value::string(text)).await;
                    }
                    let members = Members::new().with("Message", text.as_str()).with("NoNewLine", true);
                    let names = ["System.Management.Automation.HostInformationMessage", "System.Object"];
                    let record = Object::with_text(names.into_iter().collect(), members, text);
                    interpreter.record(Stream::Information, Value::Object(record)).await
                }
            }
        })
    }
}

/// What Write-Host makes of a value: of a sequence its items, and of those in it theirs.
fn said(
    interpreter: &mut Interpreter,
    value: &Value,
    separator: &str,
    text: &mut String,
    depth: usize,
) -> Flow<()> {
    if depth > DEEPEST {
        return Err(Unwind::refused("Write-Host of arrays inside arrays as deep as this"));
    }
    let items = match value {
        Value::Array(array) => array.to_vec(),
        // Each entry is an object there that says no more than its type.
        Value::Table(table) => vec![Value::from("System.Collections.DictionaryEntry"); table.len()],
        plain => {
            let own = crate::value::format_operator::to_display(plain);
            interpreter.make(own.len())?;
            text.push_str(&own);
            return Ok(());
        }
    };
    for (at, item) in items.iter().enumerate() {
        interpreter.tick()?;
        if at > 0 {
            interpreter.make(separator.len())?;
            text.push_str(separator);
        }
        said(interpreter, item, separator, text, depth + 1)?;
    }
    Ok(())
}

/// How deep arrays may lie in each other for Write-Host.
const DEEPEST: usize = 32;

pub(super) fn error(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let record = bound.take("ErrorRecord");
    let exception = bound.take("Exception");
    let message = bound.text("Message");
    let id = bound.text("ErrorId");
    let category = bound.text("Category");
    let target = bound.take("TargetObject").unwrap_or_default();
    for name in [
        "RecommendedAction",
        "CategoryActivity",
        "CategoryReason",
        "CategoryTargetName",
        "CategoryTargetType",
    ] {
        bound.take(name);
    }
    let common = bound.finish("Write-Error")?;
    let failure = match (record.as_ref().and_then(Failure::of_value), exception) {
        (Some(failure), _) => failure,
        (None, Some(exception)) => Failure {
            id: id.unwrap_or_else(|| "Microsoft.PowerShell.Commands.WriteErrorException".to_owned()),
            message: match &message {
                Some(message) => message.clone(),
                None => match crate::evaluate::member::property(&exception, "Message")? {
                    Some(message) => message.to_text().as_str().to_owned(),
                    None => exception.to_text().as_str().to_owned(),
                },
            },
            exception: exception.type_name().as_str().to_owned(),
            category: category.unwrap_or_else(|| "NotSpecified".to_owned()),
            target,
            activity: "Write-Error".to_owned(),
            ..Failure::default()
        },
        (None, None) => Failure {
            id: id.unwrap_or_else(|| "Microsoft.PowerShell.Commands.WriteErrorException".to_owned()),
            message: message.clone().unwrap_or_default(),
            exception: "Microsoft.PowerShell.Commands.WriteErrorException".to_owned(),
            category: category.unwrap_or_else(|| "NotSpecified".to_owned()),
            target,
            activity: "Write-Error".to_owned(),
            ..Failure::default()
        },
    };
    Ok(Box::new(WriteError { failure, common }))
}

struct WriteError {
    failure: Failure,
    common: Common,
}

impl Stage for WriteError {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move { interpreter.report_of(&self.common, self.failure.clone()).await })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            let failure = match Failure::of_value(&item) {
                Some(failure) => failure,
                None => Failure { message: item.to_text().as_str().to_owned(), ..self.failure.clone() },
            };
            interpreter.report_of(&self.common, failure).await
        })
    }
}
