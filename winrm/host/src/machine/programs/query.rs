//! Programs that administrators ask about connections, sessions and the clock.

use std::time::Duration;

use winrm_proto::clixml::Properties;

use super::super::Machine;
use super::super::console::Console;
use super::super::inventory::Table;
use super::super::pipe::Broken;

/// `netstat [-a] [-n] [-o]`: what Get-NetTCPConnection knows, as text.
pub(super) async fn netstat(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    let letters: String = arguments.iter().flat_map(|word| word.chars().skip(1)).collect();
    let has = |letter: char| letters.chars().any(|own| own.eq_ignore_ascii_case(&letter));
    let known = arguments.iter().all(|word| word.starts_with(['-', '/']))
        && letters.chars().all(|letter| "anoANO".contains(letter));
    if !known {
        console.stderr.line("Displays protocol statistics and current TCP/IP network connections.").await?;
        return Ok(1);
    }
    let (pid, all) = (has('o'), has('a'));
    let mut text = format!(
        "\r\nActive Connections\r\n\r\n  Proto  {:<22} {:<22} {:<15}{}\r\n",
        "Local Address",
        "Foreign Address",
        "State",
        if pid { " PID" } else { "" }
    );
    let rows = Table::named("Get-NetTCPConnection").map(|(_, table)| table.rows(machine)).unwrap_or_default();
    for row in rows {
        let state = fact(&row.facts, "State");
        let shown = match state.as_str() {
            "Listen" if all => "LISTENING".to_owned(),
            "Listen" => continue,
            "TimeWait" => "TIME_WAIT".to_owned(),
            "CloseWait" => "CLOSE_WAIT".to_owned(),
            other => other.to_uppercase(),
        };
        let local = endpoint(&row.facts, "LocalAddress", "LocalPort");
        let remote = endpoint(&row.facts, "RemoteAddress", "RemotePort");
        let owner = if pid { format!(" {}", fact(&row.facts, "OwningProcess")) } else { String::new() };
        text.push_str(&format!("  TCP    {local:<22} {remote:<22} {shown:<15}{owner}\r\n"));
    }
    console.stdout.write(text).await?;
    Ok(0)
}

/// `quser`: who sits before the machine.
pub(super) async fn quser(machine: &Machine, console: &Console) -> Result<i32, Broken> {
    let logged_on = machine.started.before(Duration::from_secs(3 * 3_600 + 1_260));
    let mut text = format!(
        " {:<22}{:<19}{:<4}{:<8}{:<11}{}\r\n",
        "USERNAME", "SESSIONNAME", "ID", "STATE", "IDLE TIME", "LOGON TIME"
    );
    let line = format!(" {:<22}{:<19}{:<4}{:<8}{:<11}", "administrator", "rdp-tcp#3", "2", "Active", "1:04");
    text.push_str(&format!("{line}{}\r\n", logged_on.formatted("g")));
    console.stdout.write(text).await?;
    Ok(0)
}

/// `w32tm /query /status` and `/query /source`.
pub(super) async fn w32tm(machine: &Machine, arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let asks = |name: &str| arguments.iter().any(|word| word.eq_ignore_ascii_case(name));
    if asks("/query") && asks("/source") {
        console.stdout.line(TIME_SOURCE).await?;
        return Ok(0);
    }
    if !(asks("/query") && asks("/status")) {
        console.stderr.line("The command line is not one that this machine simulates.").await?;
        return Ok(1);
    }
    let synchronised = machine.started.before(Duration::from_secs(401 * 60)).formatted("G");
    let text = format!(
        "Leap Indicator: 0(no warning)\r\nStratum: 4 (secondary reference - syncd by (S)NTP)\r\nPrecision: -23 \
         (119.209ns per tick)\r\nRoot Delay: 0.0312500s\r\nRoot Dispersion: 0.0418832s\r\nReferenceId: 0x0A000402 \
         (source IP:  10.0.4.2)\r\nLast Successful Sync Time: {synchronised}\r\nSource: {TIME_SOURCE}\r\nPoll \
         Interval: 10 (1024s)\r\n"
    );
    console.stdout.write(text).await?;
    Ok(0)
}

fn endpoint(facts: &Properties, address: &str, port: &str) -> String {
    let address = fact(facts, address);
    let address = if address.contains(':') { format!("[{address}]") } else { address };
    format!("{address}:{}", fact(facts, port))
}

fn fact(facts: &Properties, name: &str) -> String {
    facts.value(name).map(ToString::to_string).unwrap_or_default()
}

const TIME_SOURCE: &str = "dc-01.contoso.example";
