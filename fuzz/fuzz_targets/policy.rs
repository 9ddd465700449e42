#![no_main]

#[path = "../inputs/policy.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::run(data));
