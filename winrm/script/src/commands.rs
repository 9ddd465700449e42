//! What is known of PowerShell's commands, and how their arguments are bound.
//!
//! [`find`] looks a command up, by its name or an alias; [`Command::bind`] finds out which parameter each argument
//! belongs to, as PowerShell does, or refuses. The table is made by `tools/command_table.py` from PowerShell's own
//! metadata and searched in place.
//!
//! A command may differ between versions: [`Command::variants`] has what the newest PowerShell says first, then what
//! Windows PowerShell 5.1 says.

mod binder;
mod input;
mod selector;
mod table;

pub use binder::{ArgumentType, Bound, BoundArgument, BoundValue, Element, Refusal, Typed};
pub use input::{Input, InputBinding};
pub use selector::{Selector, selectors};
pub use table::{Command, Parameter, ParameterSet, Risk, Source, Variant, alias, find, names};
