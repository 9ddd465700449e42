//! Programs that look at the network, of which the machine has a made-up one.

use std::time::Duration;

use super::super::Machine;
use super::super::console::Console;
use super::super::pipe::Broken;

pub(super) async fn ipconfig(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    let text = match arguments.first().map(|option| option.to_ascii_lowercase()).as_deref() {
        None => format!("\r\nWindows IP Configuration\r\n\r\n\r\n{ADAPTER}{}", lines(&ADDRESSES)),
        Some("/all" | "-all") => {
            let host = [("Host Name", machine.hostname())];
            let (host, node) = (lines(&host), lines(&NODE));
            let (card, addresses, resolver) = (lines(&CARD), lines(&ADDRESSES_ALL), lines(&RESOLVER));
            let suffix = lines(&SUFFIX);
            format!(
                "\r\nWindows IP Configuration\r\n\r\n{host}{node}\r\n{ADAPTER}{suffix}{card}{addresses}{resolver}"
            )
        }
        Some(_) => {
            console.stderr.line("\r\nError: unrecognized or incomplete command line.").await?;
            return Ok(1);
        }
    };
    console.stdout.write(text).await?;
    Ok(0)
}

/// `ping [-t] [-n COUNT] TARGET`: the machine reaches itself and its gateway, once a second.
pub(super) async fn ping(machine: &Machine, arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let mut count = Some(4_u32);
    let mut target = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.to_ascii_lowercase().as_str() {
            "-t" | "/t" => count = None,
            "-n" | "/n" => match words.next().and_then(|count| count.parse().ok()).filter(|count| *count > 0)
            {
                Some(given) => count = Some(given),
                None => {
                    console
                        .stdout
                        .line("Bad value for option -n, valid range is from 1 to 4294967295.")
                        .await?;
                    return Ok(1);
                }
            },
            "-4" | "/4" => {}
            _ if word.starts_with(['-', '/']) => {
                console.stdout.line(&format!("Bad option {word}.")).await?;
                return Ok(1);
            }
            _ => target = Some(word.as_str()),
        }
    }
    let Some(target) = target else {
        console.stdout.line("IP address must be specified.").await?;
        return Ok(1);
    };
    let Some((shown, address, trip)) = reachable(machine, target) else {
        let message =
            format!("Ping request could not find host {target}. Please check the name and try again.");
        console.stdout.line(&message).await?;
        return Ok(1);
    };
    console.stdout.line(&format!("\r\nPinging {shown} with 32 bytes of data:")).await?;
    let mut sent = 0_u32;
    loop {
        console.stdout.line(&format!("Reply from {address}: bytes=32 time{trip} TTL=128")).await?;
        sent = sent.saturating_add(1);
        if count == Some(sent) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let statistics = format!(
        "\r\nPing statistics for {address}:\r\n    Packets: Sent = {sent}, Received = {sent}, Lost = 0 (0% loss),\r\n\
         Approximate round trip times in milli-seconds:\r\n    Minimum = 0ms, Maximum = 1ms, Average = 0ms"
    );
    console.stdout.line(&statistics).await?;
    Ok(0)
}

/// How a target is shown, its address, and how long a reply takes.
fn reachable(machine: &Machine, target: &str) -> Option<(String, &'static str, &'static str)> {
    let own = target.eq_ignore_ascii_case(machine.hostname()) || target.eq_ignore_ascii_case("localhost");
    match target {
        "127.0.0.1" => Some(("127.0.0.1".to_owned(), "127.0.0.1", "<1ms")),
        ADDRESS => Some((ADDRESS.to_owned(), ADDRESS, "<1ms")),
        GATEWAY => Some((GATEWAY.to_owned(), GATEWAY, "=1ms")),
        _ if own => Some((format!("{target} [{ADDRESS}]"), ADDRESS, "<1ms")),
        _ => None,
    }
}

/// Labels with the dots that lead to their values: a dot at each even place, as Windows' own strings have them.
fn lines(facts: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (label, value) in facts {
        let mut padded = (*label).to_owned();
        if label.ends_with("Suffix") {
            padded.push(' ');
        }
        while padded.len() < 33 {
            padded.push(if padded.len().is_multiple_of(2) { '.' } else { ' ' });
        }
        text.push_str(&format!("   {padded} : {value}\r\n"));
    }
    text
}

const ADAPTER: &str = "Ethernet adapter Ethernet:\r\n\r\n";
const ADDRESS: &str = "10.0.4.17";
const GATEWAY: &str = "10.0.4.1";
const ADDRESSES: [(&str, &str); 5] = [
    ("Connection-specific DNS Suffix", ""),
    ("Link-local IPv6 Address", "fe80::9d1e:5b0a:4c17:2f63%4"),
    ("IPv4 Address", ADDRESS),
    ("Subnet Mask", "255.255.255.0"),
    ("Default Gateway", GATEWAY),
];
const NODE: [(&str, &str); 4] = [
    ("Primary Dns Suffix", ""),
    ("Node Type", "Hybrid"),
    ("IP Routing Enabled", "No"),
    ("WINS Proxy Enabled", "No"),
];
const SUFFIX: [(&str, &str); 1] = [("Connection-specific DNS Suffix", "")];
const CARD: [(&str, &str); 4] = [
    ("Description", "Microsoft Hyper-V Network Adapter"),
    ("Physical Address", "00-15-5D-0A-04-11"),
    ("DHCP Enabled", "No"),
    ("Autoconfiguration Enabled", "Yes"),
];
const ADDRESSES_ALL: [(&str, &str); 4] = [
    ("Link-local IPv6 Address", "fe80::9d1e:5b0a:4c17:2f63%4(Preferred)"),
    ("IPv4 Address", "10.0.4.17(Preferred)"),
    ("Subnet Mask", "255.255.255.0"),
    ("Default Gateway", GATEWAY),
];
const RESOLVER: [(&str, &str); 2] = [("DNS Servers", GATEWAY), ("NetBIOS over Tcpip", "Enabled")];
