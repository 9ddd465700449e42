//! Get-ChildItem, Get-Item, Get-Content, Remove-Item, Test-Path.

use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::files::{Entry, Kind, Undeletable, normal};
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;
use super::drives;

pub(in super::super) const CMDLETS: [Cmdlet; 5] = [
    Cmdlet {
        name: "Get-ChildItem",
        class: "Microsoft.PowerShell.Commands.GetChildItemCommand",
        takes: Takes::Only(&[
            "Path",
            "LiteralPath",
            "Filter",
            "Include",
            "Exclude",
            "Recurse",
            "Depth",
            "Force",
            "Name",
            "File",
            "Directory",
        ]),
        run: |stage, bound| Box::pin(get_child_item(stage, bound)),
    },
    Cmdlet {
        name: "Get-Content",
        class: "Microsoft.PowerShell.Commands.GetContentCommand",
        takes: Takes::Only(&[
            "Path",
            "LiteralPath",
            "TotalCount",
            "Tail",
            "ReadCount",
            "Raw",
            "Encoding",
            "Force",
        ]),
        run: |stage, bound| Box::pin(get_content(stage, bound)),
    },
    Cmdlet {
        name: "Get-Item",
        class: "Microsoft.PowerShell.Commands.GetItemCommand",
        takes: Takes::Only(&["Path", "LiteralPath", "Force"]),
        run: |stage, bound| Box::pin(get_item(stage, bound)),
    },
    Cmdlet {
        name: "Remove-Item",
        class: "Microsoft.PowerShell.Commands.RemoveItemCommand",
        takes: Takes::Only(&["Path", "LiteralPath", "Force", "Confirm", "WhatIf"]),
        run: |stage, bound| Box::pin(remove_item(stage, bound)),
    },
    Cmdlet {
        name: "Test-Path",
        class: "Microsoft.PowerShell.Commands.TestPathCommand",
        takes: Takes::Only(&["Path", "LiteralPath", "PathType"]),
        run: |stage, bound| Box::pin(test_path(stage, bound)),
    },
];

async fn get_child_item(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let filter = bound.text("Filter").unwrap_or_else(|| "*".to_owned());
    let depth = if bound.switch("Recurse") { bound.count("Depth").unwrap_or(usize::MAX) } else { 0 };
    for path in paths(stage, bound).await {
        if let Some(children) = drives::children(stage, &path) {
            for child in children {
                stage.put(child).await?;
            }
            continue;
        }
        let Some(entry) = found(stage, &path).await? else { continue };
        let mut levels = if entry.is_directory() { vec![(entry, 0)] } else { Vec::new() };
        if levels.is_empty() {
            list(stage, bound, &filter, &path).await?;
        }
        while let Some((directory, level)) = levels.pop() {
            let mut below = Vec::new();
            for entry in stage.machine.files.children(&directory) {
                put_wanted(stage, bound, &filter, &entry).await?;
                if entry.is_directory() && level < depth {
                    below.push((entry, level + 1));
                }
            }
            levels.extend(below.into_iter().rev());
        }
    }
    Ok(())
}

/// A file that is named itself.
async fn list(stage: &Stage<'_>, bound: &Bound, filter: &str, path: &str) -> Result<(), Failure> {
    match stage.machine.files.find(path) {
        Some(entry) => put_wanted(stage, bound, filter, &entry).await,
        None => Ok(()),
    }
}

async fn put_wanted(stage: &Stage<'_>, bound: &Bound, filter: &str, entry: &Entry) -> Result<(), Failure> {
    let wanted = like(filter, entry.name())
        && !(bound.switch("File") && entry.is_directory())
        && (!bound.switch("Directory") || entry.is_directory())
        && passes(bound, entry.name());
    match (wanted, bound.switch("Name")) {
        (false, _) => Ok(()),
        (true, true) => stage.put(Value::from(entry.name())).await,
        (true, false) => stage.put(object(stage, entry)).await,
    }
}

async fn get_item(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    for path in paths(stage, bound).await {
        match drives::item(stage, &path) {
            Some(Some(item)) => stage.put(item).await?,
            Some(None) => stage.complain(no_path(&path)).await?,
            None => {
                if let Some(entry) = found(stage, &path).await? {
                    stage.put(object(stage, &entry)).await?;
                }
            }
        }
    }
    Ok(())
}

async fn get_content(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    for path in paths(stage, bound).await {
        match drives::item(stage, &path) {
            Some(Some(item)) => {
                stage.put(item.property("Value").cloned().unwrap_or_default()).await?;
                continue;
            }
            Some(None) => {
                stage.complain(no_path(&path)).await?;
                continue;
            }
            None => {}
        }
        let Some(entry) = found(stage, &path).await? else { continue };
        let content = match entry.kind {
            Kind::File(content) => content,
            // Zeros have no line end, and nobody wants to see them.
            Kind::Zeros(_) => "",
            Kind::Directory | Kind::Locked(_) => {
                stage.complain(unreadable(&entry)).await?;
                continue;
            }
        };
        if bound.switch("Raw") {
            stage.put(Value::from(content)).await?;
            continue;
        }
        let lines: Vec<&str> = content.lines().collect();
        let head = bound.count("TotalCount").unwrap_or(lines.len()).min(lines.len());
        let tail = bound.count("Tail").unwrap_or(lines.len());
        for line in lines.iter().take(head).skip(head.saturating_sub(tail)) {
            stage.put(Value::from(*line)).await?;
        }
    }
    Ok(())
}

async fn remove_item(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    for path in paths(stage, bound).await {
        let Some(entry) = found(stage, &path).await? else { continue };
        let target = format!("Remove {}", if entry.is_directory() { "Directory" } else { "File" });
        if !stage.should_process_as(&target, &entry.path).await? {
            continue;
        }
        if let Err(refused) = stage.machine.files.delete(&path) {
            stage.complain(undeleted(&entry, refused)).await?;
        }
    }
    Ok(())
}

async fn test_path(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let kind = bound.text("PathType").map(|kind| kind.to_lowercase());
    for path in paths(stage, bound).await {
        let there = match drives::item(stage, &path) {
            Some(item) => item.is_some(),
            None => matching(stage, &path).into_iter().any(|entry| match kind.as_deref() {
                Some("container") => entry.is_directory(),
                Some("leaf") => !entry.is_directory(),
                _ => true,
            }),
        };
        stage.put(Value::Boolean(there)).await?;
    }
    Ok(())
}

/// The paths that the parameters or the pipeline name; without any, the current directory.
async fn paths(stage: &mut Stage<'_>, bound: &Bound) -> Vec<String> {
    if let Some(paths) = bound.texts("Path") {
        return paths.iter().flat_map(|path| expanded(stage, path)).collect();
    }
    if let Some(paths) = bound.texts("LiteralPath") {
        return paths;
    }
    if !stage.has_input() {
        return vec!["C:\\Users\\Administrator".to_owned()];
    }
    let mut paths = Vec::new();
    while let Some(value) = stage.take().await {
        paths.push(value.property("FullName").unwrap_or(&value).to_string());
    }
    paths
}

/// The paths behind a pattern; a pattern without stars is a path.
fn expanded(stage: &Stage<'_>, path: &str) -> Vec<String> {
    if !path.contains(['*', '?']) {
        return vec![path.to_owned()];
    }
    matching(stage, path).into_iter().map(|entry| entry.path.into_owned()).collect()
}

fn matching(stage: &Stage<'_>, path: &str) -> Vec<Entry> {
    let path = normal(path);
    let files = &stage.machine.files;
    match path.rsplit_once('\\') {
        Some((parent, pattern)) if pattern.contains(['*', '?']) => match files.find(parent) {
            Some(parent) => files.children(&parent).filter(|entry| like(pattern, entry.name())).collect(),
            None => Vec::new(),
        },
        _ => files.find(&path).into_iter().collect(),
    }
}

async fn found(stage: &Stage<'_>, path: &str) -> Result<Option<Entry>, Failure> {
    let entry = stage.machine.files.find(path);
    if entry.is_none() {
        let plain = normal(path);
        let drive = plain.split_once(':').map(|(drive, _)| drive);
        let strange = drive.filter(|drive| !["c", "d"].iter().any(|known| drive.eq_ignore_ascii_case(known)));
        stage.complain(strange.map_or_else(|| no_path(path), no_drive)).await?;
    }
    Ok(entry)
}

fn passes(bound: &Bound, name: &str) -> bool {
    let any = |patterns: Vec<String>| patterns.iter().any(|pattern| like(pattern, name));
    bound.texts("Include").is_none_or(any) && !bound.texts("Exclude").is_some_and(any)
}

/// `System.IO.FileInfo` or `DirectoryInfo` as it is serialised.
fn object(stage: &Stage<'_>, entry: &Entry) -> Value {
    let written = stage.machine.started.before(Duration::from_secs(u64::from(entry.age) * 86_400)).to_value();
    let mode = if entry.is_directory() { "d-----" } else { "-a----" };
    let parent = entry.parent();
    let root = format!("{}\\", entry.path);
    let full_name = if parent.is_empty() { &root } else { &*entry.path };
    let mut adapted = Properties::new();
    if let Some(size) = entry.size() {
        adapted = adapted
            .with("Length", size)
            .with("DirectoryName", parent)
            .with("Directory", parent)
            .with("IsReadOnly", false);
    }
    let extension = entry.name().rfind('.').and_then(|dot| entry.name().get(dot..)).unwrap_or_default();
    adapted = adapted
        .with("Name", entry.name())
        .with("Exists", true)
        .with("FullName", full_name)
        .with("Extension", if entry.is_directory() { "" } else { extension })
        .with("CreationTime", written.clone())
        .with("LastAccessTime", written.clone())
        .with("LastWriteTime", written);
    let extended = Properties::new()
        .with("PSPath", format!("Microsoft.PowerShell.Core\\FileSystem::{full_name}"))
        .with("PSParentPath", format!("Microsoft.PowerShell.Core\\FileSystem::{parent}"))
        .with("PSChildName", entry.name())
        .with("PSIsContainer", entry.is_directory())
        .with("Mode", mode);
    let type_name = if entry.is_directory() { "System.IO.DirectoryInfo" } else { FILE };
    let names = [type_name, "System.IO.FileSystemInfo", "System.MarshalByRefObject", "System.Object"];
    Value::object(Object { to_string: Some(entry.name().into()), adapted, extended, ..Object::typed(&names) })
}

pub(super) fn no_path(path: &str) -> Problem {
    Problem {
        message: format!("Cannot find path '{path}' because it does not exist."),
        category: "ObjectNotFound",
        exception: "System.Management.Automation.ItemNotFoundException",
        id: "PathNotFound",
        target: Target::Text(path.to_owned()),
    }
}

fn no_drive(drive: &str) -> Problem {
    Problem {
        message: format!("Cannot find drive. A drive with the name '{drive}' does not exist."),
        category: "ObjectNotFound",
        exception: "System.Management.Automation.DriveNotFoundException",
        id: "DriveNotFound",
        target: Target::Text(drive.to_owned()),
    }
}

fn unreadable(entry: &Entry) -> Problem {
    let (message, id) = if entry.is_directory() {
        (format!("Access to the path '{}' is denied.", entry.path), "GetContentReaderUnauthorizedAccessError")
    } else {
        (used_elsewhere(entry), "GetContentReaderIOError")
    };
    Problem {
        message,
        category: "PermissionDenied",
        exception: "System.UnauthorizedAccessException",
        id,
        target: Target::Text(entry.path.clone().into_owned()),
    }
}

fn undeleted(entry: &Entry, refused: Undeletable) -> Problem {
    let (reason, exception) = match refused {
        Undeletable::Missing => ("it does not exist.".to_owned(), "System.IO.FileNotFoundException"),
        Undeletable::InUse => (used_elsewhere(entry), "System.IO.IOException"),
    };
    Problem {
        message: format!("Cannot remove item {}: {reason}", entry.path),
        category: "WriteError",
        exception,
        id: "RemoveFileSystemItemIOError",
        target: Target::Text(entry.path.clone().into_owned()),
    }
}

fn used_elsewhere(entry: &Entry) -> String {
    format!(
        "The process cannot access the file '{}' because it is being used by another process.",
        entry.path
    )
}

/// The type of a file, which has methods where a command calls them.
pub(super) const FILE: &str = "System.IO.FileInfo";
