//! One binary for the crate's integration tests.

mod shared;
mod static_command;
