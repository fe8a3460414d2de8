//! Fuzzes the reader of bodies of several parts.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("multipart").run)(octets));
