//! Fuzzes the reader of RTP headers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("rtp").run)(octets));
