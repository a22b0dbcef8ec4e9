//! Any bytes as credentials of a caller and as a challenge of a registrar.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::digest(data));
