//! One binary for the crate's integration tests.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop where it stands, and says what it skips"
)]

mod binding;
mod check;
mod dump;
mod evaluate;
mod everyday;
mod function;
mod fuzz_inputs;
mod hostile;
mod odd_answers;
mod parse;
mod push_down;
mod readme;
mod semantics;
mod shared;
mod standalone;
mod static_command;
mod views;
