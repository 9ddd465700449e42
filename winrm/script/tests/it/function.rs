//! Functions with attributes, and generic lists: what a script gives, or why it is refused.

use std::time::Duration;

use winrm_script::evaluate::{Evaluator, Facts, Known, Limits, Step};
use winrm_script::{check, parse};

/// The output's texts with commas between them, or the refusal without its place.
fn run(script: &str) -> String {
    let tree = parse::script(script).expect("it parses");
    if let Err(refusals) = check::script(script, &tree, &Known) {
        return format!("refused: {}", refusals[0].reason());
    }
    let facts = Facts { now: "2026-11-21T12:00:00+00:00".parse().ok(), ..Facts::default() };
    let mut evaluator = Evaluator::new(script, tree, facts, Limits::default());
    let mut output = Vec::new();
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => output.push(value.to_text().as_str().to_owned()),
            Step::Refused(refusal) => {
                let said = refusal.to_string();
                return format!("refused: {}", said.split_once(": ").map_or(said.as_str(), |(_, why)| why));
            }
            Step::Done(_) => return output.join(","),
            other => drop(other),
        }
    }
}

/// A refusal may say more than is expected.
fn fits(given: &str, expected: &str) -> bool {
    given == expected || (expected.starts_with("refused: ") && given.starts_with(expected))
}

#[test]
fn functions_heed_the_attributes_of_their_parameters() {
    let size = "function Size { [CmdletBinding()] param([Parameter(Mandatory)][string]$Path, [Alias('u')]\
                [ValidateSet('MB', 'GB')][string]$Unit = 'KB', [ValidateRange(1, 9)][int]$n = 0, [switch]$All) \
                \"$Path $Unit $n $All\" }; ";
    for (call, expected) in [
        ("Size C:\\", "C:\\ KB 0 False"),
        ("Size -Path a mb 3", "a mb 3 False"),
        ("Size a -u GB -All", "a GB 0 True"),
        ("Size a -Un GB -n 9", "a GB 9 False"),
        ("Size a -All:$false", "a KB 0 False"),
        ("Size", "refused: `-Path` must be given"),
        ("Size ''", "refused: a value that `-Path` of the function does not take"),
        ("Size a TB", "refused: a value that `-Unit` of the function does not take"),
        ("Size a -n 10", "refused: a value that `-n` of the function does not take"),
        ("Size a GB 1 more", "refused: more values than the function has positions for"),
        ("Size a -Path b", "refused: a value that `-Unit` of the function does not take"),
        ("Size a -WhatIf", "refused: `-WhatIf` of a function needs a value"),
        ("Size a -Verbose:$true", "refused: `-Verbose` is no parameter of the function"),
        ("'x' | Size a", "refused: what is piped to a function that has not one parameter for it"),
    ] {
        let given = run(&format!("{size}{call}"));
        assert!(fits(&given, expected), "{call}: {given}");
    }
}

#[test]
fn what_is_piped_goes_to_the_parameter_that_takes_it() {
    for (script, expected) in [
        (
            "function f { param([Parameter(ValueFromPipeline)][int]$x) begin { 'b' } process { $x * 2 } end { 'e' } } '1', 2 | f",
            "b,2,4,e",
        ),
        (
            "function f { param([Parameter(ValueFromPipeline = $true, Mandatory)]$x) process { \"<$x $_>\" } } 'a', 'b' | f",
            "<a a>,<b b>",
        ),
        ("function f { param([Parameter(ValueFromPipeline)]$x) $x } 1, 2, 3 | f", "3"),
        (
            "function f { param([Parameter(ValueFromPipeline)]$x) process { if ($x -eq 2) { return }; $x } } 1..3 | f",
            "1,3",
        ),
        ("function f { begin { return; 0 } process { $_ } } 1, 2 | f", "1,2"),
        ("function f { param([Parameter(ValueFromPipeline)]$x) process { \"[$x]\" } } f 7", "[7]"),
        (
            "function f { param([Parameter(Position = 1)]$a, [Parameter(Position = 0)]$b, $c) \"$a $b $c\" } f 1 2",
            "2 1 ",
        ),
        ("function f([Parameter(Mandatory)][AllowEmptyString()]$a) { \"<$a>\" } f ''", "<>"),
        ("& { process { $_ } }", "refused: blocks with names stand in functions only"),
        (
            "function f { param([ValidateScript({ $_ -gt 1 })]$a) $a } f 1",
            "refused: the attribute `[ValidateScript]`",
        ),
        (
            "function f { param([Parameter(ParameterSetName = 'x')]$a) $a } f 1",
            "refused: the attribute `[Parameter]`",
        ),
        (
            "[CmdletBinding(DefaultParameterSetName = 'x')] param() 1",
            "refused: the attribute `[CmdletBinding]`",
        ),
        ("[CmdletBinding()] param([int]$Days = 7) $Days", "7"),
        ("param([Parameter(Mandatory)]$Name) $Name", "refused: `-Name` must be given"),
    ] {
        let given = run(script);
        assert!(fits(&given, expected), "{script}: {given}");
    }
}

#[test]
fn generic_lists_hold_what_they_are_for() {
    let list = "$l = [System.Collections.Generic.List[object]]::new(); ";
    for (script, expected) in [
        (format!("{list}$l.Add(1); $l.Add('a'); $l.Count; $l -join '+'; $l[1]"), "2,1+a,a"),
        (format!("{list}$l.AddRange(1..3); $l.RemoveAt(0); $l.Contains(3); $l.IndexOf(3); $l"), "True,1,2,3"),
        (format!("{list}$l += 5; $l -is [array]"), "True"),
        (
            format!("{list}$l -is [System.Collections.ArrayList]; $l -is [Collections.Generic.List[object]]"),
            "False,True",
        ),
        (
            "$l = New-Object System.Collections.Generic.List[string]; $l.Add(5); $l[0] -is [string]"
                .to_owned(),
            "True",
        ),
        ("$l = New-Object 'Collections.Generic.List[int]'; $l.Add('5'); $l[0] + 1".to_owned(), "6"),
        ("[System.Collections.Generic.List[int]]$l = '1', '2'; $l.Add(3); $l[0] + $l[2]".to_owned(), "4"),
        (format!("{list}$l.Insert(0, 1)"), "refused: `.insert()` of a generic list"),
        (format!("{list}$l.ForEach({{ $_ }})"), "refused: `.ForEach()` of a generic list"),
        ("[List[int]]::new()".to_owned(), "refused: `[List[int]]::new` is not known"),
        ("New-Object 'List[int]'".to_owned(), "refused: `New-Object` runs"),
    ] {
        let given = run(&script);
        assert!(fits(&given, expected), "{script}: {given}");
    }
}

#[test]
fn members_that_everyday_scripts_use() {
    for (script, expected) in [
        ("([datetime]'2026-11-21').ToFileTime()", "134396928000000000"),
        ("([datetime]'2026-11-21').ToFileTimeUtc() -is [long]", "True"),
        (
            "[decimal]::Round(2.345, 2); [decimal]::Round(2.5) -is [decimal]; [decimal]::Floor(-1.5)",
            "2.34,True,-2",
        ),
        ("Get-Service x | ? Status -eq Running | % Stop", "refused: `.Stop()` would call a method"),
        ("Get-Process | Sort-Object Id | ForEach-Object Kill", "refused: `.Kill()` would call a method"),
    ] {
        let given = run(script);
        assert!(fits(&given, expected), "{script}: {given}");
    }
}
