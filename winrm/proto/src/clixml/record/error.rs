//! `System.Management.Automation.ErrorRecord`.

use super::{number, text};
use crate::clixml::object::{Object, Properties};
use crate::clixml::string::PsString;
use crate::clixml::value::Value;

/// An error, terminating or not (MS-PSRP 2.2.3.15 `ErrorRecord`).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ErrorRecord {
    /// What to show: the details' message where there is one, else the exception's.
    pub message: PsString,
    /// The exception's type.
    pub exception_type: PsString,
    /// The exception's own message.
    pub exception_message: PsString,
    /// What the command was working on.
    pub target_object: Value,
    /// The error's identifier, `PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand`.
    pub fully_qualified_error_id: PsString,
    /// What kind of error it is.
    pub category: ErrorCategory,
    /// What the command's author suggests to do.
    pub recommended_action: Option<PsString>,
    /// Where in the script: `At line:1 char:1`, with the line.
    pub position_message: Option<PsString>,
    /// The calls that led there, one a line.
    pub script_stack_trace: Option<PsString>,
}

/// The category of an error and the words that go with it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ErrorCategory {
    /// The number, 0 to 31; [`name`](Self::name) tells what it means.
    pub code: i32,
    /// The command.
    pub activity: PsString,
    /// The exception's short name.
    pub reason: PsString,
    /// The target as text.
    pub target_name: PsString,
    /// The target's type.
    pub target_type: PsString,
}

impl ErrorRecord {
    /// Reads a serialised record; a bare string, as a process writes it to standard error, is one too.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let exception = value.property("Exception").unwrap_or(&Value::Null);
        // `-ErrorAction Stop` puts its own words before the error's, which are written beside them.
        let stopped = match exception.type_name() {
            STOPPED => text(exception, "ErrorRecord"),
            _ => None,
        };
        let exception_message = stopped.clone().or_else(|| text(exception, "Message")).unwrap_or_default();
        let details = text(value, "ErrorDetails_Message").or(stopped);
        let shown = || value.own_object().and_then(|object| object.to_string.clone());
        let message = match details.or_else(shown) {
            Some(message) => message,
            None if value.own_object().is_some() => exception_message.clone(),
            None => value.to_string().into(),
        };
        let invocation = value.property("InvocationInfo").unwrap_or(&Value::Null);
        Self {
            message,
            exception_type: exception.own_object().map(|_| exception.type_name().into()).unwrap_or_default(),
            exception_message,
            target_object: value.property("TargetObject").cloned().unwrap_or_default(),
            fully_qualified_error_id: text(value, "FullyQualifiedErrorId").unwrap_or_default(),
            category: ErrorCategory::from_value(value),
            recommended_action: text(value, "ErrorDetails_RecommendedAction"),
            position_message: text(invocation, "PositionMessage"),
            script_stack_trace: text(value, "ErrorDetails_ScriptStackTrace"),
        }
    }

    /// The record as a server sends it. The position is not sent: it belongs to an invocation, which has much more.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let exception = Value::object(Object {
            to_string: Some(format!("{}: {}", self.exception_type, self.exception_message).into()),
            adapted: Properties::new()
                .with("Message", self.exception_message.clone())
                .with("Data", empty_data())
                .with("InnerException", Value::Null)
                .with("TargetSite", Value::Null)
                .with("StackTrace", Value::Null)
                .with("HelpLink", Value::Null)
                .with("Source", Value::Null)
                .with("HResult", GENERIC_FAILURE),
            ..Object::typed(&[self.exception_type.as_str(), "System.Exception", "System.Object"])
        });
        let mut properties = Properties::new()
            .with("Exception", exception)
            .with("TargetObject", self.target_object.clone())
            .with("FullyQualifiedErrorId", self.fully_qualified_error_id.clone())
            .with("InvocationInfo", Value::Null)
            .with("ErrorCategory_Category", self.category.code)
            .with("ErrorCategory_Activity", self.category.activity.clone())
            .with("ErrorCategory_Reason", self.category.reason.clone())
            .with("ErrorCategory_TargetName", self.category.target_name.clone())
            .with("ErrorCategory_TargetType", self.category.target_type.clone())
            .with("ErrorCategory_Message", self.category.message());
        if self.message != self.exception_message || self.recommended_action.is_some() {
            properties = properties
                .with("ErrorDetails_Message", self.message.clone())
                .with("ErrorDetails_RecommendedAction", self.recommended_action.clone());
        }
        if let Some(trace) = &self.script_stack_trace {
            properties = properties.with("ErrorDetails_ScriptStackTrace", trace.clone());
        }
        Value::object(Object {
            to_string: Some(self.message.clone()),
            extended: properties.with("SerializeExtendedInfo", false),
            ..Object::typed(&["System.Management.Automation.ErrorRecord", "System.Object"])
        })
    }
}

impl ErrorCategory {
    /// The category's name, as in `CategoryInfo`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let index = usize::try_from(self.code).unwrap_or_default();
        CATEGORIES.get(index).copied().unwrap_or("NotSpecified")
    }

    /// The number of the category with this name.
    #[must_use]
    pub fn code_of(name: &str) -> Option<i32> {
        CATEGORIES.iter().position(|known| known.eq_ignore_ascii_case(name)).and_then(|at| at.try_into().ok())
    }

    /// The line that PowerShell shows: `ObjectNotFound: (x:String) [Get-Item], ItemNotFoundException`.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { activity, reason, target_name, target_type, .. } = self;
        format!("{}: ({target_name}:{target_type}) [{activity}], {reason}", self.name())
    }

    fn from_value(value: &Value) -> Self {
        let word = |name| text(value, name).unwrap_or_default();
        Self {
            code: number(value, "ErrorCategory_Category").unwrap_or_default(),
            activity: word("ErrorCategory_Activity"),
            reason: word("ErrorCategory_Reason"),
            target_name: word("ErrorCategory_TargetName"),
            target_type: word("ErrorCategory_TargetType"),
        }
    }
}

fn empty_data() -> Value {
    Value::object(Object {
        content: crate::clixml::object::Content::Dictionary(Vec::new()),
        ..Object::typed(&["System.Collections.ListDictionaryInternal", "System.Object"])
    })
}

/// What `-ErrorAction Stop` throws.
const STOPPED: &str = "System.Management.Automation.ActionPreferenceStopException";

/// `COR_E_EXCEPTION`.
const GENERIC_FAILURE: i32 = -2_146_233_088;

const CATEGORIES: [&str; 32] = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
];
