//! Any bytes as an a=crypto value.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::sdes(data));
