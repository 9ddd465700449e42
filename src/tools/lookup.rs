//! Answers about the policy as text and data: nothing in them comes from a host.

use serde_json::{Value, json};

use crate::explain::{Decision, Explanation, Found, FoundCommand, FoundParameter, FoundProgram, FoundScript};

/// An explanation in words.
pub(super) fn explanation(host: &str, explanation: &Explanation) -> String {
    let Explanation { decision, rule, reason, position, alternative, judged_form, plan, commands, .. } =
        explanation;
    let at = position.as_ref().map(|position| format!(" at {}", position.text)).unwrap_or_default();
    let mut text = match (decision, reason) {
        (Decision::Denied, Some(reason)) => format!("Denied on {host} by {rule}{at}: {reason}\n"),
        (Decision::NeedsApproval, _) => {
            format!("A human has to approve this on {host}, by {rule}; make the call, and ask the operator\n")
        }
        _ => format!("Allowed on {host}{}\n", explanation.ground()),
    };
    if let Some(alternative) = alternative {
        text.push_str(&format!("Instead: {alternative}\n"));
    }
    if let Some(form) = judged_form {
        text.push_str(&format!("Would be sent:\n{form}\n"));
    }
    for command in commands.iter().filter(|command| command.decision == Decision::AtRun) {
        text.push_str(&format!(
            "{}: the values of {} are judged when it runs\n",
            command.position.text, command.name
        ));
    }
    if let Some(plan) = plan {
        text.push_str(&format!("Plan:\n{plan}\n"));
    }
    text
}

/// The same as data.
pub(super) fn explanation_data(host: &str, explanation: &Explanation) -> Value {
    let mut data = json!(explanation);
    if let Value::Object(fields) = &mut data {
        fields.insert("host".to_owned(), host.into());
    }
    data
}

/// What was found, a command a line.
pub(super) fn found(found: &Found) -> String {
    let Found { host, commands, programs, scripts, total } = found;
    if *total == 0 {
        return format!("Nothing of that name may be used on {host}. Try a shorter part of a name, or *.\n");
    }
    let mut text = String::new();
    for FoundCommand { name, access, approval, parameters } in commands {
        let approval = if *approval { ", after a human has approved" } else { "" };
        text.push_str(&format!("{name} ({access}{approval})"));
        for FoundParameter { name, type_name, .. } in parameters {
            match type_name.as_str() {
                "switch" | "" => text.push_str(&format!(" -{name}")),
                type_name => text.push_str(&format!(" -{name} <{type_name}>")),
            }
        }
        text.push('\n');
        for FoundParameter { name, takes, .. } in parameters {
            takes.iter().for_each(|takes| text.push_str(&format!("  -{name} takes {takes}\n")));
        }
    }
    for FoundProgram { name, access, approval, forms } in programs {
        let approval = if *approval { ", after a human has approved" } else { "" };
        text.push_str(&format!("{name} (program, {access}{approval})"));
        let line = |form: &Vec<String>| {
            std::iter::once(name).chain(form).map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        match forms {
            Some(forms) => {
                let lines: Vec<String> = forms.iter().map(line).collect();
                text.push_str(&format!(": {}\n", lines.join(" | ")));
            }
            None => text.push_str(" with any arguments\n"),
        }
    }
    for FoundScript { name, access, approval } in scripts {
        let approval = if *approval { ", after a human has approved" } else { "" };
        text.push_str(&format!("{name} (reviewed script, {access}{approval}): call the tool of this name\n"));
    }
    let shown = commands.len() + programs.len() + scripts.len();
    if let Some(more) = total.checked_sub(shown).filter(|&more| more > 0) {
        text.push_str(&format!("… and {more} more: give a longer part of the name\n"));
    }
    text
}
