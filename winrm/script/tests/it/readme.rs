//! The README's tables of what is refused say what is true: each row's scripts are refused, and what it proposes passes.

use crate::everyday::refusal;

/// How the first cell of a row begins; what it refuses; what to write instead.
const ROWS: &[(&str, &[&str], &[&str])] = &[
    ("`a && b`", &["Get-Item a && 1", "Get-Item a || 1"], &["Get-Item a; if ($?) { 1 }"]),
    (
        "`a ? b : c`",
        &["$a ? 1 : 2", "$a ?? 2", "$a ??= 2", "${a}?.b", "${a}?[0]"],
        &["if ($a) { 1 } else { 2 }", "$x = if ($null -eq $a) { 2 } else { $a }"],
    ),
    ("`1u`", &["1u", "1y", "1s", "1n", "0b1", "1.5l"], &["1", "'1u'"]),
    ("`a &`", &["Get-Item a &"], &["Get-Item a"]),
    (". x`, `--%`", &[". C:\\x.ps1", ". { 1 }", "cmd.exe --% /c x"], &["icacls.exe 'C:\\x' '/t'"]),
    (
        "`class`",
        &[
            "class A { }",
            "enum A { B }",
            "using namespace System",
            "trap { 1 }",
            "data { 1 }",
            "filter f { 1 }",
            "workflow w { 1 }",
            "function f { dynamicparam { } }",
            "function f { clean { } }",
            "configuration c { }",
            "#requires -Version 5",
        ],
        &["function f { 1 }; f", "try { 1 } catch { 2 }"],
    ),
    (
        "`[ValidateRange(1, 5)]$x = 1`",
        &["[ValidateRange(1, 5)]$x = 1", "function f([Alias($x)]$a) { }"],
        &["function f([int]$x = 1) { $x }; f"],
    ),
    ("`[a, b]`", &["[a, b]1", "[a+b]1", "[int[,]]1"], &["[int]'1'"]),
    (
        "`switch -file`",
        &["switch -file x { 1 { 2 } }", "foreach -parallel ($a in 1) { }", "$using:x"],
        &["switch (Get-Content x) { 1 { 2 } }", "foreach ($a in 1) { $a }"],
    ),
    (
        "`\"$(a \"\"b\"\")\"`",
        &["\"$(Get-Item \"\"b\"\")\"", "\"$(Get-Item `\"b`\")\""],
        &["\"$(Get-Item 'b')\""],
    ),
    ("U+0000", &["1\0"], &["1"]),
    ("more than 1 MiB", &[], &[]),
    ("`$p.Kill()`", &["$p = Get-Process x; $p.Kill()"], &["$p = Get-Process x; Stop-Process -Id $p.Id"]),
    (
        "`[IO.File]::Delete(…)`",
        &["[IO.File]::Delete('x')", "[xml]'<a/>'"],
        &["Remove-Item x", "[version]'1.2'"],
    ),
    ("`& 'C:\\x.exe'`", &["& 'C:\\x.exe'", "$path = 'x.exe'; & \"$path\""], &["C:\\x.exe", "& { 1 }"]),
    (
        "`Invoke-Expression`",
        &[
            "Invoke-Expression 1",
            "Invoke-Command { 1 }",
            "Add-Type x",
            "Set-Variable a 1",
            "Set-Alias a b",
            "Start-Job { 1 }",
        ],
        &["$a = 1; $a"],
    ),
    (
        "`New-Object` of anything but",
        &["New-Object Net.WebClient", "New-Object -ComObject x", "Import-Module C:\\x.psm1"],
        &[
            "New-Object PSObject",
            "New-Object 'System.Collections.Generic.List[int]'",
            "Import-Module Storage",
        ],
    ),
    ("a bare noun", &["Service", "Get\u{2013}Service"], &["Get-Service"]),
    ("arguments that do not bind", &["Get-Service -Nothing x", "Get-Item a b"], &["Get-Service -Name x"]),
    (
        "a script block for a command",
        &["Get-WinEvent -MaxEvents { 5 }", "schtasks.exe { 1 }"],
        &["Get-Service | Where-Object { $_.Name }", "Get-ADUser -Filter { Name -eq 'a' }"],
    ),
    ("`> file`", &["Get-Item a > x", "Get-Item a 3>&1"], &["Get-Item a | Out-Null", "Get-Item a 2>$null"]),
    ("`$script:x`", &["$script:x", "$env:SECRET", "$Host", "$PROFILE"], &["$x", "$env:COMPUTERNAME"]),
    (
        "attributes but",
        &[
            "function f([ValidateScript({ $_ })]$a) { }",
            "[CmdletBinding(DefaultParameterSetName = 'a')]param()",
        ],
        &[
            "function f { [CmdletBinding()][OutputType([int])] param([Parameter(Mandatory, Position = 0)][Alias('b')]\
             [ValidateSet('x')][ValidateLength(1, 2)][ValidateCount(1, 1)][ValidateNotNullOrEmpty()][AllowNull()]$a, \
             [Parameter(ValueFromPipeline)][ValidateRange(1, 2)]$c) $a }; f x",
        ],
    ),
    (
        "`begin`, `process`",
        &["& { process { 1 } }"],
        &["1 | ForEach-Object { 1 }", "function f { process { 1 } }; 1 | f"],
    ),
    ("<code>Get-Process x", &["Get-Process x | ForEach-Object Kill"], &["Get-Process x | Stop-Process"]),
];

#[test]
fn what_the_readme_says_of_the_language_is_true() {
    let readme = include_str!("../../README.md");
    let language = readme.split("## ").find(|part| part.starts_with("The language")).expect("the section");
    let rows: Vec<&str> = language
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter(|row| !row.starts_with("refused") && !row.starts_with("---"))
        .collect();
    assert_eq!(rows.len(), ROWS.len(), "each row of the README stands here, too");
    for (row, (begin, refused, instead)) in rows.iter().zip(ROWS) {
        assert!(row.contains(begin), "{row} is not {begin}");
        for script in *refused {
            assert!(refusal(script).is_some(), "{script} passes");
        }
        for script in *instead {
            assert_eq!(refusal(script), None, "{script}");
        }
    }
}
