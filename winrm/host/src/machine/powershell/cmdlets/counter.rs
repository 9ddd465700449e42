//! Get-Counter.

use std::time::Duration;

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::inventory::Table;
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 1] = [Cmdlet {
    name: "Get-Counter",
    class: "Microsoft.PowerShell.Commands.GetCounterCommand",
    takes: Takes::Only(&["Counter", "SampleInterval", "MaxSamples"]),
    run: |stage, bound| Box::pin(get_counter(stage, bound)),
}];

async fn get_counter(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let Some((_, table)) = Table::named("Get-Counter") else { return Ok(()) };
    let rows = table.rows(stage.machine);
    let prefix = format!("\\\\{}", stage.machine.hostname().to_lowercase());
    let mut samples = Vec::new();
    for pattern in bound.texts("Counter").unwrap_or_else(|| DEFAULT.map(str::to_owned).to_vec()) {
        let local = pattern.to_lowercase();
        let local = local.strip_prefix(&prefix).unwrap_or(&local);
        let before = samples.len();
        for row in &rows {
            let path = row.facts.value("Counter").map(ToString::to_string).unwrap_or_default();
            if like(local, &path) {
                samples.push((format!("{prefix}{path}"), row.properties.clone()));
            }
        }
        if samples.len() == before {
            stage.complain(no_counter(&pattern)).await?;
        }
    }
    if samples.is_empty() {
        return Ok(());
    }
    let interval =
        Duration::try_from_secs_f64(bound.number("SampleInterval").unwrap_or(1.0)).unwrap_or_default();
    for place in 0..bound.count("MaxSamples").unwrap_or(1) {
        if place > 0 {
            tokio::time::sleep(interval).await;
        }
        let time = stage.machine.now().to_value();
        let sample = |(path, properties): &(String, Properties)| {
            let before = Properties::new().with("Path", path.as_str());
            let all = properties
                .iter()
                .fold(before, |all, own| all.with(own.name.as_str(), own.value.clone()))
                .with("Timestamp", time.clone());
            table.object(all)
        };
        let readings: Vec<String> = samples
            .iter()
            .map(|(path, own)| format!("{path} :\n{}\n", own.value("CookedValue").unwrap_or(&Value::Null)))
            .collect();
        stage
            .put(Value::object(Object {
                to_string: Some(SET.into()),
                adapted: Properties::new()
                    .with("Timestamp", time.clone())
                    .with("CounterSamples", Value::array(samples.iter().map(sample).collect())),
                extended: Properties::new().with("Readings", readings.join("\n").as_str()),
                ..Object::typed(&[SET, "System.Object"])
            }))
            .await?;
    }
    Ok(())
}

fn no_counter(path: &str) -> Problem {
    Problem {
        message: format!("The specified counter path could not be found: {path}"),
        category: "InvalidResult",
        exception: "System.Exception",
        id: "CounterApiError",
        target: Target::Text(path.to_owned()),
    }
}

const SET: &str = "Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSampleSet";
/// What Windows shows to those who name none.
const DEFAULT: [&str; 5] = [
    "\\network interface(*)\\bytes total/sec",
    "\\processor(_total)\\% processor time",
    "\\memory\\% committed bytes in use",
    "\\logicaldisk(_total)\\% disk time",
    "\\memory\\pages/sec",
];
