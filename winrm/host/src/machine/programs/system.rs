//! Programs that say what the machine is.

use std::time::Duration;

use super::super::Machine;
use super::super::console::Console;
use super::super::pipe::Broken;

pub(super) async fn hostname(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    if !arguments.is_empty() {
        console.stderr.line("sethostname: Use the Network Control Panel Applet to set hostname.").await?;
        console.stderr.line("hostname -s is not supported.").await?;
        return Ok(1);
    }
    console.stdout.line(machine.hostname()).await?;
    Ok(0)
}

pub(super) async fn whoami(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    let name = format!("{}\\{}", machine.hostname(), console.user).to_lowercase();
    let Some(option) = arguments.first() else {
        console.stdout.line(&name).await?;
        return Ok(0);
    };
    if !option.eq_ignore_ascii_case("/user") {
        let message =
            format!("ERROR: Invalid argument/option - '{option}'.\r\nType \"WHOAMI /?\" for usage.");
        console.stderr.line(&message).await?;
        return Ok(1);
    }
    let width = name.len().max("User Name".len());
    let header = format!(
        "\r\nUSER INFORMATION\r\n----------------\r\n\r\n{:width$} SID\r\n{:=<width$} {:=<46}\r\n{name:width$} {SID}",
        "User Name", "", "",
    );
    console.stdout.line(&header).await?;
    Ok(0)
}

/// timeout.exe reads keys, and says so when there is no keyboard. Over WinRM there never is one.
pub(super) async fn timeout(console: &Console) -> Result<i32, Broken> {
    let message = "ERROR: Input redirection is not supported, exiting the process immediately.";
    console.stderr.line(message).await?;
    Ok(1)
}

pub(super) async fn systeminfo(machine: &Machine, console: &Console) -> Result<i32, Broken> {
    let booted = machine.started.before(UPTIME).date_and_time();
    let installed = machine.started.before(AGE).date_and_time();
    let version = machine.version().rsplit_once('.').map_or("", |(build, _)| build);
    let facts = [
        ("Host Name", machine.hostname().to_owned()),
        ("OS Name", "Microsoft Windows Server 2022 Datacenter".to_owned()),
        ("OS Version", format!("{version} N/A Build 20348")),
        ("OS Manufacturer", "Microsoft Corporation".to_owned()),
        ("OS Configuration", "Standalone Server".to_owned()),
        ("OS Build Type", "Multiprocessor Free".to_owned()),
        ("Registered Owner", "N/A".to_owned()),
        ("Registered Organization", "N/A".to_owned()),
        ("Product ID", "00454-60000-00001-AA884".to_owned()),
        ("Original Install Date", installed),
        ("System Boot Time", booted),
        ("System Manufacturer", "Microsoft Corporation".to_owned()),
        ("System Model", "Virtual Machine".to_owned()),
        ("System Type", "x64-based PC".to_owned()),
        ("Windows Directory", "C:\\Windows".to_owned()),
        ("System Directory", "C:\\Windows\\system32".to_owned()),
        ("Boot Device", "\\Device\\HarddiskVolume1".to_owned()),
        ("System Locale", "en-us;English (United States)".to_owned()),
        ("Input Locale", "en-us;English (United States)".to_owned()),
        ("Time Zone", "(UTC) Coordinated Universal Time".to_owned()),
        ("Total Physical Memory", "4,095 MB".to_owned()),
        ("Available Physical Memory", "2,311 MB".to_owned()),
        ("Virtual Memory: Max Size", "4,799 MB".to_owned()),
        ("Virtual Memory: Available", "3,017 MB".to_owned()),
        ("Virtual Memory: In Use", "1,782 MB".to_owned()),
        ("Page File Location(s)", "C:\\pagefile.sys".to_owned()),
        ("Domain", "WORKGROUP".to_owned()),
        ("Logon Server", "N/A".to_owned()),
        ("Hotfix(s)", "2 Hotfix(s) Installed.\r\n                           [01]: KB5044281\r\n                           [02]: KB5044414".to_owned()),
    ];
    let mut text = String::from("\r\n");
    for (name, value) in facts {
        let label = format!("{name}:");
        text.push_str(&format!("{label:<26} {value}\r\n"));
    }
    console.stdout.write(text).await?;
    Ok(0)
}

const SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1001";
const UPTIME: Duration = Duration::from_secs(9 * 86_400 + 4_711);
const AGE: Duration = Duration::from_secs(212 * 86_400 + 1_234);
