#![no_main]

#[path = "../inputs/exchange.rs"]
mod exchange;
#[path = "../inputs/connection.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::run(data));
