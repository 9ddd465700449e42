//! What calls cost against a loopback host in another process; times are medians.
//!
//! `cargo bench -p winrm`. The process starts itself a second time as the host.

use std::{
    env, fmt,
    io::{self, Write},
};

mod figures;
#[path = "../../tests/it/forwarder.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "it is a test's")]
mod forwarder;
mod native;
mod peer;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if env::args().any(|argument| argument == peer::SERVE) {
        runtime.block_on(peer::serve())
    } else if env::args().any(|argument| argument == "--test") {
        // `cargo test --benches` only wants to know that it starts.
        Ok(())
    } else {
        runtime.block_on(native::measure(&mut Printer))
    }
}

/// Where the figures go.
pub(crate) struct Printer;

impl Printer {
    pub(crate) fn line(&mut self, text: fmt::Arguments<'_>) -> Result<(), Failure> {
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }
}
