//! Get-WinEvent, Get-HotFix.

use std::cmp::Ordering;
use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, Value};
use winrm_script::tree::Case;
use winrm_script::value::Value as Item;
use winrm_script::value::compare::order;

use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::{equal, like};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

/// An event of a log.
struct Event {
    log: &'static str,
    provider: &'static str,
    id: i32,
    /// 1 critical, 2 error, 3 warning, 4 information.
    level: u8,
    /// Minutes before the machine started.
    age: u64,
    message: &'static str,
}

pub(in super::super) const CMDLETS: [Cmdlet; 2] = [
    Cmdlet {
        name: "Get-HotFix",
        class: "Microsoft.PowerShell.Commands.GetHotFixCommand",
        takes: Takes::Only(&["Id", "Description"]),
        run: |stage, bound| Box::pin(get_hot_fix(stage, bound)),
    },
    Cmdlet {
        name: "Get-WinEvent",
        class: "Microsoft.PowerShell.Commands.GetWinEventCommand",
        takes: Takes::Only(&["LogName", "ProviderName", "FilterHashtable", "MaxEvents", "Oldest", "Force"]),
        run: |stage, bound| Box::pin(get_win_event(stage, bound)),
    },
];

async fn get_win_event(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let logs = wanted(bound, "LogName");
    for log in logs.iter().flatten() {
        if !LOGS.iter().any(|known| like(log, known)) {
            return stage.complain(no_log(log)).await;
        }
    }
    let providers = wanted(bound, "ProviderName");
    let any = |patterns: &Option<Vec<String>>, text: &str| {
        patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| like(pattern, text)))
    };
    let mut found: Vec<Event> = EVENTS
        .lines()
        .filter_map(Event::read)
        .filter(|event| any(&logs, event.log) && any(&providers, event.provider))
        .filter(|event| filtered(bound, "Id", &Item::from(event.id)))
        .filter(|event| filtered(bound, "Level", &Item::from(i32::from(event.level))))
        .filter(|event| in_time(bound, &Item::from_clixml(&time(stage, event))))
        .collect();
    found.sort_by_key(|event| event.age);
    if bound.switch("Oldest") {
        found.reverse();
    }
    if found.is_empty() {
        return stage.complain(no_events()).await;
    }
    for (place, event) in found.iter().take(bound.count("MaxEvents").unwrap_or(usize::MAX)).enumerate() {
        stage.put(object(stage, event, place)).await?;
    }
    Ok(())
}

async fn get_hot_fix(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let patterns = bound.texts("Id");
    let mut found = false;
    for (id, description, age) in HOT_FIXES {
        if patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| like(pattern, id))) {
            found = true;
            stage.put(hot_fix(stage, id, description, age)).await?;
        }
    }
    match patterns {
        Some(patterns) if !found => stage.complain(no_hot_fix(&patterns.join(","))).await,
        _ => Ok(()),
    }
}

/// The names that a parameter gives, or the filter's entry of that name.
fn wanted(bound: &Bound, name: &str) -> Option<Vec<String>> {
    bound.texts(name).or_else(|| {
        let items = filter(bound, name)?.into_items();
        Some(items.iter().map(|item| item.to_text().to_string()).collect())
    })
}

fn filter(bound: &Bound, name: &str) -> Option<Item> {
    let Item::Table(table) = bound.value("FilterHashtable")? else { return None };
    table
        .entries()
        .into_iter()
        .find(|(key, _)| key.to_text().as_str().eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Whether the filter has this, or has nothing of that name.
fn filtered(bound: &Bound, name: &str, own: &Item) -> bool {
    filter(bound, name).is_none_or(|wanted| wanted.into_items().iter().any(|item| equal(own, item)))
}

/// Whether a moment lies between the filter's `StartTime` and `EndTime`.
fn in_time(bound: &Bound, time: &Item) -> bool {
    let passes = |name: &str, outside: Ordering| {
        filter(bound, name)
            .is_none_or(|limit| order(time, &limit, Case::Insensitive).is_ok_and(|found| found != outside))
    };
    passes("StartTime", Ordering::Less) && passes("EndTime", Ordering::Greater)
}

/// When an event was written.
fn time(stage: &Stage<'_>, event: &Event) -> Value {
    stage.machine.started.before(Duration::from_secs(event.age * 60)).to_value()
}

/// `System.Diagnostics.Eventing.Reader.EventLogRecord` as it is serialised.
fn object(stage: &Stage<'_>, event: &Event, place: usize) -> Value {
    let level = match event.level {
        1 => "Critical",
        2 => "Error",
        3 => "Warning",
        _ => "Information",
    };
    let computer = stage.machine.hostname();
    let adapted = Properties::new()
        .with("Id", event.id)
        .with("Version", Value::Byte(0))
        .with("Level", Value::Byte(event.level))
        .with("LevelDisplayName", level)
        .with("ProviderName", event.provider)
        .with("LogName", event.log)
        .with("MachineName", computer)
        .with("TimeCreated", time(stage, event))
        .with("RecordId", i64::try_from(place).map_or(0, |place| 48_211 - place));
    Value::object(Object {
        to_string: Some("System.Diagnostics.Eventing.Reader.EventLogRecord".into()),
        adapted,
        extended: Properties::new().with("Message", event.message),
        ..Object::typed(&[
            "System.Diagnostics.Eventing.Reader.EventLogRecord",
            "System.Diagnostics.Eventing.Reader.EventRecord",
            "System.Object",
        ])
    })
}

/// A `Win32_QuickFixEngineering` as Get-HotFix shows it.
fn hot_fix(stage: &Stage<'_>, id: &str, description: &str, age: u64) -> Value {
    let installed = stage.machine.started.before(Duration::from_secs(age * 86_400));
    let computer = stage.machine.hostname();
    Value::object(Object {
        adapted: Properties::new()
            .with("Description", description)
            .with("HotFixID", id)
            .with("InstalledBy", "NT AUTHORITY\\SYSTEM")
            .with("CSName", computer)
            .with("__SERVER", computer)
            .with("Caption", format!("https://support.microsoft.com/help/{}", id.trim_start_matches("KB"))),
        extended: Properties::new()
            .with("PSComputerName", computer)
            .with("InstalledOn", installed.to_value()),
        ..Object::typed(&[
            "System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering",
            "System.Management.ManagementObject",
            "System.Object",
        ])
    })
}

fn no_log(log: &str) -> Problem {
    Problem {
        message: format!("There is not an event log on the localhost computer that matches \"{log}\"."),
        category: "ObjectNotFound",
        exception: "System.Exception",
        id: "NoMatchingLogsFound",
        target: Target::Text(log.to_owned()),
    }
}

fn no_events() -> Problem {
    Problem {
        message: "No events were found that match the specified selection criteria.".to_owned(),
        category: "ObjectNotFound",
        exception: "System.Exception",
        id: "NoMatchingEventsFound",
        target: Target::Nothing,
    }
}

fn no_hot_fix(id: &str) -> Problem {
    Problem {
        message: "Cannot find the requested hotfix on the 'localhost' computer. Verify the input and run the command \
                  again."
            .to_owned(),
        category: "ObjectNotFound",
        exception: "System.ArgumentException",
        id: "GetHotFixNoEntriesFound",
        target: Target::Text(id.to_owned()),
    }
}

impl Event {
    /// Reads a line of the table.
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        Some(Self {
            log: cells.next()?,
            provider: cells.next()?,
            id: cells.next()?.parse().ok()?,
            level: cells.next()?.parse().ok()?,
            age: cells.next()?.parse().ok()?,
            message: cells.next()?,
        })
    }
}

const LOGS: [&str; 3] = ["Application", "Security", "System"];
const EVENTS: &str = include_str!("../../inventory/events.tsv");
const HOT_FIXES: [(&str, &str, u64); 2] = [("KB5044281", "Security Update", 37), ("KB5044414", "Update", 37)];
