//! Filters over 100,000 objects.
//!
//! `cargo bench -p winrm-script --bench evaluate`

#![expect(clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark may stop where it stands")]

use std::sync::Arc;
use std::time::Duration;

use winrm_proto::clixml::{self, Properties, PsString, TypeNames};
use winrm_script::evaluate::{Evaluator, Facts, Limits, Reply, Step};
use winrm_script::parse;
use winrm_script::value::Value;

fn main() {
    divan::main();
}

/// Filtered, sorted by two keys and grouped: to be done in 300 ms.
#[divan::bench(sample_count = 10)]
fn filter_sort_group(bencher: divan::Bencher<'_, '_>) {
    let script = "Get-Item x | Where-Object { $_.Size -gt 1000 } | Sort-Object Kind, Size | Group-Object Kind | \
                  Select-Object Name, Count";
    let tree = parse::script(script).unwrap();
    let output = objects(100_000);
    bencher.with_inputs(|| output.clone()).bench_values(|output| {
        let mut evaluator = Evaluator::new(script, tree.clone(), Facts::default(), Limits::default());
        let mut reply = Some(Reply { output, ..Reply::default() });
        let mut groups = 0;
        loop {
            match evaluator.step(Duration::ZERO) {
                Step::Call(_) => evaluator.answer(reply.take().unwrap_or_default()),
                Step::Output(_) => groups += 1,
                Step::Done(_) => return groups,
                Step::Refused(refusal) => unreachable!("{refusal}"),
                Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            }
        }
    });
}

/// Objects as they are read from a host, with ten properties: what is read shares the names.
fn objects(count: usize) -> Vec<Value> {
    let types: TypeNames = ["System.IO.FileInfo", "System.Object"].into_iter().collect();
    let names: Vec<PsString> = ["Name", "Size", "Kind"]
        .iter()
        .map(|name| PsString::from(*name))
        .chain((0..7).map(|at| format!("Extra{at}").into()))
        .collect();
    (0..count)
        .map(|at| {
            let scattered = (at * 7919) % 100_003;
            let mut properties = Properties::new();
            for (place, name) in names.iter().enumerate() {
                let value = match place {
                    0 => clixml::Value::from(format!("file{scattered}.txt")),
                    1 => clixml::Value::from(scattered as i64),
                    2 => clixml::Value::from(format!("kind{}", scattered % 20)),
                    _ => clixml::Value::from(place as i64),
                };
                properties.set(name.clone(), value);
            }
            let object = clixml::Object {
                type_names: types.clone(),
                adapted: properties,
                ..clixml::Object::default()
            };
            Value::from_clixml(&clixml::Value::Object(Arc::new(object)))
        })
        .collect()
}
