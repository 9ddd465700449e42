//! Get-ItemProperty and Get-ItemPropertyValue: the values of registry keys.

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::registry::Key;
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;
use super::files::no_path;

pub(in super::super) const CMDLETS: [Cmdlet; 2] = [
    Cmdlet {
        name: "Get-ItemProperty",
        class: "Microsoft.PowerShell.Commands.GetItemPropertyCommand",
        takes: Takes::Only(&["Path", "LiteralPath", "Name"]),
        run: |stage, bound| Box::pin(get_item_property(stage, bound)),
    },
    Cmdlet {
        name: "Get-ItemPropertyValue",
        class: "Microsoft.PowerShell.Commands.GetItemPropertyValueCommand",
        takes: Takes::Only(&["Path", "LiteralPath", "Name"]),
        run: |stage, bound| Box::pin(get_item_property_value(stage, bound)),
    },
];

async fn get_item_property(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let names = bound.texts("Name");
    for key in keys(stage, bound).await? {
        let mut values = key.values(stage.machine);
        if let Some(names) = &names {
            let all = std::mem::take(&mut values);
            for name in names {
                let found = all.iter().filter(|property| like(name, property.name.as_str()));
                let before = values.len();
                for property in found {
                    values.set(property.name.clone(), property.value.clone());
                }
                if values.len() == before && !name.contains(['*', '?']) {
                    stage.complain(no_property(name, &key)).await?;
                }
            }
        }
        // A key without values has no object of them.
        if !values.is_empty() {
            stage.put(object(values, &key)).await?;
        }
    }
    Ok(())
}

async fn get_item_property_value(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let names = bound.texts("Name").unwrap_or_default();
    for key in keys(stage, bound).await? {
        let values = key.values(stage.machine);
        for name in &names {
            match values.value(name) {
                Some(value) => stage.put(value.clone()).await?,
                None => stage.complain(no_property(name, &key)).await?,
            }
        }
    }
    Ok(())
}

/// The keys that the parameters or the pipeline name.
async fn keys(stage: &mut Stage<'_>, bound: &Bound) -> Result<Vec<Key>, Failure> {
    let paths = match bound.texts("Path").or_else(|| bound.texts("LiteralPath")) {
        Some(paths) => paths,
        None => {
            let mut paths = Vec::new();
            while let Some(value) = stage.take().await {
                paths.push(value.property("PSPath").unwrap_or(&value).to_string());
            }
            paths
        }
    };
    let mut keys = Vec::new();
    for path in paths {
        let found = Key::matching(&path, like).unwrap_or_default();
        if found.is_empty() && !path.contains(['*', '?']) {
            stage.complain(no_path(&path)).await?;
        }
        keys.extend(found);
    }
    Ok(keys)
}

/// A property bag with the values, and where they come from.
fn object(values: Properties, key: &Key) -> Value {
    Value::object(Object {
        extended: located(values, key),
        ..Object::typed(&["System.Management.Automation.PSCustomObject", "System.Object"])
    })
}

/// `Microsoft.Win32.RegistryKey` as it is serialised.
pub(super) fn registry_key(stage: &Stage<'_>, key: &Key) -> Value {
    let values = key.values(stage.machine);
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let names = values.iter().map(|property| Value::from(property.name.as_str())).collect();
    Value::object(Object {
        to_string: Some(key.full_path().into()),
        adapted: Properties::new()
            .with("SubKeyCount", count(key.children().len()))
            .with("View", "Default")
            .with("ValueCount", count(values.len()))
            .with("Name", key.full_path()),
        extended: located(Properties::new().with("Property", Value::array(names)), key),
        ..Object::typed(&["Microsoft.Win32.RegistryKey", "System.MarshalByRefObject", "System.Object"])
    })
}

fn located(properties: Properties, key: &Key) -> Properties {
    let full = key.full_path();
    let parent = full.rsplit_once('\\').map_or("", |(parent, _)| parent);
    properties
        .with("PSPath", format!("{PROVIDER}::{full}"))
        .with("PSParentPath", format!("{PROVIDER}::{parent}"))
        .with("PSChildName", key.name())
        .with("PSDrive", "HKLM")
        .with("PSProvider", PROVIDER)
}

fn no_property(name: &str, key: &Key) -> Problem {
    Problem {
        message: format!("Property {name} does not exist at path {}.", key.full_path()),
        category: "InvalidArgument",
        exception: "System.Management.Automation.PSArgumentException",
        id: "System.Management.Automation.PSArgumentException",
        target: Target::Text(name.to_owned()),
    }
}

const PROVIDER: &str = "Microsoft.PowerShell.Core\\Registry";
