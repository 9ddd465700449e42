#![no_main]

#[path = "../inputs/evaluate.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::run(data));
