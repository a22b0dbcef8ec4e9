//! Any bytes as a SIP connection, cut as the network may cut them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::stream(data));
