//! The one integration binary of the root package: what the finished program promises, from outside.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[cfg(unix)]
mod approve;
mod denials;
mod exec;
#[cfg(test)]
mod fuzz_inputs;
mod hostile;
mod judged;
mod lookup;
mod order;
mod policy;
mod readme;
mod reviewed;
mod reload;
mod script;
mod secrets;
mod serve;
mod support;
mod typed;
#[cfg(unix)]
mod webhook;
