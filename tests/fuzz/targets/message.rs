//! Any bytes as a SIP datagram: parser, verdict, writer, endpoint.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::message(data));
