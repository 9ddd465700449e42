//! What the item cmdlets find on drives that are no disks: the registry, and the runspace's environment, functions and
//! variables.

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::registry::Key;
use super::super::stage::Stage;
use super::registry::registry_key;

/// A drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    Alias,
    Environment,
    Function,
    Variable,
}

/// What is on the drive that the path names, if it names one of these.
pub(super) fn children(stage: &Stage<'_>, path: &str) -> Option<Vec<Value>> {
    if let Some(key) = Key::at(path) {
        let keys = key.map(|key| key.children()).unwrap_or_default();
        return Some(keys.iter().map(|key| registry_key(stage, key)).collect());
    }
    let (drive, name) = split(path)?;
    if name.is_empty() || name == "*" {
        return Some(all(stage, drive));
    }
    item(stage, path).map(|item| item.into_iter().collect())
}

/// The item of that path; nothing inside where the drive has none of that name.
pub(super) fn item(stage: &Stage<'_>, path: &str) -> Option<Option<Value>> {
    if let Some(key) = Key::at(path) {
        return Some(key.map(|key| registry_key(stage, &key)));
    }
    let (drive, wanted) = split(path)?;
    let is = |value: &Value| {
        value.property("Name").is_some_and(|name| name.to_string().eq_ignore_ascii_case(wanted))
    };
    Some(all(stage, drive).into_iter().find(is))
}

fn split(path: &str) -> Option<(Drive, &str)> {
    let path = path.strip_prefix("Microsoft.PowerShell.Core\\").unwrap_or(path);
    let (drive, rest) = path.split_once(':')?;
    let drive = [
        ("alias", Drive::Alias),
        ("env", Drive::Environment),
        ("environment", Drive::Environment),
        ("function", Drive::Function),
        ("variable", Drive::Variable),
    ]
    .into_iter()
    .find_map(|(name, own)| drive.eq_ignore_ascii_case(name).then_some(own))?;
    Some((drive, rest.trim_start_matches([':', '\\', '/'])))
}

fn all(stage: &Stage<'_>, drive: Drive) -> Vec<Value> {
    let runspace = stage.runspace;
    match drive {
        Drive::Environment => {
            let environment = runspace.environment();
            environment.beginning_with("").map(|(name, value)| variable_of_environment(name, value)).collect()
        }
        Drive::Variable => {
            runspace.variables().into_iter().map(|(name, value)| variable(name, value)).collect()
        }
        // A lock hides every function and alias of the session, and a role never shows them.
        Drive::Alias | Drive::Function if !runspace.scope().has_language() => Vec::new(),
        Drive::Alias => ALIASES.iter().map(|(name, of)| command("AliasInfo", name, of)).collect(),
        Drive::Function => FUNCTIONS.iter().map(|name| command("FunctionInfo", name, "")).collect(),
    }
}

fn variable_of_environment(name: &str, value: &str) -> Value {
    Value::object(Object {
        to_string: Some("System.Collections.DictionaryEntry".into()),
        adapted: Properties::new().with("Name", name).with("Key", name).with("Value", value),
        ..Object::typed(&["System.Collections.DictionaryEntry", "System.ValueType", "System.Object"])
    })
}

/// `System.Management.Automation.PSVariable` as it is serialised.
pub(super) fn variable(name: &str, value: Value) -> Value {
    Value::object(Object {
        to_string: Some("System.Management.Automation.PSVariable".into()),
        adapted: Properties::new().with("Name", name).with("Value", value),
        ..Object::typed(&["System.Management.Automation.PSVariable", "System.Object"])
    })
}

fn command(kind: &str, name: &str, definition: &str) -> Value {
    let type_name = format!("System.Management.Automation.{kind}");
    Value::object(Object {
        to_string: Some(name.into()),
        adapted: Properties::new().with("Name", name).with("Definition", definition).with("Source", ""),
        ..Object::typed(&[&type_name, "System.Management.Automation.CommandInfo", "System.Object"])
    })
}

const ALIASES: [(&str, &str); 4] =
    [("%", "ForEach-Object"), ("?", "Where-Object"), ("dir", "Get-ChildItem"), ("iex", "Invoke-Expression")];
const FUNCTIONS: [&str; 4] = ["cd..", "help", "mkdir", "prompt"];
