//! Runs recorded scripts against the record: every call is answered with what the host answered then.
//!
//! A line is one of golden.jsonl and its kin: a script with its calls, output, text and errors. Printed is
//! `{id, calls_match, output_match, text_match, errors_match, refused, why}`. A call that names by a selector what
//! the record bound as a live object is the same call.
//!
//! `cargo run --example replay FILE.jsonl`

#[path = "replay/record.rs"]
mod record;
#[path = "replay/run.rs"]
mod run;
#[path = "replay/same.rs"]
mod same;

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdout};

use serde_json::Value as Json;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: replay FILE.jsonl")?;
    let mut out = stdout().lock();
    for line in BufReader::new(File::open(path)?).lines() {
        let line: Json = serde_json::from_str(&line?)?;
        writeln!(out, "{}", run::replay(&line)?)?;
    }
    Ok(())
}
