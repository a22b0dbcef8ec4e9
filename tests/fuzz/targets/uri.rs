//! Any bytes as a URI.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::uri(data));
