use super::*;
use crate::parse;

/// Each script and its plan.
#[test]
fn scripts_are_planned() {
    let cases = include_str!("../../fixtures/plans.txt");
    let mut wrong = Vec::new();
    for case in cases.split("\n\n").filter(|case| !case.trim().is_empty() && !case.starts_with("##")) {
        let (script, expected) = case.split_once("\n--\n").unwrap_or((case, ""));
        let tree = parse::script(script).unwrap();
        let plan = Plan::of(script, &tree).to_string();
        if plan != expected.trim_end() {
            wrong.push(format!("{script}\n--\n{plan}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A plan is data: what goes to the host can be counted and compared without its text.
#[test]
fn a_plan_is_data() {
    let script = "Get-Process | Where-Object CPU -gt 5 | Stop-Process";
    let plan = Plan::of(script, &parse::script(script).unwrap());
    let [pipeline] = plan.pipelines.as_slice() else { panic!("{plan}") };
    let [StagePlan::Host { commands }, StagePlan::Each { command }] = pipeline.stages.as_slice() else {
        panic!("{plan}")
    };
    assert_eq!(commands.len(), 2);
    assert_eq!((command.as_str(), pipeline.span.text(script)), ("Stop-Process", script));
}
