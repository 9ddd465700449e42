//! The .NET enums that messages carry, as a name and a number.

use std::sync::LazyLock;

use crate::clixml::{TypeNames, Value};

/// The names of an enum's type, made once: a pipeline holds a dozen of them.
pub(super) type EnumType = LazyLock<TypeNames>;

/// The type of this name.
macro_rules! enum_type {
    ($name:literal) => {{
        static TYPE: $crate::psrp::message::enumeration::EnumType =
            std::sync::LazyLock::new(|| $crate::clixml::TypeNames::of_enum($name));
        &TYPE
    }};
}
pub(super) use enum_type;

/// An enum's value; the name is looked up, and is the number where there is none.
pub(super) fn value(enum_type: &'static EnumType, names: &[(i32, &str)], number: i32) -> Value {
    let type_names = TypeNames::clone(enum_type);
    match names.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Value::enumeration_of(type_names, name, number),
        None => Value::enumeration_of(type_names, &number.to_string(), number),
    }
}
