//! Fuzzes the reader of streams of messages under any cut.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("framer").run)(octets));
