//! The .NET enums that messages carry, as a name and a number.

use crate::clixml::Value;

/// An enum's value; the name is looked up, and is the number where there is none.
pub(super) fn value(type_name: &str, names: &[(i32, &str)], number: i32) -> Value {
    match names.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Value::enumeration(type_name, name, number),
        None => Value::enumeration(type_name, &number.to_string(), number),
    }
}
