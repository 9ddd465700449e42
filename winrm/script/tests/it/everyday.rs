//! Scripts as assistants write them for administrators, in many styles: what is accepted, and what is refused and why.
//!
//! `fixtures/everyday.txt` has them one behind the other. A line `### read` or `### change` stands before each;
//! `refused: …` behind it is what the refusal says, and `lacks: …` what is missing for a script that should pass.

use std::time::Duration;

use winrm_script::evaluate::{Evaluator, Facts, Known, Limits, Reply, Step};
use winrm_script::{check, parse};

/// How a script is expected to fare.
enum Expected<'a> {
    Accepted,
    Refused(&'a str),
    Lacking(&'a str),
}

#[test]
fn everyday_scripts_are_accepted_or_refused_for_a_reason() {
    let (mut wrong, mut counts) = (Vec::new(), [[0_usize; 3]; 2]);
    for case in include_str!("../../fixtures/everyday.txt").split("### ").skip(1) {
        let (head, script) = case.split_once('\n').expect("a head and a script");
        let kind = usize::from(head.starts_with("change"));
        let expected = match head.split_once(": ") {
            None => Expected::Accepted,
            Some((mark, what)) if mark.ends_with("refused") => Expected::Refused(what),
            Some((_, what)) => Expected::Lacking(what),
        };
        let result = refusal(script);
        let place = match (&expected, &result) {
            (Expected::Accepted, None) => Some(0),
            (Expected::Refused(why), Some(said)) if said.contains(why) => Some(1),
            (Expected::Lacking(what), Some(said)) if said.contains(what) => Some(2),
            _ => None,
        };
        if let Some(place) = place {
            counts[kind][place] += 1;
        } else {
            wrong.push(format!("### {head}\n{script}  => {}\n", result.as_deref().unwrap_or("accepted")));
        }
    }
    for (kind, [accepted, refused, lacking]) in ["read", "change"].iter().zip(counts) {
        eprintln!("{kind}: {accepted} accepted, {refused} refused for a reason, {lacking} not yet");
        assert!(accepted * 100 >= (accepted + lacking) * 95, "{kind}: too many are not accepted");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why a script is refused: by the parser, by the check, or as it runs against a host that has nothing.
pub(crate) fn refusal(script: &str) -> Option<String> {
    let tree = match parse::script(script) {
        Ok(tree) => tree,
        Err(refusal) => return Some(refusal.to_string()),
    };
    if let Err(refusals) = check::script(script, &tree, &Known) {
        return Some(refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n     "));
    }
    let mut facts = Facts {
        now: "2026-11-21T12:00:00+00:00".parse().ok(),
        version: Some("7.6.5".to_owned()),
        ..Facts::default()
    };
    for (name, value) in [
        ("COMPUTERNAME", "WEB-01"),
        ("USERNAME", "admin"),
        ("SystemRoot", "C:\\Windows"),
        ("windir", "C:\\Windows"),
    ] {
        facts.environment.insert(name.to_owned(), value.to_owned());
    }
    let mut evaluator = Evaluator::new(script, tree, facts, Limits::default());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Call(_) => evaluator.answer(Reply::default()),
            Step::Refused(refusal) => return Some(format!("while it runs: {refusal}")),
            Step::Done(_) => return None,
            Step::Output(_) | Step::Record(..) | Step::Working | Step::Sleep(_) => {}
        }
    }
}
