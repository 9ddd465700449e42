//! The commands that a PowerShell host answers before it looks for commands, to a client that told it its version.

use winrm_proto::clixml::{Object, Properties, Value};
use winrm_proto::psrp::Command;

/// Whether the application arguments hold `PSVersionTable`: the host takes such a client for a debugger.
pub(super) fn is_debugger(application_arguments: &Value) -> bool {
    let entries = application_arguments.own_object().and_then(|object| object.entries()).unwrap_or_default();
    entries.iter().any(|(key, _)| key.to_string().eq_ignore_ascii_case("PSVersionTable"))
}

/// What `__Set-PSBreakpoint` answers, whatever the runspace shows: its action is text that a script block becomes.
pub(super) fn breakpoint(statement: &[Command]) -> Option<Value> {
    let [only] = statement else { return None };
    if !only.text.as_str().eq_ignore_ascii_case("__Set-PSBreakpoint") {
        return None;
    }
    let parameter = |name: &str| {
        let named =
            only.parameters.iter().find(|own| own.name.as_ref().is_some_and(|own| own.as_str() == name));
        named.map(|own| own.value.clone()).unwrap_or_default()
    };
    Some(Value::object(Object {
        adapted: Properties::new()
            .with("Id", 1)
            .with("Enabled", true)
            .with("Command", parameter("Command"))
            .with("Action", Value::ScriptBlock(parameter("Action").to_string().into())),
        ..Object::typed(&[
            "System.Management.Automation.CommandBreakpoint",
            "System.Management.Automation.Breakpoint",
            "System.Object",
        ])
    }))
}
