use std::{sync::Arc, time::Instant};

use serde_json::json;
use winrm_proto::clixml::{self, DateTime, Decimal, Properties};
use winrm_script::value::{Array, Enumeration, Members, Object, Shape, Table};

use super::*;
use crate::{output::Screen, redact::Scrubber};

fn finish(values: Vec<Value>, view: &View) -> (Captured, Vec<Json>) {
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::new(&["canary-secret".into()]));
    values.into_iter().for_each(|value| objects.output(&value));
    let captured = objects.finish(view);
    let written = captured.written.clone().unwrap();
    (captured, written.objects.into_iter().map(Json::Object).collect())
}

fn object(members: Members) -> Value {
    Value::Object(Object::custom(members))
}

/// A service as a host sends it.
fn service(name: &str) -> Value {
    let properties = Properties::new()
        .with("Name", name)
        .with("DisplayName", format!("{name} display"))
        .with(
            "Status",
            clixml::Value::enumeration("System.ServiceProcess.ServiceControllerStatus", "Running", 4),
        )
        .with("CanStop", true);
    Value::from_clixml(&clixml::Value::object(clixml::Object {
        adapted: properties,
        ..clixml::Object::typed(&["System.ServiceProcess.ServiceController", "System.Object"])
    }))
}

#[test]
fn data_holds_what_powershell_shows_or_what_was_selected() {
    let (captured, objects) = finish(vec![service("W32Time")], &View::default());
    assert_eq!(
        objects,
        [json!({ "Status": "Running", "Name": "W32Time", "DisplayName": "W32Time display" })]
    );
    let text = captured.stdout.whole().unwrap();
    assert!(text.contains("Running  W32Time"), "{text:?}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
    let select =
        View { select: vec!["name".to_owned(), "CanStop".to_owned(), "No".to_owned()], ..View::default() };
    let (_, objects) = finish(vec![service("W32Time")], &select);
    assert_eq!(objects, [json!({ "name": "W32Time", "CanStop": true, "No": null })]);
    let names: Vec<_> = objects[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["name", "CanStop", "No"], "in the order in which they were asked for");
    let all = View { select: vec!["*".to_owned()], ..View::default() };
    let (_, objects) = finish(vec![service("W32Time")], &all);
    assert_eq!(objects[0].as_object().unwrap().len(), 4);
}

#[test]
fn values_are_what_readers_of_json_expect() {
    let time: DateTime = "2026-11-21T12:00:00.5Z".parse().unwrap();
    let day = Enumeration::named("System.DayOfWeek", "Friday").unwrap();
    let decimal = |text: &str| Value::Decimal(text.parse::<Decimal>().unwrap());
    let bytes = Array::of(
        winrm_script::value::Type::named("byte").unwrap(),
        vec![Value::Byte(1), Value::Byte(2), Value::Byte(255)],
    );
    let cases: Vec<(Value, Json)> = vec![
        (Value::Null, Json::Null),
        (Value::Int64(1 << 53), json!(9_007_199_254_740_992_i64)),
        (Value::Int64((1 << 53) + 1), json!("9007199254740993")),
        (Value::UInt64(u64::MAX), json!("18446744073709551615")),
        (Value::Double(1.5), json!(1.5)),
        (Value::Double(f64::NAN), json!("NaN")),
        (decimal("12.50"), json!(12.5)),
        (decimal("79228162514264337593543950335"), json!("79228162514264337593543950335")),
        (Value::DateTime(time), json!("2026-11-21T12:00:00.5000000Z")),
        (Value::Enum(Arc::new(day)), json!("Friday")),
        (Value::Array(bytes), json!("AQL/")),
        (Value::array(vec![Value::Int32(1), Value::string("a")]), json!([1, "a"])),
        (Value::Char(65), json!("A")),
    ];
    for (value, expected) in cases {
        let (_, objects) = finish(vec![value.clone()], &View::default());
        assert_eq!(objects, [json!({ "value": expected })], "{value:?}");
    }
}

#[test]
fn a_hashtable_is_its_entries_and_a_value_with_properties_is_the_value() {
    let table = Table::new(Shape::Ordered);
    table.set("Name".into(), "x".into()).unwrap();
    let line = Object::wrapping("a line".into(), Members::new().with("PSPath", r"C:\x"));
    let (_, objects) = finish(vec![Value::Table(table), Value::Object(line)], &View::default());
    assert_eq!(objects, [json!({ "Name": "x" }), json!({ "value": "a line" })]);
}

#[test]
fn what_lies_too_deep_is_text_and_its_place_is_named() {
    let deep = |inner| object(Members::new().with("In", inner));
    let value = deep(deep(deep(deep(Value::Int32(1)))));
    let view = View { depth: 1, ..View::default() };
    let (captured, objects) = finish(vec![value], &view);
    assert_eq!(objects, [json!({ "In": { "In": "@{In=}" } })]);
    assert_eq!(captured.written.unwrap().cut, ["[0].In.In"]);
}

#[test]
fn names_and_values_are_clean_and_two_names_that_become_one_stay_two() {
    let value = object(
        Members::new()
            .with("a\u{202e}b", "x\u{1b}[31my")
            .with("ab", "the canary-secret")
            .with("canary-secret", 1),
    );
    let (captured, objects) = finish(vec![value], &View::default());
    assert_eq!(
        objects,
        [json!({ "ab": "xy", "ab (2)": "the [redacted]", "[redacted]": 1 })],
        "the host chose the names"
    );
    assert!(captured.redactions >= 2 && captured.removed >= 2);
    assert!(!captured.stdout.whole().unwrap().contains("canary-secret"));
}

#[test]
fn records_are_kept_apart_and_printed_as_powershell_prints_them() {
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::new(&["canary-secret".into()]));
    let failure = winrm_script::evaluate::Failure {
        id: "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand".to_owned(),
        message: r"Cannot find path 'C:\canary-secret' because it does not exist.".to_owned(),
        exception: "System.Management.Automation.ItemNotFoundException".to_owned(),
        category: "ObjectNotFound".to_owned(),
        target: Value::string(r"C:\canary-secret"),
        activity: "Get-Item".to_owned(),
        ..Default::default()
    };
    objects.record(Stream::Warning, &"mind".into());
    objects.error(&failure.to_value());
    objects.record(Stream::Verbose, &"more".into());
    objects.output(&"one".into());
    objects.record(Stream::Information, &"screen".into());
    objects.output(&"two".into());
    let captured = objects.finish(&View::default());
    assert_eq!(captured.stdout.whole().unwrap(), "one\nscreen\ntwo\n");
    assert_eq!(
        captured.stderr.whole().unwrap(),
        "WARNING: mind\nGet-Item: Cannot find path 'C:\\[redacted]' because it does not exist.\nVERBOSE: more\n"
    );
    let written = captured.written.unwrap();
    assert_eq!(
        json!(written.errors),
        json!([{
            "message": r"Cannot find path 'C:\[redacted]' because it does not exist.",
            "category": "ObjectNotFound",
            "id": "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand",
            "target": r"C:\[redacted]",
            "command": "Get-Item",
        }])
    );
    assert_eq!((written.warnings, written.verbose), (vec!["mind".to_owned()], vec!["more".to_owned()]));
    assert_eq!(written.information, ["screen"]);
    assert_eq!(written.total_objects, 2);
}

/// `Write-Host -NoNewline`, here and as a host's information record has it.
#[test]
fn a_line_on_the_screen_goes_on_until_something_ends_it() {
    let part = |text: &str| {
        Value::Object(Object::custom(Members::new().with("Message", text).with("NoNewLine", true)))
    };
    let of_host = |text: &str| Value::Object(Object::custom(Members::new().with("MessageData", part(text))));
    let write = |objects: &mut Objects| {
        objects.record(Stream::Information, &part("a"));
        objects.record(Stream::Information, &of_host("b"));
        objects.record(Stream::Information, &"c".into());
        objects.record(Stream::Information, &"".into());
        objects.record(Stream::Information, &part("d"));
        objects.output(&"one".into());
        objects.record(Stream::Information, &part("e"));
    };
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
    write(&mut objects);
    let captured = objects.finish(&View::default());
    assert_eq!(captured.stdout.whole().unwrap(), "abc\n\nd\none\ne\n");
    assert_eq!(captured.written.unwrap().information, ["a", "b", "c", "", "d", "e"]);
    let mut watched = Objects::new(SpoolLimits::default(), &Scrubber::default()).watched();
    write(&mut watched);
    let mut screen = Screen::new(80);
    let pieces = watched.fresh().into_iter();
    let mut shown: Vec<_> = pieces.flat_map(|piece| screen.take(piece, Instant::now())).collect();
    shown.extend(screen.end());
    let shown: String = shown.into_iter().map(|(_, text)| text).collect();
    assert_eq!(shown, "abc\n\nd\none\ne");
}

#[test]
fn an_object_is_shown_as_it_was_when_it_was_written() {
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
    let table = Table::new(Shape::Ordered);
    for number in [1, 2] {
        table.set("x".into(), number.into()).unwrap();
        objects.output(&Value::Table(table.clone()));
    }
    let written = objects.finish(&View::default()).written.unwrap();
    assert_eq!(json!(written.objects), json!([{ "x": 1 }, { "x": 2 }]));
}

#[test]
fn objects_beyond_the_limits_are_counted() {
    let numbers = || (0..100).map(Value::Int32).collect();
    let (captured, objects) = finish(numbers(), &View { max_items: 3, ..View::default() });
    assert_eq!(objects.len(), 3);
    assert_eq!(captured.written.unwrap().total_objects, 100);
    let limits = SpoolLimits { head: 50, tail: 50 };
    let mut small = Objects::new(limits, &Scrubber::default());
    (0..100).for_each(|number| small.output(&Value::Int32(number)));
    let written = small.finish(&View::default()).written.unwrap();
    assert!(written.objects.len() < 20, "{}", written.objects.len());
    assert_eq!(written.total_objects, 100);
}
