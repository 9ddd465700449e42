//! One command in a shell, against hosts that the tests write the answers of.

mod conversation;
mod failing;
mod input;
mod output;
mod schedules;
mod stopping;
