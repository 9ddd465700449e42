//! What the fuzzers start from, and what once broke, fed to the same functions.

use std::path::Path;

#[path = "../../fuzz/inputs/clixml.rs"]
mod clixml;
#[path = "../../fuzz/inputs/connection.rs"]
mod connection;
#[path = "../../fuzz/inputs/envelope.rs"]
mod envelope;
#[path = "../../fuzz/inputs/exchange.rs"]
mod exchange;
#[path = "../../fuzz/inputs/fragments.rs"]
mod fragments;
#[path = "../../fuzz/inputs/messages.rs"]
mod messages;
#[path = "../../fuzz/inputs/multipart.rs"]
mod multipart;
#[path = "../../fuzz/inputs/ntlm.rs"]
mod ntlm;
#[path = "../../fuzz/inputs/spnego.rs"]
mod spnego;
#[path = "../../fuzz/inputs/xml.rs"]
mod xml;

#[test]
fn xml() {
    replay("xml", xml::run);
}

#[test]
fn envelopes() {
    replay("envelope", envelope::run);
}

#[test]
fn clixml_documents() {
    replay("clixml", clixml::run);
}

#[test]
fn psrp_fragments() {
    replay("fragments", fragments::run);
}

#[test]
fn psrp_messages() {
    replay("messages", messages::run);
}

#[test]
fn ntlm_messages() {
    replay("ntlm", ntlm::run);
}

#[test]
fn spnego_messages() {
    replay("spnego", spnego::run);
}

#[test]
fn sealed_bodies() {
    replay("multipart", multipart::run);
}

#[test]
fn responses_to_a_connection() {
    replay("connection", connection::run);
}

/// Feeds every seed and crash of a target, and each seed cut short or with one byte changed.
fn replay(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut count = 0;
    for folder in ["seeds", "crashes"] {
        for entry in std::fs::read_dir(fuzz.join(folder).join(target)).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            run(&input);
            for position in (0..input.len()).step_by(input.len() / 20 + 1) {
                let (kept, cut) = input.split_at(position);
                run(kept);
                for replacement in [b"<", b"&", b"\"", b"\0", b"\xFF"] {
                    run(&[kept, replacement, cut.get(1..).unwrap_or_default()].concat());
                }
            }
            count += 1;
        }
    }
    assert!(count > 2, "no inputs for {target}");
}
