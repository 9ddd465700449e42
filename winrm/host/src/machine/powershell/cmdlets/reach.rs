//! Resolve-DnsName, Test-Connection, Test-NetConnection: the few hosts that the machine reaches.

use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::inventory::Table;
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 3] = [
    Cmdlet {
        name: "Resolve-DnsName",
        class: "Microsoft.DnsClient.Commands.ResolveDnsName",
        takes: Takes::Only(&["Name", "Type", "DnsOnly", "QuickTimeout"]),
        run: |stage, bound| Box::pin(resolve_dns_name(stage, bound)),
    },
    Cmdlet {
        name: "Test-Connection",
        class: "Microsoft.PowerShell.Commands.TestConnectionCommand",
        takes: Takes::Only(&["ComputerName", "TargetName", "Count", "Quiet", "Delay"]),
        run: |stage, bound| Box::pin(test_connection(stage, bound)),
    },
    Cmdlet {
        name: "Test-NetConnection",
        class: "Test-NetConnection",
        takes: Takes::Only(&["ComputerName", "Port", "CommonTCPPort", "InformationLevel"]),
        run: |stage, bound| Box::pin(test_net_connection(stage, bound)),
    },
];

/// A host that the machine reaches.
struct Host {
    name: String,
    address: String,
    ports: String,
    response_time: Value,
}

async fn resolve_dns_name(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let name = bound.text("Name").unwrap_or_default();
    let Some(host) = find(stage, &name) else { return stage.complain(no_name(&name)).await };
    let record = Value::enumeration("Microsoft.DnsClient.Commands.RecordType", "A", 1);
    let section = Value::enumeration("Microsoft.DnsClient.Commands.DNSSection", "Answer", 1);
    let properties = Properties::new()
        .with("Name", host.name.as_str())
        .with("Type", record)
        .with("TTL", 1_742_u32)
        .with("Section", section)
        .with("IPAddress", host.address.as_str());
    stage
        .put(Value::object(Object {
            adapted: properties,
            ..Object::typed(&[
                "Microsoft.DnsClient.Commands.DnsRecord_A",
                "Microsoft.DnsClient.Commands.DnsRecord",
                "System.Object",
            ])
        }))
        .await
}

async fn test_connection(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let count = bound.count("Count").unwrap_or(4);
    let names = bound.texts("ComputerName").or_else(|| bound.texts("TargetName")).unwrap_or_default();
    for name in names {
        let found = find(stage, &name);
        if bound.switch("Quiet") {
            stage.put(Value::Boolean(found.is_some())).await?;
            continue;
        }
        let Some(host) = found else {
            stage.complain(unreachable(&name)).await?;
            continue;
        };
        for place in 0..count {
            if place > 0 {
                let delay = bound.number("Delay").unwrap_or(1.0);
                tokio::time::sleep(Duration::try_from_secs_f64(delay).unwrap_or_default()).await;
            }
            stage.put(ping_status(stage, &name, &host)).await?;
        }
    }
    Ok(())
}

async fn test_net_connection(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let name = bound.text("ComputerName").unwrap_or_else(|| "dc-01.contoso.example".to_owned());
    let port = bound.text("Port").or_else(|| {
        let named = bound.text("CommonTCPPort")?;
        let known = COMMON_PORTS.iter().find(|(own, _)| own.eq_ignore_ascii_case(&named));
        known.map(|(_, port)| (*port).to_owned())
    });
    let host = find(stage, &name);
    let open = |port: &String| host.as_ref().is_some_and(|host| host.ports.split(',').any(|own| own == port));
    match (&host, &port) {
        (None, _) => stage.warn(format!("Name resolution of {name} failed")).await?,
        (Some(host), Some(port)) if !open(port) => {
            stage.warn(format!("TCP connect to ({} : {port}) failed", host.address)).await?;
        }
        _ => {}
    }
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let mut properties = Properties::new()
        .with("ComputerName", name.as_str())
        .with("RemoteAddress", text(host.as_ref().map(|host| host.address.as_str())));
    if let Some(port) = &port {
        properties = properties.with("RemotePort", port.parse().map_or(Value::Null, Value::UInt32));
    }
    properties = properties
        .with("InterfaceAlias", text(host.as_ref().map(|_| "Ethernet")))
        .with("SourceAddress", text(host.as_ref().map(|_| "10.0.4.17")))
        .with("PingSucceeded", host.is_some());
    if let Some(port) = &port {
        properties = properties.with("TcpTestSucceeded", open(port));
    }
    stage
        .put(Value::object(Object {
            to_string: Some("TestNetConnectionResult".into()),
            extended: properties,
            ..Object::typed(&["TestNetConnectionResult", "System.Object"])
        }))
        .await
}

fn find(stage: &Stage<'_>, wanted: &str) -> Option<Host> {
    let (_, table) = Table::named("hosts")?;
    let hosts = table.rows(stage.machine).into_iter().map(|row| {
        let fact = |name: &str| row.facts.value(name).map(ToString::to_string).unwrap_or_default();
        Host {
            name: fact("Name"),
            address: fact("IPAddress"),
            ports: fact("Ports"),
            response_time: row.facts.value("ResponseTime").cloned().unwrap_or_default(),
        }
    });
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    hosts.into_iter().find(|host| {
        host.name.eq_ignore_ascii_case(wanted)
            || host.address == wanted
            || short(&host.name).eq_ignore_ascii_case(wanted)
    })
}

/// `Win32_PingStatus` as Windows PowerShell's Test-Connection shows it.
fn ping_status(stage: &Stage<'_>, name: &str, host: &Host) -> Value {
    Value::object(Object {
        adapted: Properties::new()
            .with("__SERVER", stage.machine.hostname())
            .with("Address", name)
            .with("IPV4Address", host.address.as_str())
            .with("IPV6Address", Value::Null)
            .with("ProtocolAddress", host.address.as_str())
            .with("BufferSize", 32_u32)
            .with("ResponseTime", host.response_time.clone())
            .with("StatusCode", 0_u32)
            .with("TimeToLive", 80_u32),
        ..Object::typed(&[
            "System.Management.ManagementObject#root\\cimv2\\Win32_PingStatus",
            "System.Management.ManagementObject",
            "System.Object",
        ])
    })
}

fn no_name(name: &str) -> Problem {
    Problem {
        message: format!("{name} : DNS name does not exist"),
        category: "ResourceUnavailable",
        exception: "System.ComponentModel.Win32Exception",
        id: "DNS_ERROR_RCODE_NAME_ERROR",
        target: Target::Text(name.to_owned()),
    }
}

fn unreachable(name: &str) -> Problem {
    Problem {
        message: format!("Testing connection to computer '{name}' failed: No such host is known"),
        category: "ResourceUnavailable",
        exception: "System.Net.NetworkInformation.PingException",
        id: "TestConnectionException",
        target: Target::Text(name.to_owned()),
    }
}

const COMMON_PORTS: [(&str, &str); 4] = [("HTTP", "80"), ("RDP", "3389"), ("SMB", "445"), ("WINRM", "5985")];
