use super::{Reason, Standard, script};
use crate::commands::Command;
use crate::evaluate::Known;
use crate::parse;

/// The first reason, and what to write instead.
fn refused(text: &str) -> Option<(String, String)> {
    let tree = parse::script(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    let refusals = script(text, &tree, &Standard).err()?;
    refusals.first().map(|refusal| (format!("{:?}", refusal.reason()), refusal.reason().suggestion()))
}

#[test]
fn what_is_evaluated_here_passes() {
    for text in [
        "Get-Service w* | ? { $_.Status -eq 'Running' } | select Name, @{n='x'; e={[math]::Round($_.Id / 1kb, 1)}}",
        "$x = 1; $x += 1; $h = @{ a = $x }; $h.a; $h['a']; $h.Keys | sort",
        "foreach ($s in Get-Service) { if ($s.Name -like 'a*') { continue } else { \"$($s.Name): $env:COMPUTERNAME\" } }",
        "function f($a, [int]$b = 1) { return $a + $b }; f 1 2",
        "$b = { 1 }; & $b; & { 2 }",
        "try { Get-Item C:\\x -ErrorAction Stop } catch [System.Exception] { Write-Warning $_.Exception.Message }",
        "ipconfig /all 2>$null | Select-String 'IPv4'",
        "Get-ADUser -Filter { Enabled -eq $true } -Properties *",
        "Get-ChildItem C:\\Logs *.log | Move-Item -Destination { 'D:\\' + $_.Name }",
        "[datetime]::Now.AddDays(-1).ToString('yyyy') -as [int]",
        "[pscustomobject]@{ a = [string]::Join(',', 1, 2) }",
        "$p = @{ Name = 'x' }; Get-Service @p",
        "(Get-Process).Where{ $_.Id -gt 4 }.Count",
        "foreach ($s in 'a', 'b') { Restart-Service $s }",
        "1..3 | % { $_ * 2 } | measure -Sum",
        "$null = New-Item C:\\x; [void](Get-Item C:\\x)",
        "Import-Module ActiveDirectory; New-Object PSObject -Property @{ a = 1 }",
        "ipconfig > $null; Get-Service 3>$null",
    ] {
        assert_eq!(refused(text), None, "{text}");
    }
}

#[test]
fn what_is_not_is_refused_with_a_way_out() {
    for (text, reason, instead) in [
        ("$p.Kill()", "Method(\"Kill\")", "Stop-Process"),
        ("(Get-Service x).Stop()", "Method(\"Stop\")", "Stop-Service"),
        ("$x.Frobnicate()", "Method(\"Frobnicate\")", "a command that does it"),
        ("$x.$y()", "ComputedMember", ""),
        ("$t::Delete('x')", "ComputedMember", ""),
        ("[IO.File]::Delete('x')", "Static(\"[IO.File]::Delete\")", ""),
        ("[scriptblock]::Create('x')", "Static(\"[scriptblock]::Create\")", ""),
        ("[xml]'<a/>'", "Type(\"xml\")", "[int]"),
        ("$x -is [IO.FileInfo]", "Type(\"IO.FileInfo\")", ""),
        ("param([ScriptBlock]$x)", "Type(\"ScriptBlock\")", ""),
        ("& 'C:\\x.exe'", "CallOperator", "without `&`"),
        ("& (Get-Command x)", "CallOperator", ""),
        ("& \"$x\\y.exe\"", "CallOperator", ""),
        ("iex '1'", "Code(\"Invoke-Expression\")", ""),
        ("icm { 1 }", "Code(\"Invoke-Command\")", ""),
        ("Import-Module \\\\host\\x.psm1", "Code(\"Import-Module\")", "leave it out"),
        ("New-Object Net.WebClient", "Code(\"New-Object\")", "pscustomobject"),
        ("Process", "", ""),
        ("Service x", "BareNoun(\"Service\")", "Get-Service"),
        ("Get\u{2013}Process", "CommandName(\"Get\u{2013}Process\")", "ASCII"),
        ("Remove-It?m x", "CommandName(\"Remove-It?m\")", ""),
        ("Get-Process > x", "Redirection", ""),
        ("Get-Process 4>&1", "Redirection", ""),
        ("$env:SECRET", "Environment(\"SECRET\")", ""),
        ("$env:COMPUTERNAME = 1", "Assignment(\"env:COMPUTERNAME\")", ""),
        ("$script:x", "QualifiedVariable(\"script:x\")", "plain variable"),
        ("${function:Get-Process} = { 1 }", "Assignment(\"function:Get-Process\")", ""),
        ("$ExecutionContext", "AutomaticVariable(\"ExecutionContext\")", ""),
        ("$true = 1", "Assignment(\"true\")", ""),
        ("[math]::Pi = 3", "StaticAssignment", ""),
        ("& { process { 1 } }", "NamedBlock", ""),
        (
            "Get-Service -ScriptThat x",
            "Binding(UnknownParameter { command: \"Get-Service\", name: \"ScriptThat\" })",
            "",
        ),
        ("Get-Item { 1 } -Force:{ 1 }", "ScriptBlockArgument", ""),
        ("schtasks { 1 }", "ScriptBlockArgument", ""),
    ] {
        if reason.is_empty() {
            assert!(parse::script(text).is_err(), "{text}");
            continue;
        }
        let (found, suggestion) = refused(text).unwrap_or_else(|| panic!("{text} passes"));
        assert_eq!(found, reason, "{text}");
        assert!(suggestion.contains(instead), "{text}: {suggestion}");
    }
}

#[test]
fn commands_for_the_host_are_found_with_their_arguments() {
    let text = "gsv -Name w32time | ? { (Get-Process -Id 4).Name } | Stop-Service -WhatIf; w32tm /query";
    let tree = parse::script(text).expect("it parses");
    let commands = script(text, &tree, &Standard).expect("it passes");
    let found: Vec<(&str, Option<&str>, Vec<&str>)> = commands
        .iter()
        .map(|command| {
            let bound = command.bound.iter().flat_map(|bound| &bound.arguments);
            (command.name, command.known.map(Command::name), bound.map(|one| one.parameter.name()).collect())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("gsv", Some("Get-Service"), vec!["Name"]),
            ("Get-Process", Some("Get-Process"), vec!["Id"]),
            ("Stop-Service", Some("Stop-Service"), vec!["WhatIf"]),
            ("w32tm", None, vec![]),
        ]
    );
}

/// `Select-String` looks at text here, and into files on the host.
#[test]
fn a_command_of_files_is_the_hosts() {
    for (text, expected) in [
        ("'a' | Select-String a", 0),
        ("Get-Content C:\\x.log | Select-String a", 1),
        ("Select-String -Path C:\\x.log -Pattern a", 1),
        ("Select-String a C:\\x.log | Select-Object -First 1", 1),
        ("Select-String -LiteralPath C:\\x.log a", 1),
    ] {
        let tree = parse::script(text).expect("it parses");
        let commands = script(text, &tree, &Known).expect("it is accepted");
        assert_eq!(commands.len(), expected, "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = "$a.Kill()\n[xml]$b\n& 'c'";
    let tree = parse::script(text).expect("it parses");
    let refusals = script(text, &tree, &Standard).expect_err("it is refused");
    let places: Vec<String> = refusals.iter().map(|refusal| refusal.position().to_string()).collect();
    assert_eq!(places, ["line 1, column 1", "line 2, column 1", "line 3, column 3"]);
    assert_eq!(
        refusals[0].to_string(),
        "line 1, column 1: `.Kill()` would call a method of a remote object; use `Stop-Process -Id $_.Id`"
    );
    assert!(matches!(refusals[2].reason(), Reason::CallOperator));
}
