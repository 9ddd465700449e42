#![no_main]

#[path = "../inputs/clixml.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::run(data));
