//! Filters that run on the host, behind a command.
//!
//! They are allowed whatever the lists say, for without them the bridge would filter: what they may do is to compare,
//! sort, choose and count by the names of properties, with values that are data.

use winrm_script::value::Value;

use super::{
    Policy,
    denial::{Denial, Pass, Reason, Verdict},
    occasion::Occasion,
    regex,
    subject::{Arguments, Given, Subject},
    values,
};

impl Policy {
    /// Judges one filter.
    pub(super) fn judge_filter(&self, subject: &Subject<'_>, on: &Occasion<'_>) -> Verdict {
        self.denied(subject, on)?;
        let given = match &subject.arguments {
            Arguments::Bound(given) => given,
            Arguments::Unbound(refusal) => return Err(Denial::unbound(refusal)),
            Arguments::Unknown | Arguments::Piped(_) | Arguments::Later => {
                return Err(Denial::new(RULE, Reason::NotInTable { name: subject.name.clone() }));
            }
        };
        let Some((_, allowed)) = FILTERS.iter().find(|(name, _)| *name == subject.name) else {
            let reason = Reason::NotAFilter { name: subject.name.clone() };
            return Err(Denial::new(RULE, reason).instead(HERE));
        };
        for Given { parameter, value, .. } in given {
            let name = parameter.name();
            let Some((_, takes)) = allowed.iter().find(|(own, _)| own.split(' ').any(|own| own == name))
            else {
                let reason = Reason::Parameter { parameter: name.to_owned() };
                return Err(Denial::new(RULE, reason).instead(HERE));
            };
            if let Some(value) = value {
                takes.check(name, value)?;
            }
        }
        let compares_by_pattern = given.iter().any(|given| given.parameter.name().ends_with("atch"));
        let pattern = given.iter().find(|given| given.parameter.name() == "Value");
        if let Some(Given { value: Some(value), .. }) = pattern.filter(|_| compares_by_pattern) {
            regex::check_value("Value", value)?;
        }
        Ok(Pass::command(RULE, subject.risk(), subject.rebuilt(&[])?))
    }
}

/// What a parameter of a filter takes.
enum Takes {
    /// Names of properties.
    Names,
    /// A plain value to compare with.
    Data,
    /// A whole number.
    Count,
    /// Nothing: a switch.
    Switch,
}

impl Takes {
    fn check(&self, parameter: &str, value: &Value) -> Result<(), Denial> {
        let expected = match self {
            Self::Names if is_names(value) => return Ok(()),
            Self::Data => {
                return values::objection(value).map_or(Ok(()), |reason| Err(Denial::new(RULE, reason)));
            }
            Self::Count if value.as_integer().is_some_and(|count| (0..=MOST).contains(&count)) => {
                return Ok(());
            }
            Self::Switch if matches!(value, Value::Boolean(_)) => return Ok(()),
            Self::Names => "names of plain properties",
            Self::Count => "a whole number",
            Self::Switch => "$true or $false",
        };
        let (parameter, expected) = (parameter.to_owned(), expected.to_owned());
        Err(Denial::new(RULE, Reason::Value { parameter, expected }).instead(HERE))
    }
}

/// Names without wildcards; not those of properties that lead to live objects or hold code or secrets.
fn is_names(value: &Value) -> bool {
    let is_name = |text: &str| {
        let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        !text.is_empty() && letters && !DENIED.iter().any(|denied| is_denied(text, denied))
    };
    match value {
        Value::Array(items) => {
            items.to_vec().iter().all(|item| matches!(item, Value::String(text) if is_name(text.as_str())))
        }
        Value::String(text) => is_name(text.as_str()),
        _ => false,
    }
}

fn is_denied(name: &str, denied: &str) -> bool {
    match denied.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(denied),
    }
}

const RULE: &str = "filters";
const HERE: &str = "write it as a block, `Where-Object { … }`, or save the command's output in a variable first: then it is computed here";
/// The largest number of objects that a filter is told.
const MOST: i128 = 1_000_000;

type Parameters = &'static [(&'static str, Takes)];

/// The filters, and their parameters by what they take.
const FILTERS: [(&str, Parameters); 4] = [
    (
        "Where-Object",
        &[
            ("Property", Takes::Names),
            ("Value", Takes::Data),
            (
                "EQ NE GT GE LT LE Like NotLike Match NotMatch Contains NotContains In NotIn Not CEQ CNE CGT CGE CLT CLE CLike \
                 CNotLike CMatch CNotMatch CContains CNotContains CIn CNotIn",
                Takes::Switch,
            ),
        ],
    ),
    ("Sort-Object", &[("Property", Takes::Names), ("Descending Unique CaseSensitive Stable", Takes::Switch)]),
    (
        "Select-Object",
        &[("Property", Takes::Names), ("First Last Skip", Takes::Count), ("Unique", Takes::Switch)],
    ),
    (
        "Measure-Object",
        &[
            ("Property", Takes::Names),
            ("Sum Average Maximum Minimum StandardDeviation AllStats", Takes::Switch),
        ],
    ),
];

/// Properties that lead to live objects, hold code or secrets, or walk away from the object.
const DENIED: [&str; 19] = [
    "ScriptBlock",
    "ScriptContents",
    "Module",
    "SessionState",
    "ImplementingType",
    "PSProvider",
    "PSDrive",
    "Root",
    "Parent",
    "Directory",
    "Target",
    "ResolvedTarget",
    "Credential",
    "StartInfo",
    "Environment*",
    "PSBase",
    "PSObject",
    "Runspace",
    "PSTypeNames",
];
