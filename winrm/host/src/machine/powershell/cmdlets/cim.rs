//! Get-CimInstance: classes of `root/cimv2`.

use std::cmp::Ordering;
use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, Value};
use winrm_script::tree::Case;
use winrm_script::value::Value as Item;
use winrm_script::value::compare::order;

use super::super::super::Machine;
use super::super::super::inventory::Table;
use super::super::super::services::{Start, State};
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::{equal, like};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 1] = [Cmdlet {
    name: "Get-CimInstance",
    class: "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
    takes: Takes::Only(&["ClassName", "Namespace", "Filter", "Property", "OperationTimeoutSec", "KeyOnly"]),
    run: |stage, bound| Box::pin(get_cim_instance(stage, bound)),
}];

async fn get_cim_instance(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let class = bound.text("ClassName").or_else(|| bound.text("Class")).unwrap_or_default();
    let Some((class, instances)) = instances(stage.machine, &class) else {
        return stage.complain(invalid_class(&class)).await;
    };
    let conditions = match bound.text("Filter").map(|filter| Condition::parse_all(&filter)) {
        Some(Some(conditions)) => conditions,
        Some(None) => return stage.complain(invalid_query()).await,
        None => Vec::new(),
    };
    let names = bound.texts("Property");
    for properties in instances {
        if !conditions.iter().all(|condition| condition.holds(&properties)) {
            continue;
        }
        let mut kept = Properties::new();
        for property in &properties {
            let name = property.name.as_str();
            if names.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
            {
                kept.set(property.name.clone(), property.value.clone());
            }
        }
        stage.put(object(class, kept)).await?;
    }
    Ok(())
}

/// A class as it is spelled, and its instances.
fn instances(machine: &Machine, class: &str) -> Option<(&'static str, Vec<Properties>)> {
    if let Some((class, instances)) = CLASSES.iter().find(|(name, _)| name.eq_ignore_ascii_case(class)) {
        return Some((class, instances(machine)));
    }
    let (class, table) = Table::named(class).filter(|(name, _)| name.starts_with("Win32_"))?;
    Some((class, table.rows(machine).into_iter().map(|row| row.properties).collect()))
}

/// One comparison of a WQL filter.
struct Condition {
    name: String,
    operator: &'static str,
    value: String,
}

impl Condition {
    /// Comparisons that are joined by `AND`; this machine's WQL has nothing else.
    fn parse_all(filter: &str) -> Option<Vec<Self>> {
        let mut parts = vec![filter.to_owned()];
        for joiner in [" AND ", " and ", " And "] {
            parts = parts.iter().flat_map(|part| part.split(joiner)).map(str::to_owned).collect();
        }
        parts.iter().map(|part| Self::parse(part)).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (operator, at, length) = ["<>", "!=", "<=", ">=", "=", "<", ">", " like "]
            .into_iter()
            .filter_map(|operator| Some((operator, text.to_lowercase().find(operator)?, operator.len())))
            .min_by_key(|(_, at, length)| (*at, std::cmp::Reverse(*length)))?;
        let (name, value) = (text.get(..at)?.trim(), text.get(at + length..)?.trim());
        let quoted = ['\'', '"'].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        let word =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        if !word(name) || (quoted.is_none() && !word(value)) {
            return None;
        }
        Some(Self { name: name.to_owned(), operator, value: quoted.unwrap_or(value).to_owned() })
    }

    fn holds(&self, properties: &Properties) -> bool {
        let Some(found) = properties.value(&self.name) else { return false };
        let found = Item::from_clixml(found);
        let wanted = match (&found, self.value.to_lowercase().as_str()) {
            (Item::Boolean(_), "true" | "1") => Item::Boolean(true),
            (Item::Boolean(_), _) => Item::Boolean(false),
            _ => Item::string(self.value.as_str()),
        };
        let compared = order(&found, &wanted, Case::Insensitive).ok();
        match self.operator {
            "=" => equal(&found, &wanted),
            "<>" | "!=" => !equal(&found, &wanted),
            "<" => compared == Some(Ordering::Less),
            ">" => compared == Some(Ordering::Greater),
            "<=" => compared.is_some_and(Ordering::is_le),
            ">=" => compared.is_some_and(Ordering::is_ge),
            _ => like(&self.value.replace('%', "*").replace('_', "?"), found.to_text().as_str()),
        }
    }
}

/// `Microsoft.Management.Infrastructure.CimInstance` as it is serialised.
fn object(class: &str, properties: Properties) -> Value {
    let names = [
        &*format!("Microsoft.Management.Infrastructure.CimInstance#root/cimv2/{class}"),
        &*format!("Microsoft.Management.Infrastructure.CimInstance#{class}"),
        "Microsoft.Management.Infrastructure.CimInstance",
        "System.Object",
    ];
    let key = ["Name", "DeviceID", "Caption"].iter().find_map(|name| properties.value(name));
    let shown = match key {
        Some(key) => format!("{class} (Name = \"{key}\")"),
        None => class.to_owned(),
    };
    Value::object(Object {
        to_string: Some(shown.into()),
        adapted: properties
            .with("PSComputerName", Value::Null)
            .with("CimClass", format!("root/cimv2:{class}")),
        ..Object::typed(&names)
    })
}

type Instances = fn(&Machine) -> Vec<Properties>;

/// The classes whose instances change.
const CLASSES: [(&str, Instances); 5] = [
    ("Win32_ComputerSystem", |machine| vec![computer_system(machine)]),
    ("Win32_NetworkAdapterConfiguration", |machine| vec![network(machine)]),
    ("Win32_OperatingSystem", |machine| vec![operating_system(machine)]),
    ("Win32_Process", processes),
    ("Win32_Service", services),
];

fn computer_system(machine: &Machine) -> Properties {
    Properties::new()
        .with("Name", machine.hostname())
        .with("Domain", "WORKGROUP")
        .with("Manufacturer", "Microsoft Corporation")
        .with("Model", "Virtual Machine")
        .with("NumberOfLogicalProcessors", 2_u32)
        .with("NumberOfProcessors", 1_u32)
        .with("PartOfDomain", false)
        .with("PrimaryOwnerName", "Windows User")
        .with("TotalPhysicalMemory", 4_293_918_720_u64)
}

fn network(machine: &Machine) -> Properties {
    let texts = |texts: &[&str]| Value::array(texts.iter().copied().map(Value::from).collect());
    Properties::new()
        .with("Description", "Microsoft Hyper-V Network Adapter")
        .with("DHCPEnabled", false)
        .with("DNSHostName", machine.hostname())
        .with("DefaultIPGateway", texts(&["10.0.4.1"]))
        .with("IPAddress", texts(&["10.0.4.17", "fe80::9d1e:5b0a:4c17:2f63"]))
        .with("IPEnabled", true)
        .with("IPSubnet", texts(&["255.255.255.0", "64"]))
        .with("MACAddress", "00:15:5D:0A:04:11")
        .with("Index", 1_u32)
}

fn operating_system(machine: &Machine) -> Properties {
    let booted = machine.started.before(Duration::from_secs(9 * 86_400 + 4_711));
    Properties::new()
        .with("Caption", "Microsoft Windows Server 2022 Datacenter")
        .with("BuildNumber", "20348")
        .with("CSName", machine.hostname())
        .with("FreePhysicalMemory", 2_366_464_u64)
        .with("LastBootUpTime", booted.to_value())
        .with("LocalDateTime", machine.now().to_value())
        .with("OSArchitecture", "64-bit")
        .with("RegisteredUser", "Windows User")
        .with("SerialNumber", "00454-60000-00001-AA884")
        .with("SystemDirectory", "C:\\Windows\\system32")
        .with("TotalVisibleMemorySize", 4_193_280_u64)
        .with("Version", "10.0.20348")
}

fn processes(machine: &Machine) -> Vec<Properties> {
    let process = |process: super::super::super::processes::Process| {
        Properties::new()
            .with("Name", format!("{}.exe", process.name))
            .with("ProcessId", process.id)
            .with("HandleCount", process.handles)
            .with("SessionId", process.session)
            .with("WorkingSetSize", u64::from(process.working_set) * 1024)
    };
    machine.processes.all().into_iter().map(process).collect()
}

fn services(machine: &Machine) -> Vec<Properties> {
    let service = |service: super::super::super::services::Service| {
        let (state, running) = match service.state {
            State::Running => ("Running", true),
            State::Stopped => ("Stopped", false),
        };
        let mode = match service.start {
            Start::Automatic => "Auto",
            Start::Manual => "Manual",
            Start::Disabled => "Disabled",
        };
        Properties::new()
            .with("Name", service.name)
            .with("DisplayName", service.display_name)
            .with("ProcessId", if running { 884_u32 } else { 0 })
            .with("StartMode", mode)
            .with("StartName", "LocalSystem")
            .with("Started", running)
            .with("State", state)
            .with("Status", "OK")
    };
    machine.services.all().into_iter().map(service).collect()
}

fn invalid_class(class: &str) -> Problem {
    Problem {
        message: "Invalid class ".to_owned(),
        category: "MetadataError",
        exception: "Microsoft.Management.Infrastructure.CimException",
        id: "HRESULT 0x80041010",
        target: Target::Text(format!("root\\cimv2:{class}")),
    }
}

fn invalid_query() -> Problem {
    Problem {
        message: "Invalid query ".to_owned(),
        category: "InvalidArgument",
        exception: "Microsoft.Management.Infrastructure.CimException",
        id: "HRESULT 0x80041017",
        target: Target::Nothing,
    }
}
