//! Commands that list what the machine has and never changes; see `machine/inventory`.

use winrm_proto::clixml::{Properties, Value};
use winrm_script::value::Value as Item;

use super::super::super::inventory::Table;
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::{equal, like};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 26] = [
    listed("Get-BitLockerVolume", "Get-BitLockerVolume", &["MountPoint"]),
    listed("Get-Disk", "Get-Disk", &["Number", "FriendlyName", "SerialNumber", "UniqueId"]),
    listed("Get-DnsClientCache", "Get-DnsClientCache", &["Entry", "Name", "Type"]),
    listed(
        "Get-DnsClientServerAddress",
        "Get-DnsClientServerAddress",
        &["InterfaceAlias", "InterfaceIndex", "AddressFamily"],
    ),
    listed("Get-LocalGroup", "Microsoft.PowerShell.Commands.GetLocalGroupCommand", &["Name", "SID"]),
    listed(
        "Get-LocalGroupMember",
        "Microsoft.PowerShell.Commands.GetLocalGroupMemberCommand",
        &["Group", "Name"],
    ),
    listed("Get-LocalUser", "Microsoft.PowerShell.Commands.GetLocalUserCommand", &["Name", "SID"]),
    listed("Get-MpComputerStatus", "Get-MpComputerStatus", &[]),
    listed("Get-NetAdapter", "Get-NetAdapter", &["Name", "InterfaceDescription", "InterfaceIndex"]),
    listed("Get-NetFirewallProfile", "Get-NetFirewallProfile", &["Name", "All"]),
    listed(
        "Get-NetFirewallRule",
        "Get-NetFirewallRule",
        &["Name", "DisplayName", "DisplayGroup", "Enabled", "Direction", "Action", "All"],
    ),
    listed(
        "Get-NetIPAddress",
        "Get-NetIPAddress",
        &["IPAddress", "InterfaceAlias", "InterfaceIndex", "AddressFamily", "PrefixLength", "AddressState"],
    ),
    listed(
        "Get-NetRoute",
        "Get-NetRoute",
        &["DestinationPrefix", "InterfaceAlias", "NextHop", "AddressFamily"],
    ),
    listed(
        "Get-NetTCPConnection",
        "Get-NetTCPConnection",
        &["LocalAddress", "LocalPort", "RemoteAddress", "RemotePort", "State", "OwningProcess"],
    ),
    listed("Get-PSDrive", "Microsoft.PowerShell.Commands.GetPSDriveCommand", &["Name", "PSProvider"]),
    listed("Get-Partition", "Get-Partition", &["DiskNumber", "PartitionNumber", "DriveLetter"]),
    listed("Get-PhysicalDisk", "Get-PhysicalDisk", &["FriendlyName", "SerialNumber", "DeviceNumber"]),
    listed("Get-Printer", "Get-Printer", &["Name"]),
    listed("Get-ScheduledTask", "Get-ScheduledTask", &["TaskName", "TaskPath"]),
    listed("Get-ScheduledTaskInfo", "Get-ScheduledTaskInfo", &["TaskName", "TaskPath"]),
    listed("Get-SmbSession", "Get-SmbSession", &["SessionId", "ClientComputerName", "ClientUserName"]),
    listed("Get-SmbShare", "Get-SmbShare", &["Name", "Special"]),
    listed("Get-TimeZone", "Microsoft.PowerShell.Commands.GetTimeZoneCommand", &["Id", "Name"]),
    listed("Get-Volume", "Get-Volume", &["DriveLetter", "FileSystemLabel", "UniqueId"]),
    listed("Get-Website", "Microsoft.IIs.PowerShell.Provider.GetWebsiteCommand", &["Name"]),
    listed(
        "Get-WindowsFeature",
        "Microsoft.Windows.ServerManager.Commands.GetWindowsFeatureCommand",
        &["Name"],
    ),
];

const fn listed(name: &'static str, class: &'static str, takes: &'static [&'static str]) -> Cmdlet {
    Cmdlet { name, class, takes: Takes::Only(takes), run: |stage, bound| Box::pin(list(stage, bound)) }
}

async fn list(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let Some(cmdlet) = stage.cmdlet() else { return Ok(()) };
    let Some((_, table)) = Table::named(cmdlet.name) else { return Ok(()) };
    let Takes::Only(selectors) = cmdlet.takes else { return Ok(()) };
    let given = |name: &&'static str| Some((*name, bound.value(name)?.clone()));
    let named: Vec<(&str, Item)> = selectors.iter().filter_map(given).collect();
    if named.is_empty() && stage.has_input() {
        while let Some(value) = stage.take().await {
            let piped = |name: &&'static str| {
                let own =
                    value.property(name).or_else(|| value.property("Name").filter(|_| *name == "Group"))?;
                Some((*name, Item::from_clixml(own)))
            };
            let wanted: Vec<(&str, Item)> = selectors.iter().filter_map(piped).collect();
            put_selected(stage, &table, &wanted).await?;
        }
        return Ok(());
    }
    put_selected(stage, &table, &named).await
}

/// Puts the rows out that have what is wanted. A wanted name that no row has is an error of its own.
async fn put_selected(stage: &Stage<'_>, table: &Table, wanted: &[(&str, Item)]) -> Result<(), Failure> {
    let rows = table.rows(stage.machine);
    for (name, value) in wanted {
        for item in value.clone().into_items() {
            let is_pattern = item.as_str().is_some_and(|text| text.contains(['*', '?']));
            if !is_pattern && !rows.iter().any(|row| has(&row.facts, name, &item)) {
                stage.complain(not_found(stage, table, name, &item)).await?;
            }
        }
    }
    for row in rows {
        let selected = wanted
            .iter()
            .all(|(name, value)| value.clone().into_items().iter().any(|item| has(&row.facts, name, item)));
        if selected {
            stage.put(table.object(row.properties)).await?;
        }
    }
    Ok(())
}

/// Whether a row has this. A parameter without a column of its name is no selector.
fn has(facts: &Properties, name: &str, wanted: &Item) -> bool {
    let Some(own) = facts.value(name) else { return true };
    if *own == Value::Null {
        return wanted.is_null();
    }
    let own = Item::from_clixml(own);
    match wanted.as_str() {
        Some(pattern) => like(pattern, own.to_text().as_str()) || equal(&own, wanted),
        None => equal(&own, wanted),
    }
}

fn not_found(stage: &Stage<'_>, table: &Table, name: &str, item: &Item) -> Problem {
    let text = item.to_text().to_string();
    match table.class() {
        Some(class) => Problem {
            message: format!(
                "No {class} objects found with property '{name}' equal to '{text}'. Verify the value of the property \
                 and retry."
            ),
            category: "ObjectNotFound",
            exception: "Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
            id: "CmdletizationQuery_NotFound",
            target: Target::Text(text),
        },
        None => {
            let kind = stage.cmdlet().and_then(|cmdlet| cmdlet.name.strip_prefix("Get-")).unwrap_or("Item");
            let kind = kind.strip_prefix("Local").unwrap_or(kind).trim_end_matches("Member");
            Problem {
                message: format!("{kind} {text} was not found."),
                category: "ObjectNotFound",
                exception: "Microsoft.PowerShell.Commands.ItemNotFoundException",
                id: "NotFound",
                target: Target::Text(text),
            }
        }
    }
}
