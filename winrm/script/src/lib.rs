#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod characters;
pub mod check;
pub mod commands;
pub mod declaration;
pub mod evaluate;
pub mod format;
pub mod parse;
pub mod plan;
pub mod position;
pub mod static_command;
pub mod tree;
pub mod typed;
pub mod value;
