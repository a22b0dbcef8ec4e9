//! Any packets at the RTCP socket of a running stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rtcp(data));
