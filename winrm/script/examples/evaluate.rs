//! Runs scripts that need no host, one a line of a JSON-lines file, and prints what came of each.
//!
//! A line holds `script`, perhaps `id`. Printed is `{id, output: [CLIXML], errors, refused}`: the identifiers of the
//! errors, and the reason where the script is refused. A script that calls a host is refused here.
//!
//! `cargo run --example evaluate FILE.jsonl`

#[path = "evaluate/run.rs"]
mod run;

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdout};

use serde_json::Value as Json;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: evaluate FILE.jsonl")?;
    let mut out = stdout().lock();
    for line in BufReader::new(File::open(path)?).lines() {
        let line: Json = serde_json::from_str(&line?)?;
        let script = line.get("script").and_then(Json::as_str).unwrap_or_default();
        let mut result = run::run(script)?;
        result.insert("id".to_owned(), line.get("id").cloned().unwrap_or(Json::Null));
        writeln!(out, "{}", Json::Object(result))?;
    }
    Ok(())
}
