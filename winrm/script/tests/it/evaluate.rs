//! The evaluator against what PowerShell did: small scripts, formatted text and whole recorded runs.

use std::time::Duration;

use serde_json::Value as Json;
use winrm_proto::clixml::{Decoder, ErrorRecord};
use winrm_script::check;
use winrm_script::evaluate::{
    Ending, Evaluator, Facts, Failure, Known, Limit, Limits, PushDown, Refusal, Reply, Setup, Step, Stream,
};
use winrm_script::parse;
use winrm_script::value::Value;

use crate::shared::{fixture, measured};

#[path = "../../examples/replay/record.rs"]
pub(crate) mod record;
#[path = "../../examples/replay/run.rs"]
mod replayed;
#[path = "../../examples/replay/same.rs"]
mod same;
#[path = "../../examples/evaluate/run.rs"]
mod small;
#[path = "../../fuzz/inputs/evaluate.rs"]
mod fuzzed;

/// How many of some scripts gave what PowerShell gave, and how many gave something else.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    different: Vec<String>,
    refused: usize,
}

impl Tally {
    fn total(&self) -> usize {
        self.same + self.different.len() + self.refused
    }
}

#[test]
fn small_scripts_give_what_powershell_gives() {
    let tally = evaluated(&fixture("evaluated.jsonl"));
    assert_eq!(tally.different, Vec::<String>::new());
    assert!(tally.refused * 10 <= tally.total(), "{} refused", tally.refused);
    let tally = evaluated(&measured("evaluated.jsonl"));
    assert_eq!(tally.different, Vec::<String>::new());
    assert!(tally.total() == 0 || tally.same >= 2960, "{} the same", tally.same);
}

#[test]
fn formatted_text_is_powershells() {
    let tally = formatted(&fixture("formatted.jsonl"));
    assert!(tally.same == tally.total(), "{:?}", tally.different);
    let tally = formatted(&measured("formatted.jsonl"));
    assert!(tally.total() == 0 || tally.same >= 800, "{} the same, {:?}", tally.same, tally.different);
}

#[test]
fn recorded_runs_make_the_same_calls_and_output() {
    let tally = replay(&fixture("golden.jsonl"));
    assert_eq!(tally.different, Vec::<String>::new());
    for (file, floor) in [
        ("golden.jsonl", 141),
        ("golden-one.jsonl", 143),
        ("golden-empty.jsonl", 144),
        ("golden-change.jsonl", 48),
    ] {
        let tally = replay(&measured(file));
        assert!(
            tally.total() == 0 || tally.same >= floor,
            "{file}: {} the same, {:?}",
            tally.same,
            tally.different
        );
    }
}

fn evaluated(lines: &[Json]) -> Tally {
    let mut tally = Tally::default();
    let mut decoder = Decoder::default();
    for line in lines {
        let script = line["script"].as_str().expect("a script");
        let result = small::run(script).expect("it runs");
        if !result["refused"].is_null() {
            tally.refused += 1;
            continue;
        }
        let mut read = |documents: &Json| -> Vec<winrm_proto::clixml::Value> {
            let documents = documents.as_array().expect("documents");
            let document =
                |own: &Json| decoder.value(own.as_str().expect("a document").as_bytes()).expect("CLIXML");
            documents.iter().map(document).collect()
        };
        let expected = read(&line["output"]);
        let own: Vec<Value> = read(&result["output"]).iter().map(Value::from_clixml).collect();
        let errors = line.get("errors").cloned().unwrap_or_else(|| Json::Array(Vec::new()));
        match same::outputs(&expected, &own) {
            Ok(()) if errors == result["errors"] => tally.same += 1,
            _ => tally.different.push(script.to_owned()),
        }
    }
    tally
}

fn formatted(lines: &[Json]) -> Tally {
    let mut tally = Tally::default();
    let mut decoder = Decoder::default();
    let mut text = |document: &Json| -> String {
        let value = decoder.value(document.as_str().expect("a document").as_bytes()).expect("CLIXML");
        let text = value.to_string();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    for line in lines {
        let script = line["script"].as_str().expect("a script");
        let result = small::run(script).expect("it runs");
        if !result["refused"].is_null() {
            tally.refused += 1;
            continue;
        }
        let expected: Vec<String> =
            line["output"].as_array().expect("documents").iter().map(&mut text).collect();
        let own: Vec<String> =
            result["output"].as_array().expect("documents").iter().map(&mut text).collect();
        if expected == own { tally.same += 1 } else { tally.different.push(script.to_owned()) }
    }
    tally
}

fn replay(lines: &[Json]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let result = replayed::replay(line).expect("a record");
        if !result["refused"].is_null() {
            tally.refused += 1;
            continue;
        }
        let all = ["calls_match", "output_match", "text_match", "errors_match"];
        if all.iter().all(|name| result[*name] == Json::Bool(true)) {
            tally.same += 1;
        } else {
            tally.different.push(line["id"].to_string());
        }
    }
    tally
}

/// What a script writes that needs no host, as text, and how it ended.
pub(crate) fn run(script: &str, limits: Limits) -> Result<(Vec<String>, Vec<String>, Ending), Refusal> {
    let tree = parse::script(script).expect("a script");
    let mut evaluator = Evaluator::new(script, tree, Facts::default(), limits);
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut turns = 0;
    loop {
        turns += 1;
        match evaluator.step(Duration::from_millis(turns)) {
            Step::Output(value) => output.push(value.to_text().as_str().to_owned()),
            Step::Record(Stream::Error, value) => errors.push(value.to_text().as_str().to_owned()),
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(_) => evaluator.answer(Reply::default()),
            Step::Refused(refusal) => return Err(refusal),
            Step::Done(ending) => return Ok((output, errors, ending)),
        }
    }
}

#[test]
fn what_a_script_does_by_itself() {
    let deep = "$h = @{}; $h.self = $h; $h.self.self.Count";
    for (script, expected) in [
        ("function f($n) { if ($n -le 1) { return 1 }; $n * (f ($n - 1)) }; f 10", vec!["3628800"]),
        ("function g { param([int]$a, $b = 2) $a + $b }; g 1; g -b 5 -a 2", vec!["3", "7"]),
        ("$o = [pscustomobject]@{A=1}; foreach ($x in @($o)) { $x.A = 5 }; $o.A", vec!["5"]),
        ("1..3 | ForEach-Object { if ($_ -eq 2) { return }; $_ }", vec!["1", "3"]),
        ("foreach ($i in 1..5) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }", vec!["1", "3"]),
        ("try { throw 'x' } catch { \"$_\" } finally { 'f' }", vec!["x", "f"]),
        ("try { 1/0 } catch [System.DivideByZeroException] { 'no' } catch { 'yes' }", vec!["yes"]),
        ("1..100 | Select-Object -First 2", vec!["1", "2"]),
        ("$b = { param($x) $x * 2 }; & $b 21", vec!["42"]),
        ("switch -Wildcard ('abc') { 'a*' { 1; break } default { 2 } }", vec!["1"]),
        ("$x = 1, 2, 3; $x[-1]; $x[0, 1] -join '+'", vec!["3", "1+2"]),
        ("'a-b' -match '(?<l>\\w)-(\\w)' | Out-Null; $Matches.l; $Matches[1]", vec!["a", "b"]),
        ("$a, $b = 1, 2, 3; $a; $b -join ','", vec!["1", "2,3"]),
        ("$e = Write-Output 1 -OutVariable v; $v.Count", vec!["1"]),
        ("'{\"a\":[1,2]}' | ConvertFrom-Json | ForEach-Object { $_.a.Count }", vec!["2"]),
        (deep, vec!["1"]),
        (
            "$o = New-Object PSObject -Property @{ A = 1 }; $o.A; (5).GetType().FullName",
            vec!["1", "System.Int32"],
        ),
        (
            "$l = New-Object System.Collections.ArrayList; [void]$l.Add(7); $l.Count; 'x'.GetType().Name",
            vec!["1", "String"],
        ),
        ("[regex]::Matches('a1b22', '\\d+') | ForEach-Object { $_.Value }", vec!["1", "22"]),
        (
            "$m = [regex]::Match('k=v', '(x)?(\\w)=(\\w)'); $m.Groups[3].Value; $m.Groups[1].Success; $m.Index",
            vec!["v", "False", "0"],
        ),
        ("[regex]::Match('a', 'b').Success", vec!["False"]),
        ("$a = 3, 1, 2; [array]::Reverse($a); $a -join ','; [array]::IndexOf($a, 1)", vec!["2,1,3", "1"]),
        (
            "[IO.Path]::Combine('C:\\a', 'b', 'c.txt'); [IO.Path]::GetDirectoryName('C:\\a\\b.txt')",
            vec!["C:\\a\\b\\c.txt", "C:\\a"],
        ),
        ("'a  b'.Split(' ', [StringSplitOptions]::RemoveEmptyEntries).Count", vec!["2"]),
        ("Write-Output 1 *>$null; 2 > $null; 3 2>$null; $null -eq (4 > $null)", vec!["3", "True"]),
        ("1..3 > $null | ForEach-Object { $_ }; & { 4; Write-Error e } *>$null; 5", vec!["5"]),
    ] {
        let (output, errors, ending) = run(script, Limits::default()).expect(script);
        assert_eq!(
            (output, ending),
            (expected.into_iter().map(str::to_owned).collect(), Ending::Complete),
            "{script}"
        );
        assert_eq!(errors, Vec::<String>::new(), "{script}");
    }
}

#[test]
fn errors_end_what_they_end() {
    let (output, errors, ending) =
        run("1/0; 'next'; throw 'enough'; 'never'", Limits::default()).expect("it runs");
    assert_eq!(output, ["next"]);
    assert_eq!(errors, ["Attempted to divide by zero.", "enough"]);
    assert_eq!(ending, Ending::Failed);
    let stop = "$ErrorActionPreference = 'Stop'; Write-Error 'first'; 'never'";
    let (output, _, ending) = run(stop, Limits::default()).expect("it runs");
    assert_eq!((output.len(), ending), (0, Ending::Failed));
}

#[test]
fn nothing_hostile_gets_far() {
    let small = Limits { steps: 200_000, memory: 8 << 20, output: 1_000, ..Limits::default() };
    for (script, limit) in [
        ("while ($true) { }", Some(Limit::Steps)),
        ("for (;;) { 1 }", Some(Limit::Output)),
        ("function f { f }; f", Some(Limit::Depth)),
        ("$b = { & $b }; & $b", Some(Limit::Depth)),
        ("function f { 1 | ForEach-Object { f } }; f", Some(Limit::Depth)),
        ("$s = 'x' * 1000; while ($true) { $s += $s }", Some(Limit::Memory)),
        ("'x' * 1GB", None),
        ("1..2000000000", None),
        ("@(1) * 2GB", None),
        ("'a' -match '(?=a)'", None),
        ("'a'.PadLeft(2000000000)", None),
        ("'{0,2000000}' -f 1; '{0:N999999999}' -f 1", None),
    ] {
        match run(script, small) {
            Err(refusal) => assert!(limit.is_none() || refusal.limit == limit, "{script}: {refusal:?}"),
            // PowerShell's own error does as well, and so does the little that some of them really make.
            Ok((output, errors, _)) => {
                let little = output.iter().map(String::len).sum::<usize>() < 3_000_000;
                assert!(limit.is_none() && (little || !errors.is_empty()), "{script}");
            }
        }
    }
    let slow = Limits { time: Duration::from_millis(3), ..Limits::default() };
    let refusal = run("while ($true) { }", slow).expect_err("time runs out");
    assert_eq!(refusal.limit, Some(Limit::Time));
}

#[test]
fn what_holds_itself_is_written_all_the_same() {
    let script = "$a = 1, 2; $a[0] = $a; $a[1] = $a; ,$a";
    let tree = parse::script(script).expect("a script");
    let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
    let Step::Output(value) = evaluator.step(Duration::ZERO) else { panic!("output") };
    drop(value.to_clixml());
}

#[test]
fn a_pattern_cannot_take_long() {
    let script = "('a' * 30000 + '!') -match '^(a+)+$'";
    let (output, ..) = run(script, Limits::default()).expect("it runs");
    assert_eq!(output, ["False"]);
}

#[test]
fn a_call_waits_for_its_answer() {
    let script = "$s = Get-Service W32Time; \"$($s.Name) is $($s.Status)\"; $s | Stop-Service";
    let tree = parse::script(script).expect("a script");
    let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
    let Step::Call(call) = evaluator.step(Duration::ZERO) else { panic!("a call") };
    assert_eq!(call.name, "Get-Service");
    let status = winrm_proto::clixml::Value::enumeration(
        "System.ServiceProcess.ServiceControllerStatus",
        "Running",
        4,
    );
    let mut service =
        winrm_proto::clixml::Object::typed(&["System.ServiceProcess.ServiceController", "System.Object"]);
    service.adapted = winrm_proto::clixml::Properties::new().with("Name", "W32Time").with("Status", status);
    let service = Value::from_clixml(&winrm_proto::clixml::Value::object(service));
    evaluator.answer(Reply { output: vec![service], ..Reply::default() });
    let Step::Output(text) = evaluator.step(Duration::ZERO) else { panic!("the text") };
    assert_eq!(text.as_str(), Some("W32Time is Running"));
    let Step::Call(call) = evaluator.step(Duration::ZERO) else { panic!("a call") };
    assert_eq!(call.name, "Stop-Service");
    let named: Vec<&str> = call.parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(named, ["Name"]);
    evaluator.answer(Reply::default());
    assert!(matches!(evaluator.step(Duration::ZERO), Step::Done(Ending::Complete)));
}

/// A service as a host sends it.
fn service() -> Value {
    let mut service =
        winrm_proto::clixml::Object::typed(&["System.ServiceProcess.ServiceController", "System.Object"]);
    service.adapted = winrm_proto::clixml::Properties::new().with("Name", "W32Time");
    Value::from_clixml(&winrm_proto::clixml::Value::object(service))
}

#[test]
fn a_method_of_a_host_object_is_refused_by_its_name_alone() {
    let steps = |script: &str, push_down| {
        let tree = parse::script(script).expect("a script");
        let setup = Setup { push_down, ..Setup::default() };
        let mut evaluator = Evaluator::with_setup(script, tree, setup);
        let Step::Call(call) = evaluator.step(Duration::ZERO) else { panic!("a call") };
        assert!(call.filters.is_empty(), "{script}");
        evaluator.answer(Reply { output: vec![service()], ..Reply::default() });
        evaluator.step(Duration::ZERO)
    };
    for push_down in [PushDown::Off, PushDown::On] {
        for script in
            ["Get-Service W32Time | % Stop", "Get-Service W32Time | ForEach-Object -MemberName Stop"]
        {
            let Step::Refused(refusal) = steps(script, push_down) else { panic!("{script} is refused") };
            assert!(refusal.reason.contains("`.Stop()`"), "{refusal}");
        }
    }
    let step = steps("Get-Service W32Time | % Name", PushDown::Off);
    assert!(matches!(&step, Step::Output(name) if name.as_str() == Some("W32Time")), "{step:?}");
}

#[test]
fn a_command_that_stops_is_caught_with_its_own_error() {
    let plain = "Cannot find any service with service name 'nope'.";
    let words = "The running command stopped because the preference variable \"ErrorActionPreference\" or common parameter is set to Stop: ";
    let record = |kept: bool| {
        use winrm_proto::clixml::{Object, Properties, Value};
        let mut exception = Object::typed(&[
            "System.Management.Automation.ActionPreferenceStopException",
            "System.Exception",
        ]);
        exception.adapted = Properties::new().with("Message", format!("{words}{plain}"));
        if kept {
            exception.adapted = std::mem::take(&mut exception.adapted).with("ErrorRecord", plain);
        }
        let mut record = Object::typed(&["System.Management.Automation.ErrorRecord", "System.Object"]);
        record.to_string = Some(format!("{words}{plain}").into());
        record.extended = Properties::new()
            .with("Exception", Value::object(exception))
            .with("FullyQualifiedErrorId", "NoServiceFoundForGivenName,Get")
            .with("ErrorCategory_Category", 13)
            .with("ErrorCategory_Reason", "ServiceCommandException");
        Failure::of_record(&ErrorRecord::from_value(&Value::object(record)))
    };
    for kept in [true, false] {
        let script = "try { Get-Service nope -ErrorAction Stop } \
            catch [Microsoft.PowerShell.Commands.ServiceCommandException] { $_.Exception.Message }";
        let tree = parse::script(script).expect("a script");
        let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
        assert!(matches!(evaluator.step(Duration::ZERO), Step::Call(_)));
        evaluator.answer(Reply { terminating: Some(record(kept)), ..Reply::default() });
        let step = evaluator.step(Duration::ZERO);
        assert!(matches!(&step, Step::Output(text) if text.as_str() == Some(plain)), "{kept}: {step:?}");
    }
}

/// What is hidden is an error nevertheless, and each command's own variable has its errors.
#[test]
fn hidden_errors_are_known_to_the_script() {
    for (script, expected) in [
        ("Get-Service nope -ea SilentlyContinue; $?; $Error.Count", ["False", "1"]),
        ("Get-Service nope -ea Ignore -ev e; $?; \"$($Error.Count) $($e.Count)\"", ["False", "0 0"]),
        (
            "Get-Service nope -ea SilentlyContinue -ev e; $?; \"$($e.Count) $($e[0].Exception.Message)\"",
            ["False", "1 no"],
        ),
        ("$e = 1, 2; Get-Service nope -ea 0 -ev +e; $?; $e.Count", ["False", "3"]),
        ("Write-Error no -ea SilentlyContinue -ev e; $e.Count; \"$($e[0])\"", ["1", "no"]),
        ("Write-Error a -ea 0 -ev e; Write-Error b -ea 0 -ev e; $e.Count; \"$($e[0])\"", ["1", "b"]),
    ] {
        let tree = parse::script(script).expect("a script");
        let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
        let mut output = Vec::new();
        loop {
            match evaluator.step(Duration::ZERO) {
                Step::Call(_) => {
                    let error = Failure { message: "no".to_owned(), ..Failure::default() };
                    evaluator.answer(Reply { errors: vec![error], ..Reply::default() });
                }
                Step::Output(value) => output.push(value.to_text().as_str().to_owned()),
                Step::Record(stream, value) => panic!("{script}: {stream:?} {value:?}"),
                Step::Done(_) => break,
                _ => {}
            }
        }
        assert_eq!(output, expected, "{script}");
    }
}

#[test]
fn exit_ends_with_what_its_value_is_as_an_integer() {
    for (script, expected) in [
        ("exit", 0),
        ("exit 3", 3),
        ("exit '3'", 3),
        ("exit 2.5", 2),
        ("exit (3 -gt 0)", 1),
        ("exit (1..4 | Measure-Object -Sum).Sum", 10),
        ("exit 'no'", 0),
        ("exit $null", 0),
        ("exit (1, 2)", 0),
    ] {
        let tree = parse::script(script).expect("a script");
        let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
        let ending = loop {
            match evaluator.step(Duration::ZERO) {
                Step::Done(ending) => break ending,
                Step::Refused(refusal) => panic!("{script}: {refusal}"),
                _ => {}
            }
        };
        assert_eq!(ending, Ending::Exit(expected), "{script}");
    }
}

#[test]
fn write_host_writes_items_with_its_separator() {
    for (script, expected) in [
        ("Write-Host 1,2,3", "1 2 3"),
        ("Write-Host 1 2 3", "1 2 3"),
        ("Write-Host (1, (2, 3)) -Separator ', '", "1, 2, 3"),
        ("Write-Host a (1..3) b", "a 1 2 3 b"),
        ("Write-Host 'plain'", "plain"),
    ] {
        let tree = parse::script(script).expect("a script");
        let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
        let step = evaluator.step(Duration::ZERO);
        assert!(
            matches!(&step, Step::Record(Stream::Information, text) if text.as_str() == Some(expected)),
            "{script}: {step:?}"
        );
    }
}

/// Sleeping is the caller's; what is written after it comes after it.
#[test]
fn a_script_sleeps_by_its_caller() {
    for (script, milliseconds) in [
        ("Start-Sleep 2; 1", 2_000),
        ("Start-Sleep -Seconds 1.5; 1", 1_500),
        ("sleep -m 20; 1", 20),
        ("$n = 3; Start-Sleep $n; 1", 3_000),
        ("Start-Sleep ([timespan]::FromSeconds(4)); 1", 4_000),
    ] {
        let tree = parse::script(script).expect("a script");
        assert!(check::script(script, &tree, &Known).is_ok(), "{script}");
        let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
        let step = evaluator.step(Duration::ZERO);
        assert!(
            matches!(step, Step::Sleep(own) if own == Duration::from_millis(milliseconds)),
            "{script}: {step:?}"
        );
        assert!(matches!(evaluator.step(Duration::ZERO), Step::Output(_)), "{script}");
    }
    let refused = run("Start-Sleep -Seconds -1", Limits::default());
    assert!(refused.is_err(), "{refused:?}");
}

/// What the fuzzer starts from, and what once broke; and the recorded scripts with a piece cut out or put in.
#[test]
fn no_script_breaks_the_evaluator() {
    let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for folder in ["seeds/evaluate", "crashes/evaluate"] {
        let Ok(entries) = std::fs::read_dir(fuzz.join(folder)) else { continue };
        for entry in entries {
            fuzzed::run(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
        }
    }
    for line in fixture("evaluated.jsonl").iter().chain(&fixture("golden.jsonl")) {
        let script = line["script"].as_str().expect("a script").as_bytes();
        for position in (0..script.len()).step_by(script.len() / 4 + 1) {
            let (kept, cut) = script.split_at(position);
            for piece in ["", "$null", "-1", "@()", " | ", "'a'", "2147483647 * "] {
                fuzzed::run(&[kept, piece.as_bytes(), cut].concat());
                fuzzed::run(&[kept, piece.as_bytes(), cut.get(1..).unwrap_or_default()].concat());
            }
        }
    }
}

#[test]
fn the_check_lets_through_what_the_evaluator_knows() {
    for lines in [fixture("oneliners.jsonl"), measured("oneliners.jsonl"), measured("golden.jsonl")] {
        let mut refused = Vec::new();
        for line in &lines {
            let script = line["script"].as_str().expect("a script");
            let passes = parse::script(script).is_ok_and(|tree| check::script(script, &tree, &Known).is_ok());
            if !passes {
                refused.push(script);
            }
        }
        assert!(refused.len() * 10 <= lines.len(), "{} of {}: {refused:#?}", refused.len(), lines.len());
    }
}
