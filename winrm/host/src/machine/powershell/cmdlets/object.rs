//! Select-Object, Where-Object, Sort-Object, Measure-Object.

use std::cmp::Ordering;
use std::collections::VecDeque;

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::Given;
use super::super::binding::Bound;
use super::super::compare::{compare, equal, is_true, number};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

/// `Select-Object`: some of the objects, and some of their properties.
pub(super) async fn select(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let count = |name| bound.number(name).map(whole);
    let (first, last, skip) = (count("First"), count("Last"), count("Skip").unwrap_or(0));
    let mut seen: Vec<String> = Vec::new();
    let mut tail = VecDeque::new();
    let (mut place, mut taken) = (0, 0);
    while let Some(value) = next(stage, bound, place).await {
        place += 1;
        if last.is_none() && place <= skip {
            continue;
        }
        if first == Some(taken) && last.is_none() {
            // What is left would be thrown away: PowerShell stops the commands before, too.
            break;
        }
        if let Some(last) = last {
            tail.push_back(value);
            if tail.len() > last.saturating_add(skip) {
                tail.pop_front();
            }
            continue;
        }
        taken += 1;
        put_selected(stage, bound, &value, &mut seen).await?;
    }
    for value in tail.iter().take(last.unwrap_or(0)) {
        put_selected(stage, bound, value, &mut seen).await?;
    }
    Ok(())
}

async fn put_selected(
    stage: &Stage<'_>,
    bound: &Bound,
    value: &Value,
    seen: &mut Vec<String>,
) -> Result<(), Failure> {
    if let Some(name) = bound.text("ExpandProperty") {
        return match value.property(&name) {
            Some(found) => {
                let items = found.items().map_or_else(|| vec![found.clone()], <[Value]>::to_vec);
                for item in items {
                    stage.put(item).await?;
                }
                Ok(())
            }
            None => stage.complain(no_property(&name, value)).await,
        };
    }
    let selected = match bound.texts("Property") {
        Some(names) => project(value, &names, &bound.texts("ExcludeProperty").unwrap_or_default()),
        None => value.clone(),
    };
    if bound.switch("Unique") {
        let shown = selected.to_string();
        if seen.contains(&shown) {
            return Ok(());
        }
        seen.push(shown);
    }
    stage.put(selected).await
}

/// An object of its own with these properties. One that the object lacks is there and null.
fn project(value: &Value, names: &[String], excluded: &[String]) -> Value {
    let mut properties = Properties::new();
    let kept = |name: &str| !excluded.iter().any(|pattern| like(pattern, name));
    for name in names {
        if name.contains(['*', '?']) {
            let object = value.own_object();
            let all = object.into_iter().flat_map(Object::properties);
            for property in
                all.filter(|property| like(name, property.name.as_str()) && kept(property.name.as_str()))
            {
                properties.set(property.name.clone(), property.value.clone());
            }
        } else if kept(name) {
            properties.set(name.as_str().into(), value.property(name).cloned().unwrap_or_default());
        }
    }
    let type_name = format!("Selected.{}", value.type_name());
    let names = [type_name.as_str(), "System.Management.Automation.PSCustomObject", "System.Object"];
    Value::object(Object { extended: properties, ..Object::typed(&names) })
}

/// `Where-Object` in its typed form: a property, an operator, a value.
pub(super) async fn filter(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let Some(name) = bound.text("Property") else {
        return Err(stage.fail(super::super::binding::missing_mandatory("Property")));
    };
    let operator = OPERATORS.iter().find(|(name, _)| bound.switch(name)).map(|(_, operator)| *operator);
    let wanted = bound.given("Value").cloned().map(Given::into_value).unwrap_or_default();
    let mut place = 0;
    while let Some(value) = next(stage, bound, place).await {
        place += 1;
        let property = value.property(&name).cloned().unwrap_or_default();
        let passes = match operator {
            Some(operator) => operator(&property, &wanted),
            None if bound.given("Value").is_some() => equal(&property, &wanted),
            None => is_true(&property),
        };
        if passes {
            stage.put(value).await?;
        }
    }
    Ok(())
}

/// `Sort-Object`: stable, null first.
pub(super) async fn sort(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let names = bound.texts("Property").unwrap_or_default();
    let mut values = everything(stage, bound).await;
    let by = |left: &Value, right: &Value| {
        if names.is_empty() {
            return compare(left, right).unwrap_or(Ordering::Equal);
        }
        let orders = names.iter().map(|name| {
            let side = |value: &Value| value.property(name).cloned().unwrap_or_default();
            compare(&side(left), &side(right)).unwrap_or(Ordering::Equal)
        });
        orders.fold(Ordering::Equal, Ordering::then)
    };
    values.sort_by(|left, right| if bound.switch("Descending") { by(right, left) } else { by(left, right) });
    if bound.switch("Unique") {
        values.dedup_by(|right, left| by(left, right) == Ordering::Equal);
    }
    for value in values {
        stage.put(value).await?;
    }
    Ok(())
}

/// `Measure-Object`: a count, and of a property what was asked for.
pub(super) async fn measure(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let values = everything(stage, bound).await;
    let names = bound.texts("Property").unwrap_or_default();
    if names.is_empty() {
        let numbers: Vec<f64> = values.iter().filter_map(number).collect();
        return stage.put(measured(bound, values.len(), &numbers, Value::Null)).await;
    }
    for name in names {
        let found: Vec<&Value> = values.iter().filter_map(|value| value.property(&name)).collect();
        if found.is_empty() {
            stage.complain(not_measurable(&name)).await?;
            continue;
        }
        let numbers: Vec<f64> = found.iter().filter_map(|value| number(value)).collect();
        stage.put(measured(bound, found.len(), &numbers, Value::from(name.as_str()))).await?;
    }
    Ok(())
}

fn measured(bound: &Bound, count: usize, numbers: &[f64], property: Value) -> Value {
    let sum: f64 = numbers.iter().sum();
    let divisor: f64 = numbers.len().to_string().parse().unwrap_or(1.0);
    let asked = |name, value: Option<f64>| match (bound.switch(name), value) {
        (true, Some(value)) => Value::Double(value),
        _ => Value::Null,
    };
    let some = (!numbers.is_empty()).then_some(());
    let properties = Properties::new()
        .with("Count", i32::try_from(count).unwrap_or(i32::MAX))
        .with("Average", asked("Average", some.map(|()| sum / divisor)))
        .with("Sum", asked("Sum", some.map(|()| sum)))
        .with("Maximum", asked("Maximum", numbers.iter().copied().reduce(f64::max)))
        .with("Minimum", asked("Minimum", numbers.iter().copied().reduce(f64::min)))
        .with("Property", property);
    Value::object(Object {
        to_string: Some("Microsoft.PowerShell.Commands.GenericMeasureInfo".into()),
        adapted: properties,
        ..Object::typed(&[
            "Microsoft.PowerShell.Commands.GenericMeasureInfo",
            "Microsoft.PowerShell.Commands.MeasureInfo",
            "System.Object",
        ])
    })
}

/// The next object: what stands behind `-InputObject`, once, or what comes down the pipeline.
pub(super) async fn next(stage: &mut Stage<'_>, bound: &Bound, place: usize) -> Option<Value> {
    match bound.given("InputObject") {
        Some(given) if place == 0 => Some(given.clone().into_value()),
        Some(_) => None,
        None => stage.take().await,
    }
}

/// All objects.
pub(super) async fn everything(stage: &mut Stage<'_>, bound: &Bound) -> Vec<Value> {
    let mut values = Vec::new();
    while let Some(value) = next(stage, bound, values.len()).await {
        values.push(value);
    }
    values
}

/// A count that was given as a number.
pub(super) fn whole(number: f64) -> usize {
    format!("{:.0}", number.max(0.0)).parse().unwrap_or(usize::MAX)
}

type Operator = fn(&Value, &Value) -> bool;

/// The operators of `Where-Object`, by the names of their switches.
const OPERATORS: [(&str, Operator); 16] = [
    ("EQ", equal),
    ("NE", |left, right| !equal(left, right)),
    ("GT", |left, right| compare(left, right) == Some(Ordering::Greater)),
    ("GE", |left, right| matches!(compare(left, right), Some(Ordering::Greater | Ordering::Equal))),
    ("LT", |left, right| compare(left, right) == Some(Ordering::Less)),
    ("LE", |left, right| matches!(compare(left, right), Some(Ordering::Less | Ordering::Equal))),
    ("Like", |left, right| like(&right.to_string(), &left.to_string())),
    ("NotLike", |left, right| !like(&right.to_string(), &left.to_string())),
    ("Match", contains_text),
    ("NotMatch", |left, right| !contains_text(left, right)),
    ("Contains", contains_item),
    ("NotContains", |left, right| !contains_item(left, right)),
    ("In", |left, right| contains_item(right, left)),
    ("NotIn", |left, right| !contains_item(right, left)),
    ("CEQ", |left, right| left.to_string() == right.to_string()),
    ("CNE", |left, right| left.to_string() != right.to_string()),
];

/// `-match` for expressions that are plain text but for anchors; this machine has no others.
fn contains_text(left: &Value, right: &Value) -> bool {
    let (text, pattern) = (left.to_string().to_lowercase(), right.to_string().to_lowercase());
    match (pattern.strip_prefix('^'), pattern.strip_suffix('$')) {
        (Some(rest), Some(_)) => rest.strip_suffix('$') == Some(&*text),
        (Some(rest), None) => text.starts_with(rest),
        (None, Some(rest)) => text.ends_with(rest),
        (None, None) => text.contains(&pattern),
    }
}

fn contains_item(list: &Value, item: &Value) -> bool {
    list.items().map_or_else(|| equal(list, item), |items| items.iter().any(|one| equal(one, item)))
}

fn no_property(name: &str, value: &Value) -> Problem {
    Problem {
        message: format!("Property \"{name}\" cannot be found."),
        category: "InvalidArgument",
        exception: "System.Management.Automation.PSArgumentException",
        id: "ExpandPropertyNotFound",
        target: Target::Object { value: value.clone(), name: value.to_string(), type_name: "PSObject" },
    }
}

fn not_measurable(name: &str) -> Problem {
    Problem {
        message: format!("The property \"{name}\" cannot be found in the input for any objects."),
        category: "InvalidArgument",
        exception: "System.Management.Automation.PSArgumentException",
        id: "GenericMeasurePropertyNotFound",
        target: Target::Nothing,
    }
}
