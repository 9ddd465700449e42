//! Errors as records.

use winrm_proto::clixml::ErrorRecord;

use crate::tree::Span;
use crate::value::{Members, Object, Value};

/// An error: one that this crate raised as PowerShell does, or one of a host.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// PowerShell's identifier, `PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand`.
    pub id: String,
    /// What it says.
    pub message: String,
    /// The exception's type.
    pub exception: String,
    /// The category's name.
    pub category: String,
    /// What was worked on.
    pub target: Value,
    /// The command.
    pub activity: String,
    /// Where in the script, if it was raised there.
    pub span: Option<Span>,
    /// The same as the record tells it, `InvocationInfo`; null until the script's text is at hand.
    pub invocation: Value,
    /// The value that was thrown, where it was none of the above.
    pub thrown: Option<Value>,
}

impl Failure {
    /// The error that a host sent. What `-ErrorAction Stop` threw is the error that made it stop, as `catch` sees it.
    #[must_use]
    pub fn of_record(record: &ErrorRecord) -> Self {
        let (mut message, mut exception) = (record.message.as_str(), record.exception_type.as_str());
        if exception == STOPPED {
            message = message.split_once(STOPPED_WORDS).map_or(message, |(_, own)| own);
            exception = full_name(record.category.reason.as_str());
        }
        Self {
            id: record.fully_qualified_error_id.as_str().to_owned(),
            message: message.to_owned(),
            exception: exception.to_owned(),
            category: record.category.name().to_owned(),
            target: Value::from_clixml(&record.target_object),
            activity: record.category.activity.as_str().to_owned(),
            span: None,
            invocation: Value::Null,
            thrown: None,
        }
    }

    /// The record as a value, `$_` in `catch`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        if let Some(record) = &self.thrown {
            return record.clone();
        }
        let exception_type = if self.exception.is_empty() { "System.Exception" } else { &self.exception };
        let exception_names: Vec<&str> = bases(exception_type).collect();
        let exception = Object::with_text(
            exception_names.into_iter().collect(),
            Members::new()
                .with("Message", self.message.as_str())
                .with("Data", Value::Table(crate::value::Table::new(crate::value::Shape::Hashtable)))
                .with("InnerException", Value::Null)
                .with("HResult", -2_146_233_088)
                .with("Source", Value::Null),
            format!("{exception_type}: {}", self.message),
        );
        let category = if self.category.is_empty() { "NotSpecified" } else { &self.category };
        let reason = exception_type.rsplit('.').next().unwrap_or_default();
        let target_text = self.target.to_text();
        let target_type = self.target.short_type_name();
        let info = Object::with_text(
            ["System.Management.Automation.ErrorCategoryInfo", "System.Object"].into_iter().collect(),
            Members::new()
                .with("Category", category)
                .with("Activity", self.activity.as_str())
                .with("Reason", reason)
                .with("TargetName", target_text.clone())
                .with("TargetType", target_type.as_str()),
            format!("{category}: ({target_text}:{target_type}) [{}], {reason}", self.activity),
        );
        Value::Object(Object::with_text(
            [ERROR_RECORD, "System.Object"].into_iter().collect(),
            Members::new()
                .with("Exception", exception)
                .with("TargetObject", self.target.clone())
                .with("CategoryInfo", info)
                .with("FullyQualifiedErrorId", self.id.as_str())
                .with("InvocationInfo", self.invocation.clone())
                .with("ErrorDetails", Value::Null)
                .with("ScriptStackTrace", Value::Null),
            self.message.as_str(),
        ))
    }

    /// The error that a record is, as `throw $_` and `Write-Error` take it; nothing for another value.
    #[must_use]
    pub fn of_value(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        if !object.type_names().is(ERROR_RECORD) {
            return None;
        }
        let text = |name: &str| object.property(name).map(|value| value.to_text().as_str().to_owned());
        let exception = match object.property("Exception") {
            Some(Value::Object(exception)) => exception.type_name().as_str().to_owned(),
            _ => String::new(),
        };
        let about = |name: &str| match object.property("CategoryInfo") {
            Some(Value::Object(info)) => info.property(name).map(|value| value.to_text().as_str().to_owned()),
            _ => None,
        };
        Some(Self {
            id: text("FullyQualifiedErrorId").unwrap_or_default(),
            message: value.to_text().as_str().to_owned(),
            exception,
            category: about("Category").unwrap_or_default(),
            target: object.property("TargetObject").unwrap_or_default(),
            activity: about("Activity").unwrap_or_default(),
            span: None,
            invocation: Value::Null,
            thrown: Some(value.clone()),
        })
    }

    /// Whether `catch [name]` catches it.
    pub(super) fn is_caught_by(&self, name: &str) -> bool {
        let exception = if self.exception.is_empty() { "System.Exception" } else { &self.exception };
        let wanted = name.strip_prefix("System.").unwrap_or(name);
        let short = name.rsplit('.').next().unwrap_or_default();
        if !exception.contains('.') && exception.eq_ignore_ascii_case(short) {
            return true;
        }
        bases(exception).any(|own| {
            own.eq_ignore_ascii_case(name)
                || own.strip_prefix("System.").is_some_and(|own| own.eq_ignore_ascii_case(wanted))
        })
    }
}

/// The type of an exception and those that it derives from, as far as they are known.
fn bases(name: &str) -> impl Iterator<Item = &str> {
    let between: &[&str] = match name {
        "System.Management.Automation.ItemNotFoundException" => &[
            "System.Management.Automation.SessionStateException",
            "System.Management.Automation.RuntimeException",
            "System.SystemException",
        ],
        "System.Management.Automation.RuntimeException" => &["System.SystemException"],
        "System.Management.Automation.CommandNotFoundException"
        | "System.Management.Automation.ParameterBindingException"
        | "System.Management.Automation.ActionPreferenceStopException"
        | "System.Management.Automation.MethodException" => {
            &["System.Management.Automation.RuntimeException", "System.SystemException"]
        }
        "System.Management.Automation.PSInvalidCastException" => {
            &["System.InvalidCastException", "System.SystemException"]
        }
        "System.IO.FileNotFoundException"
        | "System.IO.DirectoryNotFoundException"
        | "System.IO.PathTooLongException" => &["System.IO.IOException", "System.SystemException"],
        "System.DivideByZeroException" | "System.OverflowException" => {
            &["System.ArithmeticException", "System.SystemException"]
        }
        "System.ArgumentNullException" | "System.ArgumentOutOfRangeException" => {
            &["System.ArgumentException", "System.SystemException"]
        }
        "System.Exception" | "System.Object" => &[],
        _ => &["System.SystemException"],
    };
    std::iter::once(name)
        .chain(between.iter().copied())
        .chain(["System.Exception", "System.Object"].into_iter().filter(move |base| *base != name))
}

/// The full name of an exception's type by its last part, where it is one that scripts catch by name.
fn full_name(short: &str) -> &str {
    CAUGHT.iter().find(|full| full.rsplit('.').next() == Some(short)).copied().unwrap_or(short)
}

const CAUGHT: [&str; 22] = [
    "System.Management.Automation.ItemNotFoundException",
    "System.Management.Automation.RuntimeException",
    "System.Management.Automation.CommandNotFoundException",
    "System.Management.Automation.ParameterBindingException",
    "System.Management.Automation.PSArgumentException",
    "System.Management.Automation.PSInvalidOperationException",
    "System.Management.Automation.DriveNotFoundException",
    "System.Management.Automation.ProviderNotFoundException",
    "Microsoft.Management.Infrastructure.CimException",
    "Microsoft.PowerShell.Commands.ServiceCommandException",
    "Microsoft.PowerShell.Commands.ProcessCommandException",
    "Microsoft.PowerShell.Commands.WriteErrorException",
    "System.IO.FileNotFoundException",
    "System.IO.DirectoryNotFoundException",
    "System.IO.PathTooLongException",
    "System.IO.IOException",
    "System.UnauthorizedAccessException",
    "System.Security.SecurityException",
    "System.InvalidOperationException",
    "System.ArgumentException",
    "System.NotSupportedException",
    "System.ComponentModel.Win32Exception",
];

/// What `-ErrorAction Stop` throws, and how its words end before the error's own, where a host does not send those by
/// themselves.
const STOPPED: &str = "System.Management.Automation.ActionPreferenceStopException";
const STOPPED_WORDS: &str = "or common parameter is set to Stop: ";

const ERROR_RECORD: &str = "System.Management.Automation.ErrorRecord";
