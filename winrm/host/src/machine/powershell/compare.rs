//! Values compared the way PowerShell compares them: by the type of the left side, strings without regard to case.

use std::cmp::Ordering;

use winrm_proto::clixml::Value;

/// How two values stand to each other; nothing where PowerShell could not compare them.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (number(left), as_number(right)) {
        return left.partial_cmp(&right);
    }
    match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Null, _) => Some(Ordering::Less),
        (_, Value::Null) => Some(Ordering::Greater),
        (Value::Boolean(left), right) => Some(left.cmp(&is_true(right))),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.ticks().cmp(&right.ticks())),
        (left, right) => Some(text(left).cmp(&text(right))),
    }
}

/// `-eq`. An enumeration's value is equal to its name and to its number.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    if let Some(enumeration) = left.own_object().and_then(|object| object.enum_value()) {
        return text(left) == text(right) || compare(enumeration, right) == Some(Ordering::Equal);
    }
    compare(left, right) == Some(Ordering::Equal)
}

/// What a condition makes of a value.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Boolean(value) => *value,
        Value::String(text) => !text.as_str().is_empty(),
        value => match (number(value), value.items()) {
            (Some(number), _) => number != 0.0,
            (None, Some([])) => false,
            (None, Some([only])) => is_true(only),
            (None, _) => true,
        },
    }
}

/// The value of a number.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value.base() {
        Value::Double(number) => Some(*number),
        Value::Single(number) => Some(f64::from(*number)),
        Value::Boolean(_) | Value::Char(_) => None,
        other => other.as_integer().and_then(|whole| whole.to_string().parse().ok()),
    }
}

fn as_number(value: &Value) -> Option<f64> {
    number(value).or_else(|| match value {
        Value::String(text) => text.as_str().trim().parse().ok(),
        _ => None,
    })
}

fn text(value: &Value) -> String {
    value.to_string().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_left_side_decides() {
        let running = Value::enumeration("System.ServiceProcess.ServiceControllerStatus", "Running", 4);
        for (left, right, is_equal) in [
            (Value::from("A"), Value::from("a"), true),
            (Value::from(10), Value::from("10"), true),
            (Value::from(10), Value::from("ten"), false),
            (running.clone(), Value::from("running"), true),
            (running.clone(), Value::from(4), true),
            (running, Value::from("Stopped"), false),
            (Value::Null, Value::Null, true),
            (Value::Null, Value::from(0), false),
            (Value::from(true), Value::from("x"), true),
        ] {
            assert_eq!(equal(&left, &right), is_equal, "{left:?} {right:?}");
        }
        assert_eq!(compare(&Value::from(9), &Value::from("10")), Some(Ordering::Less));
        assert_eq!(compare(&Value::from("9"), &Value::from("10")), Some(Ordering::Greater));
    }
}
