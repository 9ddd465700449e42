//! The restricted PowerShell of winrm-mcp: parsed, checked and evaluated away from the host.
//!
//! * [`parse`]: from text to tree.
//! * [`tree`]: what a script is made of.
//! * [`commands`]: the table of commands, and which parameter an argument belongs to.
//! * [`position`]: where something stands in a script.
//! * [`static_command`]: one command with literal arguments, as data.

#![forbid(unsafe_code)]

mod characters;
pub mod commands;
pub mod parse;
pub mod position;
pub mod static_command;
pub mod tree;
