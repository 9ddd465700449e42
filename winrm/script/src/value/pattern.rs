//! Wildcards and regular expressions.

mod regular;
mod wildcard;

pub use regular::{Capture, Expression, Groups, escape};
pub use wildcard::Wildcard;
