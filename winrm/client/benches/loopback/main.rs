//! What calls cost against a loopback host in another process; times are medians.
//!
//! `cargo bench -p winrm`, or a part of it with `-- native` or `-- powershell`. The process starts itself a second time as the host.

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
mod powershell;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if env::args().any(|argument| argument == peer::SERVE) {
        runtime.block_on(peer::serve())
    } else if env::args().any(|argument| argument == "--test") {
        // `cargo test --benches` only wants to know that it starts.
        Ok(())
    } else {
        let is_wanted =
            |part: &str| !env::args().any(|argument| PARTS.contains(&argument.as_str()) && argument != part);
        runtime.block_on(async {
            if is_wanted(NATIVE) {
                native::measure(&mut Printer).await?;
            }
            if is_wanted(POWERSHELL) {
                powershell::measure(&mut Printer).await?;
            }
            Ok(())
        })
    }
}

const NATIVE: &str = "native";
const POWERSHELL: &str = "powershell";
const PARTS: [&str; 2] = [NATIVE, POWERSHELL];

/// Where the figures go.
pub(crate) struct Printer;

impl Printer {
    pub(crate) fn line(&mut self, text: fmt::Arguments<'_>) -> Result<(), Failure> {
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }
}
