//! Hosts that answer with other types than scripts expect: what PowerShell makes of them, or an error with its place,
//! and never a panic or another value.

use std::time::Duration;

use winrm_proto::clixml::DateTime;
use winrm_script::evaluate::{Evaluator, Facts, Limits, Reply, Step, Stream};
use winrm_script::format::{WIDTH, out_string};
use winrm_script::parse;
use winrm_script::value::{Array, Members, Object, Shape, Table, Value};

/// The text and the ids of the errors of a script whose every call is answered with these values, or why it is refused.
fn run(script: &str, answer: &[Value]) -> Result<(String, Vec<String>), String> {
    let tree = parse::script(script).expect("a script");
    let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => output.push(value),
            Step::Record(Stream::Error, Value::Object(record)) => {
                let text =
                    |name: &str| record.property(name).unwrap_or_default().to_text().as_str().to_owned();
                let place = record.property("InvocationInfo").unwrap_or_default();
                assert!(!place.is_null(), "{script}: an error without a place: {}", text("Exception"));
                errors.push(text("FullyQualifiedErrorId"));
            }
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(_) => evaluator.answer(Reply { output: answer.to_vec(), ..Reply::default() }),
            Step::Refused(refusal) => return Err(refusal.to_string()),
            Step::Done(_) => break,
        }
    }
    let text = out_string(&output, WIDTH).map_err(|fault| format!("{fault:?}"))?;
    Ok((text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned(), errors))
}

fn object(members: Members) -> Value {
    Value::Object(Object::custom(members))
}

#[test]
fn what_is_missing_is_null_and_what_cannot_be_is_an_error() {
    let service = || object(Members::new().with("Status", 4));
    let strings = || vec!["W3SVC".into(), "WAS".into()];
    let cases: [(&str, Vec<Value>, &str, &[&str]); 14] = [
        ("$s = Get-Service W3SVC; \"[$($s.Status)]\"", vec![], "[]", &[]),
        ("$s = Get-Service W3SVC; \"[$($s.Status)]\"", vec![Value::Null], "[]", &[]),
        ("$s = Get-Service W3SVC; \"[$($s.Status)]\"", strings(), "[]", &[]),
        ("(Get-Service W3SVC).Status -eq 'Running'", vec![service()], "False", &[]),
        ("(Get-Service W3SVC).Status -gt 3", vec![service()], "True", &[]),
        ("(Get-Service).Count", strings(), "2", &[]),
        ("(Get-Service).Count", vec![7.into()], "1", &[]),
        ("(Get-CimInstance Win32_OperatingSystem).FreePhysicalMemory / 1MB", vec![service()], "0", &[]),
        ("if (Get-Service nope) { 'there' } else { 'not there' }", vec![0.into()], "not there", &[]),
        ("(Get-Date).AddDays(1)", vec![Value::Null], "", &["InvokeMethodOnNull"]),
        ("(Get-Process).Name.ToUpper()", vec![service()], "", &["InvokeMethodOnNull"]),
        (
            "1 + (Get-Item x).Length",
            vec![object(Members::new().with("Length", "ten"))],
            "",
            &["InvalidCastFromStringToInteger"],
        ),
        ("Get-Process | Measure-Object WS -Sum | Select-Object -ExpandProperty Sum", strings(), "", &[]),
        (
            "Get-Process | Sort-Object WS | ForEach-Object { \"<$_>\" }",
            vec![2.into(), "1".into()],
            "<2>\n<1>",
            &[],
        ),
    ];
    for (script, answer, text, errors) in cases {
        let errors = errors.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(run(script, &answer), Ok((text.to_owned(), errors)), "{script}: {answer:?}");
    }
}

#[test]
fn nothing_that_a_host_may_answer_breaks_a_script() {
    let table = Table::new(Shape::Hashtable);
    table.set("Name".into(), Value::Null).expect("an entry");
    let deep = (0..64).fold(Value::Null, |inner, _| Value::array(vec![inner]));
    let nested = (0..64).fold(Value::Null, |inner, _| object(Members::new().with("Name", inner)));
    let odd = [
        vec![],
        vec![Value::Null, Value::Null],
        vec!["text".into(), "".into()],
        vec![Value::Int32(-1), Value::Double(f64::NAN), Value::Boolean(true)],
        vec![Value::Int64(i64::MIN), Value::Double(f64::INFINITY)],
        vec![Value::DateTime("0001-01-01T00:00:00".parse::<DateTime>().expect("a date"))],
        vec![Value::Table(table)],
        vec![deep, Value::Array(Array::list(Vec::new()))],
        vec![nested],
        vec![object(Members::new())],
        vec![object(Members::new().with("Name", Value::Null).with("Status", Value::Null).with("Id", "x"))],
        vec![object(Members::new().with("Name", 1).with("Length", "many").with("LastWriteTime", "never"))],
        vec!["one".into(), object(Members::new().with("Name", "two")), 3.into(), Value::Null],
    ];
    let scripts = [
        "Get-Service | Where-Object { $_.Status -eq 'Running' } | Sort-Object Name, Status | Select-Object Name, Status",
        "Get-Process | Sort-Object WS -Descending | Select-Object -First 3 Name, @{ n = 'MB'; e = { [math]::Round($_.WS / 1MB, 1) } }",
        "Get-ChildItem C:\\ | Measure-Object -Property Length -Sum -Average -Maximum",
        "Get-ChildItem C:\\ | Where-Object { $_.LastWriteTime -lt [datetime]'2026-01-01' } | ForEach-Object { $_.Name.ToUpper() }",
        "foreach ($p in Get-Process) { '{0,-10} {1:N2}' -f $p.Name, $p.Id }",
        "Get-Process | Group-Object Name | Sort-Object Count -Descending",
        "$e = Get-WinEvent -LogName System; $e[0].TimeCreated.AddDays(1); $e.Message -split '\\n' -replace 'a', 'b'",
        "try { [int](Get-Item x).Length + 1 } catch { \"caught $($_.FullyQualifiedErrorId)\" }",
        "switch ((Get-Service W3SVC).Status) { 'Running' { 1 } 4 { 2 } default { 3 } }",
        "Get-Service | ConvertTo-Json -Depth 3",
        "Get-Service | ConvertTo-Csv -NoTypeInformation",
        "Get-Service | Format-Table Name, Status -AutoSize; Get-Service | Format-List; Get-Service | Format-Wide",
        "(Get-Item x).Name.Substring(0, 3) + (Get-Item x).Length * 2",
        "Get-Service | Restart-Service",
        "Compare-Object (Get-Service) (Get-Process) -Property Name",
        "[pscustomobject]@{ A = Get-Item x; B = (Get-Item x).Name -join ','; C = (Get-Item x)[0] }",
    ];
    for script in scripts {
        for answer in &odd {
            if let Err(refusal) = run(script, answer) {
                assert!(
                    refusal.starts_with("line 1, column ") || refusal.starts_with("Unsupported"),
                    "{script}: {refusal}"
                );
            }
        }
    }
}
