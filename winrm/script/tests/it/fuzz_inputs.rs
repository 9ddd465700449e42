//! What the fuzzer starts from, and what once broke, fed to the same function.

use std::path::Path;

#[path = "../../fuzz/inputs/script.rs"]
mod script;

#[test]
fn scripts() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut count = 0;
    for folder in ["seeds/script", "crashes/script"] {
        for entry in std::fs::read_dir(fuzz.join(folder)).expect("the folder is there") {
            let input = std::fs::read(entry.expect("an entry").path()).expect("a file");
            script::run(&input);
            for position in (0..input.len()).step_by(input.len() / 30 + 1) {
                let (kept, cut) = input.split_at(position);
                script::run(kept);
                for replacement in ["\"", "'", "$", "(", ")", "{", "@", "`", ",", "-", "|", "\u{2019}", "\0"]
                {
                    script::run(&[kept, replacement.as_bytes(), cut.get(1..).unwrap_or_default()].concat());
                }
            }
            count += 1;
        }
    }
    assert!(count > 40, "the seeds are not there");
}
