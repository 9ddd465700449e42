//! How fast scripts are parsed, bound and refused: `cargo bench -p winrm-script --bench parse`.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it stands")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use winrm_script::check;
use winrm_script::commands::{Element, find};
use winrm_script::evaluate::Known;
use winrm_script::parse;
use winrm_script::plan::Plan;
use winrm_script::tree::Expression;

fn main() {
    divan::main();
}

/// About 2 KB as an assistant writes them: pipelines, calculated properties, a loop, a table.
#[divan::bench]
fn parse_two_kilobytes(bencher: Bencher<'_, '_>) {
    let script = two_kilobytes();
    bencher.counter(BytesCount::of_str(script)).bench(|| parse::script(black_box(script)));
}

/// The same, with everything checked and every command for a host bound.
#[divan::bench]
fn parse_and_check_two_kilobytes(bencher: Bencher<'_, '_>) {
    let script = two_kilobytes();
    bencher.counter(BytesCount::of_str(script)).bench(|| {
        let tree = parse::script(black_box(script)).unwrap();
        check::script(script, &tree, &Known).unwrap().len()
    });
}

/// The same, planned as well: to be done in 200 µs.
#[divan::bench]
fn parse_check_and_plan_two_kilobytes(bencher: Bencher<'_, '_>) {
    let script = two_kilobytes();
    assert!(script.len() >= 2048, "the script has only {} bytes", script.len());
    bencher.counter(BytesCount::of_str(script)).bench(|| {
        let tree = parse::script(black_box(script)).unwrap();
        let commands = check::script(script, &tree, &Known).unwrap().len();
        commands + Plan::of(script, &tree).pipelines.len()
    });
}

#[divan::bench]
fn bind_a_command(bencher: Bencher<'_, '_>) {
    let Ok(tree) = parse::script("Get-ScheduledTask -TaskPath '\\' -TaskN x -ErrorAction Stop") else {
        return;
    };
    let Some((command, _)) = tree.commands().next() else { return };
    let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
    let Some(known) = find("Get-ScheduledTask") else { return };
    bencher.bench(|| known.bind(black_box(&elements)).is_ok());
}

#[divan::bench]
fn find_a_command() -> Option<winrm_script::commands::Command> {
    find(black_box("Get-ScheduledTaskInfo"))
}

/// A megabyte of one thing.
#[divan::bench(args = ["(", "\"$(", "'", "$a", "a;", "1+", ",1", "[int]", "`\n", "#\n", "a -b:", "@{a=", "$", "x "])]
fn refuse_a_megabyte(bencher: Bencher<'_, '_>, piece: &str) {
    let script = piece.repeat(parse::MAX_BYTES / piece.len());
    bencher.counter(BytesCount::of_str(&script)).bench(|| parse::script(black_box(&script)).is_ok());
}

/// At least 2,048 bytes.
fn two_kilobytes() -> &'static str {
    r#"# What takes the most space, what failed lately, and who is signed in.
param([int]$Days = 7, [string]$Pattern = 'w*')
$limit = 1GB
$since = (Get-Date).AddDays(-$Days)
$services = Get-Service -Name $Pattern, "Spooler" | Where-Object { $_.Status -ne 'Running' -and $_.StartType -eq 'Automatic' }
foreach ($service in $services) {
    if ($service.Name -like 'win*') { Write-Output "$($service.Name): $($service.Status)" } else { continue }
}
Get-CimInstance Win32_LogicalDisk -Filter "DriveType=3" |
    Select-Object DeviceID, @{n='FreeGB'; e={[math]::Round($_.FreeSpace/$limit, 1)}}, @{n='Pct'; e={ '{0:P0}' -f ($_.FreeSpace / $_.Size) }} |
    Sort-Object FreeGB -Descending | Format-Table -AutoSize
Get-WinEvent -FilterHashtable @{ LogName='System'; Level=2; StartTime=$since } -MaxEvents 50 -ErrorAction SilentlyContinue |
    Group-Object ProviderName -NoElement | Sort-Object Count -Descending | Select-Object -First 10

function Get-Age([datetime]$Time) { [math]::Round(((Get-Date) - $Time).TotalDays, 1) }
$system = Get-CimInstance -ClassName Win32_OperatingSystem
[pscustomobject]@{
    Computer = $env:COMPUTERNAME
    UpDays   = Get-Age $system.LastBootUpTime
    FreeMB   = [math]::Round($system.FreePhysicalMemory / 1KB)
    Sessions = @(Get-CimInstance Win32_LogonSession | Where-Object LogonType -in 2, 10).Count
}
$files = Get-ChildItem -Path 'C:\inetpub\logs', "$env:SystemRoot\Temp" -Recurse -File -ErrorAction SilentlyContinue |
    Where-Object { $_.Length -gt 100MB -and $_.LastWriteTime -lt $since }
if ($files) {
    $files | Sort-Object Length -Descending | Select-Object -First 20 FullName, @{n='MB'; e={[int]($_.Length / 1MB)}}, LastWriteTime
    "Total: {0:N1} GB" -f (($files | Measure-Object Length -Sum).Sum / 1GB)
}
try {
    Get-ScheduledTask -TaskPath '\' -ErrorAction Stop | Get-ScheduledTaskInfo |
        Where-Object { $_.LastTaskResult -ne 0 } | Select-Object TaskName, LastRunTime, LastTaskResult
} catch {
    Write-Warning "No tasks: $($_.Exception.Message)"
}
Get-Process | Sort-Object WorkingSet64 -Descending | Select-Object -First 5 Name, Id, CPU | Format-Table
"#
}
