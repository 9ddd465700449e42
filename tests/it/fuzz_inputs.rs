//! What the fuzzer starts from, and what once broke, fed to the same function.

use std::path::Path;

#[path = "../../fuzz/inputs/policy.rs"]
mod policy;

#[test]
fn judgements_of_seeds_and_of_what_is_near_them() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut count = 0;
    for folder in ["seeds/policy", "crashes/policy"] {
        for entry in std::fs::read_dir(fuzz.join(folder)).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            policy::run(&input);
            for position in (0..input.len()).step_by(input.len() / 6 + 1) {
                let (kept, cut) = input.split_at(position);
                policy::run(kept);
                for replacement in ["\\", "*", "'", "\u{200b}", ":"] {
                    policy::run(&[kept, replacement.as_bytes(), cut.get(1..).unwrap_or_default()].concat());
                }
            }
            count += 1;
        }
    }
    assert!(count > 40, "the seeds are not there");
}
