//! Filters apart from any script.

use std::time::Duration;

use winrm_script::evaluate::{Filter, Filtered, Limits, Source};
use winrm_script::value::Value;

/// What a filter makes of values, and how it ends.
fn run(name: &str, parameters: &[(&str, Value)], input: &[Value]) -> (Vec<Value>, Filtered) {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut filter = Filter::new(name, parameters, Source::Pipeline, Limits::default());
    let mut input = input.iter().cloned();
    let mut output = Vec::new();
    loop {
        match filter.step(Duration::ZERO) {
            Filtered::Wanted => filter.feed(input.next()),
            Filtered::Output(value) => output.push(value),
            Filtered::Working | Filtered::Error(_) | Filtered::Record(..) => {}
            end => return (output, end),
        }
    }
}

#[test]
fn values_flow_through_one_by_one() {
    let numbers = [3, 1, 2].map(Value::from);
    let (sorted, end) = run("Sort-Object", &[("Descending", Value::Boolean(true))], &numbers);
    assert_eq!(format!("{sorted:?}"), "[Int32(3), Int32(2), Int32(1)]");
    assert!(matches!(end, Filtered::Done));
    // The third value is never asked for.
    let (first, end) = run("Select-Object", &[("First", Value::from(2))], &numbers);
    assert_eq!(format!("{first:?}"), "[Int32(3), Int32(1)]");
    assert!(matches!(end, Filtered::Done));
}

#[test]
fn what_is_not_computed_here_is_refused() {
    for (name, parameter) in [("Get-Item", "Path"), ("Where-Object", "Nope"), ("ForEach-Object", "Process")] {
        let (output, end) = run(name, &[(parameter, Value::string("x"))], &[Value::from(1)]);
        assert!(output.is_empty(), "{name}");
        assert!(matches!(end, Filtered::Refused(_)), "{name}: {end:?}");
    }
}

#[test]
fn an_error_keeps_its_identity() {
    let mut filter = Filter::new(
        "Measure-Object",
        vec![("Sum".to_owned(), Value::Boolean(true))],
        Source::Pipeline,
        Limits::default(),
    );
    assert!(matches!(filter.step(Duration::ZERO), Filtered::Wanted));
    filter.feed(Some(Value::string("text")));
    let Filtered::Error(failure) = filter.step(Duration::ZERO) else { panic!("no error") };
    assert_eq!(failure.id, "NonNumericInputObject,Microsoft.PowerShell.Commands.MeasureObjectCommand");
    assert_eq!((failure.category.as_str(), failure.activity.as_str()), ("InvalidType", "Measure-Object"));
}
