//! Prints what of each script runs on a host, and what here.
//!
//! A line is `{"id", "script"}`, as in oneliners.jsonl.
//!
//! `cargo run --example plan FILE.jsonl`

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdout};

use serde_json::Value as Json;
use winrm_script::parse;
use winrm_script::plan::Plan;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: plan FILE.jsonl")?;
    let mut out = stdout().lock();
    for line in BufReader::new(File::open(path)?).lines() {
        let line: Json = serde_json::from_str(&line?)?;
        let script = line.get("script").and_then(Json::as_str).unwrap_or_default();
        writeln!(out, "# {}\n{script}", line.get("id").unwrap_or(&Json::Null))?;
        match parse::script(script) {
            Ok(tree) => writeln!(out, "{}\n", Plan::of(script, &tree))?,
            Err(refusal) => writeln!(out, "{refusal}\n")?,
        }
    }
    Ok(())
}
