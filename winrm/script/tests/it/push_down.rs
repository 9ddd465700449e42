//! Scripts with and without filters that travel: the same output, text and errors, and less on the wire.
//!
//! The host is simulated: it applies typed filters to what a recorded command returned, by evaluating them as a script
//! of their own, and what comes of it is written as CLIXML and read again.

use std::time::Duration;

use serde_json::Value as Json;
use winrm_proto::clixml::{self, Decoder, Object, Properties, encode};
use winrm_script::evaluate::{
    Call, Evaluator, Facts, Failure, FilterCall, Limits, PushDown, Reply, Setup, Step, Stream,
};
use winrm_script::format::{WIDTH, out_string};
use winrm_script::parse;
use winrm_script::value::Value;

use crate::evaluate::record::Record;
use crate::shared::{fixture, measured};

/// What a script came to.
#[derive(Debug, Default, PartialEq)]
struct Run {
    output: Vec<clixml::Value>,
    text: String,
    errors: Vec<String>,
    refused: Option<String>,
}

/// What it took.
#[derive(Debug, Default)]
struct Traffic {
    /// Bytes of CLIXML that came from the host.
    bytes: usize,
    /// Calls that took filters along.
    pushed: usize,
    /// Calls that a host was asked for.
    calls: Vec<Call>,
}

fn run(script: &str, push_down: PushDown, mut host: impl FnMut(&Call) -> Reply) -> (Run, Traffic) {
    let tree = parse::script(script).expect("a script");
    let facts = Facts {
        now: "2026-11-21T12:00:00+00:00".parse().ok(),
        version: Some("7.6.5".to_owned()),
        environment: [("COMPUTERNAME", "WEB-01"), ("SystemRoot", "C:\\Windows"), ("windir", "C:\\Windows")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Facts::default()
    };
    let setup = Setup { facts, push_down, ..Setup::default() };
    let mut evaluator = Evaluator::with_setup(script, tree, setup);
    let (mut run, mut traffic, mut output) = (Run::default(), Traffic::default(), Vec::new());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => output.push(value),
            Step::Record(Stream::Error, value) => run.errors.push(value.to_text().as_str().to_owned()),
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(call) => {
                traffic.pushed += usize::from(!call.filters.is_empty());
                let mut reply = host(&call);
                reply.output = filtered(reply.output, &call.filters);
                reply.output =
                    reply.output.iter().map(|value| travelled(value, &mut traffic.bytes)).collect();
                traffic.calls.push(*call);
                evaluator.answer(reply);
            }
            Step::Refused(refusal) => {
                run.refused = Some(refusal.to_string());
                break;
            }
            Step::Done(_) => break,
        }
    }
    run.text = out_string(&output, WIDTH).unwrap_or_default();
    run.output = output.iter().map(Value::to_clixml).collect();
    (run, traffic)
}

/// A value as it arrives.
fn travelled(value: &Value, bytes: &mut usize) -> Value {
    let document = encode(&value.to_clixml()).expect("CLIXML");
    *bytes += document.len();
    Value::from_clixml(&Decoder::default().value(&document).expect("CLIXML"))
}

/// What typed filters make of these objects.
fn filtered(objects: Vec<Value>, filters: &[FilterCall]) -> Vec<Value> {
    if filters.is_empty() {
        return objects;
    }
    let (mut script, mut values) = (String::new(), Vec::new());
    let mut pipeline = "Get-Item objects".to_owned();
    for filter in filters {
        pipeline.push_str(" | ");
        pipeline.push_str(filter.name);
        for (name, value) in &filter.parameters {
            let at = values.len();
            script.push_str(&format!("$v{at} = Get-Item {at}; "));
            pipeline.push_str(&format!(" -{name}:$v{at}"));
            values.push(value.clone());
        }
    }
    script.push_str(&pipeline);
    let tree = parse::script(&script).expect("a script");
    let mut evaluator = Evaluator::new(&script, tree, Facts::default(), Limits::default());
    let (mut output, mut objects, mut values) = (Vec::new(), Some(objects), values.into_iter());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => output.push(value),
            Step::Call(_) => {
                let own = match values.next() {
                    Some(value) => vec![value],
                    None => objects.take().expect("one call"),
                };
                evaluator.answer(Reply { output: own, ..Reply::default() });
            }
            Step::Working => {}
            Step::Done(_) => return output,
            step => unreachable!("{script}: {step:?}"),
        }
    }
}

/// Every recorded script gives the same with filters that travel as without.
#[test]
fn recorded_scripts_give_the_same() {
    let (mut scripts, mut pushed, mut with, mut without) = (0, 0, 0, 0);
    let files = ["golden.jsonl", "golden-one.jsonl", "golden-empty.jsonl", "golden-change.jsonl"];
    for line in fixture("golden.jsonl").into_iter().chain(files.into_iter().flat_map(measured)) {
        let script = line["script"].as_str().expect("a script");
        if parse::script(script).is_err() {
            continue;
        }
        let (off, much) = run(script, PushDown::Off, recorded(&line));
        let (on, little) = run(script, PushDown::On, recorded(&line));
        assert_eq!(on, off, "{}: {script}\n{:#?}", line["id"], little.calls);
        scripts += 1;
        pushed += usize::from(little.pushed > 0);
        with += little.bytes;
        without += much.bytes;
    }
    eprintln!("{pushed} of {scripts} recorded scripts take filters along: {with} bytes and not {without}");
    assert!(pushed * 4 > scripts && with < without);
}

/// A host that answers as it did, whatever filters come along. The time is what it was whenever it is asked for.
fn recorded(line: &Json) -> impl FnMut(&Call) -> Reply {
    let mut record = Record::read(line).expect("a record");
    move |call| match record.answer(call) {
        Ok(reply) => reply,
        Err(_) if call.name == "Get-Date" => {
            let now = Value::DateTime("2026-11-21T12:00:00+00:00".parse().expect("a date"));
            Reply { output: vec![now], ..Reply::default() }
        }
        Err(_) => Reply::default(),
    }
}

/// 100,000 files of a few KB, a hundred of them larger than 1 GB.
fn files(count: usize) -> Vec<Value> {
    let names: Vec<clixml::PsString> = [
        "PSPath",
        "PSParentPath",
        "PSChildName",
        "PSIsContainer",
        "Mode",
        "BaseName",
        "Name",
        "FullName",
        "Length",
        "DirectoryName",
        "IsReadOnly",
        "Exists",
        "Extension",
        "CreationTime",
        "LastWriteTime",
    ]
    .map(Into::into)
    .into();
    let path = "D:\\Data\\2026\\Projects\\Apollo";
    (0..count)
        .map(|at| {
            let length: i64 = if at % 1000 == 7 { 3_000_000_000 } else { 4_096 };
            let name = format!("report-{at}.xlsx");
            let mut own = Properties::new();
            for property in &names {
                let value = match property.as_str() {
                    "Length" => clixml::Value::from(length),
                    "PSIsContainer" | "IsReadOnly" | "Exists" => clixml::Value::from(true),
                    "CreationTime" | "LastWriteTime" => {
                        clixml::Value::DateTime("2026-03-01T08:30:00+00:00".parse().expect("a date"))
                    }
                    "Name" | "PSChildName" | "BaseName" | "Extension" | "Mode" => {
                        clixml::Value::from(name.as_str())
                    }
                    _ => clixml::Value::from(format!("{path}\\{name}")),
                };
                own.set(property.clone(), value);
            }
            let mut object =
                Object::typed(&["System.IO.FileInfo", "System.IO.FileSystemInfo", "System.Object"]);
            object.adapted = own;
            Value::from_clixml(&clixml::Value::object(object))
        })
        .collect()
}

fn returning(objects: Vec<Value>) -> impl FnMut(&Call) -> Reply {
    move |_| Reply { output: objects.clone(), ..Reply::default() }
}

/// The bound of the project: what is filtered and selected there moves a hundredth of what it moves else.
#[test]
fn little_moves_of_many_files() {
    let script =
        "Get-ChildItem D:\\Data -Recurse | Where-Object { $_.Length -gt 1GB } | Select-Object Name, Length";
    let few = files(2_000);
    let (on, _) = run(script, PushDown::On, returning(few.clone()));
    assert_eq!((on.output.len(), &on), (2, &run(script, PushDown::Off, returning(few)).0));
    let many = files(100_000);
    let length = |file: &Value| encode(&file.to_clixml()).expect("CLIXML").len();
    let much: usize = many.iter().map(length).sum();
    let (_, little) = run(script, PushDown::On, returning(many));
    eprintln!("{} bytes and not {much}", little.bytes);
    assert!(little.bytes * 100 <= much, "{} of {much}", little.bytes);
}

/// The filters that travel with the last call of a script, written as PowerShell writes them.
fn filters(script: &str, objects: &[Value]) -> Vec<String> {
    let (on, traffic) = run(script, PushDown::On, returning(objects.to_vec()));
    let (off, _) = run(script, PushDown::Off, returning(objects.to_vec()));
    assert_eq!(on, off, "{script}");
    let call = traffic.calls.last().expect("a call");
    let written = |(name, value): &(&str, Value)| match value {
        Value::Boolean(true) => format!(" -{name}"),
        other => format!(" -{name} {}", other.to_text()),
    };
    call.filters
        .iter()
        .map(|filter| filter.name.to_owned() + &filter.parameters.iter().map(written).collect::<String>())
        .collect()
}

/// What is only known when the pipeline runs decides whether a filter travels after all.
#[test]
fn values_decide_what_travels() {
    let files = files(5);
    for (script, expected) in [
        ("$n = 1KB; dir | ? { $_.Length -gt $n }", vec!["Where-Object -Property Length -GT -Value 1024"]),
        // A directory has the length 1 in a script, and none to a typed filter.
        ("dir | ? { $_.Length -ge 1 }", vec![]),
        ("dir | ? { $_.Length -ge 2 }", vec!["Where-Object -Property Length -GE -Value 2"]),
        ("$n = @{}; dir | ? { $_.Name -eq $n }", vec![]),
        ("$n = 'a', 'b'; dir | ? { $_.Name -eq $n }", vec![]),
        ("$n = 'a', 'b'; dir | ? Name -in $n", vec!["Where-Object -In -Property Name -Value a b"]),
        (
            "$d = [datetime]'2026-02-03'; dir | ? { $_.LastWriteTime -lt $d.AddDays(1) } | % { $_.Name }",
            vec![
                "Where-Object -Property LastWriteTime -LT -Value 02/04/2026 00:00:00",
                "Select-Object -Property Name",
            ],
        ),
        // What fails to compute is left to be computed for the first object, if there is one.
        ("dir | ? { $_.Name -eq ([int]'x') } | select Name", vec!["Select-Object -Property Name"]),
        (
            "$n = 2; dir | select -First $n -Skip 1 Name",
            vec!["Select-Object -First 2 -Skip 1 -Property Name"],
        ),
        ("$n = 0; dir | select -First $n Name", vec!["Select-Object -Property Name"]),
        ("$b = { $_.Length -gt 1KB }; dir | ? $b", vec![]),
        ("$p = @{ ErrorVariable = 'e' }; dir @p | select -First 1", vec![]),
        ("dir -File | sort Length, Name -Descending | select -First 1", vec![]),
        (
            "dir -File | sort LastWriteTime -d | select -First 2 | % { $_.Length }",
            vec![
                "Sort-Object -Descending -Property LastWriteTime",
                "Select-Object -First 2 -Property Length",
            ],
        ),
        ("dir | measure Length -Sum -Average", vec!["Measure-Object -Sum -Average -Property Length"]),
        ("dir | measure", vec!["Measure-Object"]),
        (
            "(dir | ? Name -like '*3*' | select -f 1).Name",
            vec!["Where-Object -Like -Property Name -Value *3*", "Select-Object -First 1"],
        ),
        ("'D:\\' | dir | select -First 1", vec![]),
        ("dir 2>&1 | ? Name -like 'x*'", vec![]),
        ("dir 2>$null | ? Name -like 'x*'", vec!["Where-Object -Like -Property Name -Value x*"]),
    ] {
        assert_eq!(filters(script, &files), expected, "{script}");
    }
}

/// A filter that fails on the host is not the script's: the command is called once more, and the filter is evaluated
/// here.
#[test]
fn what_fails_there_is_done_here() {
    let script = "dir | ? { $_.Name -gt 5 } | select -Skip 1 -First 2 | % { $_.Name }";
    let files = files(10);
    let (off, _) = run(script, PushDown::Off, returning(files.clone()));
    for (id, target) in [
        ("OperatorFailed,Microsoft.PowerShell.Commands.WhereObjectCommand", Value::Null),
        ("CommandNotFoundException", Value::from("where-object")),
    ] {
        let host = |call: &Call| {
            let failure = Failure { id: id.to_owned(), target: target.clone(), ..Failure::default() };
            if call.filters.is_empty() {
                Reply { output: files.clone(), ..Reply::default() }
            } else {
                Reply { terminating: Some(failure), ..Reply::default() }
            }
        };
        let (on, traffic) = run(script, PushDown::On, host);
        assert_eq!(on, off);
        assert_eq!(traffic.calls.len(), 2);
    }
}

/// The clock is read once, and not for every object.
#[test]
fn the_time_is_asked_for_once() {
    let script = "dir | ? { $_.LastWriteTime -lt (Get-Date).AddDays(-7) } | select Name";
    let files = files(20);
    let host = |call: &Call| {
        let now = Value::DateTime("2026-11-21T12:00:00+00:00".parse().expect("a date"));
        let output = if call.name == "Get-Date" { vec![now] } else { files.clone() };
        Reply { output, ..Reply::default() }
    };
    let names = |traffic: &Traffic| traffic.calls.iter().map(|call| call.name.clone()).collect::<Vec<_>>();
    let (on, traffic) = run(script, PushDown::On, host);
    assert_eq!(names(&traffic), ["Get-Date", "Get-ChildItem"]);
    let (off, traffic) = run(script, PushDown::Off, host);
    assert_eq!((off.output.len(), names(&traffic).len()), (20, 21));
    assert_eq!(on, off);
}
