//! Paths that a command works on and that no parameter of it holds whole.
//!
//! `New-Item C:\logs -Name ..\x` writes beside the folder that it names, and a link leads to where its target lies. Both
//! are judged as what they come to.

use winrm_script::value::Value;

use super::{path::HOME, subject::Given, values};

/// A path that a parameter gives together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Implied {
    /// The parameter, for a denial.
    pub(super) parameter: &'static str,
    /// As Windows puts it together, with whatever it holds.
    pub(super) path: String,
    /// The folder that it is put together with; nothing where the parameter holds all of it.
    pub(super) folder: Option<String>,
}

/// How a parameter makes a path.
#[derive(Debug, Clone, Copy)]
enum Making {
    /// What lies in the folder at `-Path`.
    Child,
    /// What lies beside the item at `-Path`.
    Sibling,
}

/// The paths that these arguments come to. What is not known before a script runs makes none.
pub(super) fn implied(command: &str, given: &[Given]) -> Vec<Implied> {
    let mut made = Vec::new();
    for &(name, parameter, making) in &MAKING {
        let Some(value) = (name == command).then(|| value_of(given, parameter)).flatten() else { continue };
        let bases = bases(given);
        for name in texts(value) {
            made.extend(bases.iter().map(|base| {
                let folder = match making {
                    Making::Child => base.as_str(),
                    Making::Sibling => base.rsplit_once(['\\', '/']).map_or("", |(folder, _)| folder),
                };
                let folder = folder.trim_end_matches(['\\', '/']);
                // A drive's root keeps its backslash.
                let root = if folder.ends_with(':') { "\\" } else { "" };
                Implied {
                    parameter,
                    path: format!("{folder}\\{name}"),
                    folder: Some(format!("{folder}{root}")),
                }
            }));
        }
    }
    if command == "New-Item"
        && makes_link(given)
        && let Some(target) = value_of(given, "Value")
    {
        let to = |path| Implied { parameter: "Value", path, folder: None };
        made.extend(texts(target).into_iter().map(to));
    }
    made
}

/// Whether what `New-Item` makes may be a link. It takes the beginning of a type's name for the type.
fn makes_link(given: &[Given]) -> bool {
    let Some(item_type) = given.iter().find(|given| given.parameter.name() == "ItemType") else {
        return false;
    };
    let holds_itself = |text: &str| NO_LINKS.iter().any(|name| name.starts_with(&text.to_ascii_lowercase()));
    match &item_type.value {
        Some(value) => values::text_of(value).is_none_or(|text| !holds_itself(&text)),
        None => false,
    }
}

/// The paths of a command, as it was given them; where it was given none, and none comes later, it is at home.
fn bases(given: &[Given]) -> Vec<String> {
    let mut paths = given.iter().filter(|given| given.parameter.is_path()).peekable();
    if paths.peek().is_none() {
        return vec![HOME.to_owned()];
    }
    paths.filter_map(|given| given.value.as_ref()).flat_map(texts).collect()
}

fn value_of<'g>(given: &'g [Given], parameter: &str) -> Option<&'g Value> {
    given.iter().find(|given| given.parameter.name() == parameter)?.value.as_ref()
}

/// What is no text is no name, and the empty text is a path to nothing.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.to_vec().iter().flat_map(texts).collect(),
        one => vec![values::text_of(one).unwrap_or_default().into_owned()],
    }
}

const MAKING: [(&str, &str, Making); 4] = [
    ("New-Item", "Name", Making::Child),
    ("Rename-Item", "NewName", Making::Sibling),
    ("Join-Path", "ChildPath", Making::Child),
    ("Join-Path", "AdditionalChildPath", Making::Child),
];
/// The types of items of a file system that are no links, in small letters.
const NO_LINKS: [&str; 3] = ["directory", "container", "file"];
